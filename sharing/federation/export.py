"""Reads an export of Exchange's sharing with other organizations, as our script writes it; pure.

https://learn.microsoft.com/powershell/module/exchangepowershell/get-organizationrelationship
https://learn.microsoft.com/powershell/module/exchangepowershell/get-sharingpolicy
https://learn.microsoft.com/powershell/module/exchangepowershell/get-mailboxcalendarfolder
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

from sharing.models import ExchangeSnapshot

from .policies import ACTIONS
from .uploaded import ExportRefused, Fields, Malformed, TooShallow, TwiceTheSame, listed, read_json

SCHEMA = "calwarden/exchange-export/1"
OLD = timedelta(days=30)
READ, MISSING, CUT = ExchangeSnapshot.READ, ExchangeSnapshot.MISSING, ExchangeSnapshot.CUT
UNKNOWN = "unknown"

_Row = TypeVar("_Row")
_DOMAIN = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(\.(?!-)[\w-]{1,63}(?<!-))*")
_ACTION = re.compile(r"[A-Za-z0-9-]{1,80}", re.ASCII)
_LEVELS = {"none": "None", "availabilityonly": "AvailabilityOnly", "limiteddetails": "LimitedDetails"}
_DETAIL = {level: word for level, word in _LEVELS.items() if level != "none"} | {"fulldetails": "FullDetails"}
_ACTIONS = {action.casefold(): level for action, level in ACTIONS.items()}
_STRONGEST = ("", "freeBusyRead", "limitedRead", "read", UNKNOWN)


class OtherSchema(ExportRefused):
    """Not an export of our script, or of another version of it."""

    cause = "other_schema"


class OtherOrganization(ExportRefused):
    """An export of another tenant."""

    cause = "other_organization"


class FromFuture(ExportRefused):
    """By its own clock it was made more than a day from now."""

    cause = "from_future"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One organization relationship, named as its row is: `models.OrganizationRelationship`."""

    guid: UUID
    name: str
    domains: tuple[str, ...]
    is_enabled: bool
    has_free_busy: bool
    level: str
    scope_group: str
    mail_tips_level: str
    has_archive_access: bool | None
    has_mailbox_move: bool | None
    mailbox_move_capability: str
    target_application_uri: str
    target_autodiscover_epr: str
    target_sharing_epr: str
    changed_at: datetime | None


class PolicyEntry(NamedTuple):
    """Whom a policy lets people share with, and how far: `level` as in `models.SharingPolicy.entries`."""

    domain: str
    actions: str
    level: str


@dataclass(frozen=True, slots=True)
class Policy:
    guid: UUID
    name: str
    is_enabled: bool
    is_default: bool
    entries: tuple[PolicyEntry, ...]


class Assignment(NamedTuple):
    address: str
    policy: str


class Published(NamedTuple):
    address: str
    folder: str
    level: str
    is_searchable: bool | None
    reach_from: str
    reach_to: str


