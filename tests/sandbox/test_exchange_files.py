"""What leaves PowerShell: JSON and files as version 5.1 and 7 write them, whole or cut short."""

import json

import pytest

from sandbox.cast import CONTOSO
from sandbox.exchange.shell import run_script
from tests.sandbox.test_exchange_scripts import EXPORT, errors


@pytest.fixture
def run(cloud):
    """Carry a script out in Contoso."""
    return lambda script, **how: run_script(cloud, CONTOSO, script, **how)


def test_enumerations_are_numbers_in_json_unless_they_are_made_texts(cloud, run):
    script = "Get-OrganizationRelationship Adatum | ConvertTo-Json | Set-Content x.json"
    level = json.loads(run(script).files["x.json"])["FreeBusyAccessLevel"]
    assert level == 1
    named = script.replace("ConvertTo-Json", "ConvertTo-Json -EnumsAsStrings")
    assert json.loads(run(named).files["x.json"])["FreeBusyAccessLevel"] == "AvailabilityOnly"
    assert len(errors(run(named, powershell="5.1"))) == 1
    cloud.switches.change({"enums_in_json": "names"})
    assert json.loads(run(script).files["x.json"])["FreeBusyAccessLevel"] == "AvailabilityOnly"


def test_dates_are_written_in_the_three_known_ways(run):
    changed = "(Get-OrganizationRelationship Adatum).WhenChangedUTC | ConvertTo-Json -Compress"
    assert run(changed).output == ['"2025-03-03T09:00:00.0000000Z"']
    assert run(changed, powershell="5.1").output == ['"\\/Date(1740992400000)\\/"']
    today = json.loads(run("Get-Date | ConvertTo-Json", powershell="5.1").output[0])
    assert today["value"].startswith("/Date(")
    assert "DateTime" in today


def test_below_its_depth_json_holds_texts(run):
    nested = "@{ a = @{ b = @{ c = @{ d = 1 } } } }"
    assert json.loads(run(f"{nested} | ConvertTo-Json").output[0])["a"]["b"]["c"] == "System.Collections.Hashtable"
    assert json.loads(run(f"{nested} | ConvertTo-Json -Depth 3").output[0])["a"]["b"]["c"] == {"d": 1}


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ("Set-Content -Encoding utf8 .\\x.txt", b"\xef\xbb\xbf\xc3\xb6\r\n", b"\xc3\xb6\r\n"),
        ("Set-Content C:\\Temp\\x.txt", b"\xf6\r\n", b"\xc3\xb6\r\n"),
        ("Out-File x.txt", b"\xff\xfe\xf6\x00\r\x00\n\x00", b"\xc3\xb6\r\n"),
        ("Set-Content x.txt -Encoding Unicode", b"\xff\xfe\xf6\x00\r\x00\n\x00", b"\xff\xfe\xf6\x00\r\x00\n\x00"),
        ("Set-Content x.txt -Encoding utf8 -NoNewline", b"\xef\xbb\xbf\xc3\xb6", b"\xc3\xb6"),
    ],
)
def test_files_are_encoded_as_either_powershell_does(run, command, old, new):
    assert [run(f"'ö' | {command}", powershell=each).files["x.txt"] for each in ("5.1", "7")] == [old, new]


def test_a_file_can_be_cut_short(cloud, run):
    whole = run(EXPORT).files["exchange-export.json"]
    cloud.switches.change({"file_kept_percent": 60})
    part = run(EXPORT).files["exchange-export.json"]
    assert len(part) == len(whole) * 60 // 100
    with pytest.raises(ValueError, match="JSON|Expecting|Unterminated|delimiter"):
        json.loads(part)
