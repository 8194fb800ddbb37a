"""A time is found, booked, moved and cancelled in a real browser, with and without JavaScript, at every width."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from sandbox import cast as sandbox_cast
from sandbox.world import BOOKER_SECRET
from sharing.connect import clients
from sharing.models import Booking, Tenant
from tests.cast import MEGAN
from tests.changes.test_bookings import made, writes
from tests.cloud import CONTOSO
from tests.contoso import control

from .conftest import AXE, WIDTHS, listen, violations
from .test_pages import CONTRAST, widest

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def meetings(portal, settings):
    """Contoso, where meetings are approved and on; nothing was booked yet."""
    settings.MICROSOFT_BOOKER_CLIENT_ID, settings.MICROSOFT_BOOKER_SECRET = sandbox_cast.BOOKER_APP, BOOKER_SECRET
    control(
        portal.cloud, "consent",
        {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ["Calendars.ReadWrite"]},
    )  # fmt: skip
    Tenant.objects.update(has_booker=True, bookings_on=True)
    clients.forget_tokens()
    Booking.objects.all().delete()
    portal.cloud.log.clear()
    return portal


def sound(page):
    """What axe, the widths and the themes find wrong with the page as it is."""
    page.evaluate(AXE)
    wrong = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wrong += [
                f"{theme}, {width}: {each}" for each in violations(page, rules=CONTRAST if theme == "dark" else None)
            ]
            if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                wrong.append(f"{theme}, {width}: too wide, {widest(page)}")
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    return wrong


def find_times(page):
    """Alex is searched for and added; then the times."""
    page.get_by_label("A colleague’s name or address").fill("alex w")
    page.get_by_role("button", name="Add Alex Wilber").click()
    page.get_by_role("button", name="Take off Alex Wilber").wait_for()
    page.get_by_role("button", name="Find times").click()
    expect(page.get_by_role("heading", name="Times that suit everybody")).to_be_visible()


def test_a_time_is_found_booked_by_a_double_click_moved_and_cancelled(meetings):
    page = meetings.open(MEGAN, "/")
    heard = listen(page)
    page.get_by_role("link", name="Find a time").click()
    wrong = sound(page)
    find_times(page)
    assert page.locator("svg.drawn").count()
    wrong += sound(page)
    page.locator(".times button").first.click()
    page.get_by_label("What it is about").fill("Budget <b>")
    wrong += sound(page)
    page.get_by_role("button", name="Book and invite").dblclick(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text("Budget <b>")
    expect(page.locator("main")).to_contain_text("No answer yet")
    wrong += sound(page)
    assert len(made(meetings.cloud)) == 1 and Booking.objects.count() == 1

    page.get_by_role("link", name="Find another time").click()
    wrong += sound(page)
    page.get_by_role("button", name="Find times").click()
    page.locator(".times a").nth(3).click()
    wrong += sound(page)
    page.get_by_role("button", name="Move and tell the others").click()
    expect(page.locator("main")).to_contain_text("As Outlook has it now.")
    assert len([e for e in writes(meetings.cloud) if e.method == "PATCH"]) == 1

    page.get_by_role("link", name="My meetings").click()
    wrong += sound(page)
    page.get_by_role("link", name="Budget <b>").click()
    page.get_by_role("link", name="Cancel meeting…").click()
    wrong += sound(page)
    page.get_by_role("button", name="Cancel meeting").click()
    expect(page.locator("main")).to_contain_text("Outlook told the others.")
    wrong += sound(page)
    assert not made(meetings.cloud) and meetings.cloud.log.counts["event_reads"] == 0
    page.close()
    assert (wrong, heard) == ([], [])


def test_without_javascript_a_meeting_is_found_booked_and_cancelled(meetings):
    page = meetings.open(MEGAN, reverse("meetings:find"), script=False)
    page.get_by_label("A colleague’s name or address").fill("alex w")
    page.get_by_role("button", name="Search").click()
    find_times(page)
    page.locator(".times button").first.click()
    page.get_by_label("What it is about").fill("Budget")
    page.get_by_role("button", name="Book and invite").click()
    expect(page.locator("main")).to_contain_text("No answer yet")
    page.get_by_role("link", name="Cancel meeting…").click()
    page.get_by_role("button", name="Cancel meeting").click()
    expect(page.locator("main")).to_contain_text("Outlook told the others.")
    page.close()


def test_a_page_asks_by_itself_until_the_meeting_is_there(meetings):
    control(meetings.cloud, "switches", {"events_visible_after_seconds": 4})
    page = meetings.open(MEGAN, reverse("meetings:find"))
    heard = listen(page)
    find_times(page)
    page.locator(".times button").first.click()
    page.get_by_label("What it is about").fill("Budget")
    page.get_by_role("button", name="Book and invite").click()
    expect(page.locator("#underway")).to_contain_text("Being booked")
    wrong = sound(page)
    meetings.cloud.advance(5)
    expect(page.locator("main")).to_contain_text("As Outlook has it now.", timeout=10_000)
    assert len(made(meetings.cloud)) == 1
    page.close()
    assert (wrong, heard) == ([], [])
