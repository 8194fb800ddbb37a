"""What others share with a person: the owners' side and the own list, side by side."""

import pytest
from django.urls import reverse
from django.utils import timezone

from sharing import tasks
from sharing.models import Calendar, CalendarPermission, Change, Notice, Objection
from sharing.web.sharee.rows import desk_of
from tests.contoso import permission, user
from tests.web.owner.cast import page_of

ALEX, MEGAN, ADELE, CHARLIE = (f"{name}@contoso.com" for name in ("AlexW", "MeganB", "AdeleV", "CharlieR"))
KIDS = "Kids parties"
pytestmark = pytest.mark.django_db(transaction=True)


def page(row, name="shared_leave"):
    return reverse(name, args=[row.calendar.public_id])


@pytest.fixture
def main(alex):
    return permission(ALEX, MEGAN)


@pytest.fixture
def kids(alex):
    return permission(ALEX, MEGAN, KIDS)


def copies(address):
    return Calendar.objects.filter(mailbox__person__address__iexact=address, is_own=False, ended_at=None)


def test_every_calendar_is_listed_with_its_real_level_and_since_when(megan):
    desk = megan.get(reverse("shared")).text
    assert "Alex Wilber: main calendar" in desk
    assert "You act for Alex Wilber and see private events" in desk
    assert "Kids parties of Alex Wilber" in desk
    assert "You see every event in full. You can’t change anything." in desk
    assert "Since before 2 November 2026." in desk


def test_a_delegate_is_told_whose_meeting_requests_reach_them(megan):
    desk = megan.get(reverse("shared")).text
    assert "Meeting requests that may reach you" in desk
    assert "Alex Wilber: delegates only" in desk


def test_who_has_nothing_is_told_so_and_sees_nothing_of_others(as_owner):
    desk = as_owner(CHARLIE).get(reverse("shared")).text
    assert "Kids parties" not in desk and "main calendar" not in desk


def test_a_calendar_that_is_no_longer_shared_is_gone_from_the_desk(megan, outside, sync):
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=MEGAN)
    sync()
    assert "Kids parties of Alex Wilber" not in megan.get(reverse("shared")).text


def test_renaming_changes_the_own_copy_and_nothing_of_the_owners(megan, main, work, cloud):
    cloud.log.clear()
    answer = megan.post(page(main, "shared_rename"), {"name": "  My boss "})
    assert (answer.status_code, answer.url) == (302, reverse("shared"))
    change = work()[0]
    assert (change.kind, change.state, change.after, change.actor_kind) == ("copy_name", "applied", "My boss", "sharee")
    assert [sent.method for sent in cloud.log.writes()] == ["PATCH"]
    assert "In your list as “My boss”." in megan.get(reverse("shared")).text
    assert permission(ALEX, MEGAN).role == main.role


def rename_in_outlook(names):
    """Both of Megan’s copies of Alex’s calendars get other names, as a later reading shows them."""
    for copy, name in zip(copies(MEGAN).filter(owner_address__iexact=ALEX).order_by("pk"), names, strict=True):
        Calendar.objects.filter(pk=copy.pk).update(name=name)


def test_a_copy_that_was_renamed_in_outlook_is_joined_by_what_its_flags_allow(megan, main, kids):
    mine = copies(MEGAN).filter(owner_address__iexact=ALEX)
    assert {(copy.can_edit, copy.can_view_private) for copy in mine} == {(True, True), (False, False)}
    rename_in_outlook(["Boss", "Fun"])
    rows = desk_of(user(main.tenant, MEGAN), timezone.now()).rows
    found = {row.held.pk: row for row in rows if row.held and row.held.mailbox_id == main.mailbox_id}
    assert {found[main.pk].my_name, found[kids.pk].my_name} == {"Boss", "Fun"}
    assert (found[main.pk].copy.can_edit, found[kids.pk].copy.can_edit) == (True, False)
    assert not [row for row in rows if row.held is None]


def test_where_nothing_proves_which_it_is_both_rows_say_so(megan, main, kids):
    rename_in_outlook(["Boss", "Fun"])
    copies(MEGAN).update(can_edit=None, can_view_private=None)
    desk = megan.get(reverse("shared")).text
    assert desk.count("It may be in your list under another name") == 2
    assert desk.count("under a name that was changed in Outlook: it may be any calendar of Alex Wilber") == 2
    assert "Not in your calendar list." not in desk


