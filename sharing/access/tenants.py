"""Which tenants a person may see, with which role, and who may give roles."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from sharing.models import RoleAssignment, SyncRun, Tenant, User

IT_ROLES = (RoleAssignment.REVIEWER, RoleAssignment.OPERATOR)


class OwnRole(Exception):
    """Nobody gives or takes their own roles."""


class LastAdmin(Exception):
    """The last admin of a tenant or of the installation cannot be removed."""


def roles_of(user: User, tenant: Tenant) -> frozenset[str]:
    """The roles `user` holds in `tenant`, read afresh on every call; an installation admin is admin everywhere."""
    held = RoleAssignment.objects.filter(user_id=user.pk).filter(Q(tenant=tenant) | Q(tenant=None))
    return frozenset(held.values_list("role", flat=True))


def tenants_for_it(user: User) -> QuerySet[Tenant]:
    """Tenants whose sharing `user` may read: reviewers and operators."""
    held = RoleAssignment.objects.filter(user_id=user.pk, role__in=IT_ROLES, tenant__isnull=False)
    return approved().filter(pk__in=held.values("tenant_id")).order_by("name", "pk")


def it_tenants_of(user: User) -> list[Tenant]:
    """The same as a list, asked once of each `user` loaded: a page asks for much of a tenant."""
    if (found := getattr(user, "_it_tenants", None)) is None:
        found = list(tenants_for_it(user))
        user._it_tenants = found  # type: ignore[attr-defined]  # as Django keeps what a person may do
    return found


def reads(user: User, tenant: Tenant) -> None:
    """Raises Http404 where `user` may not read the sharing of `tenant`."""
    if tenant not in it_tenants_of(user):
        raise Http404


def tenants_for_setup(user: User) -> QuerySet[Tenant]:
    """Tenants whose connection, users, roles and runs `user` may see and manage: admins."""
    held = RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.ADMIN)
    tenants = list(held.values_list("tenant_id", flat=True))
    if not tenants:
        return Tenant.objects.none()
    mine = _not_private() if None in tenants else _not_private().filter(pk__in=tenants)
    return mine.order_by("name", "pk")


def _not_private() -> QuerySet[Tenant]:
    """A tenant that nobody listed, or that was taken off the list, is its persons' only, whoever had a role in it."""
    return Tenant.objects.exclude(state=Tenant.PRIVATE)


def approved() -> QuerySet[Tenant]:
    """Before, all that is known in a tenant is what persons lent. What ended was approved where a run had read it."""
    has_run = Exists(SyncRun.objects.filter(tenant=OuterRef("pk")))
    return Tenant.objects.filter(Q(has_run, state=Tenant.ENDED) | Q(state__in=[Tenant.CONNECTED, Tenant.LOST]))


def may_list_tenants(user: User) -> bool:
    """Whether `user` may have a tenant connected that is not listed yet: admins of the whole installation."""
    return RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.ADMIN, tenant=None).exists()


def tenant_for_it(user: User, public_id: str = "") -> Tenant:
    """The tenant named in the query string, or the first one; raises Http404 where there is none for this person."""
    return one_tenant(tenants_for_it(user), public_id)


def tenant_for_setup(user: User, public_id: str = "") -> Tenant:
    """As `tenant_for_it`, for admins."""
    return one_tenant(tenants_for_setup(user), public_id)


def one_tenant(tenants: QuerySet[Tenant], public_id: str) -> Tenant:
    tenant = tenants.filter(public_id=public_id).first() if public_id else tenants.first()
    if tenant is None:
        raise Http404
    return tenant


def check_role_change(actor: User, assignment: RoleAssignment, *, removing: bool) -> None:
    """May `actor` give or take this role? Raises OwnRole, LastAdmin, or Http404 where it is not theirs to see."""
    if assignment.tenant is None:
        allowed = RoleAssignment.objects.filter(user_id=actor.pk, role="admin", tenant=None).exists()
    else:
        allowed = tenants_for_setup(actor).filter(pk=assignment.tenant.pk).exists()
    if not allowed:
        raise Http404
    if assignment.user_id == actor.pk:
        raise OwnRole
    if removing and assignment.role == RoleAssignment.ADMIN:
        others = RoleAssignment.objects.filter(role="admin").exclude(pk=assignment.pk)
        if not others.filter(Q(tenant=assignment.tenant) | Q(tenant=None)).exists():
            raise LastAdmin


def one(rows: QuerySet):
    row = rows.first()
    if row is None:
        raise Http404
    return row
