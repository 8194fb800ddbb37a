"""Giving somebody access from the portal: find them, choose, look, save; and giving one person's access to another."""

import pytest
from django.urls import reverse

from sharing import tasks
from sharing.models import CalendarPermission, Change, Cover, EndDate, Person, Role
from tests.contoso import permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, MEGAN, calendar_of, page_of

LEE = "LeeG@contoso.com"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def adding(alex):
    """Contoso lets people be added here."""
    alex.tenant.creates_on = True
    alex.tenant.save(update_fields=["creates_on"])


@pytest.fixture
def kids(alex):
    return permission(ALEX, ADELE, KIDS).calendar


@pytest.fixture
def cover_steps(clock):
    """What a worker does with the covers that are due."""

    def once():
        for pk in list(Cover.objects.due(clock.now).values_list("pk", flat=True)):
            tasks.step_cover(pk)

    return once


def page(calendar, **query):
    return reverse("add", args=[calendar.public_id], query=query)


def test_who_is_not_let_add_people_is_sent_to_outlook(owner, kids):
    assert "Give access</a>" not in owner.get(reverse("calendar", args=[kids.public_id])).text
    answer = owner.get(page(kids))
    assert "People cannot be added from Calwarden here. Share the calendar in Outlook." in answer.text
    owner.post(page(kids), {"to": CHARLIE, "role": "read"})
    assert not Change.objects.exists()


def test_somebody_is_found_by_a_part_of_the_name(owner, adding, kids):
    found = owner.get(page(kids, q="charl")).text
    assert f"?to={CHARLIE.replace('@', '%40')}" in found or f"?to={CHARLIE}" in found
    assert "Nobody by that name." in owner.get(page(kids, q="nobody at all")).text


def test_the_owner_and_who_is_gone_are_not_found(owner, adding, kids):
    Person.objects.filter(address=CHARLIE).update(enabled=False)
    assert "?to=" not in owner.get(page(kids, q="charl")).text
    assert "?to=" not in owner.get(page(kids, q="alex wilber")).text


def test_an_address_outside_can_be_typed(owner, adding, kids):
    assert "An address that the directory does not list" in owner.get(page(kids, q="patti@fabrikam.com")).text
    roles = owner.get(page(kids, to="patti@fabrikam.com")).text
    assert 'value="read"' in roles and 'value="write"' not in roles
    asked = owner.get(page(kids, to="patti@fabrikam.com", role="read")).text
    assert "is not in the directory of Contoso" in asked


@pytest.mark.parametrize(
    "text", ["nobody", "a@b", "a b@contoso.com", "<script>@contoso.com", ALEX, "a" * 400 + "@b.com"]
)
def test_what_is_no_address_to_share_with_is_refused_with_a_sentence(owner, adding, kids, text):
    answer = owner.get(page(kids, to=text, role="read"))
    assert answer.status_code == 422
    assert "is no address that this calendar could be shared with." in answer.text


def test_before_it_is_saved_the_page_says_that_outlook_invites_and_what_is_sent(owner, adding, kids):
    asked = owner.get(page(kids, to=CHARLIE, role="read")).text
    assert "Outlook sends Charlie" in asked
    assert "POST /users/" in asked and "Add-MailboxFolderPermission" in asked
    assert not Change.objects.exists()


def test_giving_access_is_one_change_and_the_worker_makes_it_true(owner, alex, adding, kids, work):
    answer = owner.post(page(kids), {"to": CHARLIE, "role": "read", "reason": "Covers for Megan"})
    assert (answer.status_code, answer.url) == (302, reverse("calendar", args=[kids.public_id]))
    waiting = owner.get(answer.url).text
    assert "Access is being given" in waiting and "“Can view all details”" in waiting
    assert 'data-hx-trigger="every 2s" data-hx-select="#main"' in waiting
    change = work()[0]
    assert (change.kind, change.state, change.after, change.reason) == ("create", "applied", "read", "Covers for Megan")
    assert "Access is being given" not in owner.get(answer.url).text
    row = permission(ALEX, CHARLIE, KIDS)
    assert (row.role, row.change) == ("read", change)


