"""IT asks, the owner reads what it would mean, and agrees or declines in the portal."""

import pytest
from django.urls import reverse

from sharing import changes
from sharing.models import Change, Proposal, RoleAssignment, Stewardship
from tests.contoso import permission, user

from .cast import ADELE, ALEX, CHARLIE, KIDS, MEGAN

pytestmark = pytest.mark.django_db(transaction=True)
LIDIA = "LidiaH@contoso.com"


@pytest.fixture
def proposal(alex, clock):
    lidia = user(alex.tenant, LIDIA)
    RoleAssignment.objects.create(user=lidia, tenant=alex.tenant, role="operator", given_at=clock())
    entry = permission(ALEX, ADELE, KIDS)
    return changes.propose(
        kind=Proposal.ROLE, mailbox=entry.mailbox, permission=entry, role="write", seen="read", actor=lidia,
        reason="Books the rooms", now=clock(),
    )  # fmt: skip


def page(proposal):
    return reverse("asked", args=[proposal.public_id])


def test_the_home_page_leads_to_the_question(owner, proposal):
    shown = owner.get("/").content.decode()
    assert "Lidia Holloway (IT) asks: “Can edit” for Adele Vance on Kids parties" in shown
    assert page(proposal) in shown


def test_the_question_says_why_and_what_it_would_mean(owner, proposal):
    shown = owner.get(page(proposal)).content.decode()
    assert "Books the rooms" in shown
    assert "Sees every event in full and can add, change and delete them." in shown
    assert "What happens if you agree" in shown


def test_agreeing_makes_the_change(owner, proposal, work, alex):
    answer = owner.post(page(proposal), {"answer": "accept"})
    assert answer["Location"] == reverse("calendar", args=[proposal.calendar.public_id])
    work()
    assert permission(ALEX, ADELE, KIDS).role == "write"
    assert Change.objects.get().approved_by == alex
    assert "asks:" not in owner.get("/").content.decode()
    assert "Agreed" in owner.get(page(proposal)).content.decode()


def test_declining_changes_nothing(owner, proposal, work):
    assert owner.post(page(proposal), {"answer": "decline"})["Location"] == page(proposal)
    assert work() == []
    assert "Declined" in owner.get(page(proposal)).content.decode()


def test_a_second_answer_finds_the_first(owner, proposal):
    owner.post(page(proposal), {"answer": "decline"})
    assert owner.post(page(proposal), {"answer": "accept"})["Location"] == page(proposal)
    proposal.refresh_from_db()
    assert proposal.state == Proposal.DECLINED


def test_no_answer_is_asked_for_again(owner, proposal):
    answer = owner.post(page(proposal), {"answer": "perhaps"})
    assert answer.status_code == 422
    assert "Choose one of the two." in answer.content.decode()


def test_what_moved_on_is_said(owner, proposal, outside, sync):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    sync()
    answer = owner.post(page(proposal), {"answer": "accept"})
    assert answer.status_code == 409
    assert "The access changed in between" in answer.content.decode()


def test_nobody_else_sees_it(as_owner, proposal):
    for who in (ADELE, CHARLIE, MEGAN, LIDIA):
        browser = as_owner(who)
        assert browser.get(page(proposal)).status_code == 404
        assert browser.post(page(proposal), {"answer": "accept"}).status_code == 404


def test_a_steward_who_asked_as_it_does_not_answer_themselves(as_owner, proposal, clock):
    lidia = proposal.asked_by
    Stewardship.objects.create(
        tenant=proposal.tenant, mailbox=proposal.mailbox, oid=lidia.oid, given_at=clock()
    )  # fmt: skip
    browser = as_owner(LIDIA)
    assert "not yours to answer" in browser.get(page(proposal)).content.decode()
    assert browser.post(page(proposal), {"answer": "accept"}).status_code == 403
    assert "asks:" not in browser.get("/").content.decode()
    assert not Change.objects.exists()


def test_a_question_that_ended_is_not_answered(owner, proposal, later):
    later(days=15)
    assert "Ended without an answer" in owner.get(page(proposal)).content.decode()
    owner.post(page(proposal), {"answer": "accept"})
    assert not Change.objects.exists()
