"""Exchange Online PowerShell: the documented scripts run, and the commands behave as documented."""

import json
from datetime import datetime

import pytest

from sandbox.cast import ADELE, CONTOSO, FABRIKAM
from sandbox.cloud import Cloud
from sandbox.exchange import relationship_between
from sandbox.exchange.shell import run_script
from tests.sandbox.calls import ALEX, caller

# As the contract has them, word for word but for the names.
EXPORT = r"""
Connect-ExchangeOnline
$out = [ordered]@{
  schema = 'calendar-portal/exchange-export/1'; exportedAt = (Get-Date).ToUniversalTime().ToString('o')
  tenant = (Get-ConnectionInformation | Select-Object -First 1).TenantID
  organizationConfig = Get-OrganizationConfig | Select-Object Name,IsDehydrated
  acceptedDomains = @(Get-AcceptedDomain | Select-Object DomainName,DomainType,Default)
  organizationRelationships = @(Get-OrganizationRelationship | Select-Object Name,Guid,Enabled,@{n='DomainNames';e={@($_.DomainNames|ForEach-Object{"$_"})}},
     FreeBusyAccessEnabled,@{n='FreeBusyAccessLevel';e={"$($_.FreeBusyAccessLevel)"}},@{n='FreeBusyAccessScope';e={if($_.FreeBusyAccessScope){"$($_.FreeBusyAccessScope)"}}},
     MailTipsAccessEnabled,@{n='MailTipsAccessLevel';e={"$($_.MailTipsAccessLevel)"}},ArchiveAccessEnabled,DeliveryReportEnabled,
     MailboxMoveEnabled,@{n='MailboxMoveCapability';e={"$($_.MailboxMoveCapability)"}},
     @{n='TargetApplicationUri';e={"$($_.TargetApplicationUri)"}},@{n='TargetAutodiscoverEpr';e={"$($_.TargetAutodiscoverEpr)"}},@{n='TargetSharingEpr';e={"$($_.TargetSharingEpr)"}},
     @{n='WhenChangedUTC';e={if($_.WhenChangedUTC){$_.WhenChangedUTC.ToString('o')}}})
  sharingPolicies = @(Get-SharingPolicy | Select-Object Name,Guid,Enabled,Default,@{n='Domains';e={@($_.Domains|ForEach-Object{"$_"})}})
}
$out | ConvertTo-Json -Depth 6 | Set-Content -Encoding utf8 .\exchange-export.json
"""  # noqa: E501
CREATE = """
Connect-ExchangeOnline
if ((Get-OrganizationConfig).IsDehydrated) { try { Enable-OrganizationCustomization } catch { Write-Warning $_ } }
$ErrorActionPreference='Stop'                       # otherwise a failed Get-FederationInformation would write empty URIs
$Name='Contoso'; $Domains=@('contoso.com','contoso.onmicrosoft.com')          # ALL partner domains
$fi = Get-FederationInformation -DomainName $Domains[0]
$settings = @{ DomainNames=$Domains; FreeBusyAccessEnabled=$true; FreeBusyAccessLevel='AvailabilityOnly'; Enabled=$true
               TargetApplicationUri=$fi.TargetApplicationUri; TargetAutodiscoverEpr=$fi.TargetAutodiscoverEpr }
$all = @(Get-OrganizationRelationship)               # no -Identity: an empty -Identity would also return all
$clash = @($all | Where-Object { $_.Name -ne $Name -and (@($_.DomainNames | ForEach-Object { "$_" }) | Where-Object { $Domains -contains $_ }) })
if ($clash.Count) { throw "Domain already in: $($clash.Name -join ', '). Nothing changed." }   # overlap would be ambiguous
$old = @($all | Where-Object Name -eq $Name)
if ($old.Count -gt 1) { throw 'More than one match; nothing changed.' }
if     ($old.Count -eq 0) { New-OrganizationRelationship -Name $Name @settings }
else                      { Set-OrganizationRelationship -Identity $old[0].Guid.ToString() @settings }
"""  # noqa: E501
PUBLISHED = """
Get-EXOMailbox -ResultSize Unlimited -Properties SharingPolicy | ForEach-Object { $m=$_
  Get-EXOMailboxFolderStatistics -Identity $m.ExchangeGuid.ToString() -FolderScope Calendar | ForEach-Object {
    $f = Get-MailboxCalendarFolder -Identity ("{0}:{1}" -f $m.ExchangeGuid, $_.FolderId) -ErrorAction SilentlyContinue
    if ($f.PublishEnabled) { [pscustomobject]@{ mailbox=$m.PrimarySmtpAddress; folder=$_.Name; detail="$($f.DetailLevel)"
      searchable=$f.SearchableUrlEnabled; from="$($f.PublishDateRangeFrom)"; to="$($f.PublishDateRangeTo)" } } } } |
  ConvertTo-Json -Depth 3
"""  # noqa: E501


