"""What every kind of target has in common: a look, one write, and a place where what was read is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sharing import graph
from sharing.models import Change

from .decide import Truth, Wish

WRITE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Look:
    """A complete reading, asked for at `asked_at`: what it means for the change, and what there is to store."""

    truth: Truth
    asked_at: datetime
    version: int
    content: Any


class Target(Protocol):
    """One thing at Microsoft that a change is about."""

    wish: Wish

    def look(self, client: graph.Client, *, now: datetime) -> Look:
        """Raises graph.GraphError, mirror.NotTrusted: then nothing is known."""
        ...

    def write(self, client: graph.Client) -> None:
        """The one call that alters something; raises graph.GraphError."""
        ...

    def store(self, look: Look, *, now: datetime, by: Change | None) -> bool:
        """In the caller's transaction; False where somebody wrote the mailbox since the look was begun."""
        ...

    def entry(self, look: Look) -> int | None:
        """The id of the permission that the change made, once the look was stored; None where it made none."""
        ...
