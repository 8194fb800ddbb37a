"""A newcomer connects Fabrikam beside Contoso: two people, two browsers, real sockets, and not many clicks."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from sharing import tasks
from sharing.connect import choosing, links
from sharing.models import ActivationLink, CalendarPermission, SyncRun, Tenant
from tests.cloud import FABRIKAM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parents[2] / "vendor/axe.min.js").read_text()
MOST_CLICKS = 12


@pytest.fixture
def portal(live_server, sandbox, settings):
    """The portal's address; at Microsoft nobody in Fabrikam has consented to the app yet."""
    settings.PORTAL_URL = live_server.url
    sandbox.cloud.state.tenants[FABRIKAM].principals.clear()
    return live_server.url


@pytest.fixture
def admins(browser, portal, vikram):
    """The browser of the portal's admin, signed in."""
    context = browser.new_context(reduced_motion="reduce")
    signed_in = Client()
    signed_in.force_login(vikram)
    cookies = [{"name": name, "value": c.value, "url": portal} for name, c in signed_in.cookies.items()]
    context.add_cookies(cookies)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=portal)
    yield context
    context.close()


@pytest.fixture
def microsofts(browser):
    """Another browser, in which nobody is known to the portal."""
    context = browser.new_context(reduced_motion="reduce")
    yield context
    context.close()


def work(rounds=1):
    """A worker does whatever is due."""
    for _ in range(rounds):
        for task, pk in list(tasks.due_reads(timezone.now())):
            task(pk)


def sound(page):
    """Nothing for axe to find, nothing wider than the screen; at two widths, light and dark."""
    page.evaluate(AXE)
    wrong = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            wrong += [f"{theme} {width} {each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{theme} {width}: too wide")
    page.evaluate("document.documentElement.dataset.bsTheme = 'auto'")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert wrong == []


def test_fabrikam_is_connected_beside_contoso(portal, admins, microsofts):
    clicks, complaints = [], []

    def listen(page):
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    def click(page, role, name):
        clicks.append(name)
        page.get_by_role(role, name=name).first.click()

    mine, theirs = listen(admins.new_page()), listen(microsofts.new_page())
    mine.goto(f"{portal}/setup/connections/")
    click(mine, "link", "Connect a tenant")
    mine.get_by_label("Name", exact=True).fill("Fabrikam")
    mine.get_by_label("Tenant id or domain").fill("fabrikam.com")
    click(mine, "button", "Save")
    mine.get_by_role("heading", name="What is asked for").wait_for()
    click(mine, "radio", "Reading and changing, one registration")
    click(mine, "button", "Make the link")
    click(mine, "button", "Copy link")
    mine.get_by_text("Copied", exact=True).wait_for()
    link = mine.evaluate("navigator.clipboard.readText()")

    theirs.goto(link)
    click(theirs, "button", "Continue to Microsoft")
    click(theirs, "button", "Patti Fernandez")
    click(theirs, "button", "Accept")
    click(theirs, "button", "Patti Fernandez")
    theirs.get_by_role("heading", name="You approved Calwarden for Fabrikam").wait_for()

    work()
    click(mine, "link", "Look and confirm")  # the page found out by itself
    assert mine.get_by_text("fabrikam.com, fabrikam.onmicrosoft.com").is_visible()
    click(mine, "button", "Connect Fabrikam")
    mine.get_by_text("Calwarden reads Fabrikam from now on").wait_for()
    work(rounds=3)
    fabrikam = Tenant.objects.get(tid=FABRIKAM)
    assert SyncRun.objects.get(tenant=fabrikam, kind=SyncRun.FULL).outcome == SyncRun.DONE
    assert CalendarPermission.objects.filter(tenant=fabrikam).exists()
    assert len(clicks) <= MOST_CLICKS, clicks
    assert complaints == []


STATES = ["", "issued", "opened", "declined", "approved", "proved", "confirmed", "failed", "expired", "revoked"]


@pytest.fixture
def in_state(portal, vikram):
    """Fabrikam's connection in one of its states; its token."""

    def make(state):
        now = timezone.now()
        tenant = choosing.choose(
            tid=FABRIKAM, name="Fabrikam", mode="domain_wide", scope="group", actor=vikram, now=now
        )  # fmt: skip
        if not state:
            return tenant, ""
        link, token = links.make_link(
            tenant=tenant, permissions=choosing.permissions_for("both"), actor=vikram, now=now
        )  # fmt: skip
        found = {
            "name": "Fabrikam Incorporated", "domains": ["fabrikam.com", "fabrikam.onmicrosoft.com"],
            "roles": ["Calendars.ReadWrite", "Mail.Read"], "lacking": ["User.Read.All"],
            "probed": "PattiF@fabrikam.com",
        }  # fmt: skip
        fields = {
            "opened": {"opened_at": now},
            "declined": {"opened_at": now, "cause": "declined"},
            "expired": {"expires_at": now - timedelta(days=1)},
            "failed": {"state": "failed", "cause": "consent_missing", "organization": found},
            "approved": {"state": "approved", "approved_by_oid": vikram.oid, "approved_by_name": "Patti Fernandez"},
            "proved": {"state": "proved", "organization": found, "approved_by_oid": vikram.oid},
        }.get(state, {"state": state})
        ActivationLink.objects.filter(pk=link.pk).update(**fields)
        return tenant, token

    return make


@pytest.mark.parametrize("state", STATES)
def test_the_admins_page_is_sound_in_every_state(state, admins, portal, in_state):
    tenant, _ = in_state(state)
    page = admins.new_page()
    page.goto(f"{portal}/setup/connecting/?tenant={tenant.public_id}")
    sound(page)
    if state == "proved":
        page.goto(f"{portal}/setup/connecting/confirm/?tenant={tenant.public_id}")
        sound(page)


def test_the_form_is_sound_with_and_without_errors(admins, portal):
    page = admins.new_page()
    page.goto(f"{portal}/setup/connect/")
    sound(page)
    page.get_by_label("Name", exact=True).fill("Nobody")
    page.get_by_label("Tenant id or domain").fill("nobody.example")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    sound(page)


@pytest.mark.parametrize("state", ["issued", "expired", "revoked", "confirmed", "failed"])
def test_the_administrators_page_is_sound(state, microsofts, portal, in_state):
    _, token = in_state(state)
    page = microsofts.new_page()
    page.goto(f"{portal}/activate/{token}/")
    sound(page)


def test_who_declines_is_led_back_to_the_request(microsofts, portal, in_state):
    _, token = in_state("issued")
    page = microsofts.new_page()
    page.goto(f"{portal}/activate/{token}/")
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_role("button", name="Patti Fernandez").first.click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="You did not approve").wait_for()
    sound(page)
    page.get_by_role("link", name="Back to the request").click()
    page.get_by_role("heading", name="Approve Calwarden for Fabrikam?").wait_for()


def test_the_whole_way_needs_no_script(browser, portal, in_state):
    _, token = in_state("issued")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{portal}/activate/{token}/")
    page.get_by_role("button", name="Continue to Microsoft").click()
    page.get_by_role("button", name="Patti Fernandez").first.click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Patti Fernandez").first.click()
    page.get_by_role("heading", name="You approved Calwarden for Fabrikam").wait_for()
    context.close()
