"""Connecting a tenant, as admins find it: who may, what is saved, what is told once, and what a yes does."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from sandbox.cast import BOOKER_APP
from sharing.models import ActivationLink, AuditEvent, RoleAssignment, Tenant
from tests.cloud import CONTOSO, FABRIKAM
from tests.web.it import rows

CHOSEN = {"name": "Fabrikam", "tenant": "fabrikam.com", "mode": "domain_wide", "scope": "people"}


@pytest.fixture
def contoso(db, cloud):
    return rows.make_tenant(cloud="sandbox")


@pytest.fixture
def installs(admin, allan):
    """Allan's browser; he is admin of the whole installation too."""
    RoleAssignment.objects.create(user=allan, role="admin", tenant=None, given_at=timezone.now())
    return admin


def choose(browser, **changes):
    return browser.post("/setup/connect/", CHOSEN | changes)


def test_choices_are_saved_before_any_link_exists(installs):
    answer = choose(installs)
    fabrikam = Tenant.objects.get(tid=FABRIKAM)
    assert answer["Location"] == f"/setup/connecting/?tenant={fabrikam.public_id}"
    assert (fabrikam.name, fabrikam.state, fabrikam.mode, fabrikam.scope) == (
        "Fabrikam", "listed", "domain_wide", "people",
    )  # fmt: skip
    assert not ActivationLink.objects.exists()


@pytest.mark.parametrize("tenant", [FABRIKAM, FABRIKAM.upper(), "Fabrikam.onmicrosoft.com"])
def test_a_tenant_is_found_by_its_id_and_by_every_domain(tenant, installs):
    assert choose(installs, tenant=tenant).status_code == 302
    assert Tenant.objects.filter(tid=FABRIKAM).exists()


@pytest.mark.parametrize("tenant", ["nobody.example", "common", "00000000-0000-4000-8000-000000000000", "../x", "x y"])
def test_what_microsoft_does_not_know_is_not_listed(tenant, installs):
    answer = choose(installs, tenant=tenant)
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert Tenant.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"mode": "x"}, {"scope": "x"}, {"name": " \t "}, {"name": ""}])
def test_what_was_not_offered_is_not_saved(wrong, installs):
    assert choose(installs, **wrong).status_code == 422
    assert Tenant.objects.count() == 1


def test_a_connected_tenant_keeps_its_choices(installs, contoso):
    answer = choose(installs, tenant=CONTOSO, name="Another name")
    assert answer.status_code == 422
    assert "connected here already, as Contoso" in answer.content.decode()
    contoso.refresh_from_db()
    assert (contoso.name, contoso.scope) == ("Contoso", "everybody")


def test_a_tenants_own_admin_lists_no_other(admin, allan):
    assert admin.get("/setup/connect/").status_code == 404
    assert choose(admin).status_code == 404
    assert b"Connect a tenant" not in admin.get("/setup/connections/").content
    assert Tenant.objects.count() == 1


def test_a_tenants_own_admin_makes_a_new_link_for_it(admin, contoso):
    assert admin.post("/setup/connecting/link/", {"asks": "read"}).status_code == 302
    link = ActivationLink.objects.get()
    assert link.tenant == contoso
    assert "Calendars.Read" in link.permissions and "Calendars.ReadWrite" not in link.permissions


def test_the_link_is_shown_to_the_browser_that_made_it_and_no_other(admin, allan, client_of):
    admin.post("/setup/connecting/link/", {"asks": "both"})
    page = admin.get("/setup/connecting/").content.decode()
    assert "http://localhost:8000/activate/" in page
    assert "Calendars.ReadWrite" in page
    other = client_of(allan).get("/setup/connecting/").content.decode()
    assert "/activate/" not in other
    assert "cannot be shown again" in other


