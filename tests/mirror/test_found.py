"""A run keeps what it found, whoever reads what afterwards; where it is not known of every mailbox it keeps still."""

from collections import Counter

import pytest

from sharing import mirror
from sharing.connect import client_for
from sharing.models import Mailbox, SyncRun, SyncShard
from tests.contoso import mailbox

ALEX = "AlexW@contoso.com"


@pytest.fixture
def halves(sync, clock, contoso):
    """Contoso in two shards, and a whole run that is about to read them."""
    sync()
    second = SyncShard.objects.create(tenant=contoso, number=2)
    pks = list(Mailbox.objects.order_by("pk").values_list("pk", flat=True))
    Mailbox.objects.filter(pk__in=pks[::2]).update(shard=second)
    run = mirror.begin_run(tenant=contoso, kind=SyncRun.FULL, now=clock.forward(days=1))
    mirror.list_directory(run=run, client=client_for(contoso), clock=clock)
    return run


def read(shard, contoso, clock):
    shard = SyncShard.objects.select_related("tenant", "run").get(number=shard)
    return mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock)


def live():
    """How the mailboxes are now, as (state, cause, is the account deleted, how many)."""
    rows = Mailbox.objects.covered().values_list("state", "cause", "person__ended_at")
    return {(*what, count) for what, count in Counter((s, c, e is not None) for s, c, e in rows).items()}


def test_a_run_keeps_how_many_mailboxes_it_found_in_which_state(sync, clock, outside):
    outside("mailbox_state", mailbox=ALEX, state="store_error")
    run = sync()
    found = set(run.found)
    assert found == live() and len(found) > 1
    outside("mailbox_state", mailbox=ALEX, state="ok")
    clock.forward(days=1)
    later = sync()
    run.refresh_from_db()
    assert set(run.found) == found
    assert set(later.found) == live() != found


def test_a_run_in_which_nothing_changed_adds_up_too(sync, clock):
    sync()
    clock.forward(days=1)
    assert set(sync().found) == live()


def test_what_the_shards_found_is_added_up(halves, contoso, clock):
    read(1, contoso, clock)
    read(2, contoso, clock)
    halves.refresh_from_db()
    assert set(halves.found) == live()


def test_a_shard_that_is_read_again_before_the_run_ends_counts_as_the_run_read_it(halves, contoso, clock):
    read(1, contoso, clock)
    one = Mailbox.objects.filter(shard__number=1, state=Mailbox.OK).first()
    mirror.ask_to_read(one, now=clock())
    mirror.wake_shards(clock())
    assert read(1, contoso, clock).mailboxes == 1
    read(2, contoso, clock)
    halves.refresh_from_db()
    assert sum(count for *_, count in halves.found) == halves.mailboxes_read == halves.mailboxes


def test_a_run_that_stopped_keeps_what_was_read_until_then(halves, contoso, clock):
    mailboxes = read(1, contoso, clock).mailboxes
    mirror.stop_run(run=halves, cause="throttled", now=clock())
    halves.refresh_from_db()
    assert sum(count for *_, count in halves.found) == mailboxes == halves.mailboxes_read


def test_a_run_that_ended_while_a_shard_was_read_says_nothing_of_what_it_found(halves, contoso, clock):
    shard = SyncShard.objects.select_related("tenant", "run").get(number=1)
    client = client_for(contoso)
    mirror.sync_shard(
        shard=shard, client=client, clock=clock,
        progress=lambda count: mirror.stop_run(run=halves, cause="throttled", now=clock()),
    )  # fmt: skip
    halves.refresh_from_db()
    assert halves.mailboxes_read and not halves.found


def test_mailboxes_of_deleted_accounts_are_counted_apart(sync, clock):
    sync()
    row = Mailbox.objects.filter(state=Mailbox.NO_MAILBOX).select_related("person").first()
    row.person.ended_at = row.person.missed_at = clock()
    row.person.save()
    run = sync(mailboxes=[row.pk])
    assert [(state, is_deleted) for state, _, is_deleted, _ in run.found] == [(Mailbox.NO_MAILBOX, True)]
    assert mailbox(ALEX).state == Mailbox.OK
