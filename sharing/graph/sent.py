"""What was sent: one call as logs and measures hear of it, and the counts of a client."""

import threading
from dataclasses import dataclass

from .calls import Kind


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP exchange, for logs and measures; `path` is without its query, `status` 0 where there was no answer.

    What a batch held is told after it, as calls that are `is_part` and took no time of their own.
    """

    method: str
    path: str
    status: int
    seconds: float
    sub_requests: int
    request_id: str
    kind: Kind
    is_part: bool = False


class Stats:
    """Counts: `requests` over HTTP, `sub_requests` inside batches; `throttled` and `retried` of both kinds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = self.sub_requests = self.throttled = self.retried = 0

    def add(self, *, requests: int = 0, sub_requests: int = 0, throttled: int = 0, retried: int = 0) -> None:
        """Counts; safe in threads."""
        with self._lock:
            self.requests += requests
            self.sub_requests += sub_requests
            self.throttled += throttled
            self.retried += retried

    def as_dict(self) -> dict[str, int]:
        """The four counts by name."""
        with self._lock:
            return {
                "requests": self.requests,
                "sub_requests": self.sub_requests,
                "throttled": self.throttled,
                "retried": self.retried,
            }
