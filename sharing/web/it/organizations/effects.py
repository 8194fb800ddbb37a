"""What a plan changes and what to mind of it, as lines of its page."""

from typing import Any

from sharing.access import organizations
from sharing.federation import opens
from sharing.models import FederationPlan, OrganizationRelationship, Tenant
from sharing.web.asked import Asked
from sharing.words import exchange as exchange_words
from sharing.words import organizations as said

OPENING = (FederationPlan.NEW, FederationPlan.CHANGE)
SHOWN = ("domains", "level", "scope_group", "is_enabled", "has_free_busy")


def values_of(plan: FederationPlan) -> list[str]:
    """Each value that changes, before and after; of a new relationship what it gets, of a removed one what it has."""
    if plan.kind == FederationPlan.POLICY:
        names = [name for name in ("is_enabled",) if plan.before[name] != plan.wanted[name]]
        return [exchange_words.field_change(name, plan.before[name], plan.wanted[name]) for name in names]
    if plan.kind in (FederationPlan.NEW, FederationPlan.REMOVE):
        there = plan.wanted or plan.before
        return [said.planned(name, there[name]) for name in SHOWN[:3]]
    names = [name for name in SHOWN if name in plan.wanted and _set(plan.before[name]) != _set(plan.wanted[name])]
    return [exchange_words.field_change(name, _given(plan.before[name]), _given(plan.wanted[name])) for name in names]


def lists_of(plan: FederationPlan) -> dict[str, list[dict[str, Any]]]:
    """The complete lists of a policy, before and after; each entry says whether the other list lacks it."""
    if plan.kind != FederationPlan.POLICY:
        return {}
    before, after = ([said.entry(**entry) for entry in side["entries"]] for side in (plan.before, plan.wanted))
    return {
        "before": [{"text": text, "differs": text not in after} for text in before],
        "after": [{"text": text, "differs": text not in before} for text in after],
    }


def risks_of(request: Asked, tenant: Tenant, plan: FederationPlan) -> list[str]:
    """What to mind before anybody runs the script."""
    if plan.kind in OPENING:
        wanted = OrganizationRelationship(**{name: plan.wanted[name] for name in SHOWN})
        groups = organizations.groups_named(request.user, tenant, [wanted.scope_group] if wanted.scope_group else [])
        opening = opens.opening(wanted, organizations.main_calendars_by_role(request.user, tenant), groups)
        opened = exchange_words.opened(
            opening.by_role, closed=opening.closed, unknown=opening.unknown, off=opening.off, group=opening.group,
            size=opening.size,
        )  # fmt: skip
        return [opened, *_beyond(plan), said.NO_MAILBOX_MOVE, said.ROOMS]
    return [said.RISKS[plan.kind]]


def _beyond(plan: FederationPlan) -> list[str]:
    """Where it shows more than was agreed on with the partner."""
    agreed = plan.partner.level if plan.partner else ""
    if agreed != OrganizationRelationship.AVAILABILITY or plan.wanted["level"] != OrganizationRelationship.LIMITED:
        return []
    return [exchange_words.flag_words("more_than_agreed", (agreed,)).sentence]


def _set(value: Any) -> Any:
    return set(value) if isinstance(value, list) else value


def _given(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
