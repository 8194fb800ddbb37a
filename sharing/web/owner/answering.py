"""What somebody asks an owner for: what it would mean, and a yes or a no."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sharing import access, changes, notices, tasks, words
from sharing.changes.preview import Preview, preview_create, preview_role
from sharing.models import CalendarPermission, Proposal, User
from sharing.web import previews
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.refusals import cause_of
from sharing.words import batches as batch_words
from sharing.words import shared

from .rows import named, whose, words_for

ANSWERS = {"accept": changes.accept, "decline": changes.decline}


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def asked(request: Asked, public_id: str) -> HttpResponse:
    """One question; answered by whoever of owner and stewards is first."""
    proposal = get_object_or_404(access.proposals_for_owner(request.user), public_id=public_id)
    if request.method != "POST":
        return _page(request, proposal)
    verb = ANSWERS.get(request.POST.get("answer", ""))
    if verb is None:
        return _page(request, proposal, problem="Choose one of the two.", status=422)
    try:
        answered = verb(proposal=proposal, by=request.user, now=timezone.now())
    except changes.Answered:
        return redirect(reverse("asked", args=[public_id]))  # which says who answered, and what
    except changes.NotYours:
        return _page(request, proposal, problem=batch_words.NOT_YOURS, status=403)
    except changes.Refused as no:
        proposal.refresh_from_db()
        return _page(request, proposal, problem=batch_words.not_possible(cause_of(no)), status=409)
    answered.refresh_from_db(fields=["change"])
    if answered.change_id:
        tasks.ring(tasks.apply_change, answered.change_id)
    if answered.state == Proposal.ACCEPTED and answered.kind == Proposal.DEPUTY:
        _tell_deputy(answered, request.user)
    if answered.state == Proposal.ACCEPTED and answered.calendar:
        return redirect(reverse("calendar", args=[answered.calendar.public_id]))
    return redirect(reverse("asked", args=[public_id]))


def _tell_deputy(proposal: Proposal, user: User) -> None:
    """Whoever was made a deputy is told, as if the owner had thought of it."""
    oid = proposal.person.oid if proposal.person else None
    if oid is None:
        return
    for deputy in access.deputies_of(user).filter(mailbox=proposal.mailbox, oid=oid):
        notices.tell_of_deputy(deputy, timezone.now())


def waiting_for(user: User) -> list[dict[str, str]]:
    """What waits for this person's answer, for their home page: a sentence and where to answer."""
    rows = access.proposals_for_owner(user).filter(state=Proposal.WAITING, expires_at__gt=timezone.now())
    # Most often nothing waits: then how many columns are asked for is what this costs.
    rows = rows.select_related(None).select_related("mailbox__person", "calendar", "permission", "person", "asked_by")
    objections = access.objections_for_owner(user).select_related(None)
    objections = objections.select_related("permission__calendar__mailbox__person", "by")
    asked_for = [
        {"sentence": sentence(row, user), "href": reverse("asked", args=[row.public_id])}
        for row in rows.exclude(asked_by=user.pk)[:20]
    ]
    return asked_for + [
        {
            "sentence": shared.objects(words.visible(str(row.by)), words_for(row.permission.calendar, user)),
            "href": reverse("role", args=[row.permission.calendar.public_id, row.permission_id]),
        }
        for row in objections[:20]
    ]


def objection_to(permission: CalendarPermission, user: User) -> dict[str, str] | None:
    """What its holder said against having `permission`, for the page where its owner decides."""
    found = access.objections_for_owner(user).filter(permission=permission.pk).first()
    if found is None:
        return None
    said = shared.objects(words.visible(str(found.by)), words_for(permission.calendar, user))
    return {"public_id": found.public_id, "said": said, "note": words.visible(found.note)}


def sentence(proposal: Proposal, user: User) -> str:
    """ "Lidia Holloway (IT) asks: Megan Bowen “Can edit” on your main calendar" """
    org = str(user.tenant)
    is_everyone = proposal.permission is not None and proposal.permission.is_organization
    name = words.everyone_at(org) if is_everyone else _name(proposal)
    of = whose(proposal.mailbox, user)
    if proposal.calendar:
        proposal.calendar.mailbox = proposal.mailbox
    where = words_for(proposal.calendar, user) if proposal.calendar else of.said("{your} calendars")
    return batch_words.asks(
        by=words.visible(str(proposal.asked_by)), as_what=proposal.asked_as, kind=proposal.kind, name=name,
        role=words.role_label(proposal.after, words.OWNER, whose=of) if proposal.after else "", where=where,
    )  # fmt: skip


def _name(proposal: Proposal) -> str:
    if proposal.permission:
        return named(proposal.permission.name, proposal.permission.address)
    return words.visible(str(proposal.person)) if proposal.person else "somebody"


def _page(request: Asked, proposal: Proposal, *, problem: str = "", status: int = 200) -> HttpResponse:
    user, now = request.user, timezone.now()
    is_waiting = proposal.state == Proposal.WAITING and proposal.expires_at > now
    label, tone = batch_words.PROPOSAL_STATES[
        proposal.state if is_waiting or proposal.state != Proposal.WAITING else "expired"
    ]
    page: dict[str, Any] = {
        "title": sentence(proposal, user),
        "proposal": proposal,
        "name": _name(proposal),
        "kind": proposal.person.kind if proposal.person else "",
        "is_outside": proposal.permission is not None and proposal.permission.inside is False,
        "whose": whose(proposal.mailbox, user),
        "calendars_words": whose(proposal.mailbox, user).said("{your} calendars"),
        "owner": str(proposal.mailbox.person),
        "by": words.visible(str(proposal.asked_by)),
        "reason": words.visible(proposal.reason),
        "is_waiting": is_waiting,
        "may_answer": is_waiting and bool(access.answers_as(user, proposal)),
        "label": label,
        "tone": tone,
        "answered_by": words.visible(str(proposal.decided_by)) if proposal.decided_by else "",
        "private_events": words.PRIVATE_EVENTS,
        "problem": problem,
    }
    if page["may_answer"]:
        page |= previews.shown(_preview(proposal))
    return render(request, "owner/asked.html", page, status=status)


def _preview(proposal: Proposal) -> Preview | None:
    """What a yes would send at once; a cover is sent on its day, and a deputy is nothing at Microsoft."""
    calendar, permission, person = proposal.calendar, proposal.permission, proposal.person
    if calendar is None:
        return None
    calendar.mailbox = proposal.mailbox
    if permission and proposal.kind == Proposal.ROLE:
        permission.calendar = calendar
        return preview_role(permission, proposal.after)
    if person and proposal.kind == Proposal.CREATE:
        return preview_create(calendar, address=person.address, name=person.name, role=proposal.after)
    return None
