"""The first page: what is shared with whom, how fresh that is, and why there may be nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sharing.models import CalendarPermission, Mailbox, RoleAssignment, Stewardship, Tenant, User
from tests.contoso import mailbox, permission, user

from .cast import ADELE, ALEX, CHARLIE, KIDS, form_of, page_of

HOME = reverse("home")


def test_each_calendar_says_in_a_sentence_who_is_on_it(owner):
    page = owner.get(HOME).text
    assert ">Megan Bowen</a> acts for you and sees private events." in page
    assert "Everyone at Contoso can see when you’re busy." in page
    assert ">Adele Vance</a> and <a " in page and ">Megan Bowen</a> can view all details." in page
    assert "Two people can see or edit them. Checked against Microsoft 365 just now." in page
    assert "Full access, Send on behalf and apps: not checked." in page


def test_meeting_requests_and_their_delegate_stand_beside(owner):
    page = owner.get(HOME).text
    assert "Go to your delegate only" in page
    assert f'href="{reverse("delivery")}"' in page


def test_a_change_underway_shows_on_its_calendar(owner):
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    page = owner.get(HOME).text
    assert "Applying…" in page
    assert 'http-equiv="refresh"' in page


def queries(browser, url=HOME):
    with CaptureQueriesContext(connection) as asked:
        browser.get(url)
    return len(asked)


def test_the_number_of_queries_does_not_grow_with_calendars(owner, outside, sync):
    def add(number):
        outside("add_calendar", mailbox=ALEX, name=f"Project {number}")
        outside("share", mailbox=ALEX, calendar=f"Project {number}", who=ADELE, role="read")

    add(0)
    sync()
    owner.get(HOME)  # notes when the session was seen
    few = queries(owner)
    for number in range(1, 8):
        add(number)
    sync()
    assert "Project 7" in owner.get(HOME).text
    assert queries(owner) == few


def test_names_and_calendars_from_outside_are_only_text(owner, outside, sync):
    outside("rename_calendar", mailbox=ALEX, calendar=KIDS, name="<script>alert(1)</script>")
    sync()
    page = owner.get(HOME).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_without_a_mailbox_the_page_says_so_and_leads_to_the_other_areas(client, alex, contoso):
    stranger = User.objects.create(tenant=contoso, oid="00000000-0000-4000-8000-000000000001", name="New Colleague")
    client.force_login(stranger)
    page = client.get(HOME).text
    assert "You have no mailbox here" in page
    assert "after the next check" in page
    assert "Go to IT" not in page
    RoleAssignment.objects.create(user=stranger, tenant=contoso, role="reviewer", given_at=contoso.state_since)
    assert "Go to IT" in client.get(HOME).text


def test_a_tenant_that_is_not_read_yet_says_so(client, contoso):
    contoso.state = Tenant.LISTED
    contoso.save()
    client.force_login(User.objects.create(tenant=contoso, oid="00000000-0000-4000-8000-000000000001", name="New"))
    assert "doesn’t read the calendars of" in client.get(HOME).text


@pytest.fixture
def lost(alex):
    alex.tenant.state = Tenant.LOST
    alex.tenant.save()
    return alex.tenant


def test_where_the_access_was_lost_what_was_last_known_is_shown_and_nothing_can_be_changed(owner, lost):
    page = owner.get(HOME).text
    assert "Calwarden lost its access to Microsoft 365" in page
    assert "What you see is from before. Changes are off." in page
    assert "Megan Bowen" in page
    assert "You have no mailbox here" not in page


def test_where_the_access_was_lost_nobody_is_told_to_wait_for_the_next_check(client, lost):
    client.force_login(User.objects.create(tenant=lost, oid="00000000-0000-4000-8000-000000000001", name="New"))
    page = client.get(HOME).text
    assert "We know no mailbox of yours" in page
    assert "Calwarden lost its access to Microsoft 365, so it can’t look for a new one. Your IT can restore it." in page
    assert "after the next check" not in page
    assert "yet" not in page[page.index("<main") :]


def test_a_tenant_that_was_disconnected_lets_nobody_in(owner, alex):
    alex.tenant.state = Tenant.ENDED
    alex.tenant.save()
    assert owner.get(HOME).url.startswith(reverse("signin"))


def test_an_admin_of_a_tenant_that_is_not_connected_is_led_to_connections(client, contoso):
    contoso.state = Tenant.LISTED
    contoso.save()
    patti = User.objects.create(tenant=contoso, oid="00000000-0000-4000-8000-000000000001", name="Patti Fernandez")
    client.force_login(patti)
    assert "Ask your IT when it will." in client.get(HOME).text
    RoleAssignment.objects.create(user=patti, tenant=contoso, role="admin", given_at=contoso.state_since)
    page = client.get(HOME).text
    assert f"{contoso} is not connected yet" in page and "Ask your IT" not in page
    assert f'href="{reverse("setup:connections")}?tenant={contoso.public_id}"' in page


def test_a_mailbox_that_was_never_read_is_asked_for_and_not_called_unshared(as_owner, clock):
    CalendarPermission.objects.filter(mailbox=mailbox(CHARLIE)).delete()
    mailbox(CHARLIE).calendars.all().delete()
    Mailbox.objects.filter(pk=mailbox(CHARLIE).pk).update(state=Mailbox.NEVER, read_at=None, delivery_option="")
    page = as_owner(CHARLIE).get(HOME).text
    assert "We haven’t read your calendars yet. They appear here after the first check." in page
    assert "Not shared with anyone." not in page
    assert "Nobody else has access" not in page
    assert mailbox(CHARLIE).due_at == clock.now


def test_a_calendar_whose_list_was_never_read_is_not_called_unshared(owner):
    CalendarPermission.objects.filter(calendar__name=KIDS).delete()
    mailbox(ALEX).calendars.filter(name=KIDS).update(read_at=None, state=Mailbox.INCOMPLETE, cause="cut_off")
    page = owner.get(HOME).text
    assert "We haven’t read who has access to this calendar yet." in page
    assert "Not shared with anyone." not in page


@pytest.mark.parametrize(
    ("state", "cause", "words"),
    [
        (Mailbox.UNREACHABLE, "timeout", "We couldn’t reach your mailbox. This is the last known access."),
        (Mailbox.DENIED, "denied", "doesn’t let Calwarden read your mailbox. This is the last known access."),
        (Mailbox.INCOMPLETE, "cut_off", "We couldn’t read all of your mailbox. This is the last known access."),
        (Mailbox.INCOMPLETE, "breaker", "so your IT looks at it first. This is the last known access."),
        (Mailbox.NO_MAILBOX, "no_mailbox", "No Exchange Online mailbox: on-premises, unlicensed or deleted."),
        (Mailbox.EXCLUDED, "out_of_scope", "Your mailbox is left out of Calwarden."),
    ],
)
def test_a_mailbox_that_cannot_be_read_shows_what_was_last_known_and_says_so(owner, clock, state, cause, words):
    Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(
        state=state, cause=cause, state_since=clock.now - timedelta(days=2)
    )
    page = owner.get(HOME).text
    assert words in page
    assert "Megan Bowen" in page
    assert "people can see or edit them" not in page
    assert "Checked against" not in page


def test_a_steward_sees_the_shared_mailbox_beside_their_own(owner, alex, contoso):
    press = mailbox("press@contoso.com")
    Stewardship.objects.create(tenant=contoso, mailbox=press, oid=alex.oid, given_at=contoso.state_since)
    page = owner.get(HOME).text
    assert "You look after this mailbox" in page
    assert f"{press.person}: main calendar" in page
    main = press.calendars.get(is_default=True)
    assert owner.get(reverse("calendar", args=[main.public_id])).status_code == 200


def test_nobody_signed_in_is_sent_to_sign_in(client, alex):
    for name in ("home", "delivery", "history"):
        assert client.get(reverse(name)).url.startswith(reverse("signin"))


def test_nobody_sees_another_persons_calendars(as_owner):
    page = as_owner(CHARLIE).get(HOME).text
    assert "Megan Bowen" not in page
    assert user(mailbox(ALEX).tenant, CHARLIE).name in page
