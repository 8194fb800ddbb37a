"""An operator asks for access for somebody who has none: a known one, never themselves, only where that is on."""

import re

import pytest
from django.urls import reverse

from sharing.models import Change, Person, Proposal, Tenant

from . import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant(writes_on=True, creates_on=True)


@pytest.fixture
def lidia(contoso):
    rows.make_person(contoso, "Lidia Holloway")
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(client, lidia):
    client.force_login(lidia)
    return client


@pytest.fixture
def charlie(contoso):
    return rows.make_person(contoso, "Charlie Reed")


def page(alex):
    return reverse("it:give", args=[alex.person.public_id])


def form(alex, **fields):
    calendar = alex.calendars.get(is_default=True)
    wanted = {"to": "charlier@contoso.com", "calendar": calendar.public_id, "role": "read", "reason": "New here"}
    return wanted | fields


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_it_becomes_a_question_and_no_change(operator, alex, charlie):
    shown = operator.get(reverse("it:person", args=[alex.person.public_id])).content.decode()
    assert page(alex) in shown
    answer = operator.post(page(alex), form(alex))
    proposal = Proposal.objects.get()
    assert answer["Location"] == reverse("it:proposal", args=[proposal.public_id])
    assert (proposal.kind, proposal.person, proposal.after) == (Proposal.CREATE, charlie, "read")
    assert not Change.objects.exists()
    assert operator.post(page(alex), form(alex))["Location"] == answer["Location"]  # asked already


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"to": "nobody"}, "Type the address of somebody else."),
        ({"to": "alexw@contoso.com"}, "Type the address of somebody else."),
        ({"to": "stranger@elsewhere.example"}, "Nobody at this address is known here."),
        ({"role": ""}, "Choose what they can do."),
        ({"role": "custom"}, "Choose what they can do."),
        ({"calendar": "nonsense"}, "Choose a calendar."),
        ({"reason": " "}, "Say why: the owner reads it."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(operator, alex, charlie, fields, says):
    answer = operator.post(page(alex), form(alex, **fields))
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert f'value="{form(alex, **fields)["to"]}"' in answer.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("to", ["lidiah@contoso.com", "LidiaH@contoso.com"])
def test_never_for_oneself(operator, alex, to):
    answer = operator.post(page(alex), form(alex, to=to, role="write"))
    assert answer.status_code == 409
    assert "This is, or may be, your own access" in text_of(answer)
    assert not Proposal.objects.exists()


def test_never_for_a_group_one_may_be_in(operator, alex, contoso):
    rows.make_person(contoso, "Everyone in sales", kind=Person.GROUP)
    answer = operator.post(page(alex), form(alex, to="everyone.in.sales@contoso.com"))
    assert answer.status_code == 409
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("fields", [{"creates_on": False}, {"writes_on": False}])
def test_where_nobody_may_be_added_there_is_no_such_page(operator, alex, contoso, fields):
    Tenant.objects.filter(pk=contoso.pk).update(**fields)
    assert operator.get(page(alex)).status_code == 404
    assert "Ask for access" not in operator.get(reverse("it:person", args=[alex.person.public_id])).content.decode()


def test_reviewers_do_not_ask(client, alex, contoso):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    assert client.get(page(alex)).status_code == 404
    assert client.post(page(alex), form(alex)).status_code == 404
