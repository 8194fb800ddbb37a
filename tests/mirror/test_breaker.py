"""More may end than is plausible: then nothing does, until a person says so."""

import pytest

from sharing import mirror
from sharing.connect import client_for
from sharing.models import CalendarPermission, Mailbox, SyncRun, SyncShard, User
from tests.contoso import mailbox, permission

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"


@pytest.fixture
def actor(contoso):
    return User.objects.create(tenant=contoso, oid="e8a02cc7-df4d-4778-956d-784cc9506e5a", name="Allan Deyoung")


@pytest.fixture
def emptied(sync, clock, cloud, contoso, outside):
    """Somebody removed every individual from every calendar: far more than the limit."""
    sync()
    rows = CalendarPermission.objects.open().filter(is_organization=False, calendar__is_own=True)
    gone = list(rows.values_list("mailbox__person__oid", "calendar__graph_id", "graph_id"))
    assert len(gone) > 60
    users = cloud.state.tenants[str(contoso.tid)].users
    for oid, calendar, graph_id in gone:
        del users[str(oid)].mailbox.calendars[calendar].permissions[graph_id]
    clock.forward(days=1)
    return len(gone)


@pytest.fixture
def halved(emptied, contoso):
    """The same tenant in two shards."""
    second = SyncShard.objects.create(tenant=contoso, number=2)
    pks = list(Mailbox.objects.order_by("pk").values_list("pk", flat=True))
    Mailbox.objects.filter(pk__in=pks[::2]).update(shard=second)


def test_a_run_that_would_end_too_much_is_held_and_ends_nothing(sync, emptied):
    open_before = CalendarPermission.objects.open().count()
    run = sync()
    assert (run.outcome, run.ended, run.held_back) == (SyncRun.HELD, 0, emptied)
    assert CalendarPermission.objects.open().count() == open_before
    assert (mailbox(ALEX).state, mailbox(ALEX).cause) == ("incomplete", "breaker")


def test_a_held_run_keeps_the_first_hundred_permissions_that_it_would_end(sync, emptied, halved):
    run = sync()
    assert run.held_back == emptied and SyncShard.objects.count() == 2
    ids = run.totals["held_back"]
    assert len(set(ids)) == len(ids) == min(emptied, SyncRun.SAMPLE)
    rows = CalendarPermission.objects.open().filter(pk__in=ids, is_organization=False, calendar__is_own=True)
    assert rows.count() == len(ids)
    assert {(state, cause) for state, cause, *_ in run.found} >= {("incomplete", "breaker")}


def test_a_yes_reads_again_and_ends_what_is_still_gone(sync, emptied, actor, clock, contoso, outside):
    held = sync()
    outside("share", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="read")  # it came back meanwhile
    run = mirror.accept_run(run=held, actor=actor, now=clock.forward(hours=1))
    finish(run, contoso, clock)
    run.refresh_from_db()
    assert run.outcome == SyncRun.DONE
    assert run.ended == emptied - 1
    assert permission(ALEX, ADELE, "Kids parties").ended_at is None
    assert mailbox(ALEX).state == Mailbox.OK


def test_a_no_keeps_everything_and_the_next_run_is_held_again(sync, emptied, actor, clock):
    held = sync()
    mirror.reject_run(run=held, actor=actor, now=clock.forward(hours=1))
    assert not Mailbox.objects.filter(cause="breaker", due_at__isnull=False).exists()
    clock.forward(days=1)
    assert sync().outcome == SyncRun.HELD


def test_a_held_run_is_settled_once(sync, emptied, actor, clock):
    held = sync()
    mirror.reject_run(run=held, actor=actor, now=clock())
    with pytest.raises(mirror.NotHeld):
        mirror.accept_run(run=held, actor=actor, now=clock())


def test_single_mailboxes_cannot_trickle_through_either(sync, emptied, clock, contoso):
    """Reads outside a run share a limit of their own."""
    for row in Mailbox.objects.filter(state=Mailbox.OK):
        mirror.ask_to_read(row, now=clock())
    open_before = CalendarPermission.objects.open().count()
    mirror.wake_shards(clock())
    shard = SyncShard.objects.select_related("tenant", "run").get()
    mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock)
    assert CalendarPermission.objects.open().count() == open_before


def test_an_owner_who_looks_does_not_wake_a_held_mailbox(sync, emptied, clock):
    sync()
    assert not mirror.ask_to_read(mailbox(ALEX), now=clock())


def finish(run, contoso, clock):
    """What the workers would do with a run that is due."""
    mirror.list_directory(run=run, client=client_for(contoso), clock=clock)
    for shard in SyncShard.objects.filter(run=run).select_related("tenant", "run"):
        mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock)
