"""An activation link: what is asked for and why, the way to Microsoft, and the way back."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from sharing import tasks, words
from sharing.connect import consent, identity, links
from sharing.connect.publisher import publisher
from sharing.models import BOOKER, WRITER, ActivationLink
from sharing.web import kept_links
from sharing.web.limits import limited
from sharing.words import connecting as said

BROWSER, APPROVED = "activation_browser", "activation_approved"
GONE = {"unknown": 404}  # all others: 410
NOT_GONE = 403


def _tell_why(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A link that is gone and an answer that is refused get a page that says so."""

    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, **kwargs)
        except consent.ConsentRefused as refused:
            return _refused(request, refused)
        except links.LinkGone as gone:
            return _trouble(request, gone.cause, gone.link, status=GONE.get(gone.cause, 410))

    return page


def _answer(request: HttpRequest) -> dict[str, Any]:
    """What Microsoft sent this browser back with, and when."""
    browser = request.session.get(BROWSER, "")
    return {"answer": dict(request.GET.lists()), "browser": browser, "now": timezone.now()}


@login_not_required
@limited("signin", methods=("GET", "HEAD", "POST"))
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_tell_why
def link_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Looking uses nothing up, for mail scanners look too; the button leads to Microsoft."""
    now = timezone.now()
    link = links.find_link(token)
    links.check_usable(link, now=now)
    if request.method == "POST":
        browser = request.session.setdefault(BROWSER, secrets.token_urlsafe(32))
        kept_links.keep(request.session, link, token)
        return HttpResponseRedirect(
            consent.begin(link=link, browser=browser, redirect_uri=_back_to("consented"), now=now)
        )
    links.note_opened(link=link, now=now)
    response = render(request, "activate/link.html", {
        "title": f"Approve Calwarden for {link.tenant}?",
        "link": link,
        "permissions": [said.permission_words(role, link.app) for role in link.permissions],
        "never_read": said.never_read(link.app),
        "reach": next(choice for choice in said.SCOPES if choice.value == link.tenant.scope),
        "publisher": publisher(link.app),
        "is_writer": link.app == WRITER,
        "is_booker": link.app == BOOKER,
        "changes": link.app == WRITER or "Calendars.ReadWrite" in link.permissions,
    })  # fmt: skip
    # The form posts to us and is redirected to Microsoft: Chromium asks form-action about both.
    return csp_update({"form-action": [identity.login_origin()]})(lambda _: response)(request)


@login_not_required
@limited("signin", methods=("GET",))
@never_cache
@require_GET
@_tell_why
def consented(request: HttpRequest) -> HttpResponseBase:
    """Back from the approval; nothing is believed before the sign-in that follows."""
    where = consent.take_back(**_answer(request), redirect_uri=_back_to("signed_in"))
    return HttpResponseRedirect(where)


@login_not_required
@limited("signin", methods=("GET",))
@never_cache
@require_GET
@_tell_why
def signed_in(request: HttpRequest) -> HttpResponseBase:
    """Back from the sign-in: the link is approved if its tenant is the one that was signed in to."""
    link = consent.end(**_answer(request), redirect_uri=_back_to("signed_in"))
    tasks.ring(tasks.prove_link, link.pk)
    request.session[APPROVED] = link.public_id
    return redirect("activate:approved")


@login_not_required
@never_cache
@require_safe
def approved(request: HttpRequest) -> HttpResponse:
    """What happens next, for the administrator who just approved in this browser."""
    links_of_mine = ActivationLink.objects.select_related("tenant", "made_by").exclude(approved_by_oid=None)
    link = links_of_mine.filter(public_id=request.session.get(APPROVED, "")).first()
    if link is None:
        return _trouble(request, "unknown", None, status=404)
    title = f"You approved Calwarden for {link.tenant}"
    meanwhile = said.APPROVALS[link.state]
    text = meanwhile.text.format(admin=link.made_by, tenant=link.tenant)
    return render(request, "activate/approved.html", {"title": title, "meanwhile": meanwhile, "text": text})


def _back_to(name: str) -> str:
    """From PORTAL_URL, so that no Host header decides where Microsoft sends anybody."""
    return settings.PORTAL_URL + reverse(f"activate:{name}")


def _refused(request: HttpRequest, why: consent.ConsentRefused) -> HttpResponse:
    return _trouble(request, why.cause, why.link, code=why.code, account=why.account)


def _trouble(
    request: HttpRequest, cause: str, link: ActivationLink | None, *, status: int = NOT_GONE, code: str = "",
    account: str = "",
) -> HttpResponse:  # fmt: skip
    """Why it went no further and what to do; Microsoft's number small, for IT. No text from outside is shown."""
    trouble = said.trouble_words(cause)
    filled = {
        "tenant": link.tenant if link else "the organization",
        "admin": link.made_by if link else "whoever sent it",
        "day": words.day(timezone.localtime(link.expires_at)) if link else "",
        "account": account or "another organization",
    }
    token = kept_links.kept(request.session, link) if link and trouble.again else ""
    return render(request, "activate/trouble.html", {
        "title": trouble.title.format(**filled),
        "text": trouble.text.format(**filled),
        "code": code,
        "again": reverse("activate:link", args=[token]) if token else "",
    }, status=status)  # fmt: skip
