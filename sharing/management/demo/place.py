"""Where a demo lives: its folder, its ports, and the environment all its processes share."""

import fcntl
import json
import os
import socket
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"
# The registration for meetings in the sandbox, whose secret is no secret.
BOOKER_ID, BOOKER_SECRET = "ca1e4da2-0000-4000-8000-0000000b00c5", "sandbox-secret-of-the-booker"
# Whatever a shell has set for other purposes must not leak into the demo.
OURS = (
    "ALLOWED_HOSTS", "CELERY_BROKER_URL", "DATABASE_URL", "DEBUG", "DJANGO_", "EMAIL_", "EXCHANGE_URL", "MICROSOFT_",
    "PORTAL_", "SECRET_KEY", "TOKEN_KEYS", "WEB_CONCURRENCY",
)  # fmt: skip


class Taken(Exception):
    """A port or a folder is in use; the text is the sentence for whoever started the demo."""


@dataclass(frozen=True)
class Place:
    folder: Path
    port: int
    sandbox_port: int

    @property
    def portal_url(self) -> str:
        # Cookies ignore ports: two names for one machine keep those of the portal and of the sandbox apart.
        return f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.sandbox_port}"

    @property
    def database(self) -> Path:
        return self.folder / "calwarden.sqlite3"

    @property
    def certificate(self) -> Path:
        return self.folder / "portal.pem"

    @property
    def state(self) -> Path:
        return self.folder / "sandbox.json"

    @property
    def people(self) -> Path:
        return self.folder / "people.json"

    @property
    def ready(self) -> Path:
        """Written when world and database belong together; without it both are made anew."""
        return self.folder / "ready.json"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def environment(self, *, client_id: str) -> dict[str, str]:
        """The caller's environment, with everything that is the portal's own set for this demo."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return kept | {
            "ALLOWED_HOSTS": f"localhost,{LOOPBACK}",
            "DATABASE_URL": f"sqlite:///{self.database}",
            "DEMO_PEOPLE": str(self.people),
            "EXCHANGE_URL": self.sandbox_url,
            "MICROSOFT_BOOKER_CLIENT_ID": BOOKER_ID,
            "MICROSOFT_BOOKER_SECRET": BOOKER_SECRET,
            "MICROSOFT_CLIENT_CERTIFICATE": str(self.certificate),
            "MICROSOFT_CLIENT_ID": client_id,
            "MICROSOFT_GRAPH_URL": self.sandbox_url,
            "MICROSOFT_LOGIN_URL": self.sandbox_url,
            "PORTAL_URL": self.portal_url,
            "PORTAL_VAR": str(self.folder),
        }

    def lock(self) -> IO[str]:
        """Hold the folder for this process, as long as what is returned stays open. Raises Taken."""
        self.folder.mkdir(parents=True, exist_ok=True)
        held = open(self.folder / "lock", "w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            held.close()
            raise Taken(f"A demo runs in {self.folder} already: stop it, or name another --folder.") from None
        return held

    def was_ready(self) -> dict[str, int]:
        """What the last demo in this folder noted when it was ready; empty where it never was."""
        try:
            return json.loads(self.ready.read_text())
        except (OSError, ValueError):
            return {}

    def start_anew(self) -> None:
        """Throw away a world and a database that do not belong together, and nothing else."""
        database = self.database
        of_the_database = (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm")))
        for path in (*of_the_database, self.state, self.people, self.certificate):
            path.unlink(missing_ok=True)


def choose_port(asked: int | None, usual: int, *, option: str) -> int:
    """The port asked for (0: any), else the usual one, or any where that is taken. Raises Taken for one asked for."""
    if asked is not None:
        if asked and not _is_free(asked):
            raise Taken(f"Port {asked} is taken: name another {option}.")
        return asked or _any_port()
    return usual if _is_free(usual) else _any_port()


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]
