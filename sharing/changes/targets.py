"""The two kinds of thing a change can alter at Microsoft: an entry of a calendar's list, and the delivery option."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sharing import graph, mirror
from sharing.models import ORGANIZATION_ID, Calendar, CalendarPermission, Change, Role, reach

from .decide import Truth, Wish

WRITE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Look:
    """A complete reading, asked for at `asked_at`: what it means for the change, and what there is to store."""

    truth: Truth
    asked_at: datetime
    version: int
    content: Any


class EntryTarget:
    """One entry of one calendar's list; looking is reading the complete list under the sync's trust rule."""

    def __init__(self, change: Change, calendar: Calendar, permission: CalendarPermission) -> None:
        self.change, self.calendar, self.entry = change, calendar, permission.graph_id
        self.wish = Wish(
            change.before,
            change.after or None,
            before_rank=reach(change.before),
            after_rank=reach(change.after) if change.after else None,
        )

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        version = mirror.noted_version(self.change.mailbox)
        is_removed = self.change.kind == Change.REMOVE and self.change.sent_at is not None
        seen = mirror.look_at_calendar(client, self.calendar, without=self.entry if is_removed else "")
        return Look(self._truth(seen), now, version, seen)

    def _truth(self, seen: tuple[graph.Permission, ...]) -> Truth:
        entry = next((p for p in seen if p.id == self.entry), None)
        if entry is None:
            return Truth(None)
        common = next((p.role for p in seen if p.id == ORGANIZATION_ID), None)
        if entry.id == ORGANIZATION_ID or entry.inside is False:
            common = Role.NONE.value
        rank = None if common is None else reach(common)
        return Truth(entry.role, tuple(entry.allowed_roles), entry.removable, rank)

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        oid = str(self.change.mailbox.person.oid)
        calendar_id = None if self.calendar.is_default else self.calendar.graph_id
        request_id = str(self.change.request_id)
        if self.change.kind == Change.REMOVE:
            graph.delete_permission(
                client, oid, calendar_id, self.entry, request_id=request_id, deadline_seconds=WRITE_SECONDS
            )
        else:
            graph.update_role(
                client,
                oid,
                calendar_id,
                self.entry,
                self.change.after,
                request_id=request_id,
                deadline_seconds=WRITE_SECONDS,
            )

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        return mirror.store_calendar(
            calendar=self.calendar, seen=look.content, version=look.version, asked_at=look.asked_at, now=now, change=by
        )


class DeliveryTarget:
    """Who gets the meeting requests of a mailbox; the settings are read whole and one property is written."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.wish = Wish(change.before, change.after)

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        version = mirror.noted_version(self.change.mailbox)
        option = mirror.look_at_delivery(client, self.change.mailbox)
        return Look(Truth(option), now, version, option)

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        change = self.change
        graph.update_delivery(
            client, str(change.mailbox.person.oid), change.after,
            request_id=str(change.request_id), deadline_seconds=WRITE_SECONDS,
        )  # fmt: skip

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        return mirror.store_delivery(
            mailbox=self.change.mailbox, option=look.content, version=look.version, now=now, change=by
        )


def target_of(change: Change) -> EntryTarget | DeliveryTarget:
    """What `change` is about. A change of an entry without its calendar cannot be (it is written by `request`)."""
    if change.kind == Change.DELIVERY:
        return DeliveryTarget(change)
    if change.calendar is None or change.permission is None:
        raise ValueError(f"change {change.public_id} names no entry")
    return EntryTarget(change, change.calendar, change.permission)
