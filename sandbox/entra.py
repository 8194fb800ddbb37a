"""The pretend Entra ID: discovery, keys, sign-in, consent and tokens."""

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox import entra_pages
from sandbox.admin_consent import AdminConsent
from sandbox.credentials import Credentials
from sandbox.directory import ANY_TENANT, Directory
from sandbox.http import Request, Response
from sandbox.oauth import OPENID, Refused
from sandbox.signin import SignIns
from sandbox.token_endpoint import TokenEndpoint


class Entra:
    """`cloud` gives `state`, `keys`, `faults` and `now()`; `certificates` are PEM files the portal may sign with.

    Assertions and ID tokens live by the clock of this machine, not by `cloud.now()`: the portal checks against its own,
    and a test that moves the cloud's clock to age an access token wants to sign in again afterwards.
    """

    def __init__(self, cloud: Any, certificates: Sequence[bytes]) -> None:
        self.cloud = cloud
        self.directory = Directory(cloud)
        self.sign_ins = SignIns(cloud, self.directory)
        self.admin_consent = AdminConsent(cloud, self.directory)
        self.tokens = TokenEndpoint(cloud, self.directory, self.sign_ins, Credentials(self.directory, certificates))

    def answer(self, request: Request) -> Response:
        match request.method, request.segments:
            case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"]:
                return as_json(lambda: self._discovery(request, tenant))
            case "GET", [tenant, "discovery", "v2.0", "keys"]:
                return as_json(lambda: self.directory.named(tenant) and self.cloud.keys.published())
            case "GET" | "POST", [tenant, "oauth2", "v2.0", "authorize"]:
                return self.sign_ins.answer(request, tenant)
            case "GET" | "POST", [tenant, "v2.0", "adminconsent"]:
                return self.admin_consent.answer(request, tenant, v2=True)
            case "GET" | "POST", [tenant, "adminconsent"]:
                return self.admin_consent.answer(request, tenant, v2=False)
            case "POST", [tenant, "oauth2", "v2.0", "token"]:
                return as_json(lambda: self.tokens.answer(request, tenant))
            case "GET", []:
                return entra_pages.welcome(self.directory.people(ANY_TENANT[0]), self.cloud.state.apps.values())
            case "GET", ["sandbox.css"]:
                return entra_pages.style()
        return entra_pages.refusal("There is nothing at this address.", status=404)

    def _discovery(self, request: Request, name: str) -> dict[str, Any]:
        """Its issuer and its sign-in page stay on http; MSAL wants the others on https, and asks through an adapter
        that says so in X-Forwarded-Proto.
        """
        tenant = self.directory.named(name)
        scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else "http"
        issuer = "{tenantid}" if isinstance(tenant, str) else tenant.tid
        back, front = f"{scheme}://{request.host}/{name}", f"{request.origin}/{name}"
        return {
            "token_endpoint": f"{back}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{back}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": list(OPENID),
            "issuer": f"{request.origin}/{issuer}/v2.0",
            "authorization_endpoint": f"{front}/oauth2/v2.0/authorize",
            "code_challenge_methods_supported": ["S256"],
            "tenant_region_scope": None,
            "cloud_instance_name": "sandbox",
        }


def as_json(make: Callable[[], Any]) -> Response:
    """What `make` gives, or its refusal, as Entra sends JSON."""
    status = 200
    try:
        body = make()
    except Refused as no:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        status, trace = no.status, str(uuid.uuid4())
        body = {"error": no.error, "error_description": f"{no.text} Trace ID: {trace} Timestamp: {now}"}
        body |= {"error_codes": [no.number], "timestamp": now, "trace_id": trace, "correlation_id": trace}
        body |= {"suberror": no.suberror} if no.suberror else {}
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Response(status, headers, json.dumps(body).encode())
