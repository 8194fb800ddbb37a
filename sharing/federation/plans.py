"""Plans: what shall change in Exchange, by whom, against which export; done once an export shows it.

Nothing here changes anything at Microsoft: an administrator runs the script of a plan. Mailbox moves are never set.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from sharing import access
from sharing.access.organizations import known_sections
from sharing.models import (
    AuditEvent,
    ExchangeSnapshot,
    FederationPlan,
    OrganizationRelationship,
    Partner,
    Person,
    Probe,
    SharingPolicy,
    Tenant,
    User,
)

from . import matching, quoting
from .export import OLD
from .partners import LEVELS, all_domains, check_operator, one_line
from .policies import all_entries, needs_second
from .refusals import (
    BadText,
    DomainTaken,
    NameTaken,
    NoSnapshot,
    NothingToDo,
    Outdated,
    OwnYes,
    PartnerOver,
    PlanOpen,
    PlanOver,
)
from .scripts import script_hash

SEEN_BY_PROBE = "probe_seen"
_VERBS = {FederationPlan.SHOWN: "federation.shown", FederationPlan.OVERTAKEN: "federation.overtaken"}


def plan_relationship(
    *,
    partner: Partner,
    level: str,
    actor: User,
    now: datetime,
    relationship: OrganizationRelationship | None = None,
    domains: Iterable[str] | None = None,
    scope_group: str = "",
    reason: str = "",
) -> FederationPlan:
    """Plan a relationship with `partner`, or another form of the one that is there; it is enabled by it.

    `domains` are all of theirs (None: the partner's), `scope_group` names whose calendars (empty: everybody's).
    Raises a subclass of Refused.
    """
    tenant = partner.tenant
    check_operator(actor, tenant)
    if partner.ended_at:
        raise PartnerOver
    if level not in LEVELS:
        raise ValueError(level)
    wanted: dict[str, Any] = {
        "domains": all_domains(partner.domains if domains is None else domains, tenant), "is_enabled": True,
        "has_free_busy": True, "level": level, "scope_group": one_line(scope_group, 512),
    }  # fmt: skip
    newest = _newest(tenant, ExchangeSnapshot.RELATIONSHIPS)
    if newest:
        _no_clash(newest, wanted["domains"], but=relationship)
    if relationship is None:
        wanted["name"] = partner.name
        if newest and any(row.name.casefold() == partner.name.casefold() for row in newest.relationships.all()):
            raise NameTaken(partner.name)
        return _make(
            kind=FederationPlan.NEW, tenant=tenant, partner=partner, snapshot=newest, before={}, wanted=wanted,
            actor=actor, now=now, reason=reason,
        )  # fmt: skip
    before = _before(relationship, newest)
    if matching.is_shown(wanted, before):
        raise NothingToDo
    return _make(
        kind=FederationPlan.CHANGE, tenant=tenant, partner=partner, snapshot=newest, before=before, wanted=wanted,
        guid=relationship.guid, actor=actor, now=now, reason=reason,
    )  # fmt: skip


def suspend(*, relationship: OrganizationRelationship, actor: User, now: datetime, reason: str = "") -> FederationPlan:
    """Plan to disable a relationship: it stays, and shares nothing. Raises a subclass of Refused."""
    wanted = {"is_enabled": False}
    return _of_relationship(FederationPlan.SUSPEND, relationship, wanted, actor, now, reason)


def remove(*, relationship: OrganizationRelationship, actor: User, now: datetime, reason: str = "") -> FederationPlan:
    """Plan to remove a relationship. Raises a subclass of Refused."""
    return _of_relationship(FederationPlan.REMOVE, relationship, {}, actor, now, reason)


def plan_policy(
    *,
    policy: SharingPolicy,
    entries: Iterable[tuple[str, str]],
    actor: User,
    now: datetime,
    is_enabled: bool = True,
    reason: str = "",
) -> FederationPlan:
    """Plan the complete list of a sharing policy's entries, each its domain and its actions in Exchange's words.

    Where it would newly let everybody, or anybody with a link, see everything, there is no script before a second
    operator said yes. Raises a subclass of Refused.
    """
    tenant = policy.tenant
    check_operator(actor, tenant)
    newest = _newest(tenant, ExchangeSnapshot.POLICIES)
    if newest is None:
        raise NoSnapshot
    if policy.snapshot_id != newest.pk:
        raise Outdated
    before = {"name": policy.name, "is_enabled": policy.is_enabled, "entries": policy.entries}
    wanted = {"is_enabled": is_enabled, "entries": all_entries(entries)}
    if matching.is_shown(wanted, before):
        raise NothingToDo
    return _make(
        kind=FederationPlan.POLICY, tenant=tenant, snapshot=newest, guid=policy.guid, before=before, wanted=wanted,
        needs_second=needs_second(before, wanted), actor=actor, now=now, reason=reason,
    )  # fmt: skip


def approve(*, plan: FederationPlan, by: User, now: datetime) -> None:
    """The second operator's yes, after which there is a script. Raises OwnYes, PlanOver, NothingToDo or NotOperator."""
    check_operator(by, plan.tenant)
    if access.is_same_person(by, plan.made_by):
        raise OwnYes
    if not plan.needs_second:
        raise NothingToDo
    waiting = FederationPlan.objects.filter(pk=plan.pk, state=FederationPlan.OPEN, approved_by=None)
    with transaction.atomic():
        if not waiting.update(approved_by=by, approved_at=now):
            raise PlanOver
        _record(plan, "federation.approved", now, by)
    plan.approved_by, plan.approved_at = by, now


