"""Workers as processes of their own, beside a sandbox behind a socket and the database of the tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database_url(transactional_db):
    """Where the test database is, for another process."""
    return databases.database_url()


@pytest.fixture
def environment(database_url, sandbox, tmp_path):
    """The settings of a worker: this test's database and sandbox."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url,
        "PORTAL_VAR": str(tmp_path),
        "MICROSOFT_LOGIN_URL": sandbox.origin,
        "MICROSOFT_GRAPH_URL": sandbox.origin,
        "EXCHANGE_URL": sandbox.origin,
        "DEBUG": "off",
    }


@pytest.fixture
def manage(environment):
    """Runs `manage.py …` to its end and gives what it printed; fails where it fails."""

    def run(*words):
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
