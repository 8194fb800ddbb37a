"""The same on the partner's side, for their administrator: names and domains change places."""

from sharing.federation.quoting import literal
from sharing.models import ExchangeSnapshot, FederationPlan

from . import parts
from .ours import settings

LONGEST_NAME = 64
_ABOUT = {
    FederationPlan.NEW: "Lets people of the other organization see free and busy times of yours.",
    FederationPlan.CHANGE: "Lets people of the other organization see free and busy times of yours.",
    FederationPlan.SUSPEND: "Suspends your relationship with the other organization.",
    FederationPlan.REMOVE: "Removes your relationship with the other organization. Exchange asks before it does.",
}


def partner_script(plan: FederationPlan) -> str:
    """What an administrator of the partner runs so that the plan works in both directions; empty for a policy.

    What their Exchange holds is not known here: a relationship with us may be there under any name, and one that has
    other domains than ours is left alone. Raises ValueRefused.
    """
    if plan.kind not in _ABOUT or plan.partner is None:
        return ""
    tid = plan.partner.partner_tid
    lines = [
        *(parts.connected_to(tid) if tid else parts.connected_to_domains(plan.partner.domains)),
        parts.ALL,
        parts.about_domains(own_domains(plan)),
        f"  $Found = @($All | Where-Object {{ {parts.HAS_ONE} }})",
        *_no_strangers(),
        *_WRITERS[plan.kind](plan),
        "  Write-Host 'Done. It may take hours until calendars show it.'",
    ]
    about = [
        f"Calwarden, plan {plan.public_id}, for the other organization. {_ABOUT[plan.kind]}",
        "Run it in PowerShell as Exchange Administrator, all of it at once. Every check comes before the change.",
    ]
    return parts.block(about, lines)


def own_domains(plan: FederationPlan) -> list[str]:
    """All domains of ours that the partner has to name: what Exchange accepts mail for, else what Entra verified."""
    snapshot = plan.snapshot
    is_read = snapshot and snapshot.sections.get(ExchangeSnapshot.DOMAINS) == ExchangeSnapshot.READ
    domains: list[str] = snapshot.domains if snapshot and is_read else plan.tenant.domains
    return domains


def _join(plan: FederationPlan) -> list[str]:
    return [
        f"  if ($Found.Count -gt 1) {{ throw 'More than one relationship has these domains. {parts.NOTHING}' }}",
        f"  $Name = {literal(str(plan.tenant)[:LONGEST_NAME])}",
        """  if ($Found.Count -eq 0 -and @($All | Where-Object { "$($_.Name)" -eq $Name }).Count -gt 0) {""",
        f"    throw 'A relationship of this name is there already. {parts.NOTHING}'",
        "  }",
        *parts.where_they_are(),
        *settings({"level": plan.wanted["level"], "is_enabled": True, "has_free_busy": True}, where=True),
        "  if ($Found.Count -eq 1) {",
        "    Set-OrganizationRelationship -Identity $Found[0].Guid.ToString() @Settings -ErrorAction Stop",
        "  } else {",
        *(f"  {line}" for line in parts.customized()),
        "    $Made = New-OrganizationRelationship -Name $Name @Settings -ErrorAction Stop",
        "  }",
    ]


def _suspend(plan: FederationPlan) -> list[str]:
    return [
        _ONE,
        "  Set-OrganizationRelationship -Identity $Found[0].Guid.ToString() -Enabled $false -ErrorAction Stop",
    ]


def _remove(plan: FederationPlan) -> list[str]:
    return [_ONE, "  Remove-OrganizationRelationship -Identity $Found[0].Guid.ToString() -ErrorAction Stop"]


_ONE = f"  if ($Found.Count -ne 1) {{ throw 'Not exactly one relationship has these domains. {parts.NOTHING}' }}"


def _no_strangers() -> list[str]:
    return [
        "  $Named = @($Found | ForEach-Object { $_.DomainNames } | Where-Object { $_ })",
        '  $Strange = @($Named | Where-Object { $Domains -notcontains "$_" })',
        "  if ($Strange.Count -gt 0) {",
        f"    throw \"The relationship has other domains, too: $($Strange -join ', '). {parts.NOTHING}\"",
        "  }",
    ]


_WRITERS = {
    FederationPlan.NEW: _join, FederationPlan.CHANGE: _join, FederationPlan.SUSPEND: _suspend,
    FederationPlan.REMOVE: _remove,
}  # fmt: skip
