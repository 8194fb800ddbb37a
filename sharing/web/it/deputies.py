"""Who acts for whom: shown on a person's page; an operator asks an owner for a deputy, and may end it."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, notices, words
from sharing.models import Deputy, Mailbox, Person, Proposal, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.refusals import cause_of
from sharing.words import batches as batch_words
from sharing.words import deputies as said

from .bulk import refused
from .frame import may_operate, operator_page, same_tenant


def of_person(request: Asked, tenant: Tenant, person: Person, mailbox: Mailbox | None) -> dict[str, Any]:
    """Both directions for a person's page: who acts for them, and for whom they act."""
    about = Q(mailbox__person=person) | Q(oid=person.oid) if person.oid else Q(mailbox__person=person)
    rows = list(access.deputies_for_it(request.user, tenant).filter(about))
    theirs = [row for row in rows if row.mailbox.person_id == person.pk]
    others = [row for row in rows if row.oid == person.oid]
    by_oid = _people(request, tenant, theirs)
    asked = _asked(request, tenant, rows)
    may_end = bool(rows) and access.operates(request.user, tenant)

    def line(row: Deputy, other: Person | None) -> dict[str, Any]:
        begun = said.begun(words.day(row.given_at), words.visible(str(row.given_by)), asked.get(row.pk, ""))
        return {
            "name": words.visible(str(other)) if other else words.GONE,
            "href": reverse("it:person", args=[other.public_id]) + same_tenant(request) if other else "",
            "begun": begun,
            "private": said.terms(lets_grant_private=row.lets_grant_private),
            "end_href": reverse("it:end_deputy", args=[row.public_id]) + same_tenant(request) if may_end else "",
        }

    ask_href = reverse("it:ask_deputy", args=[person.public_id]) + same_tenant(request)
    return {
        "deputies": [line(row, by_oid.get(row.oid)) for row in theirs],
        "acts_for": [line(row, row.mailbox.person) for row in others],
        "deputies_off": said.OFF_FOR_IT if rows and not tenant.deputies_on else "",
        "ask_deputy_href": ask_href if _may_ask(request, tenant, mailbox) else "",
    }


def _people(request: Asked, tenant: Tenant, rows: list[Deputy]) -> dict[UUID | None, Person]:
    """Who the deputies are, by object id."""
    if not rows:
        return {}
    people = access.people_for_it(request.user, tenant).filter(oid__in=[row.oid for row in rows])
    return {each.oid: each for each in people}


def _asked(request: Asked, tenant: Tenant, rows: list[Deputy]) -> dict[int, str]:
    """Which operator asked for a deputy, by deputy: its yes made both in one moment."""
    if not rows:
        return {}
    answered = access.proposals_for_it(request.user, tenant).filter(
        kind=Proposal.DEPUTY, state=Proposal.ACCEPTED, mailbox__in=[row.mailbox_id for row in rows]
    )
    by = {(each.mailbox_id, each.person and each.person.oid, each.decided_at): each.asked_by for each in answered}
    keys = {row.pk: (row.mailbox_id, row.oid, row.given_at) for row in rows}
    return {pk: words.visible(str(by[key])) for pk, key in keys.items() if key in by}


def _may_ask(request: Asked, tenant: Tenant, mailbox: Mailbox | None) -> bool:
    """Only where there are deputies; what is the operator's own, or was lent, is nobody else's."""
    if mailbox is None or mailbox.is_lent or not tenant.deputies_on or not may_operate(request, tenant):
        return False
    return not access.owns(request.user, mailbox)


@limited("saving")
@operator_page
def ask_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Asks the owner for a deputy: a search finds who, and nothing happens before the owner's yes."""
    owner = access.person_for_it(request.user, public_id)
    mailbox = access.mailboxes_for_it(request.user, tenant).filter(person=owner).first()
    if mailbox is None or not _may_ask(request, tenant, mailbox):
        raise Http404
    if request.method != "POST":
        return _page(request, mailbox)
    person = access.people_for_it(request.user, tenant).filter(public_id=request.POST.get("person", "")).first()
    if person is None:
        return _page(request, mailbox, ("Choose who is to be the deputy.", "#q"))
    try:
        proposal = changes.propose(
            kind=Proposal.DEPUTY, mailbox=mailbox, person=person, reason=request.POST.get("reason", ""),
            lets_grant_private=request.POST.get("private") == "on", actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except changes.NeedsReason:
        return _page(request, mailbox, ("Say why: the owner reads it.", "#id_reason"))
    except changes.AlreadyAsked as asked:
        if asked.proposal is None:
            return redirect(reverse("it:proposals") + same_tenant(request))
        proposal = asked.proposal
    except changes.Refused as no:
        return refused(request, "Nothing was asked for", batch_words.not_possible(cause_of(no)))
    return redirect(reverse("it:proposal", args=[proposal.public_id]) + same_tenant(request))


def _page(request: Asked, mailbox: Mailbox, problem: tuple[str, str] = ("", "")) -> HttpResponse:
    name, sent = words.visible(str(mailbox.person)), request.POST
    q = " ".join((sent.get("q") or request.GET.get("q", "")).split())[:200]
    return render(request, "it/ask_deputy.html", {
        "title": f"Ask for a deputy for {name}",
        "owner": name,
        "may": words.Whose(name).said(said.MAY),
        "q": q,
        "tenant_key": request.GET.get("tenant", ""),
        "found": access.possible_deputies(request.user, mailbox, q) if q else [],
        "chosen": sent.get("person", ""),
        "private": sent.get("private") == "on",
        "reason": sent.get("reason", ""),
        "problem": problem[0],
        "field": problem[1],
        "back": reverse("it:person", args=[mailbox.person.public_id]) + same_tenant(request),
    }, status=422 if problem[0] else 200)  # fmt: skip


@limited("saving")
@operator_page
def end_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Asks once, then ends it: that is less and needs nobody's yes, and owner and deputy are told."""
    deputy = access.deputy_for_operator(request.user, tenant, public_id)
    person = access.people_for_it(request.user, tenant).filter(oid=deputy.oid).first()
    back = reverse("it:person", args=[deputy.mailbox.person.public_id]) + same_tenant(request)
    if request.method != "POST":
        who, owner = words.visible(str(person)) if person else words.GONE, words.visible(str(deputy.mailbox.person))
        return render(request, "it/end_deputy.html", {
            "title": f"End that {who} acts for {owner}?", "who": who, "owner": owner, "back": back,
        })  # fmt: skip
    now = timezone.now()
    try:
        changes.end_deputy(deputy=deputy, by=request.user, now=now)
    except changes.AlreadyGone:
        pass
    else:
        notices.tell_of_deputy_ended(deputy, request.user, now)
    return redirect(back)
