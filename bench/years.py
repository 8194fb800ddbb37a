"""Years of audit and history rows, made in bulk: in a tenant as it is, or all on one calendar and of one person."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, models

from sharing.models import (
    AuditChain,
    AuditEvent,
    Calendar,
    CalendarPermission,
    Change,
    DeliveryPeriod,
    EndDate,
    Mailbox,
    PastValues,
    PermissionPeriod,
    Person,
    RoleAssignment,
    Tenant,
    User,
    reach,
    triggers,
)

from .world import oid

OWNER, HOLDER, REVIEWER, OPERATORS = 0, 1, 2, range(3, 11)  # of the world's people, by their number
NIGHTS = 730  # of readings
STILL_THERE = 8  # one in so many of those who were ever on the long calendar has access to it now
ROLES = ("read", "limitedRead", "write", "freeBusyRead")
VERBS = (
    "person.viewed", "calendar.viewed", "change.requested", "change.applied", "list.exported", "signin.done",
    "run.finished", "end_date.set",
)  # fmt: skip
RARE = "history.kept"
AT_ONCE = 2_000
PEOPLE = 10  # on an ordinary calendar


def user_of(tenant: Tenant, number: int) -> User:
    person = Person.objects.get(tenant=tenant, oid=oid(number))
    user, _ = User.objects.get_or_create(
        tenant=tenant, oid=person.oid, defaults={"name": person.name, "address": person.address}
    )
    return user


def fill(tenant: Tenant, rows: int, now: datetime) -> None:
    """`rows` audit events; as many periods anywhere, and on one calendar; and a tenth as many of one person."""
    calendar = Calendar.objects.get(mailbox__person__oid=oid(OWNER), mailbox__tenant=tenant, is_default=True)
    holder = Person.objects.get(tenant=tenant, oid=oid(HOLDER))
    now = now.replace(minute=0, second=0, microsecond=0)
    Mailbox.objects.filter(tenant=tenant).update(settings={"time_zone": "UTC"})
    Calendar.objects.filter(tenant=tenant).update(first_seen_at=now - timedelta(days=NIGHTS))
    everywhere = list(CalendarPermission.objects.filter(tenant=tenant).of_people().exclude(mailbox=calendar.mailbox_id))
    there = _people(calendar, max(20, rows // 30), now)
    theirs = _everywhere(holder, calendar.mailbox_id, now)
    for permissions, count in ((everywhere, rows), (there, rows), (theirs, rows // 10)):
        _add(PermissionPeriod, _periods(permissions, -(-count // len(permissions)), now))
    _around(calendar, there, rows // 10, now)
    _events(tenant, calendar, holder, rows, now)
    _analyze()


def fill_evenly(tenant: Tenant, rows: int, now: datetime) -> None:
    """`rows` audit events and as many periods in a tenant as it is: ten people on each primary calendar."""
    now = now.replace(minute=0, second=0, microsecond=0)
    Mailbox.objects.filter(tenant=tenant).update(settings={"time_zone": "UTC"})
    Calendar.objects.filter(tenant=tenant).update(first_seen_at=now - timedelta(days=NIGHTS))
    people = list(Person.objects.filter(tenant=tenant, kind=Person.USER).order_by("pk"))
    primary = Calendar.objects.filter(tenant=tenant, is_own=True, is_default=True).select_related("mailbox__person")
    held = CalendarPermission.objects.open().filter(tenant=tenant).of_people()
    there = Counter(held.values_list("calendar_id", flat=True))
    _permissions(
        (calendar, people[(number * 37 + n * 101 + 5) % len(people)], n % STILL_THERE != 0)
        for number, calendar in enumerate(primary.order_by("pk"))
        for n in range(PEOPLE - there[calendar.pk] + 1)  # and one who was
    )
    everywhere = list(CalendarPermission.objects.filter(tenant=tenant).of_people())
    _add(PermissionPeriod, islice(_periods(everywhere, -(-rows // len(everywhere)), now, is_even=True), rows))
    owned = primary.get(mailbox__person__oid=oid(OWNER))
    _around(owned, [one for one in everywhere if one.calendar_id == owned.pk], PEOPLE, now)
    _events(tenant, owned, Person.objects.get(tenant=tenant, oid=oid(HOLDER)), rows, now, is_even=True)
    _analyze()


def _analyze() -> None:
    with connection.cursor() as cursor:  # as databases do by themselves once so much has come
        cursor.execute("ANALYZE")


def _people(calendar: Calendar, count: int, now: datetime) -> list[CalendarPermission]:
    """So many who are or were on one calendar."""
    people = [
        Person(
            tenant=calendar.tenant, kind=Person.USER, oid=uuid.UUID(int=2**96 + n), name=f"Visitor {n}",
            address=f"visitor{n}@bench.example", search=f"visitor {n} visitor{n}@bench.example", enabled=True,
        )
        for n in range(count)
    ]  # fmt: skip
    _add(Person, people)
    return _permissions((calendar, person, n % STILL_THERE == 0) for n, person in enumerate(people))


def _everywhere(holder: Person, but: int, now: datetime) -> list[CalendarPermission]:
    """One person on every other calendar."""
    own = Calendar.objects.filter(tenant=holder.tenant_id, is_own=True).select_related("mailbox__person")
    own = own.exclude(mailbox=but).exclude(mailbox__person=holder)
    return _permissions((calendar, holder, True) for calendar in own)


def _permissions(who: Iterable[tuple[Calendar, Person, bool]]) -> list[CalendarPermission]:
    made = []
    for calendar, person, is_there in who:
        first = calendar.first_seen_at
        made.append(
            CalendarPermission(
                tenant_id=calendar.tenant_id, mailbox_id=calendar.mailbox_id, calendar=calendar, grantee=person,
                graph_id=f"years {calendar.pk} {person.pk}", role="read", reach=reach("read"), name=person.name,
                allowed_roles=[*ROLES, "none"], address=person.address, inside=True, removable=True,
                name_sort=person.name.casefold(), owner_sort=str(calendar.mailbox.person).casefold()[:128],
                first_seen_at=first, began_after_at=first, began_at=first, ended_at=None if is_there else first,
            )
        )  # fmt: skip
    _add(CalendarPermission, made)
    return made


def _periods(
    permissions: list[CalendarPermission], each: int, now: datetime, *, is_even: bool = False
) -> Iterator[PermissionPeriod]:
    """`each` past roles of every permission, without a gap; unless even, the last night of all was the same one."""
    nights = max(1, NIGHTS // (each + 1))
    for number, permission in enumerate(permissions):
        shift, is_over = number % nights, permission.ended_at is not None
        ends = [now - timedelta(days=nights * (each - n - is_even) + shift + 2) for n in range(each)]
        ends[-1] = ends[-1] if is_even else now - timedelta(days=2)
        begin = min(ends[0] - timedelta(days=nights), now - timedelta(days=NIGHTS))
        for n, end in enumerate(ends):
            is_last = n == each - 1
            yield PermissionPeriod(
                tenant_id=permission.tenant_id, permission=permission, calendar_id=permission.calendar_id,
                mailbox_id=permission.mailbox_id, is_first=n == 0, role=ROLES[n % len(ROLES)],
                began_after_at=begin - timedelta(days=1), began_at=begin, ended_after_at=end - timedelta(days=1),
                ended_at=end, end=PermissionPeriod.REMOVED if is_last and is_over else PermissionPeriod.CHANGED,
                after="" if is_last and is_over else permission.role if is_last else ROLES[(n + 1) % len(ROLES)],
            )  # fmt: skip
            begin = end
        permission.began_at, permission.began_after_at = begin, begin - timedelta(days=1)
        permission.ended_at = begin if is_over else None
    CalendarPermission.objects.bulk_update(
        permissions, ["began_at", "began_after_at", "ended_at"], batch_size=300
    )  # fmt: skip


def _around(calendar: Calendar, there: list[CalendarPermission], count: int, now: datetime) -> None:
    """What else happened on the long calendar: changes made here, end dates, deliveries, and what readings said."""
    owner = user_of(calendar.tenant, OWNER)
    mine: dict[str, Any] = {"tenant": calendar.tenant, "mailbox_id": calendar.mailbox_id}
    moments = [now - timedelta(minutes=n * NIGHTS * 1440 // count) for n in range(count)]
    _add(Change, (
        Change(
            **mine, kind=Change.ROLE, target=f"years {n}", calendar=calendar, permission=there[n % len(there)],
            name=there[n % len(there)].name, before="write", after="read", actor=owner, actor_kind=Change.OWNER,
            state=Change.APPLIED, requested_at=at, finished_at=at,
        )
        for n, at in enumerate(moments)
    ))  # fmt: skip
    _add(EndDate, (
        EndDate(
            **mine, permission=there[n % len(there)], role="read", ends_on=date(2024, 1, 1), ends_at=at, by=owner,
            by_kind=Change.OWNER, made_at=at, state=EndDate.CANCELLED, over_at=at,
        )
        for n, at in enumerate(moments[::10])
    ))  # fmt: skip
    _add(DeliveryPeriod, (
        DeliveryPeriod(
            **mine, delivery_option="sendToDelegateOnly", after="sendToDelegateAndPrincipal", ended_at=at,
            ended_after_at=at - timedelta(days=1),
        )
        for at in moments[::20]
    ))  # fmt: skip
    _add(PastValues, (
        PastValues(**mine, permission=there[n % len(there)], was={"name": f"Visitor before {n}"}, ended_at=at)
        for n, at in enumerate(moments[::10])
    ))  # fmt: skip


def _events(
    tenant: Tenant, calendar: Calendar, holder: Person, rows: int, now: datetime, *, is_even: bool = False
) -> None:
    """Half of them are Calwarden's own, a fifth one operator's; a tenth is about one person, unless spread evenly."""
    people = [operator.username for operator in _operators(tenant)]
    keys = list(Person.objects.filter(tenant=tenant).order_by("pk").values_list("public_id", flat=True))
    keys = keys if is_even else keys[:500]
    mailboxes = list(Mailbox.objects.filter(tenant=tenant).order_by("pk").values_list("public_id", flat=True))
    head = AuditChain.objects.get(key=str(tenant.tid))
    began = AuditEvent.objects.filter(tenant=tenant).count()

    def events() -> Iterator[AuditEvent]:
        for n in range(rows):
            actor = "system" if n % 2 else people[0] if n % 5 == 0 else people[n % len(people)]
            person = holder.public_id if n % 10 == 3 and not is_even else keys[n * 7 % len(keys)]
            mailbox = calendar.mailbox.public_id if n % 3 and not is_even else mailboxes[n * 11 % len(mailboxes)]
            event = AuditEvent(
                chain=head.key, seq=head.seq + n + 1, tenant=tenant, actor=actor,
                at=now - timedelta(seconds=(rows - n) * NIGHTS * 86400 // rows),
                verb=RARE if n % (rows // 3) == 7 else VERBS[n % 97 % len(VERBS)],
                subject={"person": person, "mailbox": mailbox},
                before="read", after="write", outcome="200", source="192.0.2.1 abcdef0123456789",
                prev=head.hash, hash=hashlib.sha256(str(n).encode()).hexdigest(),
            )  # fmt: skip
            event.person_key, event.mailbox_key = event.keys()
            yield event

    connection.check_constraints()  # PostgreSQL alters no table whose rows still wait for their check
    triggers.lift()
    _add(AuditEvent, events())
    AuditChain.objects.filter(pk=head.pk).update(seq=head.seq + rows)
    connection.check_constraints()
    triggers.make()
    if AuditEvent.objects.filter(tenant=tenant).count() != began + rows:
        raise RuntimeError("events are missing")


def _operators(tenant: Tenant) -> list[User]:
    """Eight accounts that one search finds."""
    found = []
    for number in OPERATORS:
        user = user_of(tenant, number)
        User.objects.filter(pk=user.pk).update(name=f"Operator {number}")
        RoleAssignment.objects.get_or_create(
            user=user, tenant=tenant, role=RoleAssignment.OPERATOR, defaults={"given_at": tenant.state_since}
        )
        found.append(user)
    return found


def _add(model: type[models.Model], rows: Iterable[Any]) -> None:
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        model._default_manager.bulk_create(some, batch_size=500)
