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
PAST_VISITS = 15
GOAL_MS = 50
GOAL_IN_ONE_PLACE_MS = 100  # what no tenant has: that a page does not grow without bound
ROWS_A_MAILBOX = 50


def measure(database: Database, product: Remote, *, permissions: int) -> list[Figure]:
    """Milliseconds of server time for each page at `permissions` rows, and whether queries grow with rows."""

    def filled(mailboxes: int, visits: int) -> tuple[dict[str, Any], int]:
        _read(product, mailboxes)
        return product.ask("table", repeat=visits), product.ask("states")["permissions"]

    few, fewer = filled(SMALL_MAILBOXES, visits=1)
    many, rows = filled(-(-permissions // (CALENDARS * PERMISSIONS)), visits=VISITS)
    return _figures(database, few, many, f"{fewer:,} and {rows:,} permissions")


def measure_past(database: Database, product: Remote, *, rows: int) -> list[Figure]:
    """The same for pages that read the audit log and history: in a tenant as it is, and all of it in one place."""

    def filled(how: str, mailboxes: int, rows: int, visits: int) -> dict[str, Any]:
        _read(product, mailboxes)
        product.ask(how, rows=rows)
        return product.ask("past", repeat=visits)

    def of(how: str, mailboxes: int, goal: float, what: str) -> list[Figure]:
        few, many = filled(how, SMALL_MAILBOXES, SMALL_PAST, 1), filled(how, mailboxes, rows, PAST_VISITS)
        # What shows fewer rows asks for fewer names.
        few = {name: page for name, page in few.items() if page["rows"] >= many[name]["rows"]}
        return _figures(database, few, many, f"{SMALL_PAST:,} and {rows:,} events", goal=goal, what=what)

    even = of("even_years", -(-rows // ROWS_A_MAILBOX), GOAL_MS, "")
    return even + of("years", SMALL_MAILBOXES, GOAL_IN_ONE_PLACE_MS, "in one place, ")


def _read(product: Remote, mailboxes: int) -> None:
    with Remote(Server, mailboxes, CALENDARS, core=SERVER_CORE) as server:
        product.ask("move", origin=server.ask("origin"))
        product.ask("empty")
        product.ask("run")


def _figures(
    database: Database, few: dict[str, Any], many: dict[str, Any], detail: str, *, goal: float = GOAL_MS,
    what: str = "",
) -> list[Figure]:  # fmt: skip
    figures = [
        figure(
            "page", database.label, f"{what}{name}, ms", page["ms"], sign="≤", goal=goal,
            detail=f"CPU {median(page['cpu']):.1f} ms{_beside(page)}, {page['queries']} queries, "
            f"{page['rows']} rows shown",
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


def _beside(page: dict[str, Any]) -> str:
    """How many times the control it took: a load beside it slows both."""
    return f" ({median(page['cpu']) / median(page['control']):.2f} × the control)" if "control" in page else ""