@pytest.fixture
def run(cloud):
    """Carry a script out in Contoso, unless another tenant is named."""

    def carry_out(script, tenant=CONTOSO, **how):
        return run_script(cloud, tenant, script, **how)

    return carry_out


def errors(found):
    return [each["text"] for each in found.errors]


def names(cloud, tid=CONTOSO):
    return [each.name for each in cloud.state.exchange[tid].relationships]


def exported(found):
    return json.loads(found.files["exchange-export.json"].decode("utf-8-sig"))


# The documented scripts


@pytest.mark.parametrize("powershell", ["5.1", "7"])
def test_the_export_of_the_contract_says_everything_there_is(run, powershell):
    found = run(EXPORT, powershell=powershell)
    assert found.errors == []
    said = exported(found)
    assert said["tenant"] == CONTOSO
    assert said["organizationConfig"] == {"Name": "contoso.onmicrosoft.com", "IsDehydrated": False}
    assert [each["DomainName"] for each in said["acceptedDomains"]] == ["contoso.com", "contoso.onmicrosoft.com"]
    adatum, tailspin = said["organizationRelationships"]
    assert (adatum["Name"], adatum["FreeBusyAccessLevel"], adatum["Enabled"]) == ("Adatum", "AvailabilityOnly", True)
    assert tailspin["Enabled"] is False
    (policy,) = said["sharingPolicies"]
    assert policy["Domains"] == ["Anonymous:CalendarSharingFreeBusyReviewer", "*:CalendarSharingFreeBusySimple"]
    assert datetime.fromisoformat(said["exportedAt"])


def test_the_two_powershells_write_different_files(run):
    old, new = (run(EXPORT, powershell=each) for each in ("5.1", "7"))
    assert old.files["exchange-export.json"].startswith(b"\xef\xbb\xbf{")
    assert new.files["exchange-export.json"].startswith(b"{")
    # An expression without a value is an empty object in the old one.
    old, new = (exported(each)["organizationRelationships"][0]["FreeBusyAccessScope"] for each in (old, new))
    assert (old, new) == ({}, None)


def test_a_list_of_one_out_of_an_expression_is_no_list(run):
    assert exported(run(EXPORT))["organizationRelationships"][0]["DomainNames"] == "adatum.com"


def test_the_contracts_script_makes_a_relationship_and_then_finds_it(cloud, run):
    for _ in range(2):
        assert errors(run(CREATE, FABRIKAM)) == []
    found = relationship_between(cloud.state, FABRIKAM, "contoso.onmicrosoft.com")
    assert (found.name, found.level, found.values["TargetApplicationUri"]) == (
        "Contoso",
        "AvailabilityOnly",
        "outlook.com",
    )
    assert not cloud.state.exchange[FABRIKAM].is_dehydrated
    assert names(cloud, FABRIKAM) == ["Contoso"]


def test_the_contracts_script_minds_a_domain_that_another_relationship_has(cloud, run):
    run("New-OrganizationRelationship -Name Other -DomainNames contoso.onmicrosoft.com", FABRIKAM)
    assert errors(run(CREATE, FABRIKAM)) == ["Domain already in: Other. Nothing changed."]
    assert names(cloud, FABRIKAM) == ["Other"]


