"""What is asked of Entra when somebody signs in."""

import secrets

from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.microsoft.provider import MicrosoftGraphProvider
from django.core.exceptions import PermissionDenied

from . import people
from .entra import EntraAdapter
from .sessions import RECENT_SECONDS

FRESH = "login"  # the prompt with which Microsoft asks again for password or key


class EntraProvider(MicrosoftGraphProvider):
    """Asks for `openid profile` only: signing in needs no permission on Graph, and no address."""

    package = __name__.rpartition(".")[0]
    oauth2_adapter_class = EntraAdapter
    pkce_enabled_default = True

    def get_scope(self):
        return ["openid", "profile"]

    def get_scope_from_request(self, request):
        """Nothing from the query string: a link must not widen what people consent to."""
        return self.get_scope()

    def get_auth_params_from_request(self, request, action):
        """Which account to offer first; nothing else from the request."""
        prompt = request.POST.get("prompt")
        if prompt == FRESH:
            # `prompt` alone may be cut out of the address by whoever sits there. With `max_age` the ID token must say
            # when they signed in: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
            return {"prompt": prompt, "max_age": str(RECENT_SECONDS)}
        if prompt == "select_account":
            return {"prompt": prompt}
        address = request.POST.get("login_hint", "")
        return {"login_hint": address} if address in people.addresses() else {}

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        if process != AuthProcess.LOGIN:
            raise PermissionDenied("nobody connects a second account")
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**kwargs.get("auth_params", {}), "nonce": nonce}
        is_fresh = kwargs["auth_params"].get("prompt") == FRESH
        return super().redirect(request, process, next_url, data, nonce=nonce, asked_fresh=is_fresh, **kwargs)
