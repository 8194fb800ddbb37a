"""A sandbox that remembers every value a run's thing ever had and who gave it, and edits in the very instant."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.cloud import Cloud
from sandbox.graph import Graph
from sandbox.http import Request, Response
from sandbox.rows import DELIVERY
from tests.cloud import CONTOSO

PORTAL, OUTLOOK = "portal", "Outlook"
TOO_LATE = "portal, too late"  # landed after the quiet period, or even after its outcome was given up
LATE = {"landing 50 s late", "landing too late"}


@dataclass(frozen=True)
class Written:
    """One effective write: the value differs afterwards."""

    at: datetime
    by: str
    before: str | None
    after: str | None


@dataclass
class Thing:
    """What a run changes: an entry by its address, or the delivery option of a mailbox where there is no address."""

    oid: str
    calendar: str
    who: str
    before: str | None
    after: str | None
    third: str
    edits: set[str]
    arrived: int = 0  # requests to write it that reached the sandbox
    refused: int = 0  # of those, the ones that altered nothing
    overwritten: int = 0  # the portal's write came right on top of an edit
    journal: list[Written] = field(default_factory=list)

    def writes(self, by: str = PORTAL) -> list[Written]:
        return [each for each in self.journal if each.by == by]

    def value_at(self, at: datetime) -> str | None:
        return next((each.after for each in reversed(self.journal) if each.at <= at), self.before)


class Watched(Graph):
    """Graph, with a witness at the only place where a write takes effect, however late."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.things: dict[str, Thing] = {}
        self._lock = threading.Lock()
        self._landing = threading.local()
        self._land, cloud.faults.land = cloud.faults.land, self.land

    def land(self, now: float) -> None:
        """In the place of the fault plan's own: what happens in here is late."""
        self._landing.on = True
        try:
            self._land(now)
        finally:
            self._landing.on = False

    def answer(self, caller: Any, request: Request) -> Response:
        thing = None if request.method == "GET" else self._thing(request.path)
        if thing is None:
            return super().answer(caller, request)
        with self._lock:
            thing.arrived += 1
            edited = self._edit_once(thing, "edited before the write", thing.third)
            before = self.value(thing)
            response = super().answer(caller, request)
            is_late = getattr(self._landing, "on", False) and not LATE.isdisjoint(thing.edits)
            if self.note(thing, TOO_LATE if is_late else PORTAL, before):
                thing.overwritten += edited
                self._edit_once(thing, "edited after the write", thing.third)
                self._edit_once(thing, "put back at once", thing.before)
            else:
                thing.refused += 1
            return response

    def _thing(self, path: str) -> Thing | None:
        parts = path.split("/")
        return self.things.get(parts[3].lower()) if len(parts) > 4 else None

    def _edit_once(self, thing: Thing, kind: str, value: str | None) -> bool:
        if kind not in thing.edits:
            return False
        thing.edits.discard(kind)
        return self.edit(thing, value)

    def value(self, thing: Thing) -> str | None:
        """What is true at this moment."""
        box = self.cloud.state.tenants[CONTOSO].users[thing.oid].mailbox
        if not thing.who:
            return str(box.settings[DELIVERY])
        rows = box.calendars[thing.calendar].permissions.values()
        return next((row.role for row in rows if (row.address or "").casefold() == thing.who.casefold()), None)

    def note(self, thing: Thing, by: str, before: str | None) -> bool:
        """Keep an effective write; False where it altered nothing."""
        after = self.value(thing)
        if after != before:
            thing.journal.append(Written(self.cloud.now(), by, before, after))
        return after != before

    def edit(self, thing: Thing, value: str | None) -> bool:
        """The owner makes it so in Outlook; False where it is so already."""
        before = self.value(thing)
        where = {"tenant": CONTOSO, "mailbox": thing.oid}
        entry = {**where, "calendar": thing.calendar, "who": thing.who}
        if before == value:
            return False
        if not thing.who:
            change = {"do": "delivery", "option": value, **where}
        elif value is None:
            change = {"do": "unshare", **entry}
        else:
            change = {"do": "share" if before is None else "role", "role": value, **entry}
        self.cloud.state.apply(change)
        return self.note(thing, OUTLOOK, before)


def watched_cloud(mailboxes: int) -> Cloud:
    """A cloud with so many generated mailboxes and a witness."""
    cloud = Cloud(mailboxes=mailboxes)
    cloud.graph = Watched(cloud)
    return cloud
