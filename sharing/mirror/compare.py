"""What a reading says against what was known: pure, no network, no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sharing import graph

ORGANIZATION_ID = "RGVmYXVsdA=="

OK, INCOMPLETE, DENIED, UNREACHABLE, NO_MAILBOX = "ok", "incomplete", "denied", "unreachable", "no_mailbox"


class KnownPermission(NamedTuple):
    """A permission row as the mirror holds it; `is_open` false is one that ended before."""

    id: int
    graph_id: str
    role: str
    allowed_roles: tuple[str, ...]
    name: str
    address: str
    inside: bool | None
    removable: bool | None
    is_open: bool


class KnownCalendar(NamedTuple):
    """A calendar row as the mirror holds it, with its permissions by Graph id, ended ones too."""

    id: int
    graph_id: str
    face: tuple[object, ...]
    state: str
    cause: str
    is_own: bool
    is_open: bool
    read_at: datetime | None
    permissions: Mapping[str, KnownPermission]

    @property
    def had_organization_row(self) -> bool:
        row = self.permissions.get(ORGANIZATION_ID)
        return row is not None and row.is_open


@dataclass(frozen=True, slots=True)
class ListState:
    """How far one list can be trusted: only `ok` may end rows."""

    state: str
    cause: str = ""

    @property
    def is_ok(self) -> bool:
        return self.state == OK


TRUSTED = ListState(OK)


@dataclass(slots=True)
class CalendarDiff:
    """What changed on one calendar's permission list."""

    new: list[graph.Permission] = field(default_factory=list)
    reopened: list[tuple[KnownPermission, graph.Permission]] = field(default_factory=list)
    role_changed: list[tuple[KnownPermission, graph.Permission]] = field(default_factory=list)
    retouched: list[tuple[KnownPermission, graph.Permission]] = field(default_factory=list)
    ended: list[KnownPermission] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.new or self.reopened or self.role_changed or self.retouched or self.ended)


def state_of(error: Exception) -> ListState:
    """The state a list is in after `error` (graph.GraphError family); the cause is Graph's code or our word."""
    cause = getattr(error, "cause", "") or type(error).__name__
    match error:
        case graph.Throttled():
            return ListState(INCOMPLETE, "throttled")
        case graph.MailboxMissing():
            return ListState(NO_MAILBOX, cause)
        case graph.OutOfScope():
            return ListState(DENIED, "out_of_scope")
        case graph.Denied():
            return ListState(DENIED, cause)
        case graph.Malformed():
            return ListState(INCOMPLETE, cause)
        case graph.Unreachable():
            return ListState(UNREACHABLE, cause)
    return ListState(UNREACHABLE, cause)


def trust_permissions(
    permissions: Sequence[graph.Permission], *, is_default: bool, had_organization_row: bool
) -> ListState:
    """May this list end rows? A primary calendar always has its organisation row, and a row once seen stays."""
    if any(p.id == ORGANIZATION_ID for p in permissions):
        return TRUSTED
    if is_default or had_organization_row:
        return ListState(INCOMPLETE, "empty" if not permissions else "no_default_row")
    return TRUSTED


def mailbox_state(lists: Iterable[ListState]) -> ListState:
    """One state for a mailbox from the states of its lists, the list of calendars first."""
    states = list(lists)
    bad = [s for s in states if not s.is_ok]
    if not bad:
        return TRUSTED
    if not states[0].is_ok:
        return states[0]
    if len(bad) == len(states) - 1 and all(s.state == bad[0].state for s in bad):
        return bad[0]
    return ListState(INCOMPLETE, bad[0].cause)


def compare_calendar(
    known: Mapping[str, KnownPermission], seen: Sequence[graph.Permission], *, may_end: bool
) -> CalendarDiff:
    """Differences of one list; rows that are missing end only where `may_end` (the list is trusted)."""
    diff = CalendarDiff()
    ids = set()
    for permission in seen:
        ids.add(permission.id)
        row = known.get(permission.id)
        if row is None:
            diff.new.append(permission)
        elif not row.is_open:
            diff.reopened.append((row, permission))
        elif row.role != permission.role:
            diff.role_changed.append((row, permission))
        elif _face(row) != _face_seen(permission):
            diff.retouched.append((row, permission))
    if may_end:
        diff.ended = [row for graph_id, row in known.items() if row.is_open and graph_id not in ids]
    return diff


def _face(row: KnownPermission) -> tuple[object, ...]:
    return row.allowed_roles, row.name, row.address, row.inside, row.removable


def _face_seen(seen: graph.Permission) -> tuple[object, ...]:
    return tuple(seen.allowed_roles), seen.name or "", seen.address or "", seen.inside, seen.removable


def is_own(calendar: graph.Calendar, addresses: frozenset[str]) -> bool:
    """Is this calendar the mailbox's own? Somebody else's names another owner and cannot be shared on."""
    return graph.fold_address(calendar.owner_address or "") in addresses or calendar.can_share is not False


def default_calendar_id(calendars: Sequence[graph.Calendar]) -> str | None:
    """The id of the one calendar that says it is the default; None where none or several do: `/calendar` is asked."""
    marked = [c.id for c in calendars if c.is_default]
    return marked[0] if len(marked) == 1 else None
