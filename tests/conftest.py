"""What every test may use; and which tests are left out where a service is missing, said aloud."""

import importlib.util
import os
import shutil
from collections import Counter
from functools import lru_cache

import pytest
from django.core.cache import cache
from django.db.backends.base.operations import BaseDatabaseOperations

from sandbox.cloud import Cloud
from sandbox.log import RequestLog
from sandbox.server import Server
from sharing.connect import calls, clients
from sharing.models import triggers
from tests.cloud import cloud_session

LEFT_OUT = "left out: "


def _missing() -> dict[str, str]:
    """Marker → what its tests lack here; nothing for what is there."""
    on_postgres = os.environ.get("TEST_DATABASE_URL", "").startswith("postgres")
    lacks = {
        "postgres": "" if on_postgres else "PostgreSQL (set TEST_DATABASE_URL)",
        "sqlite": "SQLite (this run is on PostgreSQL)" if on_postgres else "",
        "redis": "" if os.environ.get("TEST_REDIS_URL") else "Redis (set TEST_REDIS_URL)",
        "browser": "" if chromium() else "Chromium (install it, and do not set TEST_BROWSER=off)",
        "sdk": "" if importlib.util.find_spec("msgraph") else "Microsoft's SDK (scripts/setup.py --dev --sdk)",
    }
    return {marker: what for marker, what in lacks.items() if what}


def chromium() -> str:
    """The path of the browser that tests may use, or nothing."""
    asked = os.environ.get("TEST_BROWSER", "")
    if asked == "off":
        return ""
    return asked or shutil.which("chromium") or shutil.which("google-chrome") or ""


def pytest_addoption(parser):
    parser.addoption(
        "--of-the-database", action="store_true",
        help="only tests that use the database, or start processes of their own: a second run, on another one",
    )  # fmt: skip


def _is_of_the_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    marked = any(item.get_closest_marker(name) for name in ("django_db", "postgres", "redis"))
    return bool(fixtures) or marked or item.path.parent.name in ("acceptance", "commands", "faults", "workers")


def pytest_collection_modifyitems(config, items):
    if config.getoption("of_the_database"):
        others = [item for item in items if not _is_of_the_database(item)]
        items[:] = [item for item in items if _is_of_the_database(item)]
        config.hook.pytest_deselected(items=others)
    missing = _missing()
    for item in items:
        for marker, what in missing.items():
            if item.get_closest_marker(marker):
                # For whoever has not all of it at hand. In CI scripts/check.py stops before the tests where any is
                # missing, so nothing is left out there.
                item.add_marker(pytest.mark.skip(reason=f"{LEFT_OUT}{marker} tests need {what}"))


def pytest_terminal_summary(terminalreporter):
    reasons = Counter(
        report.longrepr[2].partition(LEFT_OUT)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and LEFT_OUT in report.longrepr[2]
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"Left out {count}: {reason}")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Playwright drives the system's own Chromium."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ["--no-sandbox"]}


@pytest.fixture(scope="session", autouse=True)
def a_whole_database_may_be_emptied():
    """Between tests that commit, tables are emptied: the audit log refuses that, so its triggers are lifted for it.

    `flush` ends like `migrate`, which makes them again.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def lifted(operations, statements):
        triggers.lift(operations.connection.alias)
        return flush(operations, statements)

    BaseDatabaseOperations.execute_sql_flush = lifted
    yield
    BaseDatabaseOperations.execute_sql_flush = flush


@pytest.fixture(autouse=True)
def nobody_asked_before():
    """Time stands still in many tests, so what they ask would be counted together."""
    cache.clear()


@pytest.fixture(autouse=True)
def no_event_of_others_is_asked_for():
    """In any test, of any cloud in this process: but for the sandbox's own tests, which ask on purpose."""
    before = RequestLog.event_reads_ever
    yield
    assert RequestLog.event_reads_ever == before


@pytest.fixture
def cloud(monkeypatch):
    """A fresh pretend Microsoft in this process; every client the portal builds ends up in it, without a socket."""
    cloud = Cloud()
    session = cloud_session(cloud, at=clients.endpoints())
    session.on_answer = calls.heard
    clients.forget_tokens()
    calls.forget()
    monkeypatch.setattr(clients, "session_for", lru_cache(lambda where: session))
    yield cloud
    clients.forget_tokens()


@pytest.fixture
def sandbox(settings):
    """A sandbox behind a socket of this machine, and the settings that lead there; `sandbox.cloud` is its inside."""
    with Server(Cloud()) as server:
        settings.MICROSOFT_LOGIN_URL = settings.MICROSOFT_GRAPH_URL = settings.EXCHANGE_URL = server.origin
        clients.forget_tokens()
        yield server
    clients.forget_tokens()
