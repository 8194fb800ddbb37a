"""Copies the whole database into a file and back, with what each database brings for that."""

import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.core.management.base import CommandError
from django.db import connection

from sharing.models import Tenant, triggers

SESSIONS = Session._meta.db_table
BUSY_SECONDS = 60.0
_BUSY = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED
_HEADER_LINES = 50
# Written by the programs of PostgreSQL 17 and refused by older servers; there is nothing to time out here.
_TOO_NEW = b"SET transaction_timeout = 0;\n"


def dump(into: Path) -> None:
    """Write the whole database, as of one moment, into the new file `into`; others may go on reading and writing.

    Only sessions stay out: whoever has the file would be signed in as anybody, and after a restore nobody is.
    """
    if connection.vendor == "sqlite":
        _dump_sqlite(into)
    else:
        kept_out = ("--exclude-table-data", SESSIONS)
        _run("pg_dump", "--format", "plain", "--no-owner", "--no-privileges", *kept_out, "--file", str(into))


def load(file: Path, *, replace: bool, frozen_at: datetime) -> None:
    """Put what `dump` wrote into the configured database, all of it or nothing, every tenant frozen.

    The freeze is part of the same step: there is no moment in which old wishes could be carried out. Raises
    CommandError where the database holds tables and `replace` is false.
    """
    if not replace and connection.introspection.table_names():
        raise CommandError("The database is not empty: name an empty one in DATABASE_URL, or add --replace.")
    if connection.vendor == "sqlite":
        _load_sqlite(file, frozen_at)
    else:
        _load_postgres(file, frozen_at)
    connection.close()


def _dump_sqlite(into: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(into)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        copy.execute("PRAGMA secure_delete=ON")  # overwritten, not only let go of
        copy.execute(f"DELETE FROM {SESSIONS}")  # noqa: S608
        copy.commit()
        _be_whole(copy)


def _load_sqlite(file: Path, frozen_at: datetime) -> None:
    with closing(sqlite3.connect(file)) as copy:
        _be_whole(copy)
        with copy:
            copy.execute(f"UPDATE {Tenant._meta.db_table} SET frozen_at = ?", [f"{frozen_at:%Y-%m-%d %H:%M:%S.%f}"])  # noqa: S608
        until = time.monotonic() + BUSY_SECONDS

        def give_up(status: int, remaining: int, total: int) -> None:
            if status in _BUSY and time.monotonic() > until:
                raise CommandError("The database is in use: stop the pages and the workers first.")

        connection.ensure_connection()
        copy.backup(connection.connection, progress=give_up)


def _be_whole(copy: sqlite3.Connection) -> None:
    found = copy.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise CommandError(f"The database is damaged: {found}")


def _load_postgres(file: Path, frozen_at: datetime) -> None:
    quote = connection.ops.quote_name
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [*ours, *({"django_migrations"} & set(connection.introspection.table_names()))]
    connection.close()  # its locks would make psql wait
    before, whole, after = (file.with_name(f"{n}.sql") for n in range(3))
    drop = [f"DROP TABLE IF EXISTS {', '.join(map(quote, tables))} CASCADE;"] if tables else []
    # The functions of the audit log's triggers outlive their tables, and the dump makes them itself.
    drop += [f"DROP FUNCTION IF EXISTS {name}();" for name in triggers.functions()]
    before.write_text("\n".join([*drop, ""]))
    with file.open("rb") as source, whole.open("wb") as target:
        for _ in range(_HEADER_LINES):
            line = source.readline()
            target.write(b"" if line == _TOO_NEW else line)
        shutil.copyfileobj(source, target)
    # The dump emptied the search path, so that its own names are exact.
    freeze = f"UPDATE {quote(Tenant._meta.db_table)} SET frozen_at = '{frozen_at.isoformat()}';"  # noqa: S608
    after.write_text(f"RESET search_path;\n{freeze}\n")
    files = [word for part in (before, whole, after) for word in ("--file", str(part))]
    calm = ("--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull)
    _run("psql", *calm, "--single-transaction", *files)


def _run(program: str, *words: str) -> None:
    """One of PostgreSQL's own programs on our database; its password is never on a command line."""
    if not shutil.which(program):
        raise CommandError(
            f"{program} is not on this machine's PATH: install PostgreSQL's client programs "
            "(Debian: postgresql-client), not older than the server."
        )
    where: Any = connection.client
    command, environment = where.settings_to_cmd_args_env(connection.settings_dict, list(words))
    done = subprocess.run(
        [program, *command[1:]], env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise CommandError(f"{program} did not succeed: {said[0] if said else f'exit code {done.returncode}'}")