def test_customization_that_a_plan_does_not_offer_is_a_warning_there_and_no_end(cloud, run):
    cloud.switches.change({"customization": "refused"})
    found = run(CREATE, FABRIKAM)
    # Without Stop the refusal is an error that goes on, and no catch sees it.
    assert errors(found) == ["This operation is not available in current service offer."]
    assert names(cloud, FABRIKAM) == ["Contoso"]
    stopped = run(f"$ErrorActionPreference='Stop'{CREATE}", FABRIKAM)
    assert stopped.errors == []
    assert stopped.warnings == ["This operation is not available in current service offer."]


def test_the_publishing_audit_finds_what_is_published_and_no_address(cloud, run):
    text = "\n".join(run(PUBLISHED).output)
    found = {each["mailbox"]: (each["folder"], each["detail"], each["searchable"]) for each in json.loads(text)}
    assert found == {
        "MiriamG@contoso.com": ("Campaigns", "AvailabilityOnly", False),
        "LynneR@contoso.com": ("Spring conference", "LimitedDetails", True),
        "press@contoso.com": ("Calendar", "FullDetails", False),
    }
    for each in cloud.state.exchange[CONTOSO].published.values():
        assert each.secret
        assert each.secret not in text


def test_the_address_of_a_published_calendar_is_there_for_who_asks(run):
    script = "(Get-MailboxCalendarFolder -Identity 'press@contoso.com:\\Calendar').PublishedICalUrl"
    assert run(script).output[0].endswith("/calendar.ics")
    run("Set-MailboxCalendarFolder 'press@contoso.com:\\Calendar' -PublishEnabled $false")
    assert run(script).output == []


def test_what_the_script_makes_on_both_sides_opens_the_times_of_the_others(cloud, run, call):
    def seen():
        day = {"dateTime": "2026-11-24T00:00:00", "timeZone": "UTC"}
        asked = {"schedules": ["PattiF@fabrikam.com"], "startTime": day}
        asked |= {"endTime": day | {"dateTime": "2026-11-25T00:00:00"}}
        response = call("POST", f"{ALEX}/calendar/getSchedule", asked, caller=caller("Calendars.Read"))
        (row,) = json.loads(response.body)["value"]
        return row["error"]["responseCode"] if row.get("error") else sorted({*row["scheduleItems"][0]})

    item = {"tenant": "fabrikam.com", "mailbox": "PattiF@fabrikam.com", "subject": "Board", "place": "Room 1"}
    cloud.state.apply({"do": "appointment", "start": "2026-11-24T10:00:00Z", "end": "2026-11-24T11:00:00Z", **item})
    cloud.switches.change({"appointments": "none"})
    assert seen() == "5009"
    run(CREATE.replace("Contoso", "Fabrikam").replace("contoso", "fabrikam"))
    assert seen() == "5037"
    run(CREATE, FABRIKAM)
    assert seen() == ["end", "start", "status"]
    run("Set-OrganizationRelationship Contoso -Enabled $false", FABRIKAM)
    assert seen() == "5037"


# Relationships


@pytest.mark.parametrize("identity", ["$null", "''", "$nothing", "$nothing.Guid"])
def test_an_empty_identity_gives_all_of_them(run, identity):
    assert run(f"@(Get-OrganizationRelationship -Identity {identity}).Count").output == ["2"]


def test_an_identity_is_a_name_or_a_guid_in_any_case(cloud, run):
    guid = cloud.state.exchange[CONTOSO].relationships[0].guid
    for identity in ("adatum", "ADATUM", guid, guid.upper()):
        assert run(f"(Get-OrganizationRelationship -Identity '{identity}').Name").output == ["Adatum"]
    (error,) = errors(run("Get-OrganizationRelationship -Identity 'Adatu'"))
    assert "couldn't be found" in error


def test_set_replaces_a_list_unless_it_is_told_to_add_and_remove(cloud, run):
    run("Set-OrganizationRelationship Adatum -DomainNames 'a.adatum.com', 'b.adatum.com'")
    assert relationship_between(cloud.state, CONTOSO, "adatum.com") is None
    run("Set-OrganizationRelationship Adatum -DomainNames @{Add='c.adatum.com'; Remove='A.adatum.com'}")
    assert cloud.state.exchange[CONTOSO].relationships[0].domains == ["b.adatum.com", "c.adatum.com"]


