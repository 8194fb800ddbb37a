"""App-only tokens from Entra ID, by unmodified MSAL."""

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import jwt
import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .clouds import Endpoints
from .errors import (
    ConsentMissing,
    CredentialRefused,
    GrantEnded,
    GraphError,
    Malformed,
    SignInError,
    TenantNotFound,
    Throttled,
    Unreachable,
)

RENEW_EARLY_SECONDS = 300.0
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_TENANT_UNKNOWN = {90002, 900023}
_APP_UNKNOWN = {700016}
# Said of the tenant or of the registration, under the word that else says that our credential is wrong.
_NOT_THE_CREDENTIAL = {7000112, 650052, 650056, 650057, 500011}


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; its repr does not show it."""

    value: str = field(repr=False)

    @property
    def roles(self) -> frozenset[str] | None:
        """The app roles that the token says it holds, for reports only; None where it cannot be looked into."""
        try:
            claims = json.loads(_unpad(self.value.split(".")[1]))
            return frozenset(role for role in claims.get("roles", []) if isinstance(role, str))
        except (ValueError, IndexError, AttributeError, TypeError):
            return None


class Tokens(Protocol):
    """Where a client gets its token."""

    def token(self, *, fresh: bool = False) -> Token:
        """A token that still lives; `fresh` throws away what was kept."""
        ...


@dataclass(frozen=True)
class Credential:
    """What proves that we are the app: a certificate with its key in one PEM text, or, less safe, a secret."""

    client_id: str
    certificate_pem: bytes | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)

    def for_msal(self) -> str | dict[str, str]:
        """The shape MSAL takes. Raises CredentialRefused."""
        if self.certificate_pem is None:
            if not self.secret:
                raise CredentialRefused("neither certificate nor secret", cause="no_credential")
            return self.secret
        self.certificate()
        pem = self.certificate_pem.decode("ascii")
        # No thumbprint: MSAL then signs with PS256 and names the certificate by SHA-256.
        return {"private_key": pem, "public_certificate": pem}

    def certificate(self) -> x509.Certificate:
        """The certificate. Raises CredentialRefused where the PEM text does not hold it and its own key."""
        pem = self.certificate_pem or b""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = serialization.load_pem_private_key(pem, password=None)
            pem.decode("ascii")
        except (ValueError, TypeError):
            raise CredentialRefused(
                "not a PEM text with a certificate and its key", cause="certificate_unreadable"
            ) from None
        if _public_bytes(key.public_key()) != _public_bytes(certificate.public_key()):
            raise CredentialRefused("the key is not the certificate's", cause="certificate_key_mismatch")
        return certificate

    def certificate_expires_at(self) -> datetime | None:
        """When the certificate ends; None for a secret, whose end only Entra knows. Raises CredentialRefused."""
        return self.certificate().not_valid_after_utc if self.certificate_pem is not None else None


def client_assertion(credential: Credential, token_url: str) -> str:
    """A signed statement that we are the app, good for five minutes at `token_url`. Raises CredentialRefused.

    https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """
    thumbprint = base64.urlsafe_b64encode(credential.certificate().fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    now = int(time.time())
    app = credential.client_id
    claims = {
        "aud": token_url,
        "iss": app,
        "sub": app,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + 300,
    }
    return jwt.encode(claims, credential.certificate_pem or b"", algorithm="PS256", headers={"x5t#S256": thumbprint})


class TokenSource:
    """Tokens for the app itself in one tenant, kept until five minutes before they end. Safe in threads."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        tenant_id: str,
        credential: Credential,
        session: requests.Session,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoints = endpoints
        self._tenant_id = tenant_id
        self._credential = credential
        self._session = session
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._app: msal.ConfidentialClientApplication | None = None
        self._kept: tuple[Token, float] | None = None

    def token(self, *, fresh: bool = False) -> Token:
        """A token for Graph with everything the app was granted (`.default`). `fresh` throws every cache away.

        Raises CredentialRefused, TenantNotFound, ConsentMissing, SignInError, Throttled, Unreachable, Malformed.
        https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
        """
        kept = self._kept
        if kept and not fresh and self._monotonic() < kept[1]:
            return kept[0]
        with self._lock:
            if fresh:
                # MSAL keeps answers as well as tokens: a refusal would be repeated from memory for a minute.
                self._app = self._kept = None
            elif self._kept and self._monotonic() < self._kept[1]:
                return self._kept[0]
            return self._ask()

    def _ask(self) -> Token:
        if not _GUID.fullmatch(self._tenant_id):
            raise TenantNotFound("a tenant id looks like 00000000-0000-0000-0000-000000000000")
        try:
            app = self._app or self._build()
            answer = app.acquire_token_for_client([self._endpoints.graph_scope])
        except requests.exceptions.InvalidSchema:
            # Our session reaches one login address; the discovery document named another.
            raise TenantNotFound("this tenant lives in another Microsoft cloud", cause="other_cloud") from None
        except requests.RequestException as error:
            cause = "timeout" if isinstance(error, requests.Timeout) else ""
            raise Unreachable(type(error).__name__, cause=cause) from None
        except msal.exceptions.MsalServiceError:  # a 5xx
            raise Unreachable("Entra is in trouble") from None
        except (ValueError, KeyError, RuntimeError, AttributeError, TypeError):
            raise Malformed("Entra's answer is not what it should be") from None
        value = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(value, str):
            raise refusal(answer if isinstance(answer, dict) else {})
        self._app = app
        lives = answer.get("expires_in")
        seconds = float(lives) if isinstance(lives, (int, float)) else 0.0
        token = Token(value)
        self._kept = (token, self._monotonic() + seconds - min(RENEW_EARLY_SECONDS, seconds / 2))
        return token

    def _build(self) -> msal.ConfidentialClientApplication:
        # MSAL insists on https; on loopback our session sends that one origin as plain http (see transport).
        authority = self._endpoints.login_url.replace("http://", "https://", 1) + f"/{self._tenant_id}"
        credential = self._credential.for_msal()
        try:
            return msal.ConfidentialClientApplication(
                self._credential.client_id,
                client_credential=credential,
                authority=authority,
                # Our addresses are an enum, or loopback: there is nothing to discover about the host.
                instance_discovery=False,
                http_client=self._session,
            )
        except requests.RequestException:
            raise
        except ValueError as error:
            # MSAL says ValueError for every 4xx of the discovery document, with its own ValueError as the context;
            # and for one that is not JSON, or whose addresses are no good, with another context or none.
            inner = error.__context__
            if type(inner) is not ValueError:
                raise Malformed("the login address answers, but not like Entra") from None
            if "HTTP status: 429" in str(inner):
                raise Throttled(status=429) from None
            raise TenantNotFound("no such tenant in this cloud") from None


