"""Cover for a leave: four clicks from the start page, looked at before it is planned, called off before and after."""

from datetime import date

import pytest
from django.urls import reverse

from sharing import tasks
from sharing.models import Change, Cover, EndDate, Tenant
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, KIDS

FIRST, LAST = "2026-12-07", "2026-12-18"


@pytest.fixture
def kids(alex):
    return permission(ALEX, ADELE, KIDS).calendar


@pytest.fixture
def url(kids):
    return reverse("cover", args=[kids.public_id])


@pytest.fixture
def wish(alex):
    return {"to": mailbox(ADELE).person.public_id, "first": FIRST, "last": LAST, "role": "write"}


@pytest.fixture
def live(later, clock):
    def through(**span):
        later(**span)
        for _ in range(4):
            for task, pk in list(tasks.due_changes(clock.now)):
                task(pk)
            later(minutes=2)

    return through


def value_of(page, marked):
    """The value of the first radio after `marked`."""
    return page.partition(marked)[2].partition('value="')[2].partition('"')[0]


def test_four_clicks_from_the_start_page(owner, alex):
    """Cover for a leave, the person, Continue, Give cover: the days are typed, and a role is marked already."""
    Tenant.objects.update(creates_on=True)
    outside_of_clicks = {"first": FIRST, "last": LAST}
    url = (
        owner.get(reverse("home")).text.partition(">Cover for a leave")[0].rpartition('href="')[2].partition('"')[0]
    )  # 1
    person = value_of(owner.get(url).text, 'name="to"')  # 2
    look = owner.get(url, {"to": person, **outside_of_clicks})  # 3
    role = look.text.partition(" checked")[0].rpartition('value="')[2].partition('"')[0]
    assert look.status_code == 200 and role
    assert owner.post(url, {"to": person, "role": role, **outside_of_clicks}).status_code == 302  # 4
    row = Cover.objects.get()
    assert (row.role, row.calendar.is_default, row.person.public_id) == (role, True, person)


def test_before_it_is_planned_the_page_says_what_happens(owner, url, wish):
    page = owner.get(url, wish).text
    assert "What can Adele Vance do on Kids parties from 7 to 18 December 2026?" in page
    assert "It begins on 7 December 2026, and 18 December 2026 is the last day." in page
    assert "After that Adele Vance has “Can view all details” again." in page
    assert not Cover.objects.exists()


def test_it_is_planned_begins_and_ends(owner, url, wish, live, kids):
    assert owner.post(url, wish).url == f"{reverse('calendar', args=[kids.public_id])}#covers"
    row = Cover.objects.get()
    assert (row.starts_on, row.ends_on, row.state) == (date(2026, 12, 7), date(2026, 12, 18), "waiting")
    page = owner.get(reverse("calendar", args=[kids.public_id])).text
    assert "“Can edit”, from 7 to 18 December 2026." in page and "Planned" in page
    live(days=36)
    assert permission(ALEX, ADELE, KIDS).role == "write"
    assert "Ends in" in owner.get(reverse("calendar", args=[kids.public_id])).text
    live(days=12)
    assert permission(ALEX, ADELE, KIDS).role == "read"
    live(hours=2)
    row.refresh_from_db()
    assert row.state == "over"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"to": ""}, "Choose who covers."),
        ({"to": "AAAAAAAAAAAAAAAA"}, "Choose who covers."),
        ({"first": ""}, "Choose the first day."),
        ({"last": "then"}, "The last day is no date."),
        ({"first": "2026-12-19"}, "The last day must not be before the first."),
        ({"first": "2026-10-31"}, "The first day is over already."),
        ({"last": "9999-12-31"}, "The last day must be"),
        ({"role": ""}, "Choose what Adele Vance can do."),
        ({"role": "freeBusyRead"}, "has as much already"),
        ({"role": "custom"}, "Choose what Adele Vance can do."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_planned(owner, url, wish, fields, said):
    answer = owner.post(url, wish | fields)
    assert answer.status_code in (409, 422) and said in answer.text
    assert not Cover.objects.exists()


def test_a_second_click_plans_no_second_cover(owner, url, wish):
    assert owner.post(url, wish).status_code == owner.post(url, wish).status_code == 302
    assert Cover.objects.count() == 1


def test_overlapping_days_are_refused(owner, url, wish):
    owner.post(url, wish)
    answer = owner.post(url, wish | {"first": "2026-12-18", "last": "2026-12-20"})
    assert answer.status_code == 409 and "covers it from 7 to 18 December 2026 already" in answer.text
    assert owner.post(url, wish | {"first": "2026-12-19", "last": "2026-12-20"}).status_code == 302


def test_it_is_called_off_before_it_begins(owner, url, wish, live):
    owner.post(url, wish)
    row = Cover.objects.get()
    page = reverse("cancel_cover", args=[row.public_id])
    assert "Nothing changes on that day then." in owner.get(page).text
    assert owner.post(page).status_code == 302
    live(days=40)
    assert permission(ALEX, ADELE, KIDS).role == "read" and not Change.objects.exists()
    assert "It is over already." in owner.get(page).text


def test_it_is_called_off_after_it_began_and_the_access_goes_back_at_once(owner, url, wish, live):
    owner.post(url, wish)
    live(days=36)
    page = reverse("cancel_cover", args=[Cover.objects.get().public_id])
    assert "The access goes back to what it was, now." in owner.get(page).text
    assert owner.post(page).status_code == 302
    live(minutes=1)
    assert permission(ALEX, ADELE, KIDS).role == "read"
    assert EndDate.objects.get().state == "done"


def test_somebody_who_is_not_on_the_calendar_covers_where_people_may_be_added(owner, url, wish, live, cloud):
    charlie = mailbox("CharlieR@contoso.com").person
    assert owner.post(url, wish | {"to": charlie.public_id}).status_code == 422
    Tenant.objects.update(creates_on=True)
    assert "Charlie" in owner.get(url, {"q": "charlie", "find": "on"}).text
    assert "Outlook sends" in owner.get(url, wish | {"to": charlie.public_id}).text
    assert owner.post(url, wish | {"to": charlie.public_id}).status_code == 302
    live(days=36)
    assert permission(ALEX, "CharlieR@contoso.com", KIDS).role == "write"
    live(days=12)
    assert permission(ALEX, "CharlieR@contoso.com", KIDS).ended_at is not None


def test_a_stranger_finds_neither_page(as_owner, owner, url, wish):
    owner.post(url, wish)
    page = reverse("cancel_cover", args=[Cover.objects.get().public_id])
    charlie = as_owner("CharlieR@contoso.com")
    for address in (url, page):
        assert charlie.get(address).status_code == charlie.post(address, wish).status_code == 404
    assert Cover.objects.get().state == "waiting"
