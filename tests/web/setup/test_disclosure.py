"""Disclosure and health: from the list the client obeys, with what was counted, and who was told of what."""

from datetime import timedelta
from html import escape

import pytest

from sharing import notices
from sharing.connect import calls, permissions
from sharing.models import ActivationLink, CallCount, Grant, Notice, RoleAssignment, SyncRun, Tenant
from tests.web.it import rows

PATH = "/setup/disclosure/"
ALL = ["Calendars.Read", "GroupMember.Read.All", "MailboxSettings.Read", "OrgContact.Read.All",
       "Organization.Read.All", "User.Read.All", "AuditLogsQuery-Exchange.Read.All"]  # fmt: skip


@pytest.fixture
def read(contoso):
    """Contoso, read whole an hour ago."""
    SyncRun.objects.create(
        tenant=contoso, kind=SyncRun.FULL, began_at=rows.NOW - timedelta(hours=1), outcome=SyncRun.DONE,
        finished_at=rows.NOW - timedelta(hours=1),
    )  # fmt: skip
    return contoso


def page(browser):
    answer = browser.get(PATH)
    assert answer.status_code == 200
    return answer.content.decode()


def of(tenant, held):
    return {each.role: each.state for each in permissions.standings(tenant, held)}


def test_every_call_of_the_list_stands_there_with_its_sample_and_nothing_else(admin, read):
    shown = page(admin)
    kinds = (*calls.KINDS, *calls.ENTRA_KINDS)
    for kind in kinds:
        assert f'<code class="strong">{escape(kind.name)}</code>' in shown
    assert shown.count('<pre class="sample"') == len(kinds)
    assert "&quot;emailAddress&quot;" in shown and "204 No Content" in shown


def test_calls_of_thirty_days_are_summed_by_kind_and_events_are_none(admin, read):
    today = rows.NOW.date()
    for ago, count in ((0, 5), (29, 70), (30, 9000)):
        day = today - timedelta(days=ago)
        CallCount.objects.create(tenant=read, day=day, kind="GET /users", calls=count, refused=1)
    CallCount.objects.create(tenant=read, day=today, kind="GET /gone", calls=3)
    CallCount.objects.create(tenant=rows.make_tenant(rows.FABRIKAM, "Fabrikam"), day=today, kind="GET /users", calls=66)
    shown = page(admin)
    assert '<code class="strong">GET /users</code><span class="end num">75 <span class="sub">2 refused' in shown
    assert "75 in 30 days" in shown
    assert "<strong>0</strong> in the last 30 days" in shown and "refused before it is sent" in shown
    assert "Made by an earlier version" in shown and "<code>GET /gone</code>" in shown


def test_calls_to_sign_in_stand_apart_and_a_browsers_way_there_is_no_call_of_ours(admin, read):
    today = rows.NOW.date()
    for kind, count in (("POST /{tenant}/oauth2/v2.0/token", 40), ("GET /{tenant}/oauth2/v2.0/authorize", 7)):
        CallCount.objects.create(tenant=read, day=today, kind=kind, calls=count, refused=2)
    shown = page(admin)
    assert "40 to Microsoft Entra ID in 30 days" in shown
    assert "0 in 30 days with those that change" in shown, "what Graph was asked is counted for itself"
    assert "The browser goes there, not Calwarden." in shown
    assert "Made by an earlier version" not in shown


def test_an_event_that_was_read_would_be_shown(admin, read):
    CallCount.objects.create(tenant=read, day=rows.NOW.date(), kind="GET /users/{id}/events", calls=2)
    assert "<strong>2</strong> in the last 30 days" in page(admin)


def test_a_call_that_was_refused_here_is_said_and_counted_with_none_that_was_made(admin, read):
    assert "Calwarden tried no such call" in page(admin)
    kind = calls.REFUSED_HERE.name
    CallCount.objects.create(tenant=read, day=rows.NOW.date(), kind=kind, calls=2, refused=2)
    shown = page(admin)
    assert "tried such a call 2 times" in shown and "stopped itself" in shown
    assert "0 in 30 days with those that change, 0 of them refused" in shown
    assert "Made by an earlier version" not in shown and kind not in shown


def test_permissions_held_lacking_unused_and_in_excess(admin, read):
    held = ["Calendars.ReadWrite", "User.Read.All", "Organization.Read.All", "MailboxSettings.Read", "Mail.Read"]
    Tenant.objects.update(roles_held=held, roles_held_at=rows.NOW, writes_on=False)
    read.refresh_from_db()
    assert of(read, held) == {
        "Organization.Read.All": "held", "User.Read.All": "held", "GroupMember.Read.All": "optional",
        "OrgContact.Read.All": "optional", "Calendars.Read": "part", "MailboxSettings.Read": "held",
        "AuditLogsQuery-Exchange.Read.All": "optional", "Calendars.ReadWrite": "unused", "Mail.Read": "excess",
    }  # fmt: skip
    shown = page(admin)
    assert "In excess" in shown and "As a part of Calendars.ReadWrite." in shown and "Not needed" in shown
    assert "who changed sharing outside comes from uploaded files only" in shown


