"""What operators asked owners for: the list, and one with its answer."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, tasks, words
from sharing.models import Proposal, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.refusals import cause_of
from sharing.words import batches as batch_words
from sharing.words import deputies as deputy_words

from .bulk import refused
from .frame import it_page, may_operate, operator_action, same_tenant
from .jobs import tabs
from .tables import one_page


@it_page
def proposals_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """What was asked for in this tenant, the newest first."""
    rows = access.proposals_for_it(request.user, tenant)
    page = one_page(request, [rows], tenant=tenant, values=("id",), columns=("asked_at", "id"), sort="-asked")
    found = {row.pk: row for row in rows.filter(pk__in=[row["id"] for row in page.rows])}
    page.rows = [_row(request, found[row["id"]]) for row in page.rows if row["id"] in found]
    return render(request, "it/proposals.html", {
        "title": "Changes",
        "lead": f"What IT changed in many places at once at {tenant}, and what waits for somebody’s yes.",
        "tabs": tabs(request, tenant, "proposals"),
        "page": page,
    })  # fmt: skip


@it_page
def proposal_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """One proposal; an operator who did not ask for it, and would not gain by it, may answer."""
    proposal = get_object_or_404(access.proposals_for_it(request.user, tenant), public_id=public_id)
    is_waiting = proposal.state == Proposal.WAITING and proposal.expires_at > timezone.now()
    may_now = is_waiting and may_operate(request, tenant)
    return render(request, "it/proposal.html", {
        **_row(request, proposal),
        "title": batch_words.proposal_title(**facts_of(proposal, str(tenant))),
        "proposal": proposal,
        "tenant": tenant,
        "may_answer": may_now and access.answers_as(request.user, proposal) == access.OPERATOR,
        "may_withdraw": may_now and proposal.asked_by_id == request.user.pk,
        "who_may": batch_words.who_may_agree(proposal.kind, words.visible(str(proposal.mailbox.person))),
        "private": deputy_words.terms(lets_grant_private=proposal.lets_grant_private)
        if proposal.kind == Proposal.DEPUTY else "",
        "reason": words.visible(proposal.reason),
        "outcome": outcome_of(proposal),
        "answer_href": reverse("it:answer_proposal", args=[public_id]) + same_tenant(request),
        "back": reverse("it:proposals") + same_tenant(request),
    })  # fmt: skip


@limited("saving")
@operator_action
def answer_proposal(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Agree, decline or withdraw; whoever is second finds the first answer."""
    proposal = get_object_or_404(access.proposals_for_it(request.user, tenant), public_id=public_id)
    verbs = {"accept": changes.accept, "decline": changes.decline}
    now, here = timezone.now(), reverse("it:proposal", args=[public_id]) + same_tenant(request)
    try:
        if request.POST.get("answer") == "withdraw":
            changes.withdraw(proposal=proposal, actor=request.user, now=now)
        elif verb := verbs.get(request.POST.get("answer", "")):
            answered = verb(proposal=proposal, by=request.user, now=now)
            ring(answered)
    except changes.Answered:
        pass
    except changes.NotYours:
        return refused(request, "Nothing was done", batch_words.NOT_YOURS_TO_ANSWER)
    except changes.Refused as no:
        return refused(request, "Nothing was done", batch_words.not_possible(cause_of(no)))
    return redirect(here)


def ring(proposal: Proposal) -> None:
    """Wake a worker for the change that a yes made."""
    proposal.refresh_from_db(fields=["change"])
    if proposal.change_id:
        tasks.ring(tasks.apply_change, proposal.change_id)


def facts_of(proposal: Proposal, org: str) -> dict[str, str]:
    """What a proposal is about, for its sentence."""
    owner = words.visible(str(proposal.mailbox.person))
    calendar = proposal.calendar
    is_everyone = proposal.permission is not None and proposal.permission.is_organization
    name = proposal.permission.name if proposal.permission else str(proposal.person or "")
    return {
        "kind": proposal.kind,
        "name": words.everyone_at(org) if is_everyone else words.visible(name) or "somebody",
        "role": proposal.after,
        "before": proposal.before,
        "where": batch_words.calendar_of(
            owner, words.visible(calendar.name) if calendar else "", calendar is None or calendar.is_default
        ),
    }


def outcome_of(proposal: Proposal) -> str:
    """What became of the change that was agreed to; empty before."""
    change = proposal.change
    if proposal.state != Proposal.ACCEPTED or change is None:
        return ""
    if change.state in ("open", "applied"):
        return words.STATE_LABELS[change.state][0]
    return batch_words.why_not_made(change.state, change.cause)


def _row(request: Asked, proposal: Proposal) -> dict[str, Any]:
    is_over = proposal.state == Proposal.WAITING and proposal.expires_at <= timezone.now()
    label, tone = batch_words.PROPOSAL_STATES["expired" if is_over else proposal.state]
    return {
        "href": reverse("it:proposal", args=[proposal.public_id]) + same_tenant(request),
        "line": batch_words.proposal_title(**facts_of(proposal, str(proposal.tenant))),
        "label": label,
        "tone": tone,
        "by": words.visible(str(proposal.asked_by)),
        "at": proposal.asked_at,
        "answered_by": words.visible(str(proposal.decided_by)) if proposal.decided_by else "",
    }
