"""Reads an export of Exchange's audit log, and keeps who changed the sharing of which calendar; nothing else of it.

What is read: the CSV of Purview's audit search, and that of `Search-UnifiedAuditLog … | Export-Csv`. Both carry each
record as JSON in the column AuditData.
https://learn.microsoft.com/purview/audit-log-export-records
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from sharing.models import AuditEvent, Calendar, Mailbox, OutsideAct, Person, PersonAddress, Tenant, User

LARGEST = 20 * 1024 * 1024
MOST_LINES = 200_000
CHUNK = 500
UPLOADED = "outside.uploaded"

# Of a mailbox's own log: who changed a folder, in Outlook or by another program.
OF_MAILBOX = {
    "addfolderpermissions", "modifyfolderpermissions", "updatefolderpermissions", "removefolderpermissions",
    "updatecalendardelegation",
}  # fmt: skip
# Of the log of administrators: the cmdlet's name.
OF_ADMIN = {"add-mailboxfolderpermission", "set-mailboxfolderpermission", "remove-mailboxfolderpermission"}
DELEGATION = "updatecalendardelegation"
EVERYONE = "default"  # how a line, and a difference, names the row of everyone in the organization
_EVERYONE = {"default", "everyone"}
_NO = {"failed", "false"}
# Exchange's levels as Graph calls them; another stays as Exchange says it.
LEVELS = {
    "none": "none", "availabilityonly": "freeBusyRead", "limiteddetails": "limitedRead", "reviewer": "read",
    "editor": "write",
}  # fmt: skip
_WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z?", re.ASCII)


class UploadRefused(Exception):
    """Nothing of the file was kept; `line` is where reading it ended, 0 where that is nowhere."""

    cause = "refused"

    def __init__(self, line: int = 0) -> None:
        super().__init__(self.cause)
        self.line = line


class TooLarge(UploadRefused):
    cause = "too_large"


class NotText(UploadRefused):
    cause = "not_text"


class NoAuditData(UploadRefused):
    """A CSV, perhaps, but without the column that holds the records."""

    cause = "no_audit_data"


class Malformed(UploadRefused):
    """One line is not what Microsoft writes."""

    cause = "malformed"


class OtherOrganization(UploadRefused):
    """A record of another tenant than the one the page is about."""

    cause = "other_organization"


@dataclass(frozen=True, slots=True)
class Act:
    """One record that may be about a calendar, with names as Exchange gives them."""

    record_id: str
    at: datetime
    operation: str
    actor: str
    mailbox: str
    folder: str | None  # its path; None where the record does not say
    holder: str
    role: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the lines of one file."""

    lines: int
    new: int
    known: int
    unmatched: int  # of a mailbox that is not in this directory
    first_at: datetime | None
    last_at: datetime | None


def take_export(*, tenant: Tenant, content: bytes, actor: User, now: datetime) -> Taken:
    """Keep the acts in `content` that changed a calendar's sharing; safe to repeat with the same file.

    All of it or nothing: raises a subclass of UploadRefused and keeps nothing where one line is not what it should be.
    """
    lines, acts = 0, []
    for act in read_export(content, tid=str(tenant.tid)):
        lines += 1
        if act:
            acts.append(act)
    rows, unmatched = _matched(tenant, acts, now)
    moments = sorted(row.at for row in rows)
    with transaction.atomic():
        before = OutsideAct.objects.filter(tenant=tenant).count()
        OutsideAct.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
        new = OutsideAct.objects.filter(tenant=tenant).count() - before
        taken = Taken(lines, new, len(rows) - new, unmatched, *([moments[0], moments[-1]] if moments else [None, None]))
        AuditEvent.objects.record(
            now=now, verb=UPLOADED, tenant=tenant, actor=actor,
            subject={"lines": lines, "new": new, "known": taken.known, "unmatched": unmatched},
            before=moments[0].isoformat() if moments else "", after=moments[-1].isoformat() if moments else "",
        )  # fmt: skip
    return taken


def read_export(content: bytes, *, tid: str) -> Iterator[Act | None]:
    """Each record of the file: an act on a folder's sharing, or None for another. Raises UploadRefused."""
    if len(content) > LARGEST:
        raise TooLarge
    lines = csv.reader(io.StringIO(_text(content), newline=""), **_dialect(content))
    try:
        column = _column(lines)
        for number, row in enumerate(lines, 2):
            if number > MOST_LINES:
                raise TooLarge(number)
            if row:
                yield _act(row[column] if column < len(row) else "", number, tid)
    except csv.Error:
        raise Malformed(lines.line_num) from None


def _text(content: bytes) -> str:
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        raise NotText from None
    if "\0" in text:
        raise NotText
    # PowerShell before version 6 begins with the type of what it exports.
    return text.partition("\n")[2] if text.startswith("#TYPE") else text


def _dialect(content: bytes) -> dict[str, Any]:
    head = _text(content[: 4096 - 4096 % 2] if len(content) > 4096 else content).partition("\n")[0]
    return {"strict": True, "delimiter": ";" if head.count(";") > head.count(",") else ","}


def _column(lines: Any) -> int:
    names = [name.strip().casefold() for name in next(lines, [])]
    if names.count("auditdata") != 1:
        raise NoAuditData
    return names.index("auditdata")


