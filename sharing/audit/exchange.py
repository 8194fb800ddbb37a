"""Keeps who changed the sharing of which calendar, of what Exchange's audit log says; nothing else of it.

What is read: the CSV of Purview's audit search, and that of `Search-UnifiedAuditLog … | Export-Csv`; both carry each
record as JSON in the column AuditData. And the same records where Microsoft let us search the log.
https://learn.microsoft.com/purview/audit-log-export-records
https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

import csv
import io
import json
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from sharing.models import AuditEvent, Calendar, Mailbox, OutsideAct, Person, Tenant, User
from sharing.models.people import people_at

log = logging.getLogger(__name__)

LARGEST = 20 * 1024 * 1024
MOST_LINES = 200_000
CHUNK = 500
UPLOADED, SEARCHED = "outside.uploaded", "outside.searched"
UPLOAD, SEARCH = "upload", "search"  # where an act was learned

# Of a mailbox's own log: who changed a folder, in Outlook or by another program.
OF_MAILBOX = {
    "addfolderpermissions", "modifyfolderpermissions", "updatefolderpermissions", "removefolderpermissions",
    "updatecalendardelegation",
}  # fmt: skip
# Of the log of administrators: the cmdlet's name.
OF_ADMIN = {"add-mailboxfolderpermission", "set-mailboxfolderpermission", "remove-mailboxfolderpermission"}
# What a search asks for: the same, in Microsoft's spelling.
OPERATIONS = (
    "AddFolderPermissions", "ModifyFolderPermissions", "UpdateFolderPermissions", "RemoveFolderPermissions",
    "UpdateCalendarDelegation", "Add-MailboxFolderPermission", "Set-MailboxFolderPermission",
    "Remove-MailboxFolderPermission",
)  # fmt: skip
DELEGATION = "updatecalendardelegation"
EVERYONE = "default"  # how a line, and a difference, names the row of everyone in the organization
_EVERYONE = {"default", "everyone"}
_NO = {"failed", "false"}
# Exchange's levels as Graph calls them; another stays as Exchange says it.
LEVELS = {
    "none": "none", "availabilityonly": "freeBusyRead", "limiteddetails": "limitedRead", "reviewer": "read",
    "editor": "write",
}  # fmt: skip
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # JSON may write what a database cannot keep
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
    return _keep(tenant, acts, lines, now=now, origin=UPLOAD, verb=UPLOADED, actor=actor)


def take_records(*, tenant: Tenant, records: Sequence[object], now: datetime) -> Taken:
    """Keep the same of records that Microsoft gave for a search; one that is not what it should be is left out.

    Nobody could put it right as with a file, and the others are true all the same.
    """
    acts = []
    for number, record in enumerate(records, 1):
        try:
            act = _act_of(record, number, str(tenant.tid))
        except UploadRefused as refused:
            log.warning("a record of the audit log was left out", extra={"cause": refused.cause})
            continue
        if act:
            acts.append(act)
    return _keep(tenant, acts, len(records), now=now, origin=SEARCH, verb=SEARCHED, actor=None)


def _keep(
    tenant: Tenant, acts: list[Act], lines: int, *, now: datetime, origin: str, verb: str, actor: User | None
) -> Taken:
    """The acts as rows and one event, in one transaction; what is known already stays as it was learned first."""
    rows, unmatched = _matched(tenant, acts, now, origin)
    moments = sorted(row.at for row in rows)
    with transaction.atomic():
        before = OutsideAct.objects.filter(tenant=tenant).count()
        OutsideAct.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
        new = OutsideAct.objects.filter(tenant=tenant).count() - before
        taken = Taken(lines, new, len(rows) - new, unmatched, *([moments[0], moments[-1]] if moments else [None, None]))
        AuditEvent.objects.record(
            now=now, verb=verb, tenant=tenant, actor=actor,
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
    """One AuditData of a file."""
    try:
        record = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed(number) from None
    return _act_of(record, number, tid)


def _act_of(record: Any, number: int, tid: str) -> Act | None:
    """One record. Only what we know by name is looked at, and each of it must be what it should be."""
    try:
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
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Malformed(number) from None
    if any(text and _UNSTORABLE.search(text) for text in (record_id, actor, *found)):
        raise Malformed(number)
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


def _matched(tenant: Tenant, acts: list[Act], now: datetime, origin: str) -> tuple[list[OutsideAct], int]:
    """The rows of acts on a calendar of a mailbox that is known; and how many are of one that is not."""
    people = people_at(tenant, {text for act in acts for text in (act.mailbox, act.holder) if text})
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
            holder = holder[:320]  # "ß" became longer
            rows[act.record_id] = OutsideAct(
                tenant=tenant, record_id=act.record_id, at=act.at, operation=act.operation, actor=act.actor,
                mailbox_id=mailbox, holder=holder, role=act.role, origin=origin, taken_at=now,
            )  # fmt: skip
    return list(rows.values()), unmatched


def _is_calendar(act: Act, names: set[str]) -> bool:
    """A folder is a calendar where it, or the one it is in, has the name of a calendar of that mailbox."""
    if act.folder is None:
        return act.operation.casefold() == DELEGATION
    steps = {step.casefold() for step in act.folder.replace("/", "\\").split("\\") if step}
    return bool(steps & names)
