"""The only authority on who may reach and change what; "forbidden" and "missing" look the same."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import Http404

from .models import (
    ActivationLink,
    AppCredential,
    Calendar,
    CalendarPermission,
    CalendarPermissionQuerySet,
    Change,
    ChangeQuerySet,
    DeliveryPeriod,
    Grant,
    GroupLimit,
    Invitation,
    Mailbox,
    MailboxQuerySet,
    Notice,
    PermissionPeriod,
    Person,
    RoleAssignment,
    Stewardship,
    SyncRun,
    Tenant,
    User,
)

IT_ROLES = (RoleAssignment.REVIEWER, RoleAssignment.OPERATOR)


class OwnRole(Exception):
    """Nobody gives or takes their own roles."""


class LastAdmin(Exception):
    """The last admin of a tenant or of the installation cannot be removed."""


# Tenants and roles ---------------------------------------------------------------------------------------


def roles_of(user: User, tenant: Tenant) -> frozenset[str]:
    """The roles `user` holds in `tenant`, read afresh on every call; an installation admin is admin everywhere."""
    held = RoleAssignment.objects.filter(user_id=user.pk).filter(Q(tenant=tenant) | Q(tenant=None))
    return frozenset(held.values_list("role", flat=True))


def tenants_for_it(user: User) -> QuerySet[Tenant]:
    """Tenants whose sharing `user` may read: reviewers and operators."""
    held = RoleAssignment.objects.filter(user_id=user.pk, role__in=IT_ROLES, tenant__isnull=False)
    return _approved().filter(pk__in=held.values("tenant_id")).order_by("name", "pk")


def tenants_for_setup(user: User) -> QuerySet[Tenant]:
    """Tenants whose connection, users, roles and runs `user` may see and manage: admins."""
    held = RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.ADMIN)
    if held.filter(tenant=None).exists():
        return _not_private().order_by("name", "pk")
    return _not_private().filter(pk__in=held.values("tenant_id")).order_by("name", "pk")


def _not_private() -> QuerySet[Tenant]:
    """A tenant that nobody listed, or that was taken off the list, is its persons' only, whoever had a role in it."""
    return Tenant.objects.exclude(state=Tenant.PRIVATE)


def _approved() -> QuerySet[Tenant]:
    """Before, all that is known in a tenant is what persons lent. What ended was approved where a run had read it."""
    has_run = Exists(SyncRun.objects.filter(tenant=OuterRef("pk")))
    return Tenant.objects.filter(Q(has_run, state=Tenant.ENDED) | Q(state__in=[Tenant.CONNECTED, Tenant.LOST]))


def may_list_tenants(user: User) -> bool:
    """Whether `user` may have a tenant connected that is not listed yet: admins of the whole installation."""
    return RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.ADMIN, tenant=None).exists()


def app_credentials(user: User) -> QuerySet[AppCredential]:
    """What is kept to prove to Microsoft who we are; 404 for everybody but admins of the whole installation."""
    if not may_list_tenants(user):
        raise Http404
    return AppCredential.objects.select_related("made_by").order_by("app", "state", "-made_at")


def links_for_setup(user: User, tenant: Tenant) -> QuerySet[ActivationLink]:
    """The activation links of a tenant whose connection `user` may manage, the newest first."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    rows = ActivationLink.objects.filter(tenant=tenant).select_related("tenant", "made_by", "confirmed_by")
    return rows.order_by("-made_at", "-pk")


def limit_for_setup(user: User, tenant: Tenant) -> GroupLimit | None:
    """The group that the app is limited to in a tenant whose connection `user` may manage; None where there is none."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return GroupLimit.objects.filter(tenant=tenant).select_related("tenant", "inside", "outside", "declared_by").first()


def groups_for_setup(user: User, tenant: Tenant) -> QuerySet[Person]:
    """The groups of a tenant's directory, for an admin to choose one that limits the app."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    groups = Person.objects.filter(tenant=tenant, kind=Person.GROUP, missed_at=None, ended_at=None)
    return groups.filter(oid__isnull=False).order_by("name", "pk")


def notices_for_setup(user: User, tenant: Tenant) -> QuerySet[Notice]:
    """Mail about a tenant whose connection `user` may manage, and, for admins of all of it, about the installation."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    mine = Q(tenant=tenant) | Q(tenant=None) if may_list_tenants(user) else Q(tenant=tenant)
    return Notice.objects.filter(mine).select_related("user").order_by("pk")


