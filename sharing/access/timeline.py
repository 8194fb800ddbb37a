"""All that happened to access, in its order: differences seen, changes made here, and end dates."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from sharing.models import (
    Calendar,
    CalendarPermission,
    Change,
    Cover,
    DeliveryPeriod,
    EndDate,
    Mailbox,
    PermissionPeriod,
    Person,
    Role,
    User,
)

from .history import held_ever
from .owners import mailbox_ids

# Kinds of events, in the order they stand in where they happened at one moment, the last first.
CHANGE, ENDED, CAME_AND_WENT, CAME, DELIVERY, END_SET, END_OVER, COVER = (
    "change",  # a Change, by requested_at
    "ended",  # a PermissionPeriod that nobody here ended
    "came_and_went",  # the first PermissionPeriod of access that is past
    "came",  # a CalendarPermission that is as it came
    "delivery",  # a DeliveryPeriod that nobody here ended
    "end_set",  # an EndDate, by made_at
    "end_over",  # an EndDate that is no longer live and did not end the access, by over_at
    "cover",  # a Cover, by made_at
)


_Told = tuple[type[Model], tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `row` is the row of `kind` that says so, with all that a sentence needs."""

    at: datetime
    kind: str
    row: Any


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one kind, the column of the moment they are told at, and what of each a sentence needs (empty: all)."""

    kind: str
    rows: QuerySet[Any]
    moment: str
    related: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def told(self) -> _Told:
        """Sources of which this is the same are read together."""
        return self.rows.model, self.related, self.columns


@dataclass(frozen=True, slots=True)
class Page:
    """Events, the newest first; `older` is the cursor of the next page, empty where there is none."""

    events: list[Event]
    older: str


def of_calendar(calendar: Calendar) -> list[Source]:
    """All that happened on one calendar, and to the meeting requests where it is the main one."""
    mine = Q(calendar=calendar)
    changes = mine | Q(kind=Change.DELIVERY, mailbox=calendar.mailbox_id) if calendar.is_default else mine
    made = Change.objects.filter(changes, mailbox=calendar.mailbox_id)
    sources = _sources(
        mine & Q(mailbox=calendar.mailbox_id), _below(calendar=calendar), made,
        Q(calendar=calendar, mailbox=calendar.mailbox_id),
    )  # fmt: skip
    sources += _covers(Q(calendar=calendar, mailbox=calendar.mailbox_id))
    return sources + (_deliveries([calendar.mailbox_id]) if calendar.is_default else [])


def of_mailboxes(mailboxes: Sequence[int]) -> list[Source]:
    """All that happened in some mailboxes (ids)."""
    mine = {"mailbox__in": mailboxes}
    return [
        *_sources(Q(**mine), _below(**mine), Change.objects.filter(**mine), Q(**mine)),
        *_deliveries(mailboxes),
        *_covers(Q(**mine)),
    ]


def of_owner(user: User) -> list[Source]:
    """All that happened in the mailboxes that are a person's own, or that they look after."""
    return of_mailboxes(mailbox_ids(user))


def of_permission(permission: CalendarPermission) -> list[Source]:
    """All that happened to one entry."""
    changes = Change.objects.filter(permission=permission, mailbox=permission.mailbox_id)
    return _sources(Q(pk=permission.pk), Q(permission=permission), changes)


def of_person(person: Person) -> list[Source]:
    """What a person was given and lost, and all that happened in their own mailbox."""
    own = list(Mailbox.objects.filter(person=person).values_list("pk", flat=True))
    # Asked for first, as mailboxes are.
    still, over = (rows.exclude(mailbox__in=own).values_list("pk", flat=True) for rows in held_ever(person))
    held = list(still.union(over))
    return [
        *_sources(Q(pk__in=held), Q(permission__in=held), Change.objects.filter(permission__in=held)),
        *_covers(Q(person=person) & ~Q(mailbox__in=own)),
        *of_mailboxes(own),
    ]


def page_of(sources: Sequence[Source], *, size: int, before: str = "") -> Page:
    """At most `size` events older than the cursor `before`; an unknown cursor is none.

    One query for the newest keys of each source, and one for the rows of each table that are shown.
    """
    cursor = _cursor(before, len(sources))
    found: list[tuple[datetime, int, int]] = []
    for number, source in enumerate(sources):
        rows = source.rows if cursor is None else source.rows.filter(_older(source, number, *cursor))
        newest = rows.order_by(f"-{source.moment}", "-pk").values_list(source.moment, "pk")[: size + 1]
        found += [(at, -number, pk) for at, pk in newest]
    found.sort(reverse=True)
    is_more, found = len(found) > size, found[:size]
    older = f"{found[-1][0].isoformat()}~{-found[-1][1]}~{found[-1][2]}" if is_more else ""
    shown: dict[_Told, set[int]] = defaultdict(set)
    for _, n, pk in found:
        shown[sources[-n].told].add(pk)
    rows_of = {
        (model, related, columns): model._default_manager.select_related(*related).only(*columns).in_bulk(pks)
        for (model, related, columns), pks in shown.items()
    }
    return Page([Event(at, sources[-n].kind, rows_of[sources[-n].told][pk]) for at, n, pk in found], older)


