"""Writes the mailbox rows of a reading: state, settings, fingerprint, and when it is read next."""

import json
from datetime import datetime, timedelta
from typing import Any

from sharing.models import DeliveryPeriod, Mailbox, SyncShard

from .compare import OK
from .diff import MailboxDiff, gap_minutes
from .known import Slot, Stub
from .past import keep, mailbox_row
from .rows import insert_rows, moment, update_rows

RECENT = timedelta(days=7)  # a mailbox that changed is read hourly this long
HOUR = timedelta(hours=1)

_MAILBOX = (
    "state", "cause", "state_since", "read_at", "digest", "due_at", "failures", "delivery_option", "purpose",
    "settings", "settings_state", "settings_cause", "changed_at",
)  # fmt: skip


def write_mailboxes(
    *,
    shard: SyncShard,
    dirty: list[MailboxDiff],
    same: list[MailboxDiff],
    quiet: list[Stub | Slot],
    asked_at: datetime,
    now: datetime,
) -> None:
    """Write the mailboxes that differ (`dirty`, behind their fence already) and move on those whose time had come.

    `asked_at` is when Microsoft was asked: a reading is as fresh as that. Whoever wrote a mailbox meanwhile, or
    asked for it again, keeps their own `due_at`.
    """
    keep(tenant=shard.tenant_id, rows=[mailbox_row(d, shard, asked_at) for d in dirty], now=now)
    update_rows(Mailbox, _MAILBOX, [_mailbox_row(d, asked_at, now) for d in dirty])
    insert_rows(
        DeliveryPeriod,
        ("tenant_id", "mailbox_id", "delivery_option", "after", "ended_after_at", "ended_at"),
        [row for d in dirty for row in _delivery_row(d, shard, now)],
    )
    # A mailbox whose time had come moves its own row on, even where nothing else changed; the others write nothing.
    fence = ("id", "version", "due_at")
    due = [(d, d.slot) for d in same if d.slot.due_at and d.slot.due_at <= now]
    update_rows(
        Mailbox,
        ("due_at", "failures"),
        [(moment(next_due(d, now)), s.failures + 1, s.pk, s.version, moment(s.due_at)) for d, s in due],
        fence,
    )
    looked = [slot for slot in quiet if slot.due_at and slot.due_at <= now]
    update_rows(
        Mailbox,
        ("due_at", "read_at"),
        [(moment(_again(s.changed_at, now)), moment(asked_at), s.pk, s.version, moment(s.due_at)) for s in looked],
        fence,
    )


def _delivery_row(d: MailboxDiff, shard: SyncShard, now: datetime) -> list[tuple[Any, ...]]:
    """What the delivery option was until now, where this reading shows another."""
    before = d.slot.delivery_option
    after = (d.settings or {}).get("delivery_option", before)
    if not before or before == after:
        return []
    read = [d.slot.read_at, shard.read_at] if d.slot.state == OK else [d.slot.read_at]
    confirmed = max((m for m in read if m), default=None)
    return [(shard.tenant_id, d.slot.pk, before, after, moment(confirmed), moment(now))]


def _mailbox_row(d: MailboxDiff, asked_at: datetime, now: datetime) -> tuple[Any, ...]:
    slot, reading = d.slot, d.reading
    values = d.settings or {}
    was_seen = slot.read_at is not None
    changed_at = now if was_seen and (d.has_rows or d.settings) else slot.changed_at
    failures = 0 if d.state.is_ok else slot.failures + 1
    since = slot.state_since if (slot.state == OK) == d.state.is_ok and slot.state != "never" else now
    due_at = _again(changed_at, now) if d.state.is_ok else next_due(d, now)
    return (
        d.state.state, d.state.cause, moment(since), moment(asked_at if d.state.is_ok else slot.read_at), d.digest,
        moment(due_at), failures, values.get("delivery_option", slot.delivery_option),
        values.get("purpose", slot.purpose), json.dumps(values.get("settings", slot.settings)),
        reading.settings_state.state, reading.settings_state.cause, moment(changed_at), slot.pk,
    )  # fmt: skip


def _again(changed_at: datetime | None, now: datetime) -> datetime | None:
    """When a readable mailbox is read outside the nightly run: hourly for a week after a change."""
    return now + HOUR if changed_at and now - changed_at < RECENT else None


def next_due(d: MailboxDiff, now: datetime) -> datetime:
    """When a mailbox that could not be read is asked again: as Microsoft said, or after a growing gap."""
    wait = timedelta(minutes=gap_minutes(d.slot.failures + 1, d.state))
    if d.reading.retry_after:
        return now + timedelta(seconds=d.reading.retry_after)
    return now + wait
