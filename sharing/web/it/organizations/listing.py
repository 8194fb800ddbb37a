"""Organizations: every relationship with what it lets them see, partners, and what changed since the last export."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from sharing.access import organizations
from sharing.access.organizations import OutsideShares
from sharing.federation import flags, opens
from sharing.federation.store import differences_of
from sharing.models import ExchangeSnapshot, FederationPlan, OrganizationRelationship, Partner, Person, Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import it_page
from sharing.words import organizations as said
from sharing.words import partners as partner_words
from sharing.words import visible

from .around import Around, standing
from .lines import difference_lines, plan_line
from .links import may_plan, tabs, to

SHOWN = 100  # of each list beside the relationships


@it_page
def organizations_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """All of them on one page: an organization has tens of relationships, not thousands."""
    user, now = request.user, timezone.now()
    newest = organizations.snapshots_for_it(user, tenant).first()
    around = Around(request, tenant)
    known = organizations.last_known(user, tenant)
    shares = organizations.outside_shares(user, tenant)
    groups = organizations.groups_named(user, tenant, {r.scope_group for r in around.relationships if r.scope_group})
    plans = list(organizations.plans_for_it(user, tenant).filter(state=FederationPlan.OPEN)[:SHOWN])
    return render(request, "it/organizations/list.html", {
        "title": "Organizations",
        "lead": said.LEAD,
        "tabs": tabs(request, "organizations"),
        "update_href": to(request, "exchange"),
        "newest": newest,
        "newest_href": to(request, "snapshot", newest.public_id) if newest else "",
        "standing": standing(ExchangeSnapshot.RELATIONSHIPS, known, newest, now),
        "rows": [_row(request, row, around, shares, groups) for row in around.relationships],
        "theirs_unknown": said.THEIR_HALF_ONLY,
        "open_policies": _open_policies(request, tenant, around, shares),
        "published": organizations.published_for_it(user, tenant).count(),
        "published_known": ExchangeSnapshot.PUBLISHED in known,
        "published_href": to(request, "published"),
        "differences": difference_lines(differences_of(newest)[:SHOWN]) if newest else [],
        "has_earlier": organizations.snapshots_for_it(user, tenant).count() > 1,
        "partners": [_partner(request, partner, around, now) for partner in around.partners],
        "plans": [plan_line(request, plan) for plan in plans],
        "may_plan": may_plan(request, tenant),
        "new_partner": to(request, "new_partner"),
    })  # fmt: skip


def _row(
    request: Asked, row: OrganizationRelationship, around: Around, shares: dict[str, OutsideShares],
    groups: dict[str, Person],
) -> dict[str, Any]:  # fmt: skip
    group = groups.get(row.scope_group)
    number = sum(sum(shares[domain].by_role.values()) for domain in row.domains if domain in shares)
    role = opens.open_role(row)
    return {
        "name": visible(row.name),
        "href": to(request, "relationship", row.guid),
        "domains": said.domains_of(row.domains),
        "role": role or "",
        "level": partner_words.LEVELS[row.level][0],
        "whose": said.whose_calendars(row.scope_group, group.size if group else None),
        "is_on": row.is_enabled,
        "flags": [each for each in around.flags_of(row) if each.tone],
        "shares": number,
        "shares_href": to(request, "access", domain=",".join(row.domains)) if number else "",
    }


def _open_policies(
    request: Asked, tenant: Tenant, around: Around, shares: dict[str, OutsideShares]
) -> list[dict[str, str]]:
    """Enabled policies that let people share with whomever they invite."""
    alone = flags.without_relationship(shares, around.relationships)
    found = []
    for policy in organizations.policies_for_it(request.user, tenant):
        levels = [entry["level"] for entry in policy.entries if entry["domain"] == flags.EVERYBODY and entry["level"]]
        if policy.is_enabled and levels:
            text = said.open_to_all(levels[0], len(alone), is_default=policy.is_default, name=policy.name)
            found.append({"text": text, "href": to(request, "access", where="outside") if alone else ""})
    return found


def _partner(request: Asked, partner: Partner, around: Around, now: datetime) -> dict[str, Any]:
    days = (partner.ends_on - now.date()).days if partner.ends_on else None
    return {
        "name": visible(partner.name),
        "href": to(request, "partner", partner.public_id),
        "domains": said.domains_of(partner.domains),
        "agreed": partner_words.LEVELS[partner.level][0],
        "ends": said.ends(partner.ends_on, days) if partner.ends_on and days is not None else "",
        "is_soon": days is not None and days <= 14,
        "is_alone": around.relationship_of(partner) is None,
    }
