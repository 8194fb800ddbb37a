"""App registrations, and what one tenant gave each of them: its service principal."""

from dataclasses import dataclass, field
from typing import Any

from sandbox import ids

MAILBOX_ROLES = ("Calendars.", "MailboxSettings.", "Mail.", "Contacts.")


@dataclass(slots=True)
class App:
    """A registration: `app_roles` and `scopes` are its `requiredResourceAccess`; `home` is the tenant that owns it.

    Without `redirect_uris` it may be sent back to any address of this machine. `publisher` is the verified one's name.
    `secrets` are {"value", "ends_at"} (ISO, or None for no end), `certificates` PEM. `tells_directory_roles`: ID tokens
    carry `wids`, the manifest's groupMembershipClaims.
    """

    client_id: str
    name: str
    home: str
    multi_tenant: bool = True
    publisher: str | None = None
    redirect_uris: list[str] = field(default_factory=list)
    app_roles: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    secrets: list[dict[str, str | None]] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    tells_directory_roles: bool = False


@dataclass(slots=True)
class Limits:
    """What Exchange keeps about an app, beside what Entra granted.

    `assignments` of RBAC for Applications: {"id", "role": "Calendars.Read", "group": oid or None for all mailboxes,
    "custom": whether the group stands in a management scope}. `policies` are the older Application Access Policies:
    {"right": "RestrictAccess" or "DenyAccess", "group": oid}.
    """

    assignments: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class ServicePrincipal:
    """An app in one tenant.

    `roles`: app role and when it was granted; `scopes`: delegated for everybody, `user_scopes`: for one person (oid).
    `ended`: until when the refresh tokens of a person are void, and with which AADSTS number. Until `lag_until` has
    passed and `lag_requests` tokens were asked for, tokens carry the roles `before`. `limits` hold from `limits_at` on,
    `limits_before` until then.
    """

    client_id: str
    oid: str
    created_at: str = "2025-01-15T09:00:00Z"
    enabled: bool = True
    roles: dict[str, str] = field(default_factory=dict)
    scopes: list[str] = field(default_factory=list)
    user_scopes: dict[str, list[str]] = field(default_factory=dict)
    ended: dict[str, dict[str, float]] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    lag_until: float = 0.0
    lag_requests: int = 0
    limits: Limits = field(default_factory=Limits)
    limits_before: Limits = field(default_factory=Limits)
    limits_at: float = 0.0

    def scopes_of(self, oid: str) -> set[str]:
        return {*self.scopes, *self.user_scopes.get(oid, ())}

    def limits_in_force(self, time: float) -> Limits:
        return self.limits if time >= self.limits_at else self.limits_before


def principal_of(value: dict[str, Any]) -> ServicePrincipal:
    """The service principal that `plain` wrote down."""
    limits = {name: Limits(**value[name]) for name in ("limits", "limits_before")}
    return ServicePrincipal(**{**value, **limits})


def principal_id(tid: str, client_id: str, removed: int = 0) -> str:
    """Its object id: another one in every tenant, and after every removal."""
    return ids.object_id("service principal", tid, client_id, *([removed] if removed else []))
