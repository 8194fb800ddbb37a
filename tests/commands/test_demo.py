"""What `demo` rests on: its place, its processes, its past. The whole is played in tests/acceptance."""

import json
import os
import signal
import socket
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.cloud import Cloud
from sandbox.http import Request
from sharing.management.demo import Child, Children, Place, Sandbox, Taken, choose_port, replay, wait_until
from sharing.management.demo.history import nights
from sharing.models import CalendarPermission, PermissionPeriod, SyncRun, Tenant
from tests.cloud import CONTOSO

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "demo", 8000, 8010)


def test_nothing_of_the_shells_own_leaks_in(place, monkeypatch):
    for name in (
        "MICROSOFT_CLIENT_SECRET",
        "MICROSOFT_CLIENT_ID_FILE",
        "CELERY_BROKER_URL",
        "SECRET_KEY_FILE",
        "DEBUG",
    ):
        monkeypatch.setenv(name, "leak")
    monkeypatch.setenv("HARMLESS", "kept")
    environment = place.environment(client_id="app")
    assert "leak" not in environment.values()
    assert environment["HARMLESS"] == "kept"
    assert environment["PORTAL_URL"] == "http://localhost:8000"
    assert environment["MICROSOFT_LOGIN_URL"] == environment["MICROSOFT_GRAPH_URL"] == "http://127.0.0.1:8010"
    assert environment["DATABASE_URL"].endswith("/demo/calwarden.sqlite3")


def test_a_folder_holds_one_demo(place):
    with place.lock():
        with pytest.raises(Taken, match="A demo runs in .* already"):
            place.lock()
    place.lock().close()


def test_starting_anew_throws_away_nothing_of_others(place):
    place.folder.mkdir()
    for name in ("sandbox.json", "calwarden.sqlite3", "calwarden.sqlite3-wal", "thesis.txt"):
        (place.folder / name).write_text("x")
    place.start_anew()
    assert [path.name for path in place.folder.iterdir()] == ["thesis.txt"]


def test_ports_that_are_taken_are_not_used():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert choose_port(None, port, option="--port") != port
        with pytest.raises(Taken, match=f"Port {port} is taken: name another --port."):
            choose_port(port, 8000, option="--port")
        assert choose_port(0, port, option="--port") not in (0, port)


def sleeper(tmp_path, name, code="import time; time.sleep(60)"):
    return Child(name, [sys.executable, "-c", code], os.environ, tmp_path, tmp_path / "logs" / f"{name}.log")


@pytest.fixture
def children():
    said = []
    children = Children(say=said.append)
    children.said = said
    yield children
    children.stop()


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_stopping_ends_even_those_who_do_not_listen_and_their_own_children(children, tmp_path, monkeypatch):
    monkeypatch.setattr("sharing.management.demo.children.STOP_SECONDS", 0.5)
    deaf = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"{deaf}; os.fork(); print(os.getpid(), flush=True); time.sleep(60)"
    child = children.start(sleeper(tmp_path, "stubborn", stubborn))
    assert wait_until(lambda: len(child.log.read_text().split()) == 2, seconds=5)
    pids = [int(word) for word in child.log.read_text().split()]
    children.stop()
    assert wait_until(lambda: not any(is_there(pid) for pid in pids), seconds=5)


def test_what_dies_is_started_again(children, tmp_path):
    child = children.start(sleeper(tmp_path, "web"))
    first = child.process.pid
    child.began -= 60
    child.process.send_signal(signal.SIGKILL)
    child.process.wait()
    children._revive(child)
    assert child.is_alive
    assert child.process.pid != first
    assert "web ended (code -9); it is started again." in children.said[0]


def test_what_keeps_dying_is_started_ever_more_slowly(children, tmp_path):
    child = children.start(sleeper(tmp_path, "broken", "raise SystemExit('no port')"))
    child.process.wait()
    pauses = []
    until = time.monotonic() + 20
    while len(pauses) < 2 and time.monotonic() < until:
        before = child.process.pid
        children._revive(child)
        if child.process.pid != before:
            pauses.append(child.pause)
            child.process.wait()
        time.sleep(0.02)
    assert pauses[0] < pauses[1]
    assert child.last_words() == "\n".join(["no port"] * 3)


def test_the_past_is_seen_at_nightly_hours_in_order():
    journal = [{"entry": n, "days_ago": days, "change": {}} for n, days in enumerate((3.5, 3.45, 2.0, 0.1))]
    seen = list(nights(journal, NOW))
    assert [night for night, _ in seen] == [datetime(2026, 11, day, 1, tzinfo=UTC) for day in (18, 20)]
    assert [[entry["entry"] for entry in entries] for _, entries in seen] == [[0, 1], [2]]


class InProcess(Sandbox):
    """The control room of a cloud in this process."""

    def __init__(self, cloud):
        self.cloud = cloud

    def ask(self, method, name, body=None):
        request = Request(method, f"/__control__/{name}", headers={"content-type": "application/json"})
        request.body = b"" if body is None else json.dumps(body).encode()
        return json.loads(self.cloud.handle(request).body)


def test_twelve_weeks_go_through_the_mirror_and_end_in_todays_world(run, connected, cloud):
    count = replay(tenant=connected, sandbox=InProcess(cloud), clock=lambda: NOW)
    runs = SyncRun.objects.order_by("pk")
    assert runs.count() == count + 1 > 30
    assert set(runs.values_list("kind", "outcome")) == {("full", "done")}
    began = list(runs.values_list("began_at", flat=True))
    assert began == sorted(began)
    assert NOW - began[0] > timedelta(days=80)
    assert PermissionPeriod.objects.count() > 15
    assert not CalendarPermission.objects.filter(first_seen_at__gt=NOW)
    assert {tid: plain(tenant) for tid, tenant in cloud.state.tenants.items()} == {
        tid: plain(tenant) for tid, tenant in Cloud().state.tenants.items()
    }


def plain(tenant):
    """Who may do what in a tenant, by the names it is known by."""
    return {
        (user.upn, calendar.name, row.id): row.role
        for user in tenant.users.values()
        for calendar in (user.mailbox.calendars.values() if user.mailbox else ())
        for row in calendar.permissions.values()
    }


def test_a_large_tenant_is_read_whole_once(run, connected, cloud, monkeypatch):
    monkeypatch.setattr("sharing.management.demo.history.WHOLE_UP_TO", 10)
    replay(tenant=connected, sandbox=InProcess(cloud), clock=lambda: NOW)
    assert SyncRun.objects.filter(kind="full").count() == 1
    assert PermissionPeriod.objects.count() > 15
    assert Tenant.objects.get(tid=CONTOSO).state == "connected"