@pytest.fixture
def client_of():
    def make(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return make


@pytest.mark.parametrize("asks", ["change", "everything", "' OR 1=1"])
def test_what_cannot_be_asked_for_makes_no_link(asks, admin):
    assert admin.post("/setup/connecting/link/", {"asks": asks}).status_code == 404
    assert not ActivationLink.objects.exists()


def test_changing_alone_is_asked_for_where_a_second_registration_is_set_up(admin, settings):
    settings.MICROSOFT_WRITER_CLIENT_ID = "a-second-app"
    assert "Changing, through the second registration" in admin.get("/setup/connecting/").content.decode()
    admin.post("/setup/connecting/link/", {"asks": "change"})
    link = ActivationLink.objects.get()
    assert (link.app, link.permissions) == ("writer", ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"])


def test_person_by_person_needs_no_link(installs):
    choose(installs, mode="individual")
    tenant = Tenant.objects.get(tid=FABRIKAM)
    page = installs.get(f"/setup/connecting/?tenant={tenant.public_id}").content.decode()
    assert "Nobody has to approve" in page
    answer = installs.post(f"/setup/connecting/link/?tenant={tenant.public_id}", {"asks": "read"})
    assert answer.status_code == 404


def test_cancelling_revokes_and_takes_a_stranger_off_the_list(installs):
    choose(installs)
    tenant = Tenant.objects.get(tid=FABRIKAM)
    installs.post(f"/setup/connecting/link/?tenant={tenant.public_id}", {"asks": "read"})
    installs.post(f"/setup/connecting/cancel/?tenant={tenant.public_id}")
    tenant.refresh_from_db()
    assert ActivationLink.objects.get().state == "revoked"
    assert (tenant.state, tenant.cause) == ("ended", "cancelled")
    choose(installs)
    tenant.refresh_from_db()
    assert tenant.state == "listed"


def test_cancelling_leaves_a_connected_tenant_alone(admin, contoso):
    admin.post("/setup/connecting/link/", {"asks": "both"})
    admin.post("/setup/connecting/cancel/")
    contoso.refresh_from_db()
    assert (contoso.state, ActivationLink.objects.get().state) == ("connected", "revoked")


PROVED = {
    "name": "Contoso <b>& Sons</b>", "domains": ["contoso.com", "<i>.example"], "lacking": [],
    "probed": "x@contoso.com",
    "roles": ["Organization.Read.All", "User.Read.All", "Calendars.ReadWrite", "MailboxSettings.Read", "Mail.Read"],
}  # fmt: skip


@pytest.fixture
def proved(admin):
    admin.post("/setup/connecting/link/", {"asks": "read"})
    ActivationLink.objects.update(state="proved", organization=PROVED)
    return ActivationLink.objects.get()


def test_the_admin_sees_name_domains_and_permissions_lacking_and_in_excess(admin, proved):
    page = admin.get("/setup/connecting/confirm/").content.decode()
    assert "Contoso &lt;b&gt;&amp; Sons&lt;/b&gt;" in page and "&lt;i&gt;.example" in page
    lacking, _, excess = page.partition("Asked for and not held")[2].partition("Held beyond what was asked for")
    assert "GroupMember.Read.All" in lacking and "Calendars.Read<" not in lacking
    assert "Mail.Read" in excess and "Calendars.ReadWrite" in excess and "User.Read.All" not in excess


def test_a_yes_counts_once_and_is_in_the_activity_log(admin, proved, allan, contoso):
    assert admin.post("/setup/connecting/confirm/").status_code == 302
    proved.refresh_from_db()
    assert (proved.state, proved.confirmed_by) == ("confirmed", allan)
    assert AuditEvent.objects.filter(verb="link.confirmed", actor=allan.username).count() == 1
    assert admin.post("/setup/connecting/confirm/").status_code == 409
    contoso.refresh_from_db()
    assert contoso.name == PROVED["name"]


def test_a_newer_link_for_the_second_registration_hides_no_open_one(admin, proved, contoso, settings):
    settings.MICROSOFT_WRITER_CLIENT_ID = "a-second-app"
    admin.post("/setup/connecting/link/", {"asks": "change"})
    page = admin.get("/setup/connecting/").content.decode()
    assert "Waiting for approval" in page and "The link for reading is open, too" in page
    href = f"/setup/connecting/?tenant={contoso.public_id}&app=reader"
    assert href.replace("&", "&amp;") in page
    page = admin.get(href).content.decode()
    assert "Look and confirm" in page and "The link for the second registration is open, too" in page
    path = f"/setup/connecting/confirm/?app=reader&tenant={contoso.public_id}"
    assert path.replace("&", "&amp;") in page
    assert admin.post(path, {"link": proved.public_id}).status_code == 302
    proved.refresh_from_db()
    assert proved.state == "confirmed"
    assert "open, too" not in admin.get("/setup/connecting/").content.decode()
    assert admin.get("/setup/connecting/?app=%00x").status_code == 200


def test_there_is_nothing_to_confirm_before_it_is_proved(admin):
    assert admin.get("/setup/connecting/confirm/").status_code == 404
    admin.post("/setup/connecting/link/", {"asks": "read"})
    for state in ("issued", "approved", "failed", "revoked"):
        ActivationLink.objects.update(state=state)
        assert admin.post("/setup/connecting/confirm/").status_code == 404


@pytest.fixture
def later():
    """`later(minutes=…)`: so long after the sign-in."""
    with time_machine.travel(rows.NOW, tick=False) as machine:
        yield lambda **span: machine.move_to(rows.NOW + timedelta(**span))


@pytest.mark.parametrize(
    "path", ["/setup/connect/", "/setup/connecting/link/", "/setup/connecting/confirm/", "/setup/disconnect/"]
)
def test_a_sign_in_more_than_ten_minutes_ago_is_asked_for_again(path, installs, proved, later):
    installs.get("/setup/connecting/")
    later(minutes=9)
    assert b"Sign in again" not in installs.post(path, {"asks": "x"}).content
    later(minutes=11)
    before = (Tenant.objects.count(), ActivationLink.objects.count())
    answer = installs.post(path, CHOSEN | {"asks": "read"})
    assert answer.status_code == 403
    assert "Nothing was saved" in answer.content.decode()
    assert "form-action 'self' http://127.0.0.1:8010" in answer.headers["Content-Security-Policy"]
    assert (Tenant.objects.count(), ActivationLink.objects.count()) == before
    assert installs.get("/setup/connecting/").status_code == 200


def test_the_page_is_loaded_anew_when_something_happened(admin):
    admin.post("/setup/connecting/link/", {"asks": "read"})
    assert "HX-Refresh" not in admin.get("/setup/connecting/progress/?seen=issued").headers
    ActivationLink.objects.update(state="approved")
    assert admin.get("/setup/connecting/progress/?seen=issued").headers["HX-Refresh"] == "true"


def test_whoever_comes_from_meetings_makes_a_link_for_meetings(installs, contoso, settings):
    settings.MICROSOFT_BOOKER_CLIENT_ID = BOOKER_APP
    way = f"/setup/connecting/?tenant={contoso.public_id}&amp;asks=meetings"
    assert way in installs.get(f"/setup/meetings/?tenant={contoso.public_id}").content.decode()
    form = installs.get(way.replace("&amp;", "&")).content.decode()
    assert [box for box in re.findall(r"<input[^>]*>", form) if "checked" in box] == [
        box for box in re.findall(r"<input[^>]*>", form) if 'value="meetings"' in box
    ]