def tenant_for_it(user: User, public_id: str = "") -> Tenant:
    """The tenant named in the query string, or the first one; raises Http404 where there is none for this person."""
    return _one_tenant(tenants_for_it(user), public_id)


def tenant_for_setup(user: User, public_id: str = "") -> Tenant:
    """As `tenant_for_it`, for admins."""
    return _one_tenant(tenants_for_setup(user), public_id)


def _one_tenant(tenants: QuerySet[Tenant], public_id: str) -> Tenant:
    tenant = tenants.filter(public_id=public_id).first() if public_id else tenants.first()
    if tenant is None:
        raise Http404
    return tenant


def assignments_for_setup(user: User, tenant: Tenant) -> QuerySet[RoleAssignment]:
    """Who holds which role in `tenant`, installation admins included."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    held = RoleAssignment.objects.filter(Q(tenant=tenant) | Q(tenant=None))
    return held.select_related("user", "user__tenant", "given_by").order_by("role", "user__name", "pk")


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


# Owners --------------------------------------------------------------------------------------------------


def mailboxes_of(user: User) -> MailboxQuerySet:
    """The mailbox whose object id is the person's, those they are steward of, and those they connected themselves.

    A union of sets of ids, each found by its index: with OR every page would read all mailboxes of the tenant.
    """
    me = Person.objects.filter(tenant_id=user.tenant_id, oid=user.oid)
    own = Mailbox.objects.filter(person__in=me).values("pk")
    kept = Stewardship.objects.filter(tenant_id=user.tenant_id, oid=user.oid).values("mailbox")
    # What was lent and ended shows what it read last, never what somebody else's connection has read since.
    shown = Q(state=Grant.CONNECTED) | Q(mailbox__shard__grant=F("pk"))
    lent = Grant.objects.filter(shown, user=user.pk, mailbox__isnull=False).values("mailbox")
    mine = Mailbox.objects.filter(pk__in=own.union(kept, lent), person__ended_at=None)
    return mine.select_related("person", "tenant", "shard__grant")


def _mailbox_ids(user: User) -> list[int]:
    """Their ids, asked for first: beside a few constants the joins stay short, whatever statistics a database has."""
    return [pk for pk, _, _ in _mine(user)]


def zone_name_of(user: User) -> str:
    """The time zone of the person's own mailbox, or else of the first they look after, as Microsoft 365 calls it."""
    own_first = sorted(_mine(user), key=lambda mailbox: mailbox[1] != user.oid)
    return next((zone or "" for _, _, zone in own_first), "")


def _mine(user: User) -> list[tuple[int, UUID | None, str | None]]:
    """Id, object id and zone of every mailbox of theirs, asked once of each `user` loaded: a page has many lists."""
    if (found := getattr(user, "_mailboxes", None)) is None:
        found = list(mailboxes_of(user).order_by("pk").values_list("pk", "person__oid", "settings__time_zone"))
        user._mailboxes = found  # type: ignore[attr-defined]  # as Django keeps what a person may do
    return found


def own_mailbox(user: User) -> Mailbox | None:
    """The person's own mailbox with its freshness, or None where the directory lists none."""
    fresh = Mailbox.objects.with_freshness().select_related("person", "tenant")
    return fresh.filter(tenant_id=user.tenant_id, person__oid=user.oid, person__ended_at=None).first()


def mailbox_for_owner(user: User, public_id: str) -> Mailbox:
    """One of the person's mailboxes, with its freshness."""
    return _one(mailboxes_of(user).with_freshness().filter(public_id=public_id))


def calendars_of(user: User) -> QuerySet[Calendar]:
    """Own calendars that exist now, the main one first."""
    return (
        Calendar.objects.filter(mailbox__in=_mailbox_ids(user), is_own=True, ended_at=None)
        .select_related("mailbox", "mailbox__person", "mailbox__tenant")
        .order_by("mailbox_id", "-is_default", "name", "pk")
    )


def calendar_for_owner(user: User, public_id: str) -> Calendar:
    return _one(calendars_of(user).filter(public_id=public_id))


