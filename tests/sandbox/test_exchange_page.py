"""The page of Exchange Online PowerShell and the control room's way to the same."""

import base64
import json
import re
from html import unescape

import pytest

from sandbox.cast import CONTOSO, FABRIKAM
from tests.sandbox.steps import control, send
from tests.sandbox.test_exchange_scripts import EXPORT, names


def paste(cloud, script, tenant=CONTOSO, *, headers=None, **fields):
    """Post the form, as a browser does: with line ends of Windows."""
    form = {"script": script.replace("\n", "\r\n"), "tenant": tenant, "confirm": "no", "powershell": "7", **fields}
    return send(cloud, "POST", "/exchange/", form=form, headers=headers or {})


def test_the_start_page_links_to_it_and_it_offers_every_organization(cloud):
    assert 'href="/exchange/"' in send(cloud, "GET", "/").body.decode()
    response = send(cloud, "GET", "/exchange/")
    page = response.body.decode()
    assert response.status == 200
    assert f'value="{CONTOSO}">Run in Exchange Online PowerShell of Contoso<' in page
    assert f'value="{FABRIKAM}">Run in Exchange Online PowerShell of Fabrikam<' in page
    assert "<script" not in page
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_file_of_a_script_can_be_taken_byte_by_byte(cloud):
    page = paste(cloud, EXPORT, powershell="5.1").body.decode()
    (held,) = re.findall(r'<a download="exchange-export.json" href="data:[^,]+,([^"]+)"', page)
    written = base64.b64decode(held)
    assert written.startswith(b"\xef\xbb\xbf")
    assert json.loads(written.decode("utf-8-sig"))["tenant"] == CONTOSO
    (text,) = re.findall(r'<textarea id="file0" rows="8" readonly>\n(.*?)</textarea>', page, re.S)
    assert json.loads(unescape(text))["tenant"] == CONTOSO


def test_the_organization_that_was_chosen_is_the_one_that_is_changed(cloud):
    page = paste(cloud, "New-OrganizationRelationship -Name Contoso -DomainNames contoso.com", FABRIKAM).body.decode()
    assert "What the script did in Fabrikam" in page
    assert "It ran to its end, without an error." in page
    assert names(cloud, FABRIKAM) == ["Contoso"]
    assert "Contoso" not in names(cloud)


def test_a_question_gets_the_answer_that_was_chosen(cloud):
    script = "Remove-OrganizationRelationship Adatum"
    paste(cloud, script)
    assert "Adatum" in names(cloud)
    assert "[Y] Yes [N] No: Y" in paste(cloud, script, confirm="yes").body.decode()
    assert "Adatum" not in names(cloud)


def test_what_a_script_says_is_text_and_nothing_else(cloud):
    page = paste(cloud, "'<script>x</script>'; Write-Warning '<b>'; throw '<i>' # </textarea>").body.decode()
    for tag in ("<script", "<b>", "<i>"):
        assert tag not in page
    assert page.count("</textarea>") == 1
    assert "Line 1: &lt;i&gt;" in page
    assert "Warning: &lt;b&gt;" in page


def test_an_error_of_the_reader_names_its_line_once(cloud):
    page = paste(cloud, "'a'\nFormat-Disk C").body.decode()
    assert page.count("Line 2: this command is not known here: Format-Disk") == 1


def test_the_page_of_somebody_else_runs_nothing(cloud):
    script = "Set-OrganizationRelationship Adatum -Enabled $false"
    before = cloud.state.dump()
    for site in ("cross-site", "same-site", "none"):
        assert paste(cloud, script, headers={"sec-fetch-site": site}).status == 403
    assert cloud.state.dump() == before
    assert paste(cloud, script, headers={"sec-fetch-site": "same-origin"}).status == 200
    assert cloud.state.dump() != before


@pytest.mark.parametrize("fields", [{"tenant": "nobody"}, {"tenant": ""}, {"powershell": "6"}])
def test_an_unknown_organization_or_powershell_is_refused(cloud, fields):
    assert paste(cloud, "'a'", **fields).status == 400


def test_the_control_room_runs_scripts_too(cloud):
    asked = {"tenant": "fabrikam.com", "script": "Write-Warning 'w'; 'a'; 'ö' | Set-Content x.txt; throw 'no'"}
    found = control(cloud, "POST", "exchange/run", asked)
    assert found == {
        "output": "a",
        "warnings": ["w"],
        "errors": [{"line": 1, "text": "no"}],
        "files": {"x.txt": {"text": "ö\r\n", "base64": base64.b64encode("ö\r\n".encode()).decode()}},
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"tenant": "nowhere.com", "script": "'a'"},
        {"tenant": CONTOSO},
        {"script": "'a'"},
        {"tenant": CONTOSO, "script": 7},
        {"tenant": CONTOSO, "script": "'a'", "powershell": "6"},
        ["a"],
    ],
)
def test_the_control_room_refuses_with_a_sentence(cloud, asked):
    response = send(cloud, "POST", "/__control__/exchange/run", body=asked)
    assert response.status == 400
    assert json.loads(response.body)["error"]


def test_a_run_that_changed_something_makes_another_world_and_one_that_did_not_does_not(cloud):
    before = cloud.state.version
    control(cloud, "POST", "exchange/run", {"tenant": CONTOSO, "script": EXPORT})
    assert cloud.state.version == before
    script = "Set-OrganizationRelationship Adatum -Enabled $false"
    control(cloud, "POST", "exchange/run", {"tenant": CONTOSO, "script": script})
    assert cloud.state.version > before
