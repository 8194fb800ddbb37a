"""Writes the PowerShell that an Exchange administrator runs; every value is a single-quoted text."""

from dataclasses import dataclass

from sharing.words.powershell import literal

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
READ_ROLES = ("Application Calendars.Read", "Application MailboxSettings.Read")
WRITE_ROLES = ("Application Calendars.ReadWrite", "Application MailboxSettings.ReadWrite")
_ENTRA_ROLES = (
    "Calendars.Read", "Calendars.ReadWrite", "Calendars.ReadBasic.All", "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Values:
    """What the scripts are about; `member` and `outsider` are addresses to try, empty where there is none yet."""

    app_id: str
    principal_id: str
    connection: str
    group: str
    roles: tuple[str, ...] = READ_ROLES
    member: str = ""
    outsider: str = ""

    @property
    def scope(self) -> str:
        return f"Calwarden {self.connection}"


def set_up(values: Values) -> str:
    """Limit the app to direct members of the group, then take the tenant-wide grants away. Safe to run again.

    Raises ValueRefused.
    """
    return _lines(
        "# Limits the app to direct members of one group. Run steps 1 to 4 as Exchange Administrator,",
        "# step 5 as Privileged Role Administrator. It may be run again.",
        "$ErrorActionPreference = 'Stop'",
        "Connect-ExchangeOnline",
        *_whose(values),
        "",
        "# 1. The group: direct members only, groups within it do not count",
        f"$Group = @(Get-Group -Identity {literal(values.group)})",
        "if ($Group.Count -ne 1) { throw 'Exchange does not know exactly one group with this address.' }",
        "# Quotes inside the name are doubled for the filter.",
        """$Filter = "MemberOfGroup -eq '" + $Group[0].DistinguishedName.Replace("'", "''") + "'\"""",
        "",
        "# 2. The scope, and the app as Exchange knows it",
        f"$ScopeName = {literal(values.scope)}",
        "if (Get-ManagementScope | Where-Object Name -eq $ScopeName) {",
        "  Set-ManagementScope -Identity $ScopeName -RecipientRestrictionFilter $Filter",
        "} else {",
        "  New-ManagementScope -Name $ScopeName -RecipientRestrictionFilter $Filter",
        "}",
        "if (-not (Get-ServicePrincipal | Where-Object AppId -eq $AppId)) {",
        "  New-ServicePrincipal -AppId $AppId -ObjectId $SpObjId -DisplayName 'Calwarden'",
        "}",
        "",
        "# 3. What the app may do within the scope",
        "$Held = @(Get-ManagementRoleAssignment -RoleAssignee $SpObjId |",
        "  Where-Object CustomResourceScope -eq $ScopeName)",
        f"foreach ($Role in {', '.join(map(literal, values.roles))}) {{",
        "  if (-not ($Held | Where-Object Role -eq $Role)) {",
        "    New-ManagementRoleAssignment -App $SpObjId -Role $Role -CustomResourceScope $ScopeName",
        "  }",
        "}",
        "",
        "# 4. Look at it: this asks Exchange itself, and leaves Entra's grants out",
        *(_look(address) for address in (values.member, values.outsider) if address),
        "",
        "# 5. REQUIRED: take the tenant-wide grants away, otherwise the group limits nothing",
        "Connect-MgGraph -Scopes 'AppRoleAssignment.ReadWrite.All', 'Application.Read.All'",
        f"$Graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\"",
        f"$Names = {', '.join(map(literal, _ENTRA_ROLES))}",
        "$Ids = ($Graph.AppRoles | Where-Object Value -in $Names).Id",
        "Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $SpObjId -All |",
        "  Where-Object { $_.ResourceId -eq $Graph.Id -and $_.AppRoleId -in $Ids } |",
        "  ForEach-Object {",
        "    Remove-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $SpObjId -AppRoleAssignmentId $_.Id",
        "  }",
        "",
        "# 6. An application access policy from before, if there is one, is removed last",
        "Get-ApplicationAccessPolicy | Where-Object AppId -eq $AppId | Format-Table Identity, AccessRight, ScopeName",
    )


def migrate(values: Values) -> str:
    """The same, and then the application access policies of this app are removed, one question for each.

    Raises ValueRefused.
    """
    return set_up(values) + _lines(
        "",
        "# 7. Remove those policies. Members of groups within a policy's group lose access unless they are direct",
        "# members of the group above. This asks for each one.",
        "Get-ApplicationAccessPolicy | Where-Object AppId -eq $AppId |",
        "  ForEach-Object { Remove-ApplicationAccessPolicy -Identity $_.Identity -Confirm }",
    )


def undo(values: Values) -> str:
    """Take the scope and the roles within it away; the app then reads nobody until it is approved again.

    Raises ValueRefused.
    """
    return _lines(
        "# Takes back what the set-up script made. It does not give the tenant-wide grants back.",
        "$ErrorActionPreference = 'Stop'",
        "Connect-ExchangeOnline",
        *_whose(values),
        f"$ScopeName = {literal(values.scope)}",
        "# Never unfiltered: an unknown assignee lists the assignments of everybody.",
        "$Mine = @(Get-ManagementRoleAssignment -RoleAssignee $SpObjId |",
        "  Where-Object { $_.Role -like 'Application *' -and $_.CustomResourceScope -eq $ScopeName })",
        "$Mine | Format-Table Name, Role, CustomResourceScope   # read this first",
        "$Mine | ForEach-Object { Remove-ManagementRoleAssignment -Identity $_.Name }   # asks for each one",
        "Remove-ManagementScope -Identity $ScopeName",
        "Remove-ServicePrincipal -Identity $AppId",
    )


def _whose(values: Values) -> list[str]:
    """The app's two ids, of Entra's enterprise applications."""
    lines = [f"$AppId = {literal(values.app_id)}"]
    if values.principal_id:
        return [*lines, f"$SpObjId = {literal(values.principal_id)}"]
    return [
        *lines,
        "Connect-MgGraph -Scopes 'Application.Read.All'",
        "$SpObjId = (Get-MgServicePrincipal -Filter \"appId eq '$AppId'\").Id",
        "if (-not $SpObjId) { throw 'Entra does not know this app.' }",
    ]


def _look(address: str) -> str:
    return f"Test-ServicePrincipalAuthorization -Identity $AppId -Resource {literal(address)} | Format-Table"


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
