"""The token endpoint: an application as itself, a code redeemed, a refresh token used."""

import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import consent
from sandbox.apps import App, ServicePrincipal
from sandbox.credentials import Credentials
from sandbox.directory import Directory, unknown_here
from sandbox.http import Request
from sandbox.oauth import Refused, narrowed, short
from sandbox.permission_names import DIRECTORY_ROLES, SIGN_IN
from sandbox.rows import Tenant, User
from sandbox.signin import SignIns, client_info, scopes_of
from sandbox.tokens import LIFETIME, access_token_claims, id_token_claims, sign

REFRESH_LIFETIME = timedelta(days=90)


class TokenEndpoint:
    """`cloud` gives `state`, `keys`, `faults`, `switches`, `time()` and `now()`."""

    def __init__(self, cloud: Any, directory: Directory, sign_ins: SignIns, credentials: Credentials) -> None:
        self.cloud, self.directory, self.sign_ins, self.credentials = cloud, directory, sign_ins, credentials
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request, name: str) -> dict[str, Any]:
        """Raises Refused."""
        form = request.form
        tenant = self.directory.named(name)
        app, auth_time = self.credentials.check(request), None
        match form.get("grant_type"):
            case "client_credentials":
                return self._for_the_application(request, app, tenant, form)
            case "authorization_code":
                found = self.sign_ins.redeem(form)
                tid, oid, nonce = found.tid, found.oid, found.asked.get("nonce")
                scopes, auth_time = found.asked["scope"].split(), self._auth_time(found.asked)
            case "refresh_token":
                kept = self.directory.opened(form.get("refresh_token", ""), "refresh")
                tid, oid, nonce, scopes = kept["tid"], kept["oid"], None, kept["scopes"]
                self._mind_use(app, kept)
                if wanted := form.get("scope", "").split():
                    scopes = narrowed(wanted, scopes)
            case other:
                raise Refused(
                    "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{other}'."
                )
        if not isinstance(tenant, str) and tenant.tid != tid:
            raise Refused("invalid_grant", 700005, "The grant was issued for another tenant.")
        return self._for_a_person(request, app, tid, self.directory.user(tid, oid), scopes, nonce, auth_time)

    def _principal(self, app: App, tenant: Tenant) -> ServicePrincipal:
        """Raises Refused where the tenant does not know the app, or has disabled it."""
        found = tenant.principals.get(app.client_id)
        if found is None or (not app.multi_tenant and app.home != tenant.tid):
            raise unknown_here(app, tenant)
        if not found.enabled:
            raise Refused("unauthorized_client", 7000112, f"Application '{app.client_id}'({app.name}) is disabled.")
        return found

    def _for_the_application(
        self, request: Request, app: App, tenant: Tenant | str, form: dict[str, str]
    ) -> dict[str, Any]:
        if isinstance(tenant, str):
            raise Refused("invalid_request", 53003, "An application signs in to one tenant; name it in the address.")
        found = self._principal(app, tenant)
        if short(form.get("scope", "")) != ".default":
            text = f"The provided value for the input parameter 'scope' is not valid: '{form.get('scope', '')}'."
            raise Refused("invalid_scope", 70011, text)
        with self.cloud.state.lock:
            lags = consent.is_lagging(found, self.cloud.time())
        if lags and self.cloud.switches.consent_lag_answer == "AADSTS700016":
            raise unknown_here(app, tenant)
        claims = access_token_claims(
            tid=tenant.tid,
            app_id=app.client_id,
            oid=found.oid,
            at=self.cloud.now(),
            user=None,
            roles=set(found.before if lags else found.roles),
            scopes=[],
        )
        return self._handed_out(request, {"access_token": claims})

    def _mind_use(self, app: App, kept: dict[str, Any]) -> None:
        """Refuses a refresh token of another app, one that was ended, and (by a switch) one that was used before."""
        if kept["app"] != app.client_id:
            raise Refused("invalid_grant", 700005, "The refresh token was issued to another application.")
        tenant = self.cloud.state.tenants.get(kept["tid"])
        found = tenant.principals.get(app.client_id) if tenant else None
        ended = found.ended.get(kept["oid"]) if found else None
        if ended and kept["at"] <= ended["at"]:
            raise Refused("invalid_grant", int(ended["number"]), ENDS[int(ended["number"])])
        if self.cloud.switches.refresh_reuse == "refused":
            now = self.cloud.time()
            with self._lock:
                used_at = self._used.get(kept["id"])
                self._used.setdefault(kept["id"], now)
            if used_at is not None and now >= used_at + self.cloud.switches.refresh_grace_seconds:
                raise Refused("invalid_grant", 70000, "The refresh token was used before.")

    def _for_a_person(
        self,
        request: Request,
        app: App,
        tid: str,
        user: User,
        scopes: list[str],
        nonce: str | None,
        auth_time: int | None,
    ) -> dict[str, Any]:
        tenant: Tenant = self.cloud.state.tenants[tid]
        self._principal(app, tenant)
        asked = scopes_of(app, " ".join(scopes))
        missing = consent.missing_scopes(
            tenant, app.client_id, user.oid, [each for each in asked if each not in SIGN_IN]
        )
        if missing:
            text = (
                f"The user or administrator has not consented to use the application with ID '{app.client_id}' named "
                f"'{app.name}'. Send an interactive authorization request for this user and resource."
            )
            raise Refused("invalid_grant", 65001, text, suberror="consent_required")
        granted = [each for each in asked if each != "offline_access"]
        now = self.cloud.now()
        claims = access_token_claims(
            tid=tid, app_id=app.client_id, at=now, user=user, roles=set(), scopes=granted, oid=user.oid
        )
        tokens = {"access_token": claims}
        if "openid" in granted:
            tokens["id_token"] = id_token_claims(
                origin=request.origin,
                tid=tid,
                app_id=app.client_id,
                at=datetime.now(UTC),
                user=user,
                scopes=granted,
                nonce=nonce,
                auth_time=auth_time,
            )
            if app.tells_directory_roles:
                tokens["id_token"]["wids"] = [DIRECTORY_ROLES.get(role, role) for role in user.directory_roles]
        answer = self._handed_out(request, tokens)
        answer |= {"scope": " ".join(granted), "client_info": client_info(tid, user.oid)}
        if "offline_access" in asked:
            kept = {"tid": tid, "oid": user.oid, "scopes": scopes, "app": app.client_id, "at": self.cloud.time()}
            answer["refresh_token"] = self.directory.seal("refresh", REFRESH_LIFETIME, id=str(uuid.uuid4()), **kept)
        return answer

    def _auth_time(self, asked: dict[str, str]) -> int | None:
        """When the person of a code signed in, as the ID token says it; None where it does not."""
        switches, most = self.cloud.switches, asked.get("max_age")
        if switches.auth_time == "never" or (switches.auth_time == "asked" and most is None):
            return None
        age = switches.auth_age_seconds
        is_asked_again = asked.get("prompt") == "login" or (most is not None and age > int(most))
        return int(datetime.now(UTC).timestamp() - (0 if is_asked_again else age))

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


# Why a person's refresh tokens ended.
ENDS = {
    50173: "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
    700082: "The refresh token has expired due to inactivity.",
    70008: "The provided authorization code or refresh token has expired due to inactivity.",
    65001: "The user or administrator has not consented to use the application.",
}
