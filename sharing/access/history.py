"""What was: who could see what on a day, as far as readings show it, and all that happened, in its order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, Q

from sharing.models import (
    READ_COLUMNS,
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    Mailbox,
    Past,
    PermissionPeriod,
    Person,
    Reading,
    reach,
)

CERTAIN, BETWEEN, LAST_KNOWN = "certain", "between", "last_known"
# Why nothing can be said of a calendar on a day; what can be said has no such word.
NOT_KEPT, NOT_READ, NOT_THERE, GONE, LEFT_OUT = "not_kept", "not_read", "not_there", "gone", "left_out"


@dataclass(frozen=True, slots=True)
class Held:
    """One role that somebody had, or may have had, on a day.

    It began between `began_after_at` (None: before the first reading) and `began_at`; it ended between
    `ended_after_at` and `ended_at`, which are None where it goes on.
    """

    permission: CalendarPermission
    name: str
    address: str
    role: str
    certainty: str
    began_after_at: datetime | None
    began_at: datetime
    ended_after_at: datetime | None
    ended_at: datetime | None
    end: str = ""


@dataclass(frozen=True, slots=True)
class CalendarThen:
    """One calendar on a day: `why_not` says why nothing is known of it; `reading` is how its mailbox had been read."""

    calendar: Calendar
    name: str
    is_default: bool
    why_not: str
    reading: Reading
    read_at: datetime | None
    held: list[Held]


def calendar_on(calendar: Calendar, *, start: datetime, end: datetime, kept_from: datetime | None) -> CalendarThen:
    """Who had access from `start` until `end`; `kept_from` is since when the past of its tenant is kept."""
    (found,) = calendars_on([calendar], start=start, end=end, kept_from=kept_from)
    return found


def calendars_on(
    calendars: Sequence[Calendar], *, start: datetime, end: datetime, kept_from: datetime | None
) -> list[CalendarThen]:
    """The same of several calendars, in a fixed number of queries; each comes with its mailbox."""
    past = Past([calendar.mailbox_id for calendar in calendars], end)
    mailboxes = _mailboxes([calendar.mailbox_id for calendar in calendars])
    mine = CalendarPermission.objects.filter(calendar__in=calendars)
    known = dict(mine.order_by().values_list("calendar").annotate(first=Min("first_seen_at")))
    before = _not_there_before([c for c in calendars if c.pk in known and end <= known[c.pk]], known)
    held = _held_on(mine, Q(calendar__in=calendars), start, end, past, mailboxes)
    found = []
    for calendar in calendars:
        reading = past.reading(calendar.mailbox_id, mailboxes[calendar.mailbox_id])
        was, first = past.was("calendar", calendar.pk), known.get(calendar.pk)
        rows = [row for row in held if row.permission.calendar_id == calendar.pk]
        why_not = ""
        if not rows and (first is None or end <= first):
            why_not = NOT_THERE if before.get(calendar.pk) and end <= before[calendar.pk] else NOT_READ
        elif kept_from is not None and end <= kept_from:
            why_not = NOT_KEPT
        elif rows:
            why_not = ""
        elif reading.state == Mailbox.EXCLUDED and reading.cause != "mailbox_removed":
            why_not = LEFT_OUT
        elif calendar.ended_at and calendar.ended_at <= start:
            why_not = GONE
        read_at = past.read_at("calendar", calendar.pk, calendar.read_at)
        if was.get("state", calendar.state) == Mailbox.OK and reading.state == Mailbox.OK:
            read_at = max((at for at in (read_at, reading.read_at) if at), default=None)
        found.append(
            CalendarThen(
                calendar, was.get("name", calendar.name), was.get("is_default", calendar.is_default), why_not, reading,
                read_at, [] if why_not else rows,
            )
        )  # fmt: skip
    return found


def reached_on(person: Person, *, start: datetime, end: datetime) -> list[Held]:
    """What a person could reach on calendars of others from `start` until `end`, as far as readings show it."""
    mine = CalendarPermission.objects.filter(grantee=person, tenant=person.tenant_id)
    mailboxes = _mailboxes(list(mine.order_by().values_list("mailbox", flat=True).distinct()))
    past = Past(list(mailboxes), end)
    return _held_on(mine, Q(permission__in=mine.values("pk")), start, end, past, mailboxes)


def _held_on(
    permissions: CalendarPermissionQuerySet, periods: Q, start: datetime, end: datetime, past: Past,
    mailboxes: dict[int, dict[str, Any]],
) -> list[Held]:  # fmt: skip
    """Every role that was held, or may have been, from `start` until `end`; who may do most first. Two queries.

    `periods` says of periods what `permissions` are.
    """
    began = Q(began_after_at__lt=end) | Q(began_after_at=None, began_at__lt=end)
    related = ("calendar__mailbox__person", "grantee")
    found = []
    for row in permissions.open().filter(began).select_related(*related):
        until = _confirmed_at(row, mailboxes[row.mailbox_id])
        certainty = _certainty(row.began_at, until, start, end)
        if certainty == BETWEEN and row.began_at < end:
            certainty = LAST_KNOWN  # nobody has seen it changed, and nobody has looked since
        found.append(_held(row, past, row.role, certainty, row.began_after_at, row.began_at))
    over = PermissionPeriod.objects.filter(began, periods, ended_at__gt=start)
    for period in over.select_related(*(f"permission__{name}" for name in related)):
        last = max(period.began_at, period.ended_after_at or period.began_at)
        found.append(
            _held(
                period.permission, past, period.role, _certainty(period.began_at, last, start, end),
                period.began_after_at, period.began_at, period.ended_after_at, period.ended_at, period.end,
            )
        )  # fmt: skip
    found.sort(key=lambda row: (row.permission.is_organization, -reach(row.role), row.name.casefold(), row.began_at))
    return found


def _held(permission: CalendarPermission, past: Past, role: str, certainty: str, *moments: Any) -> Held:
    was = past.was("permission", permission.pk)
    name, address = was.get("name", permission.name), was.get("address", permission.address)
    began_after_at, began_at, *ended = moments
    ended_after_at, ended_at, end = ended or (None, None, "")
    return Held(
        permission, name, address, role, certainty, began_after_at, began_at, ended_after_at, ended_at, end
    )  # fmt: skip


def _certainty(began_at: datetime, last: datetime, start: datetime, end: datetime) -> str:
    """Certain where a reading before the end showed it, and one after the start still did."""
    return CERTAIN if began_at < end and last >= start else BETWEEN


def _confirmed_at(permission: CalendarPermission, mailbox: dict[str, Any]) -> datetime:
    """The last reading that showed an open role."""
    calendar = permission.calendar
    moments = [permission.began_at, calendar.read_at]
    if mailbox["state"] == Mailbox.OK and calendar.state == Mailbox.OK:
        moments += [mailbox["read_at"], mailbox["shard__read_at"]]
    return max(at for at in moments if at)


def _mailboxes(pks: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = Mailbox.objects.filter(pk__in=pks).values("pk", *READ_COLUMNS)
    return {row["pk"]: row for row in rows}


def _not_there_before(calendars: Sequence[Calendar], known: dict[int, datetime]) -> dict[int, datetime]:
    """Until when a calendar was not there yet, of those that appeared in a mailbox that had been read before."""
    if not calendars:
        return {}
    first = Q(began_at__in=[known[calendar.pk] for calendar in calendars], began_after_at__isnull=False)
    mailboxes = {calendar.mailbox_id for calendar in calendars}
    rows = CalendarPermission.objects.filter(first, calendar__in=calendars).order_by()
    over = PermissionPeriod.objects.filter(first, is_first=True, mailbox__in=mailboxes, calendar__in=calendars)
    moments = ("calendar", "began_at", "began_after_at")
    found = [*over.order_by().values_list(*moments), *rows.values_list(*moments)]
    return {pk: before for pk, at, before in found if pk and before and at == known[pk]}
