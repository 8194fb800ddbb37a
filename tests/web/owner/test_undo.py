"""A change is undone from its toast, from the history, or on a page that says first whom Outlook would invite."""

import pytest
from django.urls import reverse

from sharing.models import Change, Tenant
from tests.contoso import permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, calendar_of, form_of, page_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def raised(owner, alex, work):
    """Adele may edit Kids parties, since a moment ago."""
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    return work()[0]


@pytest.fixture
def removed(owner, alex, work):
    """Adele lost Kids parties a moment ago."""
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row, "remove"), form_of(row))
    return work()[0]


def undo_of(change, **query):
    return reverse("undo", args=[change.public_id], query=query or None)


def test_a_role_goes_back_with_one_click_from_the_toast(owner, raised, work):
    page = owner.get(calendar_of(raised)).text
    assert f'formaction="{undo_of(raised)}?next=' in page
    assert owner.post(undo_of(raised)).url == calendar_of(raised)
    assert work()[0].state == "applied"
    assert permission(ALEX, ADELE, KIDS).role == "read"


def test_a_removal_says_beside_its_button_that_outlook_invites_anew(owner, removed, work):
    page = owner.get(calendar_of(removed)).text
    assert "Outlook will then send Adele Vance a new invitation; the role may have to be set again." in page
    assert 'name="confirmed" value="on"' in page
    owner.post(undo_of(removed), {"confirmed": "on"})
    assert work()[0].state == "applied"
    assert permission(ALEX, ADELE, KIDS).ended_at is None
    assert "Adele Vance now has “Can view all details” on Kids parties. Outlook sends an invitation." in (
        owner.get(calendar_of(removed)).text
    )


def test_from_the_history_a_page_asks_first(owner, removed, work):
    page = owner.get(reverse("history")).text
    assert undo_of(removed, next="/history/") in page
    answer = owner.post(undo_of(removed))
    assert (answer.status_code, answer.url, Change.objects.count()) == (302, undo_of(removed), 1)
    page = owner.get(undo_of(removed, next="/history/")).text
    assert "Give Adele Vance access again?" in page
    assert "Outlook sends 1 invitation" in page and "POST" in page
    answer = owner.post(undo_of(removed), {"confirmed": "on", "next": "/history/"})
    assert (answer.url, work()[0].state) == ("/history/", "applied")


def test_the_page_of_an_undo_shows_what_is_sent_whatever_is_undone(owner, raised):
    page = owner.get(undo_of(raised)).text
    assert "For your IT: exactly what is sent" in page
    assert "{&quot;role&quot;: &quot;read&quot;}" in page and "Set-MailboxFolderPermission" in page


def test_the_page_of_an_undo_that_cannot_be_shows_no_call(owner, raised, later):
    later(days=31)
    assert "exactly what is sent" not in owner.get(undo_of(raised)).text


def test_whoever_is_outside_is_named_before_the_click(owner, removed):
    removed.permission.__class__.objects.filter(pk=removed.permission_id).update(inside=False)
    toast = owner.get(calendar_of(removed)).text
    assert undo_of(removed) in toast and 'name="confirmed"' not in toast
    assert "Outlook sends 1 invitation, outside" in owner.get(undo_of(removed)).text


def test_a_role_is_undone_from_the_history_without_a_question(owner, raised, work):
    page = owner.get(reverse("history")).text
    assert f'form="undo-{raised.public_id}"' in page
    assert "Confirmed by Microsoft 365" in page
    owner.post(undo_of(raised, next="/history/"))
    work()
    assert f'form="undo-{raised.public_id}"' not in owner.get(reverse("history")).text


def test_where_the_world_moved_on_it_says_so_and_nothing_is_asked(owner, raised, outside, sync, later):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    later(hours=1)
    sync()
    assert f"undo-{raised.public_id}" not in owner.get(reverse("history")).text
    for answer, status in ((owner.get(undo_of(raised)), 200), (owner.post(undo_of(raised)), 409)):
        assert answer.status_code == status
        assert "What is true now is not overwritten." in answer.text
    assert Change.objects.count() == 1


def test_after_thirty_days_it_is_too_late(owner, raised, later):
    later(days=31)
    assert "Changes can be undone for 30 days." in owner.get(undo_of(raised)).text


def test_while_changes_are_stopped_nothing_is_undone(owner, raised, clock):
    Tenant.objects.update(frozen_at=clock.now)
    answer = owner.post(undo_of(raised))
    assert (answer.status_code, Change.objects.count()) == (409, 1)
    assert "Your IT stopped all changes." in answer.text


def test_a_second_click_is_refused_softly(owner, raised):
    assert [owner.post(undo_of(raised)).status_code for _ in range(2)] == [302, 409]
    assert Change.objects.count() == 2


@pytest.mark.parametrize("who", [ADELE, CHARLIE])
def test_nobody_else_undoes_it(raised, as_owner, who):
    stranger = as_owner(who)
    assert (stranger.get(undo_of(raised)).status_code, stranger.post(undo_of(raised)).status_code) == (404, 404)
    assert Change.objects.count() == 1


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(owner, raised, target):
    assert owner.post(undo_of(raised, next=target)).url == calendar_of(raised)


def test_what_was_undone_is_not_told_beside_its_undo(owner, removed, work):
    owner.post(undo_of(removed), {"confirmed": "on"})
    work()
    assert "was removed from Kids parties." not in owner.get(calendar_of(removed)).text