def _act(data: str, number: int, tid: str) -> Act | None:
    """One AuditData. Only what we know by name is looked at, and each of it must be what it should be."""
    try:
        record = json.loads(data)
        operation = record["Operation"].casefold()
        organization, record_id, actor = record["OrganizationId"].casefold(), record["Id"], record["UserId"]
        moment = record["CreationTime"]
        known = all(isinstance(text, str) for text in (record_id, actor, moment)) and _WHEN.fullmatch(moment)
        if not known or not record_id or len(record_id) > 80:
            raise Malformed(number)
        if organization != tid:
            raise OtherOrganization(number)
        at = datetime.fromisoformat(moment.rstrip("Z")[:26]).replace(tzinfo=UTC)
        if operation not in OF_MAILBOX | OF_ADMIN or _is_ours(record) or _failed(record):
            return None
        found = _of_mailbox(record) if operation in OF_MAILBOX else _of_admin(record)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Malformed(number) from None
    return Act(record_id, at, record["Operation"][:60], actor[:320], *found)


def _is_ours(record: dict[str, Any]) -> bool:
    """What the portal itself changed is known better here."""
    apps = {settings.MICROSOFT_CLIENT_ID, settings.MICROSOFT_WRITER_CLIENT_ID} - {""}
    return bool(apps & {record.get("AppId"), record.get("ClientAppId")})


def _failed(record: dict[str, Any]) -> bool:
    return str(record.get("ResultStatus", "")).casefold() in _NO


def _of_mailbox(record: dict[str, Any]) -> tuple[str, str | None, str, str]:
    """Mailbox, folder, holder and level of a record of a mailbox's own log."""
    item = record.get("Item") or {}
    folder = item.get("ParentFolder") or record.get("Folder") or {}
    path = folder.get("Path") or folder.get("Name")
    owner = record.get("MailboxOwnerUPN") or ""
    holder, level = _short(folder.get("MemberUpn")), _level(folder.get("MemberRights"))
    return _short(owner), _short(path) if path else None, holder, level


def _of_admin(record: dict[str, Any]) -> tuple[str, str | None, str, str]:
    """The same of a cmdlet: `-Identity alexw@contoso.com:\\Calendar -User … -AccessRights …`."""
    said = {str(each["Name"]).casefold(): str(each["Value"]) for each in record.get("Parameters") or []}
    owner, _, folder = said.get("identity", "").partition(":")
    flags = said.get("sharingpermissionflags", "")
    level = said.get("accessrights", "")
    if "delegate" in flags.casefold():
        private = "canviewprivateitems" in flags.casefold()
        role = "delegateWithPrivateEventAccess" if private else "delegateWithoutPrivateEventAccess"
    else:
        role = _level(level)
    return _short(owner.rpartition("/")[2]), _short(folder) if folder else None, _short(said.get("user")), role


def _level(rights: Any) -> str:
    text = str(rights or "").strip()
    return LEVELS.get(text.casefold(), text)[:80]


def _short(text: Any) -> str:
    return str(text or "").strip()[:320]


# Whose calendar -------------------------------------------------------------------------------------------


def _matched(tenant: Tenant, acts: list[Act], now: datetime) -> tuple[list[OutsideAct], int]:
    """The rows of acts on a calendar of a mailbox that is known; and how many are of one that is not."""
    people = _people(tenant, {text for act in acts for text in (act.mailbox, act.holder) if text})
    mailboxes = dict(
        Mailbox.objects.filter(tenant=tenant, person__in=set(people.values())).values_list("person", "pk")
    )  # fmt: skip
    names: dict[int, set[str]] = {}
    for pk, name in Calendar.objects.filter(mailbox__in=mailboxes.values()).values_list("mailbox", "name"):
        names.setdefault(pk, {"calendar"}).add(name.casefold())
    addresses = dict(Person.objects.filter(pk__in=set(people.values())).values_list("pk", "address"))
    rows: dict[str, OutsideAct] = {}
    unmatched = 0
    for act in acts:
        mailbox = mailboxes.get(people.get(act.mailbox.casefold(), 0))
        if mailbox is None:
            unmatched += 1
        elif _is_calendar(act, names.get(mailbox, {"calendar"})):
            holder = act.holder.casefold()
            holder = EVERYONE if holder in _EVERYONE else addresses.get(people.get(holder, 0), holder).casefold()
            rows[act.record_id] = OutsideAct(
                tenant=tenant, record_id=act.record_id, at=act.at, operation=act.operation, actor=act.actor,
                mailbox_id=mailbox, holder=holder, role=act.role, taken_at=now,
            )  # fmt: skip
    return list(rows.values()), unmatched


def _people(tenant: Tenant, names: set[str]) -> dict[str, int]:
    """The person of each address, folded; an address that is more than one person's is nobody's."""
    wanted = sorted({name.casefold() for name in names})
    found: dict[str, set[int]] = {}
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        for rows in (
            PersonAddress.objects.filter(tenant=tenant, address__in=some).values_list("address", "person"),
            Person.objects.filter(tenant=tenant, oid__in=[t for t in some if _is_id(t)]).values_list("oid", "pk"),
        ):
            for address, person in rows:
                found.setdefault(str(address), set()).add(person)
    return {name: pks.pop() for name, pks in found.items() if len(pks) == 1}


def _is_id(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text))


def _is_calendar(act: Act, names: set[str]) -> bool:
    """A folder is a calendar where it, or the one it is in, has the name of a calendar of that mailbox."""
    if act.folder is None:
        return act.operation.casefold() == DELEGATION
    steps = {step.casefold() for step in act.folder.replace("/", "\\").split("\\") if step}
    return bool(steps & names)
