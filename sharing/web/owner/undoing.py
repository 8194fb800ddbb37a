"""Undo of a change, and a second look at one that nobody confirmed; from a toast, from the history, or its own page."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from sharing import access, changes, tasks, words
from sharing.changes.preview import preview_undo
from sharing.models import DELEGATE_ROLES, Change, Person, User
from sharing.web import previews
from sharing.web.actors import actor_words
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import undo as undo_words

from . import outcomes
from .rows import whose
from .undoable import is_outside

CONFIRMED = "confirmed"


@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Asked, public_id: str) -> HttpResponse:
    """Asks first where Outlook would invite somebody, unless whoever sends the form was told beside its button."""
    change, now = access.change_for_owner(request.user, public_id), timezone.now()
    cause = changes.undo_refusal(change, now)
    if cause:
        return _page(request, change, undo_words.undo_refused(cause), status=409 if request.method == "POST" else 200)
    if request.method != "POST":
        return _page(request, change)
    if changes.sends_invitation(change) and not request.POST.get(CONFIRMED):
        return redirect(request.get_full_path())
    try:
        made = changes.undo(change=change, actor=request.user, now=now)
    except changes.CannotUndo as why:
        return _page(request, change, undo_words.undo_refused(why.cause), status=409)
    except changes.NotNow as never:
        status = 403 if never.cause == "not_allowed" else 409
        return _page(request, change, outcomes.not_now(never.cause).text, status=status)
    tasks.ring(tasks.apply_change, made.pk)
    return HttpResponseRedirect(back_of(request, change))


@limited("saving")
@require_POST
def look_again(request: Asked, public_id: str) -> HttpResponse:
    """Have Microsoft asked what became of a change that nobody confirmed; nothing is sent again."""
    change = access.change_for_owner(request.user, public_id)
    try:
        changes.ask_what_became(change=change, actor=request.user, now=timezone.now())
    except changes.NothingToDo:
        pass  # a second click, or it is known by now
    else:
        tasks.ring(tasks.apply_change, change.pk)
    return HttpResponseRedirect(back_of(request, change))


def back_of(request: Asked, change: Change) -> str:
    """Where the page came from, or else where the change shows."""
    back = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        return back
    if change.calendar and change.calendar.is_own and change.calendar.ended_at is None:
        return reverse("calendar", args=[change.calendar.public_id])
    return reverse("history")


def _page(request: Asked, change: Change, refusal: str = "", *, status: int = 200) -> HttpResponse:
    """What undoing would do, or why it cannot be done."""
    org, user = str(request.user.tenant), request.user
    wish, of = outcomes.wish_of(change, org), whose(change.mailbox, request.user)
    page: dict[str, Any] = {
        "title": "Undo this change?",
        "change": change,
        "did": words.change_sentence(wish, outcomes.where(change, user), _actor(change, user), of),
        "name": wish.name,
        "refusal": refusal,
        "back": back_of(request, change),
        "next": request.GET.get("next", ""),
        "is_invited": changes.sends_invitation(change),
    }
    if not refusal:
        page |= previews.shown(preview_undo(change))
    if changes.sends_invitation(change) and not refusal:
        page |= _again(change, wish.name, org, of)
    return render(request, "owner/undo.html", page, status=status)


def _again(change: Change, name: str, org: str, of: words.Whose) -> dict[str, Any]:
    """Whom Outlook will invite, and with which role."""
    role = changes.role_again(change) or ""
    return {
        "title": f"Give {name} access again?",
        "role": role,
        "whose": of,
        "invited": undo_words.invitations(1, [name] if is_outside(change) else [], org),
        "group": _group(change),
        "lowered": words.quoted(change.before, of) if role != change.before else "",
        "may_be_less": role in DELEGATE_ROLES,
    }


def _group(change: Change) -> str:
    """What to say where the invitation goes to a group."""
    grantee = change.permission.grantee if change.permission else None
    if grantee is None or grantee.kind != Person.GROUP:
        return ""
    return words.kind_label(Person.GROUP, size=grantee.size)


def _actor(change: Change, user: User) -> str:
    return actor_words(change, user)
