"""The script that carries out a plan on our own side."""

import hashlib
from typing import Any

from sharing.federation.quoting import guid, literal, texts
from sharing.models import FederationPlan

from . import parts

_ABOUT = {
    FederationPlan.NEW: "Makes one organization relationship.",
    FederationPlan.CHANGE: "Changes one organization relationship.",
    FederationPlan.SUSPEND: "Suspends one organization relationship until it is enabled again.",
    FederationPlan.REMOVE: "Removes one organization relationship. Exchange asks before it does.",
    FederationPlan.POLICY: "Changes one sharing policy.",
}


class NotApproved(Exception):
    """The plan waits for a second operator's yes."""


def script_hash(plan: FederationPlan) -> str:
    """SHA-256 of the script for our side, as 64 hex digits. Raises ValueRefused."""
    return hashlib.sha256(_script(plan).encode()).hexdigest()


def plan_script(plan: FederationPlan) -> str:
    """What an administrator of our organization runs; the same text for as long as the plan is the same.

    Nothing is changed where anything is not as it was when this was planned. Raises NotApproved and ValueRefused.
    https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationrelationship
    """
    if plan.needs_second and plan.approved_by_id is None:
        raise NotApproved
    return _script(plan)


def _script(plan: FederationPlan) -> str:
    about = [
        f"Calwarden, plan {plan.public_id}. {_ABOUT[plan.kind]}",
        "Run it in PowerShell as Exchange Administrator, all of it at once. Every check comes before the change.",
    ]
    return parts.block(about, [*parts.connected_to(plan.tenant.tid), *_WRITERS[plan.kind](plan), parts.FINISH])


def _new(plan: FederationPlan) -> list[str]:
    wanted = plan.wanted
    return [
        parts.ALL,
        parts.about_domains(wanted["domains"]),
        f"  $Name = {literal(wanted['name'])}",
        """  if (@($All | Where-Object { "$($_.Name)" -eq $Name }).Count -gt 0) {""",
        f"    throw 'A relationship of this name is there already. {parts.NOTHING}'",
        "  }",
        *parts.no_clash(),
        *parts.where_they_are(),
        *settings(wanted, where=True),
        *parts.customized(),
        "  $Made = New-OrganizationRelationship -Name $Name @Settings -ErrorAction Stop",
    ]


def _change(plan: FederationPlan) -> list[str]:
    before, wanted = plan.before, plan.wanted
    scope = {} if wanted["scope_group"] == before["scope_group"] else {"scope_group": wanted["scope_group"]}
    kept = {name: wanted[name] for name in ("level", "is_enabled", "has_free_busy")}
    return [
        parts.ALL,
        parts.about_domains(wanted["domains"]),
        *parts.exactly_one("$All", plan.guid),
        *parts.still(before),
        *parts.no_clash(but=plan.guid),
        *settings({**kept, **scope}),
        # One that was made while Exchange did not know where they are never worked.
        '  if (-not "$($Now.TargetApplicationUri)") {',
        *(f"  {line}" for line in parts.where_they_are()),
        *(f"    $Settings.{line.strip()}" for line in parts.WHERE),
        "  }",
        f"  Set-OrganizationRelationship -Identity {guid(plan.guid)} @Settings -ErrorAction Stop",
    ]


def _suspend(plan: FederationPlan) -> list[str]:
    return [
        parts.ALL,
        *parts.exactly_one("$All", plan.guid),
        *parts.still(plan.before),
        f"  Set-OrganizationRelationship -Identity {guid(plan.guid)} -Enabled $false -ErrorAction Stop",
    ]


def _remove(plan: FederationPlan) -> list[str]:
    return [
        parts.ALL,
        *parts.exactly_one("$All", plan.guid),
        *parts.still(plan.before),
        f"  Remove-OrganizationRelationship -Identity {guid(plan.guid)} -ErrorAction Stop",
    ]


def _policy(plan: FederationPlan) -> list[str]:
    wanted = plan.wanted
    enabled = f" -Enabled {parts.truth(wanted['is_enabled'])}"
    return [
        *parts.exactly_one("Get-SharingPolicy", plan.guid),
        *parts.still_policy(plan.before, map(entry_text, plan.before["entries"])),
        f"  $Entries = {texts(map(entry_text, wanted['entries']))}",
        *parts.customized(),
        f"  Set-SharingPolicy -Identity {guid(plan.guid)} -Domains $Entries{enabled} -ErrorAction Stop",
    ]


def settings(wanted: dict[str, Any], *, where: bool = False) -> list[str]:
    """`$Settings` for New- and Set-OrganizationRelationship; a scope group only where one is to be set or cleared.

    Mailbox moves are never among them.
    """
    scope = wanted.get("scope_group")
    group = literal(scope) if scope else "$null"
    is_told = "scope_group" in wanted and (scope or not where)  # a new one has no group to clear
    return [
        "  $Settings = @{",
        "    DomainNames = $Domains",
        f"    Enabled = {parts.truth(wanted['is_enabled'])}",
        f"    FreeBusyAccessEnabled = {parts.truth(wanted['has_free_busy'])}",
        f"    FreeBusyAccessLevel = {literal(wanted['level'])}",
        *([f"    FreeBusyAccessScope = {group}"] if is_told else []),
        *(parts.WHERE if where else ()),
        "  }",
    ]


def entry_text(entry: dict[str, Any]) -> str:
    """An entry of a sharing policy as Exchange writes it: `fabrikam.com:CalendarSharingFreeBusySimple`."""
    return f"{entry['domain']}:{entry['actions']}"


_WRITERS = {
    FederationPlan.NEW: _new, FederationPlan.CHANGE: _change, FederationPlan.SUSPEND: _suspend,
    FederationPlan.REMOVE: _remove, FederationPlan.POLICY: _policy,
}  # fmt: skip
