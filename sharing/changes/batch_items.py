"""What a batch would do to each entry, and why some are left out; looks at the mirror only, in a few queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sharing.models import (
    BatchItem,
    CalendarPermission,
    Change,
    ChangeBatch,
    EndDate,
    Mailbox,
    Role,
    reach,
)

from .days import last_day, zone_of
from .decide import Wish, would_raise

KNOWN_REACH = reach(Role.PRIVATE_DELEGATE)  # beyond it nobody can say what a role lets do

# Why an entry is left out; words for each are in words/batches.py.
CHANGED_SINCE, ALREADY_GONE, NOTHING_TO_DO = "changed_since", "already_gone", "nothing_to_do"
NOT_REMOVABLE, ROLE_NOT_ALLOWED, WOULD_RAISE = "not_removable", "role_not_allowed", "would_raise"
OWN_ACCESS, CUSTOM, MAILBOX_NOT_OK, CHANGE_OPEN = "own_access", "custom", "mailbox_not_ok", "change_open"
NEEDS_YES, LENT, ENDS_SOONER = "needs_yes", "lent", "ends_sooner"


@dataclass(slots=True)
class Around:
    """What must be known around the entries of a list, asked once for all of them."""

    everyone: dict[int, str] = field(default_factory=dict)  # calendar → what everybody has there
    changing: set[int] = field(default_factory=set)  # entries with a change underway
    ending: dict[int, EndDate] = field(default_factory=dict)  # entries with an end date
    takes_custom: bool = False  # may access be removed that nothing can put back?


def items_of(
    batch: ChangeBatch, permissions: Iterable[CalendarPermission], seen: Mapping[int, str], *, takes_custom: bool
) -> list[BatchItem]:
    """One line for each entry, not yet stored; `seen` is the role that the page showed, where it showed one.

    `takes_custom` lets custom access be removed, which nothing can put back.
    """
    rows = list(permissions)
    around = around_of(rows)
    around.takes_custom = takes_custom
    after = batch.role if batch.kind == ChangeBatch.LOWER else ""
    return [
        BatchItem(
            tenant=batch.tenant, batch=batch, permission=row, name=row.name, address=row.address,
            before=row.role[:48], after=after, skipped=_why_not(batch, row, seen.get(row.pk, row.role), around),
        )
        for row in rows
    ]  # fmt: skip


def around_of(rows: list[CalendarPermission]) -> Around:
    """Three queries, however many entries."""
    ids = [row.pk for row in rows]
    common = CalendarPermission.objects.open().filter(
        calendar__in={row.calendar_id for row in rows}, is_organization=True
    )
    underway = Change.objects.open().filter(permission__in=ids)
    ending = EndDate.objects.filter(permission__in=ids, state=EndDate.LIVE)
    return Around(
        dict(common.values_list("calendar", "role")),
        set(underway.values_list("permission", flat=True)),
        {row.permission_id: row for row in ending},
    )


def _why_not(batch: ChangeBatch, row: CalendarPermission, seen: str, around: Around) -> str:
    """The first reason to leave an entry out; empty where there is none."""
    if row.ended_at or row.calendar.ended_at or not row.calendar.is_own:
        return ALREADY_GONE
    if row.role != seen:
        return CHANGED_SINCE
    if cause := why_not_now(batch, row, around):
        return cause
    if batch.kind == ChangeBatch.LOWER:
        return _why_not_lower(batch.role, row, around)
    if batch.kind == ChangeBatch.END_DATE and row.removable is not False:
        ending = around.ending.get(row.pk)
        day = last_day(ending.ends_at, zone_of(row.mailbox)) if ending else None
        return ENDS_SOONER if day and batch.ends_at and day <= batch.ends_at.date() else ""
    return why_not_removed(row, around)


def why_not_now(batch: ChangeBatch, row: CalendarPermission, around: Around) -> str:
    """Why an entry is not to be changed at all at the moment, whatever is wanted of it."""
    if _is_own_access(batch, row):
        return OWN_ACCESS
    if row.reach > KNOWN_REACH and not (around.takes_custom and batch.kind == ChangeBatch.REMOVE):
        return CUSTOM
    if row.mailbox.state != Mailbox.OK:
        return MAILBOX_NOT_OK
    if row.mailbox.is_lent:
        return LENT
    return CHANGE_OPEN if row.pk in around.changing else ""


def why_not_removed(row: CalendarPermission, around: Around) -> str:
    if row.removable is False:
        return NOT_REMOVABLE
    return WOULD_RAISE if _gives_more(row, None, around) else ""


def _why_not_lower(role: str, row: CalendarPermission, around: Around) -> str:
    if role == row.role:
        return NOTHING_TO_DO
    if reach(role) > row.reach:
        return NEEDS_YES
    return why_not_role(role, row, around)


def why_not_role(role: str, row: CalendarPermission, around: Around) -> str:
    if role not in row.choices():
        return ROLE_NOT_ALLOWED
    return WOULD_RAISE if _gives_more(row, role, around) else ""


def _is_own_access(batch: ChangeBatch, row: CalendarPermission) -> bool:
    """What is the operator's own is another operator's to change."""
    if batch.actor_kind != Change.OPERATOR or row.grantee is None:
        return False
    return row.grantee.oid is not None and row.grantee.oid == batch.actor.oid


def _gives_more(row: CalendarPermission, role: str | None, around: Around) -> bool:
    """Would the holder, as one of the organisation, then have more than now? As `request.would_raise`, for many."""
    is_apart = row.is_organization or row.inside is False
    common = Role.NONE.value if is_apart else around.everyone.get(row.calendar_id)
    wish = Wish(row.role, role, before_rank=row.reach, after_rank=None if role is None else reach(role))
    return would_raise(wish, None if common is None else reach(common))
