"""What IT of a tenant reads of other organizations: exports of Exchange, partners, plans, probes, and who is outside.

Every function raises Http404 for whoever is not IT of that tenant. What an export says stands in snapshots, and a
section of one may be missing or cut: `last_known` says which snapshot to believe for each section, the querysets of
rows follow it. Numbers of shares and calendars come from the mirror, each in one or two queries however many
mailboxes there are: the database groups, and what comes back is one row for each role, state or domain.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Case, Count, F, Model, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Lower, StrIndex, Substr

from sharing.models import (
    CalendarPermission,
    ExchangeSnapshot,
    FederationPlan,
    Mailbox,
    OrganizationRelationship,
    Partner,
    Person,
    PolicyAssignment,
    Probe,
    PublishedCalendar,
    RoleAssignment,
    SharingPolicy,
    Tenant,
    User,
    Volunteer,
)

from .tenants import one, reads, tenants_for_it, tenants_for_setup

_Row = TypeVar("_Row", bound=Model)


class Known(NamedTuple):
    """The newest snapshot that says anything of a section; `is_whole` is false where it is cut there."""

    snapshot: ExchangeSnapshot
    is_whole: bool


@dataclass(frozen=True, slots=True)
class OutsideShares:
    """What is shared with people outside of some domains, by the mirror: entries by role, people, calendars."""

    by_role: dict[str, int] = field(default_factory=dict)
    people: int = 0
    calendars: int = 0


@dataclass(frozen=True, slots=True)
class MainCalendars:
    """Main calendars of the mailboxes that are read, by the role of everyone in the organization on them.

    `unknown` are those of mailboxes that are not wholly read now. Mailboxes left out of Calwarden are in neither.
    """

    by_role: dict[str, int]
    unknown: int

    @property
    def total(self) -> int:
        return sum(self.by_role.values()) + self.unknown


# Exports --------------------------------------------------------------------------------------------------


def snapshots_for_it(user: User, tenant: Tenant) -> QuerySet[ExchangeSnapshot]:
    """All exports of a tenant, newest first."""
    _check(user, tenant)
    return ExchangeSnapshot.objects.filter(tenant=tenant).select_related("taken_by").order_by("-exported_at", "-pk")


def snapshot_for_it(user: User, tenant: Tenant, public_id: str) -> ExchangeSnapshot:
    return one(snapshots_for_it(user, tenant).filter(public_id=public_id))


def tenants_to_update(user: User) -> QuerySet[Tenant]:
    """Tenants that `user` may upload an export of: as operator, or as a reviewer who is admin, too."""
    operated = RoleAssignment.objects.filter(user_id=user.pk, role=RoleAssignment.OPERATOR, tenant__isnull=False)
    either = Q(pk__in=operated.values("tenant")) | Q(pk__in=tenants_for_setup(user).order_by().values("pk"))
    return tenants_for_it(user).filter(either)


def last_known(user: User, tenant: Tenant) -> dict[str, Known]:
    """Section → the newest snapshot that read it whole, else the newest in which it is cut; left out: never exported.

    One query. A page that shows a section also says where the newest snapshot of all is a later one: it says less.
    """
    return known_sections(snapshots_for_it(user, tenant))


def known_sections(snapshots: Iterable[ExchangeSnapshot]) -> dict[str, Known]:
    """As `last_known`, of `snapshots` in their order, newest first. For callers that checked already who asks."""
    whole: dict[str, Known] = {}
    cut: dict[str, Known] = {}
    for snapshot in snapshots:
        for section, state in snapshot.sections.items():
            if state == ExchangeSnapshot.READ:
                whole.setdefault(section, Known(snapshot, True))
            elif state == ExchangeSnapshot.CUT:
                cut.setdefault(section, Known(snapshot, False))
    return cut | whole


def relationships_for_it(user: User, tenant: Tenant) -> QuerySet[OrganizationRelationship]:
    """The relationships last known, by name; with their snapshot."""
    rows = _last(user, tenant, ExchangeSnapshot.RELATIONSHIPS, OrganizationRelationship.objects.all())
    return rows.order_by("name", "pk")


def relationship_for_it(user: User, tenant: Tenant, guid: UUID) -> OrganizationRelationship:
    return one(relationships_for_it(user, tenant).filter(guid=guid))


def relationship_past(user: User, tenant: Tenant, guid: UUID) -> QuerySet[OrganizationRelationship]:
    """One relationship in every export that holds it, newest first; with their snapshots."""
    _check(user, tenant)
    rows = OrganizationRelationship.objects.filter(tenant=tenant, guid=guid).select_related("snapshot")
    return rows.order_by("-snapshot__exported_at", "-snapshot__pk")


def policies_for_it(user: User, tenant: Tenant) -> QuerySet[SharingPolicy]:
    """The sharing policies last known, the default one first; with their snapshot."""
    rows = _last(user, tenant, ExchangeSnapshot.POLICIES, SharingPolicy.objects.all())
    return rows.order_by("-is_default", "name", "pk")


def policy_for_it(user: User, tenant: Tenant, guid: UUID) -> SharingPolicy:
    return one(policies_for_it(user, tenant).filter(guid=guid))


def assignments_for_it(user: User, tenant: Tenant) -> QuerySet[PolicyAssignment]:
    """Mailboxes with the sharing policy each is listed with; `mailbox` null is one that is not known here."""
    rows = _last(user, tenant, ExchangeSnapshot.ASSIGNMENTS, PolicyAssignment.objects.all())
    return rows.select_related("snapshot", "mailbox__person").order_by("address", "pk")


def policy_counts(user: User, tenant: Tenant) -> dict[str, int]:
    """Policy name → mailboxes listed with it. Who is not listed has the default one; empty where none are known."""
    counted = assignments_for_it(user, tenant).order_by().values("policy").annotate(n=Count("pk"))
    return dict(counted.values_list("policy", "n"))


def published_for_it(user: User, tenant: Tenant) -> QuerySet[PublishedCalendar]:
    """Calendars that whoever knows their address can open; `mailbox` null is one that is not known here."""
    rows = _last(user, tenant, ExchangeSnapshot.PUBLISHED, PublishedCalendar.objects.all())
    return rows.select_related("snapshot", "mailbox__person").order_by("address", "folder", "pk")


def _last(user: User, tenant: Tenant, section: str, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    known = last_known(user, tenant).get(section)
    return rows.filter(snapshot=known.snapshot).select_related("snapshot") if known else rows.none()


# Partners, plans, probes ----------------------------------------------------------------------------------


def partners_for_it(user: User, tenant: Tenant) -> QuerySet[Partner]:
    """All partners of a tenant by name, ended ones too (`ended_at`)."""
    _check(user, tenant)
    return Partner.objects.filter(tenant=tenant).select_related("tenant", "made_by").order_by("name", "pk")


def partner_for_it(user: User, tenant: Tenant, public_id: str) -> Partner:
    return one(partners_for_it(user, tenant).filter(public_id=public_id))


def plans_for_it(user: User, tenant: Tenant) -> QuerySet[FederationPlan]:
    """All plans of a tenant, newest first."""
    _check(user, tenant)
    related = ("tenant", "partner", "snapshot", "made_by", "shown_by")
    return FederationPlan.objects.filter(tenant=tenant).select_related(*related).order_by("-made_at", "-pk")


def plan_for_it(user: User, tenant: Tenant, public_id: str) -> FederationPlan:
    return one(plans_for_it(user, tenant).filter(public_id=public_id))


def probes_for_it(user: User, tenant: Tenant) -> QuerySet[Probe]:
    """All questions for free and busy times that were tried, newest first."""
    _check(user, tenant)
    rows = Probe.objects.filter(tenant=tenant).select_related("partner", "mailbox__person", "asked_by")
    return rows.order_by("-asked_at", "-pk")


def volunteers_for_it(user: User, tenant: Tenant) -> QuerySet[Volunteer]:
    _check(user, tenant)
    related = ("tenant", "mailbox__person", "mailbox__tenant", "mailbox__shard__grant")
    return Volunteer.objects.filter(tenant=tenant).select_related(*related).order_by("since", "pk")


def their_tenants(user: User, tenant: Tenant) -> QuerySet[Tenant]:
    """Other tenants connected here of which `user` is IT as well: of these alone the other side may be shown."""
    _check(user, tenant)
    return tenants_for_it(user).exclude(pk=tenant.pk)


# Numbers of the mirror ------------------------------------------------------------------------------------


def main_calendars_by_role(user: User, tenant: Tenant) -> MainCalendars:
    """How far everyone in the organization gets on each main calendar. Two queries, grouped by the database."""
    _check(user, tenant)
    read = CalendarPermission.objects.open().filter(
        tenant=tenant, is_organization=True, mailbox__state=Mailbox.OK,
        calendar__is_default=True, calendar__is_own=True, calendar__ended_at=None,
    )  # fmt: skip
    by_role = dict(read.order_by().values("role").annotate(n=Count("pk")).values_list("role", "n"))
    mailboxes = Mailbox.objects.filter(tenant=tenant).exclude(state__in=[Mailbox.EXCLUDED, Mailbox.NO_MAILBOX])
    return MainCalendars(by_role, max(0, mailboxes.count() - sum(by_role.values())))


def outside_shares(user: User, tenant: Tenant) -> dict[str, OutsideShares]:
    """Domain, lower case → what is shared with people of it, the mirror says. Two queries.

    The list of sharing with its filter "Outside" has the same entries. One without an address has the domain "".
    """
    _check(user, tenant)
    rows = _outside(tenant)
    counted = rows.values("domain").annotate(
        people=Count("grantee", distinct=True), calendars=Count("calendar", distinct=True)
    )
    found = {
        domain: OutsideShares({}, people, calendars)
        for domain, people, calendars in counted.values_list("domain", "people", "calendars")
    }
    by_role = rows.values("domain", "role").annotate(n=Count("pk"))
    for domain, role, number in by_role.values_list("domain", "role", "n"):
        found.setdefault(domain, OutsideShares()).by_role[role] = number
    return found


def shared_outside(user: User, tenant: Tenant, domains: Iterable[str]) -> OutsideShares:
    """What is shared with people of any of `domains` (lower case): people and calendars counted once. Two queries."""
    _check(user, tenant)
    rows = _outside(tenant).filter(domain__in=list(domains))
    by_role = dict(rows.values("role").annotate(n=Count("pk")).values_list("role", "n"))
    once = rows.aggregate(people=Count("grantee", distinct=True), calendars=Count("calendar", distinct=True))
    return OutsideShares(by_role, once["people"], once["calendars"])


def entries_outside(user: User, tenant: Tenant, domains: Iterable[str]) -> QuerySet[Any]:
    """Keys of the entries that people of any of `domains` (lower case) hold, to narrow a list with."""
    _check(user, tenant)
    return _outside(tenant).filter(domain__in=list(domains)).values("pk")


def _outside(tenant: Tenant) -> QuerySet[Any]:
    """Open entries of people outside, each with the `domain` of its address as the directory has it, else as Graph."""
    known = Case(When(grantee__address="", then=F("address")), default=Coalesce("grantee__address", "address"))
    at = StrIndex("holder", Value("@"))
    rows = CalendarPermission.objects.open().of_people().filter(tenant=tenant, inside=False).order_by()
    rows = rows.annotate(holder=known).annotate(at=at)
    return rows.annotate(domain=Case(When(at=0, then=Value("")), default=Lower(Substr("holder", F("at") + 1))))


def groups_named(user: User, tenant: Tenant, names: Iterable[str]) -> dict[str, Person]:
    """The group that Exchange names so; left out where none is known here, or more than one.

    Two queries. Exchange gives a name, an address, or a place ("contoso.com/Groups/Name", "CN=Name,OU=…").
    `Person.size` is how many people are in the group, null where that is unknown.
    """
    _check(user, tenant)
    wanted: dict[str, set[str]] = {}
    for name in names:
        wanted.setdefault(_last_part(name).casefold(), set()).add(name)
    called = [_last_part(name) for group_names in wanted.values() for name in group_names]
    groups = Person.objects.filter(tenant=tenant, kind=Person.GROUP, ended_at=None)
    groups = groups.filter(Q(name__in=called) | Q(addresses__address__in=list(wanted))).distinct()
    found: dict[str, set[Person]] = {}
    for group in groups.prefetch_related("addresses"):
        for word in {group.name.casefold(), *(row.address for row in group.addresses.all())} & wanted.keys():
            for name in wanted[word]:
                found.setdefault(name, set()).add(group)
    return {name: some.pop() for name, some in found.items() if len(some) == 1}


def _last_part(name: str) -> str:
    if name[:3].upper() == "CN=":
        return name.split(",")[0][3:]
    return name if "@" in name else name.rpartition("/")[2]


def _check(user: User, tenant: Tenant) -> None:
    reads(user, tenant)
