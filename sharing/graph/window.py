"""Reads many mailboxes at once: batches of 20, several in flight, never one mailbox in two of them.

How many batches are in flight is found out, not assumed (additive increase, multiplicative decrease): published limits
contradict each other. All decisions are made in the thread that reads the answers; the others only send and parse, so
nothing here needs a lock.
"""

import heapq
import itertools
import queue
import random
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .batch import BATCH_SIZE, Part, parts
from .client import Client, backoff
from .errors import Denied, GraphError, IdRefused, Malformed, SignInError, Throttled, TokenRefused, Unreachable
from .ids import check_path, path_of_link

MAX_PAGES = 500
MAX_TRIES = 3
# What the documentation suggests where a refusal does not say how long to wait.
DEFAULT_PAUSE_SECONDS = 10.0
_CAREFUL = 0.1


class Ask(NamedTuple):
    """One thing to read: `key` comes back with the answer, `lane` is the mailbox id, `path` starts with a slash."""

    key: Hashable
    lane: str
    path: str


@dataclass(slots=True)
class Answer:
    """What came back. A collection: `items`, the values of all its pages in order. An object: `body`. Else `error`.

    What is in them is Graph's JSON as it came: parsing is the reader's. A collection that is answered with anything
    else has no `items`, and the parsers refuse None.
    """

    key: Hashable
    items: list[Any] | None = None
    body: dict[str, Any] | None = None
    error: GraphError | None = None


@dataclass(slots=True, eq=False)
class _Item:
    """An ask on its way."""

    ask: Ask
    path: str
    items: list[Any] | None = None
    seen: set[str] = field(default_factory=set)
    tries: int = 0
    waited: float = 0.0
    renewed: bool = False


@dataclass(slots=True)
class _Landed:
    """A batch that came back, or did not (`error`), or met a mistake of ours."""

    items: list[_Item]
    parts: list[Part]
    error: GraphError | None = None
    mistake: Exception | None = None


class Window:
    """A sync's reader. It keeps its threads and what it learned about the pace from one `read` to the next.

    `start` and `ceiling` bound the batches in flight. `lane_width` is how many sub-requests of one mailbox share a
    batch: Exchange serves four at once, and the fourth is left to a person's change. `patience_seconds` is how long
    one answer may be waited for in pauses that Microsoft asked for; beyond it the answer is Throttled.
    One `read` at a time.
    """

    def __init__(
        self,
        client: Client,
        *,
        start: int = 4,
        ceiling: int = 16,
        lane_width: int = 3,
        patience_seconds: float = 60.0,
    ) -> None:
        self.client = client
        self.width = float(min(start, ceiling))
        self.ceiling = ceiling
        self.lane_width = lane_width
        self.patience_seconds = patience_seconds
        self.refused_at = float("inf")
        self.paused_until = 0.0
        self._threads = ThreadPoolExecutor(max_workers=ceiling, thread_name_prefix="graph")

    def read(self, asks: Iterable[Ask]) -> Iterator[Answer]:
        """Exactly one answer for each ask, in no particular order; it raises only what our own mistakes raise.

        Batches are sent on while the caller works on an answer. Reads only, so stopping early is harmless.
        """
        return _Reading(self, asks).answers()

    def close(self) -> None:
        """Lets the threads go, after what is in flight."""
        self._threads.shutdown(wait=False)

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def speed_up(self) -> None:
        """One more batch in flight for every windowful that passed; a tenth of that just below the last refusal."""
        step = _CAREFUL if self.refused_at - 1 <= self.width < self.refused_at else 1.0
        self.width = min(float(self.ceiling), self.width + step / self.width)

    def send(self, items: list[_Item], landing: "queue.SimpleQueue[_Landed]") -> None:
        """Sends a batch from one of the threads; it ends up in `landing`."""
        self._threads.submit(self._send, items, landing)

    def _send(self, items: list[_Item], landing: "queue.SimpleQueue[_Landed]") -> None:
        try:
            deadline = self.client.monotonic() + self.client.deadline_seconds
            responses, token = self.client.batch([item.path for item in items], deadline=deadline)
            answers = parts(responses, len(items))
            if any(isinstance(part.error, TokenRefused) for part in answers):
                self.client.renew(token)
            landing.put(_Landed(items, answers))
        except GraphError as error:
            landing.put(_Landed(items, [], error))
        except Exception as mistake:  # A thread that dies silently would leave its reader waiting for ever.
            landing.put(_Landed(items, [], mistake=mistake))


