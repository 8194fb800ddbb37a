"""Reads what Graph says and stores it; never writes to Graph."""

from .aside import addresses_of, look_at_allowed_roles, look_at_copy, store_copy
from .directory import ListingHeld
from .holders import search_text
from .look import (
    NotTrusted,
    look_at_calendar,
    look_at_delivery,
    noted_version,
    store_calendar,
    store_delivery,
)
from .own_here import read_own_here
from .plan import (
    NotHeld,
    RunUnderway,
    accept_run,
    ask_to_read,
    begin_due_runs,
    begin_run,
    end_runs,
    finish_run,
    reject_run,
    stop_run,
    wake_shards,
)
from .scope import DISCONNECTED, NOT_MATCHED, OUTSIDE_GROUP, end_disconnected, in_domains, match_invitations
from .sync import list_directory, run_here, sync_shard

__all__ = [
    "DISCONNECTED", "ListingHeld", "NOT_MATCHED", "NotHeld", "NotTrusted", "OUTSIDE_GROUP", "RunUnderway",
    "accept_run", "addresses_of", "ask_to_read", "begin_due_runs", "begin_run", "end_disconnected", "end_runs",
    "finish_run", "in_domains", "list_directory", "look_at_allowed_roles", "look_at_calendar", "look_at_copy",
    "look_at_delivery", "match_invitations", "noted_version", "read_own_here", "reject_run", "run_here", "search_text",
    "stop_run", "store_calendar", "store_copy", "store_delivery", "sync_shard", "wake_shards",
]  # fmt: skip
