"""Signing in and out."""

from urllib.parse import urlsplit

from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from sharing.connect import identity
from sharing.web.limits import limited

from . import people
from .adapter import is_page_of_ours
from .entra import EntraAdapter

begin = limited("signin")(require_POST(OAuth2LoginView.adapter_view(EntraAdapter)))
callback = OAuth2CallbackView.adapter_view(EntraAdapter)
callback = never_cache(limited("signin", methods=("GET",))(require_GET(callback)))


@login_not_required
@never_cache
@require_safe
def signin(request: HttpRequest) -> HttpResponseBase:
    """The one way in; in the sandbox also a list of who to try."""
    target = request.GET.get("next", "")
    target = target if is_page_of_ours(target) else ""
    if request.user.is_authenticated:
        return HttpResponseRedirect(target or "/")
    if request.get_host() != urlsplit(settings.PORTAL_URL).netloc:
        # Microsoft sends people back to PORTAL_URL, where a cookie of another name for this machine is not seen.
        return HttpResponseRedirect(settings.PORTAL_URL + request.get_full_path())
    context = {
        "title": "Sign in",
        "next": target,
        "people": people.to_try(),
        "is_configured": bool(settings.MICROSOFT_CLIENT_ID),
        "is_signed_out": "out" in request.GET,
    }
    response = render(request, "signin/signin.html", context)
    # The form posts to us and is redirected to Microsoft: Chromium asks form-action about both.
    return csp_update({"form-action": [identity.login_origin()]})(lambda _: response)(request)


@login_not_required
@require_POST
def signout(request: HttpRequest) -> HttpResponse:
    """Ends the session here; the one at Microsoft goes on, and the page says so."""
    logout(request)
    return HttpResponseRedirect(f"{reverse('signin')}?out")


@login_not_required
@require_safe
def admin_signin(request: HttpRequest) -> HttpResponse:
    """Stands where Django's admin would ask for a password; nobody has one."""
    if request.user.is_authenticated:
        raise Http404  # signed in, and not for them
    return HttpResponseRedirect(f"{reverse('signin')}?{urlencode({'next': '/admin/'})}")
