"""Between runs a mailbox is read when its own time has come."""

from datetime import timedelta

import pytest

from sharing import mirror
from sharing.connect import client_for
from sharing.models import Mailbox, SyncRun, SyncShard, Tenant
from tests.contoso import mailbox, permission

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"


@pytest.fixture
def wake(contoso, clock):
    def run():
        mirror.wake_shards(clock())
        for shard in SyncShard.objects.due(clock()).select_related("tenant", "run"):
            mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock)

    return run


def test_an_owner_who_looks_sees_what_outlook_says_now(sync, wake, clock, outside):
    sync()
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    clock.forward(minutes=6)
    assert mirror.ask_to_read(mailbox(ALEX), now=clock())
    assert not mirror.ask_to_read(mailbox(ALEX), now=clock())  # it is due already
    wake()
    assert permission(ALEX, ADELE, "Kids parties").role == "write"


def test_only_the_mailbox_that_is_due_is_asked(sync, wake, clock, cloud):
    sync()
    cloud.log.clear()
    mirror.ask_to_read(mailbox(ALEX), now=clock())
    wake()
    asked = {entry.path.split("/")[3] for entry in cloud.log.since() if entry.batched}
    assert asked == {str(mailbox(ALEX).person.oid)}


def test_a_mailbox_that_changed_is_read_hourly_for_a_week(sync, wake, clock, outside):
    sync()
    assert mailbox(ALEX).due_at is None  # a first reading is no change
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    clock.forward(days=1)
    sync()
    assert mailbox(ALEX).due_at == clock() + timedelta(hours=1)
    clock.forward(hours=1)
    wake()
    assert mailbox(ALEX).read_at == clock()
    assert mailbox(ALEX).due_at == clock() + timedelta(hours=1)
    clock.forward(days=8)
    wake()
    assert mailbox(ALEX).due_at is None


def test_a_mailbox_that_cannot_be_read_is_asked_again_after_growing_gaps(sync, wake, clock, outside):
    sync()
    outside("mailbox_state", mailbox=ADELE, state="store_error")
    mirror.ask_to_read(mailbox(ADELE), now=clock())
    wake()
    gaps = []
    for _ in range(4):
        row = mailbox(ADELE)
        gaps.append(row.due_at - clock())
        clock.now = row.due_at
        wake()
    assert gaps == sorted(gaps)
    assert gaps[0] >= timedelta(minutes=10)
    assert gaps[-1] > gaps[0]
    outside("mailbox_state", mailbox=ADELE, state="ok")
    clock.now = mailbox(ADELE).due_at
    wake()
    assert (mailbox(ADELE).state, mailbox(ADELE).failures) == (Mailbox.OK, 0)


def test_a_reading_that_was_overtaken_is_thrown_away(sync, clock, contoso, outside):
    """Whoever stores looks whether the mailbox is still as it was noted before asking."""
    sync()
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    mirror.ask_to_read(mailbox(ALEX), now=clock())
    mirror.wake_shards(clock())
    shard = SyncShard.objects.select_related("tenant", "run").get()

    def overtake(count):
        Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(version=99)

    stored = mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock, progress=overtake)
    assert stored.thrown_away == 1
    assert permission(ALEX, ADELE, "Kids parties").role == "read"
    assert mailbox(ALEX).due_at == clock()


def test_a_night_begins_one_full_run_and_an_hour_one_small_one(sync, contoso, clock):
    sync()
    Tenant.objects.update(next_hourly_at=clock(), next_full_at=clock())
    mirror.begin_due_runs(clock())
    mirror.begin_due_runs(clock())
    assert list(SyncRun.objects.filter(finished_at=None).values_list("kind", flat=True)) == ["full"]
    SyncRun.objects.filter(finished_at=None).update(finished_at=clock())
    mirror.begin_due_runs(clock.forward(hours=1))
    assert list(SyncRun.objects.filter(finished_at=None).values_list("kind", flat=True)) == ["hourly"]
    tenant = Tenant.objects.get()
    assert tenant.next_full_at == clock() + timedelta(hours=23)


def test_a_night_that_meets_another_run_begins_after_it(contoso, clock):
    Tenant.objects.update(next_hourly_at=clock(), next_full_at=clock())
    other = mirror.begin_run(tenant=contoso, kind=SyncRun.ASKED, now=clock())
    mirror.begin_due_runs(clock.forward(minutes=1))
    mirror.stop_run(run=other, cause="test", now=clock.forward(minutes=1))
    mirror.begin_due_runs(clock.forward(minutes=1))
    assert SyncRun.objects.get(finished_at=None).kind == SyncRun.FULL


def test_consent_that_was_lost_stops_the_run_and_is_found_again(sync, clock, contoso, cloud, outside):
    sync()
    clock.forward(days=1)
    cloud.faults.set(
        [{"match": {"path": "/users/delta"}, "do": "status", "status": 403, "code": "Authorization_RequestDenied"}]
    )
    run = sync()
    contoso.refresh_from_db()
    assert (run.outcome, contoso.state) == (SyncRun.STOPPED, Tenant.LOST)
    cloud.faults.set([])
    clock.forward(hours=1)
    assert sync().outcome == SyncRun.DONE
    contoso.refresh_from_db()
    assert (contoso.state, contoso.cause) == (Tenant.CONNECTED, "")


def test_a_second_run_beside_the_first_is_refused(contoso, clock):
    mirror.begin_run(tenant=contoso, kind=SyncRun.FULL, now=clock())
    with pytest.raises(mirror.RunUnderway):
        mirror.begin_run(tenant=contoso, kind=SyncRun.HOURLY, now=clock())
