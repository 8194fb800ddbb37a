"""What an admin sees and manages: connections, credentials, users, roles, runs."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from sharing.models import (
    ActivationLink,
    AppCredential,
    CalendarPermission,
    CalendarPermissionQuerySet,
    GroupLimit,
    Invitation,
    Notice,
    Person,
    RoleAssignment,
    SyncRun,
    Tenant,
    User,
)

from .tenants import may_list_tenants, one, one_tenant, tenants_for_setup


def app_credentials(user: User) -> QuerySet[AppCredential]:
    """What is kept to prove to Microsoft who we are; 404 for everybody but admins of the whole installation."""
    if not may_list_tenants(user):
        raise Http404
    return AppCredential.objects.select_related("made_by").order_by("app", "state", "-made_at")


def links_for_setup(user: User, tenant: Tenant) -> QuerySet[ActivationLink]:
    """The activation links of a tenant whose connection `user` may manage, the newest first."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    rows = ActivationLink.objects.filter(tenant=tenant).select_related("tenant", "made_by", "confirmed_by")
    return rows.order_by("-made_at", "-pk")


def limit_for_setup(user: User, tenant: Tenant) -> GroupLimit | None:
    """The group that the app is limited to in a tenant whose connection `user` may manage; None where there is none."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return GroupLimit.objects.filter(tenant=tenant).select_related("tenant", "inside", "outside", "declared_by").first()


def groups_for_setup(user: User, tenant: Tenant) -> QuerySet[Person]:
    """The groups of a tenant's directory, for an admin to choose one that limits the app."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    groups = Person.objects.filter(tenant=tenant, kind=Person.GROUP, missed_at=None, ended_at=None)
    return groups.filter(oid__isnull=False).order_by("name", "pk")


def notices_for_setup(user: User, tenant: Tenant) -> QuerySet[Notice]:
    """Mail about a tenant whose connection `user` may manage, and, for admins of all of it, about the installation."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    mine = Q(tenant=tenant) | Q(tenant=None) if may_list_tenants(user) else Q(tenant=tenant)
    return Notice.objects.filter(mine).select_related("user", "person").order_by("pk")


def assignments_for_setup(user: User, tenant: Tenant) -> QuerySet[RoleAssignment]:
    """Who holds which role in `tenant`, installation admins included."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    held = RoleAssignment.objects.filter(Q(tenant=tenant) | Q(tenant=None))
    return held.select_related("user", "user__tenant", "given_by").order_by("role", "user__name", "pk")


def invitations_for_setup(user: User, tenant: Tenant) -> QuerySet[Invitation]:
    """People whom an admin of the tenant named by address."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return Invitation.objects.filter(tenant=tenant).select_related("tenant", "person")


def users_without_person(user: User, tenant: Tenant) -> QuerySet[User]:
    """Accounts of the tenant that no listing of its directory has shown."""
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    known = Person.objects.filter(tenant=tenant, oid=OuterRef("oid"))
    return User.objects.filter(~Exists(known), tenant=tenant).order_by("name", "pk")


def runs_for_setup(user: User, tenant: Tenant) -> QuerySet[SyncRun]:
    one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return SyncRun.objects.filter(tenant=tenant).order_by("-began_at", "-pk")


def held_back_for_setup(user: User, run: SyncRun) -> CalendarPermissionQuerySet:
    """What a held run would end of what stands now, as far as the run kept it; nothing once somebody has decided."""
    one_tenant(tenants_for_setup(user).filter(pk=run.tenant_id), "")
    if not run.is_waiting:
        return CalendarPermission.objects.none()
    return CalendarPermission.objects.open().filter(tenant=run.tenant_id, pk__in=run.totals.get("held_back", []))


def run_for_setup(user: User, public_id: str) -> SyncRun:
    return one(SyncRun.objects.filter(public_id=public_id, tenant__in=tenants_for_setup(user)).select_related("tenant"))