class _Reading:
    """One `read`: what waits, what is in flight, what has been answered."""

    def __init__(self, window: Window, asks: Iterable[Ask]) -> None:
        self._window = window
        self._client = window.client
        self._landing: queue.SimpleQueue[_Landed] = queue.SimpleQueue()
        self._lanes: dict[str, deque[_Item]] = {}
        self._free: deque[str] = deque()
        self._late: list[tuple[float, int, _Item]] = []
        self._number = itertools.count()
        self._done: list[Answer] = []
        self._in_flight = 0
        self._failures = 0
        self._over: GraphError | None = None
        for ask in asks:
            try:
                self._put(_Item(ask, check_path(ask.path)))
            except IdRefused as error:
                self._done.append(Answer(ask.key, error=error))

    def answers(self) -> Iterator[Answer]:
        while True:
            self._fill()
            done, self._done = self._done, []
            yield from done
            if self._in_flight:
                self._land()
            elif self._late or self._free:
                self._client.sleep(max(0.0, self._next_start() - self._client.monotonic()))
            elif not self._done:
                return

    # What waits

    def _put(self, item: _Item, *, first: bool = False) -> None:
        """Into its lane; a lane is free while none of its items is in flight."""
        lane = self._lanes.get(item.ask.lane)
        if lane is None:
            lane = self._lanes[item.ask.lane] = deque()
            self._free.append(item.ask.lane)
        if first:
            lane.appendleft(item)
        else:
            lane.append(item)

    def _fill(self) -> None:
        now = self._client.monotonic()
        while self._late and self._late[0][0] <= now:
            self._put(heapq.heappop(self._late)[2], first=True)
        if self._over:
            self._give_up(self._over)
        elif now >= self._window.paused_until:
            while self._free and self._in_flight < int(self._window.width) and self._is_worth_a_batch():
                self._in_flight += 1
                self._window.send(self._pack(), self._landing)

    def _is_worth_a_batch(self) -> bool:
        """Is a full batch free, or all that is left? What stands behind batches in flight will soon fill it up."""
        free = itertools.islice(self._free, BATCH_SIZE)
        ready = sum(min(len(self._lanes[lane]), self._window.lane_width) for lane in free)
        return ready >= BATCH_SIZE or len(self._free) == sum(1 for lane in self._lanes.values() if lane)

    def _pack(self) -> list[_Item]:
        """Up to 20 items of free lanes, up to `lane_width` of each. These lanes are taken until the batch lands."""
        packed: list[_Item] = []
        while self._free and len(packed) < BATCH_SIZE:
            lane = self._lanes[self._free.popleft()]
            for _ in range(min(len(lane), self._window.lane_width, BATCH_SIZE - len(packed))):
                packed.append(lane.popleft())
        return packed

    def _next_start(self) -> float:
        if self._free and self._is_worth_a_batch():
            return self._window.paused_until
        return max(self._window.paused_until, self._late[0][0])

    def _give_up(self, error: GraphError) -> None:
        self._done += [Answer(item.ask.key, error=error) for lane in self._lanes.values() for item in lane]
        self._done += [Answer(item.ask.key, error=error) for _, _, item in self._late]
        for lane in self._lanes.values():
            lane.clear()
        self._free.clear()
        self._late.clear()

    # What comes back

    def _land(self) -> None:
        wait: float | None = None
        if self._late and self._in_flight < int(self._window.width):
            wait = max(0.0, self._next_start() - self._client.monotonic())
        try:
            landed = self._landing.get(timeout=wait)
        except queue.Empty:
            return
        if landed.mistake:
            raise landed.mistake
        self._in_flight -= 1
        if landed.error:
            self._failed(landed.items, landed.error)
        else:
            self._failures = 0
            self._sort(landed)
        for lane in dict.fromkeys(item.ask.lane for item in landed.items):
            if self._lanes[lane]:
                # Before those not begun: a mailbox is soon answered whole, and its rest fills up batches.
                self._free.appendleft(lane)
            else:
                del self._lanes[lane]

    def _sort(self, landed: _Landed) -> None:
        throttled: list[tuple[_Item, Throttled]] = []
        for item, part in zip(landed.items, landed.parts, strict=True):
            if part.body is not None:
                self._took(item, part.body)
            elif isinstance(part.error, Throttled):
                throttled.append((item, part.error))
            elif isinstance(part.error, TokenRefused) and not item.renewed:
                item.renewed = True  # The thread that saw the refusal has renewed the token.
                self._client.stats.add(retried=1)
                self._put(item, first=True)
            elif isinstance(part.error, Unreachable):
                self._again(item, part.error, part.error.retry_after)
            else:
                self._done.append(Answer(item.ask.key, error=part.error))
        if throttled:
            self._throttled(throttled)
        else:
            self._window.speed_up()

    def _took(self, item: _Item, body: dict[str, Any]) -> None:
        link = body.get("@odata.nextLink")
        value = body.get("value")
        if item.items is None and link is None:
            is_list = isinstance(value, list)
            self._done.append(Answer(item.ask.key, value if is_list else None, None if is_list else body))
            return
        try:
            if not isinstance(value, list):
                raise Malformed("a page without a list")
            item.items = value if item.items is None else item.items + value
            if link is None:
                self._done.append(Answer(item.ask.key, item.items))
                return
            item.seen.add(item.path)
            item.path = path_of_link(link, graph_url=self._client.endpoints.graph_url)
            if item.path in item.seen or len(item.seen) >= MAX_PAGES:
                raise Malformed("pages in a circle, or without end", cause="loop")
        except Malformed as error:
            self._done.append(Answer(item.ask.key, error=error))
            return
        self._put(item, first=True)

    def _throttled(self, refused: list[tuple[_Item, Throttled]]) -> None:
        self._client.stats.add(throttled=len(refused))
        pause = _pause([error for _, error in refused])
        if len({item.ask.lane for item, _ in refused}) > 1:
            # One mailbox over its own limit is its own affair; several at once look like a limit of the whole app.
            self._slow_down(pause)
        for item, error in refused:
            self._again(item, error, pause)

    def _failed(self, items: list[_Item], error: GraphError) -> None:
        """The batch as a whole was not answered."""
        if isinstance(error, (Throttled, Unreachable)):
            if isinstance(error, Throttled):
                pause = _pause([error])
            else:
                pause = error.retry_after or backoff(self._failures + 1)
            if self._slow_down(pause):
                self._failures += 1
            for item in items:
                self._again(item, error, pause)
        else:
            self._done += [Answer(item.ask.key, error=error) for item in items]
        hopeless = isinstance(error, Unreachable) and self._failures >= MAX_TRIES
        if hopeless or isinstance(error, (TokenRefused, SignInError, Denied)):
            self._over = error

    def _slow_down(self, pause: float) -> bool:
        """Stops everything for `pause` seconds. False where it had stopped already: batches that were in flight
        together are refused together, and count once."""
        window, now = self._window, self._client.monotonic()
        if pause > window.patience_seconds:
            self._over = Throttled(retry_after=pause)
        anew = now >= window.paused_until
        if anew:
            window.refused_at = window.width
            window.width = max(1.0, window.width / 2)
        window.paused_until = max(window.paused_until, now + pause)
        return anew

    def _again(self, item: _Item, error: Throttled | Unreachable, pause: float | None) -> None:
        """Once more after `pause` seconds, unless that is too often or too long."""
        if isinstance(error, Unreachable):
            item.tries += 1
        seconds = backoff(max(item.tries, 1)) if pause is None else pause
        item.waited += seconds
        if item.tries >= MAX_TRIES or item.waited > self._window.patience_seconds:
            error.retry_after = seconds
            self._done.append(Answer(item.ask.key, error=error))
            return
        self._client.stats.add(retried=1)
        heapq.heappush(self._late, (self._client.monotonic() + seconds, next(self._number), item))


def _pause(refusals: list[Throttled]) -> float:
    """The longest of the waits asked for. Chance only adds to it: an early retry is refused and counted against us."""
    waits = [error.retry_after for error in refusals if error.retry_after is not None]
    pause = max(waits, default=DEFAULT_PAUSE_SECONDS)
    return pause + min(1.0, pause * 0.1) * random.random()  # noqa: S311 - no secret, only spread
