"""The parts that scripts share: one block, whose organization it is, what was found, and what was planned against.

Every script is one block `& { … }`: pasted into a window line by line, a check that fails would stop its own line only.
Exchange's commands stand in a module, which does not see the `$ErrorActionPreference` of who calls: each is told to
stop by itself. Nobody's text stands in a comment or in double quotes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sharing.federation.quoting import ValueRefused, domain, guid, literal, texts

NOTHING = "Nothing was changed."
FINISH = "  Write-Host 'Done. Run the export script again and give its file to Calwarden: only an export shows it.'"
# A file without a mark of its encoding is read in the machine's own by PowerShell 5.1, and texts could end elsewhere.
_READ_RIGHT = "  if ('\u00f6' -cne [string][char]246) { throw 'PowerShell reads this file in another encoding.' }"


def block(about: Iterable[str], lines: Iterable[str]) -> str:
    """A whole script: what it is `about` as comments, then the lines as one block, without an empty line in it."""
    body = "\n".join(lines)
    guard = [] if body.isascii() else [_READ_RIGHT]
    comments = [f"# {line}" for line in about]
    return "\n".join([*comments, "& {", "  $ErrorActionPreference = 'Stop'", *guard, body, "}"]) + "\n"


def as_file(script: str) -> bytes:
    """The script as a file that every PowerShell reads as it was written: UTF-8 with its mark, Windows' line ends."""
    return ("\ufeff" + script.replace("\n", "\r\n")).encode()


def connected_to(tid: object) -> list[str]:
    """Connect, and go on in the tenant `tid` only. Leaves `$Tenants`, a list of one."""
    return [
        "  Connect-ExchangeOnline",
        '  $Tenants = @(Get-ConnectionInformation | ForEach-Object { "$($_.TenantID)" } | Select-Object -Unique)',
        f"  if ($Tenants.Count -ne 1 -or $Tenants[0] -ne {guid(tid)}) {{",
        f"    throw 'This window is connected to another organization, or to more than one. {NOTHING}'",
        "  }",
    ]


def connected_to_domains(domains: Iterable[str]) -> list[str]:
    """Connect, and go on only where Exchange accepts mail for one of `domains`, for a tenant whose id is not known."""
    return [
        "  Connect-ExchangeOnline",
        '  $Tenants = @(Get-ConnectionInformation | ForEach-Object { "$($_.TenantID)" } | Select-Object -Unique)',
        f"  $Own = {texts(map(domain, domains))}",
        '  $Accepted = @(Get-AcceptedDomain -ErrorAction Stop | Where-Object { $Own -contains "$($_.DomainName)" })',
        "  if ($Tenants.Count -ne 1 -or $Accepted.Count -eq 0) {",
        f"    throw 'This window is connected to another organization, or to more than one. {NOTHING}'",
        "  }",
    ]


# Without -Identity: an empty one would give all of them, too.
ALL = "  $All = @(Get-OrganizationRelationship -ErrorAction Stop)"


def about_domains(domains: Sequence[str]) -> str:
    """The domains that a script is about, as `$Domains`; none is refused, because nothing would be compared."""
    if not domains:
        raise ValueRefused
    return f"  $Domains = {texts(map(domain, domains))}"


# The condition, for one relationship of `$All`, that it has one of `$Domains`.
HAS_ONE = '@($_.DomainNames | Where-Object { $Domains -contains "$_" }).Count -gt 0'


def no_clash(but: object = None) -> list[str]:
    """Stop where a relationship has one of `$Domains`, `but` for the one with this id."""
    other = f'"$($_.Guid)" -ne {guid(but)} -and ' if but else ""
    return [
        f"  $Clash = @($All | Where-Object {{ {other}{HAS_ONE} }})",
        "  if ($Clash.Count -gt 0) {",
        f"    throw \"Another relationship has one of these domains: $($Clash.Name -join ', '). {NOTHING}\"",
        "  }",
    ]


def exactly_one(cmdlet: str, id: object) -> list[str]:
    """Leave in `$Now` the only object with this id that `cmdlet` lists (`$All`: of those already read)."""
    listed = cmdlet if cmdlet.startswith("$") else f"{cmdlet} -ErrorAction Stop"
    return [
        f'  $Found = @({listed} | Where-Object {{ "$($_.Guid)" -eq {guid(id)} }})',
        f"  if ($Found.Count -ne 1) {{ throw 'It is not there any more. {NOTHING}' }}",
        "  $Now = $Found[0]",
    ]


def still(before: Mapping[str, Any]) -> list[str]:
    """Stop unless the relationship in `$Now` is what was planned against."""
    return [
        *_same_list("$Now.DomainNames", texts(before["domains"]), '"$_"'),
        f"""  if ($Other.Count -gt 0 -or "$($Now.Name)" -ne {literal(before["name"])} -or""",
        f"      $Now.Enabled -ne {truth(before['is_enabled'])} -or",
        f"      $Now.FreeBusyAccessEnabled -ne {truth(before['has_free_busy'])} -or",
        f"""      "$($Now.FreeBusyAccessLevel)" -ne {literal(before["level"])} -or""",
        f"""      "$($Now.FreeBusyAccessScope)" -ne {literal(before["scope_group"])}) {{""",
        f"    throw 'It was changed since this was planned. {NOTHING}'",
        "  }",
    ]


def still_policy(before: Mapping[str, Any], entries: Iterable[str]) -> list[str]:
    """The same of a sharing policy, whose entries are compared without their spaces."""
    was = texts(entry.replace(" ", "") for entry in entries)
    return [
        *_same_list("$Now.Domains", was, "\"$_\".Replace(' ', '')"),
        f"""  if ($Other.Count -gt 0 -or "$($Now.Name)" -ne {literal(before["name"])} -or""",
        f"      $Now.Enabled -ne {truth(before['is_enabled'])}) {{",
        f"    throw 'It was changed since this was planned. {NOTHING}'",
        "  }",
    ]


def _same_list(now: str, was: str, text: str) -> list[str]:
    return [
        f"  $Was = {was}",
        f"  $Is = @({now} | Where-Object {{ $_ }} | ForEach-Object {{ {text} }})",
        "  $Other = @(@($Is | Where-Object { $Was -notcontains $_ }) + @($Was | Where-Object { $Is -notcontains $_ }))",
    ]


def where_they_are() -> list[str]:
    """Ask Exchange where the organization of `$Domains` answers, into `$There`; an empty answer would be written."""
    return [
        "  $There = @(Get-FederationInformation -DomainName $Domains[0] -ErrorAction Stop)",
        "  if ($There.Count -ne 1 -or -not $There[0].TargetApplicationUri -or -not $There[0].TargetAutodiscoverEpr) {",
        f"    throw 'Exchange does not know where this organization answers. {NOTHING}'",
        "  }",
    ]


WHERE = (
    '    TargetApplicationUri = "$($There[0].TargetApplicationUri)"',
    '    TargetAutodiscoverEpr = "$($There[0].TargetAutodiscoverEpr)"',
)


def customized() -> list[str]:
    """Enable customization where it never was; not every plan offers it, and not every command needs it."""
    return [
        "  try {",
        "    if ((Get-OrganizationConfig -ErrorAction Stop).IsDehydrated) {",
        "      Enable-OrganizationCustomization -ErrorAction Stop",
        "    }",
        "  } catch {",
        '    Write-Warning "Customization could not be enabled: $_"',
        "  }",
    ]


def truth(value: bool) -> str:
    return "$true" if value else "$false"
