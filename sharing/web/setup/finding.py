"""Finding a tenant by signing in to it: the way to Microsoft and back; the portal's own session goes on as it was."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from sharing import access
from sharing.connect import finding
from sharing.web.asked import Asked
from sharing.web.limits import limited
from sharing.web.signin.again import signed_in_lately
from sharing.words import connecting as said

FINDING, DRAFT = "finding", "tenant_draft"  # in the session: what the way back must match; what was filled in so far
DRAFTED = ("name", "mode", "scope", "asks")


@limited("saving")
@require_POST
def find_tenant(request: Asked) -> HttpResponseBase:
    """For admins of the whole installation."""
    if not access.may_list_tenants(request.user):
        raise Http404
    return _begin(request)


@signed_in_lately("setup:connect")
def _begin(request: Asked) -> HttpResponse:
    """To Microsoft; what was filled in so far waits in this browser's session."""
    where, kept = finding.begin(user=request.user, redirect_uri=_back(), now=timezone.now())
    request.session[FINDING] = kept
    request.session[DRAFT] = {name: request.POST.get(name, "")[:100] for name in DRAFTED}
    return HttpResponseRedirect(where)


@limited("signin", methods=("GET",))
@never_cache
@require_GET
def found_tenant(request: Asked) -> HttpResponse:
    """Back from Microsoft; the answer counts once, in the browser and for the person that began."""
    if not access.may_list_tenants(request.user):
        raise Http404
    answer, kept = dict(request.GET.lists()), request.session.get(FINDING, {})
    if finding.is_of(answer, kept):
        del request.session[FINDING]
    try:
        found = finding.end(
            user=request.user, answer=answer, kept=kept, redirect_uri=_back(), now=timezone.now()
        )  # fmt: skip
    except finding.NotFound as why:
        title, text = said.find_trouble(why.cause)
        page = {"title": title, "text": text, "code": why.code, "back": reverse("setup:connect")}
        return render(request, "setup/find_trouble.html", page, status=403)
    draft = request.session.get(DRAFT, {})
    request.session[DRAFT] = {**draft, "tenant": found.tid, "account": found.account}
    return redirect("setup:connect")


def draft_of(session: SessionBase) -> dict[str, Any]:
    """What was filled in before the sign-in, and what it found."""
    return {name: value for name, value in session.get(DRAFT, {}).items() if value}


def forget_draft(session: SessionBase) -> None:
    session.pop(DRAFT, None)


def _back() -> str:
    """From PORTAL_URL, so that no Host header decides where Microsoft sends anybody."""
    return settings.PORTAL_URL + reverse("setup:found_tenant")
