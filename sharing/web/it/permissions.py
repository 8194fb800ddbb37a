"""What can be asked of a list of access: filters, orders, and how a search finds its rows."""

from datetime import datetime, timedelta

from django.db.models import Q

from sharing import access, words
from sharing.models import (
    DELEGATE_ROLES,
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    EndDate,
    Mailbox,
    Person,
    Role,
    Tenant,
    reach,
)
from sharing.web.asked import Asked

from .figures import UNREAD
from .tables import Filter, Option, Query, find_calendars, find_people

Rows = CalendarPermissionQuerySet

SORTS = {
    "person": ("name_sort", "id"),
    "owner": ("owner_sort", "id"),
    "role": ("reach", "owner_sort", "id"),
    "changed": ("began_at", "id"),
}
IS_GONE = Q(enabled=False) | ~Q(ended_at=None)  # of a person: the account was disabled or deleted


def _or_more(role: Role) -> Option:
    return Option(role.value, f"{words.role_label(role)} or more", lambda now, tenant: Q(reach__gte=reach(role)))


def _changed_within(days: int) -> Option:
    """A role that was there at the first reading has not changed as far as anybody knows."""

    def matches(now: datetime, tenant: Tenant) -> Q:
        return Q(began_at__gte=now - timedelta(days=days), began_after_at__isnull=False)

    return Option(str(days), f"Last {days} days", matches, f"Changed in the last {days} days")


def _is_custom(now: datetime, tenant: Tenant) -> Q:
    """So few that the index that finds them must lead, and not the one of the order, as SQLite would have it."""
    custom = CalendarPermission.objects.open().filter(role=Role.CUSTOM, tenant=tenant)
    return Q(pk__in=custom.values("pk"))


def _held_by(condition: Q, tenant: Tenant) -> Q:
    """Holders first: few people match, and their permissions have an index."""
    return Q(grantee__in=Person.objects.filter(condition, tenant=tenant).values("pk"))


def _ending(tenant: Tenant, **dates: object) -> Q:
    """Few have a date, and the table of dates is small."""
    return Q(pk__in=EndDate.objects.filter(tenant=tenant, **dates).values("permission"))


def _on_mailboxes(condition: Q, tenant: Tenant) -> Q:
    return Q(mailbox__in=Mailbox.objects.filter(condition, tenant=tenant).values("pk"))


ROLE = Filter("role", "Role", "Any role", (
    _or_more(Role.LIMITED_READ),
    _or_more(Role.READ),
    _or_more(Role.WRITE),
    Option("delegate", "Delegate, with or without private events", lambda now, tenant: Q(role__in=DELEGATE_ROLES)),
    Option("private", words.role_label(Role.PRIVATE_DELEGATE), lambda now, tenant: Q(role=Role.PRIVATE_DELEGATE)),
    Option("custom", words.role_label(Role.CUSTOM), _is_custom),
))  # fmt: skip
PRIVATE = Filter("role", "Private events", "Private events or not", (
    Option("private", "Sees private events", lambda now, tenant: Q(role=Role.PRIVATE_DELEGATE)),
    Option("delegate", "Does not see private events", lambda now, tenant: Q(role=Role.DELEGATE)),
))  # fmt: skip
WHERE = Filter("where", "Where they work", "Anywhere", (
    Option("inside", "Inside", lambda now, tenant: Q(inside=True)),
    Option("outside", "Outside", lambda now, tenant: Q(inside=False)),
))  # fmt: skip
ACCOUNT = Option("gone", "Account disabled or deleted", lambda now, tenant: _held_by(IS_GONE, tenant))
FLAG = Filter("flag", "Flag", "Any flag", (
    ACCOUNT,
    Option("ends", "Has an end date", lambda now, tenant: _ending(tenant, state=EndDate.LIVE)),
    Option(
        "ends_soon", "Ends within 14 days",
        lambda now, tenant: _ending(tenant, state=EndDate.LIVE, ends_at__range=(now, now + timedelta(days=14))),
    ),
    Option(
        "end_late", "Should have ended",
        lambda now, tenant: _ending(tenant, state=EndDate.FAILED) | _ending(
            tenant, state=EndDate.LIVE, asks=False, ends_at__lt=now - timedelta(days=1)
        ),
    ),
    Option("guest", "Guest", lambda now, tenant: _held_by(Q(kind=Person.GUEST), tenant)),
    Option("group", "Group", lambda now, tenant: _held_by(Q(kind=Person.GROUP), tenant)),
    Option(
        "unresolved", words.PERSON_KINDS[Person.UNRESOLVED],
        lambda now, tenant: _held_by(Q(kind=Person.UNRESOLVED), tenant),
    ),
    Option(
        "unread", "Last known, mailbox not readable",
        lambda now, tenant: _on_mailboxes(Q(state__in=UNREAD), tenant),
    ),
))  # fmt: skip
SINCE = Filter("since", "Changed", "Any time", tuple(_changed_within(days) for days in (7, 30, 90, 365)))


def _delivers(option: str) -> Option:
    label = words.delivery_words(option).it
    return Option(option, label, lambda now, tenant: _on_mailboxes(Q(delivery_option=option), tenant))


DELIVERY = Filter("requests", "Who gets the requests", "Requests to anyone", [*map(_delivers, words.DELIVERY_OPTIONS)])


def matching(
    request: Asked,
    tenant: Tenant,
    rows: Rows,
    wanted: Query,
    now: datetime,
    *,
    person: Person | None = None,
    by_calendar: bool = False,
) -> tuple[list[Rows], bool]:
    """The rows that are asked for, in branches; and whether the search found more than it looked through.

    It looks for people and, with `by_calendar`, for calendars by name. With `person`, the rows of that one person,
    held and given.
    """
    rows = wanted.narrow(rows, now, tenant)
    if person:
        return _branches(rows, [person.pk], []), False
    if not wanted.q:
        return [rows], False
    people, is_cut = find_people(access.people_for_it(request.user, tenant), wanted.q)
    calendars: list[int] = []
    if by_calendar:
        own = Calendar.objects.filter(tenant=tenant, is_own=True, ended_at=None)
        calendars, more = find_calendars(own, wanted.q)
        is_cut = is_cut or more
    return _branches(rows, people, calendars), is_cut


def _branches(rows: Rows, people: list[int], calendars: list[int]) -> list[Rows]:
    """Rows held by these people, others in their mailboxes, and others on these calendars.

    An index read for each, where one with OR would scan; a branch that must be empty is left out.
    """
    found = []
    if calendars:  # their mailboxes are named for PostgreSQL, which otherwise walks the whole list in its order
        theirs = Calendar.objects.filter(pk__in=calendars).values("mailbox")
        found = [rows.filter(calendar__in=calendars, mailbox__in=theirs)]
    if people:
        mailboxes = Mailbox.objects.filter(person__in=people).values("pk")
        found = [branch.exclude(grantee__in=people).exclude(mailbox__in=mailboxes) for branch in found]
        owned = rows.filter(mailbox__in=mailboxes).exclude(grantee__in=people)
        found = [rows.filter(grantee__in=people), owned, *found]
    return found or [rows.none()]
