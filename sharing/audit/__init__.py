"""What can be proved of what happened: the chained log, its head elsewhere, what Exchange says, how long it is kept."""

from . import exchange, heads, retention
from .exchange import Taken, UploadRefused, take_export, take_records
from .heads import Head, NotAHead, read_heads, write_heads
from .outside import Difference, Doer, is_unexplained, who_did
from .retention import NotThatLong, history_begins_at, keep_history, prune
from .verify import Fault, Verdict, verify

__all__ = [
    "Difference",
    "Doer",
    "Fault",
    "Head",
    "NotAHead",
    "NotThatLong",
    "Taken",
    "UploadRefused",
    "Verdict",
    "exchange",
    "heads",
    "history_begins_at",
    "is_unexplained",
    "keep_history",
    "prune",
    "read_heads",
    "retention",
    "take_export",
    "take_records",
    "verify",
    "who_did",
    "write_heads",
]
