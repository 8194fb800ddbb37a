"""Where allauth's protocol ends and our people begin."""

import re
from contextlib import nullcontext
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from sharing.connect import identity

from . import pages, sessions


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        """No local accounts."""
        return False

    def is_safe_url(self, url):
        return is_page_of_ours(url)


def is_page_of_ours(url: str | None) -> bool:
    """Whether `url` is a path of this portal, without a host."""
    if not url or not url.startswith("/") or not url_has_allowed_host_and_scheme(url, allowed_hosts=None):
        return False
    try:
        resolve(urlsplit(url).path)
    except (Resolver404, ValueError):
        return False
    return True


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """allauth never finds, makes or matches a user: every sign-in ends in `pre_social_login`, one way or the other."""

    def list_apps(self, request, provider=None, client_id=None):
        """The one registration of the environment; none from the database."""
        return [
            SocialApp(
                provider="microsoft",
                client_id=settings.MICROSOFT_CLIENT_ID,
                secret="",  # EntraClient proves who we are
            )
        ]

    def get_requests_session(self):
        """Reaches Microsoft's sign-in origin and nothing else; follows no redirect."""
        return nullcontext(identity.session())  # shared, so allauth must not close it

    def pre_social_login(self, request, sociallogin):
        try:
            signed_in = identity.sign_in(
                id_token=sociallogin.id_token, nonce=sociallogin.state.get("nonce", ""), now=timezone.now()
            )
        except identity.SignInRefused as refused:
            raise ImmediateHttpResponse(pages.refused(request, refused)) from None
        target = sociallogin.get_redirect_url(request)
        request.session.flush()  # whatever was in the session before belongs to nobody now
        login(request, signed_in.user)
        is_fresh = sociallogin.state.get("asked_fresh", False)
        sessions.begin(request.session, signed_in.authenticated_at, asked_fresh=is_fresh)
        raise ImmediateHttpResponse(HttpResponseRedirect(target if is_page_of_ours(target) else "/"))

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None):
        """The flow broke before there was an ID token. Texts from outside are neither shown nor kept."""
        if error == AuthError.CANCELLED:
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("signin")))
        said = request.GET.get("error", "")
        if exception is not None:
            cause = "code_refused" if isinstance(exception, OAuth2Error) else "unreachable"
        elif "state" in (extra_context or {}):
            cause = f"entra:{said}" if re.fullmatch(r"[a-z_]{1,40}", said) else "entra"
        else:
            cause = "stale"  # no sign-in of this browser is open: too old, used already, or somebody else's
        if cause != "stale":  # anybody may send those; the log is for sign-ins that were begun
            identity.note_refusal(cause=cause, now=timezone.now())
        raise ImmediateHttpResponse(pages.broken(request, cause))
