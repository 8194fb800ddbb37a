"""What people need works without JavaScript: forms, confirm pages, filters and pages that load themselves again."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from sharing.models import CalendarPermission, Change, Mailbox
from tests.cast import ADELE, ALEX, ALLAN, CHARLIE, ISAIAH, KIDS, MEGAN

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def shared(address):
    """Kids parties, shared with `address`."""
    return CalendarPermission.objects.select_related("calendar").get(calendar__name=KIDS, address=address)


def test_an_owner_changes_a_role(portal):
    page = portal.open(ALEX, "/", script=False)
    page.get_by_role("link", name=f"Manage who has access to {KIDS}").click()
    page.get_by_role("link", name="Change Adele Vance’s access").click()
    page.get_by_role("radio", name="Can edit").check()
    page.get_by_role("button", name="Save changes").click()
    row = page.locator("li", has=page.get_by_role("heading", name="Adele Vance"))
    expect(row).to_contain_text("Applying…")
    assert shared(ADELE).role == "read"
    [change] = portal.work()
    assert change.state == Change.APPLIED
    expect(row).not_to_contain_text("Applying…", timeout=15_000)  # the page loads itself again
    assert shared(ADELE).role == "write"
    page.close()


def test_an_owner_is_asked_before_access_ends(portal):
    page = portal.open(ALEX, reverse("calendar", args=[shared(MEGAN).calendar.public_id]), script=False)
    page.get_by_role("link", name="Remove Megan Bowen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Remove Megan Bowen from {KIDS}?")
    page.get_by_role("link", name="Keep access").click()
    page.get_by_role("link", name="Remove Megan Bowen").click()
    page.get_by_role("button", name="Remove Megan Bowen").click()
    expect(page.locator("#people")).to_contain_text("Applying…")
    assert portal.work()[0].state == Change.APPLIED
    page.reload()
    expect(page.get_by_role("link", name="Remove Megan Bowen")).to_have_count(0)
    assert shared(MEGAN).ended_at is not None
    page.close()


def test_an_owner_chooses_who_gets_the_meeting_requests(portal):
    before = Mailbox.objects.get(person__address=ALEX).delivery_option
    page = portal.open(ALEX, reverse("delivery"), script=False)
    page.locator("input[type=radio]:not(:checked)").first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#delivery")).to_contain_text("Applying…")
    assert portal.work()[0].state == Change.APPLIED
    page.reload()
    expect(page.locator("#delivery")).not_to_contain_text("Applying…")
    assert Mailbox.objects.get(person__address=ALEX).delivery_option != before
    page.close()


def test_it_filters_and_pages_the_access_table(portal):
    page = portal.open(ISAIAH, reverse("it:access"), script=False)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(100)
    first = rows.first.inner_text()
    page.get_by_role("link", name="Next").click()
    assert rows.first.inner_text() != first
    page.get_by_role("link", name="Previous").click()
    assert rows.first.inner_text() == first
    page.get_by_label("Role").select_option("private")
    page.get_by_role("button", name="Filter").click()
    assert 0 < rows.count() < 100
    assert "Megan Bowen" in page.locator("tbody").inner_text()
    page.get_by_role("searchbox", name="Owner, person or calendar").fill("alex wilber")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Calendar of").click()
    expect(rows).to_have_count(1)
    page.close()


def test_an_admin_gives_and_takes_a_role(portal):
    page = portal.open(ALLAN, reverse("setup:roles"), script=False)
    page.get_by_label("Address").fill(CHARLIE)
    page.get_by_role("radio", name="Reviewer").check()
    page.get_by_role("button", name="Give role").click()
    held = page.locator("tr", has_text="Charlie Reed")
    expect(held).to_contain_text("Reviewer")
    held.get_by_role("link", name="Remove Reviewer from Charlie Reed").click()
    page.get_by_role("button", name="Remove role").click()
    expect(page.locator("tr", has_text="Charlie Reed")).to_have_count(0)
    page.close()


def test_the_theme_is_chosen_by_a_form(portal):
    page = portal.open(ALEX, "/", script=False)
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Automatic").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "auto")
    page.close()
