"""Stores a shard's readings in one transaction, behind the fence of each mailbox and under the breaker."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from sharing.models import (
    CalendarPermission,
    Grant,
    Mailbox,
    PermissionPeriod,
    ShardReading,
    SyncRun,
    SyncShard,
    Tenant,
    keep_mailboxes,
)

from .compare import OK, KnownCalendar, ListState
from .diff import MailboxDiff, diff_mailbox
from .known import Slot, Stub, load_calendars, load_slots
from .mailboxes import write_mailboxes
from .read import Reading
from .rows import swap_versions
from .scope import inside
from .write import Entry, end_calendar, write_calendars, write_permissions

BREAKER = ListState("incomplete", "breaker")
OWN_LIMIT = 20  # so many permissions may end at once in a mailbox that its person connected


class FenceLost(Exception):
    """Another worker holds the shard now, or who lent what reads it was switched off; nothing was stored."""


class BreakerTripped(Exception):
    """More would end than is plausible; nothing of this difference was stored."""


@dataclass(slots=True)
class Stored:
    """What storing a shard did: mailboxes by state, cause and whether the account is deleted; and rows.

    `held_back` are the ids of permissions that would have ended.
    """

    found: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    added: int = 0
    changed: int = 0
    ended: int = 0
    held_back: list[int] = field(default_factory=list)
    thrown_away: int = 0

    @property
    def mailboxes(self) -> int:
        return self.found.total()


def breaker_limit(tenant: Tenant) -> int:
    """How many permissions may end in one run: 5 % of the open ones, 20 at least."""
    return max(20, CalendarPermission.objects.open().filter(tenant=tenant).count() * 5 // 100)


@dataclass(frozen=True, slots=True)
class Visit:
    """One claimed reading of a shard: for which run, of all its mailboxes or some, and what was sent for it.

    `asked_at` is before the first question: what is shown is as fresh as that. `now` is when it is stored.
    """

    shard: SyncShard
    run: SyncRun | None
    asked_at: datetime
    now: datetime
    is_whole: bool
    sent: Mapping[str, int]
    is_confirmed: bool = False  # it ended too much before, and this is the second reading that says so


def compare_readings(
    stubs: Sequence[Stub | Slot], readings: Mapping[str, Reading]
) -> tuple[list[MailboxDiff], list[Stub | Slot]]:
    """The differences of the mailboxes that are not as they were, and the quiet ones. Three queries, or none."""
    changed = [stub for stub in stubs if not readings[stub.oid].is_unchanged]
    quiet = [stub for stub in stubs if readings[stub.oid].is_unchanged]
    if not changed:
        return [], quiet
    known = load_calendars([stub.pk for stub in changed])
    slots = load_slots(changed)
    return [diff_mailbox(slot, readings[slot.oid], known.get(slot.pk, {})) for slot in slots], quiet


def store_readings(*, visit: Visit, diffs: list[MailboxDiff], quiet: list[Stub | Slot]) -> Stored:
    """Store what was read and give the shard's claim back, in one transaction. Raises FenceLost.

    Where the breaker trips, everything but the differences is stored.
    """
    held_back = [d for d in diffs if d.has_rows]
    try:
        if held_back and _is_held(visit.run):
            raise BreakerTripped
        with transaction.atomic():
            return _store(visit, diffs, quiet, Stored())
    except BreakerTripped:
        with transaction.atomic():
            stored = _hold(visit, held_back)
            return _store(visit, [d for d in diffs if not d.has_rows], quiet, stored)


def _is_held(run: SyncRun | None) -> bool:
    held = SyncRun.objects.filter(outcome=SyncRun.HELD, cause=BREAKER.cause)
    return run is not None and held.filter(pk=run.pk).exists()


def _store(visit: Visit, diffs: list[MailboxDiff], quiet: list[Stub | Slot], stored: Stored) -> Stored:
    dirty = _still_ours(visit, [d for d in diffs if d.is_dirty])
    won = swap_versions(Mailbox, {d.slot.pk: d.slot.version for d in dirty}) if dirty else set()
    lost = [d.slot.pk for d in dirty if d.slot.pk not in won]
    dirty = [d for d in dirty if d.slot.pk in won]
    if dirty:
        _write(visit, dirty, stored)
    write_mailboxes(
        shard=visit.shard,
        dirty=dirty,
        same=[d for d in diffs if not d.is_dirty],
        quiet=quiet,
        asked_at=visit.asked_at,
        now=visit.now,
    )
    if lost:
        Mailbox.objects.filter(pk__in=lost).update(due_at=visit.now)
        stored.thrown_away = len(lost)
    stored.found[OK, "", False] += len(quiet)
    _find(stored, diffs)
    _let_go(visit, stored)
    _count(visit, stored)
    return stored


def _still_ours(visit: Visit, dirty: list[MailboxDiff]) -> list[MailboxDiff]:
    """Those whose person nobody switched off while they were read: their accounts have no fence of their own.

    Raises FenceLost where that person had lent what this was read with.
    """
    shard = visit.shard
    if shard.grant_id:
        if not Grant.objects.in_use().filter(pk=shard.grant_id).exists():
            raise FenceLost
        return dirty
    if shard.tenant.scope != Tenant.PEOPLE or not dirty:
        return dirty
    read = Mailbox.objects.filter(inside(shard.tenant), pk__in=[d.slot.pk for d in dirty])
    ours = set(read.values_list("pk", flat=True))
    return [d for d in dirty if d.slot.pk in ours]


def _find(stored: Stored, diffs: Iterable[MailboxDiff], state: ListState | None = None) -> None:
    """Count mailboxes, each in its own state or all in `state`."""
    for d in diffs:
        said = state or d.state
        stored.found[said.state, said.cause, d.slot.is_deleted and not said.is_ok] += 1


def _write(visit: Visit, dirty: list[MailboxDiff], stored: Stored) -> None:
    tenant, shard, now = visit.shard.tenant, visit.shard, visit.now
    calendars = write_calendars(tenant=tenant, dirty=dirty, asked_at=visit.asked_at, now=now)
    entries = []
    for d in dirty:
        for c in d.calendars:
            if c.diff:
                confirmed = confirmed_at(d.slot, shard, c.known)
                entries.append(Entry(d.slot.pk, calendars[d.slot.pk, c.graph_id], d.slot.owner_sort, confirmed, c.diff))
    if entries:
        write_permissions(tenant=tenant, entries=entries, now=now)
    for d in dirty:
        stored.added += d.added
        stored.changed += d.changed
        stored.ended += d.ended
        for gone in d.gone:
            entry = Entry(d.slot.pk, gone.id, d.slot.owner_sort, confirmed_at(d.slot, shard, gone))
            end_calendar(
                tenant=tenant, entry=entry, permissions=gone.permissions.values(),
                end=PermissionPeriod.CALENDAR_REMOVED, now=now,
            )  # fmt: skip


def confirmed_at(slot: Slot, shard: SyncShard, calendar: KnownCalendar | None) -> datetime | None:
    """The last complete reading of this calendar before now; None where this is the first."""
    if calendar is None:
        # A calendar that appears in a mailbox that was read before was not there at that reading.
        return max(filter(None, (slot.read_at, shard.read_at)), default=None) if slot.state == OK else None
    moments = [calendar.read_at]
    if slot.state == OK and calendar.read_at:
        moments += [slot.read_at, shard.read_at]
    return max((m for m in moments if m), default=None)


def _let_go(visit: Visit, stored: Stored) -> None:
    """Give the claim back behind the fence; a run that asked for the shard meanwhile finds it waiting.

    What was found is kept for the end of the run, which adds its shards up; a reading outside a run leaves it alone.
    """
    fields: dict[str, Any] = {}
    if visit.run is not None:
        found = [[*what, count] for what, count in stored.found.items() if count]
        held_back = stored.held_back[: SyncRun.SAMPLE]
        fields["result"] = {"run": visit.run.pk, "found": found, "held_back": held_back}
    if visit.is_whole and not stored.thrown_away:
        fields["read_at"] = visit.asked_at
    mine = SyncShard.objects.filter(pk=visit.shard.pk, attempt=visit.shard.attempt)
    done = mine.filter(run=visit.run).update(due_at=None, run=None, **fields)
    if not done and not mine.exclude(run=visit.run).update(due_at=visit.now, **fields):
        raise FenceLost
    if "read_at" in fields:
        ShardReading.objects.create(
            tenant_id=visit.shard.tenant_id, shard=visit.shard, read_at=visit.asked_at, stored_at=visit.now
        )


def _count(visit: Visit, stored: Stored) -> None:
    """Add up, last in the transaction; the same statement is the breaker that all workers share."""
    run, ended = visit.run, stored.ended
    if visit.shard.grant_id:  # nobody's runs: each mailbox has a limit of its own
        if ended > OWN_LIMIT and not visit.is_confirmed:
            raise BreakerTripped
        return
    if run is None:
        if ended:
            limit = breaker_limit(visit.shard.tenant) - ended
            within = Tenant.objects.filter(pk=visit.shard.tenant_id, loose_ended__lte=max(0, limit))
            if limit < 0 or not within.update(loose_ended=F("loose_ended") + ended):
                raise BreakerTripped
        return
    rows = SyncRun.objects.filter(pk=run.pk)
    if ended and run.ended_limit is not None:
        if run.ended_limit < ended:
            raise BreakerTripped
        rows = rows.filter(ended__lte=run.ended_limit - ended)
    counted = rows.update(
        mailboxes_read=F("mailboxes_read") + stored.mailboxes,
        added=F("added") + stored.added,
        changed=F("changed") + stored.changed,
        ended=F("ended") + ended,
        **{name: F(name) + count for name, count in visit.sent.items()},
    )
    if not counted:
        raise BreakerTripped


def _hold(visit: Visit, held: list[MailboxDiff]) -> Stored:
    """Store no difference: the mailboxes stay as last known and say so, until a person decides."""
    stored = Stored()
    _find(stored, held, BREAKER)
    keep_mailboxes(Mailbox.objects.filter(pk__in=[d.slot.pk for d in held]), now=visit.now)
    for d in held:
        is_mine = Mailbox.objects.filter(pk=d.slot.pk, version=d.slot.version).update(
            state=BREAKER.state,
            cause=BREAKER.cause,
            state_since=d.slot.state_since if d.slot.state != OK else visit.now,
            digest="",
            due_at=None,
            version=F("version") + 1,
        )
        stored.held_back += d.ending if is_mine else []
    if visit.run is not None:
        SyncRun.objects.filter(pk=visit.run.pk).update(
            outcome=SyncRun.HELD, cause="breaker", held_back=F("held_back") + len(stored.held_back)
        )
    return stored
