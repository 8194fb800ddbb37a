"""A person's own connection: its page, the way to Microsoft and back, and giving it up."""

import hmac

from csp.decorators import csp_update
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from sharing import access, tasks
from sharing.connect import ends, erasing_own, grants, identity
from sharing.meetings import volunteers
from sharing.models import BOOKER, READER, Grant, SyncShard, Tenant
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.words import lending as said

from .shown import page_of

LENDING = "lending"  # what the session keeps until the way back


@never_cache
@require_safe
def home(request: Asked) -> HttpResponse:
    """What reads the person's mailbox now, and what they can do about it."""
    response = render(request, "account/home.html", page_of(request.user))
    # The forms post to us and are redirected to Microsoft: Chromium asks form-action about both.
    csp_update({"form-action": [identity.login_origin()]})(lambda _: response)(request)
    return response


@limited("saving")
@require_POST
def connect(request: Asked) -> HttpResponse:
    """To Microsoft; what was asked for is decided here, and kept in this browser's session."""
    try:
        where, kept = grants.begin(
            user=request.user, change="change" in request.POST, shared="shared" in request.POST,
            other="other" in request.POST, redirect_uri=_back(), now=timezone.now(),
            app=BOOKER if "meetings" in request.POST else READER,
        )  # fmt: skip
    except grants.GrantRefused as refused:
        return _trouble(request, refused)
    request.session[LENDING] = kept
    return HttpResponseRedirect(where)


@limited("signin", methods=("GET",))
@never_cache
@require_GET
def connected(request: Asked) -> HttpResponse:
    """Back from Microsoft; the answer counts once, in the browser and for the person that began."""
    answer, kept = dict(request.GET.lists()), request.session.get(LENDING, {})
    if kept and hmac.compare_digest("".join(answer.get("state", ())).encode(), kept["state"].encode()):
        del request.session[LENDING]
    try:
        grant = grants.end(user=request.user, answer=answer, kept=kept, redirect_uri=_back(), now=timezone.now())
    except grants.GrantRefused as refused:
        return _trouble(request, refused)
    if grant.app == READER:
        tasks.ring(tasks.sync_shard, SyncShard.objects.get(grant=grant).pk)
    return redirect("account:home")


@require_http_methods(["GET", "HEAD", "POST"])
def disconnect(request: Asked, public_id: str) -> HttpResponse:
    """What stays and what goes; then the token is deleted at once, and what was read where its person says so.

    Erasing is for mailboxes of organizations that nobody listed here: what others read is not this person's to erase.
    """
    grant = access.grant_of(request.user, public_id)
    is_private, how = grant.tenant.state == Tenant.PRIVATE, request.POST.get("how", "")
    is_wrong = request.method == "POST" and is_private and how not in ("keep", "erase")
    if request.method == "POST" and not is_wrong:
        now = timezone.now()
        with transaction.atomic():
            grants.disconnect(grant=grant, now=now, actor=request.user)
            if is_private and how == "erase":
                erasing_own.ask(grant=grant, actor=request.user, now=now)
        if is_private and how == "erase":
            tasks.ring(tasks.erase_own, grant.pk)
        return redirect("account:home")
    is_over = grant.state == Grant.LOST
    return render(request, "account/disconnect.html", {
        "title": "Erase what was read?" if is_over and is_private else "Disconnect this mailbox?",
        "grant": grant,
        "is_private": is_private,
        "is_over": is_over,
        "is_wrong": is_wrong,
        "errors": [("Choose what becomes of what was read.", "#id_how")] if is_wrong else [],
        "is_read_by_app": grant.mailbox is not None and grant.mailbox.is_read and not grant.mailbox.is_lent,
    }, status=422 if is_wrong else 200)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Asked) -> HttpResponse:
    """The organization's connection reads this person's mailbox no more, where it lets its people decide that."""
    mailbox = access.own_mailbox(request.user)
    page = {"title": "Disconnect your mailbox?", "refusal": ""}
    if request.method == "POST":
        try:
            if mailbox is None:
                raise ends.NotThatWay
            ends.disconnect_mailbox(mailbox=mailbox, actor=request.user, now=timezone.now())
            return redirect("account:home")
        except ends.DisconnectLocked:
            page["refusal"] = "Your organization does not let people disconnect. Ask your IT."
        except ends.NotThatWay:
            page["refusal"] = "Your organization’s connection does not read a mailbox of yours."
    return render(request, "account/leave.html", page, status=403 if page["refusal"] else 200)


@require_POST
def come_back(request: Asked) -> HttpResponse:
    """The organization's connection may read it again."""
    mailbox = access.own_mailbox(request.user)
    if mailbox is not None and request.user.tenant.people_may_disconnect:
        try:
            ends.reconnect_mailbox(mailbox=mailbox, actor=request.user, now=timezone.now())
        except ends.NotThatWay:
            pass  # it is read already: the page says so
    return redirect("account:home")


@limited("saving")
@require_POST
def volunteer(request: Asked) -> HttpResponse:
    """The person lends their mailbox to tests with partners, or takes it back."""
    mailbox = access.own_mailbox(request.user)
    if mailbox is not None:
        verb = volunteers.lend if "lend" in request.POST else volunteers.take_back
        try:
            verb(mailbox=mailbox, actor=request.user, now=timezone.now())
        except volunteers.NotLendable:
            pass  # the page does not offer it
    return redirect("account:home")


def _back() -> str:
    """From PORTAL_URL, so that no Host header decides where Microsoft sends anybody."""
    return settings.PORTAL_URL + reverse("account:connected")


def _trouble(request: HttpRequest, why: grants.GrantRefused) -> HttpResponse:
    """Why nothing was connected; Microsoft's number small, for IT. No text from outside is shown."""
    words = said.lending_trouble(why.cause)
    page = {"title": words.title, "text": words.text, "code": why.code}
    return render(request, "account/trouble.html", page, status=403)
