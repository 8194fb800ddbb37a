"""Access for somebody who has none, asked for by an operator; its owner or another operator agrees."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from sharing import access, changes, words
from sharing.models import DELEGATE_ROLES, Calendar, Person, Proposal, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.refusals import cause_of
from sharing.words import batches as batch_words

from .bulk import refused
from .frame import may_operate, operator_page, same_tenant

ROLES = ("freeBusyRead", "limitedRead", "read", "write", *DELEGATE_ROLES)


@limited("saving")
@operator_page
def give_page(request: Asked, tenant: Tenant, public_id: str) -> HttpResponse:
    """Asks for access to a calendar of this person's; 404 where nobody may be added, or the person has no calendar."""
    owner = access.person_for_it(request.user, public_id)
    calendars = list(_calendars(owner))
    if owner.tenant_id != tenant.pk or not tenant.creates_on or not may_operate(request, tenant) or not calendars:
        raise Http404
    if request.method != "POST":
        return _page(request, owner, calendars)
    calendar = next((c for c in calendars if c.public_id == request.POST.get("calendar", "")), None)
    role = request.POST.get("role", "")
    if calendar is None:
        return _page(request, owner, calendars, ("Choose a calendar.", "#id_calendar"))
    try:
        holder = changes.holder_at(calendar.mailbox, request.POST.get("to", ""))
    except changes.BadAddress:
        return _page(request, owner, calendars, ("Type the address of somebody else.", "#id_to"))
    if holder.person is None:
        problem = "Nobody at this address is known here. Only the owner can share with new people outside."
        return _page(request, owner, calendars, (problem, "#id_to"))
    if role not in changes.roles_to_give(calendar, holder):
        problem = "Choose what they can do." if role not in ROLES else batch_words.NOT_POSSIBLE["role_not_allowed"]
        return _page(request, owner, calendars, (problem, "#roles"))
    return _propose(request, owner, calendars, calendar, holder.person, role)


def _propose(
    request: Asked, owner: Person, calendars: list[Calendar], calendar: Calendar, person: Person, role: str
) -> HttpResponse:
    try:
        proposal = changes.propose(
            kind=Proposal.CREATE, mailbox=calendar.mailbox, calendar=calendar, person=person, role=role,
            reason=request.POST.get("reason", ""), actor=request.user, now=timezone.now(),
        )  # fmt: skip
    except changes.NeedsReason:
        return _page(request, owner, calendars, ("Say why: the owner reads it.", "#id_reason"))
    except changes.AlreadyAsked as asked:
        if asked.proposal is None:
            return redirect(reverse("it:proposals") + same_tenant(request))
        proposal = asked.proposal
    except changes.Refused as no:
        return refused(request, "Nothing was asked for", batch_words.not_possible(cause_of(no)))
    return redirect(reverse("it:proposal", args=[proposal.public_id]) + same_tenant(request))


def _calendars(owner: Person) -> Any:
    rows = Calendar.objects.filter(mailbox__person=owner, is_own=True, ended_at=None)
    return rows.select_related("mailbox__person", "mailbox__tenant").order_by("-is_default", "name", "pk")


def _page(
    request: Asked, owner: Person, calendars: list[Calendar], problem: tuple[str, str] = ("", "")
) -> HttpResponse:  # fmt: skip
    name = words.visible(str(owner))
    sent = request.POST
    return render(request, "it/give.html", {
        "title": f"Ask for access to a calendar of {name}",
        "owner": name,
        "calendars": [
            (c.public_id, "Main calendar" if c.is_default else words.visible(c.name) or "Calendar without a name",
             c.public_id == sent.get("calendar"))
            for c in calendars
        ],
        "roles": [(role, words.role_label(role), role == sent.get("role")) for role in ROLES],
        "to": sent.get("to", ""),
        "reason": sent.get("reason", ""),
        "problem": problem[0],
        "field": problem[1],
        "back": reverse("it:person", args=[owner.public_id]) + same_tenant(request),
    }, status=422 if problem[0] else 200)  # fmt: skip