@dataclass(frozen=True, slots=True)
class Export:
    """What one export says; only in a section that is `read` is a lacking row gone. `sections` as in the model."""

    exported_at: datetime
    sections: Mapping[str, str]
    is_dehydrated: bool | None = None
    domains: tuple[str, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    policies: tuple[Policy, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    published: tuple[Published, ...] = ()

    def is_old(self, now: datetime) -> bool:
        """Older than 30 days: what it says may be so no more."""
        return now - self.exported_at > OLD


def parse_export(content: bytes, *, tid: str, now: datetime) -> Export:
    """The export in `content`, of the tenant `tid`. Raises a subclass of ExportRefused, and then nothing of it counts.

    UTF-8 or UTF-16, from PowerShell 5.1 or 7; unknown keys are passed over, unknown levels never.
    """
    tree = read_json(content)
    if not isinstance(tree, dict) or tree.get("schema") != SCHEMA:
        raise OtherSchema
    export = Fields(tree, "")
    if str(export.guid("tenant")) != tid.lower():
        raise OtherOrganization
    exported_at = export.moment("exportedAt")
    if exported_at - now > timedelta(days=1):
        raise FromFuture
    counts = _counts(export)
    sections: dict[str, str] = {}

    def rows(
        section: str, read: Callable[[Fields], _Row], key: Callable[[_Row], object] | None = None
    ) -> tuple[_Row, ...]:
        found = tuple(read(fields) for fields in _objects(export, section))
        if key and len({key(row) for row in found}) < len(found):
            raise TwiceTheSame(section)
        sections[section] = _state(export, counts, section, len(found))
        return found

    configs = rows(ExchangeSnapshot.CONFIG, lambda row: row.maybe_flag("IsDehydrated"), lambda _: True)
    return Export(
        exported_at=exported_at,
        sections=sections,
        is_dehydrated=configs[0] if configs else None,
        domains=rows(ExchangeSnapshot.DOMAINS, lambda row: _domain(row, "DomainName"), lambda domain: domain),
        relationships=rows(ExchangeSnapshot.RELATIONSHIPS, _relationship, lambda row: row.guid),
        policies=rows(ExchangeSnapshot.POLICIES, _policy, lambda row: row.guid),
        assignments=rows(ExchangeSnapshot.ASSIGNMENTS, _assignment, lambda row: row.address.casefold()),
        published=rows(ExchangeSnapshot.PUBLISHED, _published),  # two folders may have one name
    )


def _objects(export: Fields, section: str) -> list[Fields]:
    if not export.has(section):
        return []
    value = export.value(section)
    rows = [] if value is None else listed(value)
    return [Fields(row, f"{section}[{number}]") for number, row in enumerate(rows, 1)]


def _counts(export: Fields) -> Mapping[str, int | None]:
    """How many rows the script counted in each section, by its name in lower case; null where it failed there."""
    if not export.has("counts"):
        return {}
    counts = export.value("counts")
    if not isinstance(counts, dict):
        raise Malformed("counts")
    for name, number in counts.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            raise Malformed(f"counts.{name}" if name.isascii() and name.isalpha() else "counts")
    return counts


def _state(export: Fields, counts: Mapping[str, int | None], section: str, rows: int) -> str:
    """A section is read where the script counted as many rows as there are, and missing where it was not asked for."""
    counted = counts.get(section.casefold())
    if export.has(section) or section.casefold() in counts:
        return READ if export.has(section) and counted == rows else CUT
    return MISSING


def _relationship(row: Fields) -> Relationship:
    return Relationship(
        guid=row.guid("Guid"),
        name=row.text("Name", 256),
        domains=tuple(_host(domain, row.at("DomainNames")) for domain in row.texts("DomainNames")),
        is_enabled=row.flag("Enabled"),
        has_free_busy=row.flag("FreeBusyAccessEnabled"),
        level=row.one_of("FreeBusyAccessLevel", _LEVELS),
        scope_group=row.maybe_text("FreeBusyAccessScope", 512),
        mail_tips_level=row.word("MailTipsAccessLevel", 20),
        has_archive_access=row.maybe_flag("ArchiveAccessEnabled"),
        has_mailbox_move=row.maybe_flag("MailboxMoveEnabled"),
        mailbox_move_capability=row.word("MailboxMoveCapability", 80),
        target_application_uri=row.maybe_text("TargetApplicationUri", 512),
        target_autodiscover_epr=row.maybe_text("TargetAutodiscoverEpr", 512),
        target_sharing_epr=row.maybe_text("TargetSharingEpr", 512),
        changed_at=row.maybe_moment("WhenChangedUTC"),
    )


def _policy(row: Fields) -> Policy:
    entries = tuple(_entry(text, row.at("Domains")) for text in row.texts("Domains"))
    return Policy(row.guid("Guid"), row.text("Name", 256), row.flag("Enabled"), row.flag("Default"), entries)


def _entry(text: str, place: str) -> PolicyEntry:
    """`Domain: Action[, Action]`. An action that is not known is kept, and how far it reaches is unknown."""
    domain, colon, actions = text.partition(":")
    words = [word.strip() for word in actions.split(",")]
    if not colon or not all(_ACTION.fullmatch(word) for word in words):
        raise TooShallow(place) if text.count(":") > 1 else Malformed(place)
    domain = domain.strip().casefold()
    if domain == "anonymous":
        domain = "Anonymous"
    elif domain != "*":
        domain = _host(domain, place)
    level = max((_ACTIONS.get(word.casefold(), UNKNOWN) for word in words), key=_STRONGEST.index)
    return PolicyEntry(domain, actions.strip(), level)


def _assignment(row: Fields) -> Assignment:
    return Assignment(row.text("Address", 320), row.text("Policy", 256))


def _published(row: Fields) -> Published:
    return Published(
        address=row.text("mailbox", 320),
        folder=row.text("folder", 512),
        level=row.one_of("detail", _DETAIL),
        is_searchable=row.maybe_flag("searchable"),
        reach_from=row.word("from", 20),
        reach_to=row.word("to", 20),
    )


def _domain(row: Fields, name: str) -> str:
    return _host(row.text(name, 255), row.at(name))


def _host(text: str, place: str) -> str:
    """A domain in lower case. Several in one text are what PowerShell makes of a list where its depth ran out."""
    if " " in text:
        raise TooShallow(place)
    domain = text.strip().lower()  # casefold would make another domain of one with a ß
    if len(domain) > 255 or not _DOMAIN.fullmatch(domain):
        raise Malformed(place)
    return domain