def refusal(answer: Mapping[str, Any]) -> GraphError:
    """The error that Entra's answer without a token stands for.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response
    """
    word = answer.get("error")
    code = word if isinstance(word, str) and re.fullmatch(r"[a-z_]{1,64}", word) else "no_token"
    listed = answer.get("error_codes")
    numbers = {n for n in listed if isinstance(n, int)} if isinstance(listed, list) else set()
    text = answer.get("error_description")
    message = " ".join(text.split())[:300] if isinstance(text, str) else ""
    if code == "invalid_grant":
        return GrantEnded(message, code=f"AADSTS{min(numbers)}" if numbers else code, cause=GrantEnded.word)
    if numbers & _TENANT_UNKNOWN:
        return TenantNotFound(message, code=code)
    if numbers & _APP_UNKNOWN or code in ("unauthorized_client", "consent_required", "interaction_required"):
        return ConsentMissing(message, code=code)
    if code == "invalid_client" and not numbers & _NOT_THE_CREDENTIAL:
        return CredentialRefused(message, code=code, cause=CredentialRefused.word)
    if code in ("temporarily_unavailable", "server_error"):
        return Unreachable(message, code=code)
    if code in ("too_many_requests", "throttled"):
        return Throttled(message, code=code)
    return SignInError(message, code=code)


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _unpad(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
