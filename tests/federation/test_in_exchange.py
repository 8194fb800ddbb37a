"""The export script in the sandbox's Exchange: every PowerShell, a refused command, and a file cut short."""

import pytest

from sandbox.cloud import Cloud
from sandbox.exchange.shell import run_script
from sharing.federation.export import parse_export
from sharing.federation.scripts import as_file, export_script
from sharing.federation.uploaded import ExportRefused
from sharing.models import ExchangeSnapshot
from tests.cloud import CONTOSO

pytestmark = pytest.mark.django_db
VERSIONS = pytest.mark.parametrize("powershell", ["5.1", "7"])


@pytest.fixture
def exchange():
    return Cloud()


@pytest.fixture
def export(exchange, contoso):
    """The file that the script writes, run as the file that was downloaded."""

    def run(**how):
        script = as_file(export_script(contoso, with_assignments=True, with_publishing=True)).decode()
        found = run_script(exchange, CONTOSO, script, **how)
        assert (found.errors, found.warnings) == ([], [])
        return found.files["exchange-export.json"]

    return run


@pytest.fixture
def snapshot(exchange, export, take):
    return lambda **how: take(export(**how), now=exchange.now()).snapshot


@VERSIONS
@pytest.mark.parametrize("enums", ["numbers", "names"])
def test_the_export_says_the_same_in_every_powershell(exchange, snapshot, powershell, enums):
    exchange.switches.change({"enums_in_json": enums})
    taken = snapshot(powershell=powershell)
    assert taken.is_complete
    assert (taken.is_dehydrated, taken.domains) == (False, ["contoso.com", "contoso.onmicrosoft.com"])
    assert {row.name: (row.is_enabled, row.level, row.domains) for row in taken.relationships.all()} == {
        "Adatum": (True, "AvailabilityOnly", ["adatum.com"]),
        "Tailspin Toys": (False, "AvailabilityOnly", ["tailspintoys.com"]),
    }
    assert [(each["domain"], each["level"]) for each in taken.policies.get().entries] == [
        ("Anonymous", "read"),
        ("*", "freeBusyRead"),
    ]
    assert {row.address.lower(): row.level for row in taken.published.all()} == {
        "miriamg@contoso.com": "AvailabilityOnly",
        "lynner@contoso.com": "LimitedDetails",
        "press@contoso.com": "FullDetails",
    }


@VERSIONS
def test_a_mailbox_with_a_policy_of_its_own_is_in_the_export_and_no_other(exchange, snapshot, powershell):
    script = """New-SharingPolicy -Name 'Open house' -Domains '*: CalendarSharingFreeBusyDetail'
Set-Mailbox AdeleV@contoso.com -SharingPolicy 'Open house'
Set-Mailbox AlexW@contoso.com -SharingPolicy 'Default Sharing Policy'"""
    assert run_script(exchange, CONTOSO, script).errors == []
    row = snapshot(powershell=powershell).assignments.get()
    assert (row.address.lower(), row.policy) == ("adelev@contoso.com", "Open house")


@VERSIONS
def test_an_export_that_was_cut_short_anywhere_is_refused(exchange, export, powershell):
    whole = export(powershell=powershell)
    for percent in range(1, 100):
        with pytest.raises(ExportRefused):
            parse_export(whole[: len(whole) * percent // 100], tid=CONTOSO, now=exchange.now())


@pytest.mark.parametrize(
    ("command", "section"),
    [
        ("Get-OrganizationRelationship", ExchangeSnapshot.RELATIONSHIPS),
        ("Get-SharingPolicy", ExchangeSnapshot.POLICIES),
        ("Get-MailboxCalendarFolder", ExchangeSnapshot.PUBLISHED),
    ],
)
def test_a_section_whose_command_is_refused_is_cut_and_the_others_remain(exchange, snapshot, command, section):
    exchange.switches.change({"refused_command": command})
    sections = snapshot().sections
    assert sections[section] == ExchangeSnapshot.CUT
    # Whose policy is not the default one cannot be told without the policies.
    lost = {section, ExchangeSnapshot.ASSIGNMENTS} if section == ExchangeSnapshot.POLICIES else {section}
    assert {name for name, state in sections.items() if state != ExchangeSnapshot.READ} == lost
