"""What was: who could see what on a day, as far as readings show it, and all that happened, in its order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
class Cut:
    """Which of many are wanted: `size` of them (None: all) after a cursor, or else before one."""

    size: int | None = None
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class HeldPage:
    """Some of what was held, who may do most first: numbers `first` to `last` of `total`.

    `before` and `after` are cursors, empty where there is nothing that way.
    """

    held: list[Held]
    first: int = 0
    last: int = 0
    total: int = 0
    before: str = ""
    after: str = ""
    capped: bool = False  # the total is exact


@dataclass(frozen=True, slots=True)
class CalendarThen:
    """One calendar on a day: `why_not` says why nothing is known of it; `reading` is how its mailbox had been read."""

    calendar: Calendar
    name: str
    is_default: bool
    why_not: str
    reading: Reading
    read_at: datetime | None
    page: HeldPage

    @property
    def held(self) -> list[Held]:
        return self.page.held


ALL = Cut()


def calendar_on(
    calendar: Calendar, *, start: datetime, end: datetime, kept_from: datetime | None, cut: Cut = ALL
) -> CalendarThen:
    """Who had access from `start` until `end`; `kept_from` is since when the past of its tenant is kept."""
    (found,) = calendars_on([calendar], start=start, end=end, kept_from=kept_from, cut=cut)
    return found


def calendars_on(
    calendars: Sequence[Calendar], *, start: datetime, end: datetime, kept_from: datetime | None, cut: Cut = ALL
) -> list[CalendarThen]:
    """The same of several calendars, `cut` each, in a fixed number of queries; each comes with its mailbox."""
    mailboxes = _mailboxes([calendar.mailbox_id for calendar in calendars])
    mine = CalendarPermission.objects.filter(calendar__in=calendars)
    known = dict(mine.order_by().values_list("calendar").annotate(first=Min("first_seen_at")))
    before = _not_there_before([c for c in calendars if c.pk in known and end <= known[c.pk]], known)
    keys: dict[int, list[_Key]] = defaultdict(list)
    for pk, key in _keys_on(mine, Q(calendar__in=calendars), start, end):
        keys[pk].append(key)
    rows = _rows([key for each in keys.values() for key in _part(each, cut)], {each.pk: each for each in calendars})
    past = Past(list(mailboxes), end, [permission.pk for permission, _ in rows.values()])
    found = []
    for calendar in calendars:
        reading = past.reading(calendar.mailbox_id, mailboxes[calendar.mailbox_id])
        was, first = past.was("calendar", calendar.pk), known.get(calendar.pk)
        mine_then = keys[calendar.pk]
        why_not = ""
        if not mine_then and (first is None or end <= first):
            why_not = NOT_THERE if before.get(calendar.pk) and end <= before[calendar.pk] else NOT_READ
        elif kept_from is not None and end <= kept_from:
            why_not = NOT_KEPT
        elif mine_then:
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
                read_at, HeldPage([]) if why_not else _page(mine_then, cut, rows, start, end, past, mailboxes),
            )
        )  # fmt: skip
    return found


def held_ever(person: Person) -> tuple[CalendarPermissionQuerySet, CalendarPermissionQuerySet]:
    """What a person has access by, and what they had: two sets, each of which an index knows."""
    mine = CalendarPermission.objects.filter(grantee=person, tenant=person.tenant_id)
    return mine.open().of_people(), mine.filter(ended_at__isnull=False)


def reached_on(person: Person, *, start: datetime, end: datetime, cut: Cut = ALL) -> HeldPage:
    """What a person could reach on calendars of others from `start` until `end`, as far as readings show it."""
    still, over = held_ever(person)
    keys = [
        key for _, key in _keys_on(still, Q(permission__in=still.values("pk").union(over.values("pk"))), start, end)
    ]
    rows = _rows(_part(keys, cut))
    mailboxes = _mailboxes([permission.mailbox_id for permission, _ in rows.values()])
    past = Past(list(mailboxes), end, [permission.pk for permission, _ in rows.values()])
    return _page(keys, cut, rows, start, end, past, mailboxes)


# What a role that was held is sorted by: the organisation's row, minus its reach, the holder's name, kind and id.
_Key = tuple[bool, int, str, str, int]
_OVER, _STILL = "over", "still"  # a period, or an open permission: the earlier one first
_PERSON = ("kind", "name", "address", "oid", "tenant_id")
_COLUMNS = (
    "tenant_id", "mailbox_id", "calendar_id", "is_organization", "role", "name", "address", "began_at",
    "began_after_at", "ended_at", *(f"grantee__{name}" for name in _PERSON),
)  # fmt: skip
_CALENDAR = (
    "calendar__name", "calendar__state", "calendar__read_at", "calendar__mailbox__public_id",
    *(f"calendar__mailbox__person__{name}" for name in _PERSON),
)  # fmt: skip
_PERIOD = ("role", "began_at", "began_after_at", "ended_at", "ended_after_at", "end")
_Rows = dict[tuple[str, int], tuple[CalendarPermission, PermissionPeriod | None]]


def _keys_on(
    permissions: CalendarPermissionQuerySet, periods: Q, start: datetime, end: datetime
) -> list[tuple[int, _Key]]:
    """Every role that was held, or may have been, from `start` until `end`, with its calendar. Two queries.

    `periods` says of periods what `permissions` are. There may be thousands, so whole rows are left to `_rows`.
    """
    began = Q(began_after_at__lt=end) | Q(began_after_at=None, began_at__lt=end)
    still = permissions.open().filter(began).order_by()
    over = PermissionPeriod.objects.filter(began, periods, ended_at__gt=start).order_by()
    sorted_by = ("is_organization", "name_sort", "calendar")
    found = [
        (calendar, (is_organization, -reach(role), name, kind, pk))
        for kind, rows in (
            (_STILL, still.values_list("pk", "role", *sorted_by)),
            (_OVER, over.values_list("pk", "role", *(f"permission__{name}" for name in sorted_by))),
        )
        for pk, role, is_organization, name, calendar in rows
    ]
    found.sort(key=lambda each: each[1])
    return found


def _part(keys: Sequence[_Key], cut: Cut) -> Sequence[_Key]:
    begin = _begin(keys, cut)
    return keys[begin : begin + cut.size] if cut.size else keys


def _begin(keys: Sequence[_Key], cut: Cut) -> int:
    """Where a page begins. A cursor is "KIND.ID.NUMBER": the row at the edge, or where that is no more, its number."""
    kind, pk, number = [*(cut.after or cut.before).split("."), "", ""][:3]
    if not cut.size or not pk.isdecimal() or not number.isdecimal() or len(number) > 9:
        return 0
    at = next((n for n, key in enumerate(keys) if key[3] == kind and str(key[4]) == pk), int(number) - 1)
    begin = at + 1 if cut.after else at - cut.size
    return begin if 0 <= begin < len(keys) else 0


def _page(
    keys: Sequence[_Key], cut: Cut, rows: _Rows, start: datetime, end: datetime, past: Past,
    mailboxes: dict[int, dict[str, Any]],
) -> HeldPage:  # fmt: skip
    begin, shown = _begin(keys, cut), _part(keys, cut)
    last = begin + len(shown)
    held = [_held_on(*rows[key[3:]], start, end, past, mailboxes) for key in shown]
    before = f"{shown[0][3]}.{shown[0][4]}.{begin + 1}" if begin else ""
    after = f"{shown[-1][3]}.{shown[-1][4]}.{last}" if last < len(keys) else ""
    return HeldPage(held, begin + 1 if shown else 0, last, len(keys), before, after)


def _rows(keys: Iterable[_Key], calendars: Mapping[int, Calendar] | None = None) -> _Rows:
    """The rows of some keys, with all that is said of them; two queries. `calendars` are theirs, where they are known.

    Nothing is read again that is known: there may be thousands of rows.
    """
    pks: dict[str, list[int]] = {_OVER: [], _STILL: []}
    for key in keys:
        pks[key[3]].append(key[4])
    related: tuple[str, ...] = ("grantee",)
    columns: tuple[str, ...] = _COLUMNS
    if calendars is None:
        related, columns = ("grantee", "calendar__mailbox__person"), (*_COLUMNS, *_CALENDAR)
    still = CalendarPermission.objects.select_related(*related).only(*columns).in_bulk(pks[_STILL])
    over = (
        PermissionPeriod.objects.select_related(*(f"permission__{name}" for name in related))
        .only(*_PERIOD, *(f"permission__{name}" for name in columns))
        .in_bulk(pks[_OVER])
    )
    found: _Rows = {(_STILL, pk): (row, None) for pk, row in still.items()}
    found |= {(_OVER, pk): (row.permission, row) for pk, row in over.items()}
    if calendars:
        for permission, _ in found.values():
            permission.calendar = calendars[permission.calendar_id]
    return found


def _held_on(
    row: CalendarPermission, period: PermissionPeriod | None, start: datetime, end: datetime, past: Past,
    mailboxes: dict[int, dict[str, Any]],
) -> Held:  # fmt: skip
    if period:
        last = max(period.began_at, period.ended_after_at or period.began_at)
        return _held(
            row, past, period.role, _certainty(period.began_at, last, start, end), period.began_after_at,
            period.began_at, period.ended_after_at, period.ended_at, period.end,
        )  # fmt: skip
    until = _confirmed_at(row, mailboxes[row.mailbox_id])
    certainty = _certainty(row.began_at, until, start, end)
    if certainty == BETWEEN and row.began_at < end:
        certainty = LAST_KNOWN  # nobody has seen it changed, and nobody has looked since
    return _held(row, past, row.role, certainty, row.began_after_at, row.began_at)


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
