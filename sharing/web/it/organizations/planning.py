"""Plans for a relationship: make or change it for a partner, suspend it, or remove it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sharing.access import organizations
from sharing.federation import partners, plans
from sharing.federation.refusals import PlanOpen, Refused
from sharing.models import Tenant
from sharing.web.asked import Asked
from sharing.web.it.frame import operator_page
from sharing.web.limits import limited
from sharing.words import organizations as said
from sharing.words import partners as partner_words
from sharing.words import visible

from .around import Around
from .links import to
from .partner import line_of, words_of

VERBS = {"suspend": plans.suspend, "remove": plans.remove}


@limited("saving")
@operator_page
def plan_partner(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """A relationship for a partner: a new one, or another form of the one that is there."""
    partner = organizations.partner_for_it(request.user, tenant, public_id)
    if partner.ended_at:
        raise Http404
    row = Around(request, tenant).relationship_of(partner)
    sent = request.POST
    problem: dict[str, Any] = {}
    if request.method == "POST" and sent.get("level") not in partners.LEVELS:
        problem = {"errors": [("Choose what they may see.", "#main")]}
    elif request.method == "POST":
        try:
            plan = plans.plan_relationship(
                partner=partner, relationship=row, level=sent["level"], domains=words_of(sent.get("domains", "")),
                scope_group=sent.get("group", ""), reason=line_of(sent, "reason"), actor=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except Refused as no:
            problem = problem_of(request, tenant, no)
        else:
            return redirect(to(request, "plan", plan.public_id))
    now = {"level": row.level, "domains": row.domains, "group": row.scope_group} if row else None
    values: Mapping[str, str] = sent if request.method == "POST" else {
        "level": partner.level, "domains": "\n".join(partner.domains), "group": row.scope_group if row else "",
    }  # fmt: skip
    return render(request, "it/organizations/plan_partner.html", {
        "title": f"Plan what {visible(partner.name)} may see",
        "name": visible(partner.name),
        "values": values,
        "now": now and {
            "level": partner_words.LEVELS[now["level"]][0], "domains": said.domains_of(now["domains"], most=12),
            "whose": said.whose_calendars(now["group"], None),
        },
        "levels": [(level, *partner_words.LEVELS[level]) for level in partners.LEVELS],
        "agreed": partner_words.LEVELS[partner.level][0],
        "back": to(request, "partner", public_id),
        **problem,
    }, status=422 if problem else 200)  # fmt: skip


@limited("saving")
@operator_page
def end_relationship(request: Asked, tenant: Tenant, guid: UUID) -> HttpResponse:
    """Suspend or remove: which, and why."""
    row = organizations.relationship_for_it(request.user, tenant, guid)
    sent = request.POST
    problem: dict[str, Any] = {}
    if request.method == "POST":
        verb = VERBS.get(sent.get("how", ""))
        if verb is None:
            problem = {"errors": [("Choose one.", "#main")]}
        else:
            try:
                plan = verb(relationship=row, actor=request.user, now=timezone.now(), reason=line_of(sent, "reason"))
            except Refused as no:
                problem = problem_of(request, tenant, no)
            else:
                return redirect(to(request, "plan", plan.public_id))
    name = visible(row.name)
    return render(request, "it/organizations/end_relationship.html", {
        "title": f"Suspend or remove the relationship with {name}",
        "name": name,
        "choices": [(how, partner_words.KINDS[how][0], partner_words.does(how, name)) for how in VERBS],
        "chosen": sent.get("how", "suspend"),
        "reason": sent.get("reason", ""),
        "back": to(request, "relationship", guid),
        **problem,
    }, status=422 if problem else 200)  # fmt: skip


def problem_of(request: Asked, tenant: Tenant, no: Refused, field: str = "domains") -> dict[str, Any]:
    """Why nothing was planned, for the top of the form; where another plan waits, with its address."""
    text = partner_words.refused(no.cause, tenant=visible(str(tenant)), detail=visible(no.detail))
    if isinstance(no, PlanOpen):
        return {"errors": [(text, to(request, "plan", no.detail))]}
    return {"errors": [(text, f"#id_{'group' if no.cause == 'bad_text' else field}")]}
