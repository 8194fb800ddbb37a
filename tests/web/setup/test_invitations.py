"""The page of invitations: addresses pasted or in a file, every line answered, and who each turned out to be."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sharing.models import Invitation, Tenant, User
from tests.web.it import rows

HERE = "/setup/invitations/"


@pytest.fixture
def adele(contoso):
    return rows.make_person(contoso, "Adele Vance")


def states():
    return dict(Invitation.objects.values_list("address", "state"))


def test_pasted_addresses_and_a_file_are_invited_together_and_every_line_is_answered(admin, adele):
    file = SimpleUploadedFile("people.csv", b"Name;Address\r\nLee Gu;leeg@contoso.com\r\nbroken\r\n", "text/csv")
    response = admin.post(HERE, {"addresses": "AdeleV@contoso.com\nx@elsewhere.example", "file": file})
    assert response.status_code == 200
    assert [(line.text, line.label) for line in response.context["lines"]] == [
        ("x@elsewhere.example", "Not an address of this organization"),
        ("Name;Address", "No address found"),
        ("broken", "No address found"),
        ("AdeleV@contoso.com", "Invited"),
        ("Lee Gu;leeg@contoso.com", "Invited"),
    ]
    assert states() == {"adelev@contoso.com": "matched", "leeg@contoso.com": "waiting"}
    assert "Unmatched" in response.content.decode()


def test_where_only_people_known_here_are_read_nothing_is_matched_before_microsoft_was_asked(admin, contoso, adele):
    Tenant.objects.filter(pk=contoso.pk).update(scope=Tenant.PEOPLE)
    admin.post(HERE, {"addresses": "adelev@contoso.com"})
    assert states() == {"adelev@contoso.com": "waiting"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"addresses": "  "}, "Give at least one address."),
        ({"addresses": "a@contoso.com\n" * 2001}, "Give at most 2,000 lines"),
        ({"file": SimpleUploadedFile("x.csv", b"x" * (256 * 1024 + 1))}, "Give at most 2,000 lines"),
    ],
)
def test_nothing_and_too_much_are_refused_with_a_sentence(admin, given, said):
    response = admin.post(HERE, given)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Invitation.objects.exists()


def test_states_narrow_the_list_and_an_invitation_is_withdrawn(admin, adele):
    admin.post(HERE, {"addresses": "adelev@contoso.com\nnobody@contoso.com"})
    page = admin.get(f"{HERE}?state=waiting").context["page"]
    assert [row["address"] for row in page.rows] == ["nobody@contoso.com"]
    admin.post(f"{HERE}{page.rows[0]['id']}/withdraw/")
    assert states() == {"adelev@contoso.com": "matched"}
    assert b"unmatched" not in admin.get("/setup/users/").content


def test_an_account_without_a_person_in_the_directory_is_shown(admin, contoso):
    rows.make_user(contoso, "Ghost Writer")
    assert "Ghost Writer" in admin.get(HERE).content.decode()
    assert User.objects.filter(name="Ghost Writer").exists()


def test_an_invitation_of_another_tenant_is_not_there(admin, allan):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", domains=("fabrikam.com",))
    theirs = Invitation.objects.create(
        tenant=fabrikam, address="pattif@fabrikam.com", invited_by=allan, invited_at=rows.NOW, state_since=rows.NOW
    )
    assert admin.post(f"{HERE}{theirs.pk}/withdraw/").status_code == 404
    assert b"pattif" not in admin.get(HERE).content
    assert Invitation.objects.filter(pk=theirs.pk).exists()


def test_text_that_people_gave_runs_nowhere(admin):
    response = admin.post(HERE, {"addresses": "<script>alert(1)</script>,evil@contoso.com"})
    assert b"<script>alert" not in response.content
