"""The owner's page: who acts for me, give and end."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sharing import access, changes, notices, words
from sharing.models import Mailbox, User
from sharing.web.asked import Asked
from sharing.web.limits import limited, searched
from sharing.web.owner.rows import whose
from sharing.words import deputies as said


@searched
@limited("saving")
@require_http_methods(["GET", "HEAD", "POST"])
def deputies(request: Asked) -> HttpResponse:
    """The deputies of the person's own mailboxes; a search finds who is to be one."""
    if request.method == "POST":
        return _give(request)
    return _page(request)


@limited("saving")
@require_POST
def end(request: Asked, public_id: str) -> HttpResponse:
    """It ends at once; the owner, or the deputy themself."""
    deputy = get_object_or_404(access.deputy_to_end(request.user), public_id=public_id)
    now, by_deputy = timezone.now(), deputy.oid == request.user.oid
    try:
        changes.end_deputy(deputy=deputy, by=request.user, now=now)
    except changes.AlreadyGone:
        pass
    else:
        notices.tell_of_deputy_ended(deputy, request.user, now)
    return redirect("for_others" if by_deputy else "deputies")


def _give(request: Asked) -> HttpResponse:
    user, now = request.user, timezone.now()
    mailbox = get_object_or_404(access.owned_by(user), public_id=request.POST.get("mailbox", ""))
    person = access.colleague(user, request.POST.get("person", ""))
    if person is None:
        return _page(request, problem=said.NOBODY, status=422)
    private = request.POST.get("private") == "on"
    try:
        deputy = changes.give_deputy(mailbox=mailbox, person=person, lets_grant_private=private, by=user, now=now)
    except changes.NothingToDo:
        return redirect("deputies")
    except changes.NotNow as never:
        return _page(request, problem=said.why_not(never.cause), status=409)
    except changes.Refused:
        return _page(request, problem=said.NOBODY, status=422)
    notices.tell_of_deputy(deputy, now)
    return redirect("deputies")


def _page(request: Asked, *, problem: str = "", status: int = 200) -> HttpResponse:
    user = request.user
    q = " ".join(request.GET.get("q", "").split())[:200]
    rows = list(access.deputies_of(user))
    people = access.people_by_oid(user, [row.oid for row in rows])
    own = list(access.owned_by(user).filter(tenant=user.tenant_id).order_by("person__name", "pk"))
    return render(request, "deputy/deputies.html", {
        "title": "Deputies",
        "off": "" if user.tenant.deputies_on else said.OFF,
        "deputies": [
            {
                "row": row, "name": str(people.get(row.oid, words.GONE)), "of": _of(row.mailbox, user),
                "private": said.terms(lets_grant_private=row.lets_grant_private),
            }
            for row in rows
        ],
        "may": words.YOU.said(said.MAY),
        "mailboxes": [(each.public_id, _of(each, user)) for each in own],
        "q": q,
        "found": access.colleagues(user, q) if q and user.tenant.deputies_on else [],
        "problem": problem,
    }, status=status)  # fmt: skip


def _of(mailbox: Mailbox, user: User) -> str:
    of = whose(mailbox, user)
    return of.name or "Your calendars"
