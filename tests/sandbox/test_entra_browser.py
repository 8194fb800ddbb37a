"""The account picker in a real browser: readable by all, without script, in light and dark, wide and narrow."""

from pathlib import Path

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from sandbox.server import Server
from tests.sandbox.steps import authorize_url, consent_url, control, redeem

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()


@pytest.fixture
def server():
    with Server(Cloud()) as server:
        yield server


@pytest.fixture
def visit(server, browser):
    """Open an address of the sandbox in a context of its own; what the console says about it is kept in `said`."""
    contexts = []

    def make(path, **settings):
        context = browser.new_context(base_url=server.origin, **settings)
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("requestfailed", lambda request: page.said.append(f"{request.url} {request.failure}"))
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


def path_of(url):
    return url.removeprefix("http://127.0.0.1:8010")


PAGES = {
    "picker": path_of(authorize_url()),
    "hint": path_of(authorize_url(login_hint="MeganB@contoso.com")),
    "stranger": path_of(authorize_url(login_hint="nobody@contoso.com")),
    "refusal": path_of(authorize_url(redirect_uri="https://evil.example/")),
    "welcome": "/",
    "exchange": "/exchange/",
    "nothing": "/nothing",
}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(server, visit, name, scheme, width):
    control(server.cloud, "POST", "change", {"do": "disable_user", "mailbox": cast.CHARLIE})
    page = visit(PAGES[name], color_scheme=scheme, viewport={"width": width, "height": 800})
    is_fine(page, width)


def is_fine(page, width):
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    page.evaluate(AXE)
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [line for line in page.said if "404" not in line and "400" not in line] == []


# Who is chosen on the way to which page.
CONSENT = {
    "admin": (consent_url(), "Patti Fernandez", "Permissions requested"),
    "approval": (consent_url(), "Adele Vance", "Need admin approval"),
    "own": (authorize_url(), "Megan Bowen", "Permissions requested"),
}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
@pytest.mark.parametrize("name", CONSENT)
def test_axe_finds_nothing_where_consent_is_asked_for(visit, name, scheme, width):
    url, who, title = CONSENT[name]
    page = visit(path_of(url), color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_role("button", name=who).click()
    assert page.get_by_role("heading", level=1).inner_text() == title
    is_fine(page, width)


def test_an_administrator_consents_in_three_clicks_after_a_wrong_account(server, visit):
    with Server(Cloud()) as portal:
        callback = f"http://localhost:{portal.server_port}/callback/"
        page = visit(path_of(consent_url(redirect_uri=callback)))
        page.get_by_role("button", name="Adele Vance").click()
        page.get_by_role("button", name="Sign in with an admin account").click()
        page.get_by_role("button", name="Patti Fernandez").click()
        page.get_by_role("button", name="Accept").click()
        page.wait_for_url(f"{callback}?admin_consent=True&tenant={cast.FABRIKAM}*")


def test_an_account_is_chosen_without_script_and_by_keyboard(server, visit):
    with Server(Cloud()) as portal:  # whoever listens there; the address is what counts
        callback = f"http://localhost:{portal.server_port}/callback/"
        path = path_of(authorize_url(redirect_uri=callback))
        page = visit(path, java_script_enabled=False)
        page.get_by_role("button", name="Adele Vance").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Accept").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{callback}?code=*")
        code = page.url.split("code=")[1].split("&")[0]
        status, answer = redeem(server.cloud, code, redirect_uri=callback)
    assert (status, "id_token" in answer) == (200, True)


def test_somebody_else_is_asked_for_again_until_somebody_is_found(server, visit):
    page = visit(PAGES["picker"])
    page.get_by_text("Somebody else").click()
    page.get_by_label("Address").fill("nobody@contoso.com")
    page.get_by_role("button", name="Sign in").click()
    assert "does not exist" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="Alex Wilber").is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_what_a_script_did_in_exchange_is_readable_by_all(visit, scheme, width):
    page = visit("/exchange/", color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_label("Script").fill(
        "Get-OrganizationRelationship | Format-List Name, DomainNames; Write-Warning 'w'\n"
        "Get-SharingPolicy | ConvertTo-Json | Set-Content x.json; throw 'no'"
    )
    page.get_by_role("button", name="of Contoso").click()
    assert "adatum.com" in page.get_by_role("region", name="Output").inner_text()
    is_fine(page, width)


def test_without_script_and_by_keyboard_a_file_is_taken_from_exchange_as_it_was_written(server, visit):
    page = visit("/", java_script_enabled=False, accept_downloads=True)
    page.get_by_role("link", name="Exchange Online PowerShell").press("Enter")
    page.get_by_label("Script").fill("(Get-ConnectionInformation).TenantID | Set-Content -Encoding utf8 x.txt")
    page.get_by_label("Version").select_option("5.1")
    page.get_by_role("button", name="of Fabrikam").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download x.txt").press("Enter")
    assert download.value.suggested_filename == "x.txt"
    assert Path(download.value.path()).read_bytes() == b"\xef\xbb\xbf" + cast.FABRIKAM.encode() + b"\r\n"
    assert page.said == []
