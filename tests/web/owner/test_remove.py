"""Ending access: what happens is said first, then one change is stored, and for the last delegate a second one."""

import pytest

from sharing.models import Change, Role
from tests.contoso import permission

from .cast import ADELE, ALEX, KIDS, MEGAN, calendar_of, form_of, page_of


@pytest.fixture
def megan(alex):
    return permission(ALEX, MEGAN)


def remove(owner, row, **fields):
    return owner.post(page_of(row, "remove"), form_of(row, **fields))


def test_the_page_says_what_happens_and_what_the_person_falls_back_to(owner, megan):
    page = owner.get(page_of(megan, "remove")).text
    assert "Remove Megan Bowen from your main calendar?" in page
    assert "Megan Bowen falls back to what everyone at Contoso sees: when you’re busy." in page
    assert "Rights to your mailbox are separate and were not checked." in page
    assert "Access to Kids parties doesn’t change." in page
    assert "Undo is possible for 30 days. Outlook will then send Megan Bowen a new invitation" in page


def test_somebody_outside_falls_back_to_nothing(owner, outside, sync):
    outside("share", mailbox=ALEX, calendar=KIDS, who="patti@fabrikam.com", role="read", name="Patti Fernandez")
    sync()
    page = owner.get(page_of(permission(ALEX, "patti@fabrikam.com", KIDS), "remove")).text
    assert "Patti Fernandez is outside Contoso and loses this access." in page


def test_removing_stores_a_change_and_the_worker_ends_the_access(owner, alex, work):
    row = permission(ALEX, MEGAN, KIDS)
    answer = remove(owner, row)
    assert (answer.status_code, answer.url) == (302, f"{calendar_of(row)}#person-{row.pk}")
    assert "Applying… · no access" in owner.get(calendar_of(row)).text
    work()
    page = owner.get(calendar_of(row)).text
    assert "Megan Bowen was removed from Kids parties." in page
    assert f'id="person-{row.pk}"' not in page
    row.refresh_from_db()
    assert row.ended_at


def test_somebody_removed_here_is_gone_and_the_page_says_so(owner, alex, work):
    row = permission(ALEX, MEGAN, KIDS)
    remove(owner, row)
    work()
    answer = remove(owner, row)
    assert answer.status_code == 409
    assert "It was removed here today 17:00." in answer.text


def test_removing_the_last_delegate_offers_a_second_change_that_is_ticked(owner, megan, work):
    page = owner.get(page_of(megan, "remove")).text
    assert "Megan Bowen is your only delegate" in page
    assert 'name="to_me" checked' in page
    remove(owner, megan, to_me="on", seen_delivery="sendToDelegateOnly")
    wishes = Change.objects.order_by("pk").values_list("kind", "before", "after")
    assert list(wishes) == [
        ("remove", Role.PRIVATE_DELEGATE, ""),
        ("delivery", "sendToDelegateOnly", "sendToDelegateAndPrincipal"),
    ]
    work()
    page = owner.get(calendar_of(megan)).text
    assert "Megan Bowen was removed from your main calendar." in page
    assert "Saved. Who gets your meeting requests: “Both of us”." in page
    assert "You have no delegate now." in page


def test_without_the_tick_only_the_access_ends(owner, megan):
    remove(owner, megan, seen_delivery="sendToDelegateOnly")
    assert Change.objects.get().kind == "remove"


def test_one_of_two_delegates_leaves_without_an_offer(owner, megan, outside, sync):
    outside("share", mailbox=ALEX, who=ADELE, role=Role.DELEGATE)
    sync()
    page = owner.get(page_of(megan, "remove")).text
    assert "only delegate" not in page
    assert "to_me" not in page


def test_nothing_is_offered_where_requests_come_to_the_owner_already(owner, megan, outside, sync):
    outside("delivery", mailbox=ALEX, option="sendToDelegateAndPrincipal")
    sync()
    page = owner.get(page_of(megan, "remove")).text
    assert "Megan Bowen is your only delegate" in page
    assert "to_me" not in page


def test_a_stale_page_removes_nobody(owner, megan, outside, sync):
    outside("role", mailbox=ALEX, who=MEGAN, role="read")
    sync()
    answer = remove(owner, megan)
    assert answer.status_code == 409
    assert "It is now “Can view all details”, set outside Calwarden. Your removal was not saved." in answer.text
    assert not Change.objects.exists()


def test_a_removal_that_would_give_more_is_stopped(owner, alex, outside, sync):
    outside("role", mailbox=ALEX, calendar=KIDS, who="Default", role="write")
    sync()
    row = permission(ALEX, MEGAN, KIDS)
    answer = remove(owner, row)
    assert answer.status_code == 422
    for text in (answer.text, owner.get(page_of(row, "remove")).text):
        assert "This would give Megan Bowen more: everyone at Contoso sees all details, and can edit." in text
        assert "btn-danger" not in text
        assert page_of(permission(ALEX, "Default", KIDS)) in text
    assert not Change.objects.exists()


def test_the_row_of_the_organisation_cannot_be_removed(owner, alex):
    row = permission(ALEX, "Default")
    assert "Always listed. It can’t be removed." in owner.get(page_of(row, "remove")).text
    answer = remove(owner, row)
    assert answer.status_code == 422
    assert "btn-danger" not in answer.text
    assert not Change.objects.exists()


def test_access_set_in_detail_in_outlook_can_be_removed_but_not_changed(as_owner):
    grady = as_owner("GradyA@contoso.com")
    row = permission("GradyA@contoso.com", "RaulR@contoso.com", "Experiments")
    assert row.role == "custom"
    page = grady.get(calendar_of(row)).text
    assert "Set in Outlook" in page
    assert page_of(row, "remove") in page
    assert f'"{page_of(row)}"' not in page
    assert "Save changes" not in grady.get(page_of(row)).text
    assert grady.post(page_of(row), form_of(row, role="read", confirmed="on")).status_code == 422
    assert not Change.objects.exists()
    assert remove(grady, row).status_code == 302
    assert Change.objects.get().kind == "remove"


def test_nothing_is_removed_while_changes_are_stopped(owner, megan, frozen):
    page = owner.get(page_of(megan, "remove")).text
    assert "btn-danger" not in page
    assert "Your IT stopped all changes." in page
    assert remove(owner, megan).status_code == 409
    assert not Change.objects.exists()
