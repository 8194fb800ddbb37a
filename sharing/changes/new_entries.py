"""A new entry of a calendar's list: found by its address, because nobody knows its id before it is there."""

from copy import copy
from dataclasses import replace
from datetime import datetime

from sharing import graph, mirror
from sharing.models import Calendar, CalendarPermission, Change, reach

from .decide import Truth, Wish
from .holders import addresses_of, nearest, person_at
from .looks import WRITE_SECONDS, Look


class CreateTarget:
    """What a lost answer to the POST means is seen in the list alone; it is never sent again on a guess."""

    def __init__(self, change: Change, calendar: Calendar) -> None:
        self.change, self.calendar = change, calendar
        self.addresses = addresses_of(person_at(change.tenant_id, change.address), change.address)
        self.wish = Wish("", change.after, after_rank=reach(change.after), is_new=True)

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        """The complete list; and before anything was sent, which roles there are for this person."""
        version = mirror.noted_version(self.change.mailbox)
        seen = mirror.look_at_calendar(client, self.calendar)
        entry = self._found(seen)
        if entry is not None:
            return Look(Truth(entry.role, tuple(entry.allowed_roles), entry.removable), now, version, seen)
        allowed = None
        if self.change.sent_at is None:
            allowed = mirror.look_at_allowed_roles(client, self.calendar, self.change.address)
            self._settle_for(allowed)
        return Look(Truth(None, allowed), now, version, seen)

    def _settle_for(self, allowed: tuple[str, ...] | None) -> None:
        """What was taken away comes back as far as it may; what is given anew is given as asked, or not at all."""
        role = nearest(self.change.after, allowed) if self.change.undoes_id else None
        if role is not None:
            self.wish = replace(self.wish, after=role, after_rank=reach(role))

    def _found(self, seen: tuple[graph.Permission, ...]) -> graph.Permission | None:
        return next((p for p in seen if p.address and graph.fold_address(p.address) in self.addresses), None)

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        change = self.change
        graph.create_permission(
            client, str(change.mailbox.person.oid), None if self.calendar.is_default else self.calendar.graph_id,
            address=change.address, name=change.name, role=change.after, request_id=str(change.request_id),
            deadline_seconds=WRITE_SECONDS,
        )  # fmt: skip

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        entry = self._found(look.content)
        if by is not None and entry is not None:
            by = copy(by)
            by.permission = CalendarPermission(graph_id=entry.id)  # not stored: says which entry is the change's doing
        return mirror.store_calendar(
            calendar=self.calendar, seen=look.content, version=look.version, asked_at=look.asked_at, now=now, change=by
        )

    def entry(self, look: Look) -> int | None:
        found = self._found(look.content)
        rows = CalendarPermission.objects.filter(calendar=self.calendar, graph_id=found.id if found else "")
        return rows.values_list("pk", flat=True).first()
