"""What a browser is sent to Entra with, and the exchange of the code it brings back."""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import requests

from .answers import parse_object
from .clouds import Endpoints
from .errors import Unreachable
from .tokens import Credential, client_assertion, refusal
from .transport import READ_SECONDS, read_body

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def consent_url(*, endpoints: Endpoints, tenant_id: str, client_id: str, redirect_uri: str, state: str) -> str:
    """Where an administrator of the tenant approves everything that the app's registration lists.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
    """
    asked = {"client_id": client_id, "scope": endpoints.graph_scope, "redirect_uri": redirect_uri, "state": state}
    return f"{endpoints.login_url}/{tenant_id}/v2.0/adminconsent?{urlencode(asked)}"


def authorize_url(
    *,
    endpoints: Endpoints,
    tenant_id: str,
    client_id: str,
    redirect_uri: str,
    scopes: Sequence[str],
    state: str,
    nonce: str,
    verifier: str,
    prompt: str = "",
) -> str:
    """Where a person of the tenant signs in; `verifier` stays with us until `redeem_code`.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
    """
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if prompt:
        asked["prompt"] = prompt
    return f"{endpoints.login_url}/{tenant_id}/oauth2/v2.0/authorize?{urlencode(asked)}"


def redeem_code(
    *, endpoints: Endpoints, session: requests.Session, credential: Credential, tenant_id: str, code: str,
    redirect_uri: str, verifier: str,
) -> Mapping[str, Any]:  # fmt: skip
    """The tokens a code stands for, as Entra answers; sent once, for a code works once.

    Raises SignInError and its kin where Entra refuses, Unreachable, Malformed, CredentialRefused.
    """
    return ask_for_tokens(
        endpoints=endpoints, session=session, credential=credential, tenant_id=tenant_id,
        grant={
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier,
        },
    )  # fmt: skip


def ask_for_tokens(
    *,
    endpoints: Endpoints,
    session: requests.Session,
    credential: Credential,
    tenant_id: str,
    grant: Mapping[str, str],
    monotonic: Callable[[], float] = time.monotonic,
) -> Mapping[str, Any]:
    """One request to the token endpoint of the tenant, with the proof that we are the app. Raises as `redeem_code`."""
    url = f"{endpoints.login_url}/{tenant_id}/oauth2/v2.0/token"
    form = {"client_id": credential.client_id, **grant}
    if credential.certificate_pem:
        form |= {"client_assertion_type": ASSERTION, "client_assertion": client_assertion(credential, url)}
    else:
        form["client_secret"] = credential.secret or ""
    deadline = monotonic() + READ_SECONDS
    try:
        with session.post(url, data=form, stream=True, headers={"Accept-Encoding": "gzip"}) as response:
            body = read_body(response, deadline=deadline, monotonic=monotonic, max_bytes=1_000_000)
            status = response.status_code
    except requests.Timeout:
        raise Unreachable("Entra", cause="timeout") from None
    except (requests.RequestException, OSError) as error:
        raise Unreachable(type(error).__name__) from None
    if status >= 500:
        raise Unreachable("Entra is in trouble", status=status)
    answer = parse_object(body)
    if status != 200:
        raise refusal(answer)
    return answer