def test_where_changing_is_on_what_it_needs_is_needed(contoso):
    contoso.writes_on = True
    assert of(contoso, [*ALL, "Calendars.ReadWrite"]) == {
        **dict.fromkeys(ALL, "held"), "Calendars.ReadWrite": "held", "MailboxSettings.ReadWrite": "lacking",
    }  # fmt: skip
    contoso.has_writer = True
    assert of(contoso, ALL) == dict.fromkeys(ALL, "held")


def test_a_limit_to_a_group_is_held_in_exchange_where_no_token_names_it(contoso):
    contoso.scope = Tenant.GROUP
    states = of(contoso, ["User.Read.All", "Organization.Read.All"])
    assert states["Calendars.Read"] == states["MailboxSettings.Read"] == "by_group"
    assert states["Application.Read.All"] == "optional"


def test_what_no_token_named_yet_is_not_called_none(admin, read):
    shown = page(admin)
    assert "No token was seen yet" in shown and "Lacking" not in shown


def test_the_second_registration_and_what_people_lent_stand_apart(admin, allan, read):
    Tenant.objects.update(has_writer=True)
    ActivationLink.objects.create(
        tenant=read, app="writer", token_hash="x", made_by=allan, made_at=rows.NOW, expires_at=rows.NOW,
        state=ActivationLink.CONFIRMED, state_since=rows.NOW, organization={"roles": ["Calendars.ReadWrite"]},
    )  # fmt: skip
    Grant.objects.create(
        user=allan, tenant=read, account_oid=allan.oid, scopes=["Calendars.Read"], state_since=rows.NOW,
        connected_at=rows.NOW,
    )  # fmt: skip
    shown = page(admin)
    assert "Permissions of the second registration" in shown
    assert "Lent by people for their own mailbox" in shown and "1 person" in shown


def test_what_is_wrong_stands_there_with_who_was_told(admin, allan, read):
    Tenant.objects.update(state=Tenant.LOST, cause="consent_missing", state_since=rows.NOW)
    assert "Nobody could be told yet." in page(admin)
    notices.decide(rows.NOW)
    assert "A mail to Allan Deyoung waits" in page(admin)
    notices.send(notice=Notice.objects.get(), clock=lambda: rows.NOW)
    assert "Allan Deyoung was told today 10:00." in page(admin)
    Notice.objects.update(sent_at=None, due_at=None, cause="no_address")
    assert "Allan Deyoung could not be told: no address is known." in page(admin)


def test_the_address_of_the_cloud_and_who_publishes_are_told(admin, read, settings):
    shown = page(admin)
    assert "<code>sandbox</code>" in shown and "Set for the whole installation" in shown and "unverified" in shown
    settings.PUBLISHER_NAME = "Contoso <IT>"
    assert "Microsoft shows Contoso &lt;IT&gt; as the app’s verified publisher" in page(admin)


def test_the_outbox_shows_mail_of_this_tenant_only(admin, allan, read, client):
    other = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    for tenant, subject in ((read, "About Contoso"), (other, "About Fabrikam"), (None, "About the installation")):
        Notice.objects.create(
            tenant=tenant, kind="consent_lost", key=subject, user=allan, address="a@contoso.com", subject=subject,
            body="Look:\n<b>here</b>", made_at=rows.NOW, sent_at=rows.NOW,
        )  # fmt: skip
    shown = admin.get("/setup/outbox/").content.decode()
    assert "About Contoso" in shown and "&lt;b&gt;here" in shown
    assert "About Fabrikam" not in shown and "About the installation" not in shown
    RoleAssignment.objects.create(user=allan, tenant=None, role="admin", given_at=rows.NOW)
    assert "About the installation" in admin.get(f"/setup/outbox/?tenant={read.public_id}").content.decode()


def test_a_real_cloud_has_no_outbox(admin, read, settings):
    settings.MICROSOFT_LOGIN_URL = settings.MICROSOFT_GRAPH_URL = settings.EXCHANGE_URL = ""
    settings.MICROSOFT_CLOUD = "usgov"
    assert admin.get("/setup/outbox/").status_code == 404
    assert "login.microsoftonline.us" in page(admin) and "What was mailed" not in page(admin)
