"""Admin consent: an administrator accepts, for the whole tenant, what an app's registration lists."""

from typing import Any

from sandbox import consent, consent_pages, entra_pages
from sandbox.apps import App
from sandbox.directory import Directory, unknown_here
from sandbox.http import Request, Response
from sandbox.oauth import Refused, short
from sandbox.rows import Tenant
from sandbox.signin import DECLINED, TICKET_LIFETIME, back_to


class AdminConsent:
    """`cloud` gives `state`, `switches`, `now()` and `time()`."""

    def __init__(self, cloud: Any, directory: Directory) -> None:
        self.cloud, self.directory = cloud, directory

    def answer(self, request: Request, tenant: str, *, v2: bool) -> Response:
        """The page that picks an account, then the one that lists the permissions, then the way back."""
        form = request.form if request.method == "POST" else {}
        try:
            if "ticket" not in form:
                return self._choose(request.params, tenant, v2=v2)
            if "answer" in form:
                return self._answered(form, tenant)
            return self._chosen(form, tenant)
        except Refused as no:
            return entra_pages.refusal(no.text)

    def _choose(self, asked: dict[str, str], name: str, *, v2: bool) -> Response:
        if v2 and name == "common":
            return entra_pages.refusal("This endpoint takes a tenant, or “organizations”; not “common”.")
        self.directory.app_at(asked.get("client_id"), asked.get("redirect_uri", ""), name)
        asked = {key: asked[key] for key in ("client_id", "redirect_uri", "state", "scope") if key in asked}
        asked["version"] = "v2" if v2 else "v1"
        if v2 and not asked.get("scope", "").strip():
            text = "AADSTS900144: The request must contain the following parameter: 'scope'."
            return self._back(asked, {"error": "invalid_request", "error_description": text})
        if v2 and any("/" in short(scope) for scope in asked["scope"].split()):
            text = "AADSTS70011: The sandbox knows the scopes of Graph only."
            return self._back(asked, {"error": "invalid_scope", "error_description": text})
        return self._picker(asked, name)

    def _picker(self, asked: dict[str, str], name: str, problem: str = "") -> Response:
        """Offers people of every tenant by address: choosing a wrong account is part of the game."""
        ticket = self.directory.seal("admin sign-in", TICKET_LIFETIME, asked=asked)
        people, everyone = self.directory.people(name), self.directory.people("organizations")
        return entra_pages.picker(people, ticket=ticket, problem=problem, everyone=everyone)

    def _chosen(self, form: dict[str, str], name: str) -> Response:
        asked = self.directory.opened(form["ticket"], "admin sign-in")["asked"]
        try:
            user = self.directory.user(form.get("tid", ""), form.get("oid", "").strip())
        except Refused as no:
            return self._picker(asked, name, problem=no.text)
        tenant, wanted = self.cloud.state.tenants[form["tid"]], self.directory.named(name)
        if isinstance(wanted, Tenant) and wanted.tid != tenant.tid:
            text = (
                f"AADSTS50020: User account '{user.upn}' from identity provider "
                f"'https://sts.windows.net/{tenant.tid}/' does not exist in tenant '{wanted.name}' and cannot access "
                "the application in that tenant."
            )
            return self._back(asked, {"error": "access_denied", "error_description": text})
        app = self.directory.app(asked["client_id"])
        self.directory.mind_home(app, tenant)
        ticket = self.directory.seal("admin consent", TICKET_LIFETIME, asked=asked, tid=tenant.tid, oid=user.oid)
        if not consent.may_consent_for_all(user):
            return consent_pages.approval_needed(app, tenant, user, ticket=ticket)
        roles, scopes = what_is_asked(app, asked)
        return consent_pages.admin_consent(app, tenant, user, roles, scopes, ticket=ticket)

    def _answered(self, form: dict[str, str], name: str) -> Response:
        kept = self.directory.opened(form["ticket"], "admin consent")
        asked, tenant = kept["asked"], self.cloud.state.tenants[kept["tid"]]
        if form["answer"] == "another":
            return self._picker(asked, name)
        user, app = self.directory.user(kept["tid"], kept["oid"]), self.directory.app(asked["client_id"])
        if form["answer"] != "accept" or not consent.may_consent_for_all(user):
            return self._declined(asked)
        self._accepted(app, tenant, asked)
        granted = {"scope": asked["scope"]} if asked["version"] == "v2" else {}
        return back_to(asked, {"admin_consent": "True", "tenant": tenant.tid, **granted})

    def _accepted(self, app: App, tenant: Tenant, asked: dict[str, str]) -> None:
        switches, at = self.cloud.switches, self.cloud.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        roles, scopes = what_is_asked(app, asked)
        with self.cloud.state.lock:
            if app.client_id not in self.cloud.state.apps:
                raise unknown_here(app, tenant)
            if roles is None:
                consent.add_scopes(tenant, app, scopes, at=at)
            else:
                lag_until = self.cloud.time() + switches.consent_lag_seconds if switches.consent_lag_seconds else 0.0
                consent.give(tenant, app, at=at, lag_until=lag_until, lag_requests=switches.consent_lag_requests)
            self.cloud.state.version += 1

    def _declined(self, asked: dict[str, str]) -> Response:
        if asked["version"] == "v1":
            said = {"error": "permission_denied", "error_description": "The admin canceled the request"}
        elif self.cloud.switches.declined == "observed":
            said = {"error": "access_denied", "error_description": DECLINED}
        else:
            text = "AADSTS65004: The resource owner or authorization server denied the request."
            said = {"error": "consent_required", "error_description": text}
        return self._back(asked, said)

    def _back(self, asked: dict[str, str], said: dict[str, str]) -> Response:
        """An error; on v2 it says `admin_consent=True` all the same."""
        return back_to(asked, {**({"admin_consent": "True"} if asked["version"] == "v2" else {}), **said})


def what_is_asked(app: App, asked: dict[str, str]) -> tuple[list[str] | None, list[str]]:
    """App roles and delegated scopes: all the registration lists, or (v2 with single scopes) no app role at all."""
    scopes = [short(scope) for scope in asked.get("scope", "").split()]
    if asked["version"] == "v1" or ".default" in scopes:
        return app.app_roles, app.scopes
    return None, scopes
