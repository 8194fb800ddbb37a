"""Pages when there is much to show: the access table, read by the real client and mirror; and years of the past."""

from statistics import median
from typing import Any

from .databases import Database
from .remote import Remote
from .report import Figure, figure
from .server import Server
from .sync import CALENDARS, SERVER_CORE
from .world import PERMISSIONS

SMALL_MAILBOXES = 200
SMALL_PAST = 3_000
VISITS = 9
GOAL_MS = 50


def measure(database: Database, product: Remote, *, permissions: int) -> list[Figure]:
    """Milliseconds of server time for each page at `permissions` rows, and whether queries grow with rows."""

    def filled(mailboxes: int, visits: int) -> tuple[dict[str, Any], int]:
        _read(product, mailboxes)
        return product.ask("table", repeat=visits), product.ask("states")["permissions"]

    few, fewer = filled(SMALL_MAILBOXES, visits=1)
    many, rows = filled(-(-permissions // (CALENDARS * PERMISSIONS)), visits=VISITS)
    return _figures(database, few, many, f"{fewer:,} and {rows:,} permissions")


def measure_past(database: Database, product: Remote, *, rows: int) -> list[Figure]:
    """The same for pages that read the audit log and history, with `rows` of them anywhere, in one place, of one."""

    def filled(rows: int, visits: int) -> dict[str, Any]:
        _read(product, SMALL_MAILBOXES)
        product.ask("years", rows=rows)
        return product.ask("past", repeat=visits)

    few, many = filled(SMALL_PAST, visits=1), filled(rows, visits=VISITS)
    # What shows fewer rows asks for fewer names.
    few = {name: page for name, page in few.items() if page["rows"] >= many[name]["rows"]}
    return _figures(database, few, many, f"{SMALL_PAST:,} and {rows:,} events")


def _read(product: Remote, mailboxes: int) -> None:
    with Remote(Server, mailboxes, CALENDARS, core=SERVER_CORE) as server:
        product.ask("move", origin=server.ask("origin"))
        product.ask("empty")
        product.ask("run")


def _figures(database: Database, few: dict[str, Any], many: dict[str, Any], detail: str) -> list[Figure]:
    figures = [
        figure(
            "page", database.label, f"{name}, ms", page["ms"], sign="≤", goal=GOAL_MS,
            detail=f"CPU {median(page['cpu']):.1f} ms, {page['queries']} queries, {page['rows']} rows shown",
        )
        for name, page in many.items()
    ]  # fmt: skip
    growth = {name: many[name]["queries"] - page["queries"] for name, page in few.items()}
    most = max(growth, key=lambda name: growth[name])
    said = f"{detail}{f'; {most}' if growth[most] > 0 else ''}"
    return [
        *figures,
        figure(
            "page", database.label, "queries more where rows are more", [growth[most]], sign="≤", goal=0, detail=said
        ),
    ]
