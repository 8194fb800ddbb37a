"""What every page and token of the pretend Entra ID asks about: tenants, people, registrations, sealed tickets."""

from datetime import timedelta
from typing import Any

import jwt

from sandbox import entra_pages
from sandbox.apps import App
from sandbox.oauth import Refused, check_redirect
from sandbox.rows import Tenant, User

ANY_TENANT = ("organizations", "common")


class Directory:
    """`cloud` gives `state`, `keys` and `now()`."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud

    def named(self, name: str) -> Tenant | str:
        """The tenant a path names, or "organizations" or "common". Raises Refused."""
        if name in ANY_TENANT:
            return name
        tenants: list[Tenant] = list(self.cloud.state.tenants.values())
        for tenant in tenants:
            if name.lower() in (tenant.tid, *tenant.domains):
                return tenant
        text = f"Tenant '{name}' not found. Check that you have the correct tenant ID and the correct cloud."
        raise Refused("invalid_tenant", 90002, text)

    def user(self, tid: str, oid: str) -> User:
        """Somebody who may sign in. Raises Refused."""
        tenant = self.cloud.state.tenants.get(tid)
        user = tenant.user(oid) if tenant else None
        if user is None:
            raise Refused("invalid_grant", 50034, "The user account does not exist in this directory.")
        if not user.account_enabled:
            raise Refused("invalid_grant", 50057, "The user account is disabled.")
        return user

    def people(self, name: str) -> entra_pages.People:
        """The cast, by the tenants a path names."""
        wanted = self.named(name)
        tenants = self.cloud.state.tenants.values() if isinstance(wanted, str) else [wanted]
        named = entra_pages.SENTENCES
        return [(each, [each.users[oid] for oid in named if oid in each.users]) for each in tenants]

    def app(self, client_id: str | None) -> App:
        """Raises Refused."""
        found: App | None = self.cloud.state.apps.get(client_id or "")
        if found is None:
            text = f"Application with identifier '{client_id}' was not found in the directory."
            raise Refused("unauthorized_client", 700016, text)
        return found

    def app_at(self, client_id: str | None, redirect_uri: str, name: str) -> App:
        """The app, where it may be asked for at this address of Entra and sent back to this one. Raises Refused."""
        check_redirect(redirect_uri, [])
        app = self.app(client_id)
        check_redirect(redirect_uri, app.redirect_uris)
        tenant = self.named(name)
        if isinstance(tenant, str):
            if not app.multi_tenant:
                text = f"Application '{app.client_id}'({app.name}) is not configured as a multi-tenant application."
                raise Refused("invalid_request", 50194, text)
        else:
            self.mind_home(app, tenant)
        return app

    def mind_home(self, app: App, tenant: Tenant) -> None:
        """Raises Refused where the app is not for this tenant."""
        if not app.multi_tenant and app.home != tenant.tid:
            raise unknown_here(app, tenant)

    def seal(self, purpose: str, lifetime: timedelta, **content: Any) -> str:
        """What only this cloud reads back."""
        until = int((self.cloud.now() + lifetime).timestamp())
        return jwt.encode({"for": purpose, "until": until, **content}, self.cloud.keys.secret, "HS256")

    def opened(self, sealed: str, purpose: str) -> dict[str, Any]:
        """Raises Refused."""
        try:
            content = jwt.decode(sealed, self.cloud.keys.secret, ["HS256"])
        except jwt.PyJWTError:
            content = {}
        if content.get("for") != purpose:
            raise Refused("invalid_grant", 70000, "The provided grant is unknown or has expired.")
        if content["until"] < self.cloud.now().timestamp():
            number = 700082 if purpose == "refresh" else 70000
            raise Refused("invalid_grant", number, "The provided grant has expired due to inactivity.")
        return content


def unknown_here(app: App, tenant: Tenant) -> Refused:
    text = (
        f"Application with identifier '{app.client_id}' was not found in the directory '{tenant.name}'. This can "
        "happen if the application has not been installed by the administrator of the tenant or consented to by any "
        "user in the tenant."
    )
    return Refused("unauthorized_client", 700016, text)
