"""One calendar: who has access, how fresh that is, and what stands in the way of changing it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sharing import tasks
from sharing.models import CalendarPermission, Mailbox, Person, SyncShard, Tenant
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, MEGAN, calendar_of, form_of, page_of

CROWD = "LynneR@contoso.com"


def page_for(owner, who, calendar="Calendar", **query):
    row = mailbox(who).calendars.get(
        is_own=True, **({"is_default": True} if calendar == "Calendar" else {"name": calendar})
    )
    return owner.get(reverse("calendar", args=[row.public_id]), query)


def test_everybody_is_listed_with_a_role_a_sentence_and_since_when(owner):
    page = page_for(owner, ALEX).text
    assert "One person and your organization" in page
    assert "Delegate, sees private events" in page
    assert "Sees everything, private events included." in page
    assert "MeganB@contoso.com · Since before 1 November 2026" in page
    assert "Always listed. It can’t be removed, but you can change it to “Not shared”." in page
    assert page.count("Private is a courtesy of Outlook, not a lock") == 1


def test_the_main_calendar_has_the_form_of_meeting_requests_and_others_do_not(owner):
    assert 'name="option"' in page_for(owner, ALEX).text
    assert 'name="option"' not in page_for(owner, ALEX, KIDS).text


def test_a_page_has_one_primary_button(owner):
    for answer in (page_for(owner, ALEX), owner.get(reverse("delivery"))):
        assert answer.text.count("btn-primary") == 1


def test_a_calendar_shared_with_nobody_says_so(owner, outside, sync):
    for who in (ADELE, MEGAN):
        outside("unshare", mailbox=ALEX, calendar=KIDS, who=who)
    sync()
    assert "Not shared with anyone." in page_for(owner, ALEX, KIDS).text


def test_a_calendar_that_only_the_organisation_sees_is_not_called_unshared(as_owner):
    page = page_for(as_owner(CHARLIE), CHARLIE).text
    assert "Not shared with anyone." not in page
    assert "Everyone at Contoso" in page


def test_many_people_are_grouped_by_role_and_searched(as_owner):
    lynne = as_owner(CROWD)
    page = page_for(lynne, CROWD, "Autumn conference").text
    assert page.count("Sees every event in full.") == 1
    assert 'type="search"' in page
    found = page_for(lynne, CROWD, "Autumn conference", q="NESTORW").text
    assert "Nestor Wilke" in found
    assert "Johanna Lorenz" not in found
    assert "1 of " in found
    assert "Nobody here has this name or address." in page_for(lynne, CROWD, "Autumn conference", q="zzzz").text


def test_the_number_of_queries_does_not_grow_with_people(as_owner):
    lynne = as_owner(CROWD)

    def queries(calendar):
        page_for(lynne, CROWD, calendar)  # notes when the session was seen
        with CaptureQueriesContext(connection) as asked:
            page_for(lynne, CROWD, calendar)
        return len(asked)

    assert queries("Autumn conference") == queries("Spring conference")


def test_few_people_are_neither_grouped_nor_searched(owner):
    page = page_for(owner, ALEX, KIDS, q="Megan").text
    assert 'type="search"' not in page
    assert "Adele Vance" in page


def test_a_role_that_nobody_knows_is_shown_and_can_only_be_removed(owner):
    CalendarPermission.objects.filter(pk=permission(ALEX, ADELE, KIDS).pk).update(role="someFutureRole", reach=8)
    page = page_for(owner, ALEX, KIDS).text
    row = permission(ALEX, ADELE, KIDS)
    assert "Set in Outlook" in page
    assert reverse("remove", args=[row.calendar.public_id, row.pk]) in page
    assert f'id="change-{row.pk}"' not in page


def test_a_row_without_allowed_roles_cannot_be_changed_and_says_so(owner):
    CalendarPermission.objects.filter(pk=permission(ALEX, ADELE, KIDS).pk).update(allowed_roles=[])
    row = permission(ALEX, ADELE, KIDS)
    page = page_for(owner, ALEX, KIDS).text
    assert "Microsoft 365 offers no other choice here." in page
    assert f'id="change-{row.pk}"' not in page
    assert f'id="remove-{row.pk}"' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"enabled": False}, "Account disabled"),
        ({"kind": Person.GROUP, "size": 25}, "Group · 25 members"),
        ({"kind": Person.GROUP, "size": None}, "Group · size unknown"),
        ({"kind": Person.GUEST}, "Guest · contoso.com"),
        ({"kind": Person.UNRESOLVED}, "Not found in the directory"),
    ],
)
def test_what_is_worth_noticing_of_a_person_stands_beside_the_name(owner, fields, words):
    Person.objects.filter(address__iexact=ADELE).update(**fields)
    assert words in page_for(owner, ALEX, KIDS).text


def test_a_calendar_that_could_not_be_read_shows_what_was_last_known(owner, clock):
    box = mailbox(ALEX)
    Mailbox.objects.filter(pk=box.pk).update(state=Mailbox.INCOMPLETE, cause="cut_off", state_since=clock.now)
    box.calendars.filter(name=KIDS).update(
        state=Mailbox.INCOMPLETE, cause="cut_off", read_at=clock.now - timedelta(days=3)
    )
    broken, whole = page_for(owner, ALEX, KIDS).text, page_for(owner, ALEX).text
    assert "We couldn’t read this calendar completely" in broken
    assert "This is the last known access." in broken
    assert "Adele Vance" in broken
    assert "last known" not in whole


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"frozen": True}, "Your IT stopped all changes."),
        ({"writes_on": False}, "Calwarden may read here, not change."),
        ({"state": Tenant.LOST}, "Changes are off."),
        ({"state": Tenant.LISTED}, "Calwarden has no access to Microsoft 365 at the moment."),
    ],
)
def test_where_nothing_may_be_changed_the_page_is_read_only_and_says_why(owner, contoso, clock, fields, words):
    fields = {"frozen_at": clock.now} if fields.get("frozen") else fields
    Tenant.objects.filter(pk=contoso.pk).update(**fields)
    page = page_for(owner, ALEX).text
    assert words in page
    assert "Megan Bowen" in page
    for button in ("/remove/", f'id="change-{permission(ALEX, MEGAN).pk}"', 'name="option"'):
        assert button not in page


# Reading it again ----------------------------------------------------------------------------------------


def test_a_calendar_read_a_moment_ago_is_not_read_again(owner, later):
    later(minutes=4)
    page = page_for(owner, ALEX).text
    assert "Checked against Microsoft 365 4 minutes ago." in page
    assert mailbox(ALEX).due_at is None


def test_a_calendar_read_long_ago_is_asked_for_once_and_says_so(owner, later, clock):
    later(minutes=6)
    page = page_for(owner, ALEX).text
    asked = clock.now
    assert "Checking with Microsoft now. What you see is from 6 minutes ago." in page
    assert 'data-hx-trigger="every 3s"' in page
    assert 'http-equiv="refresh"' in page
    later(seconds=20)
    assert "Checking with Microsoft now." in page_for(owner, ALEX).text
    assert mailbox(ALEX).due_at == asked
    later(minutes=3)
    assert "Checking with Microsoft now." not in page_for(owner, ALEX).text


def test_the_page_keeps_still_while_it_is_checked_and_shows_the_change_after_it(owner, later, outside):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    later(minutes=6)
    row = permission(ALEX, ADELE, KIDS)
    page_for(owner, ALEX, KIDS)
    ask = {"path": calendar_of(row), "data": {"version": mailbox(ALEX).version}, "headers": {"HX-Request": "true"}}
    assert owner.get(**ask).status_code == 204
    tasks.wake(SyncShard.objects.get(mailboxes=mailbox(ALEX)).pk)
    answer = owner.get(**ask)
    assert "Checked against Microsoft 365 just now." in answer.text
    assert "data-hx-get" not in answer.text
    assert "Can edit" in answer.text
    assert "Noticed today" in answer.text


def test_a_check_that_finds_nothing_new_changes_only_its_own_line(owner, later):
    later(minutes=6)
    row = permission(ALEX, ADELE, KIDS)
    page_for(owner, ALEX, KIDS)
    version = mailbox(ALEX).version
    tasks.wake(SyncShard.objects.get(mailboxes=mailbox(ALEX)).pk)
    answer = owner.get(calendar_of(row), {"version": version}, headers={"HX-Request": "true"})
    assert "Checked against Microsoft 365 just now." in answer.text
    assert "Who has access" not in answer.text


def test_nothing_is_asked_for_where_access_is_lost(owner, contoso, later):
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LOST)
    later(minutes=30)
    assert "Checking with Microsoft now." not in page_for(owner, ALEX).text
    assert mailbox(ALEX).due_at is None


SID, OID = "NT:S-1-5-21-1004336348-1177238915-682003330-512", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


@pytest.mark.parametrize("number", [SID, SID[3:], OID])
def test_an_account_that_is_gone_is_not_called_by_its_number(owner, number):
    row = permission(ALEX, ADELE, KIDS)
    gone = Person.objects.create(tenant=row.tenant, kind=Person.UNRESOLVED, name=number, key=number.casefold())
    CalendarPermission.objects.filter(pk=row.pk).update(name=number, address="", grantee=gone)
    row.refresh_from_db()
    page = page_for(owner, ALEX, KIDS).text
    assert "<h3>Someone who is no longer in the directory</h3>" in page
    assert f'<p class="meta break">{number} · Since' in page
    assert page.count(number) == 1
    assert "Not found in the directory" not in page
    for url in (reverse("home"), reverse("history"), page_of(row)):
        text = owner.get(url).text
        assert number not in text, url
    asked = owner.get(page_of(row, "remove")).text
    assert "<h1>Remove someone who is no longer in the directory from Kids parties?</h1>" in asked
    assert asked.count(number) == 1
    owner.post(page_of(row, "remove"), form_of(row))
    history = owner.get(reverse("history")).text
    assert "You asked to remove <strong>someone who is no longer in the directory</strong> from Kids parties" in history
    assert number not in history
