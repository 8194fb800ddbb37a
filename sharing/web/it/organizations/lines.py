"""Differences and plans as lines of a list."""

from collections.abc import Iterable
from typing import Any

from sharing.federation.differences import CHANGED, Difference
from sharing.models import FederationPlan
from sharing.web.asked import Asked
from sharing.words import exchange as exchange_words
from sharing.words import partners as partner_words
from sharing.words import visible

from .links import to


def difference_lines(differences: Iterable[Difference]) -> list[dict[str, Any]]:
    """Each with what is new, gone or changed, and how each value of it changed."""
    return [
        {
            "line": exchange_words.difference(each.section, each.kind, each.name),
            "is_changed": each.kind == CHANGED,
            "values": [exchange_words.field_change(*field) for field in each.fields],
        }
        for each in differences
    ]


def about(plan: FederationPlan) -> str:
    """What a plan is about: its partner, else the name that Exchange has."""
    partner = plan.partner.name if plan.partner else ""
    return visible(str(plan.before.get("name") or plan.wanted.get("name") or partner))


def plan_line(request: Asked, plan: FederationPlan) -> dict[str, Any]:
    label, tone = partner_words.STATES[plan.state]
    return {
        "href": to(request, "plan", plan.public_id),
        "line": partner_words.does(plan.kind, about(plan)),
        "label": label,
        "tone": tone,
        "waits": plan.needs_second and plan.approved_by_id is None and plan.state == FederationPlan.OPEN,
        "by": visible(str(plan.made_by)),
        "at": plan.made_at,
    }