def _older(source: Source, number: int, at: datetime, last: int, pk: int) -> Q:
    """Rows of a source that come after the one of the cursor."""
    earlier = Q(**{f"{source.moment}__lt": at})
    if number < last:
        return earlier
    same = Q(**{f"{source.moment}__lte": at})
    return same if number > last else same & (earlier | Q(pk__lt=pk))


def _cursor(text: str, sources: int) -> tuple[datetime, int, int] | None:
    try:
        moment, number, pk = text.split("~")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None or not 0 <= int(number) < sources or not 0 <= int(pk) < 2**63:
            return None
        return at, int(number), int(pk)
    except (ValueError, OverflowError):
        return None


def _below(**condition: Any) -> Q:
    """A condition on permissions, said of what points at them."""
    return Q(**{f"permission__{name}": value for name, value in condition.items()})


_PERSON = ("name", "address", "oid", "tenant_id")
_PERMISSION = (
    "graph_id", "is_organization", "role", "name", "address", "began_at", "began_after_at", "ended_at", "mailbox_id",
    "calendar__name", "calendar__is_default", "calendar__public_id", "calendar__mailbox__public_id",
    *(f"calendar__mailbox__person__{name}" for name in _PERSON),
)  # fmt: skip
_BELOW = tuple(f"permission__{name}" for name in _PERMISSION)
_PERIOD = ("role", "began_after_at", "began_at", "ended_after_at", "ended_at", "end", "after", *_BELOW)
_END = (
    "role", "ends_on", "role_after", "asks", "by_kind", "made_at", "over_at", "state", "cause", "by__name",
    "by__address", "by__username", *_BELOW,
)  # fmt: skip
_COVER = (
    "role", "starts_on", "ends_on", "state", "made_at", "by__name", "by__address", "by__username",
    *(f"person__{name}" for name in _PERSON), "calendar__name", "calendar__is_default", "calendar__public_id",
    "calendar__mailbox__public_id", *(f"calendar__mailbox__person__{name}" for name in _PERSON),
)  # fmt: skip
_DELIVERY = ("delivery_option", "after", "ended_after_at", "ended_at", "mailbox__public_id",
             *(f"mailbox__person__{name}" for name in _PERSON))  # fmt: skip
_TO_PERSON = "calendar__mailbox__person"
_TO_CHANGE = ("calendar", "permission", "actor", "approved_by", "mailbox__person", "mailbox__tenant")


def _sources(mine: Q, below: Q, changes: QuerySet[Change], periods: Q | None = None) -> list[Source]:
    """`mine` is said of permissions, `below` the same of what points at them; `periods` where those know it better."""
    # A calendar comes and goes with its row for everyone; that is no news about anybody.
    with_calendar = Q(permission__is_organization=True, end__in=PermissionPeriod.WITH_ITS_CALENDAR)
    with_nothing = Q(permission__is_organization=True, role=Role.NONE)
    past = PermissionPeriod.objects.filter(periods or below)
    replaced = PermissionPeriod.objects.filter(permission=OuterRef("pk"), ended_at=OuterRef("began_at"))
    came = CalendarPermission.objects.open().filter(mine, ~Exists(replaced), began_after_at__isnull=False, change=None)
    firsts = past.filter(is_first=True, began_after_at__isnull=False)
    ends = EndDate.objects.filter(below)
    over = ends.filter(state__in=[EndDate.CANCELLED, EndDate.FAILED], over_at__isnull=False)
    up = (f"permission__{_TO_PERSON}",)
    return [
        Source(CHANGE, changes, "requested_at",
               _TO_CHANGE, ()),
        Source(ENDED, past.filter(change=None).exclude(with_calendar), "ended_at", up, _PERIOD),
        Source(CAME_AND_WENT, firsts.exclude(with_nothing), "began_at", up, _PERIOD),
        Source(CAME, came.exclude(is_organization=True, role=Role.NONE), "began_at", (_TO_PERSON,), _PERMISSION),
        Source(END_SET, ends, "made_at", ("by", *up), _END),
        Source(END_OVER, over, "over_at", ("by", *up), _END),
    ]  # fmt: skip


def _deliveries(mailboxes: Sequence[int]) -> list[Source]:
    rows = DeliveryPeriod.objects.filter(mailbox__in=mailboxes, change=None)
    return [Source(DELIVERY, rows, "ended_at", ("mailbox__person",), _DELIVERY)]


def _covers(mine: Q) -> list[Source]:
    related = ("by", "person", "calendar__mailbox__person")
    return [Source(COVER, Cover.objects.filter(mine), "made_at", related, _COVER)]