def permission_for_owner(user: User, public_id: str, pk: int) -> CalendarPermission:
    """One open permission below one of the person's own calendars."""
    calendar = calendar_for_owner(user, public_id)
    permission = _one(CalendarPermission.objects.open().filter(calendar=calendar, pk=pk).select_related("grantee"))
    permission.calendar = calendar
    permission.mailbox = calendar.mailbox
    return permission


def ended_permission_for_owner(user: User, public_id: str, pk: int) -> CalendarPermission:
    """The same, also where it ended meanwhile, so that "already gone" can be said of what was theirs."""
    calendar = calendar_for_owner(user, public_id)
    permission = _one(CalendarPermission.objects.filter(calendar=calendar, pk=pk).select_related("grantee"))
    permission.calendar = calendar
    permission.mailbox = calendar.mailbox
    return permission


def changes_of(user: User) -> ChangeQuerySet:
    """Changes on the person's own mailboxes, whoever asked for them, newest first."""
    mine = Change.objects.filter(mailbox__in=_mailbox_ids(user))
    return mine.select_related("calendar", "permission", "actor", "mailbox__person").order_by("-requested_at", "-pk")


def change_for_owner(user: User, public_id: str) -> Change:
    return _one(changes_of(user).filter(public_id=public_id))


def may_change(actor: User, mailbox: Mailbox) -> str:
    """Why `actor` may not change this mailbox's sharing right now, as a cause word; empty where they may.

    Read afresh from the database: it is asked again right before a change is sent.
    """
    actor = User.objects.select_related("tenant").get(pk=actor.pk)
    row = mailboxes_of(actor).filter(pk=mailbox.pk).first()
    if not actor.is_active or row is None:
        return "not_allowed"
    tenant = row.tenant
    left_out = "left_out" if row.state == Mailbox.EXCLUDED else ""
    # Where no run reads a whole tenant, the one mailbox that was read since is looked at afresh.
    is_fresh = row.is_lent and tenant.mode == Tenant.INDIVIDUAL and row.read_at and row.state == Mailbox.OK
    if tenant.frozen_at and not (is_fresh and row.read_at > tenant.frozen_at):
        return "frozen"
    if row.shard and row.shard.grant:
        return _may_change_by(row.shard.grant, actor, tenant) or left_out
    if left_out:
        return left_out
    if actor.tenant_id != tenant.pk:
        return "not_allowed"
    if tenant.state != Tenant.CONNECTED:
        return "not_connected"
    if not tenant.writes_on:
        return "writes_off"
    return ""


def _may_change_by(grant: Grant, actor: User, tenant: Tenant) -> str:
    """What was lent serves who lent it, as far as they agreed to; an organization's own switch counts too."""
    if grant.user_id != actor.pk:
        return "not_allowed"
    if grant.state != Grant.CONNECTED:
        return "grant_lost"
    if tenant.mode == Tenant.DOMAIN_WIDE and not tenant.writes_on:
        return "writes_off"
    return "" if grant.lets_change else "grant_reads"


def grants_of(user: User) -> QuerySet[Grant]:
    """The accounts a person connected, their own first."""
    rows = Grant.objects.filter(user=user.pk)
    rows = rows.select_related("user__tenant", "tenant", "mailbox__shard", "mailbox__person")
    return rows.annotate(is_other=~Q(account_oid=user.oid) | ~Q(tenant=user.tenant_id)).order_by("is_other", "pk")


def grant_of(user: User, public_id: str) -> Grant:
    return _one(grants_of(user).filter(public_id=public_id))


def permissions_of(user: User) -> CalendarPermissionQuerySet:
    """Open permissions on own calendars that exist now, the organisation rows among them."""
    rows = CalendarPermission.objects.open().filter(mailbox__in=_mailbox_ids(user))
    return rows.filter(calendar__is_own=True, calendar__ended_at=None).select_related("grantee")


def begun_of(user: User) -> QuerySet[CalendarPermission]:
    """Access to own calendars that came up between two readings and is as it came: nobody gave it here."""
    rows = CalendarPermission.objects.open().filter(mailbox__in=_mailbox_ids(user), calendar__is_own=True)
    before = PermissionPeriod.objects.filter(permission=OuterRef("pk"), ended_at=OuterRef("began_at"))
    rows = rows.filter(~Exists(before), began_after_at__isnull=False, change=None)
    return rows.select_related("calendar", "calendar__mailbox__person")


