"""Real Celery workers and a beat on Redis and PostgreSQL: one is killed in the middle, and nothing differs after."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis
from django.core.management import call_command
from django.db import connection
from django.utils.timezone import now

from sandbox.cloud import Cloud
from sandbox.server import Server
from sharing.connect import clients
from sharing.mirror.sync import SHARD_LEASE
from sharing.models import CalendarPermission, Mailbox, PermissionPeriod, SyncRun, SyncShard, Tenant
from tests.cloud import CONTOSO

from .conftest import ROOT

pytestmark = [pytest.mark.redis, pytest.mark.postgres, pytest.mark.slow]

MAILBOXES = 1000
BROKER = os.environ.get("TEST_REDIS_URL", "")
TICK = 30  # seconds between two looks of beat
SLOW = {"match": {"path": r"/\$batch$"}, "do": "delay", "seconds": 1}


@pytest.fixture
def sandbox(settings):
    """As everywhere, with a thousand mailboxes more."""
    with Server(Cloud(mailboxes=MAILBOXES)) as server:
        settings.MICROSOFT_LOGIN_URL = settings.MICROSOFT_GRAPH_URL = settings.EXCHANGE_URL = server.origin
        clients.forget_tokens()
        yield server
    clients.forget_tokens()


@pytest.fixture
def broker():
    """An empty Redis, as far as the keys are ours."""
    with redis.Redis.from_url(BROKER) as client:
        for key in client.scan_iter("calwarden:*"):
            client.delete(key)
        yield client


@pytest.fixture
def celery(environment, broker, tmp_path):
    """Starts Celery programs; whatever still runs is killed at the end, with everybody in its group."""
    env = environment | {
        "CELERY_BROKER_URL": BROKER,
        "SECRET_KEY": "only-the-tests-sign-with-this-key-which-is-long-enough",
    }
    started = []

    def start(*words):
        log = (tmp_path / f"celery-{len(started)}.log").open("wb")
        command = [sys.executable, "-m", "celery", "-A", "portal", *words]
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        started.append((process, log))
        return process

    yield start
    for process, log in started:
        kill(process)
        log.close()


def kill(process):
    """SIGKILL to the worker and its children, as when a machine goes away."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def worker(celery, name):
    return celery("worker", "--queues", "sync,changes", "--concurrency", "1", "--hostname", f"{name}@%h", "-l", "INFO")


def wait_for(condition, *, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.05)


def people_change_things(cloud):
    """What happens in Outlook between two nights: twelve roles, three removals, three new shares, two options."""
    generated = [
        (user, calendar, row)
        for user in list(cloud.state.tenants[CONTOSO].users.values())[-100:]
        for calendar in user.mailbox.calendars.values()
        for row in calendar.permissions.values()
        if row.kind == "user" and not calendar.is_copy and calendar.is_default
    ][:60]
    for place, (user, calendar, row) in enumerate(generated[::4]):
        where = {"tenant": CONTOSO, "mailbox": user.oid, "calendar": calendar.id}
        if place < 12:
            role = "limitedRead" if row.role != "limitedRead" else "read"
            cloud.state.apply({"do": "role", "who": row.address, "role": role, **where})
        else:
            cloud.state.apply({"do": "unshare", "who": row.address, **where})
    owners = list(dict.fromkeys(user.oid for user, _, _ in generated))
    for oid in owners[:3]:
        share = {"do": "share", "who": "newcomer@northwindtraders.com", "role": "read", "accepted": False}
        cloud.state.apply({"tenant": CONTOSO, "mailbox": oid, **share})
    for oid in owners[3:5]:
        option = {"do": "delivery", "option": "sendToDelegateAndPrincipal"}
        cloud.state.apply({"tenant": CONTOSO, "mailbox": oid, **option})


def picture():
    """Everything the mirror says, by the names Microsoft gives; when it was read is not part of it."""
    key = ("mailbox__person__oid", "calendar__graph_id", "graph_id")
    rows = CalendarPermission.objects.values_list(*key, "role", "name", "address", "grantee__key", "grantee__oid")
    past = PermissionPeriod.objects.values_list(*(f"permission__{name}" for name in key), "role", "after", "end")
    boxes = Mailbox.objects.values_list("person__oid", "state", "delivery_option", "digest", "settings_state")
    return (
        sorted(map(str, rows.filter(ended_at=None))),
        sorted(map(str, rows.filter(ended_at__isnull=False))),
        sorted(map(str, past)),
        sorted(map(str, boxes)),
    )


def undisturbed(sandbox):
    """Both nights in the foreground, by nobody else; then the database is empty and the world is as before."""
    call_command("connect", CONTOSO, verbosity=0)
    call_command("sync", verbosity=0)
    people_change_things(sandbox.cloud)
    call_command("sync", verbosity=0)
    seen = picture()
    call_command("flush", interactive=False, verbosity=0)
    sandbox.cloud.state.reset()
    return seen


def begin_a_night():
    Tenant.objects.update(next_full_at=now() - timedelta(minutes=1), next_hourly_at=now() - timedelta(minutes=1))


def is_done(count):
    return SyncRun.objects.filter(kind="full", outcome="done", finished_at__isnull=False).count() == count


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_no_trace(sandbox, celery, tmp_path):
    expected = undisturbed(sandbox)
    assert len(expected[0]) > 3 * MAILBOXES
    assert len(expected[2]) == 15

    call_command("connect", CONTOSO, verbosity=0)
    begin_a_night()
    sandbox.cloud.log.clear()
    sandbox.cloud.faults.set([SLOW])
    victim, survivor = worker(celery, "victim"), worker(celery, "survivor")
    # A file of its own: beat deletes a schedule that it cannot read, whatever file that is.
    celery("beat", "--schedule", str(tmp_path / "beat"), "-l", "INFO")

    def is_in_the_middle():
        just_claimed = now() + SHARD_LEASE - timedelta(seconds=3)
        shards = SyncShard.objects.all()
        return shards.filter(due_at__gt=just_claimed).count() == 2 and shards.filter(read_at__isnull=False).exists()

    wait_for(is_in_the_middle, seconds=2 * TICK + 60)
    kill(victim)
    sandbox.cloud.faults.clear()
    left = SyncShard.objects.filter(run__isnull=False)
    wait_for(lambda: left.count() == 1, seconds=120)
    orphan = left.get()
    assert orphan.due_at > now()  # the dead worker's lease; nobody touches it
    assert not is_done(1)
    # Time passes: the lease ends.
    SyncShard.objects.filter(pk=orphan.pk, attempt=orphan.attempt).update(due_at=now() - timedelta(seconds=1))
    wait_for(lambda: is_done(1), seconds=2 * TICK + 60)
    orphan.refresh_from_db()
    assert (orphan.attempt, orphan.due_at) == (2, None)

    people_change_things(sandbox.cloud)
    begin_a_night()
    wait_for(lambda: is_done(2), seconds=3 * TICK + 60)
    assert survivor.poll() is None
    assert picture() == expected
    stats = sandbox.cloud.log.stats()
    assert (stats["event_reads"], sandbox.cloud.throttle.early_retries, sandbox.cloud.log.writes()) == (0, 0, [])
    assert connection.vendor == "postgresql"
