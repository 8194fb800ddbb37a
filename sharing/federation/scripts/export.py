"""The script that exports what Exchange knows of sharing with others; it reads only."""

from collections.abc import Sequence

from sharing.models import Tenant

from . import parts

SCHEMA = "calwarden/exchange-export/1"
FILE = "exchange-export.json"

_CONFIG = """\
@(Get-OrganizationConfig -ErrorAction Stop | ForEach-Object {
      [pscustomobject]@{ Name = "$($_.Name)"; IsDehydrated = $_.IsDehydrated }
    })"""
_DOMAINS = """\
@(Get-AcceptedDomain -ErrorAction Stop | ForEach-Object {
      [pscustomobject]@{ DomainName = "$($_.DomainName)"; DomainType = "$($_.DomainType)"; Default = $_.Default }
    })"""
# What is one of Exchange's own words, or an address, is made a text: PowerShell 5.1 would write a number.
_RELATIONSHIPS = """\
@(Get-OrganizationRelationship -ErrorAction Stop | ForEach-Object {
      [pscustomobject]@{
        Name = "$($_.Name)"
        Guid = "$($_.Guid)"
        Enabled = $_.Enabled
        DomainNames = @($_.DomainNames | Where-Object { $_ } | ForEach-Object { "$_" })
        FreeBusyAccessEnabled = $_.FreeBusyAccessEnabled
        FreeBusyAccessLevel = "$($_.FreeBusyAccessLevel)"
        FreeBusyAccessScope = "$($_.FreeBusyAccessScope)"
        MailTipsAccessEnabled = $_.MailTipsAccessEnabled
        MailTipsAccessLevel = "$($_.MailTipsAccessLevel)"
        MailTipsAccessScope = "$($_.MailTipsAccessScope)"
        ArchiveAccessEnabled = $_.ArchiveAccessEnabled
        DeliveryReportEnabled = $_.DeliveryReportEnabled
        MailboxMoveEnabled = $_.MailboxMoveEnabled
        MailboxMoveCapability = "$($_.MailboxMoveCapability)"
        TargetApplicationUri = "$($_.TargetApplicationUri)"
        TargetAutodiscoverEpr = "$($_.TargetAutodiscoverEpr)"
        TargetSharingEpr = "$($_.TargetSharingEpr)"
        WhenChangedUTC = $(if ($_.WhenChangedUTC) { ([datetime]$_.WhenChangedUTC).ToString('o') })
      }
    })"""
_POLICIES = """\
@(Get-SharingPolicy -ErrorAction Stop | ForEach-Object {
      [pscustomobject]@{
        Name = "$($_.Name)"
        Guid = "$($_.Guid)"
        Enabled = $_.Enabled
        Default = $_.Default
        Domains = @($_.Domains | Where-Object { $_ } | ForEach-Object { "$_" })
      }
    })"""
# Those with the default policy are everybody else; a mailbox may name it in any of three ways.
_DEFAULT = """\
    $Default = @(Get-SharingPolicy -ErrorAction Stop | Where-Object { $_.Default } | ForEach-Object {
      @("$($_.Name)", "$($_.Guid)", "$($_.DistinguishedName)")
    })"""
_ASSIGNMENTS = """\
@(Get-EXOMailbox -ResultSize Unlimited -Properties SharingPolicy -ErrorAction Stop | Where-Object {
      $_.SharingPolicy -and $Default -notcontains "$($_.SharingPolicy)"
    } | ForEach-Object {
      [pscustomobject]@{ Address = "$($_.PrimarySmtpAddress)"; Policy = "$($_.SharingPolicy)" }
    })"""
# A folder goes by its id, because its name is in the mailbox's language. The addresses of what is published are
# secret: no line of this keeps one.
_PUBLISHED = """\
@(Get-EXOMailbox -ResultSize Unlimited -Properties ExchangeGuid -ErrorAction Stop | ForEach-Object {
      $Mailbox = $_
      $Id = "$($Mailbox.ExchangeGuid)"
      try {
        $Folders = @(Get-EXOMailboxFolderStatistics -Identity $Id -FolderScope Calendar -ErrorAction Stop)
      } catch {
        $Folders = @()
        $Unread = $Unread + 1
      }
      $Folders | ForEach-Object {
        $Folder = $_
        try {
          $Published = Get-MailboxCalendarFolder -Identity "$($Id):$($Folder.FolderId)" -ErrorAction Stop
        } catch {
          $Published = $null
          $Unread = $Unread + 1
        }
        if ($Published.PublishEnabled) {
          [pscustomobject]@{
            mailbox = "$($Mailbox.PrimarySmtpAddress)"
            folder = "$($Folder.Name)"
            detail = "$($Published.DetailLevel)"
            searchable = $Published.SearchableUrlEnabled
            from = "$($Published.PublishDateRangeFrom)"
            to = "$($Published.PublishDateRangeTo)"
          }
        }
      }
    })"""
_READ_ALL = ['    if ($Unread -gt 0) { throw "$Unread mailboxes or calendars could not be read." }']


def export_script(tenant: Tenant, *, with_assignments: bool = False, with_publishing: bool = False) -> str:
    """What an administrator runs to write `exchange-export.json`; Global Reader is enough, and nothing is changed.

    Each section fails for itself: its count is null then, and what was wrong stands beside it. Both options ask about
    every mailbox, which takes minutes to hours. https://learn.microsoft.com/powershell/exchange/exchange-online-powershell
    """
    about = [
        "Calwarden: exports what Exchange knows of sharing with other organizations. It reads only.",
        f"Run it in PowerShell as Global Reader, all of it at once, and give {FILE} to Calwarden.",
    ]
    lines = [
        *parts.connected_to(tenant.tid),
        "  $Export = [ordered]@{",
        f"    schema = '{SCHEMA}'",
        "    tenant = $Tenants[0]",
        "    exportedAt = (Get-Date).ToUniversalTime().ToString('o')",
        "  }",
        "  $Counts = [ordered]@{}",
        "  $Errors = [ordered]@{}",
        *_section("organizationConfig", _CONFIG, is_one=True),
        *_section("acceptedDomains", _DOMAINS),
        *_section("organizationRelationships", _RELATIONSHIPS),
        *_section("sharingPolicies", _POLICIES),
        *(_section("sharingPolicyAssignments", _ASSIGNMENTS, before=[_DEFAULT]) if with_assignments else ()),
        *(_section("publishedCalendars", _PUBLISHED, before=["    $Unread = 0"], after=_READ_ALL)
          if with_publishing else ()),
        "  $Export['counts'] = $Counts",
        "  $Export['errors'] = $Errors",
        f"  $Export['end'] = '{SCHEMA}'",
        f"  $Export | ConvertTo-Json -Depth 6 | Set-Content -Encoding utf8 -Path '.\\{FILE}'",
        f"  Write-Host 'Done. Give {FILE} to Calwarden.'",
    ]  # fmt: skip
    return parts.block(about, lines)


def _section(
    name: str, rows: str, *, before: Sequence[str] = (), after: Sequence[str] = (), is_one: bool = False
) -> list[str]:
    """One part of the export. `after` may still throw: the rows are kept then, and known not to be all of them."""
    return [
        "  try {",
        *before,
        f"    $Rows = {rows}",
        f"    $Export['{name}'] = $Rows{'[0]' if is_one else ''}",
        *after,
        f"    $Counts['{name}'] = $Rows.Count",
        "  } catch {",
        f"    $Counts['{name}'] = $null",
        f"    $Errors['{name}'] = \"$_\"",
        "  }",
    ]
