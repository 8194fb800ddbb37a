"""A person's own copy of somebody else's calendar: its name, and whether it is on their list."""

from datetime import datetime

from sharing import graph, mirror
from sharing.models import Calendar, Change

from .decide import Truth, Wish
from .looks import WRITE_SECONDS, Look

LISTED = "listed"  # what stands for a copy that is there: it may be taken off whatever it is called by now


class CopyTarget:
    """Whether it is somebody else's is asked of Microsoft right before, never of the mirror alone."""

    def __init__(self, change: Change, calendar: Calendar) -> None:
        self.change, self.calendar = change, calendar
        self.is_removal = change.kind == Change.COPY_REMOVE
        self.wish = Wish(LISTED, None) if self.is_removal else Wish(change.before, change.after)
        self._copy: graph.Copy | None = None

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        """Raises graph.IdRefused where the calendar turns out to be the mailbox's own."""
        version = mirror.noted_version(self.change.mailbox)
        seen = mirror.look_at_copy(client, self.calendar)
        self._copy = None
        if seen is None:
            return Look(Truth(None), now, version, None)
        mailbox = self.change.mailbox
        self._copy = graph.proved_copy(
            seen, mailbox_id=str(mailbox.person.oid), addresses=mirror.addresses_of(mailbox)
        )  # fmt: skip
        return Look(Truth(LISTED if self.is_removal else seen.name or ""), now, version, seen)

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        if self._copy is None:
            raise graph.IdRefused("a calendar that was not looked at")
        request_id = str(self.change.request_id)
        if self.is_removal:
            graph.remove_copy(client, self._copy, request_id=request_id, deadline_seconds=WRITE_SECONDS)
        else:
            graph.rename_copy(
                client, self._copy, self.change.after, request_id=request_id, deadline_seconds=WRITE_SECONDS
            )

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        return mirror.store_copy(calendar=self.calendar, seen=look.content, version=look.version, now=now)

    def entry(self, look: Look) -> int | None:
        return None
