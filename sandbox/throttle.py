"""Microsoft's limits per application and mailbox: four requests at once, ten thousand in ten minutes."""

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.graph.errors import error
from sandbox.http import Request, Response

Key = tuple[Hashable, ...]
WINDOW_SECONDS = 600
# A request that left before the refusal could arrive is refused as well, but it is no early retry.
GRACE_SECONDS = 0.1


@dataclass(slots=True)
class Hold:
    """Until when a key is refused, since when, and what was refused first."""

    since: float
    until: float
    request: int


class Throttle:
    """Counts what is in flight and what came; all times are the cloud's, in seconds.

    `app_wide` limits what one application has in flight in all mailboxes together; None is no limit.
    """

    SETTINGS = ("mailbox_concurrency", "requests_per_ten_minutes", "app_wide", "retry_after")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.mailbox_concurrency: int = 4
        self.requests_per_ten_minutes: int = 10_000
        self.app_wide: int | None = None
        self.retry_after: float = 1
        self.early_retries = 0
        self._in_flight: dict[Key, int] = {}
        self._windows: dict[Key, tuple[float, int]] = {}
        self._holds: dict[Key, Hold] = {}

    def change(self, wanted: dict[str, Any]) -> None:
        """Set these limits. Raises ValueError, nothing set, for a value that is no number above zero."""
        for name, value in wanted.items():
            if not (value is None and name == "app_wide") and (type(value) not in (int, float) or value <= 0):
                raise ValueError(f"{name} is a number above zero; not {value!r}.")
        for name, value in wanted.items():
            setattr(self, name, value)

    def plain(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.SETTINGS}

    def take(self, key: Key, wanted: int = 1) -> int:
        """Put up to this many in flight; how many there was room for."""
        limit = self.app_wide if key[-1] is None else self.mailbox_concurrency
        with self._lock:
            now = self._in_flight.get(key, 0)
            taken = wanted if limit is None else max(0, min(wanted, limit - now))
            self._in_flight[key] = now + taken
            return taken

    def give_back(self, key: Key, taken: int) -> None:
        with self._lock:
            left = self._in_flight.get(key, 0) - taken
            if left > 0:
                self._in_flight[key] = left
            else:
                self._in_flight.pop(key, None)

    @contextmanager
    def room(self, *keys: Key) -> Iterator[bool]:
        """Hold a place in every one of these for a while; False, and no place held, where one is full."""
        taken = [key for key in keys if self.take(key)]
        try:
            yield len(taken) == len(keys)
        finally:
            for key in taken:
                self.give_back(key, 1)

    def hold(self, key: Key, request: Request, *, seconds: float, now: float) -> None:
        """Refuse this key for so long; nobody may come back earlier."""
        with self._lock:
            self._holds[key] = Hold(now, now + seconds, fingerprint(request))

    def refuse(self, key: Key, request: Request, *, now: float, arrived: float) -> Response | None:
        """A 429 for who comes back too early or has had enough, else None. `arrived`: when the caller sent it."""
        with self._lock:
            hold = self._holds.get(key)
            if hold and now >= hold.until:
                del self._holds[key]
            elif hold and arrived >= hold.since:
                again = hold.request == fingerprint(request)
                self.early_retries += again or arrived - hold.since > GRACE_SECONDS
                return over("MailboxConcurrency", request, hold.until - now)
            since, count = self._windows.get(key, (now, 0))
            since, count = (now, 0) if now - since >= WINDOW_SECONDS else (since, count)
            self._windows[key] = since, count + 1
            if count >= self.requests_per_ten_minutes:
                return over("RequestRate", request, since + WINDOW_SECONDS - now)
        return None

    def crowded(self, key: Key, request: Request, *, now: float) -> Response:
        """The 429 of one request too many at once."""
        self.hold(key, request, seconds=self.retry_after, now=now)
        return over("MailboxConcurrency", request, self.retry_after)


def fingerprint(request: Request) -> int:
    return hash((request.method, request.path, request.query, request.body))


def over(limit: str, request: Request, seconds: float) -> Response:
    """Graph's refusal, with a decimal Retry-After where the wait is no whole number of seconds."""
    message = f"Application is over its {limit} limit."
    return error(
        request,
        429,
        "ApplicationThrottled",
        message,
        {"Retry-After": f"{max(seconds, 0.001):.3f}".rstrip("0").rstrip(".")},
    )
