"""One relationship: what they see of us, what we see of them, what to look at, and how it was before."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from sharing.access import organizations
from sharing.access.organizations import Known
from sharing.federation import disagreement, flags, opens, past
from sharing.federation.sides import Side
from sharing.models import ExchangeSnapshot, FederationPlan, OrganizationRelationship, Partner, SharingPolicy, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page
from sharing.words import exchange as exchange_words
from sharing.words import organizations as said
from sharing.words import partners as partner_words
from sharing.words import visible

from . import probes
from .around import Around, standing
from .lines import plan_line
from .links import may_plan, to

EXPORTS = 60  # that its past is told of


@it_page
def relationship_page(request: Asked, tenant: Tenant, guid: UUID) -> HttpResponse:
    """404 where the last export that says anything of relationships doesn't hold this one."""
    user, now = request.user, timezone.now()
    row = organizations.relationship_for_it(user, tenant, guid)
    around, known = Around(request, tenant), organizations.last_known(user, tenant)
    newest = organizations.snapshots_for_it(user, tenant).first()
    partner = around.partner_of(row)
    history = list(organizations.relationship_past(user, tenant, guid)[:EXPORTS])
    plans = organizations.plans_for_it(user, tenant).filter(guid=guid).exclude(kind=FederationPlan.POLICY)
    side = around.sides.get(str(guid))
    shares = organizations.shared_outside(user, tenant, row.domains)
    return render(request, "it/organizations/relationship.html", {
        "title": visible(row.name),
        "domains": said.domains_of(row.domains, most=12),
        "standing": standing(ExchangeSnapshot.RELATIONSHIPS, known, newest, now),
        "ours": _ours(request, tenant, row),
        "theirs": _theirs(side),
        "flags": around.flags_of(row),
        "prerequisites": _prerequisites(row, side),
        "disagreements": _disagreements(request, tenant, row, known),
        "two_mechanisms": exchange_words.TWO_MECHANISMS,
        "shared": said.shared_by_people(shares.by_role.items(), shares.people, shares.calendars),
        "shares_href": to(request, "access", domain=",".join(row.domains)) if shares.people else "",
        "rooms": said.ROOMS,
        "partner": partner,
        "partner_name": visible(partner.name) if partner else "",
        "partner_href": to(request, "partner", partner.public_id) if partner else "",
        "no_partner": said.NO_PARTNER,
        "tests": probes.section(request, tenant, partner=partner, row=row),
        "plans": [plan_line(request, plan) for plan in plans[:20]],
        "history": [_step(step) for step in past.steps(history)],
        "first_seen": history[-1].snapshot.exported_at if history else None,
        **_actions(request, tenant, row, partner),
        "back": to(request, "organizations"),
    })  # fmt: skip


def _actions(
    request: Asked, tenant: Tenant, row: OrganizationRelationship, partner: Partner | None
) -> dict[str, Any]:  # fmt: skip
    if not may_plan(request, tenant):
        return {"may_plan": False}
    return {
        "may_plan": True,
        "make_partner_href": "" if partner else to(request, "new_partner", relationship=str(row.guid)),
        "plan_href": to(request, "plan_partner", partner.public_id) if partner else "",
        "end_href": to(request, "end_relationship", row.guid),
    }


def _ours(request: Asked, tenant: Tenant, row: OrganizationRelationship) -> dict[str, Any]:
    groups = organizations.groups_named(request.user, tenant, [row.scope_group] if row.scope_group else [])
    opening = opens.opening(row, organizations.main_calendars_by_role(request.user, tenant), groups)
    group = groups.get(row.scope_group)
    return _facts(row, said.whose_calendars(row.scope_group, group.size if group else None)) | {
        "opened": exchange_words.opened(
            opening.by_role, closed=opening.closed, unknown=opening.unknown, off=opening.off, group=opening.group,
            size=opening.size,
        ),
        "mailbox_move": row.has_mailbox_move,
    }  # fmt: skip


def _theirs(side: Side | None) -> dict[str, Any]:
    """What the other side's own export says of us, or why nothing is known of it."""
    if side is None:
        return {"unread": exchange_words.SIDE_UNREAD, "rows": []}
    name = visible(str(side.tenant))
    if side.known is None:
        return {"unread": exchange_words.SIDE_NOT_EXPORTED.format(name=name), "rows": []}
    from_export = {"name": name, "from": said.exported(side.known.snapshot.exported_at)}
    if not side.relationships:
        return from_export | {"unread": exchange_words.SIDE_NONE.format(name=name), "rows": []}
    rows = [_facts(row, said.whose_calendars(row.scope_group, None)) for row in side.relationships]
    return from_export | {"unread": "", "rows": rows}


def _facts(row: OrganizationRelationship, whose: str) -> dict[str, Any]:
    return {
        "name": visible(row.name),
        "role": opens.open_role(row) or "",
        "level": partner_words.LEVELS[row.level][0],
        "means": partner_words.LEVELS[row.level][1],
        "whose": whose,
        "is_on": row.is_enabled,
        "has_free_busy": row.has_free_busy,
    }


def _prerequisites(row: OrganizationRelationship, side: Side | None) -> list[str]:
    found = []
    if row.target_application_uri and row.target_application_uri.strip("/").lower() != "outlook.com":
        found.append(said.ON_PREMISES)
    if side:
        found.append(said.BOTH_HERE.format(name=visible(str(side.tenant))))
    return found


def _disagreements(
    request: Asked, tenant: Tenant, row: OrganizationRelationship, known: Mapping[str, Known]
) -> list[str]:
    policies = list(organizations.policies_for_it(request.user, tenant))
    used = used_by(request, tenant, policies, known)
    return [
        exchange_words.disagreement(
            each.code, policy=each.policy.name, domains=each.domains, allowed=each.allowed, shown=each.shown
        )
        for each in disagreement.disagreements(row, policies, used)
    ]


def used_by(
    request: Asked, tenant: Tenant, policies: Sequence[SharingPolicy], known: Mapping[str, Known]
) -> dict[str, int | None]:
    """GUID of each policy → mailboxes that have it; None where no export says it whole."""
    said_whole = known.get(ExchangeSnapshot.ASSIGNMENTS)
    return flags.mailboxes_of(
        policies, organizations.policy_counts(request.user, tenant),
        total=organizations.main_calendars_by_role(request.user, tenant).total,
        is_whole=bool(said_whole and said_whole.is_whole),
    )  # fmt: skip


def _step(step: past.Step) -> dict[str, Any]:
    return {"at": step.exported_at, "values": [exchange_words.field_change(*field) for field in step.fields]}
