"""Everything one reading would change about one mailbox: pure, over what was known and what was heard."""

from dataclasses import dataclass, field
from typing import Any

from sharing import graph

from .compare import (
    NO_MAILBOX,
    OK,
    CalendarDiff,
    KnownCalendar,
    ListState,
    compare_calendar,
    is_own,
    mailbox_state,
    trust_permissions,
)
from .known import Slot
from .read import Reading

SHORT = ListState("incomplete", "cut_off")


@dataclass(slots=True)
class SeenCalendar:
    """One listed calendar: its row as it was (None where new), as it is, and what its list says."""

    known: KnownCalendar | None
    graph_id: str
    face: tuple[Any, ...]
    is_own: bool
    state: ListState
    diff: CalendarDiff | None

    @property
    def is_dirty(self) -> bool:
        if self.known is None or not self.known.is_open or self.diff:
            return True
        return (self.known.face, self.known.state, self.known.cause) != (
            self.face,
            self.state.state,
            self.state.cause,
        )


@dataclass(slots=True)
class MailboxDiff:
    """All differences of one mailbox; `is_dirty` false means that nothing at all need be written."""

    slot: Slot
    reading: Reading
    state: ListState
    calendars: list[SeenCalendar] = field(default_factory=list)
    gone: list[KnownCalendar] = field(default_factory=list)
    settings: dict[str, Any] | None = None  # None: not read, or as before
    digest: str = ""

    @property
    def has_rows(self) -> bool:
        """Would it change calendars or permissions?"""
        return bool(self.gone) or any(c.diff or c.known is None or not c.known.is_open for c in self.calendars)

    @property
    def is_dirty(self) -> bool:
        slot, reading = self.slot, self.reading
        settings = (reading.settings_state.state, reading.settings_state.cause)
        return (
            (slot.state, slot.cause, slot.digest) != (self.state.state, self.state.cause, self.digest)
            or (slot.settings_state, slot.settings_cause) != settings
            or self.settings is not None
            or bool(self.gone)
            or any(c.is_dirty for c in self.calendars)
        )

    @property
    def ending(self) -> list[int]:
        """Ids of the open permissions that would end."""
        rows = [row.id for c in self.calendars if c.diff for row in c.diff.ended]
        return rows + [p.id for c in self.gone for p in c.permissions.values() if p.is_open]

    @property
    def ended(self) -> int:
        return len(self.ending)

    @property
    def added(self) -> int:
        return sum(len(c.diff.new) + len(c.diff.reopened) for c in self.calendars if c.diff)

    @property
    def changed(self) -> int:
        return sum(len(c.diff.role_changed) for c in self.calendars if c.diff)


def diff_mailbox(slot: Slot, reading: Reading, known: dict[str, KnownCalendar]) -> MailboxDiff:
    """Compare one reading with what was known; only complete lists end rows, and only their own."""
    if not reading.calendars_state.is_ok and not reading.calendars:
        result = MailboxDiff(slot, reading, reading.calendars_state)
    else:
        result = MailboxDiff(slot, reading, reading.calendars_state)
        for calendar in reading.calendars:
            result.calendars.append(_see(slot, reading, calendar, known.get(calendar.id)))
        if reading.calendars_state.is_ok:
            listed = {c.id for c in reading.calendars}
            result.gone = [c for c in known.values() if c.is_open and c.graph_id not in listed]
        result.state = mailbox_state([reading.calendars_state, *(c.state for c in result.calendars if c.is_own)])
    result.settings = _settings(slot, reading)
    if result.state.is_ok and reading.settings_state.is_ok:
        result.digest = reading.digest
    return result


def confirm(first: MailboxDiff, second: MailboxDiff) -> MailboxDiff:
    """The second of two readings, ending only what was absent from both.

    Where the second lacks what the first still had, one of them was short: that list is unknown, not shorter.
    """
    absent = {row.id for c in first.calendars if c.diff for row in c.diff.ended}
    gone = {c.id for c in first.gone}
    absent |= {row.id for c in first.gone for row in c.permissions.values()}
    for calendar in second.calendars:
        if calendar.diff and any(row.id not in absent for row in calendar.diff.ended):
            calendar.diff, calendar.state = None, SHORT
    is_short = any(c.id not in gone and any(p.is_open for p in c.permissions.values()) for c in second.gone)
    second.gone = [] if is_short else second.gone
    lists = [SHORT if is_short else second.reading.calendars_state]
    if second.calendars:
        second.state = mailbox_state([*lists, *(c.state for c in second.calendars if c.is_own)])
    if not second.state.is_ok:
        second.digest = ""
    return second


def _see(slot: Slot, reading: Reading, calendar: graph.Calendar, known: KnownCalendar | None) -> SeenCalendar:
    own = is_own(calendar, slot.addresses)
    is_default = calendar.id == reading.default_id
    face = (
        calendar.name or "", is_default, own, calendar.owner_name or "", calendar.owner_address or "",
        calendar.can_share, calendar.can_edit, calendar.can_view_private,
    )  # fmt: skip
    if not own:
        return SeenCalendar(known, calendar.id, face, False, ListState(OK), None)
    state = reading.permissions_state.get(calendar.id, ListState("incomplete", "not_asked"))
    if not state.is_ok:
        return SeenCalendar(known, calendar.id, face, True, state, None)
    rows = known.permissions if known else {}
    seen = reading.permissions[calendar.id]
    state = trust_permissions(
        seen, is_default=is_default, had_organization_row=known is not None and known.had_organization_row
    )
    # A list that cannot be trusted stores nothing: half a picture is not an older one corrected.
    diff = compare_calendar(rows, seen, may_end=True) if state.is_ok else None
    return SeenCalendar(known, calendar.id, face, True, state, diff or None)


def _settings(slot: Slot, reading: Reading) -> dict[str, Any] | None:
    """The mailbox columns that the settings fill, where they differ from what is stored."""
    read = reading.settings
    if read is None:
        return None
    values = {
        "delivery_option": read.delivery_option or "",
        "purpose": read.purpose or "",
        "settings": {
            "time_zone": read.time_zone,
            "working_hours": read.working_hours,
            "language": read.language,
            "date_format": read.date_format,
            "time_format": read.time_format,
            "automatic_replies": read.automatic_replies_status,
            "automatic_replies_from": read.automatic_replies_from,
            "automatic_replies_until": read.automatic_replies_until,
        },
    }
    same = all(getattr(slot, name) == value for name, value in values.items())
    return None if same else values


def is_failure(state: ListState) -> bool:
    """Does this state ask for an earlier second look? No mailbox is an answer, but may pass."""
    return state.state != OK


def gap_minutes(failures: int, state: ListState) -> int:
    """Minutes until a mailbox that is not ok is read again: growing, a day at most."""
    steps = (60, 180, 720, 1440) if state.state == NO_MAILBOX else (10, 30, 60, 180, 360, 720, 1440)
    return steps[min(failures, len(steps)) - 1]
