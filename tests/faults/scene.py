"""Sets a matrix up: a watched sandbox behind a socket, a connected and mirrored Contoso, workers beside it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from sandbox.server import Server
from sharing.connect import clients
from sharing.models import Tenant
from tests.cloud import CONTOSO

from .matrix import Matrix, Workers, environment_for
from .world import watched_cloud


@contextmanager
def scene(database_url: str, folder: Path, *, mailboxes: int) -> Iterator[Matrix]:
    """On a migrated, empty database that Django is set up for here and that `database_url` names elsewhere."""
    with Server(watched_cloud(mailboxes)) as server:
        before = {
            name: getattr(settings, name) for name in ("MICROSOFT_LOGIN_URL", "MICROSOFT_GRAPH_URL", "EXCHANGE_URL")
        }
        for name in before:
            setattr(settings, name, server.origin)
        clients.forget_tokens()
        try:
            call_command("connect", CONTOSO, writes="on", verbosity=0, stdout=io.StringIO())
            Tenant.objects.update(creates_on=True, next_hourly_at=None, next_full_at=None)
            with Workers(environment_for(database_url, server.origin, folder), folder, server) as workers:
                matrix = Matrix(server, workers, Tenant.objects.get(tid=CONTOSO))
                matrix.read()
                yield matrix
        finally:
            clients.forget_tokens()
            for name, value in before.items():
                setattr(settings, name, value)
