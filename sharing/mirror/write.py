"""Writes differences of calendars and permissions, with their history, inside the caller's transaction."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Max

from sharing import graph
from sharing.models import Calendar, CalendarPermission, Change, PermissionPeriod, Tenant, public_id, reach
from sharing.models.names import folded

from .compare import ORGANIZATION_ID, CalendarDiff, KnownPermission
from .diff import MailboxDiff, SeenCalendar
from .holders import Holders, find_holders
from .past import calendar_row, keep, permission_row
from .rows import chunks, insert_rows, moment, update_rows

CALENDAR_FACE = (
    "name", "is_default", "is_own", "owner_name", "owner_address", "can_share", "can_edit", "can_view_private"
)  # fmt: skip
FACE = ("grantee_id", "allowed_roles", "name", "address", "inside", "removable", "name_sort")


@dataclass(frozen=True, slots=True)
class Entry:
    """One calendar's difference and what its rows need to know."""

    mailbox: int
    calendar: int
    owner_sort: str
    confirmed_at: datetime | None  # the last complete reading before this one
    diff: CalendarDiff = field(default_factory=CalendarDiff)


def write_calendars(
    *, tenant: Tenant, dirty: Sequence[MailboxDiff], asked_at: datetime, now: datetime
) -> dict[tuple[int, str], int]:
    """Insert and update calendar rows; the ids of all listed calendars by (mailbox, Graph id)."""
    ids: dict[tuple[int, str], int] = {}
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    past = []
    for diff in dirty:
        for seen in diff.calendars:
            read_at = moment(_read_at(seen, asked_at))
            if seen.known is None:
                new.append(
                    (tenant.pk, diff.slot.pk, public_id(), seen.graph_id, *seen.face, _searched(seen),
                     seen.state.state, seen.state.cause, read_at, moment(now))
                )  # fmt: skip
            else:
                ids[diff.slot.pk, seen.graph_id] = seen.known.id
                if seen.is_dirty:
                    state = seen.state
                    past.append(calendar_row(diff.slot.pk, seen.known))
                    changed.append(
                        (*seen.face, _searched(seen), state.state, state.cause, read_at, None, seen.known.id)
                    )
    columns = (
        "tenant_id",
        "mailbox_id",
        "public_id",
        "graph_id",
        *CALENDAR_FACE,
        "search",
        "state",
        "cause",
        "read_at",
    )
    insert_rows(Calendar, (*columns, "first_seen_at"), new)
    keep(tenant=tenant.pk, rows=past, now=now)
    update_rows(Calendar, (*CALENDAR_FACE, "search", "state", "cause", "read_at", "ended_at"), changed)
    for chunk in chunks({row[1] for row in new}):
        rows = Calendar.objects.filter(mailbox__in=chunk).values_list("mailbox_id", "graph_id", "pk")
        ids.update({(mailbox, graph_id): pk for mailbox, graph_id, pk in rows})
    gone = [c.id for diff in dirty for c in diff.gone]
    for chunk in chunks(gone):
        Calendar.objects.filter(pk__in=chunk).update(ended_at=now, state="ok", cause="")
    return ids


def _searched(seen: SeenCalendar) -> str:
    """The name in the face, as it is searched."""
    return folded(seen.face[0])[:512]


def _read_at(seen: SeenCalendar, asked_at: datetime) -> datetime | None:
    if seen.is_own and seen.state.is_ok:
        return asked_at
    return seen.known.read_at if seen.known else None


def write_permissions(*, tenant: Tenant, entries: Sequence[Entry], now: datetime, change: Change | None = None) -> None:
    """Insert, update and end permission rows, and keep what they were as periods.

    `change` is the one of ours that was just carried out; only its own entry is its doing, whatever else is found.
    """
    holders = find_holders(
        tenant=tenant,
        permissions=(
            p for e in entries
            for p in (*e.diff.new, *(s for _, s in (*e.diff.reopened, *e.diff.role_changed, *e.diff.retouched)))
        ),
    )  # fmt: skip
    _insert_new(tenant, entries, holders, now, change)
    rows = {"began": [], "ended": [], "retouched": []}  # type: dict[str, list[tuple[Any, ...]]]
    past: list[tuple[KnownPermission, Entry, str, str]] = []
    faces = [
        permission_row(entry.mailbox, row, seen)
        for entry in entries
        for row, seen in (*entry.diff.role_changed, *entry.diff.reopened, *entry.diff.retouched)
    ]
    keep(tenant=tenant.pk, rows=faces, now=now)
    for entry in entries:
        confirmed = moment(entry.confirmed_at)
        for row, seen in entry.diff.role_changed:
            past.append((row, entry, PermissionPeriod.CHANGED, seen.role))
            rows["began"].append(_began(seen, holders, confirmed, now, change, row))
        for row, seen in entry.diff.reopened:
            rows["began"].append(_began(seen, holders, confirmed, now, change, row))
        for row, seen in entry.diff.retouched:
            rows["retouched"].append((*_face(seen, holders), row.id))
        for row in entry.diff.ended:
            past.append((row, entry, PermissionPeriod.REMOVED, ""))
            rows["ended"].append((moment(now), row.id))
    write_periods(tenant=tenant, past=past, now=now, change=change)
    began = ("role", "reach", "began_after_at", "began_at", "ended_at", "change_id", *FACE)
    update_rows(CalendarPermission, began, rows["began"])
    update_rows(CalendarPermission, FACE, rows["retouched"])
    update_rows(CalendarPermission, ("ended_at",), rows["ended"])


