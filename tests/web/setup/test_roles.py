"""Roles: given and taken by an admin, never one's own, and never the last admin's."""

import pytest

from sharing.models import AuditEvent, Person, RoleAssignment, User
from tests.web.it import rows


def held(tenant):
    found = RoleAssignment.objects.filter(tenant=tenant).values_list("user__name", "role")
    return sorted(found)


def test_an_admin_gives_a_role_to_somebody_who_never_signed_in(admin, contoso):
    rows.make_person(contoso, "Isaiah Langer")
    response = admin.post("/setup/roles/", {"address": " isaiahl@CONTOSO.com", "role": "reviewer"})
    assert response.url == "/setup/roles/"
    assert ("Isaiah Langer", "reviewer") in held(contoso)
    user = User.objects.get(name="Isaiah Langer")
    assert str(user.oid) == rows.CAST["Isaiah Langer"][1]
    event = AuditEvent.objects.get(verb="role.given")
    assert (event.after, event.subject["oid"]) == ("reviewer", str(user.oid))
    assert event.actor.endswith(rows.CAST["Allan Deyoung"][1])


def test_the_role_works_on_the_next_request_and_stops_with_its_removal(admin, contoso, client):
    isaiah = rows.make_person(contoso, "Isaiah Langer")
    admin.post("/setup/roles/", {"address": isaiah.address, "role": "reviewer"})
    browser = type(client)()
    browser.force_login(User.objects.get(name="Isaiah Langer"))
    assert browser.get("/it/access/").status_code == 200
    assignment = RoleAssignment.objects.get(role="reviewer")
    assert admin.get(f"/setup/roles/{assignment.pk}/remove/").status_code == 200
    admin.post(f"/setup/roles/{assignment.pk}/remove/")
    assert browser.get("/it/access/").status_code == 404
    assert AuditEvent.objects.get(verb="role.taken").before == "reviewer"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nobody@contoso.com", "Nobody in the directory of Contoso has the address nobody@contoso.com."),
        ("AllanD@contoso.com", "Nobody changes their own roles"),
        ("shared@contoso.com", "More than one person has the address"),
        ("grace@tailspintoys.com", "Nobody in the directory"),
        ("", "This field is required."),
    ],
)
def test_a_role_that_cannot_be_given_says_why_and_keeps_what_was_typed(admin, contoso, address, said):
    rows.make_person(contoso, "One", "shared@contoso.com")
    rows.make_person(contoso, "Two", "shared@contoso.com")
    rows.make_person(contoso, "Grace Hopper", "grace@tailspintoys.com", kind=Person.GUEST)
    before = held(contoso)
    response = admin.post("/setup/roles/", {"address": address, "role": "operator"})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert f'value="{address}"' in response.content.decode() or not address
    assert held(contoso) == before
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("fields", "purpose", "said"),
    [
        ({}, "room", "Adatum Room is not a person: room."),
        ({}, "equipment", "Adatum Room is not a person: equipment."),
        ({}, "shared", "Adatum Room is not a person: shared mailbox."),
        ({"enabled": False}, "user", "The account of Adatum Room is disabled."),
        ({"enabled": None}, "user", "It is not known yet whether the account of Adatum Room is enabled."),
        ({"ended_at": rows.NOW}, "user", "The account of Adatum Room is deleted."),
    ],
)
def test_a_role_goes_to_nobody_but_a_living_person(admin, contoso, fields, purpose, said):
    person = rows.make_person(contoso, "Adatum Room", "room@contoso.com", **fields)
    rows.make_mailbox(person, purpose=purpose)
    before = held(contoso)
    response = admin.post("/setup/roles/", {"address": "room@contoso.com", "role": "reviewer"})
    assert response.status_code == 422 and said in response.text
    assert held(contoso) == before


def test_what_each_role_may_do_is_said_as_it_is(admin):
    page = admin.get("/setup/roles/").text
    assert "changes it for others where changing is on, and plans what partner organizations may see." in page
    assert "Sees connections, users, roles and sync runs. Reads no sharing." in page


def test_a_role_held_already_is_not_given_twice(admin, contoso):
    rows.make_person(contoso, "Lidia Holloway")
    rows.make_user(contoso, "Lidia Holloway", "operator")
    response = admin.post("/setup/roles/", {"address": "LidiaH@contoso.com", "role": "operator"})
    assert response.status_code == 422
    assert not AuditEvent.objects.exists()


def test_nobody_removes_their_own_role(admin, allan, contoso):
    other = rows.make_user(contoso, "Lidia Holloway", "admin")
    assignment = allan.role_assignments.get()
    response = admin.post(f"/setup/roles/{assignment.pk}/remove/")
    assert response.status_code == 409
    assert "Nobody changes their own roles" in response.content.decode()
    assert allan.role_assignments.exists() and other.role_assignments.exists()


def test_the_last_admin_of_a_tenant_stays(client, contoso):
    """An admin of the whole installation may take roles in Contoso, but not its last way in."""
    patti = rows.make_user(contoso, "Patti Fernandez")
    whole = RoleAssignment.objects.create(user=patti, tenant=None, role="admin", given_at=rows.NOW)
    client.force_login(patti)
    allan = rows.make_user(contoso, "Allan Deyoung", "admin").role_assignments.get()
    assert client.post(f"/setup/roles/{allan.pk}/remove/").status_code == 302
    assert client.post(f"/setup/roles/{whole.pk}/remove/").status_code == 409
    assert RoleAssignment.objects.filter(pk=whole.pk).exists()


def test_an_admin_of_one_tenant_does_not_touch_admins_of_the_installation(admin, contoso):
    other = rows.make_user(contoso, "Lidia Holloway")
    whole = RoleAssignment.objects.create(user=other, tenant=None, role="admin", given_at=rows.NOW)
    assert admin.post(f"/setup/roles/{whole.pk}/remove/").status_code == 404
    assert RoleAssignment.objects.filter(pk=whole.pk).exists()


def test_roles_of_another_tenant_are_not_there(admin):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    patti = rows.make_user(fabrikam, "Patti Fernandez", "admin").role_assignments.get()
    assert admin.get(f"/setup/roles/{patti.pk}/remove/").status_code == 404
    assert admin.get(f"/setup/roles/?tenant={fabrikam.public_id}").status_code == 404
    assert b"Patti" not in admin.get("/setup/roles/").content


@pytest.mark.parametrize("role", ["reviewer", "operator", ""])
def test_only_admins_open_set_up(client, contoso, role):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", *filter(None, [role])))
    for path in ("connections/", "users/", "roles/", "sync/"):
        assert client.get(f"/setup/{path}").status_code == 404
    assert client.post("/setup/roles/", {"address": "x", "role": "admin"}).status_code == 404
    assert client.post("/setup/sync/check/").status_code == 404