def test_suspending_ends_what_the_other_side_sees(cloud, run):
    run("Set-OrganizationRelationship -Identity Adatum -Enabled $false")
    assert relationship_between(cloud.state, CONTOSO, "adatum.com") is None


def test_a_scope_is_a_mail_enabled_security_group_and_null_takes_it_away(cloud, run):
    script = "Set-OrganizationRelationship Adatum -FreeBusyAccessScope {0}; "
    script += "(Get-OrganizationRelationship Adatum).FreeBusyAccessScope"
    for name in ("'Executives'", "'executives@contoso.com'"):
        assert run(script.format(name)).output == ["Executives"]
    found = relationship_between(cloud.state, CONTOSO, "adatum.com")
    assert cloud.state.tenants[CONTOSO].groups[found.scope_group].name == "Executives"
    assert run(script.format("$null")).output == []
    assert found.scope_group is None
    for name in ("'Calendar Readers (security)'", "'Launch Project'", "'nobody'"):
        assert len(errors(run(script.format(name)))) == 1


def test_removing_asks_and_only_a_yes_removes(cloud, run):
    script = "Remove-OrganizationRelationship -Identity Adatum"
    said = run(script, confirm=False)
    assert "[Y] Yes [N] No: N" in said.output
    assert names(cloud) == ["Adatum", "Tailspin Toys"]
    run(script, confirm=True)
    assert names(cloud) == ["Tailspin Toys"]
    run("Remove-OrganizationRelationship 'Tailspin Toys' -Confirm:$false", confirm=False)
    assert names(cloud) == []


def test_the_classic_accident_happens_here_too(cloud, run):
    run("Get-OrganizationRelationship -Identity $typo | Remove-OrganizationRelationship -Confirm:$false")
    assert names(cloud) == []


def test_what_if_changes_nothing(cloud, run):
    before = cloud.state.dump()
    found = run(
        "Remove-OrganizationRelationship Adatum -WhatIf; Set-OrganizationRelationship Adatum -Enabled $false -WhatIf"
    )
    assert [each[:8] for each in found.output] == ["What if:"] * 2
    assert cloud.state.dump() == before


@pytest.mark.parametrize(
    "arguments",
    [
        "-Name 'Adatum' -DomainNames 'x.com'",
        f"-Name '{'n' * 65}' -DomainNames 'x.com'",
        "-Name 'x'",
        "-Name 'x' -DomainNames 'not a domain'",
        "-Name 'x' -DomainNames '*'",
        "-Name 'x' -DomainNames 'x.com' -FreeBusyAccessLevel 'FullDetails'",
        "-Name 'x' -DomainNames 'x.com' -FreeBusyAccessLevel 'Limited'",
        "-Name 'x' -DomainNames 'x.com' -Enabled 'true'",
        "-Name 'x' -DomainNames 'x.com' -Name 'y'",
        "-Name 'x' 'y' -DomainNames 'x.com'",
        "-Name 'x' -DomainNames",
        "-Name 'x' -DomainNames @(" + ", ".join(f"'d{number}.com'" for number in range(239)) + ")",
        "-Name 'x' @{ DomainNames = 'x.com' }",
    ],
)
def test_what_exchange_does_not_take_makes_nothing(cloud, run, arguments):
    before = cloud.state.dump()
    assert len(errors(run(f"New-OrganizationRelationship {arguments}"))) == 1
    assert cloud.state.dump() == before


def test_a_splatted_name_that_no_parameter_has_is_an_error(cloud, run):
    (error,) = errors(run("$s = @{ DomainNames = 'x.com'; Levl = 'None' }; New-OrganizationRelationship -Name x @s"))
    assert "Levl" in error
    assert names(cloud) == ["Adatum", "Tailspin Toys"]


def test_errors_end_a_script_only_under_stop(run):
    script = "Get-OrganizationRelationship nobody\n'on'"
    assert run(script).output == ["on"]
    stopped = run(f"$ErrorActionPreference = 'Stop'\n{script}")
    assert stopped.output == []
    assert [each["line"] for each in stopped.errors] == [2]
    assert run("Get-OrganizationRelationship nobody -ErrorAction SilentlyContinue; 'on'").errors == []
    assert run("try { Get-OrganizationRelationship nobody -ErrorAction Stop } catch { 'caught' }").output == ["caught"]


