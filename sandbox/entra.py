"""The pretend Entra ID: discovery, keys, sign-in and tokens."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt

from sandbox import entra_pages
from sandbox.cast import PORTAL_APP
from sandbox.credentials import Credentials
from sandbox.http import Request, Response
from sandbox.keys import base64url
from sandbox.oauth import OPENID, Refused, check_redirect, narrowed, short, wrong_with
from sandbox.rows import Tenant, User
from sandbox.tokens import LIFETIME, access_token_claims, id_token_claims, sign

ANY_TENANT = ("organizations", "common")
# What ".default" asks for on behalf of a person.
DELEGATED = ["User.Read", "Calendars.ReadWrite", "MailboxSettings.ReadWrite"]
CODE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a code stands for until it is redeemed."""

    asked: dict[str, str]
    tid: str
    oid: str
    until: datetime


class Entra:
    """`cloud` gives `state`, `keys`, `faults` and `now()`; `certificates` are PEM files the portal may sign with.

    Assertions and ID tokens live by the clock of this machine, not by `cloud.now()`: the portal checks against its own,
    and a test that moves the cloud's clock to age an access token wants to sign in again afterwards.
    """

    def __init__(self, cloud: Any, certificates: Sequence[bytes]) -> None:
        self.cloud = cloud
        self._codes: dict[str, SignIn] = {}
        self._lock = threading.Lock()
        self._credentials = Credentials(certificates)

    def answer(self, request: Request) -> Response:
        match request.method, request.segments:
            case "GET", [tenant, "v2.0", ".well-known", "openid-configuration"]:
                return as_json(lambda: self._discovery(request, tenant))
            case "GET", [tenant, "discovery", "v2.0", "keys"]:
                return as_json(lambda: self._named(tenant) and self.cloud.keys.published())
            case "GET" | "POST", [tenant, "oauth2", "v2.0", "authorize"]:
                return self._authorize(request, tenant)
            case "POST", [tenant, "oauth2", "v2.0", "token"]:
                return as_json(lambda: self._token(request, tenant))
            case "GET", []:
                return entra_pages.welcome(self._people(ANY_TENANT[0]))
            case "GET", ["sandbox.css"]:
                return entra_pages.style()
        return entra_pages.refusal("There is nothing at this address.", status=404)

    # Tenants and people

    def _named(self, name: str) -> Tenant | str:
        """The tenant a path names, or "organizations" or "common". Raises Refused."""
        if name in ANY_TENANT:
            return name
        tenants: list[Tenant] = list(self.cloud.state.tenants.values())
        for tenant in tenants:
            if name.lower() in (tenant.tid, *tenant.domains):
                return tenant
        text = f"Tenant '{name}' not found. Check that you have the correct tenant ID and the correct cloud."
        raise Refused("invalid_tenant", 90002, text)

    def _user(self, tid: str, oid: str) -> User:
        """Somebody who may sign in. Raises Refused."""
        tenant = self.cloud.state.tenants.get(tid)
        user = tenant.user(oid) if tenant else None
        if user is None:
            raise Refused("invalid_grant", 50034, "The user account does not exist in this directory.")
        if not user.account_enabled:
            raise Refused("invalid_grant", 50057, "The user account is disabled.")
        return user

    def _people(self, name: str) -> list[tuple[Tenant, list[User]]]:
        """The cast, by the tenants a path names."""
        wanted = self._named(name)
        tenants = self.cloud.state.tenants.values() if isinstance(wanted, str) else [wanted]
        named = entra_pages.SENTENCES
        return [(each, [each.users[oid] for oid in named if oid in each.users]) for each in tenants]

    def _discovery(self, request: Request, name: str) -> dict[str, Any]:
        """Its issuer and its sign-in page stay on http; MSAL wants the others on https, and asks through an adapter
        that says so in X-Forwarded-Proto.
        """
        tenant = self._named(name)
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

    # Signing in

    def _authorize(self, request: Request, tenant: str) -> Response:
        """The account picker, and what its own form posts: `ticket` (the sealed request), `tid` and `oid`."""
        form = request.form if request.method == "POST" else {}
        try:
            if "ticket" not in form:
                return self._choose(form or request.params, tenant)
            asked = self._open(form["ticket"], "sign-in")["asked"]
            try:
                user = self._chosen(form, tenant)
            except Refused as no:
                return self._picker(asked, tenant, problem=no.text)
            return self._send_back(asked, form["tid"], user)
        except Refused as no:
            return entra_pages.refusal(no.text)

    def _choose(self, asked: dict[str, str], tenant: str) -> Response:
        check_redirect(asked.get("redirect_uri", ""))
        if asked.get("client_id") != PORTAL_APP:
            raise Refused(
                "unauthorized_client", 700016, f"Application with identifier '{asked.get('client_id')}' was not found."
            )
        self._named(tenant)
        if wrong := wrong_with(asked):
            return back_to(asked, {"error": wrong[0], "error_description": wrong[1]})
        return self._picker(asked, tenant)

    def _picker(self, asked: dict[str, str], tenant: str, problem: str = "") -> Response:
        ticket = self._seal("sign-in", timedelta(hours=1), asked=asked)
        hint = asked.get("login_hint", "")
        return entra_pages.picker(self._people(tenant), ticket=ticket, hint=hint, problem=problem)

    def _chosen(self, form: dict[str, str], tenant: str) -> User:
        wanted = self._named(tenant)
        if not isinstance(wanted, str) and wanted.tid != form.get("tid"):
            raise Refused("invalid_grant", 50020, f"The account is not in {wanted.name}.")
        return self._user(form.get("tid", ""), form.get("oid", "").strip())

    def _send_back(self, asked: dict[str, str], tid: str, user: User) -> Response:
        code, now = secrets.token_urlsafe(48), self.cloud.now()
        with self._lock:
            self._codes = {each: kept for each, kept in self._codes.items() if kept.until > now}
            self._codes[code] = SignIn(asked, tid, user.oid, now + CODE_LIFETIME)
        info = client_info(tid, user.oid)
        return back_to(asked, {"code": code, "client_info": info, "session_state": str(uuid.uuid4())})

    # Tokens

    def _token(self, request: Request, name: str) -> dict[str, Any]:
        form = request.form
        tenant = self._named(name)
        self._credentials.check(request)
        match form.get("grant_type"):
            case "client_credentials":
                return self._for_the_application(request, tenant, form)
            case "authorization_code":
                asked, tid, oid = self._redeem(form)
                scopes = asked["scope"].split()
                nonce = asked.get("nonce")
            case "refresh_token":
                kept = self._open(form.get("refresh_token", ""), "refresh")
                tid, oid, nonce, scopes = kept["tid"], kept["oid"], None, kept["scopes"]
                if wanted := form.get("scope", "").split():
                    scopes = narrowed(wanted, scopes)
            case other:
                raise Refused(
                    "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{other}'."
                )
        if not isinstance(tenant, str) and tenant.tid != tid:
            raise Refused("invalid_grant", 700005, "The grant was issued for another tenant.")
        return self._for_a_person(request, tid, self._user(tid, oid), scopes, nonce)

    def _for_the_application(self, request: Request, tenant: Tenant | str, form: dict[str, str]) -> dict[str, Any]:
        if isinstance(tenant, str):
            raise Refused("invalid_request", 53003, "An application signs in to one tenant; name it in the address.")
        if PORTAL_APP not in tenant.listed_apps:
            text = f"Application with identifier '{PORTAL_APP}' was not found in the directory '{tenant.name}'."
            raise Refused("unauthorized_client", 700016, text)
        if short(form.get("scope", "")) != ".default":
            text = f"The provided value for the input parameter 'scope' is not valid: '{form.get('scope', '')}'."
            raise Refused("invalid_scope", 70011, text)
        roles = set(tenant.granted_roles)
        claims = access_token_claims(
            tid=tenant.tid, app_id=PORTAL_APP, at=self.cloud.now(), user=None, roles=roles, scopes=[]
        )
        return self._handed_out(request, {"access_token": claims})

    def _for_a_person(
        self, request: Request, tid: str, user: User, scopes: list[str], nonce: str | None
    ) -> dict[str, Any]:
        asked = [each for scope in scopes for each in (DELEGATED if short(scope) == ".default" else [short(scope)])]
        granted = [each for each in asked if each != "offline_access"]
        claims = access_token_claims(
            tid=tid, app_id=PORTAL_APP, at=self.cloud.now(), user=user, roles=set(), scopes=granted
        )
        tokens = {"access_token": claims}
        if "openid" in granted:
            tokens["id_token"] = id_token_claims(
                origin=request.origin,
                tid=tid,
                app_id=PORTAL_APP,
                at=datetime.now(UTC),
                user=user,
                scopes=granted,
                nonce=nonce,
            )
        answer = self._handed_out(request, tokens)
        answer |= {"scope": " ".join(granted), "client_info": client_info(tid, user.oid)}
        if "offline_access" in asked:
            answer["refresh_token"] = self._seal("refresh", timedelta(days=90), tid=tid, oid=user.oid, scopes=scopes)
        return answer

    def _handed_out(self, request: Request, tokens: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """The token answer; a fault that is due spoils one of the tokens, the ID token unless it says “access”."""
        fault = self.cloud.faults.strike(request, tokens=True)
        line = fault.plain if fault else {}
        spoiled = f"{line.get('which', 'id')}_token" if fault else ""
        if spoiled not in tokens:
            spoiled = "access_token" if fault else ""
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME}
        for name, claims in tokens.items():
            wrong = {"how": line.get("how"), "change": line.get("claims")} if name == spoiled else {}
            if token := sign(self.cloud.keys, claims, **wrong):
                answer[name] = token
        return answer

    def _redeem(self, form: dict[str, str]) -> tuple[dict[str, str], str, str]:
        """What a code stands for; it is gone afterwards, whatever the outcome. Raises Refused."""
        with self._lock:
            found = self._codes.pop(form.get("code", ""), None)
        if found is None:
            raise Refused("invalid_grant", 54005, "The code is unknown or was already redeemed.")
        if found.until < self.cloud.now():
            raise Refused("invalid_grant", 70008, "The code has expired.")
        if found.asked["redirect_uri"] != form.get("redirect_uri"):
            raise Refused("invalid_grant", 50011, "The redirect URI is not the one the code was asked with.")
        if challenge := found.asked.get("code_challenge"):
            proof = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if not hmac.compare_digest(proof, challenge.rstrip("=")):
                raise Refused("invalid_grant", 50148, "The code_verifier does not match the code_challenge.")
        return found.asked, found.tid, found.oid

    # What only this cloud reads back

    def _seal(self, purpose: str, lifetime: timedelta, **content: Any) -> str:
        until = int((self.cloud.now() + lifetime).timestamp())
        return jwt.encode({"for": purpose, "until": until, **content}, self.cloud.keys.secret, "HS256")

    def _open(self, sealed: str, purpose: str) -> dict[str, Any]:
        try:
            content = jwt.decode(sealed, self.cloud.keys.secret, ["HS256"])
        except jwt.PyJWTError:
            content = {}
        if content.get("for") != purpose or content["until"] < self.cloud.now().timestamp():
            raise Refused("invalid_grant", 70000, "The provided grant is unknown or has expired.")
        return content


def as_json(make: Any) -> Response:
    """What `make` gives, or its refusal, as Entra sends JSON."""
    status = 200
    try:
        body = make()
    except Refused as no:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        status, trace = no.status, str(uuid.uuid4())
        body = {"error": no.error, "error_description": f"{no.text} Trace ID: {trace} Timestamp: {now}"}
        body |= {"error_codes": [no.number], "timestamp": now, "trace_id": trace, "correlation_id": trace}
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Response(status, headers, json.dumps(body).encode())


def back_to(asked: dict[str, str], answer: dict[str, str]) -> Response:
    answer = {**answer, **({"state": asked["state"]} if "state" in asked else {})}
    mark = "#" if asked.get("response_mode") == "fragment" else "&" if "?" in asked["redirect_uri"] else "?"
    return Response.redirect(f"{asked['redirect_uri']}{mark}{urlencode(answer)}")


def client_info(tid: str, oid: str) -> str:
    """How MSAL learns whose tokens these are."""
    return base64.urlsafe_b64encode(json.dumps({"uid": oid, "utid": tid}).encode()).rstrip(b"=").decode()
