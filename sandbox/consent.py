"""Consent: what a tenant or a person gives an app, and how it is taken back."""

from sandbox.apps import App, ServicePrincipal, principal_id
from sandbox.permission_names import SIGN_IN, needs_an_administrator
from sandbox.rows import Tenant, User

MAY_CONSENT = {"Global Administrator", "Privileged Role Administrator"}


def principal(tenant: Tenant, client_id: str, *, at: str = "2025-01-15T09:00:00Z") -> ServicePrincipal:
    """The app's service principal in this tenant, made where there is none."""
    found = tenant.principals.get(client_id)
    if found is None:
        oid = principal_id(tenant.tid, client_id, tenant.removed.get(client_id, 0))
        found = tenant.principals[client_id] = ServicePrincipal(client_id, oid, created_at=at)
    return found


def give(
    tenant: Tenant,
    app: App,
    *,
    at: str,
    roles: list[str] | None = None,
    scopes: list[str] | None = None,
    lag_until: float = 0.0,
    lag_requests: int = 0,
) -> ServicePrincipal:
    """Admin consent to everything the registration lists; what it no longer lists is taken back (documented).

    `roles` and `scopes` in its place where they are given. For the lag, tokens show what was granted before.
    """
    found = principal(tenant, app.client_id, at=at)
    found.before = list(found.roles)
    found.roles = {role: found.roles.get(role, at) for role in (app.app_roles if roles is None else roles)}
    found.scopes = list(app.scopes if scopes is None else scopes)
    found.lag_until, found.lag_requests = lag_until, lag_requests
    return found


def add_scopes(tenant: Tenant, app: App, scopes: list[str], *, at: str) -> ServicePrincipal:
    """Admin consent to single delegated scopes: for everybody, beside what was given before."""
    found = principal(tenant, app.client_id, at=at)
    found.scopes = list(dict.fromkeys([*found.scopes, *scopes]))
    return found


def give_by_person(tenant: Tenant, client_id: str, oid: str, scopes: list[str], *, at: str) -> ServicePrincipal:
    found = principal(tenant, client_id, at=at)
    found.user_scopes[oid] = list(dict.fromkeys([*found.user_scopes.get(oid, ()), *scopes]))
    return found


def remove(tenant: Tenant, client_id: str) -> None:
    """The service principal goes, with every grant and what Exchange knew of it; the next one has another id."""
    if tenant.principals.pop(client_id, None):
        tenant.removed[client_id] = tenant.removed.get(client_id, 0) + 1


def is_lagging(found: ServicePrincipal, time: float) -> bool:
    """Whether consent has not reached the token endpoint yet; counts this request."""
    if found.lag_requests > 0:
        found.lag_requests -= 1
        return True
    return time < found.lag_until


def missing_scopes(tenant: Tenant, client_id: str, oid: str, asked: list[str]) -> list[str]:
    """Of the asked scopes, those that neither the person nor an administrator consented to."""
    found = tenant.principals.get(client_id)
    given = found.scopes_of(oid) if found else set()
    return [scope for scope in asked if scope not in given]


def may_consent_for_all(user: User) -> bool:
    return not MAY_CONSENT.isdisjoint(user.directory_roles)


def why_not_by_a_person(tenant: Tenant, app: App, scopes: list[str]) -> int | None:
    """90094 where only an administrator may consent to these: the policy, the scope, or risk-based step-up says so.

    Step-up: an app of elsewhere whose publisher is not verified, and which asks for more than a sign-in.
    """
    more = [scope for scope in scopes if scope not in SIGN_IN]
    risky = bool(more) and app.multi_tenant and app.publisher is None and app.home != tenant.tid
    if not tenant.user_consent or risky or any(needs_an_administrator(scope) for scope in scopes):
        return 90094
    return None
