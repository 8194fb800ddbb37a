"""Whoever looks at what is due decides about mail once a minute, sends it, and adds up the calls that tasks made."""

import time_machine
from django.core import mail
from django.core.cache import cache

from sharing import tasks
from sharing.connect import calls
from sharing.models import SyncRun, Tenant

ENTRA = {kind.name for kind in calls.ENTRA_KINDS}  # a run counts what it asked of Graph


def work(clock):
    """A worker's look at the queue, and what it does then."""
    with time_machine.travel(clock(), tick=False):
        done = list(tasks.due(clock()))
        for task, pk in done:
            task(pk)
    # How far the activity log has come is written down whenever it went on, whatever else there is to do.
    return [task.name.rpartition(".")[2] for task, _ in done if task is not tasks.write_heads]


def test_what_is_due_holds_mail_that_was_decided_on_and_then_no_more(read, clock):
    Tenant.objects.update(state=Tenant.LOST, cause="consent_missing", state_since=clock(), next_hourly_at=None)
    assert work(clock) == ["send_notice"] and len(mail.outbox) == 1
    assert work(clock) == []


def test_it_is_decided_once_a_minute(read, clock):
    list(tasks.due(clock()))
    with time_machine.travel(clock(), tick=False):
        Tenant.objects.update(state=Tenant.LOST, state_since=clock(), next_hourly_at=None)
        assert work(clock) == []
        cache.clear()  # a minute later
        assert work(clock) == ["send_notice"]


def test_a_task_adds_up_what_it_asked(contoso, clock, cloud):
    run = SyncRun.objects.create(tenant=contoso, kind=SyncRun.FULL, began_at=clock(), due_at=clock())
    with time_machine.travel(clock(), tick=False):
        tasks.list_directory(run.pk)
    run.refresh_from_db()
    made = calls.made_in(contoso, clock())
    assert sum(count for kind, (count, _) in made.items() if kind not in ENTRA) == run.requests > 2
    assert ENTRA & set(made)