def cancel(*, plan: FederationPlan, actor: User, now: datetime) -> None:
    """Let a plan go; a script that somebody has may still be run, and an export shows it then. Raises PlanOver."""
    check_operator(actor, plan.tenant)
    with transaction.atomic():
        if not _move(plan, FederationPlan.CANCELLED, now, cause=""):
            raise PlanOver
        _record(plan, "federation.cancelled", now, actor)


def settle(*, snapshot: ExchangeSnapshot, now: datetime) -> list[FederationPlan]:
    """Look at every open plan in the light of a new export; those that it settled. Safe to repeat.

    Only a section that the export holds whole proves anything, and a plan is never proved by what it was made from.
    """
    rows: dict[bool, Sequence[Any]] = {}
    settled = []
    with transaction.atomic():
        plans = FederationPlan.objects.select_for_update(of=("self",)).select_related("tenant", "partner")
        for plan in plans.filter(tenant=snapshot.tenant_id, state=FederationPlan.OPEN).order_by("pk"):
            is_policy = plan.kind == FederationPlan.POLICY
            section = ExchangeSnapshot.POLICIES if is_policy else ExchangeSnapshot.RELATIONSHIPS
            if snapshot.sections.get(section) != ExchangeSnapshot.READ or plan.snapshot_id == snapshot.pk:
                continue
            if is_policy not in rows:
                rows[is_policy] = list(snapshot.policies.all() if is_policy else snapshot.relationships.all())
            found = matching.verdict(
                plan, rows[is_policy], lambda one, other: _is_same_group(snapshot.tenant, one, other)
            )
            if found.state == FederationPlan.OPEN:
                kept = plan.cause if plan.cause == SEEN_BY_PROBE else ""  # what an older export said is no more so
                FederationPlan.objects.filter(pk=plan.pk).update(cause=found.cause or kept)
                continue
            _move(plan, found.state, now, cause=found.cause, guid=found.guid or plan.guid, shown_by=snapshot)
            _record(plan, _VERBS[found.state], now)
            settled.append(plan)
    return settled


def note_probe(*, probe: Probe) -> None:
    """Free and busy times of somebody there were seen: one direction works. The plan stays open until an export."""
    if probe.partner_id and probe.outcome in (Probe.SEEN, Probe.SEEN_DETAILS):
        opening = (FederationPlan.NEW, FederationPlan.CHANGE)
        mine = FederationPlan.objects.filter(partner=probe.partner_id, state=FederationPlan.OPEN, kind__in=opening)
        mine.filter(made_at__lte=probe.asked_at).update(cause=SEEN_BY_PROBE)


def is_old(plan: FederationPlan, now: datetime) -> bool:
    """Was it made from an export of more than 30 days ago, or from none? Its script stops where that is not so now."""
    return plan.snapshot is None or now - plan.snapshot.exported_at > OLD


# ------------------------------------------------------------------------------------------------------------


def _newest(tenant: Tenant, section: str) -> ExchangeSnapshot | None:
    """The newest export that holds the section whole."""
    snapshots = ExchangeSnapshot.objects.filter(tenant=tenant).order_by("-exported_at", "-pk")
    known = known_sections(snapshots).get(section)
    return known.snapshot if known and known.is_whole else None


