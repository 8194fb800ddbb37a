"""One entry: less of it is checked, more of it is asked for, and nobody asks for themselves."""

import re

import pytest
from django.urls import reverse

from sharing.models import Change, ChangeBatch, Proposal

from . import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant(writes_on=True)


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(client, lidia):
    client.force_login(lidia)
    return client


@pytest.fixture
def adele(alex):
    return alex.permissions.get(name="Adele Vance")


def url(permission):
    return reverse("it:entry", args=[permission.pk])


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_page_says_what_needs_a_yes(operator, adele):
    shown = text_of(operator.get(url(adele)))
    assert "Adele Vance on Alex Wilber’s calendar “Kids parties”" in shown
    assert "Can edit Needs a yes" in shown
    assert "All details Now" in shown
    assert "Alex Wilber reads it, and agrees or declines within 14 days" in shown


@pytest.mark.parametrize(
    ("fields", "kind", "role"),
    [
        ({"do": "role", "role": "limitedRead"}, ChangeBatch.LOWER, "limitedRead"),
        ({"do": "remove"}, ChangeBatch.REMOVE, ""),
        ({"do": "end", "day": "2026-12-24"}, ChangeBatch.END_DATE, ""),
        ({"do": "end", "preset": "2027-05-21"}, ChangeBatch.END_DATE, ""),
    ],
)
def test_less_becomes_a_list_of_one_that_is_checked(operator, adele, fields, kind, role):
    answer = operator.post(url(adele), {"seen": "read", **fields})
    batch = ChangeBatch.objects.get()
    assert answer["Location"] == reverse("it:job", args=[batch.public_id])
    assert (batch.kind, batch.role, batch.items.get().skipped) == (kind, role, "")
    assert not Change.objects.exists()


def test_more_becomes_a_question_to_its_owner(operator, adele, lidia):
    answer = operator.post(url(adele), {"do": "role", "role": "write", "seen": "read", "reason": "Books rooms"})
    proposal = Proposal.objects.get()
    assert answer["Location"] == reverse("it:proposal", args=[proposal.public_id])
    assert (proposal.after, proposal.asked_by, proposal.reason) == ("write", lidia, "Books rooms")
    assert not Change.objects.exists()
    shown = text_of(operator.get(answer["Location"]))
    assert "Adele Vance: “Can edit” instead of “All details”" in shown
    assert "Withdraw" in shown
    assert "Agree Decline" not in shown


def test_asking_again_leads_to_the_question_that_waits(operator, adele):
    for _ in range(2):
        answer = operator.post(url(adele), {"do": "role", "role": "write", "seen": "read", "reason": "Books rooms"})
    assert answer["Location"] == reverse("it:proposal", args=[Proposal.objects.get().public_id])


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"do": "role", "role": "write", "seen": "read"}, "Say why: the owner reads it."),
        ({"do": "role", "role": "read", "seen": "read"}, "Choose what they can do from now on."),
        ({"do": "role", "role": "owner"}, "Choose what they can do from now on."),
        ({"do": "end", "day": "yesterday"}, "The end date must be after today."),
        ({}, "Choose what they can do from now on."),
    ],
)
def test_what_is_missing_is_said(operator, adele, fields, says):
    answer = operator.post(url(adele), fields)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert not Proposal.objects.exists()


def test_what_changed_in_between_is_not_asked_for(operator, adele):
    answer = operator.post(url(adele), {"do": "role", "role": "write", "seen": "limitedRead", "reason": "x"})
    assert answer.status_code == 409
    assert "The access changed in between" in text_of(answer)


def test_nobody_asks_for_themselves(client, contoso, adele):
    client.force_login(rows.make_user(contoso, "Adele Vance", "operator"))
    shown = text_of(client.get(url(adele)))
    assert "This is, or may be, your own access" in shown
    assert "Needs a yes" not in shown
    answer = client.post(url(adele), {"do": "role", "role": "write", "seen": "read", "reason": "I want it"})
    assert answer.status_code == 409
    assert "This is, or may be, your own access" in text_of(answer)
    assert not Proposal.objects.exists()


def test_custom_access_is_removed_alone_and_says_that_nothing_puts_it_back(operator, adele):
    rows.CalendarPermission.objects.filter(pk=adele.pk).update(role="custom", reach=7)
    answer = operator.post(url(adele), {"do": "remove", "seen": "custom"})
    shown = text_of(operator.get(answer["Location"]))
    assert "This access cannot be restored from here" in shown
    assert ChangeBatch.objects.get().items.get().skipped == ""


def test_everybodys_row_is_lowered_and_never_raised_by_an_operator(operator, alex):
    everyone = alex.permissions.get(is_organization=True)
    rows.CalendarPermission.objects.filter(pk=everyone.pk).update(role="read", reach=3)
    shown = text_of(operator.get(url(everyone)))
    assert "Busy times" in shown
    assert "Needs a yes" not in shown
    answer = operator.post(url(everyone), {"do": "role", "role": "write", "seen": "read", "reason": "x"})
    assert answer.status_code == 409


def test_what_has_ended_is_said(operator, adele):
    rows.CalendarPermission.objects.filter(pk=adele.pk).update(ended_at=rows.NOW)
    assert "This access has ended" in text_of(operator.get(url(adele)))


@pytest.fixture
def proposal(operator, adele):
    operator.post(url(adele), {"do": "role", "role": "write", "seen": "read", "reason": "Books rooms"})
    return Proposal.objects.get()


def answer_to(proposal):
    return reverse("it:answer_proposal", args=[proposal.public_id])


def test_who_asked_withdraws_and_does_not_agree(operator, proposal):
    assert operator.post(answer_to(proposal), {"answer": "accept"}).status_code == 409
    operator.post(answer_to(proposal), {"answer": "withdraw"})
    proposal.refresh_from_db()
    assert proposal.state == Proposal.WITHDRAWN


@pytest.mark.django_db(transaction=True)
def test_a_second_operator_agrees(client, proposal, contoso, lidia):
    allan = rows.make_user(contoso, "Allan Deyoung", "operator")
    client.force_login(allan)
    page = reverse("it:proposal", args=[proposal.public_id])
    assert "Agree Decline" in text_of(client.get(page))
    assert client.post(answer_to(proposal), {"answer": "accept"})["Location"] == page
    change = Change.objects.get()
    assert (change.after, change.actor, change.approved_by) == ("write", lidia, allan)
    assert client.post(answer_to(proposal), {"answer": "decline"})["Location"] == page  # too late
    proposal.refresh_from_db()
    assert proposal.state == Proposal.ACCEPTED
    assert "Applying…" in text_of(client.get(page))


def test_a_reviewer_reads_and_does_not_answer(client, proposal, contoso):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    assert "Books rooms" in text_of(client.get(reverse("it:proposal", args=[proposal.public_id])))
    assert client.post(answer_to(proposal), {"answer": "accept"}).status_code == 404
    assert "Adele Vance: “Can edit”" in text_of(client.get(reverse("it:proposals")))