def test_what_cannot_be_bound_ends_its_statement_and_a_try_catches_it_without_stop(run):
    wrong = "Get-OrganizationRelationship -Identity 'Adatum' 'Tailspin Toys'"
    assert run(f"try {{ {wrong} | ForEach-Object {{ 'on' }} }} catch {{ 'caught' }}").output == ["caught"]
    found = run(f"$x = 'before'\n$x = {wrong}\n$x")
    assert (found.output, [each["line"] for each in found.errors]) == (["before"], [2])
    # What a command itself could not do goes on.
    assert run("try { Get-OrganizationRelationship nobody; 'on' } catch { 'caught' }").output == ["on"]


def test_a_command_that_the_role_does_not_hold_fails_and_the_others_work(cloud, run):
    cloud.switches.change({"refused_command": "Get-SharingPolicy"})
    found = run("Get-SharingPolicy; @(Get-OrganizationRelationship).Count")
    assert errors(found) == ["You don't have sufficient permissions to run Get-SharingPolicy."]
    assert found.output == ["2"]


def test_federation_information_names_only_the_domain_that_was_asked_for(run):
    found = run("$f = Get-FederationInformation -DomainName 'Fabrikam.com'; $f.DomainNames; $f.TargetApplicationUri")
    assert found.output == ["fabrikam.com", "outlook.com"]
    assert len(errors(run("Get-FederationInformation -DomainName 'nowhere.example'"))) == 1


# Policies and mailboxes


def test_the_entries_of_a_policy_are_replaced_as_a_whole(cloud, run):
    run(
        "Set-SharingPolicy 'default sharing policy' "
        "-Domains 'adatum.com: calendarsharingfreebusydetail, ContactsSharing'"
    )
    (policy,) = cloud.state.exchange[CONTOSO].policies
    assert policy.domains == ["adatum.com:CalendarSharingFreeBusyDetail, ContactsSharing"]
    for entry in ("adatum.com", "adatum.com: Everything", "a b: ContactsSharing", "*.com: ContactsSharing"):
        assert len(errors(run(f"Set-SharingPolicy 'Default Sharing Policy' -Domains '{entry}'"))) == 1


def test_a_policy_cannot_be_altered_before_customization(cloud, run):
    script = "Set-SharingPolicy 'Default Sharing Policy' -Enabled $false"
    (error,) = errors(run(script, FABRIKAM))
    assert "Enable-OrganizationCustomization" in error
    assert errors(run(f"Enable-OrganizationCustomization\n{script}", FABRIKAM)) == []
    assert not cloud.state.exchange[FABRIKAM].policies[0].is_enabled
    assert len(errors(run("Enable-OrganizationCustomization", FABRIKAM))) == 1


def test_a_mailbox_has_the_default_policy_until_it_gets_its_own(run):
    asked = (
        "Get-EXOMailbox -ResultSize Unlimited -Properties SharingPolicy | Where-Object { $_.SharingPolicy -eq 'Open' }"
    )
    assert run(f"@({asked}).Count").output == ["0"]
    made = "New-SharingPolicy -Name Open -Domains '*: CalendarSharingFreeBusyDetail'; "
    found = run(f"$p = {made} Set-Mailbox AdeleV@contoso.com -SharingPolicy Open; ({asked}).ExternalDirectoryObjectId")
    assert found.output == [ADELE]
    (error,) = errors(run("(Get-EXOMailbox AdeleV).SharingPolicy"))
    assert "SharingPolicy" in error


def test_thousand_mailboxes_come_unasked_and_all_only_when_asked(run):
    many = Cloud(mailboxes=1200)
    found = run_script(many, CONTOSO, "@(Get-EXOMailbox).Count")
    assert found.output == ["1000"]
    assert len(found.warnings) == 1
    assert int(run_script(many, CONTOSO, "@(Get-EXOMailbox -ResultSize Unlimited).Count").output[0]) > 1200
