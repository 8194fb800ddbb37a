"""What others share with a person: from the owners' side, and as it stands in the person's own list."""

from django.db.models import Q, QuerySet

from sharing.models import Calendar, CalendarPermission, Change, ChangeQuerySet, Objection, User

from .owners import mailbox_ids
from .tenants import one


def held_by(user: User) -> QuerySet[CalendarPermission]:
    """Open entries in the person's own name on other people's calendars that exist now; none through a group."""
    rows = CalendarPermission.objects.open().of_people().filter(
        grantee__tenant=user.tenant_id, grantee__oid=user.oid, tenant=user.tenant_id, calendar__is_own=True,
        calendar__ended_at=None,
    )  # fmt: skip
    return rows.select_related("calendar__mailbox__person", "calendar__mailbox__tenant", "mailbox", "grantee")


def copies_of(user: User) -> QuerySet[Calendar]:
    """Other people's calendars in the person's own list, as last read."""
    rows = Calendar.objects.filter(mailbox__person__tenant=user.tenant_id, mailbox__person__oid=user.oid)
    rows = rows.filter(is_own=False, ended_at=None).select_related("mailbox__person", "mailbox__tenant")
    return rows.order_by("owner_name", "name", "pk")


def held_for_sharee(user: User, public_id: str) -> CalendarPermission:
    """The person's own entry on the calendar with this id; 404 where there is none."""
    return one(held_by(user).filter(calendar__public_id=public_id))


def copy_for_sharee(user: User, public_id: str) -> Calendar:
    """One calendar of the person's own list that is somebody else's."""
    return one(copies_of(user).filter(public_id=public_id))


def changes_by_sharee(user: User) -> ChangeQuerySet:
    """What the person asked of other people's calendars: copies renamed or dropped, access given up; newest first."""
    rows = Change.objects.filter(actor=user.pk, actor_kind=Change.SHAREE, tenant=user.tenant_id)
    return rows.select_related("calendar__mailbox__person", "permission").order_by("-requested_at", "-pk")


def objections_by(user: User) -> QuerySet[Objection]:
    """What the person said that they should not have, and nobody answered yet."""
    return Objection.objects.filter(by=user.pk, tenant=user.tenant_id, answered_at=None)


def objections_for_owner(user: User) -> QuerySet[Objection]:
    """The same on the person's own calendars, said by others, as long as the access is there."""
    rows = Objection.objects.filter(Q(permission__mailbox__in=mailbox_ids(user)), answered_at=None)
    rows = rows.filter(permission__ended_at=None, permission__calendar__ended_at=None).order_by("made_at", "pk")
    return rows.select_related("permission__calendar__mailbox__person", "permission__mailbox", "by", "tenant")
