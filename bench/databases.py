"""Databases to measure on: made empty, thrown away afterwards."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.core.management import call_command


@dataclass(frozen=True)
class Database:
    """An empty database, and a folder for the portal's own files."""

    label: str
    url: str
    folder: str


@contextmanager
def sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="calwarden-bench-") as folder:
        yield Database("SQLite", f"sqlite:///{folder}/bench.sqlite3", folder)


@contextmanager
def postgresql(url: str) -> Iterator[Database]:
    """A new database beside the one that `url` names, dropped at the end. Raises psycopg.OperationalError."""
    name = f"calwarden_bench_{secrets.token_hex(4)}"
    with tempfile.TemporaryDirectory(prefix="calwarden-bench-") as folder:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as admin:
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
            try:
                yield Database("PostgreSQL", urlunsplit(urlsplit(url)._replace(path=f"/{name}")), folder)
            finally:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def product(database: Database, origin: str) -> Any:
    """A bench.product.Product on a migrated database; to be called in a fresh process."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "bench.settings", "DATABASE_URL": database.url, "PORTAL_VAR": database.folder,
        "PORTAL_URL": "http://localhost", "MICROSOFT_LOGIN_URL": origin, "MICROSOFT_GRAPH_URL": origin,
        "CELERY_BROKER_URL": "", "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    django.setup()
    call_command("migrate", verbosity=0)
    # Its imports need Django set up.
    return import_module("bench.product").Product(origin)
