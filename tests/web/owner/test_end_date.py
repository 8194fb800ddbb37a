"""Until when somebody has access: set on its own page, shown wherever access is shown, let come or taken away."""

from datetime import date

import pytest
from django.urls import reverse

from sharing import tasks
from sharing.models import Change, EndDate, Tenant
from tests.contoso import permission

from .cast import ADELE, ALEX, KIDS, MEGAN, calendar_of, page_of

DAY = "2026-11-27"


@pytest.fixture
def adele(alex):
    return permission(ALEX, ADELE, KIDS)


@pytest.fixture
def megan(alex):
    return permission(ALEX, MEGAN)


@pytest.fixture
def ends(owner):
    """`ends(permission)`: the owner chose the last day on the page."""

    def choose(row, **fields):
        return owner.post(page_of(row, "end_date"), {"ends_on": DAY, **fields})

    return choose


def test_a_day_is_set_and_stands_beside_the_person(owner, ends, adele):
    answer = ends(adele)
    assert (answer.status_code, answer.url) == (302, f"{calendar_of(adele)}#person-{adele.pk}")
    row = EndDate.objects.get()
    assert (row.ends_on, row.role_after, row.asks) == (date(2026, 11, 27), "", False)
    assert "Ends 27 November 2026" in owner.get(calendar_of(adele)).text
    assert "Ends 27 November 2026" in owner.get(page_of(adele)).text
    assert "The last day is 27 November 2026. After that: removed." in owner.get(page_of(adele, "end_date")).text
    assert not Change.objects.exists()


def test_near_the_day_the_days_are_counted(owner, ends, adele, later):
    ends(adele)
    for span, said in ((23, "Ends in 3 days"), (2, "Ends tomorrow"), (1, "Ends today")):
        later(days=span)
        assert said in owner.get(calendar_of(adele)).text


@pytest.mark.parametrize(
    ("preset", "day"), [("3", date(2027, 2, 1)), ("6", date(2027, 5, 1)), ("year", date(2026, 12, 31))]
)
def test_presets_are_one_click(ends, adele, preset, day):
    assert ends(adele, ends_on="", preset=preset).status_code == 302
    assert EndDate.objects.get().ends_on == day


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ends_on": ""}, "Choose the last day."),
        ({"ends_on": "soon"}, "The end date is no date."),
        ({"ends_on": "2026-11-01"}, "The end date must be after today."),
        ({"ends_on": "2025-01-01"}, "The end date must be after today."),
        ({"ends_on": "9999-12-31"}, "The end date must be on"),
        ({"role_after": "write"}, "Choose what is left then: less than now."),
        ({"role_after": "owner"}, "Choose what is left then: less than now."),
    ],
)
def test_what_cannot_be_is_said_at_the_field_and_kept(ends, adele, fields, said):
    answer = ends(adele, **fields)
    assert answer.status_code == 422
    assert said in answer.text and 'aria-invalid="true"' in answer.text
    assert not EndDate.objects.exists()


def test_a_day_can_lower_instead(ends, owner, adele):
    assert ends(adele, role_after="freeBusyRead").status_code == 302
    assert "After that: back to “Can view when I’m busy”." in owner.get(page_of(adele, "end_date")).text


def test_a_delegates_day_asks_unless_the_owner_wants_otherwise(ends, owner, megan):
    page = owner.get(page_of(megan, "end_date")).text
    assert "Ask me on that day. Nothing ends by itself." in page
    ends(megan)
    assert EndDate.objects.get().asks
    assert "That day Calwarden asks you; nothing ends by itself." in owner.get(page_of(megan, "end_date")).text
    ends(megan, asks="no")
    assert not EndDate.objects.get(state="live").asks


def test_a_day_can_be_moved_let_come_and_taken_away(ends, owner, adele):
    page = page_of(adele, "end_date")
    ends(adele)
    ends(adele, ends_on="2026-12-24")
    row = EndDate.objects.get(state="live")
    assert row.ends_on == date(2026, 12, 24)
    assert owner.post(page, {"do": "accept", "of": row.public_id}).status_code == 302
    assert "You let it end." in owner.get(page).text
    assert owner.post(page, {"do": "cancel", "of": row.public_id}).status_code == 302
    assert not EndDate.objects.filter(state="live").exists()
    assert "No end date" in owner.get(page).text


def test_a_decision_about_another_day_than_the_page_showed_is_refused(ends, owner, adele):
    ends(adele)
    row = EndDate.objects.get()
    ends(adele, ends_on="2026-12-24")
    answer = owner.post(page_of(adele, "end_date"), {"do": "cancel", "of": row.public_id})
    assert answer.status_code == 409 and "The end date changed while this page was open" in answer.text
    assert EndDate.objects.get(state="live").ends_on == date(2026, 12, 24)


