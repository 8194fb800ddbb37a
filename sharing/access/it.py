"""What reviewers and operators read of a tenant."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404

from sharing.models import (
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    Mailbox,
    MailboxQuerySet,
    Person,
    Tenant,
    User,
)

from .tenants import approved, it_tenants_of, one, reads, tenants_for_setup


def permissions_for_it(user: User, tenant: Tenant) -> CalendarPermissionQuerySet:
    """Every open permission of a tenant that `user` may read."""
    reads(user, tenant)
    return CalendarPermission.objects.open().filter(tenant=tenant)


def people_for_it(user: User, tenant: Tenant) -> QuerySet[Person]:
    reads(user, tenant)
    return Person.objects.filter(tenant=tenant)


def person_for_it(user: User, public_id: str) -> Person:
    return one(Person.objects.filter(public_id=public_id, tenant__in=it_tenants_of(user)).select_related("tenant"))


def calendar_for_it(user: User, tenant: Tenant, public_id: str) -> Calendar:
    """One own calendar of a tenant, also one that is gone, with its mailbox and its person."""
    reads(user, tenant)
    rows = Calendar.objects.filter(tenant=tenant, is_own=True, public_id=public_id)
    return one(rows.select_related("mailbox__person", "mailbox__tenant", "mailbox__shard"))


def permission_for_it(user: User, tenant: Tenant, pk: int) -> CalendarPermission:
    """One entry of a tenant, also where it has ended."""
    reads(user, tenant)
    related = ("calendar__mailbox__person", "calendar__mailbox__tenant", "grantee", "mailbox__person")
    return one(CalendarPermission.objects.filter(tenant=tenant, pk=pk).select_related(*related))


def counted_mailboxes(tenants: Iterable[Tenant]) -> MailboxQuerySet:
    """Mailboxes of tenants that `user` may see already, for numbers; before its approval a tenant has none to count."""
    return Mailbox.objects.filter(tenant__in=approved().filter(pk__in=[tenant.pk for tenant in tenants]).values("pk"))


def mailboxes_for_it(user: User, tenant: Tenant) -> MailboxQuerySet:
    """A tenant's mailboxes for reviewers and operators, and for admins on their set-up pages; none before approval."""
    rows = Mailbox.objects.filter(tenant=tenant).select_related("person", "shard")
    if tenant in it_tenants_of(user):
        return rows
    is_approved = Exists(approved().filter(pk=OuterRef("pk")))
    seen = tenants_for_setup(user).filter(pk=tenant.pk).values_list(is_approved).first()
    if seen is None:
        raise Http404
    return rows if seen[0] else rows.none()
