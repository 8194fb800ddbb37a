"""The second registration's own credential: tried at every listing, told of once, and said where people look."""

import pytest
from django.utils import timezone

from sharing import notices, tasks
from sharing.connect import clients, credentials
from sharing.models import SyncRun, Tenant
from sharing.web.context import banners
from tests.cloud import CONTOSO
from tests.contoso import clock, contoso, control, sync

__all__ = ["clock", "contoso", "sync"]
WRITER_ID, SECRET = "ca1e4da2-0000-4000-8000-00000000d0de", "the-writers-secret"
ROLES = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]


@pytest.fixture
def writer(contoso, cloud, settings):
    """Contoso, whose changes go through a second registration that is well."""
    settings.MICROSOFT_WRITER_CLIENT_ID, settings.MICROSOFT_WRITER_SECRET = WRITER_ID, SECRET
    app = {"client_id": WRITER_ID, "name": "Writer", "home": CONTOSO, "multi_tenant": True, "certificates": []}
    control(cloud, "apps", {**app, "app_roles": ROLES, "secrets": [SECRET]})
    control(cloud, "consent", {"client_id": WRITER_ID, "tenant": CONTOSO, "roles": ROLES})
    contoso.has_writer = True
    contoso.save(update_fields=["has_writer"])
    return contoso


@pytest.fixture
def look(contoso):
    """The hourly look at the directory, as a worker does it; the tenant after it."""

    def look():
        run = SyncRun.objects.create(tenant=contoso, kind="hourly", began_at=timezone.now(), due_at=timezone.now())
        tasks.list_directory(run.pk)
        SyncRun.objects.filter(pk=run.pk).update(finished_at=timezone.now(), outcome="done")
        contoso.refresh_from_db()
        return contoso

    return look


def of_writer(tenant):
    return [b["title"] for b in banners(tenant) if "chang" in b["title"]]


def told():
    return [thing.key for thing in notices.current(timezone.now())]


def test_a_secret_that_is_refused_is_said_on_every_page_and_told_once(writer, look, settings):
    tenant = look()
    assert (tenant.writer_cause, of_writer(tenant), credentials.broken(tenant, "writer")) == ("", [], None)
    settings.MICROSOFT_WRITER_SECRET = "wrong"
    tenant = look()
    since = tenant.writer_cause_at
    assert tenant.state == Tenant.CONNECTED, "the tenant is not at fault"
    assert credentials.broken(tenant, "writer") == credentials.Broken("credential_refused", since)
    assert credentials.broken(tenant) is None, "and reading goes on"
    assert "credential_broken:writer" in told() and "credential_broken" not in told()
    (title,) = of_writer(tenant)
    assert title.startswith("Microsoft does not accept Calwarden’s credential for changing, ")
    assert look().writer_cause_at == since
    settings.MICROSOFT_WRITER_SECRET = SECRET
    tenant = look()
    assert (tenant.writer_cause, tenant.writer_cause_at, of_writer(tenant)) == ("", None, [])
    assert "credential_broken:writer" not in told()


def test_one_that_cannot_be_opened_here_is_said_too(writer, look, settings):
    settings.MICROSOFT_WRITER_SECRET = ""
    assert credentials.broken(look(), "writer").cause == "no_credential"


def test_an_approval_that_was_taken_back_is_not_our_credential(writer, look, cloud):
    control(cloud, "principal", {"client_id": WRITER_ID, "tenant": CONTOSO, "state": "removed"})
    clients.forget_tokens()
    tenant = look()
    assert tenant.writer_cause and credentials.broken(tenant, "writer") is None
    assert of_writer(tenant)[0].startswith("Microsoft 365 lets Calwarden change nothing, ")
    assert "credential_broken:writer" not in told()


def test_a_network_that_is_away_says_nothing_new(writer, look, cloud):
    cloud.faults.set([{"do": "status", "status": 503, "match": {"path": "/token"}, "times": 9}])
    assert look().writer_cause == ""


def test_a_new_credential_ends_the_alarm_at_once(writer, look, settings):
    settings.MICROSOFT_WRITER_SECRET = ""
    look()
    row = credentials.keep_secret(app="writer", secret=SECRET, expires_at=None, now=timezone.now(), by="test")
    credentials.ask_trial(row=row, now=timezone.now())
    row.refresh_from_db()
    credentials.tend(row=row, clock=timezone.now)
    writer.refresh_from_db()
    assert writer.writer_cause == ""


def test_without_a_second_registration_nothing_is_asked(contoso, look, cloud):
    assert look().writer_cause == ""
    assert not [e for e in cloud.log.since() if WRITER_ID in str(e)]
