"""What a tenant's sharing comes to in numbers, and how much of it could be read and when."""

from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from sharing import words
from sharing.models import (
    CalendarPermission,
    CalendarPermissionQuerySet,
    Mailbox,
    PermissionPeriod,
    Role,
    SyncShard,
    Tenant,
    reach,
)
from sharing.web.asked import Asked

from .frame import same_tenant

# States in which what is shown of a mailbox is what was known last.
UNREAD = (Mailbox.INCOMPLETE, Mailbox.DENIED, Mailbox.UNREACHABLE, Mailbox.NO_MAILBOX)
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many mailboxes were read, by state, and since when; excluded ones are not counted in."""

    states: dict[str, int]
    oldest_at: datetime | None
    href: str

    @property
    def total(self) -> int:
        return sum(count for state, count in self.states.items() if state != Mailbox.EXCLUDED)

    @property
    def read(self) -> int:
        return self.states.get(Mailbox.OK, 0)

    @property
    def unread(self) -> int:
        return sum(self.states.get(state, 0) for state in UNREAD)


def coverage(request: Asked, tenant: Tenant) -> Coverage:
    """What of `tenant` was read; a readable mailbox is as fresh as its shard."""
    states = Mailbox.objects.filter(tenant=tenant).values_list("state").annotate(count=Count("*")).order_by()
    read = SyncShard.objects.filter(tenant=tenant).aggregate(oldest=Min("read_at"))
    href = reverse("it:people") + same_tenant(request, mailbox="unread")
    return Coverage(dict(states), read["oldest"], href)


@dataclass(frozen=True, slots=True)
class Reaches:
    """How many open permissions have each reach (models.reach), of people and of organisation rows."""

    people: Counter[int]
    organization: Counter[int]

    @property
    def delegates(self) -> int:
        return self.people[reach(Role.DELEGATE)] + self.people[reach(Role.PRIVATE_DELEGATE)]

    @property
    def private(self) -> int:
        return self.people[reach(Role.PRIVATE_DELEGATE)]

    @property
    def shared(self) -> int:
        """Calendars of which everyone sees something."""
        return sum(count for level, count in self.organization.items() if level > reach(Role.NONE))

    @property
    def wide(self) -> int:
        """Calendars on which everyone sees more than busy."""
        return sum(count for level, count in self.organization.items() if level > reach(Role.FREE_BUSY_READ))


def reaches(every: CalendarPermissionQuerySet) -> Reaches:
    """Exact numbers, each out of an index of its own."""

    def counted(rows: QuerySet) -> Counter[int]:
        return Counter(dict(rows.order_by().values_list("reach").annotate(count=Count("*"))))

    return Reaches(counted(every.of_people()), counted(every.filter(is_organization=True)))


@dataclass(frozen=True, slots=True)
class Week:
    """What was noticed of people's access in the week that begins on `monday`."""

    monday: date
    given: int
    removed: int
    changed: int


def weeks(tenant: Tenant, now: datetime) -> list[Week]:
    """The last WEEKS weeks, oldest first; what the first readings found was not given then and is not counted.

    Every change of a role ends one period and begins another, so what was given is what began less what changed.
    """
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=n) for n in range(WEEKS - 1, -2, -1)]
    began = Q(began_at__gte=starts[0], began_after_at__isnull=False)
    still = CalendarPermission.objects.open().of_people().filter(began, tenant=tenant)
    others = CalendarPermission.objects.filter(tenant=tenant, is_organization=True)
    past = PermissionPeriod.objects.filter(tenant=tenant, ended_at__gte=starts[0]).exclude(permission__in=others)
    begun, changed, removed = Counter[int](), Counter[int](), Counter[int]()
    for rows in (still, past.filter(began)):
        for began_at, count in _counted(rows, "began_at"):
            begun[bisect(starts, began_at)] += count
    for ended_at, end, count in _counted(past, "ended_at", "end"):
        (changed if end == PermissionPeriod.CHANGED else removed)[bisect(starts, ended_at)] += count
    return [
        Week(start.date(), max(0, begun[n] - changed[n]), removed[n], changed[n])
        for n, start in enumerate(starts[:-1], 1)
    ]


def _counted(rows: QuerySet, *columns: str) -> QuerySet:
    """How many of `rows` have the same moment: one reading finds many. No function per row, which is slow on SQLite."""
    return rows.order_by().values_list(*columns).annotate(count=Count("*"))


def in_words(found: list[Week]) -> str:
    """What a chart of the weeks shows, in a sentence."""
    given, removed, changed = (sum(getattr(week, name) for week in found) for name in ("given", "removed", "changed"))
    most = max(found, key=lambda week: week.removed)
    said = (
        f"Access of people in the last {len(found)} weeks: {given:,} given, {removed:,} removed, "
        f"{changed:,} changed to another role."
    )
    if not most.removed:
        return said
    return f"{said} Most was removed in the week of {words.day(most.monday)}."