def periods_of(user: User) -> QuerySet[PermissionPeriod]:
    """Past roles on own calendars, also on those that are gone."""
    rows = PermissionPeriod.objects.filter(
        permission__mailbox__in=_mailbox_ids(user), permission__calendar__is_own=True
    )
    return rows.select_related("permission", "permission__calendar", "permission__calendar__mailbox__person")


def first_periods_of(user: User) -> QuerySet[PermissionPeriod]:
    """Those with which access came up between two readings and is past: nothing went right before."""
    before = PermissionPeriod.objects.filter(permission=OuterRef("permission"), ended_at=OuterRef("began_at"))
    return periods_of(user).filter(~Exists(before), began_after_at__isnull=False)


def delivery_periods_of(user: User) -> QuerySet[DeliveryPeriod]:
    """Past recipients of meeting requests of the person's own mailboxes."""
    return DeliveryPeriod.objects.filter(mailbox__in=_mailbox_ids(user)).select_related("mailbox__person")


def actor_kind(user: User, mailbox: Mailbox) -> str:
    is_own = mailbox.person.oid == user.oid or Grant.objects.filter(user=user.pk, mailbox=mailbox).exists()
    return Change.OWNER if is_own else Change.STEWARD


# IT ------------------------------------------------------------------------------------------------------


def permissions_for_it(user: User, tenant: Tenant) -> CalendarPermissionQuerySet:
    """Every open permission of a tenant that `user` may read."""
    _one_tenant(tenants_for_it(user).filter(pk=tenant.pk), "")
    return CalendarPermission.objects.open().filter(tenant=tenant)


def people_for_it(user: User, tenant: Tenant) -> QuerySet[Person]:
    _one_tenant(tenants_for_it(user).filter(pk=tenant.pk), "")
    return Person.objects.filter(tenant=tenant)


def person_for_it(user: User, public_id: str) -> Person:
    return _one(Person.objects.filter(public_id=public_id, tenant__in=tenants_for_it(user)).select_related("tenant"))


def mailboxes_for_it(user: User, tenant: Tenant) -> MailboxQuerySet:
    """A tenant's mailboxes for reviewers and operators, and for admins on their set-up pages; none before approval."""
    rows = Mailbox.objects.filter(tenant=tenant).select_related("person", "shard")
    if tenants_for_it(user).filter(pk=tenant.pk).exists():
        return rows
    is_approved = Exists(_approved().filter(pk=OuterRef("pk")))
    seen = tenants_for_setup(user).filter(pk=tenant.pk).values_list(is_approved).first()
    if seen is None:
        raise Http404
    return rows if seen[0] else rows.none()


def invitations_for_setup(user: User, tenant: Tenant) -> QuerySet[Invitation]:
    """People whom an admin of the tenant named by address."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return Invitation.objects.filter(tenant=tenant).select_related("tenant", "person")


def users_without_person(user: User, tenant: Tenant) -> QuerySet[User]:
    """Accounts of the tenant that no listing of its directory has shown."""
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    known = Person.objects.filter(tenant=tenant, oid=OuterRef("oid"))
    return User.objects.filter(~Exists(known), tenant=tenant).order_by("name", "pk")


def runs_for_setup(user: User, tenant: Tenant) -> QuerySet[SyncRun]:
    _one_tenant(tenants_for_setup(user).filter(pk=tenant.pk), "")
    return SyncRun.objects.filter(tenant=tenant).order_by("-began_at", "-pk")


def held_back_for_setup(user: User, run: SyncRun) -> CalendarPermissionQuerySet:
    """What a held run would end of what stands now, as far as the run kept it; nothing once somebody has decided."""
    _one_tenant(tenants_for_setup(user).filter(pk=run.tenant_id), "")
    if not run.is_waiting:
        return CalendarPermission.objects.none()
    return CalendarPermission.objects.open().filter(tenant=run.tenant_id, pk__in=run.totals.get("held_back", []))


def run_for_setup(user: User, public_id: str) -> SyncRun:
    return _one(
        SyncRun.objects.filter(public_id=public_id, tenant__in=tenants_for_setup(user)).select_related("tenant")
    )


def _one(rows: QuerySet):
    row = rows.first()
    if row is None:
        raise Http404
    return row
