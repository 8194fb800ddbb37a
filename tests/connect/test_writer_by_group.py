"""A second registration that Exchange alone lets in: no token names it, so one mailbox of the group is tried."""

import pytest
from django.utils import timezone

from sharing import connect
from sharing.connect import clients, health, links, proof, tenants
from sharing.models import ActivationLink, SyncRun
from tests.cloud import CONTOSO
from tests.connect.limiting import EXECUTIVES
from tests.contoso import control

WRITER_ID, SECRET = "ca1e4da2-0000-4000-8000-00000000d0de", "the-writers-secret"
ROLES = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]


@pytest.fixture
def writer(contoso, verified, cloud, settings):
    """`writer(group)`: the app for changing, whose grants the script took away; let into `group` by Exchange."""
    settings.MICROSOFT_WRITER_CLIENT_ID, settings.MICROSOFT_WRITER_SECRET = WRITER_ID, SECRET
    app = {"client_id": WRITER_ID, "name": "Writer", "home": CONTOSO, "multi_tenant": True, "certificates": []}
    control(cloud, "apps", {**app, "app_roles": ROLES, "secrets": [SECRET]})
    control(cloud, "consent", {"client_id": WRITER_ID, "tenant": CONTOSO, "roles": ROLES})

    def let_in(group):
        assigned = [{"role": role, "group": group, "custom": True} for role in ROLES] if group else []
        control(cloud, "exchange", {"client_id": WRITER_ID, "assignments": assigned, "entra": "removed"})
        clients.forget_tokens()
        contoso.refresh_from_db()
        contoso.has_writer = True
        contoso.save(update_fields=["has_writer"])
        return contoso

    return let_in


def lacking(tenant):
    return [need.role for need in proof.lacking_for_writes(tenant, None)]


def test_who_is_let_in_by_group_lacks_nothing(writer, cloud):
    tenant = writer(EXECUTIVES)
    cloud.log.clear()
    assert lacking(tenant) == []
    asked = [(e.method, e.path.rpartition("/")[2], e.query) for e in cloud.log.since() if "/v1.0/" in e.path]
    assert asked == [("GET", "calendar", "$select=id")], "one id of one calendar, and nothing is written"
    tenants.writes_on(tenant=tenant, proof=None, now=timezone.now(), by="test")
    assert tenant.writes_on


def test_who_is_let_in_nowhere_lacks_all_of_it(writer):
    assert lacking(writer(None)) == ROLES
    with pytest.raises(connect.NotConnected, match="the app lacks"):
        tenants.writes_on(tenant=writer(None), proof=None, now=timezone.now(), by="test")


def test_without_a_limit_nobody_is_tried(writer, cloud):
    tenant = writer(EXECUTIVES)
    tenant.scope = tenant.EVERYBODY
    cloud.log.clear()
    assert lacking(tenant) == ROLES
    assert not [e.path for e in cloud.log.since() if "/v1.0/" in e.path]


def test_doctor_says_what_it_knows_and_what_nobody_can(writer):
    tenant = writer(EXECUTIVES)
    SyncRun.objects.all().delete()
    (check,) = [c for c in health.examine(now=timezone.now()) if c.name == "writer"]
    assert check.state == health.NOTE and "only a change can prove" in check.sentence
    writer(None)
    (check,) = [c for c in health.examine(now=timezone.now()) if c.name == "writer"]
    assert check.state == health.PROBLEM and f"{tenant}: the app for changing lacks" in check.sentence


@pytest.mark.parametrize(("group", "state"), [(EXECUTIVES, "proved"), (None, "approved")])
def test_its_link_is_proved_by_the_group(writer, clock, allan, group, state):
    tenant = writer(group)
    link, _ = links.make_link(tenant=tenant, permissions=ROLES, actor=allan, now=clock(), app="writer")
    ActivationLink.objects.filter(pk=link.pk).update(state="approved", state_since=clock(), due_at=clock())
    link.refresh_from_db()
    connect.prove_link(link=link, client=clients.client_of(tenant, app="writer"), clock=clock)
    link.refresh_from_db()
    assert link.state == state
    if group:
        assert link.organization["by_group"] and link.organization["roles"] == []
    else:
        assert link.cause and link.due_at, "an approval may still be on its way"