def _before(row: OrganizationRelationship, newest: ExchangeSnapshot | None) -> dict[str, Any]:
    if newest is None:
        raise NoSnapshot
    if row.snapshot_id != newest.pk:
        raise Outdated
    return {name: getattr(row, name) for name in matching.RELATIONSHIP}


def _no_clash(newest: ExchangeSnapshot, domains: list[str], *, but: OrganizationRelationship | None) -> None:
    for row in newest.relationships.all():
        taken = sorted(set(row.domains) & set(domains))
        if taken and (but is None or row.guid != but.guid):
            raise DomainTaken(taken[0])


def _of_relationship(
    kind: str, row: OrganizationRelationship, wanted: dict[str, Any], actor: User, now: datetime, reason: str
) -> FederationPlan:
    tenant = row.tenant
    check_operator(actor, tenant)
    newest = _newest(tenant, ExchangeSnapshot.RELATIONSHIPS)
    before = _before(row, newest)
    if wanted and matching.is_shown(wanted, before):
        raise NothingToDo
    partners = Partner.objects.filter(tenant=tenant).order_by(F("ended_at").desc(nulls_first=True), "-pk")
    partner = next((one for one in partners if set(one.domains) & set(row.domains)), None)
    return _make(
        kind=kind, tenant=tenant, partner=partner, snapshot=newest, guid=row.guid, before=before, wanted=wanted,
        actor=actor, now=now, reason=reason,
    )  # fmt: skip


def _make(
    *,
    kind: str,
    tenant: Tenant,
    snapshot: ExchangeSnapshot | None,
    before: dict[str, Any],
    wanted: dict[str, Any],
    actor: User,
    now: datetime,
    reason: str,
    partner: Partner | None = None,
    guid: UUID | None = None,
    needs_second: bool = False,
) -> FederationPlan:
    plan = FederationPlan(
        tenant=tenant, kind=kind, partner=partner, guid=guid, snapshot=snapshot, before=before, wanted=wanted,
        reason=reason.strip()[:500], made_by=actor, made_at=now, state_since=now, needs_second=needs_second,
    )  # fmt: skip
    try:
        plan.script_hash = script_hash(plan)
    except quoting.ValueRefused:
        raise BadText from None
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)  # two plans for one thing wait for each other
        section = ExchangeSnapshot.POLICIES if kind == FederationPlan.POLICY else ExchangeSnapshot.RELATIONSHIPS
        if _newest(tenant, section) != snapshot:  # one came meanwhile, and did not settle this
            raise Outdated
        open_plans = FederationPlan.objects.filter(tenant=tenant, state=FederationPlan.OPEN)
        same = open_plans.filter(guid=guid) if guid else open_plans.filter(kind=kind, partner=partner)
        if waiting := same.first():
            raise PlanOpen(waiting.public_id)
        plan.save(force_insert=True)
        _record(plan, "federation.planned", now, actor)
    return plan


def _move(plan: FederationPlan, state: str, now: datetime, **fields: Any) -> bool:
    """From open into another state; False where it is not open any more."""
    fields = {"state": state, "state_since": now, **fields}
    if not FederationPlan.objects.filter(pk=plan.pk, state=FederationPlan.OPEN).update(**fields):
        return False
    for name, value in fields.items():
        setattr(plan, name, value)
    return True


def _is_same_group(tenant: Tenant, named: str, shown: str) -> bool:
    """Exchange shows a group by its name or its place in the directory, whatever it was given."""
    last = shown.split(",")[0].partition("=")[2] if shown.upper().startswith("CN=") else shown.rpartition("/")[2]
    groups = Person.objects.filter(tenant=tenant, kind=Person.GROUP, ended_at=None)
    groups = groups.filter(Q(name__iexact=named) | Q(addresses__address=named.casefold())).distinct()
    names = {
        known.casefold()
        for group in groups.prefetch_related("addresses")
        for known in (group.name, str(group.oid), *(row.address for row in group.addresses.all()))
    }
    return last.casefold() in names and groups.count() == 1


def _record(plan: FederationPlan, verb: str, now: datetime, actor: User | None = None) -> None:
    subject = {"plan": plan.public_id, **({"partner": plan.partner.public_id} if plan.partner else {})}
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=plan.tenant, actor=actor, subject=subject, after=plan.kind, outcome=plan.cause
    )  # fmt: skip
