"""Commands as they are typed: what they print, and how they end."""

import io
import json

import pytest
from django.core.management import call_command

from sharing.models import Tenant
from tests.cloud import CONTOSO


@pytest.fixture
def run(db, cloud):
    """Runs a command against the sandbox of this process; gives what it printed, a raised CommandError stays one."""

    def command(*words, **options):
        out = io.StringIO()
        call_command(*words, stdout=out, stderr=io.StringIO(), **options)
        return out.getvalue()

    return command


@pytest.fixture
def connected(run):
    """Contoso, connected by the command itself and not read yet."""
    run("connect", CONTOSO)
    return Tenant.objects.get(tid=CONTOSO)


@pytest.fixture
def synced(run, connected):
    """The object that `sync --json` printed after the first sync."""
    return json.loads(run("sync", json=True))
