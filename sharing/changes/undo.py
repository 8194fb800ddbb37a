"""Takes an applied change back with another change, as long as the world is still as that change left it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sharing import graph
from sharing.models import DELIVERY_OPTIONS, CalendarPermission, Change, Role, User

from .copies import request_copy_name
from .holders import holder_at, nearest, roles_to_give
from .intent import same_thing
from .refusals import (
    AlreadyGone,
    BadAddress,
    BadName,
    CannotUndo,
    ChangeOpen,
    NotACopy,
    NothingToDo,
    NotRemovable,
    RoleNotAllowed,
    Stale,
    WouldRaise,
)
from .request import request_create, request_delivery, request_removal, request_role

KEPT = timedelta(days=30)
# Why a change cannot be undone.
NOT_APPLIED, TOO_OLD, UNDONE, UNDERWAY, MOVED_ON, CAME_BACK, CALENDAR_GONE, CUSTOM, NO_ADDRESS, NO_ROLE, NO_WAY = (
    "not_applied", "too_old", "undone", "underway", "moved_on", "came_back", "calendar_gone", "custom", "no_address",
    "no_role", "no_way",
)  # fmt: skip
_REFUSED: dict[type[Exception], str] = {
    AlreadyGone: MOVED_ON, Stale: MOVED_ON, NothingToDo: UNDONE, ChangeOpen: UNDERWAY, RoleNotAllowed: NO_ROLE,
    NotRemovable: NO_WAY, WouldRaise: "would_raise", BadAddress: NO_ADDRESS, BadName: NO_WAY, NotACopy: NO_WAY,
}  # fmt: skip


def undo(
    *, change: Change, actor: User, now: datetime, kind: str = "", approved_by: User | None = None, reason: str = ""
) -> Change:
    """Ask for what was before `change`. Raises CannotUndo, and NotNow where the actor may not, or nobody may now."""
    if cause := undo_refusal(change, now):
        raise CannotUndo(cause)
    extras = {"kind": kind, "approved_by": approved_by, "reason": reason, "undoes": change}
    try:
        return _ask(change, actor, now, extras)
    except tuple(_REFUSED) as refused:
        raise CannotUndo(_REFUSED[type(refused)]) from refused


def _ask(change: Change, actor: User, now: datetime, extras: dict) -> Change:
    common = {"actor": actor, "now": now, **extras}
    if change.kind == Change.DELIVERY:
        return request_delivery(mailbox=change.mailbox, option=change.before, seen=change.after, **common)
    if change.kind == Change.COPY_NAME and change.calendar:
        return request_copy_name(calendar=change.calendar, name=change.before, actor=actor, now=now)
    if change.kind == Change.REMOVE and change.calendar:
        return request_create(
            calendar=change.calendar, address=change.address, name=change.name, role=role_again(change) or "", **common
        )
    if change.permission is None:
        raise CannotUndo(NO_WAY)
    if change.kind == Change.CREATE:
        return request_removal(permission=change.permission, seen=change.after, **common)
    return request_role(permission=change.permission, role=change.before, seen=change.after, **common)


def role_again(removal: Change) -> str | None:
    """The role that the undo of a removal asks for: as it was, or the nearest below that; None where there is none."""
    if removal.calendar is None:
        return None
    try:
        holder = holder_at(removal.mailbox, removal.address, removal.name)
    except BadAddress:
        return None
    return nearest(removal.before, roles_to_give(removal.calendar, holder))


def sends_invitation(change: Change) -> bool:
    """Would undoing it make Outlook invite somebody?"""
    return change.kind == Change.REMOVE


def undo_refusal(change: Change, now: datetime) -> str:
    """Why this change cannot be undone now, as a word of this file; empty where it can, as far as the mirror tells."""
    return undo_refusals([change], now)[change.pk]


def undo_refusals(changes: Sequence[Change], now: datetime) -> dict[int, str]:
    """The same of many changes at once, by id; they carry their calendar, permission and mailbox. Three queries."""
    found = {change.pk: _refusal(change, now) for change in changes}
    standing = [pk for pk, cause in found.items() if cause in ("", MOVED_ON)]
    if standing:
        for pk, state in _live().filter(undoes__in=standing).values_list("undoes", "state"):
            found[pk] = UNDERWAY if state == Change.OPEN else UNDONE
    left = [change for change in changes if not found[change.pk]]
    if not left:
        return found
    later = _later(left)
    there = _there([change for change in left if change.kind == Change.REMOVE])
    for change in left:
        found[change.pk] = _overtaken(change, later, there)
    return found


def _refusal(change: Change, now: datetime) -> str:
    """What the row itself tells, and the rows it is about."""
    if change.state != Change.APPLIED or change.finished_at is None:
        return NOT_APPLIED
    if now - change.finished_at > KEPT:
        return TOO_OLD
    if change.kind == Change.COPY_REMOVE:
        return NO_WAY
    if change.reverted_at:
        return MOVED_ON
    if change.calendar and change.calendar.ended_at:
        return CALENDAR_GONE
    if change.kind == Change.DELIVERY:
        if change.before not in DELIVERY_OPTIONS:
            return NO_WAY
        return "" if change.mailbox.delivery_option == change.after else MOVED_ON
    if change.kind == Change.COPY_NAME:
        return "" if change.calendar and change.calendar.name == change.after else MOVED_ON
    if change.kind != Change.CREATE and change.before not in set(Role) - {Role.CUSTOM}:
        return CUSTOM
    if change.kind == Change.REMOVE:
        return "" if graph.fold_address(change.address) else NO_ADDRESS
    permission = change.permission
    if permission is None or permission.ended_at or permission.role != change.after:
        return MOVED_ON
    if change.kind == Change.ROLE and change.before not in permission.choices():
        return NO_ROLE
    return ""


def _overtaken(change: Change, later: dict[str, list[Change]], there: set[tuple[int, str]]) -> str:
    newer = [
        other for target in same_thing(change) for other in later[target]
        if other.pk != change.pk and (other.requested_at, other.pk) > (change.requested_at, change.pk)
    ]  # fmt: skip
    if any(other.is_open for other in newer):
        return UNDERWAY
    if newer:
        return MOVED_ON
    if change.kind == Change.REMOVE and (change.calendar_id, graph.fold_address(change.address)) in there:
        return CAME_BACK
    return ""


def _live():
    return Change.objects.filter(state__in=[Change.OPEN, Change.APPLIED])


def _later(changes: Iterable[Change]) -> dict[str, list[Change]]:
    changes = list(changes)
    targets = {target for change in changes for target in same_thing(change)}
    since = min(change.requested_at for change in changes)
    rows = _live().filter(mailbox__in={change.mailbox_id for change in changes}, requested_at__gte=since)
    found: dict[str, list[Change]] = defaultdict(list)
    for row in rows.filter(target__in=targets).only("pk", "target", "state", "requested_at"):
        found[row.target].append(row)
    return found


def _there(removals: Sequence[Change]) -> set[tuple[int, str]]:
    if not removals:
        return set()
    rows = CalendarPermission.objects.open().filter(calendar__in={change.calendar_id for change in removals})
    return {(calendar, graph.fold_address(address)) for calendar, address in rows.values_list("calendar", "address")}
