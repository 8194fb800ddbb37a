"""Signing in: the account picker, a person's own consent, and the code that goes back to the app."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox import consent, consent_pages, entra_pages
from sandbox.apps import App
from sandbox.directory import Directory
from sandbox.http import Request, Response
from sandbox.keys import base64url
from sandbox.oauth import Refused, short, wrong_with
from sandbox.permission_names import SIGN_IN
from sandbox.rows import Tenant, User

CODE_LIFETIME = timedelta(minutes=10)
TICKET_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a code stands for until it is redeemed."""

    asked: dict[str, str]
    tid: str
    oid: str
    until: datetime


class SignIns:
    """`cloud` gives `state`, `switches` and `now()`."""

    def __init__(self, cloud: Any, directory: Directory) -> None:
        self.cloud, self.directory = cloud, directory
        self._codes: dict[str, SignIn] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request, tenant: str) -> Response:
        """The account picker, and what its own forms post: `ticket` (the sealed request) and the answer."""
        form = request.form if request.method == "POST" else {}
        try:
            if "ticket" not in form:
                return self._choose(form or request.params, tenant)
            if "answer" in form:
                return self._answered(form, tenant)
            asked = self.directory.opened(form["ticket"], "sign-in")["asked"]
            try:
                user = self._chosen(form, tenant)
            except Refused as no:
                return self._picker(asked, tenant, problem=no.text)
            return self._signed_in(asked, self.cloud.state.tenants[form["tid"]], user)
        except Refused as no:
            return entra_pages.refusal(no.text)

    def _choose(self, asked: dict[str, str], tenant: str) -> Response:
        self.directory.app_at(asked.get("client_id"), asked.get("redirect_uri", ""), tenant)
        if wrong := wrong_with(asked):
            return back_to(asked, {"error": wrong[0], "error_description": wrong[1]})
        return self._picker(asked, tenant)

    def _picker(self, asked: dict[str, str], tenant: str, problem: str = "") -> Response:
        ticket = self.directory.seal("sign-in", TICKET_LIFETIME, asked=asked)
        hint = asked.get("login_hint", "")
        return entra_pages.picker(self.directory.people(tenant), ticket=ticket, hint=hint, problem=problem)

    def _chosen(self, form: dict[str, str], name: str) -> User:
        wanted = self.directory.named(name)
        if not isinstance(wanted, str) and wanted.tid != form.get("tid"):
            raise Refused("invalid_grant", 50020, f"The account is not in {wanted.name}.")
        return self.directory.user(form.get("tid", ""), form.get("oid", "").strip())

    def _signed_in(self, asked: dict[str, str], tenant: Tenant, user: User) -> Response:
        """Straight back where everything is consented to; otherwise the person is asked, or told to ask an admin."""
        app = self.directory.app(asked["client_id"])
        self.directory.mind_home(app, tenant)
        found = tenant.principals.get(app.client_id)
        if found and not found.enabled:
            raise Refused("unauthorized_client", 7000112, f"Application '{app.client_id}'({app.name}) is disabled.")
        scopes = scopes_of(app, asked["scope"])
        missing = consent.missing_scopes(tenant, app.client_id, user.oid, scopes)
        silent = SIGN_IN if self.cloud.switches.sign_in_consent == "silent" else set()
        if asked.get("prompt") != "consent" and silent.issuperset(missing):
            self._consented(tenant, app, user, missing)
            return self._send_back(asked, tenant.tid, user)
        to_say = scopes if asked.get("prompt") == "consent" else missing
        ticket = self.directory.seal(
            "consent", TICKET_LIFETIME, asked=asked, tid=tenant.tid, oid=user.oid, scopes=to_say
        )
        if consent.why_not_by_a_person(tenant, app, to_say) and not consent.may_consent_for_all(user):
            return consent_pages.approval_needed(app, tenant, user, ticket=ticket)
        return consent_pages.own_consent(app, tenant, user, to_say, ticket=ticket)

    def _answered(self, form: dict[str, str], name: str) -> Response:
        kept = self.directory.opened(form["ticket"], "consent")
        asked, tenant = kept["asked"], self.cloud.state.tenants[kept["tid"]]
        if form["answer"] == "another":
            return self._picker(asked, name)
        user, app = self.directory.user(kept["tid"], kept["oid"]), self.directory.app(kept["asked"]["client_id"])
        no_person_may = consent.why_not_by_a_person(tenant, app, kept["scopes"])
        if no_person_may and not consent.may_consent_for_all(user):
            if self.cloud.switches.approval_refused == "AADSTS65004":
                return self._declined(asked)
            text = f"AADSTS90094: {app.name} needs permission to access resources that only an admin can grant."
            return back_to(asked, {"error": "access_denied", "error_description": text})
        if form["answer"] != "accept":
            return self._declined(asked)
        self._consented(tenant, app, user, kept["scopes"])
        return self._send_back(asked, tenant.tid, user)

    def _declined(self, asked: dict[str, str]) -> Response:
        observed = self.cloud.switches.declined == "observed"
        error = {"error": "consent_required"} if observed else {"error": "access_denied", "error_subcode": "cancel"}
        return back_to(asked, {**error, "error_description": DECLINED})

    def _consented(self, tenant: Tenant, app: App, user: User, scopes: list[str]) -> None:
        if scopes or app.client_id not in tenant.principals:
            at = self.cloud.now().strftime("%Y-%m-%dT%H:%M:%SZ")
            with self.cloud.state.lock:
                consent.give_by_person(tenant, app.client_id, user.oid, scopes, at=at)
                self.cloud.state.version += 1

    def _send_back(self, asked: dict[str, str], tid: str, user: User) -> Response:
        code, now = secrets.token_urlsafe(48), self.cloud.now()
        with self._lock:
            self._codes = {each: kept for each, kept in self._codes.items() if kept.until > now}
            self._codes[code] = SignIn(asked, tid, user.oid, now + CODE_LIFETIME)
        info = client_info(tid, user.oid)
        return back_to(asked, {"code": code, "client_info": info, "session_state": str(uuid.uuid4())})

    def redeem(self, form: dict[str, str]) -> SignIn:
        """What a code stands for; it is gone afterwards, whatever the outcome. Raises Refused."""
        with self._lock:
            found = self._codes.pop(form.get("code", ""), None)
        if found is None:
            raise Refused("invalid_grant", 54005, "The code is unknown or was already redeemed.")
        if found.until < self.cloud.now():
            raise Refused("invalid_grant", 70008, "The code has expired.")
        if found.asked["client_id"] != form.get("client_id"):
            raise Refused("invalid_grant", 700005, "The code was issued to another application.")
        if found.asked["redirect_uri"] != form.get("redirect_uri"):
            raise Refused("invalid_grant", 50011, "The redirect URI is not the one the code was asked with.")
        if challenge := found.asked.get("code_challenge"):
            proof = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if not hmac.compare_digest(proof, challenge.rstrip("=")):
                raise Refused("invalid_grant", 50148, "The code_verifier does not match the code_challenge.")
        return found


DECLINED = "AADSTS65004: User declined to consent to access the app."


def scopes_of(app: App, asked: str) -> list[str]:
    """The names of what is asked for; ".default" is everything the registration lists."""
    names = [each for scope in asked.split() for each in (app.scopes if short(scope) == ".default" else [short(scope)])]
    return list(dict.fromkeys(names))


def back_to(asked: dict[str, str], answer: dict[str, str]) -> Response:
    answer = {**answer, **({"state": asked["state"]} if "state" in asked else {})}
    mark = "#" if asked.get("response_mode") == "fragment" else "&" if "?" in asked["redirect_uri"] else "?"
    return Response.redirect(f"{asked['redirect_uri']}{mark}{urlencode(answer)}")


def client_info(tid: str, oid: str) -> str:
    """How MSAL learns whose tokens these are."""
    return base64.urlsafe_b64encode(json.dumps({"uid": oid, "utid": tid}).encode()).rstrip(b"=").decode()
