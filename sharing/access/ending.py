"""End dates and covers: those of a person's own calendars, and of a tenant for IT."""

from collections.abc import Iterable

from django.db.models import QuerySet

from sharing.models import CalendarPermission, Cover, EndDate, Tenant, User

from .it import permissions_for_it
from .owners import mailbox_ids
from .tenants import one

# LIVE is to come, FAILED waits for somebody to settle it.
STANDING = (EndDate.LIVE, EndDate.FAILED)
COMING = (Cover.WAITING, Cover.BEGINNING, Cover.BEGUN)


def end_dates_of(user: User) -> QuerySet[EndDate]:
    """Every end date on the person's own mailboxes, whoever set it and whatever became of it."""
    rows = EndDate.objects.filter(mailbox__in=mailbox_ids(user))
    return rows.select_related("by", "permission__grantee", "permission__calendar__mailbox__person", "mailbox__person")


def standing_end_dates(user: User) -> QuerySet[EndDate]:
    """Those that are still to come or that failed, on access that is still there; the next one first."""
    rows = end_dates_of(user).filter(state__in=STANDING, permission__ended_at=None)
    return rows.order_by("ends_on", "pk")


def end_dates_for_it(
    user: User, tenant: Tenant, permissions: Iterable[CalendarPermission] | Iterable[int]
) -> dict[int, EndDate]:
    """The live end dates of some permissions of a tenant, by the permission's id."""
    pks = [each.pk if isinstance(each, CalendarPermission) else each for each in permissions]
    if not pks:
        return {}
    mine = permissions_for_it(user, tenant).filter(pk__in=pks).values("pk")
    return {row.permission_id: row for row in EndDate.objects.filter(state=EndDate.LIVE, permission__in=mine)}


def covers_of(user: User) -> QuerySet[Cover]:
    """Covers on the person's own calendars, the latest first."""
    rows = Cover.objects.filter(mailbox__in=mailbox_ids(user))
    related = ("person", "by", "calendar__mailbox__person", "mailbox__person", "end_date", "change", "tenant")
    return rows.select_related(*related).order_by("-starts_on", "-pk")


def cover_for_owner(user: User, public_id: str) -> Cover:
    return one(covers_of(user).filter(public_id=public_id))
