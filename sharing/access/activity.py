"""Who may read the activity log, and the rows of it."""

from django.db.models import QuerySet
from django.http import Http404

from sharing.models import AuditEvent, Tenant, User

from .tenants import may_list_tenants, one_tenant, reads, tenants_for_setup


def activity_for_it(user: User, tenant: Tenant) -> QuerySet[AuditEvent]:
    """What happened in a tenant, for its reviewers and operators."""
    reads(user, tenant)
    return AuditEvent.objects.filter(tenant=tenant)


def activity_for_setup(user: User, tenant: Tenant) -> QuerySet[AuditEvent]:
    """The same for its admins."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return AuditEvent.objects.filter(tenant=tenant)


def activity_of_installation(user: User) -> QuerySet[AuditEvent]:
    """What happened in no tenant, for admins of all of it; 404 for everybody else."""
    if not may_list_tenants(user):
        raise Http404
    return AuditEvent.objects.filter(tenant=None)
