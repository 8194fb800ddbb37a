"""The control room's Entra and Exchange desk: registrations, consents, service principals, policies and limits."""

import secrets
import uuid
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox import consent
from sandbox.apps import MAILBOX_ROLES, App, Limits, ServicePrincipal
from sandbox.cast import PORTAL_APP
from sandbox.changes import find_tenant
from sandbox.graph.applications import EXCHANGE_ROLES
from sandbox.http import Request
from sandbox.oauth import Refused, check_redirect
from sandbox.rows import Group, Tenant, User, plain
from sandbox.token_endpoint import ENDS

RIGHTS = ("RestrictAccess", "DenyAccess")


class AppsControl:
    """`cloud` is the Cloud it belongs to. Wherever a `client_id` may be absent it is the portal's own app."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self.routes: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "apps"): lambda request: {"apps": [shown(app) for app in cloud.state.apps.values()]},
            ("POST", "apps"): self.changed(self.register),
            ("POST", "apps/remove"): self.changed(self.unregister),
            ("POST", "apps/credential"): self.changed(self.credential),
            ("GET", "consents"): self.consents,
            ("POST", "consent"): self.changed(self.consent),
            ("POST", "revoke"): self.changed(self.revoke),
            ("POST", "principal"): self.changed(self.principal),
            ("POST", "policy"): self.changed(self.policy),
            ("GET", "exchange"): self.exchange,
            ("POST", "exchange"): self.changed(self.set_exchange),
        }

    def changed(self, act: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
        """What a route does with the object that was sent, behind the lock; then the world is another."""

        def route(request: Request) -> Any:
            asked = request.json()
            if not isinstance(asked, dict):
                raise ValueError("Send an object.")
            with self.cloud.state.lock:
                answer = act(asked)
                self.cloud.state.version += 1
                return answer

        return route

    # Who is meant

    def _tenant(self, asked: dict[str, Any]) -> Tenant:
        return find_tenant(self.cloud.state.tenants, asked.get("tenant"))

    def _app(self, asked: dict[str, Any]) -> App:
        client_id = asked.get("client_id", PORTAL_APP)
        if client_id not in self.cloud.state.apps:
            raise ValueError(f"There is no app {client_id!r}.")
        found: App = self.cloud.state.apps[client_id]
        return found

    def _principal(self, asked: dict[str, Any]) -> ServicePrincipal:
        tenant, app = self._tenant(asked), self._app(asked)
        if app.client_id not in tenant.principals:
            raise ValueError(f"{tenant.name} does not know {app.name}.")
        return tenant.principals[app.client_id]

    def _now(self) -> str:
        return str(self.cloud.now().strftime("%Y-%m-%dT%H:%M:%SZ"))

    # Registrations

    def register(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Makes an app, or (with the client id of one) alters what is given and leaves the rest."""
        known = {each.name for each in fields(App)}
        if odd := [name for name in asked if name not in known]:
            raise ValueError(f"{odd[0]!r} is not known. There are {', '.join(sorted(known))}.")
        for address in asked.get("redirect_uris", ()):
            try:
                check_redirect(address, [])
            except Refused as no:
                raise ValueError(no.text) from None
        for pem in asked.get("certificates", ()):
            x509.load_pem_x509_certificate(pem.encode())
        given = {**asked}
        if "home" in given:
            given["home"] = find_tenant(self.cloud.state.tenants, given["home"]).tid
        if "secrets" in given:
            given["secrets"] = [each if isinstance(each, dict) else secret(each) for each in given["secrets"]]
        client_id = given.pop("client_id", None) or str(uuid.uuid4())
        app = self.cloud.state.apps.get(client_id)
        if app is None:
            first = next(iter(self.cloud.state.tenants))
            app = App(client_id, **{"name": "App", "home": first, **given})
            self.cloud.state.apps[client_id] = app
        for name, value in given.items():
            setattr(app, name, value)
        return {**shown(app), "secrets": [each["value"] for each in app.secrets]}

    def unregister(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The registration goes; with it every service principal."""
        app = self._app(asked)
        del self.cloud.state.apps[app.client_id]
        for tenant in self.cloud.state.tenants.values():
            consent.remove(tenant, app.client_id)
        return {"removed": app.client_id}

    def credential(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Adds {"certificate": PEM} or {"secret": value or null for a made one, "days"}; takes {"remove"} away:
        a certificate's SHA-256 thumbprint in hex, or a secret.
        """
        app = self._app(asked)
        answer: dict[str, Any] = {}
        if "certificate" in asked:
            x509.load_pem_x509_certificate(asked["certificate"].encode())
            app.certificates = [*app.certificates, asked["certificate"]]
        elif "secret" in asked:
            made = secret(asked["secret"] or secrets.token_urlsafe(30), asked.get("days"))
            app.secrets = [*app.secrets, made]
            answer = {"secret": made["value"]}
        elif "remove" in asked:
            app.certificates = [pem for pem in app.certificates if thumbprint(pem) != str(asked["remove"]).upper()]
            app.secrets = [each for each in app.secrets if each["value"] != asked["remove"]]
        else:
            raise KeyError("certificate, secret or remove")
        return {**shown(app), **answer}

    # Consents

    def consents(self, request: Request) -> dict[str, Any]:
        """Every service principal of every tenant, or of `tenant`; of one `client_id` where it is given."""
        wanted = request.params.get("tenant")
        tenants = [find_tenant(self.cloud.state.tenants, wanted)] if wanted else self.cloud.state.tenants.values()
        client_id = request.params.get("client_id")
        return {
            "consents": [
                {"tenant": tenant.tid, "name": tenant.name, **plain(found)}
                for tenant in tenants
                for found in tenant.principals.values()
                if client_id in (None, found.client_id)
            ]
        }

    def consent(self, asked: dict[str, Any]) -> dict[str, Any]:
        """As if an administrator had accepted all (or `roles` and `scopes`), or the person `user` these `scopes`.

        `lag_seconds` and `lag_requests` let it arrive late.
        """
        tenant, app = self._tenant(asked), self._app(asked)
        if "user" in asked:
            oid = self._person(tenant, asked["user"]).oid
            return plain_object(
                consent.give_by_person(tenant, app.client_id, oid, list(asked["scopes"]), at=self._now())
            )
        seconds = float(asked.get("lag_seconds", 0))
        found = consent.give(
            tenant,
            app,
            at=self._now(),
            roles=asked.get("roles"),
            scopes=asked.get("scopes"),
            lag_until=self.cloud.time() + seconds if seconds else 0.0,
            lag_requests=int(asked.get("lag_requests", 0)),
        )
        return plain_object(found)

    def revoke(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`role` or `scope` alone, everything of the person `user`, or (none of these) all that was consented to.

        With `user` and `number` (50173, 700082, 70008) the consent stays and the refresh tokens end; without a number
        the consent goes, and the next refresh hears 65001.
        """
        tenant, found = self._tenant(asked), self._principal(asked)
        if "user" in asked:
            oid = self._person(tenant, asked["user"]).oid
            if number := asked.get("number"):
                if number not in ENDS:
                    raise ValueError(f"“number” is one of {', '.join(map(str, ENDS))}.")
                found.ended[oid] = {"at": self.cloud.time(), "number": number}
            else:
                found.user_scopes.pop(oid, None)
        elif "role" in asked or "scope" in asked:
            found.roles.pop(asked.get("role", ""), None)
            found.scopes = [each for each in found.scopes if each != asked.get("scope")]
        else:
            found.roles, found.scopes, found.user_scopes, found.before = {}, [], {}, []
        return plain_object(found)

    def principal(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"state": "enabled", "disabled" or "removed"}."""
        wanted = asked["state"]
        if wanted not in ("enabled", "disabled", "removed"):
            raise ValueError("“state” is enabled, disabled or removed.")
        found = self._principal(asked)
        if wanted == "removed":
            consent.remove(self._tenant(asked), found.client_id)
        found.enabled = wanted == "enabled"
        return plain_object(found)

    def policy(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"user_consent": whether people may consent for themselves, "directory_roles": {oid or UPN: [role, …]}}."""
        tenant = self._tenant(asked)
        people = [(self._person(tenant, who), roles) for who, roles in asked.get("directory_roles", {}).items()]
        tenant.user_consent = bool(asked.get("user_consent", tenant.user_consent))
        for user, roles in people:
            user.directory_roles = list(roles)
        held = {user.upn: user.directory_roles for user in tenant.users.values() if user.directory_roles}
        return {"tenant": tenant.tid, "user_consent": tenant.user_consent, "directory_roles": held}

    def _person(self, tenant: Tenant, key: str) -> User:
        user = tenant.user(key)
        if user is None:
            raise ValueError(f"There is no user {key!r} in {tenant.name}.")
        return user

    # Exchange

    def exchange(self, request: Request) -> dict[str, Any]:
        asked = {name: request.params[name] for name in ("tenant", "client_id") if name in request.params}
        return self._exchange(self._tenant(asked), self._principal(asked))

    def _exchange(self, tenant: Tenant, found: ServicePrincipal) -> dict[str, Any]:
        return {
            "tenant": tenant.tid,
            "client_id": found.client_id,
            "entra_roles": [role for role in found.roles if role.startswith(MAILBOX_ROLES)],
            **plain_object(found.limits),
            "in_force": plain_object(found.limits_in_force(self.cloud.time())),
            "in_force_in_seconds": max(0.0, found.limits_at - self.cloud.time()),
        }

    def set_exchange(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Replaces `assignments` and `policies`, in force after `delay_seconds`; `entra` is about the app roles.

        `assignments`: {"role": "Calendars.Read", "group": mail, name or oid (null: all mailboxes), "custom": whether in
        a management scope}; `policies`: {"right": "RestrictAccess" or "DenyAccess", "group"}; `entra`: "removed" takes
        every mailbox role away, "present" grants those the registration lists.
        """
        tenant, app, found = self._tenant(asked), self._app(asked), self._principal(asked)
        limits = Limits(
            [self._assignment(tenant, found, each) for each in asked.get("assignments", ())],
            [self._policy(tenant, each) for each in asked.get("policies", ())],
        )
        wanted = asked.get("entra")
        if wanted not in (None, "removed", "present"):
            raise ValueError("“entra” is removed or present.")
        found.limits_before, found.limits = found.limits_in_force(self.cloud.time()), limits
        found.limits_at = self.cloud.time() + float(asked.get("delay_seconds", 0))
        if wanted == "removed":
            found.roles = {role: at for role, at in found.roles.items() if not role.startswith(MAILBOX_ROLES)}
        elif wanted == "present":
            listed = [role for role in app.app_roles if role.startswith(MAILBOX_ROLES)]
            found.roles |= {role: found.roles.get(role, self._now()) for role in listed}
        return self._exchange(tenant, found)

    def _assignment(self, tenant: Tenant, found: ServicePrincipal, each: dict[str, Any]) -> dict[str, Any]:
        role = str(each["role"]).removeprefix("Application ")
        if role not in EXCHANGE_ROLES:
            raise ValueError(f"A role is one of {', '.join(EXCHANGE_ROLES)}; not {role!r}.")
        group = self._group(tenant, each["group"]).oid if each.get("group") else None
        name = f"{found.oid} {role} {group} {bool(each.get('custom'))}"
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        return {"id": id, "role": role, "group": group, "custom": bool(group and each.get("custom"))}

    def _policy(self, tenant: Tenant, each: dict[str, Any]) -> dict[str, str]:
        """Its scope is a mail-enabled security group; nothing else is a security principal with an address."""
        if each["right"] not in RIGHTS:
            raise ValueError(f"“right” is one of {', '.join(RIGHTS)}.")
        group = self._group(tenant, each["group"])
        if not (group.mail_enabled and group.security_enabled):
            raise ValueError(f"{group.name} is no mail-enabled security group.")
        return {"right": each["right"], "group": group.oid}

    def _group(self, tenant: Tenant, key: str) -> Group:
        for group in tenant.groups.values():
            if key in (group.oid, group.mail, group.name):
                return group
        raise ValueError(f"There is no group {key!r} in {tenant.name}.")


def secret(value: str, days: float | None = None) -> dict[str, str | None]:
    ends_at = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return {"value": value, "ends_at": ends_at}


def thumbprint(pem: str) -> str:
    return x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA256()).hex().upper()


def shown(app: App) -> dict[str, Any]:
    """The registration; of its credentials only what a portal page would show."""
    kept = plain_object(app)
    kept["secrets"] = [{"ends_at": each["ends_at"]} for each in app.secrets]
    kept["certificates"] = [thumbprint(pem) for pem in app.certificates]
    return kept


def plain_object(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = plain(value)
    return found