def _made_by(change: Change | None, graph_id: str) -> int | None:
    """The id of `change` where this entry is the one it was about."""
    return change.pk if change and change.permission and change.permission.graph_id == graph_id else None


def _insert_new(
    tenant: Tenant, entries: Iterable[Entry], holders: Holders, now: datetime, change: Change | None
) -> None:
    at = moment(now)
    rows = []
    for entry in entries:
        confirmed = moment(entry.confirmed_at)
        for p in entry.diff.new:
            rows.append(
                (tenant.pk, entry.mailbox, entry.calendar, p.id, p.id == ORGANIZATION_ID, p.role, reach(p.role),
                 entry.owner_sort, at, confirmed, at, _made_by(change, p.id), *_face(p, holders))
            )  # fmt: skip
    columns = (
        "tenant_id", "mailbox_id", "calendar_id", "graph_id", "is_organization", "role", "reach", "owner_sort",
        "first_seen_at", "began_after_at", "began_at", "change_id",
    )  # fmt: skip
    insert_rows(CalendarPermission, (*columns, *FACE), rows)


def _began(
    seen: graph.Permission,
    holders: Holders,
    confirmed: Any,
    now: datetime,
    change: Change | None,
    row: KnownPermission,
) -> tuple[Any, ...]:
    by = _made_by(change, seen.id)
    return (seen.role, reach(seen.role), confirmed, moment(now), None, by, *_face(seen, holders), row.id)


def _face(p: graph.Permission, holders: Holders) -> tuple[Any, ...]:
    name = p.name or p.address or ""
    return (
        holders.of(p), _as_json(p.allowed_roles), name, p.address or "", p.inside, p.removable, name.casefold()[:128]
    )  # fmt: skip


@lru_cache(maxsize=256)  # a tenant has thousands of these lists, and a handful that differ
def _as_json(roles: tuple[str, ...]) -> str:
    return json.dumps(roles)


def write_periods(
    *,
    tenant: Tenant,
    past: Sequence[tuple[KnownPermission, Entry, str, str]],
    now: datetime,
    change: Change | None = None,
) -> None:
    """Keep what each permission was until now: (its row, entry, how it ended, the role found instead)."""
    was: dict[int, tuple[Any, ...]] = {}
    last: dict[int, datetime] = {}  # when what each was before ended
    for chunk in chunks(row.id for row, *_ in past):
        rows = CalendarPermission.objects.filter(pk__in=chunk)
        columns = ("pk", "role", "began_after_at", "began_at", "calendar_id", "mailbox_id")
        was.update({found[0]: found[1:] for found in rows.values_list(*columns)})
        over = PermissionPeriod.objects.filter(permission__in=chunk).order_by()
        last.update(dict(over.values_list("permission").annotate(last=Max("ended_at"))))
    insert_rows(
        PermissionPeriod,
        ("tenant_id", "permission_id", "role", "began_after_at", "began_at", "ended_after_at", "ended_at", "end",
         "after", "change_id", "calendar_id", "mailbox_id", "is_first"),
        [
            (tenant.pk, row.id, was[row.id][0], moment(was[row.id][1]), moment(was[row.id][2]),
             moment(entry.confirmed_at), moment(now), end, after, _made_by(change, row.graph_id), *was[row.id][3:],
             last.get(row.id) != was[row.id][2])
            for row, entry, end, after in past
        ],
    )  # fmt: skip


def end_calendar(
    *, tenant: Tenant, entry: Entry, permissions: Iterable[KnownPermission], end: str, now: datetime
) -> None:
    """End every open permission of a calendar that is no more (`end` says why)."""
    rows = [p for p in permissions if p.is_open]
    write_periods(tenant=tenant, past=[(row, entry, end, "") for row in rows], now=now)
    update_rows(CalendarPermission, ("ended_at",), [(moment(now), row.id) for row in rows])
