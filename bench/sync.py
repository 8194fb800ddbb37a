"""B1 to B6: reading a tenant, against the bare fetch of the same answers."""

from collections.abc import Callable
from typing import Any

from .databases import Database
from .floor import Floor
from .remote import Remote
from .report import Figure, figure, seconds
from .server import Server
from .world import PERMISSIONS

CALENDARS = 3
ONE_CALENDAR_MAILBOXES = 40
CLIENT_CORE, SERVER_CORE = 0, 1


def measure(database: Database, product: Remote, *, mailboxes: int, repeat: int) -> list[Figure]:
    """All six on `product`, an emptied one; floor and product by turns, `repeat` times after one warming-up."""
    with Remote(Server, mailboxes, CALENDARS, core=SERVER_CORE) as server:
        origin = server.ask("origin")
        product.ask("move", origin=origin)
        with Remote(Floor, origin, mailboxes, CALENDARS, core=CLIENT_CORE) as floor:
            rounds = [_round(server, floor, product, mailboxes) for _ in range(repeat + 1)][1:]
        figures = _ratios(database.label, rounds) + _counts(database.label, rounds, mailboxes)
        figures += _examined(database.label, product.ask("examine"))
    return figures + _one_calendar(database.label, product)


def _round(server: Remote, floor: Remote, product: Remote, mailboxes: int) -> dict[str, Any]:
    """Floor, first load, floor, nothing changed, floor, 1 % changed: CPU seconds and the server's counts of each."""
    product.ask("empty")
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "floor 1": lambda: floor.ask("fetch"),
        "first": lambda: product.ask("run"),
        "floor 2": lambda: floor.ask("fetch"),
        "quiet": lambda: product.ask("run"),
        "floor 3": lambda: floor.ask("fetch"),
        "changed": lambda: product.ask("run"),
    }
    found: dict[str, Any] = {}
    changed = 0
    for name, step in steps.items():
        if name == "changed":
            changed = server.ask("change", percent=1)
        before = server.ask("counts")
        said = step()
        after = server.ask("counts")
        found[name] = said | {"counted": {count: after[count] - before[count] for count in after}}
    expected = (mailboxes * CALENDARS * PERMISSIONS, 0, changed)
    seen = (found["first"]["added"], found["quiet"]["changed"], found["changed"]["changed"])
    if seen != expected:
        raise RuntimeError(f"the mirror found {seen} (added, changed, changed), not {expected}")
    return found


def _ratios(database: str, rounds: list[dict[str, Any]]) -> list[Figure]:
    def cpu(name: str) -> list[float]:
        return [each[name]["cpu"] for each in rounds]

    def over_floor(name: str, before: str, after: str) -> list[float]:
        """Each run over the mean of the two floors around it."""
        around = zip(cpu(before), cpu(after), strict=True)
        return [run / (sum(pair) / 2) for run, pair in zip(cpu(name), around, strict=True)]

    quiet = over_floor("quiet", "floor 2", "floor 3")
    floors = seconds("floor", cpu("floor 1") + cpu("floor 2") + cpu("floor 3"))
    listing = [each["quiet"]["listing_cpu"] for each in rounds]
    return [
        figure(
            "B1", database, "no-change sync ÷ bare fetch", quiet, sign="≤", goal=2.0,
            detail=f"CPU: {seconds('sync', cpu('quiet'))}, of it {seconds('listing', listing)}; {floors}",
        ),
        figure(
            "B2", database, "first load ÷ bare fetch", over_floor("first", "floor 1", "floor 2"), sign="≤", goal=5.0,
            detail=f"CPU: {seconds('sync', cpu('first'))}",
        ),
        figure(
            "B3", database, "1 % changed ÷ no change",
            [c / q for c, q in zip(cpu("changed"), cpu("quiet"), strict=True)], sign="≤", goal=1.25,
            detail=f"CPU: {seconds('sync', cpu('changed'))}",
        ),
    ]  # fmt: skip


def _counts(database: str, rounds: list[dict[str, Any]], mailboxes: int) -> list[Figure]:
    """What the server counted."""

    def per_mailbox(name: str) -> list[float]:
        return [each[name]["counted"]["sub_requests"] / mailboxes for each in rounds]

    wanted = CALENDARS + 2
    figures = [
        figure("B6", database, f"sub-requests a mailbox, {what}", per_mailbox(name), sign="=", goal=wanted)
        for what, name in (("bare fetch", "floor 2"), ("first load", "first"), ("no change", "quiet"))
    ]
    batches = {name: rounds[0][name]["counted"]["batches"] for name in ("floor 2", "first", "quiet")}
    unknown = sum(step["counted"]["unknown"] for each in rounds for step in each.values())
    said = ", ".join(f"{name.rstrip(' 2')} {count}" for name, count in batches.items())
    return [
        *figures,
        figure("", database, "paths the server did not know", [unknown], sign="=", goal=0, detail=f"batches: {said}"),
    ]


def _examined(database: str, found: dict[str, Any]) -> list[Figure]:
    """One more run in which nothing changed, with every statement looked at."""
    *ordinary, last = found["statements"]
    written = found["written"]
    return [
        figure(
            "B4", database, "mirrored rows written, nothing changed", [sum(written.values())], sign="=", goal=0,
            detail=", ".join(f"{table} {rows}" for table, rows in written.items()),
        ),
        figure(
            "B5", database, "SQL statements a shard, nothing changed", ordinary or [last], sign="≤", goal=6,
            detail=f"{last} in the shard that ends the run" if ordinary else "",
        ),
        figure("B6", database, "rounds a shard, nothing changed", found["rounds"], sign="=", goal=1),
    ]  # fmt: skip


def _one_calendar(database: str, product: Remote) -> list[Figure]:
    """Mailboxes with one calendar each: three sub-requests in one round, even the first time."""
    with Remote(Server, ONE_CALENDAR_MAILBOXES, 1, core=SERVER_CORE) as server:
        product.ask("move", origin=server.ask("origin"))
        product.ask("empty")
        found = product.ask("examine")
        asked = server.ask("counts")["sub_requests"] / ONE_CALENDAR_MAILBOXES
    return [
        figure("B6", database, "sub-requests a mailbox, one calendar, first", [asked], sign="=", goal=3),
        figure("B6", database, "rounds a shard, one calendar, first", found["rounds"], sign="=", goal=1),
    ]
