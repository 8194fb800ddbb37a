"""What can be proved of what happened: the chained log, its head elsewhere, what Exchange says, how long it is kept."""

from .outside import Difference, Doer, who_did
from .retention import history_begins_at

__all__ = ["Difference", "Doer", "history_begins_at", "who_did"]
