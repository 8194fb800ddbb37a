"""An operator selects rows, checks and confirms, and watches the job; with a keyboard's means and without script."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from sharing.models import CalendarPermission, ChangeBatch
from tests.cast import ALEX, KIDS, LIDIA

from .conftest import AXE, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def of_kids():
    return CalendarPermission.objects.open().of_people().filter(calendar__name=KIDS, mailbox__person__address=ALEX)


def shared_by_alex():
    return f"{reverse('it:access')}?q=alex+wilber"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_the_dark_bar_comes_with_the_first_tick_and_goes_with_the_last(portal, script):
    page = portal.open(LIDIA, shared_by_alex(), script=script)
    bar = page.get_by_role("group", name="With what is selected")
    expect(bar).to_be_hidden()
    box = page.locator("input[name=id]").first
    box.check()
    expect(bar).to_be_visible()
    box.uncheck()
    expect(bar).to_be_hidden()


def test_all_on_this_page_is_one_tick(portal):
    page = portal.open(LIDIA, shared_by_alex())
    boxes = page.locator("input[name=id]")
    page.get_by_role("checkbox", name="Select all on this page").check()
    assert boxes.count() > 1
    expect(page.locator("input[name=id]:checked")).to_have_count(boxes.count())
    expect(page.locator("[data-picked]")).to_have_text(f"{boxes.count()} selected")


def test_without_script_there_is_no_box_that_does_nothing(portal):
    page = portal.open(LIDIA, shared_by_alex(), script=False)
    expect(page.locator("[data-pick-all]")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_bar_is_within_the_screen_and_has_no_fault(portal, width):
    page = portal.open(LIDIA, shared_by_alex())
    page.set_viewport_size({"width": width, "height": 800})
    for box in page.locator("input[name=id]").all()[:3]:
        box.check()
    page.evaluate(AXE)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_selected_checked_confirmed_and_done(portal, script):
    """Four steps: tick, Lower role…, the role, confirm."""
    permission = of_kids().filter(role__in=["read", "limitedRead"]).order_by("pk").first()
    role = {"read": "Titles, locations", "limitedRead": "Busy times"}[permission.role]
    page = portal.open(LIDIA, shared_by_alex(), script=script)
    page.locator(f'input[value="{permission.pk}.{permission.role}"]').check()
    page.get_by_role("button", name="Lower role…").click()
    page.get_by_label(role).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Lower 1 entry to “{role}”?")
    page.get_by_role("button", name="Lower 1 entry").click()
    expect(page.locator("#job h2")).to_have_text("0 of 1 entry")
    for _ in range(3):
        portal.work()
        ChangeBatch.objects.filter(state=ChangeBatch.RUNNING).update(due_at="2020-01-01T00:00Z")
    page.reload()
    expect(page.locator("#job h2")).to_have_text("1 done")
    before = permission.role
    permission.refresh_from_db()
    assert permission.role != before