def test_on_a_page_where_nothing_may_be_changed_no_day_is_set(ends, owner, adele):
    Tenant.objects.update(writes_on=False)
    assert "Read only" in owner.get(page_of(adele, "end_date")).text
    assert ends(adele).status_code == 409
    assert not EndDate.objects.exists()


def test_the_day_comes_and_the_page_says_so(ends, owner, adele, later, clock):
    ends(adele)
    later(days=27)
    for _ in range(3):
        for task, pk in list(tasks.due_changes(clock.now)):
            task(pk)
        later(minutes=2)
    assert "Adele Vance" not in owner.get(calendar_of(adele)).text.partition("History")[0]
    gone = owner.get(page_of(adele, "end_date"))
    assert gone.status_code == 410


def test_a_stranger_finds_no_such_page(as_owner, adele):
    charlie = as_owner("CharlieR@contoso.com")
    assert charlie.get(page_of(adele, "end_date")).status_code == 404
    assert charlie.post(page_of(adele, "end_date"), {"ends_on": DAY}).status_code == 404


def test_the_start_page_lists_what_ends_soon(ends, owner, adele, megan, later):
    ends(megan, ends_on="2027-06-30")
    assert "What ends soon" not in owner.get(reverse("home")).text
    ends(adele)
    later(days=13)
    page = owner.get(reverse("home")).text
    assert "What ends soon" in page and "Ends in 13 days" in page and "Ends 30 June 2027" not in page


def test_the_history_says_who_set_the_day_and_what_it_ended(ends, owner, adele, later, clock):
    ends(adele)
    later(days=27)
    for _ in range(3):
        for task, pk in list(tasks.due_changes(clock.now)):
            task(pk)
        later(minutes=2)
    lines = owner.get(reverse("history")).text
    assert "set the last day of" in lines and "27 November 2026" in lines
    assert "The end date that you set removed" in lines


# Beside a raise -------------------------------------------------------------------------------------------


@pytest.fixture
def short(alex):
    """The organization lets delegates be such for 30 days, and people outside have access for 60."""
    Tenant.objects.update(longest_days_delegate=30, longest_days_outside=60)


@pytest.fixture
def outsider(alex, outside, sync):
    outside("share", mailbox=ALEX, calendar=KIDS, who="carol@northwindtraders.com", role="freeBusyRead")
    sync()
    return permission(ALEX, "carol@northwindtraders.com", KIDS)


def test_a_raise_can_have_a_last_day_after_which_all_is_as_before(owner, adele, work):
    form = {"seen": "read", "role": "write", "confirmed": "on", "ends_on": DAY}
    assert owner.post(page_of(adele), form).status_code == 302
    row, change = EndDate.objects.get(), Change.objects.get()
    assert (row.role_after, row.role, change.after) == ("read", "write", "write")


def test_somebody_outside_is_raised_only_with_a_day(owner, outsider, short, work):
    form = {"seen": "freeBusyRead", "role": "limitedRead"}
    asked = owner.post(page_of(outsider), form)
    assert asked.status_code == 302
    page = owner.get(asked.url).text
    assert "People outside Contoso need an end date within 2 months." in page and 'value="2026-12-31"' in page
    without = owner.post(page_of(outsider), form | {"confirmed": "on", "ends_on": ""})
    assert without.status_code == 422 and "at the latest" in without.text
    far = owner.post(page_of(outsider), form | {"confirmed": "on", "ends_on": "2027-03-01"})
    assert far.status_code == 422 and not EndDate.objects.exists() and not Change.objects.exists()
    assert owner.post(page_of(outsider), form | {"confirmed": "on", "ends_on": "2026-12-31"}).status_code == 302
    assert EndDate.objects.get().role_after == "freeBusyRead"


def test_a_day_that_a_rule_asks_for_is_not_taken_away(owner, ends, megan, short):
    assert ends(megan, ends_on="2027-01-01").status_code == 422
    ends(megan)
    row = EndDate.objects.get()
    page = owner.get(page_of(megan, "end_date")).text
    assert "Delegates at Contoso need an end date within a month." in page and "Keep without" not in page
    answer = owner.post(page_of(megan, "end_date"), {"do": "cancel", "of": row.public_id})
    assert answer.status_code == 409 and EndDate.objects.get().state == "live"


def test_a_raise_that_is_refused_leaves_no_day_behind(owner, adele, frozen):
    form = {"seen": "read", "role": "write", "confirmed": "on", "ends_on": DAY}
    assert owner.post(page_of(adele), form).status_code == 409
    assert not EndDate.objects.filter(state="live").exists()
