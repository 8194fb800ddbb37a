"""What can be proved of what happened: the chained log, its head elsewhere, what Exchange says, how long it is kept."""

from . import heads
from .heads import Head, NotAHead, read_heads, write_heads
from .outside import Difference, Doer, who_did
from .retention import history_begins_at
from .verify import Fault, Verdict, verify

__all__ = [
    "Difference",
    "Doer",
    "Fault",
    "Head",
    "NotAHead",
    "Verdict",
    "heads",
    "history_begins_at",
    "read_heads",
    "verify",
    "who_did",
    "write_heads",
]
