"""`sync` and `export access` where people connect their own mailbox: each is read with what its person lent."""

import json
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import now

from sharing.connect import ends, grants
from sharing.models import Grant, Mailbox, SyncRun, SyncShard, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import lend
from tests.contoso import control

ALEX, MEGAN = "64339082-ed84-4b0b-b4ab-004ae54f3747", "48d31887-5fad-4d73-a9f5-3c356e68a038"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


@pytest.fixture
def tenant(db, cloud):
    """Contoso, where everybody connects their own mailbox."""
    return Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=now(), mode=Tenant.INDIVIDUAL,
        people_may_connect_others=True,
    )  # fmt: skip


@pytest.fixture
def lent(cloud, tenant):
    """Alex and Megan lent their own; nothing was read yet."""
    for oid, name in ((ALEX, "Alex"), (MEGAN, "Megan")):
        lend(cloud, User.objects.create(tenant=tenant, oid=oid, name=name), now=now())


def test_each_is_read_with_its_own_token_and_nothing_else_is_asked(run, lent, cloud):
    cloud.log.clear()
    report = json.loads(run("sync", json=True))
    assert (report["run_id"], report["state"], report["mailboxes"]) == (None, "done", {"ok": 2})
    assert report["permissions"]["added"] == report["permissions"]["total"] > 5
    assert report["requests"] > 0 and not SyncRun.objects.exists()
    for entry in cloud.log.since():
        if entry.path.startswith("/v1.0/"):
            assert entry.path == "/v1.0/$batch" or ALEX in entry.path or MEGAN in entry.path, entry.path
    tokens = [e for e in cloud.log.since() if e.path.endswith("/token")]
    assert len(tokens) == 2
    again = json.loads(run("sync", json=True))
    assert again["permissions"]["added"] == again["permissions"]["ended"] == 0
    assert "reading what people lent done" in run("sync")


def test_one_mailbox_is_read_alone(run, lent, cloud):
    run("sync")
    cloud.log.clear()
    report = json.loads(run("sync", json=True, mailbox="alexw@contoso.com"))
    assert report["mailboxes"] == {"ok": 1}
    assert not [e.path for e in cloud.log.since() if MEGAN in e.path]


def test_what_its_person_took_back_is_a_known_state_and_shown(run, lent, cloud):
    run("sync")
    control(cloud, "revoke", {"user": ALEX})
    grants._kept.clear()
    report = json.loads(run("sync", json=True))
    assert report["mailboxes"] == {"ok": 1, "denied": 1}
    assert [row["code"] for row in report["not_ok"]] == ["grant_lost"]
    assert Grant.objects.get(user__oid=ALEX).state == Grant.LOST


def test_what_microsoft_did_not_answer_is_not_a_known_state(run, lent, cloud):
    cloud.faults.set([{"do": "status", "status": 503, "match": {"path": f"/users/{ALEX}"}, "times": 99}])
    with pytest.raises(CommandError, match="Not everything could be read in Contoso"):
        run("sync", json=True)
    assert not Mailbox.objects.filter(person__oid=ALEX).exists(), "not even one that could be shown as unread"


def test_what_a_worker_holds_is_left_to_it_and_said(run, lent, cloud):
    run("sync")
    shard = SyncShard.objects.get(grant__user__oid=ALEX)
    held = now() + timedelta(minutes=20)
    SyncShard.objects.filter(pk=shard.pk).update(due_at=held, attempt=7)
    with pytest.raises(CommandError, match="Not everything could be read in Contoso"):
        run("sync")
    shard.refresh_from_db()
    assert (shard.due_at, shard.attempt) == (held, 7)


def test_they_are_exported_with_the_others(run, lent, tmp_path):
    run("sync")
    path = tmp_path / "access.json"
    run("export", "access", format="json", output=path)
    rows = json.loads(path.read_text())
    assert {row["owner"] for row in rows} == {"AlexW@contoso.com", "MeganB@contoso.com"}
    assert {row["tenant_id"] for row in rows} == {CONTOSO}


def test_what_somebody_has_in_a_tenant_that_nobody_listed_is_theirs_alone(run, cloud, lent, tenant, tmp_path):
    lend(cloud, User.objects.get(oid=ALEX), now=now(), other=(FABRIKAM, PATTI))
    assert Tenant.objects.get(tid=FABRIKAM).state == Tenant.PRIVATE
    run("sync")
    assert not Mailbox.objects.filter(tenant__tid=FABRIKAM, state="ok").exists()
    path = tmp_path / "access.json"
    run("export", "access", format="json", output=path)
    assert FABRIKAM not in path.read_text()
    with pytest.raises(CommandError, match="not connected"):
        run("sync", tenant=FABRIKAM)


def test_beside_the_app_both_are_read(run, cloud, connected):
    alex = User.objects.create(tenant=connected, oid=ALEX, name="Alex")
    run("sync")
    ends.disconnect_mailbox(mailbox=Mailbox.objects.get(person__oid=ALEX), actor=alex, now=now(), is_admin=True)
    lend(cloud, alex, now=now())
    report = json.loads(run("sync", json=True))
    assert report["run_id"] == SyncRun.objects.latest("pk").public_id
    mailbox = Mailbox.objects.get(person__oid=ALEX)
    assert mailbox.is_lent and mailbox.state == "ok"
