"""What is asked of Entra when somebody signs in."""

import secrets

from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.microsoft.provider import MicrosoftGraphProvider
from django.core.exceptions import PermissionDenied

from . import people
from .entra import EntraAdapter


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
        if (prompt := request.POST.get("prompt")) in ("select_account", "login"):
            return {"prompt": prompt}
        address = request.POST.get("login_hint", "")
        return {"login_hint": address} if address in people.addresses() else {}

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        if process != AuthProcess.LOGIN:
            raise PermissionDenied("nobody connects a second account")
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"] = {**kwargs.get("auth_params", {}), "nonce": nonce}
        return super().redirect(request, process, next_url, data, nonce=nonce, **kwargs)