def test_a_copy_with_its_name_takes_its_calendar_whatever_the_order(megan, main, kids):
    first, second = copies(MEGAN).filter(owner_address__iexact=ALEX).order_by("owner_name", "name", "pk")
    for renamed in (first, second):
        name = renamed.name
        Calendar.objects.filter(pk=renamed.pk).update(name="Something else")
        desk = megan.get(reverse("shared")).text
        assert "In your list as “Something else”." in desk and "may be in your list" not in desk
        Calendar.objects.filter(pk=renamed.pk).update(name=name)


@pytest.mark.parametrize("name", ["", "   ", "a" * 256, "two\nlines\u200b"])
def test_a_name_that_cannot_be_is_refused_at_its_field(megan, main, name):
    assert megan.post(page(main, "shared_rename"), {"name": name}).status_code == 422
    assert not Change.objects.exists()


def test_leaving_the_list_keeps_the_access(megan, main, work):
    assert copies(MEGAN).exists()
    megan.post(page(main), {"how": "copy"})
    assert [(c.kind, c.state) for c in work()] == [("copy_remove", "applied")]
    assert permission(ALEX, MEGAN).ended_at is None
    assert "Not in your calendar list." in megan.get(reverse("shared")).text


def test_giving_up_access_ends_the_owners_entry_and_is_in_their_history(megan, kids, work, as_owner):
    megan.post(page(kids), {"how": "access"})
    change = work()[0]
    assert (change.kind, change.state, change.actor_kind) == ("remove", "applied", "sharee")
    assert CalendarPermission.objects.get(pk=kids.pk).ended_at is not None
    assert "Megan Bowen" in as_owner(ALEX).get(reverse("calendar", args=[kids.calendar.public_id])).text


def test_a_last_delegate_is_told_what_follows_and_so_is_the_owner(megan, main, work):
    asked = megan.get(page(main)).text
    assert "Alex Wilber has no delegate after that, and meeting requests are set to go only to delegates." in asked
    megan.post(page(main), {"how": "access"})
    mail = Notice.objects.get(kind="delegate_left")
    assert mail.person.address.casefold() == ALEX.casefold()
    assert "There is no delegate now." in mail.body


@pytest.mark.parametrize("how", ["", "everything", "grant; drop"])
def test_leaving_needs_one_of_the_ways_there_are(megan, kids, how):
    assert megan.post(page(kids), {"how": how}).status_code == 422
    assert not Change.objects.exists()


def test_nobody_leaves_or_renames_in_somebody_elses_name(as_owner, kids):
    browser = as_owner(CHARLIE)
    for name in ("shared_leave", "shared_rename", "objection"):
        assert browser.get(page(kids, name)).status_code == 404
        assert browser.post(page(kids, name), {"how": "access", "name": "x"}).status_code == 404
    assert not Change.objects.exists()


def test_saying_that_one_should_not_have_it_tells_the_owner_and_changes_nothing(megan, kids, cloud):
    cloud.log.clear()
    megan.post(page(kids, "objection"), {"note": "I changed teams.\nLong ago"})
    megan.post(page(kids, "objection"), {"note": "again"})
    assert [o.note for o in Objection.objects.all()] == ["I changed teams. Long ago"]
    mail = Notice.objects.get(kind="objection")
    assert mail.subject == "Megan Bowen says they should not see a calendar of yours"
    assert "They write: I changed teams. Long ago" in mail.body
    assert not cloud.log.since(0) and not Change.objects.exists()
    assert "You said that you should not have this" in megan.get(reverse("shared")).text


def test_the_owner_finds_it_on_the_start_page_and_may_keep_it(megan, kids, as_owner):
    megan.post(page(kids, "objection"))
    said = Objection.objects.get()
    browser = as_owner(ALEX)
    assert "Megan Bowen says they should not have access to Kids parties" in browser.get("/").text
    assert "Keep it as it is" in browser.get(page_of(kids)).text
    answer = browser.post(reverse("objection_keep", args=[said.public_id]))
    assert answer.status_code == 302
    said.refresh_from_db()
    assert said.answered_at is not None
    assert "says they should not have" not in browser.get("/").text


def test_only_the_owner_answers_it(megan, kids, as_owner):
    megan.post(page(kids, "objection"))
    said = Objection.objects.get()
    assert as_owner(CHARLIE).post(reverse("objection_keep", args=[said.public_id])).status_code == 404
    said.refresh_from_db()
    assert said.answered_at is None


def test_an_objection_ends_with_the_access_and_does_not_come_back_with_it(megan, kids, outside, sync, time, clock):
    megan.post(page(kids, "objection"))
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=MEGAN)
    sync()
    tasks.tidy(0)
    outside("share", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="read")
    sync()
    assert Objection.objects.get().answered_at is not None
    assert "You said that you should not have this" not in megan.get(reverse("shared")).text
