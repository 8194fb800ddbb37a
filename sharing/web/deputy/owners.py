"""The owner's page: who acts for me, give and end."""

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sharing import access, changes, notices, words
from sharing.models import Deputy, Mailbox, User
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
        _tell(deputy, "deputy_ended", request.user, now, by_deputy=by_deputy)
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
    _tell(deputy, "deputy_given", user, now)
    return redirect("deputies")


def _tell(deputy: Deputy, kind: str, by: User, now: datetime, *, by_deputy: bool = False) -> None:
    owner = words.visible(str(deputy.mailbox.person))
    if by_deputy:
        who = words.visible(str(by))
        notices.tell_owner(
            mailbox=deputy.mailbox, kind="deputy_left", key=f"deputy_left:{deputy.public_id}", now=now,
            subject=f"{who} no longer acts for {owner}", path=reverse("deputies"), facts={"who": who},
        )  # fmt: skip
        return
    person = access.people_by_oid(by, [deputy.oid]).get(deputy.oid)
    if person is not None:
        verb = "now act" if kind == "deputy_given" else "no longer act"
        notices.tell(
            tenant=deputy.tenant, person=person, kind=kind, key=f"{kind}:{deputy.public_id}", now=now,
            subject=f"You {verb} for {owner}", path=reverse("for_others"),
            facts={"owner": owner, "private": deputy.lets_grant_private},
        )  # fmt: skip


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
                "private": said.PRIVATE if row.lets_grant_private else said.NOT_PRIVATE,
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
