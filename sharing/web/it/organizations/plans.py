"""Plans for Exchange: the list, and one with its difference, its risk and the scripts for both sides."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from sharing import access
from sharing.access import organizations
from sharing.federation import flags, plans, scripts
from sharing.federation.quoting import ValueRefused
from sharing.federation.refusals import Refused
from sharing.models import ExchangeSnapshot, FederationPlan, Tenant
from sharing.web.asked import Asked
from sharing.web.it.bulk import refused
from sharing.web.it.frame import it_page, operator_action
from sharing.web.it.tables import asked, one_page
from sharing.web.limits import limited
from sharing.words import exchange as exchange_words
from sharing.words import partners as partner_words
from sharing.words import visible

from . import effects
from .exchange import as_file
from .lines import about, plan_line
from .links import may_plan, tabs, to

OURS, THEIRS = "ours", "theirs"


@it_page
def plans_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """All plans, the newest first."""
    rows = organizations.plans_for_it(request.user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=("id",), columns=("made_at", "id"), sort="-made")
    found = {row.pk: row for row in rows.filter(pk__in=[row["id"] for row in page.rows])}
    page.rows = [plan_line(request, found[row["id"]]) for row in page.rows if row["id"] in found]
    return render(request, "it/organizations/plans.html", {
        "title": "Plans",
        "lead": "What is to change in Exchange. A plan is done once a new export shows it.",
        "tabs": tabs(request, "plans"),
        "page": page,
    })  # fmt: skip


@it_page
def plan_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """What it does, what is different then, what to mind, and the scripts while it is open."""
    plan = organizations.plan_for_it(request.user, tenant, public_id)
    waits = plan.needs_second and plan.approved_by_id is None
    may = plan.state == FederationPlan.OPEN and may_plan(request, tenant)
    return render(request, "it/organizations/plan.html", {
        **plan_line(request, plan),
        "title": partner_words.does(plan.kind, about(plan)).removesuffix("."),
        "kind": partner_words.KINDS[plan.kind][0],
        "plan": plan,
        "tenant": tenant,
        "means": partner_words.means(plan.state, plan.cause),
        "reason": visible(plan.reason),
        "approved_by": visible(str(plan.approved_by)) if plan.approved_by else "",
        "values": effects.values_of(plan),
        "lists": effects.lists_of(plan),
        "risks": effects.risks_of(request, tenant, plan),
        "customization": _customization(request, tenant, plan),
        "needs_second": partner_words.NEEDS_SECOND if waits else "",
        "old": _old(plan),
        "scripts": _scripts(request, plan) if plan.state == FederationPlan.OPEN and not waits else [],
        "before_running": partner_words.BEFORE_RUNNING,
        "after_running": partner_words.AFTER_RUNNING,
        "may_cancel": may,
        "may_approve": may and waits and not access.is_same_person(request.user, plan.made_by),
        "answer_href": to(request, "answer_plan", public_id),
        "update_href": to(request, "exchange"),
        "export_href": to(request, "snapshot", plan.shown_by.public_id) if plan.shown_by else "",
        "back": to(request, "plans"),
    })  # fmt: skip


@limited("saving")
@operator_action
def answer_plan(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """A second operator's yes, or let it go."""
    plan = organizations.plan_for_it(request.user, tenant, public_id)
    now, answer = timezone.now(), request.POST.get("answer")
    try:
        if answer == "approve":
            plans.approve(plan=plan, by=request.user, now=now)
        elif answer == "cancel":
            plans.cancel(plan=plan, actor=request.user, now=now)
    except Refused as no:
        text = partner_words.refused(no.cause, tenant=visible(str(tenant)), detail=visible(no.detail))
        return refused(request, "Nothing was done", text)
    return redirect(to(request, "plan", public_id))


@it_page
def plan_script(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One script of a plan as a file; 404 where there is none, or none yet."""
    plan = organizations.plan_for_it(request.user, tenant, public_id)
    side = asked(request, "side") or OURS
    written = _written(plan).get(side, "") if plan.state == FederationPlan.OPEN else ""
    if not written:
        raise Http404
    return as_file(written, f"calwarden-{plan.kind}-{side}.ps1")


def _written(plan: FederationPlan) -> dict[str, str]:
    """The scripts of both sides; one that cannot be written, or must not be yet, is left out."""
    found = {}
    for side, write in ((OURS, scripts.plan_script), (THEIRS, scripts.partner_script)):
        try:
            found[side] = write(plan)
        except (ValueRefused, scripts.NotApproved):
            continue
    return found


def _scripts(request: Asked, plan: FederationPlan) -> list[dict[str, str]]:
    written = _written(plan)
    partner = visible(plan.partner.name) if plan.partner else ""
    heads = {OURS: "The script for our side", THEIRS: f"The script for {partner}"}
    leads = {OURS: partner_words.BEFORE_RUNNING, THEIRS: partner_words.FOR_PARTNER.format(name=partner)}
    if OURS not in written:
        return [{"id": OURS, "title": heads[OURS], "lead": partner_words.UNWRITABLE, "text": "", "href": ""}]
    return [
        {"id": side, "title": heads[side], "lead": leads[side], "text": text,
         "href": to(request, "plan_script", plan.public_id, side=side)}
        for side, text in written.items() if text
    ]  # fmt: skip


def _customization(request: Asked, tenant: Tenant, plan: FederationPlan) -> exchange_words.FlagWords | None:
    config = organizations.last_known(request.user, tenant).get(ExchangeSnapshot.CONFIG)
    flag = flags.customization_flag(config.snapshot.is_dehydrated if config else None, [plan])
    return exchange_words.flag_words(flag.code) if flag else None


def _old(plan: FederationPlan) -> str:
    if plan.state != FederationPlan.OPEN or not plans.is_old(plan, timezone.now()):
        return ""
    return partner_words.OLD if plan.snapshot else partner_words.NO_EXPORT
