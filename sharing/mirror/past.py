"""Keeps what rows said besides their roles, right before a reading overwrites it, inside the caller's transaction."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sharing import graph
from sharing.models import PastValues, SyncShard, kept

from .compare import KnownCalendar, KnownPermission
from .diff import MailboxDiff
from .rows import insert_rows, moment

Row = tuple[int, int | None, int | None, dict[str, Any]]  # mailbox, calendar, permission, columns as they were


def keep(*, tenant: int, rows: Iterable[Row], now: datetime) -> None:
    """Keep these values as what was so until now."""
    at = moment(now)
    insert_rows(
        PastValues,
        ("tenant_id", "mailbox_id", "calendar_id", "permission_id", "was", "ended_at"),
        [(tenant, mailbox, calendar, permission, json.dumps(kept(was)), at)
         for mailbox, calendar, permission, was in rows if was],
    )  # fmt: skip


def mailbox_row(d: MailboxDiff, shard: SyncShard, asked_at: datetime) -> Row:
    """How well a mailbox was read until this reading."""
    slot = d.slot
    option = (d.settings or {}).get("delivery_option", slot.delivery_option)
    after = (d.state.state, d.state.cause, asked_at if d.state.is_ok else slot.read_at, option)
    if (slot.state, slot.cause, slot.read_at, slot.delivery_option) == after:
        return slot.pk, None, None, {}
    return slot.pk, None, None, {
        "state": slot.state, "cause": slot.cause, "read_at": slot.read_at, "shard_id": shard.pk,
        "delivery_option": slot.delivery_option,
    }  # fmt: skip


def calendar_row(mailbox: int, was: KnownCalendar) -> Row:
    """A calendar's name and how well its list was read until now."""
    return mailbox, was.id, None, {
        "name": was.face[0], "is_default": was.face[1], "state": was.state, "cause": was.cause, "read_at": was.read_at,
    }  # fmt: skip


def permission_row(mailbox: int, was: KnownPermission, seen: graph.Permission) -> Row:
    """What one entry said besides its role; nothing where it says the same."""
    before = {
        "name": was.name, "address": was.address, "allowed_roles": list(was.allowed_roles), "inside": was.inside,
        "removable": was.removable,
    }  # fmt: skip
    after = {
        "name": seen.name or seen.address or "", "address": seen.address or "",
        "allowed_roles": list(seen.allowed_roles), "inside": seen.inside, "removable": seen.removable,
    }  # fmt: skip
    return mailbox, None, was.id, {name: value for name, value in before.items() if value != after[name]}
