"""How far an app or a person reaches into mailboxes: Entra's grants, Exchange's own, and calendars shared with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.apps import Limits
from sandbox.graph.errors import Refusal
from sandbox.graph.needs import NEEDS
from sandbox.rows import DELEGATE_ROLES, Calendar, Group, Permission, Tenant, User

if TYPE_CHECKING:
    from sandbox.graph.call import Call

_SHARED = {"Calendars.Read.Shared", "Calendars.ReadWrite.Shared"}
# The folder itself opens to these; free/busy and titles are answered elsewhere.
_OPENS = {"read", "write", *DELEGATE_ROLES, "custom"}


def mind_app(call: Call, user: User | None, what: str) -> None:
    """Raises Refusal where neither Entra's grant nor Exchange's lets the app into this mailbox.

    The two are a union (B.1): a scope limits nothing while the app role is granted, and an Application Access Policy
    limits only Entra's grant. For an unknown user it is enough to be let in anywhere.
    """
    limits = limits_of(call)
    by_entra = NEEDS[what] & call.caller.roles
    by_exchange = [each for each in limits.assignments if each["role"] in NEEDS[what]]
    if user is None:
        if by_entra or by_exchange:
            return
    else:
        if any(is_in_scope(call.tenant, each["group"], user) for each in by_exchange):
            return
        if by_entra:
            if not is_blocked(call, limits, user, by_entra):
                return
            raise Refusal("ErrorAccessDenied", message="Access to OData is disabled.")
    if not call.caller.roles and not limits.assignments:
        raise Refusal(call.switches.empty_token)
    raise Refusal("ErrorAccessDenied")


def limits_of(call: Call) -> Limits:
    found = call.tenant.principals.get(call.caller.app_id)
    return found.limits_in_force(call.now.timestamp()) if found else Limits()


def is_in_scope(tenant: Tenant, group: str | None, user: User) -> bool:
    """RBAC for Applications counts direct members only; without a group it is everybody."""
    if group is None:
        return True
    return group in tenant.groups and user.oid in tenant.groups[group].members


def is_blocked(call: Call, limits: Limits, user: User, by_entra: set[str]) -> bool:
    """What the policies say; they count nested members, and leave Calendars.ReadBasic.All alone unless switched."""
    if "Calendars.ReadBasic.All" in by_entra and not call.switches.policy_covers_read_basic:
        return False
    inside = {
        right: [
            user.oid in everybody_in(call.tenant, each["group"]) for each in limits.policies if each["right"] == right
        ]
        for right in ("RestrictAccess", "DenyAccess")
    }
    return any(inside["DenyAccess"]) or bool(inside["RestrictAccess"]) and not any(inside["RestrictAccess"])


def everybody_in(tenant: Tenant, oid: str) -> set[str]:
    """The oids of a group's members, those of its groups included."""
    found: set[str] = set()
    waiting = [oid]
    while waiting:
        group: Group | None = tenant.groups.get(waiting.pop())
        for member in group.members if group else ():
            if member not in found:
                found.add(member)
                waiting.append(member)
    return found


def shared_row(call: Call, calendar: Calendar) -> Permission | None:
    """The row that opens this calendar of somebody else to the person who asks; None where nothing does."""
    if _SHARED.isdisjoint(call.caller.scopes):
        return None
    rows = sorted(calendar.permissions.values(), key=lambda row: row.kind == "default")
    for row in rows:
        own = row.holder == call.caller.oid
        in_group = row.kind == "group" and call.caller.oid in everybody_in(call.tenant, row.holder or "")
        if own or in_group or row.kind == "default":
            if row.role in _OPENS:
                return row
            if own:
                return None
    return None
