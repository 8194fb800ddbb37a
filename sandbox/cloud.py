"""The whole pretend cloud behind one method: a request goes in, a response comes out."""

import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from sandbox.bearer import Bearers
from sandbox.caller import Caller
from sandbox.cast import CONTOSO, FABRIKAM
from sandbox.control import Control
from sandbox.entra import Entra
from sandbox.exchange import page as exchange_page
from sandbox.faults import FaultPlan
from sandbox.graph import Graph, diagnostics
from sandbox.graph.router import parts
from sandbox.graph.switches import Switches
from sandbox.http import Request, Response
from sandbox.keys import Keys
from sandbox.log import RequestLog
from sandbox.throttle import Key, Throttle
from sandbox.world import build

# What follows a user in a path and is answered by Exchange: only that is limited per mailbox.
EXCHANGE = re.compile(r"calendar|mailbox|event|message|mailfolder|outlook|getschedule|findmeeting|reminder", re.I)


class Batch(threading.local):
    """The $batch that this thread works on; `crowded` counts the items per key there was no room for."""

    number: int | None = None
    arrived = 0.0
    crowded: Counter[Key] = Counter()


class Cloud:
    """Entra ID, Graph and the control room of one pretend world.

    `certificates` are PEM files the portal may sign in with, `consented` the tenants that know its app after the start
    and after every reset. With a `state_file` the world (and the keys) outlive the
    process. Raises ValueError for a certificate or state file that is none.
    """

    def __init__(
        self,
        *,
        mailboxes: int = 0,
        certificates: Sequence[bytes] = (),
        state_file: Path | None = None,
        consented: Collection[str] = (CONTOSO, FABRIKAM),
    ) -> None:
        self.offset_seconds = 0.0
        self.keys = Keys()
        self.switches = Switches()
        self.faults = FaultPlan()
        self.log = RequestLog()
        self.throttle = Throttle()
        self.state = build(mailboxes=mailboxes, consented=consented)
        self.graph = Graph(self)
        self.entra = Entra(self, certificates)
        self.control = Control(self)
        self._bearers = Bearers(self)
        self._batch = Batch()
        self._batches = 0
        self._state_file = state_file
        self._saving = threading.Lock()
        self._saved: tuple[object, ...] | None = None
        if state_file and state_file.exists():
            self._load(state_file)
            self._saved = self._kept()
        self._save_if_changed()

    # The clock

    def time(self) -> float:
        """Seconds since 1970, by the cloud's clock."""
        return datetime.now(UTC).timestamp() + self.offset_seconds

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass without waiting: fits in the place of `time.sleep`."""
        self.offset_seconds += seconds

    # Requests

    def handle(self, request: Request) -> Response:
        """Answer any request; raises Dropped where the caller gets no answer."""
        self.faults.land(self.time())
        try:
            if request.path.startswith("/__control__/"):
                return self.control.answer(request)
            if request.path.startswith(("/v1.0/", "/beta/")):
                return self._graph(request)
            if request.path.rstrip("/") == "/exchange":
                return exchange_page.answer(self, request)
            return self._entra(request)
        finally:
            self._save_if_changed()

    def serve(self, caller: Caller, request: Request, *, batched: bool = False) -> Response:
        """One Graph call of a known caller, or one item of a $batch: limited, perhaps spoiled, answered, logged."""
        status = None
        now = self.time()
        path, about = parts(request), self.graph.kind(caller, request)
        try:
            if batched:
                response = self._limited_item(caller, request, path, now)
            elif path and path[-1].lower() == "$batch":
                response = self._limited_batch(caller, request, now)
            else:
                response = self._limited(caller, request, path, now)
            status = response.status
            return response
        finally:
            number = self._batch.number
            self.log.add(request, at=now, status=status, caller=caller, batched=batched, batch=number, about=about)
            if not batched:
                self._batch.number = None

    def _entra(self, request: Request) -> Response:
        status = None
        now = self.time()
        try:
            response = self._spoiled(request, lambda: self.entra.answer(request), now)
            status = response.status
            return response
        finally:
            self.log.add(request, at=now, status=status)

    def _graph(self, request: Request) -> Response:
        caller = self._bearers.caller(request)
        if isinstance(caller, Caller):
            return diagnostics(request, self.serve(caller, request))
        self.log.add(request, at=self.time(), status=caller.status)
        return diagnostics(request, caller)

    def _spoiled(
        self,
        request: Request,
        call: Callable[[], Response],
        now: float,
        *,
        batched: bool = False,
        is_mailbox: Callable[[str], bool] = lambda name: False,
    ) -> Response:
        fault = self.faults.strike(request, batched=batched, is_mailbox=is_mailbox)
        return self.faults.carry_out(fault, request, call, now=now) if fault else call()

    # Limits

    def mailbox(self, caller: Caller, path: list[str]) -> str | None:
        """The oid whose mailbox a path is about (or the path's own word for an unknown one), None for the directory."""
        if path[:1] == ["me"]:
            path = ["users", caller.oid or "me", *path[1:]]
        if len(path) < 3 or path[0].lower() != "users" or not EXCHANGE.match(path[2]):
            return None
        tenant = self.state.tenants.get(caller.tid)
        user = tenant.user(path[1]) if tenant else None
        return user.oid if user else path[1].lower()

    def _answer(
        self, caller: Caller, request: Request, key: Key, now: float, *, arrived: float, batched: bool = False
    ) -> Response:
        """The answer, unless this key must wait; a 429 of the fault plan makes it wait as well."""
        refused = self.throttle.refuse(key, request, now=now, arrived=arrived)
        if refused:
            return refused

        def is_mailbox(name: str) -> bool:
            tenant = self.state.tenants.get(caller.tid)
            user = tenant.user(name) if tenant else None
            return (user.oid if user else name.lower()) == key[-1]

        response = self._spoiled(
            request, lambda: self.graph.answer(caller, request), now, batched=batched, is_mailbox=is_mailbox
        )
        if response.status == 429 and (seconds := seconds_of(response.headers.get("Retry-After"), now)):
            self.throttle.hold(key, request, seconds=seconds, now=self.time())
        return response

    def _limited(self, caller: Caller, request: Request, path: list[str], now: float) -> Response:
        """A call of its own."""
        mailbox = self.mailbox(caller, path)
        key: Key = (caller.app_id, caller.tid, mailbox or "directory")
        if mailbox is None:
            return self._answer(caller, request, key, now, arrived=now)
        with self.throttle.room(key, (caller.app_id, caller.tid, None)) as there_is_room:
            if not there_is_room:
                return self.throttle.crowded(key, request, now=now)
            return self._answer(caller, request, key, now, arrived=now)

    def _limited_batch(self, caller: Caller, request: Request, now: float) -> Response:
        """A $batch: it works four of its items at a time, and those are in flight while it lasts."""
        self._batches += 1
        self._batch.number, self._batch.arrived = self._batches, now
        wanted: Counter[Key] = Counter()
        for path in item_paths(request):
            if mailbox := self.mailbox(caller, path):
                wanted[(caller.app_id, caller.tid, mailbox)] += 1
        if wanted:
            wanted[(caller.app_id, caller.tid, None)] = wanted.total()
        taken: Counter[Key] = Counter()
        self._batch.crowded = Counter()
        try:
            for key, count in wanted.items():
                at_once = min(count, 4)
                taken[key] = self.throttle.take(key, at_once)
                self._batch.crowded[key] = at_once - taken[key]
            return self._answer(caller, request, (caller.app_id, caller.tid, "$batch"), now, arrived=now)
        finally:
            for key, count in taken.items():
                self.throttle.give_back(key, count)
            self._batch.arrived, self._batch.crowded = 0.0, Counter()

    def _limited_item(self, caller: Caller, request: Request, path: list[str], now: float) -> Response:
        """An item of a $batch; for as many as there was no room for, it says so."""
        mailbox = self.mailbox(caller, path)
        key: Key = (caller.app_id, caller.tid, mailbox or "directory")
        if mailbox:
            for each in (key, (caller.app_id, caller.tid, None)):
                if self._batch.crowded[each] > 0:
                    self._batch.crowded[each] -= 1
                    return self.throttle.crowded(key, request, now=now)
        return self._answer(caller, request, key, now, arrived=self._batch.arrived or now, batched=True)

    # Outliving the process

    def _kept(self) -> tuple[object, ...]:
        """What differs as soon as there is something new to save."""
        return self.state.version, self.offset_seconds, self.keys.signing_key

    def _save_if_changed(self) -> None:
        if not self._state_file or self._saved == self._kept():
            return
        with self._saving:
            version = self._kept()
            kept = {"world": self.state.dump(), "keys": self.keys.dump(), "offset_seconds": self.offset_seconds}
            draft = self._state_file.with_suffix(".new")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(kept, file)
            draft.replace(self._state_file)
            self._saved = version

    def _load(self, file: Path) -> None:
        try:
            kept: dict[str, Any] = json.loads(file.read_text())
            self.keys.load(kept["keys"])
            self.state.load(kept["world"])
            self.offset_seconds = kept["offset_seconds"]
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(f"{file} is not a state of this sandbox ({wrong!r}). Delete it to start anew.") from None


def item_paths(request: Request) -> list[list[str]]:
    """The paths of the items of a $batch, as far as it can be read."""
    try:
        urls = [item["url"].partition("?")[0] for item in request.json()["requests"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [parts(Request("GET", f"/v1.0/{url.lstrip('/')}")) for url in urls]


def seconds_of(retry_after: str | None, now: float) -> float:
    """The wait that was asked for, in seconds or until a date; 0 where none was, or in unknown words."""
    try:
        return float(retry_after or 0)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after or "").timestamp() - now)
    except ValueError:
        return 0.0