def test_who_has_access_already_is_not_added_twice(owner, adding, kids):
    answer = owner.post(page(kids), {"to": ADELE, "role": "write"})
    assert answer.status_code == 409
    assert "This person has access to Kids parties already." in answer.text
    assert not Change.objects.exists()


def test_a_second_click_makes_no_second_change(owner, adding, kids):
    for _ in range(2):
        answer = owner.post(page(kids), {"to": CHARLIE, "role": "read"})
    assert answer.status_code == 409
    assert "This was asked for already." in answer.text
    assert Change.objects.count() == 1


@pytest.mark.parametrize("role", ["", "none", "custom", "delegateWithPrivateEventAccess", "owner"])
def test_a_role_that_cannot_be_given_there_is_not_taken(owner, adding, kids, role):
    answer = owner.post(page(kids), {"to": CHARLIE, "role": role})
    assert answer.status_code == 422
    assert not Change.objects.exists()


def test_who_must_have_an_end_date_is_asked_for_one(owner, alex, adding, kids):
    alex.tenant.longest_days_outside = 90
    alex.tenant.save(update_fields=["longest_days_outside"])
    refused = owner.post(page(kids), {"to": "patti@fabrikam.com", "role": "read"})
    assert refused.status_code == 422
    assert "People outside Contoso need an end date within 3 months." in refused.text
    owner.post(page(kids), {"to": "patti@fabrikam.com", "role": "read", "until": "2026-12-24"})
    cover = Cover.objects.get()
    assert (str(cover.person), str(cover.ends_on)) == ("patti@fabrikam.com", "2026-12-24")


@pytest.mark.parametrize("until", ["2020-01-01", "tomorrow", "9999-12-31"])
def test_an_end_date_that_cannot_be_is_refused(owner, adding, kids, until):
    answer = owner.post(page(kids), {"to": CHARLIE, "role": "read", "until": until})
    assert answer.status_code == 422
    assert not Change.objects.exists()


def test_access_until_a_day_is_given_now_and_ends_by_itself(owner, adding, kids, work, cover_steps, later):
    owner.post(page(kids), {"to": CHARLIE, "role": "read", "until": "2026-11-20"})
    cover_steps()
    work()
    later(minutes=2)
    cover_steps()
    row = permission(ALEX, CHARLIE, KIDS)
    end = EndDate.objects.get(permission=row)
    assert (row.role, str(end.ends_on), end.role_after, end.state) == ("read", "2026-11-20", "", "live")


def test_replacing_gives_first_and_ends_only_what_microsoft_confirmed(owner, adding, work):
    megan = permission(ALEX, MEGAN, KIDS)
    asked = owner.get(
        reverse("replace", args=[megan.calendar.public_id, megan.pk], query={"to": CHARLIE, "role": "read"})
    )
    assert "Megan Bowen loses access. If it does not, nothing ends." in asked.text

    answer = owner.post(page_of(megan, "replace"), {"to": CHARLIE, "role": "read", "seen": megan.role})
    assert answer.url == calendar_of(megan)
    given, ended = Change.objects.order_by("pk")
    assert (given.kind, ended.kind, ended.follows) == ("create", "remove", given)
    assert ended.due_at is None
    work()
    work()

    open_rows = CalendarPermission.objects.open().filter(calendar=megan.calendar)
    assert not open_rows.filter(address__iexact=MEGAN).exists()
    assert open_rows.get(address__iexact=CHARLIE).role == "read"


def test_a_replacement_of_who_was_changed_meanwhile_is_not_saved(owner, adding, outside, sync):
    megan = permission(ALEX, MEGAN, KIDS)
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    sync()
    answer = owner.post(page_of(megan, "replace"), {"to": CHARLIE, "role": "read", "seen": megan.role})
    assert answer.status_code == 409
    assert "Megan Bowen has “Can edit” by now" in answer.text
    assert not Change.objects.exists()


def test_other_peoples_calendars_do_not_exist_for_who_wants_to_add(as_owner, adding, kids):
    browser = as_owner(ADELE)
    assert browser.get(page(kids, q="a")).status_code == 404
    assert browser.post(page(kids), {"to": ADELE, "role": Role.WRITE}).status_code == 404
