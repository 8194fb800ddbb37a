"""Connections: how each tenant is connected, and the commands that change it."""

from sharing.models import Mailbox, Tenant
from tests.web.it import rows


def test_a_tenant_shows_its_state_numbers_and_commands(admin, contoso):
    rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    rows.make_mailbox(rows.make_person(contoso, "Lee Gu"), state=Mailbox.NO_MAILBOX)
    content = admin.get("/setup/connections/").content.decode()
    assert "Calwarden reads this tenant." in content
    assert f"manage.py connect {contoso.tid} --writes on" in content
    assert "MailboxSettings.ReadWrite" in content
    assert "Calwarden drops them unread" in content


def test_what_people_lent_before_the_approval_is_not_counted(admin, contoso):
    rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    assert "state=ok" in admin.get("/setup/connections/").content.decode()
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LISTED)
    assert "state=ok" not in admin.get("/setup/connections/").content.decode()


def test_lost_access_says_why_since_when_and_what_to_do(admin, contoso):
    Tenant.objects.update(state=Tenant.LOST, cause="consent_missing", writes_on=True)
    content = admin.get("/setup/connections/").content.decode()
    assert "Microsoft 365 no longer lets Calwarden in." in content
    assert "The app lacks a permission" in content
    assert "--writes off" in content


def test_tenants_of_others_are_not_listed(admin):
    rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    assert b"Fabrikam" not in admin.get("/setup/connections/").content
