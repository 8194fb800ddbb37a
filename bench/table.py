"""The access table when it is long: filled by the server, the real client and the real mirror, then looked at."""

from statistics import median
from typing import Any

from .databases import Database
from .remote import Remote
from .report import Figure, figure
from .server import Server
from .sync import CALENDARS, SERVER_CORE
from .world import PERMISSIONS

SMALL_MAILBOXES = 200
VISITS = 9
GOAL_MS = 50


def measure(database: Database, product: Remote, *, permissions: int) -> list[Figure]:
    """Milliseconds of server time for each page at `permissions` rows, and whether queries grow with rows."""
    few, _ = _filled(product, SMALL_MAILBOXES, visits=1)
    many, rows = _filled(product, -(-permissions // (CALENDARS * PERMISSIONS)), visits=VISITS)
    figures = [
        figure(
            "page", database.label, f"{name}, ms", page["ms"], sign="≤", goal=GOAL_MS,
            detail=f"CPU {median(page['cpu']):.1f} ms, {page['queries']} queries, {page['rows']} rows shown",
        )
        for name, page in many.items()
    ]  # fmt: skip
    growth = [page["queries"] - few[name]["queries"] for name, page in many.items()]
    detail = f"{SMALL_MAILBOXES * CALENDARS * PERMISSIONS:,} and {rows:,} permissions"
    return [
        *figures,
        figure(
            "page", database.label, "queries more where rows are more", [max(growth)], sign="≤", goal=0, detail=detail
        ),
    ]


def _filled(product: Remote, mailboxes: int, *, visits: int) -> tuple[dict[str, Any], int]:
    with Remote(Server, mailboxes, CALENDARS, core=SERVER_CORE) as server:
        product.ask("move", origin=server.ask("origin"))
        product.ask("empty")
        product.ask("run")
    return product.ask("table", repeat=visits), product.ask("states")["permissions"]
