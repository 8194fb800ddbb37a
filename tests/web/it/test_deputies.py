"""IT sees who acts for whom, asks an owner for a deputy, and ends it; never for the operator’s own account."""

import pytest
from django.urls import reverse

from sharing import changes
from sharing.models import AuditEvent, Deputy, Notice, Person, Proposal, Tenant

from . import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant(writes_on=True, deputies_on=True)


@pytest.fixture
def lidia(contoso):
    rows.make_person(contoso, "Lidia Holloway")
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(client, lidia):
    client.force_login(lidia)
    return client


@pytest.fixture
def owner(alex, contoso):
    return rows.make_user(contoso, "Alex Wilber")


@pytest.fixture
def megan(alex):
    return Person.objects.get(name="Megan Bowen")


@pytest.fixture
def acting(alex, owner, megan):
    """Megan acts for Alex, who made her his deputy."""
    return changes.give_deputy(mailbox=alex, person=megan, lets_grant_private=False, by=owner, now=rows.NOW)


def ask(alex):
    return reverse("it:ask_deputy", args=[alex.person.public_id])


def end(deputy):
    return reverse("it:end_deputy", args=[deputy.public_id])


def page_of(person):
    return reverse("it:person", args=[person.public_id])


def form(megan, **fields):
    return {"person": megan.public_id, "reason": "Runs his diary", "q": "megan"} | fields


def test_an_operator_finds_somebody_and_asks_and_nobody_acts_yet(operator, alex, megan):
    assert ask(alex) in operator.get(page_of(alex.person)).text
    assert megan.public_id in operator.get(ask(alex), {"q": "bowen"}).text
    answer = operator.post(ask(alex), form(megan))
    proposal = Proposal.objects.get()
    assert answer["Location"] == reverse("it:proposal", args=[proposal.public_id])
    assert (proposal.kind, proposal.person, proposal.lets_grant_private) == (Proposal.DEPUTY, megan, False)
    assert not Deputy.objects.exists()
    page = operator.get(answer["Location"]).text
    assert "No operator agrees for them." in page and "May not give access to private events." in page
    assert operator.post(ask(alex), form(megan))["Location"] == answer["Location"]  # asked already


def test_with_the_owners_yes_it_begins_and_is_told_and_shown_with_both_names(
    operator, client, alex, megan, owner, lidia
):
    operator.post(ask(alex), form(megan, private="on"))
    client.force_login(owner)
    client.post(reverse("asked", args=[Proposal.objects.get().public_id]), {"answer": "accept"})
    deputy = Deputy.objects.get()
    assert (deputy.oid, deputy.given_by, deputy.lets_grant_private) == (megan.oid, owner, True)
    assert Notice.objects.get(kind="deputy_given").person == megan
    client.force_login(lidia)
    for person in (alex.person, megan):
        page = client.get(page_of(person)).text
        assert "Since 21 November 2026, given by Alex Wilber; Lidia Holloway (IT) asked." in page
        assert "May give access to private events, too." in page


def test_another_operator_does_not_say_yes_for_the_owner(operator, client, alex, megan, contoso):
    operator.post(ask(alex), form(megan))
    client.force_login(rows.make_user(contoso, "Allan Deyoung", "operator"))
    page = reverse("it:answer_proposal", args=[Proposal.objects.get().public_id])
    assert client.post(page, {"answer": "accept"}).status_code == 409
    assert not Deputy.objects.exists()


def test_a_reviewer_sees_both_directions_and_changes_neither(it, alex, megan, acting):
    for person, says in ((alex.person, "acts for Alex Wilber"), (megan, "Megan Bowen acts for")):
        page = it.get(page_of(person)).text
        assert says in page and "given by Alex Wilber." in page
        assert end(acting) not in page and "Ask for a deputy" not in page
    assert it.get(ask(alex)).status_code == it.post(ask(alex), form(megan)).status_code == 404
    assert it.get(end(acting)).status_code == it.post(end(acting)).status_code == 404
    assert Deputy.objects.get().ended_at is None


def test_an_operator_ends_it_at_once_and_owner_and_deputy_are_told(operator, alex, megan, acting, lidia):
    assert end(acting) in operator.get(page_of(alex.person)).text
    assert "Megan Bowen acts for Alex Wilber?" in operator.get(end(acting)).text
    assert Deputy.objects.get().ended_at is None  # the page only asks
    assert operator.post(end(acting))["Location"] == page_of(alex.person)
    acting.refresh_from_db()
    assert (acting.ended_at, acting.ended_by) == (rows.NOW, lidia)
    told = {notice.kind: notice for notice in Notice.objects.all()}
    assert (told["deputy_taken"].person, told["deputy_ended"].person) == (alex.person, megan)
    assert "Lidia Holloway (IT) ended that Megan Bowen acts for you" in told["deputy_taken"].body
    assert AuditEvent.objects.filter(verb="deputy.ended").get().actor.endswith(str(lidia.oid))
    assert end(acting) not in operator.get(page_of(alex.person)).text
    assert operator.post(end(acting)).status_code == 404


def test_what_was_begun_can_be_ended_where_deputies_are_off_and_nobody_new_is_asked_for(
    operator, alex, megan, acting, contoso
):
    Tenant.objects.filter(pk=contoso.pk).update(deputies_on=False)
    page = operator.get(page_of(alex.person)).text
    assert "Deputies are switched off here" in page and "Ask for a deputy" not in page
    assert operator.get(ask(alex)).status_code == operator.post(ask(alex), form(megan)).status_code == 404
    assert operator.post(end(acting)).status_code == 302
    assert not Deputy.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize("name", ["Lidia Holloway", "Lidia Holloway (admin)"])
def test_never_for_the_operators_own_account_or_another_of_theirs(operator, alex, contoso, name):
    self = Person.objects.filter(name=name).first() or rows.make_person(contoso, name)
    answer = operator.post(ask(alex), form(self))
    assert answer.status_code == 409
    assert "This is, or may be, your own access" in answer.text
    assert not Proposal.objects.exists()


def test_never_on_the_operators_own_mailbox(operator, alex, megan, lidia):
    hers = rows.make_mailbox(Person.objects.get(oid=lidia.oid))
    assert "Ask for a deputy" not in operator.get(page_of(hers.person)).text
    assert operator.post(ask(hers), form(megan)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"person": ""}, "Choose who is to be the deputy."), ({"reason": " "}, "Say why: the owner reads it.")],
)
def test_what_is_missing_is_said_and_what_was_chosen_stays(operator, alex, megan, fields, says):
    answer = operator.post(ask(alex), form(megan, **fields))
    assert answer.status_code == 422
    assert says in answer.text and megan.public_id in answer.text
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("fields", [{"enabled": False}, {"kind": Person.GROUP}, {"kind": Person.GUEST}])
def test_nobody_is_asked_for_who_cannot_be_one(operator, alex, megan, fields):
    Person.objects.filter(pk=megan.pk).update(**fields)
    assert operator.post(ask(alex), form(megan)).status_code == 409
    assert megan.public_id not in operator.get(ask(alex), {"q": "bowen"}).text
    assert not Proposal.objects.exists()


def test_who_is_one_already_is_not_asked_for_again_except_on_other_terms(operator, alex, megan, acting):
    assert "It is so already." in operator.post(ask(alex), form(megan)).text
    assert operator.post(ask(alex), form(megan, private="on")).status_code == 302
    assert Proposal.objects.get().lets_grant_private
