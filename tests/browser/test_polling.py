"""A change underway is followed by the page itself, without loading it again; so is a reading that was asked for."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sandbox.http import Request
from sharing import tasks
from sharing.models import Change, Mailbox, SyncShard
from tests.cast import ALEX, MEGAN

from .conftest import listen
from .test_pages import below, kids

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

SOON = 10_000  # ms; the page asks every second


def stay(page):
    """Mark the document: the mark is gone once it is loaded again."""
    page.evaluate("window.isTheSame = true")


def is_the_same(page):
    return page.evaluate("window.isTheSame === true")


def test_a_change_of_role_turns_by_itself(portal):
    page = portal.open(ALEX, reverse("role", args=below(kids())))
    heard = listen(page)
    page.get_by_role("radio", name="Can edit").check()
    page.get_by_role("button", name="Save changes").click()
    row = page.locator(f"#person-{kids().pk}")
    expect(row).to_contain_text("Applying…")
    stay(page)
    page.wait_for_timeout(2500)  # it asked in between, and nothing was done yet
    expect(row).to_contain_text("Applying…")
    assert portal.work()[0].state == Change.APPLIED
    expect(row).not_to_contain_text("Applying…", timeout=SOON)
    expect(row).to_contain_text("Can edit")
    expect(page.locator("#toasts")).to_contain_text("Adele Vance")
    expect(page.locator("main")).to_contain_text("You changed Adele Vance from “Can view all details” to “Can edit”")
    assert is_the_same(page)
    assert heard == []
    page.close()


def test_a_toast_is_put_away_for_good(portal):
    page = portal.open(ALEX, reverse("calendar", args=[kids().calendar.public_id]))
    expect(page.locator("#toasts")).to_contain_text("Adele Vance")
    page.locator("#toasts").get_by_role("button", name="Dismiss").first.click()
    expect(page.locator("#toasts")).not_to_contain_text("Adele Vance")
    page.reload()
    expect(page.locator("#toasts")).not_to_contain_text("Adele Vance")
    page.close()


def test_the_recipients_of_meeting_requests_turn_by_themselves(portal):
    page = portal.open(ALEX, reverse("delivery"))
    heard = listen(page)
    page.locator("input[type=radio]:not(:checked)").first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#delivery")).to_contain_text("Applying…")
    stay(page)
    assert portal.work()[0].state == Change.APPLIED
    expect(page.locator("#delivery")).not_to_contain_text("Applying…", timeout=SOON)
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    assert is_the_same(page)
    assert heard == []
    page.close()


def test_a_conflict_is_told_where_one_looks(portal):
    """Somebody changed the same access in Outlook between the click and the worker."""
    permission = kids()
    page = portal.open(ALEX, reverse("role", args=below(permission)) + "?to=freeBusyRead")
    page.get_by_role("button", name="Change access").click()
    expect(page.locator(f"#person-{permission.pk}")).to_contain_text("Applying…")
    stay(page)
    portal.cloud.state.apply(
        {"do": "role", "mailbox": ALEX, "calendar": "Kids parties", "who": permission.address, "role": "read"}
    )
    assert portal.work()[0].state == Change.CONFLICT
    expect(page.locator("#notes [role=alert]")).to_contain_text("Adele Vance", timeout=SOON)
    expect(page.locator(f"#person-{permission.pk}")).to_contain_text("Can view all details")
    assert is_the_same(page)
    page.close()


def test_the_focus_stays_where_the_person_was(portal):
    permission = kids()
    page = portal.open(ALEX, reverse("role", args=below(permission)))
    page.get_by_role("radio", name="Can edit").check()
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator(f"#person-{permission.pk}")).to_contain_text("Applying…")
    page.get_by_role("link", name="Change Megan Bowen’s access").focus()
    portal.work()
    expect(page.locator(f"#person-{permission.pk}")).not_to_contain_text("Applying…", timeout=SOON)
    expect(page.get_by_role("link", name="Change Megan Bowen’s access")).to_be_focused()
    page.close()


def test_an_old_page_is_checked_while_one_looks(portal):
    """Opened long after the last reading, a calendar is read again, and what changed meanwhile appears."""
    long_ago = timezone.now() - timedelta(minutes=20)
    mailbox = Mailbox.objects.get(person__address=MEGAN)
    Mailbox.objects.filter(pk=mailbox.pk).update(read_at=long_ago)
    SyncShard.objects.filter(pk=mailbox.shard_id).update(read_at=long_ago)
    calendar = mailbox.calendars.get(is_default=True, is_own=True)
    portal.cloud.state.apply({"do": "share", "mailbox": MEGAN, "who": "new@northwindtraders.com", "role": "read"})
    page = portal.open(MEGAN, reverse("calendar", args=[calendar.public_id]))
    expect(page.locator("#checked")).to_contain_text("Checking with Microsoft now.")
    stay(page)
    for task, pk in list(tasks.due(timezone.now())):
        task(pk)
    expect(page.locator("#people")).to_contain_text("new@northwindtraders.com", timeout=SOON)
    expect(page.locator("#checked")).to_contain_text("Checked against Microsoft 365")
    assert is_the_same(page)
    page.close()


def test_a_page_whose_session_ended_leads_to_the_sign_in_page(portal):
    page = portal.open(ALEX, reverse("delivery"))
    page.locator("input[type=radio]:not(:checked)").first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#delivery")).to_contain_text("Applying…")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in", timeout=SOON)
    assert page.url.startswith(f"{portal.url}{reverse('signin')}?next={reverse('delivery')}")
    page.context.add_cookies(cookies)
    portal.work()
    page.close()


def test_pages_ask_the_portal_and_nobody_else(portal):
    """Nothing is loaded from elsewhere, and no page makes the portal read an event."""
    page = portal.context(ALEX).new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", reverse("delivery"), reverse("history")):
        page.goto(portal.url + path, wait_until="networkidle")
    assert [url for url in asked if not url.startswith((portal.url, "data:"))] == []
    log = portal.cloud.handle(Request("GET", "/__control__/log", headers={})).body.decode()
    assert "/events" not in log
    assert "/calendarPermissions" in log
    page.close()
