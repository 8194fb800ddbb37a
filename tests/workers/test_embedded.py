"""Nothing reaches Microsoft while no worker runs; one worker writes once and reads back once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import call_command
from django.urls import reverse

from sandbox.cast import ALEX
from sharing.models import CalendarPermission, Change, PermissionPeriod, SyncRun, Tenant, User
from tests.cloud import CONTOSO

from .conftest import ROOT


@pytest.fixture
def adele(sandbox, transactional_db):
    """Adele's entry on Alex's “Kids parties”, after Contoso was connected and read."""
    call_command("connect", CONTOSO, writes="on", verbosity=0)
    call_command("sync", verbosity=0)
    Tenant.objects.update(next_hourly_at=None)
    return CalendarPermission.objects.get(calendar__name="Kids parties", address="AdeleV@contoso.com")


@pytest.fixture
def save(adele, client):
    """Alex saves another role for Adele on the page."""
    alex = User.objects.create(tenant=adele.tenant, oid=ALEX, name="Alex Wilber")

    def press(role, seen):
        client.force_login(alex)
        page = reverse("role", args=[adele.calendar.public_id, adele.pk])
        return client.post(page, {"role": role, "seen": seen, "confirmed": "on"}, headers={"host": "localhost:8000"})

    return press


def test_saving_without_a_worker_stores_one_change_and_sends_nothing(save, sandbox):
    sandbox.cloud.log.clear()
    assert save("write", "read").status_code == 302
    assert save("write", "read").status_code == 302  # a second click
    change = Change.objects.get()
    assert (change.state, change.sent_at, change.before, change.after) == ("open", None, "read", "write")
    assert sandbox.cloud.log.since() == []


def test_one_worker_writes_once_and_reads_back_once(save, adele, sandbox, manage):
    save("write", "read")
    sandbox.cloud.log.clear()
    assert manage("work", "--once").splitlines()[-1] == "Nothing is due any more."
    calls = [entry for entry in sandbox.cloud.log.since() if entry.kind != "token" and entry.caller]
    entries = f"/v1.0/users/{ALEX}/calendars/{adele.calendar.graph_id}/calendarPermissions"
    assert [(call.method, call.path.replace("%3D", "=").replace(f"/{adele.graph_id}", "/…")) for call in calls] == [
        ("GET", entries), ("PATCH", f"{entries}/…"), ("GET", entries)
    ]  # fmt: skip
    assert len(sandbox.cloud.log.writes()) == 1
    assert sandbox.cloud.log.stats()["event_reads"] == 0
    assert Change.objects.get().state == "applied"
    adele.refresh_from_db()
    assert adele.role == "write"
    assert PermissionPeriod.objects.get(permission=adele).change == Change.objects.get()


def test_a_second_worker_finds_nothing_to_do(save, sandbox, manage):
    save("write", "read")
    manage("work", "--once")
    sandbox.cloud.log.clear()
    manage("work", "--once")
    assert sandbox.cloud.log.since() == []


def test_a_worker_reads_what_is_due_and_stops_when_asked(adele, sandbox, environment):
    Tenant.objects.update(next_hourly_at=adele.began_at, next_full_at=adele.began_at)
    sandbox.cloud.state.apply(
        {
            "do": "role",
            "mailbox": "AlexW@contoso.com",
            "calendar": "Kids parties",
            "who": "AdeleV@contoso.com",
            "role": "write",
        }
    )
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "work"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 60
        while not SyncRun.objects.filter(kind="full", outcome="done").count() == 2 and time.monotonic() < until:
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=30)
    finally:
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
    adele.refresh_from_db()
    assert (adele.role, adele.change) == ("write", None)
    assert worker.returncode == 0
    assert said.splitlines()[-1] == "Stopped."
