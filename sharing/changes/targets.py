"""What a change alters at Microsoft: an entry of a calendar's list, a new entry, the delivery option, or a copy."""

from datetime import datetime

from sharing import graph, mirror
from sharing.models import ORGANIZATION_ID, Calendar, CalendarPermission, Change, Role, reach

from .copy_targets import CopyTarget
from .decide import Truth, Wish
from .looks import WRITE_SECONDS, Look, Target
from .new_entries import CreateTarget


class EntryTarget:
    """One entry of one calendar's list; looking is reading the complete list under the sync's trust rule."""

    def __init__(self, change: Change, calendar: Calendar, permission: CalendarPermission) -> None:
        self.change, self.calendar, self.graph_id = change, calendar, permission.graph_id
        self.wish = Wish(
            change.before,
            change.after or None,
            before_rank=reach(change.before),
            after_rank=reach(change.after) if change.after else None,
        )

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        version = mirror.noted_version(self.change.mailbox)
        is_removed = self.change.kind == Change.REMOVE and self.change.sent_at is not None
        seen = mirror.look_at_calendar(client, self.calendar, without=self.graph_id if is_removed else "")
        return Look(self._truth(seen), now, version, seen)

    def _truth(self, seen: tuple[graph.Permission, ...]) -> Truth:
        entry = next((p for p in seen if p.id == self.graph_id), None)
        if entry is None:
            return self._under_another_id(seen)
        common = next((p.role for p in seen if p.id == ORGANIZATION_ID), None)
        if entry.id == ORGANIZATION_ID or entry.inside is False:
            common = Role.NONE.value
        rank = None if common is None else reach(common)
        return Truth(entry.role, tuple(entry.allowed_roles), entry.removable, rank)

    def _under_another_id(self, seen: tuple[graph.Permission, ...]) -> Truth:
        """Gone, unless the same person was given access anew: then nobody may say that they have none."""
        address = graph.fold_address(self.change.address)
        same = (p for p in seen if address and p.address and graph.fold_address(p.address) == address)
        entry = next(same, None)
        return Truth(entry.role, is_other=True) if entry else Truth(None)

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        oid = str(self.change.mailbox.person.oid)
        calendar_id = None if self.calendar.is_default else self.calendar.graph_id
        request_id = str(self.change.request_id)
        if self.change.kind == Change.REMOVE:
            graph.delete_permission(
                client, oid, calendar_id, self.graph_id, request_id=request_id, deadline_seconds=WRITE_SECONDS
            )
        else:
            graph.update_role(
                client,
                oid,
                calendar_id,
                self.graph_id,
                self.change.after,
                request_id=request_id,
                deadline_seconds=WRITE_SECONDS,
            )

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        return mirror.store_calendar(
            calendar=self.calendar, seen=look.content, version=look.version, asked_at=look.asked_at, now=now, change=by
        )

    def entry(self, look: Look) -> int | None:
        return None  # it was there before


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

    def entry(self, look: Look) -> int | None:
        return None


def target_of(change: Change) -> Target:
    """What `change` is about. A change of an entry without its calendar cannot be (it is written by `request`)."""
    if change.kind == Change.DELIVERY:
        return DeliveryTarget(change)
    if change.calendar is not None:
        if change.kind == Change.CREATE:
            return CreateTarget(change, change.calendar)
        if change.kind in (Change.COPY_NAME, Change.COPY_REMOVE):
            return CopyTarget(change, change.calendar)
        if change.permission is not None:
            return EntryTarget(change, change.calendar, change.permission)
    raise ValueError(f"change {change.public_id} names no entry")
