"""Why a wish is not written down; each is told to whoever asked."""

from sharing.models import Change


class Refused(Exception):
    """The wish was not written down and nothing will happen; each subclass says why."""


class Stale(Refused):
    """The form showed another value than is true now; `found` is the one that is."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class AlreadyGone(Refused):
    """The access ended meanwhile."""


class RoleNotAllowed(Refused):
    """Not among the entry's allowedRoles."""


class NotRemovable(Refused):
    """isRemovable is false: it can be lowered, not removed."""


class NothingToDo(Refused):
    """It is so already."""


class WouldRaise(Refused):
    """The person would fall back to more than they have; `role` is what everybody has."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


class ChangeOpen(Refused):
    """Another change of the same thing is underway; `change` is that one (None where it just ended)."""

    def __init__(self, change: Change | None) -> None:
        super().__init__("a change is underway")
        self.change = change


class NotNow(Refused):
    """Changes are not possible now, or not for this person.

    `cause`: not_allowed, own_access, needs_approval, frozen, not_connected, writes_off, left_out, grant_lost,
    grant_reads or creates_off.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class BadAddress(Refused):
    """No address that a calendar could be shared with, or one of the owner's own."""


class BadName(Refused):
    """A calendar's name is some text of at most 255 characters."""


class NotACopy(Refused):
    """The calendar is the mailbox's own: its name and its end are made in Outlook."""


class CannotUndo(Refused):
    """The change cannot be undone; `cause` is a word of `undo.undo_refusal`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause
