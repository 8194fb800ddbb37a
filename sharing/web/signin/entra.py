"""The code flow with Entra: allauth carries state, PKCE and the exchange of the code."""

from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.conf import settings
from django.urls import reverse

from sharing.connect import identity


class EntraClient(OAuth2Client):
    """Proves who we are by certificate where there is one, else by the secret.

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """

    def get_access_token(self, code, pkce_code_verifier=None, extra_data=None):
        try:
            assertion, self.consumer_secret = identity.proof_for(self.access_token_url)  # allauth sends no empty field
        except identity.NoProof as error:
            raise OAuth2Error(error.cause) from None
        if assertion:
            extra_data = {
                **(extra_data or {}),
                "client_assertion": assertion,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            }
        return super().get_access_token(code, pkce_code_verifier, extra_data)


class EntraAdapter(OAuth2Adapter):
    """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow

    Asks any work or school account in, unless the registration is of one tenant only (Entra refuses "organizations"
    for those). Which tenants may come in is decided after the ID token was validated.
    """

    provider_id = "microsoft"
    client_class = EntraClient

    @property
    def _authority(self):
        return f"{identity.login_origin()}/{settings.MICROSOFT_TENANT_ID or 'organizations'}"

    @property
    def authorize_url(self):
        return f"{self._authority}/oauth2/v2.0/authorize"

    @property
    def access_token_url(self):
        return f"{self._authority}/oauth2/v2.0/token"

    def get_callback_url(self, request, app):
        """From PORTAL_URL, so that no Host header decides where a code is sent."""
        return settings.PORTAL_URL + reverse("microsoft_callback")

    def complete_login(self, request, app, token, **kwargs):
        """Carries the ID token on to `SocialAccountAdapter.pre_social_login`, which knows the nonce."""
        login = SocialLogin(account=SocialAccount(provider=self.provider_id), provider=self.get_provider())
        login.id_token = (kwargs.get("response") or {}).get("id_token") or ""
        return login
