"""A person's own copy of somebody else's calendar: the one kind of calendar that is renamed or taken off a list here.

Deleting an own calendar would delete it, with all its events, for everybody. So the door asks for proof.
"""

from collections.abc import Collection
from dataclasses import dataclass

from .errors import IdRefused
from .ids import directory_id, outlook_id
from .parse import fold_address
from .resources import Calendar


@dataclass(frozen=True, slots=True)
class Copy:
    """What `proved_copy` found: one calendar of one mailbox that is somebody else's."""

    mailbox_id: str
    calendar_id: str

    @property
    def path(self) -> str:
        return f"/users/{directory_id(self.mailbox_id)}/calendars/{outlook_id(self.calendar_id)}"

    def covers(self, path: str) -> bool:
        """Is that the path of this copy?"""
        return path == self.path


def proved_copy(calendar: Calendar, *, mailbox_id: str, addresses: Collection[str]) -> Copy:
    """Proof that `calendar`, as it was read a moment ago in this mailbox, is somebody else's. Raises IdRefused.

    Every sign must say so: another owner than the mailbox's `addresses` (folded), not shareable, removable, not the
    default one. https://learn.microsoft.com/graph/outlook-share-or-delegate-calendar
    """
    owner = fold_address(calendar.owner_address or "")
    is_elsewhere = bool(owner) and bool(addresses) and owner not in addresses
    if not is_elsewhere or calendar.can_share is not False or calendar.is_default is True:
        raise IdRefused("a calendar of the mailbox's own")
    if calendar.is_removable is False:
        raise IdRefused("a calendar that stays")
    return Copy(mailbox_id, calendar.id)
