"""The pages that say why nobody was signed in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sharing.connect import identity


def refused(request: HttpRequest, why: identity.SignInRefused) -> HttpResponse:
    """What a refusal means for the person, and what their IT can do; 403, or 401 where the token is not valid."""
    if isinstance(why, identity.TenantNotListed):
        return _page(request, "signin/not_listed.html", "Your organization is not listed here", 403, why=why)
    if isinstance(why, identity.GuestRefused):
        return _page(request, "signin/guest.html", "Guests can't sign in here", 403, why=why)
    if isinstance(why, identity.AccountInactive):
        return _page(request, "signin/inactive.html", "Your account is switched off here", 403)
    return broken(request, why.cause)


def broken(request: HttpRequest, cause: str) -> HttpResponse:
    """The sign-in did not come to an end; 401, or 503 where Microsoft did not answer."""
    status = 503 if cause == "unreachable" else 401
    return _page(request, "signin/broken.html", "You are not signed in", status, cause=cause)


def _page(request: HttpRequest, template: str, title: str, status: int, **context) -> HttpResponse:
    context |= {"title": title, "portal_url": settings.PORTAL_URL}
    return render(request, template, context, status=status)
