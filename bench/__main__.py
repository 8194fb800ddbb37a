"""`python -m bench`: measures, prints ratios and says by its exit code whether every goal is met."""

import argparse
import os
import platform
import sys
from contextlib import ExitStack

import psycopg

from . import databases, slots, sync, table
from .databases import Database
from .remote import Remote
from .report import Figure, as_json, as_lines


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    mailboxes = asked.mailboxes or (5000 if asked.full else 1000)
    figures: list[Figure] = []
    left_out: list[str] = []
    with ExitStack() as stack:
        found = [stack.enter_context(databases.sqlite())]
        try:
            if asked.postgres:
                found.append(stack.enter_context(databases.postgresql(asked.postgres)))
            else:
                left_out.append("PostgreSQL: set TEST_DATABASE_URL, or give --postgres URL")
        except psycopg.OperationalError as error:
            left_out.append(f"PostgreSQL: {str(error).strip().splitlines()[0]}")
        for database in found if asked.only != "slots" else ():
            figures += _measured(database, asked, mailboxes)
    if asked.only in (None, "slots"):
        figures += slots.measure(repeat=asked.repeat)
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1):
        left_out.append(f"Quiet: the load is {load:.1f}, so trust counts, then ratios, and no milliseconds")
    where = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}"
    shape = f"{mailboxes:,} mailboxes with 3 calendars of 5 permissions, medians of {asked.repeat} (lowest to highest)"
    missed = [figure for figure in figures if not figure.is_met]
    if asked.json:
        print(as_json(figures, shape=shape, where=where, left_out=left_out))
    else:
        print(f"{shape}\n{where}")
        print("\n".join([*as_lines(figures), "", *(f"Left out. {what}" for what in left_out)]))
        print(f"{len(missed)} goals missed." if missed else "Every goal is met.")
    return 1 if missed else 0


def _measured(database: Database, asked: argparse.Namespace, mailboxes: int) -> list[Figure]:
    """All figures of one database, in a process that ends with it."""
    figures: list[Figure] = []
    # The address is given later: each measurement has a server of its own.
    with Remote(databases.product, database, "http://127.0.0.1:9", core=sync.CLIENT_CORE) as product:
        if asked.only in (None, "sync"):
            figures += sync.measure(database, product, mailboxes=mailboxes, repeat=asked.repeat)
        if asked.only in (None, "pages"):
            figures += table.measure(database, product, permissions=asked.permissions)
        if asked.only in (None, "past"):
            figures += table.measure_past(database, product, rows=asked.rows)
    return figures


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="5,000 mailboxes instead of 1,000")
    parser.add_argument("--mailboxes", type=int, help="as many as this")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions, 3 at least for a median (default: 5)")
    parser.add_argument("--permissions", type=int, default=100_000, help="rows of the access table (default: 100,000)")
    parser.add_argument("--rows", type=int, default=100_000, help="rows of audit and history (default: 100,000)")
    parser.add_argument("--only", choices=["sync", "pages", "past", "slots"], help="one part of it")
    parser.add_argument("--sdk", action="store_true", help="also B8: Microsoft's SDK for the same reads (slow)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--postgres", metavar="URL", default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a database beside which one is made and dropped (default: TEST_DATABASE_URL)",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
