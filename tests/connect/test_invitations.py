"""Inviting people by address: every line has its outcome, and a bad one costs no other."""

import pytest

from sharing.connect import invitations
from sharing.connect.invitations import ALREADY, INVITED, NO_ADDRESS, OTHER_DOMAIN, TWICE
from sharing.models import AuditEvent, Invitation, Tenant
from tests.web.it import rows

NOW = rows.NOW


@pytest.fixture
def contoso(db):
    return rows.make_tenant(scope=Tenant.PEOPLE)


@pytest.fixture
def allan(contoso):
    return rows.make_user(contoso, "Allan Deyoung", "admin")


@pytest.fixture
def invite(contoso, allan):
    def one(text):
        return [
            (line.number, line.outcome)
            for line in invitations.invite(tenant=contoso, text=text, actor=allan, now=NOW)
        ]  # fmt: skip

    return one


@pytest.mark.parametrize(
    ("line", "address", "name"),
    [
        ("AdeleV@Contoso.com", "adelev@contoso.com", ""),
        ("  adelev@contoso.com  ", "adelev@contoso.com", ""),
        ("Adele Vance,adelev@contoso.com", "adelev@contoso.com", "Adele Vance"),
        ("adelev@contoso.com;Adele Vance", "adelev@contoso.com", "Adele Vance"),
        ("adelev@contoso.com\tAdele Vance", "adelev@contoso.com", "Adele Vance"),
        ('"Vance, Adele",adelev@contoso.com', "adelev@contoso.com", "Vance, Adele"),
        ("Adele Vance <adelev@contoso.com>", "adelev@contoso.com", "Adele Vance"),
        ("mailto:adelev@contoso.com", "adelev@contoso.com", ""),
        ("O'Neill,o'neill@contoso.com", "o'neill@contoso.com", "O'Neill"),
        ("Adele,adele v@contoso.com", "", ""),
    ],
)
def test_one_line_in_many_spellings(contoso, allan, line, address, name):
    (found,) = invitations.invite(tenant=contoso, text=line, actor=allan, now=NOW)
    assert (found.address, found.name) == (address, name)
    assert Invitation.objects.filter(address=address, name=name).exists() == bool(address)


def test_a_bad_line_costs_no_other(invite):
    text = (
        'Address,Name\nadelev@contoso.com\n\n"open quote,x\nno address here\nbob@fabrikam.com\nADELEV@contoso.com\r\n'
        "meganb@contoso.com\rtwo@@contoso.com\nevil@contoso.com,\x00<script>\n"
    )
    assert invite(text) == [
        (2, INVITED), (4, NO_ADDRESS), (5, NO_ADDRESS), (6, OTHER_DOMAIN), (7, TWICE), (8, INVITED), (9, NO_ADDRESS),
        (10, INVITED),
    ]  # fmt: skip
    assert Invitation.objects.count() == 3


def test_inviting_again_changes_nothing_and_an_ended_one_is_looked_for_again(contoso, invite):
    assert invite("adelev@contoso.com") == [(1, INVITED)]
    assert invite("adelev@contoso.com") == [(1, ALREADY)]
    Invitation.objects.update(state=Invitation.ENDED, name="Adele Vance")
    assert invite("adelev@contoso.com") == [(1, INVITED)]
    assert (Invitation.objects.get().state, Invitation.objects.get().name) == (Invitation.WAITING, "Adele Vance")


def test_who_has_the_address_of_somebody_who_left_is_called_by_their_own_name(contoso, invite):
    invite("adelev@contoso.com,Adele Vance")
    Invitation.objects.update(state=Invitation.ENDED)
    assert invite("adelev@contoso.com,Adele Victor") == [(1, INVITED)]
    assert Invitation.objects.get().name == "Adele Victor"


@pytest.mark.parametrize("text", ["a@contoso.com\n" * 2001, "x" * (256 * 1024 + 1)])
def test_too_much_stores_nothing(contoso, invite, text):
    with pytest.raises(invitations.TooMuch):
        invite(text)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_as_spreadsheets_save_it(encoding):
    assert invitations.text_of("zoë@contoso.com,Zoë".encode(encoding)) == "zoë@contoso.com,Zoë"


def test_the_log_says_how_many_and_the_directory_is_looked_at_soon(contoso, invite):
    invite("adelev@contoso.com\nmeganb@contoso.com\nx")
    event = AuditEvent.objects.get(verb="people.invited")
    assert event.subject == {"invited": 2}
    contoso.refresh_from_db()
    assert contoso.next_hourly_at == NOW


def test_an_invitation_is_taken_back(contoso, allan, invite):
    invite("adelev@contoso.com")
    invitations.withdraw(invitation=Invitation.objects.get(), actor=allan, now=NOW)
    assert not Invitation.objects.exists()
    assert AuditEvent.objects.filter(verb="invitation.withdrawn").count() == 1
