"""Every request that reached the cloud, and the figures drawn from them."""

import threading
from collections import Counter, deque
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from sandbox.caller import Caller
from sandbox.graph.router import kind
from sandbox.http import Request

KEPT = 200_000

ENTRA = {"token": "token", "authorize": "authorize", "openid-configuration": "discovery", "keys": "keys"}


def kind_of(request: Request) -> str:
    """What a request is about, in one word."""
    if request.path.startswith(("/v1.0/", "/beta/")):
        return kind(request)
    return ENTRA.get(request.path.rpartition("/")[2], "other")


class Entry(NamedTuple):
    """One request; `status` is None where the caller got no answer, `batch` numbers the outer request of an item."""

    n: int
    at: float
    method: str
    path: str
    query: str
    status: int | None
    batched: bool
    batch: int | None
    caller: Caller | None
    kind: str
    request_id: str | None

    def plain(self) -> dict[str, Any]:
        caller = self.caller
        return {
            **self._asdict(),
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(),
            "caller": {"app_id": caller.app_id, "tid": caller.tid, "oid": caller.oid} if caller else None,
        }


class RequestLog:
    """The newest requests, oldest first; the counts go on when old entries are dropped.

    `event_reads_ever` counts the calls about events that are not the caller's own, of all clouds in this process and
    whatever was cleared since.
    """

    event_reads_ever: ClassVar[int] = 0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._entries: deque[Entry] = deque(maxlen=KEPT)
            self._n = 0
            self.counts: Counter[str] = Counter()
            self.kinds: Counter[str] = Counter()

    def add(
        self,
        request: Request,
        *,
        at: float,
        status: int | None,
        caller: Caller | None = None,
        batched: bool = False,
        batch: int | None = None,
        about: str | None = None,
    ) -> None:
        about = about or kind_of(request)
        request_id = request.headers.get("client-request-id")
        with self._lock:
            self._n += 1
            self._entries.append(
                Entry(
                    self._n,
                    at,
                    request.method,
                    request.path,
                    request.query,
                    status,
                    batched,
                    batch,
                    caller,
                    about,
                    request_id,
                )
            )
            self.kinds[about] += 1
            self.counts["sub_requests" if batched else "requests"] += 1
            self.counts["throttled"] += status == 429
            self.counts["unanswered"] += status is None
            self.counts["event_reads"] += about == "events"
            RequestLog.event_reads_ever += about == "events"

    def since(self, n: int = 0) -> list[Entry]:
        """The kept entries with a higher number, oldest first."""
        with self._lock:
            return [entry for entry in self._entries if entry.n > n]

    def writes(self) -> list[Entry]:
        """Every kept PATCH, POST, PUT and DELETE on Graph but the outer $batch and what only asks for times."""
        asks = ("batch", "schedule")
        return [each for each in self.since() if each.method != "GET" and each.caller and each.kind not in asks]

    def stats(self) -> dict[str, Any]:
        names = ("requests", "sub_requests", "throttled", "unanswered", "event_reads")
        with self._lock:
            return {**{name: self.counts[name] for name in names}, "by_kind": dict(self.kinds)}
