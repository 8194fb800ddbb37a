"""Locks and ends as admins use them: what people may do, one mailbox disconnected, a whole organization ended."""

import pytest

from sharing.models import AuditEvent, Grant, Mailbox, RoleAssignment, SyncRun, Tenant
from tests.web.it import rows


@pytest.fixture
def alex(contoso):
    return rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))


def text(response):
    return response.content.decode()


def test_what_people_may_do_is_set_and_says_what_it_cannot_prevent(admin, contoso):
    page = text(admin.get("/setup/locks/"))
    assert "Switching this off disconnects" in page
    assert "cannot stop a person from taking back at Microsoft" in page
    admin.post("/setup/locks/", {"disconnect": "on"})
    contoso.refresh_from_db()
    assert (contoso.people_may_disconnect, contoso.people_may_connect_others) == (True, False)
    admin.post("/setup/locks/", {"connect_others": "on"})
    contoso.refresh_from_db()
    assert (contoso.people_may_disconnect, contoso.people_may_connect_others) == (False, True)


def test_an_admin_disconnects_a_mailbox_and_connects_it_again(admin, alex):
    path = f"/setup/users/{alex.public_id}/"
    assert "Disconnect this mailbox" in text(admin.get(path))
    assert "Nothing changes at Microsoft" in text(admin.get(f"{path}disconnect/"))
    alex.refresh_from_db()
    assert alex.state == Mailbox.OK  # asking does nothing
    assert admin.post(f"{path}disconnect/").url == path
    assert "Connect it again" in text(admin.get(path))
    assert admin.post(f"{path}disconnect/").status_code == 409
    admin.post(f"{path}reconnect/")
    alex.refresh_from_db()
    assert (alex.state, alex.disconnected_at) == (Mailbox.NEVER, None)


def test_an_organization_is_disconnected_only_after_a_choice(admin, contoso, alex):
    page = text(admin.get("/setup/disconnect/"))
    assert "Keep it" in page and "Erase it" in page and "Remove-MgServicePrincipal" in page
    assert admin.post("/setup/disconnect/", {}).status_code == 422
    assert admin.post("/setup/disconnect/", {"how": "both"}).status_code == 422
    contoso.refresh_from_db()
    assert contoso.state == Tenant.CONNECTED


def test_disconnected_and_kept_it_may_still_be_erased(client, contoso, alex):
    elsewhere = rows.make_user(rows.make_tenant(rows.FABRIKAM, "Fabrikam"), "Patti Fernandez")
    RoleAssignment.objects.create(user=elsewhere, role="admin", given_at=rows.FIRST)
    client.force_login(elsewhere)
    here = f"/setup/disconnect/?tenant={contoso.public_id}"
    run = SyncRun.objects.create(tenant=contoso, kind=SyncRun.FULL, began_at=rows.NOW)
    client.post(here, {"how": "keep"})
    contoso.refresh_from_db()
    run.refresh_from_db()
    assert (contoso.state, contoso.cause, run.outcome) == (Tenant.ENDED, "", SyncRun.STOPPED)
    page = text(client.get(here))
    assert "What was read is kept." in page and "Keep it" not in page
    client.post(here, {"how": "erase"})
    contoso.refresh_from_db()
    assert contoso.cause == "erasing"
    assert "is being erased" in text(client.get(here))
    assert [e.after for e in AuditEvent.objects.filter(verb="tenant.disconnected").order_by("seq")] == ["keep", "erase"]


def test_who_is_of_the_organization_is_told_that_they_are_signed_out_by_it(admin, contoso):
    assert "You are of Contoso yourself" in text(admin.get("/setup/disconnect/"))
    admin.post("/setup/disconnect/", {"how": "keep"})
    assert admin.get("/setup/disconnect/").status_code == 302


def test_an_admin_of_one_organization_cannot_touch_another(admin, contoso):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    theirs = rows.make_mailbox(rows.make_person(fabrikam, "Patti Fernandez"))
    for path in ("disconnect/", "locks/", "invitations/", f"users/{theirs.public_id}/disconnect/", "users/csv/"):
        there = f"/setup/{path}?tenant={fabrikam.public_id}"
        assert admin.get(there).status_code == 404
        assert admin.post(there, {"how": "erase"}).status_code in (404, 405)
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.CONNECTED


# The users page


@pytest.fixture
def everybody(contoso, allan, alex):
    """One mailbox of each status."""

    def one(name, *, person=None, **fields):
        return rows.make_mailbox(rows.make_person(contoso, name, **(person or {})), **fields)

    both = one("Both")
    left_out = {"state": Mailbox.EXCLUDED}
    Grant.objects.create(
        user=allan, tenant=contoso, mailbox=both, account_oid=both.person.oid, connected_at=rows.NOW,
        state_since=rows.NOW,
    )  # fmt: skip
    one("Denied", state=Mailbox.DENIED, cause="ErrorAccessDenied")
    one("Nobox", state=Mailbox.NO_MAILBOX, cause="no_mailbox")
    one("Outside", cause="outside_group", **left_out)
    one("Stranger", cause="not_matched", **left_out)
    one("Disabled", person={"enabled": False})
    one("Gone", person={"ended_at": rows.NOW})
    one("Stopped", cause="disconnected", **left_out)


def names(response):
    return [row["name"] for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("admin", ["Alex Wilber"]),
        ("both", ["Both"]),
        ("error", ["Denied"]),
        ("no_mailbox", ["Nobox"]),
        ("outside_group", ["Outside"]),
        ("not_matched", ["Stranger"]),
        ("disabled", ["Disabled"]),
        ("left", ["Gone"]),
        ("disconnected", ["Stopped"]),
        ("locked", ["Alex Wilber", "Both"]),
        ("own", []),
    ],
)
def test_users_by_connection(admin, everybody, status, found):
    response = admin.get(f"/setup/users/?status={status}")
    assert names(response) == found
    assert response.context["page"].total == len(found)


def test_connections_are_counted_in_the_filter(admin, everybody):
    labels = [label for _, label in admin.get("/setup/users/").context["statuses"]]
    assert labels[:3] == ["Any connection", "Connected by admin (1)", "Connected by admin and own (1)"]
    assert "Locked (2)" in labels


def test_nobody_is_locked_where_people_may_disconnect(admin, contoso, everybody):
    Tenant.objects.filter(pk=contoso.pk).update(people_may_disconnect=True)
    assert names(admin.get("/setup/users/?status=locked")) == []


def test_the_list_is_a_csv_too_with_its_filters_and_without_formulas(admin, contoso, everybody):
    rows.make_mailbox(rows.make_person(contoso, "=HYPERLINK(1)"))
    response = admin.get("/setup/users/csv/?status=admin")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"name","address","object_id","status"')
    assert [line.split('","')[0] for line in lines[1:]] == ["\"'=HYPERLINK(1)", '"Alex Wilber']
    event = AuditEvent.objects.get(verb="list.exported")
    assert event.subject == {"list": "users", "filters": {"status": "admin"}, "searched": False}
