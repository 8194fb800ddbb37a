"""`python -m tests.faults`: the whole matrix on both databases; exit code 0 only where nothing is that must not be.

Each database is measured in a process of its own, because Django knows one set of settings for each process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import databases

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments().parse_args(arguments)
    if asked.on:
        return _measure(asked)
    results: dict[str, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        found = [] if asked.skip_sqlite else [stack.enter_context(databases.sqlite())]
        if asked.postgres:
            found.append(stack.enter_context(databases.postgresql(asked.postgres)))
        for database in found:
            with tempfile.NamedTemporaryFile(suffix=".json") as file:
                again = [
                    *(arguments if arguments is not None else sys.argv[1:]),
                    "--on",
                    database.url,
                    "--into",
                    file.name,
                ]
                command = [sys.executable, "-m", "tests.faults", *again]
                environment = os.environ | {"TEST_DATABASE_URL": database.url}
                subprocess.run(command, cwd=ROOT, env=environment, check=False)
                text = Path(file.name).read_text()
                results[database.label] = (
                    json.loads(text) if text else [{"part": "ended before its end", "good": False}]
                )
    if asked.json:
        print(json.dumps(results, indent=1))
    else:
        from .report import lines

        print("\n".join(lines(results)))
        if not asked.postgres:
            print("Left out. PostgreSQL: set TEST_DATABASE_URL, or give --postgres URL")
    is_good = bool(results) and all(part["good"] for parts in results.values() for part in parts)
    return 0 if is_good else 1


def _measure(asked: argparse.Namespace) -> int:
    """All parts on one database that is empty and there for nothing else."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    django.setup()
    settings.DEBUG = False
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from .parts import parts

    results = parts(asked)
    Path(asked.into).write_text(json.dumps(results))
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--only", choices=["matrix", "composed", "stopped", "races"], action="append", help="these parts"
    )
    parser.add_argument("--composed", type=int, default=60, metavar="N", help="runs with two or three faults (60)")
    parser.add_argument("--stopped", type=int, default=50, metavar="N", help="runs with a stopped worker (50)")
    parser.add_argument("--seed", type=int, default=1, help="of the runs with several faults (1)")
    parser.add_argument("--skip-sqlite", action="store_true", help="PostgreSQL alone")
    parser.add_argument(
        "--postgres", metavar="URL", default=os.environ.get("TEST_DATABASE_URL", ""),
        help="a database beside which one is made and dropped (default: TEST_DATABASE_URL)",
    )  # fmt: skip
    parser.add_argument("--on", metavar="URL", default="", help=argparse.SUPPRESS)
    parser.add_argument("--into", metavar="FILE", default="", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
