"""People whom an admin names by address before they ever sign in: added one by one, pasted, or as a CSV file."""

import csv
import re
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from sharing.graph import fold_address
from sharing.models import AuditEvent, Invitation, Tenant, User

MOST_BYTES = 256 * 1024
MOST_LINES = 2000
# Outcomes of one line.
INVITED, ALREADY, TWICE = "invited", "already", "twice"
NO_ADDRESS, OTHER_DOMAIN = "no_address", "other_domain"

_ADDRESS = re.compile(r"[^\s@<>\",;:()\[\]\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z][a-z0-9-]{1,62}")
_HEADS = {"address", "email", "e-mail", "mail", "userprincipalname", "upn", "name"}


class TooMuch(Exception):
    """More bytes or lines than are taken at once; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was given, and what became of it."""

    number: int
    text: str
    outcome: str
    address: str = ""
    name: str = ""


def text_of(content: bytes) -> str:
    """A file's text: UTF-8 or UTF-16 with a mark, as Excel saves it, or Windows' own. Raises TooMuch."""
    if len(content) > MOST_BYTES:
        raise TooMuch
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def invite(*, tenant: Tenant, text: str, actor: User, now: datetime) -> list[Line]:
    """Invite whom each line names ("address" or "name, address", in any order); every line comes back with its outcome.

    A bad line costs no other. Raises TooMuch. Matching is `mirror`'s, with the next listing of the directory.
    """
    if len(text.encode()) > MOST_BYTES:
        raise TooMuch
    lines = _read(text)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        lines = [_settle(line, tenant) for line in _once(lines)]
        known = {i.address: i for i in Invitation.objects.filter(tenant=tenant)}
        done, new = [], []
        for line in lines:
            before = known.get(line.address)
            if line.outcome == INVITED and before and before.state != Invitation.ENDED:
                line = Line(line.number, line.text, ALREADY, line.address, line.name)
            elif line.outcome == INVITED and before:
                Invitation.objects.filter(pk=before.pk).update(
                    state=Invitation.WAITING, state_since=now, person=None, invited_by=actor, invited_at=now,
                    name=line.name or before.name,
                )  # fmt: skip
            elif line.outcome == INVITED:
                new.append(
                    Invitation(
                        tenant=tenant,
                        address=line.address,
                        name=line.name,
                        invited_by=actor,
                        invited_at=now,
                        state_since=now,
                    )  # fmt: skip
                )
            done.append(line)
        Invitation.objects.bulk_create(new, batch_size=500)
        if count := sum(line.outcome == INVITED for line in done):
            AuditEvent.objects.record(
                now=now, verb="people.invited", tenant=tenant, actor=actor, subject={"invited": count}
            )  # fmt: skip
            look_soon(tenant, now)
    return done


def withdraw(*, invitation: Invitation, actor: User, now: datetime) -> None:
    """Take an invitation back; where only people known here are read, its person is read no more. Safe to repeat."""
    with transaction.atomic():
        count, _ = Invitation.objects.filter(pk=invitation.pk).delete()
        if count:
            AuditEvent.objects.record(
                now=now, verb="invitation.withdrawn", tenant=invitation.tenant, actor=actor,
                subject={"oid": str(invitation.person.oid)} if invitation.person else {},
            )  # fmt: skip
            look_soon(invitation.tenant, now)


def look_soon(tenant: Tenant, now: datetime) -> None:
    """List the directory at the next opportunity, where who is known here decides who is read."""
    Tenant.objects.filter(pk=tenant.pk, state=Tenant.CONNECTED, scope=Tenant.PEOPLE).update(next_hourly_at=now)


def _read(text: str) -> list[Line]:
    """The lines that hold anything, each parsed for itself: an open quote spoils no other. Raises TooMuch."""
    found: list[Line] = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text.replace("\0", "")), start=1):
        if not raw.strip():
            continue
        if len(found) >= MOST_LINES:
            raise TooMuch
        cells = _cells(raw)
        if not found and cells and all(cell.casefold() in _HEADS for cell in cells):
            continue
        found.append(_line(number, raw, cells))
    return found


def _cells(raw: str) -> list[str]:
    between = next((mark for mark in (";", "\t") if mark in raw), ",")
    try:
        row = next(csv.reader([raw], delimiter=between), [])
    except csv.Error:
        row = [raw]
    return [cell.strip() for cell in row if cell.strip()]


def _line(number: int, raw: str, cells: list[str]) -> Line:
    shown = raw.strip()[:200]
    address = next((cell for cell in cells if "@" in cell), "")
    # As mail programs copy it: Adele Vance <AdeleV@contoso.com>
    written = re.fullmatch(r"([^<>]*)<([^<>]+)>", address)
    name = written[1] if written else next((cell for cell in cells if "@" not in cell), "")
    folded = fold_address((written[2] if written else address).strip().removeprefix("mailto:"))
    if len(folded) > 320 or not _ADDRESS.fullmatch(folded):
        return Line(number, shown, NO_ADDRESS)
    return Line(number, shown, INVITED, folded, name.strip(' "')[:256])


def _once(lines: list[Line]) -> list[Line]:
    seen: set[str] = set()
    found = []
    for line in lines:
        again = line.address in seen and line.outcome == INVITED
        found.append(Line(line.number, line.text, TWICE, line.address) if again else line)
        seen.add(line.address)
    return found


def _settle(line: Line, tenant: Tenant) -> Line:
    """Only addresses within the domains that Microsoft verified, as far as they are known yet."""
    domain = line.address.rpartition("@")[2]
    if line.outcome == INVITED and tenant.domains and domain not in tenant.domains:
        return Line(line.number, line.text, OTHER_DOMAIN, line.address, line.name)
    return line
