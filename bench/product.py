"""The portal under measurement: its real client and mirror, in a process of its own, on a database of its own."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.core.management import call_command
from django.db import connection

from sharing import graph, mirror
from sharing.models import CalendarPermission, Mailbox, SyncRun, SyncShard, Tenant, triggers

from . import pages, past, years

TID = "be9c0000-0000-4000-8000-00000000be9c"
# A run notes what it did in these; everything else is what was mirrored.
BOOKKEEPING = {
    f"sharing_{name}" for name in ("syncrun", "syncshard", "shardreading", "tenant", "auditevent", "auditchain")
}  # fmt: skip
_WRITE = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
_DATA = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


class Product:
    """Reads a tenant from `origin` as one worker does: the directory, then shard by shard."""

    def __init__(self, origin: str) -> None:
        self._reach(origin)

    def move(self, origin: str) -> None:
        """From now on read from another server."""
        self.close()
        self._reach(origin)

    def _reach(self, origin: str) -> None:
        self._endpoints = graph.endpoints("sandbox", graph_url=origin)
        self._session = graph.make_session(self._endpoints)

    def empty(self) -> None:
        """Forget everything, and begin again."""
        triggers.lift()  # the audit log refuses to be emptied; `flush` makes them again
        call_command("flush", verbosity=0, interactive=False)
        self.begin()

    def begin(self) -> None:
        """The tenant, of which nothing is known yet."""
        Tenant.objects.create(tid=TID, name="Bench", state=Tenant.CONNECTED, state_since=_now())

    def run(self) -> dict[str, Any]:
        """One full run; CPU and wall seconds, how much of it the listing took, and what it says of itself."""
        tenant, client = self._open()
        began = _clocks()
        run = mirror.begin_run(tenant=tenant, kind=SyncRun.FULL, now=_now())
        mirror.list_directory(run=run, client=client, clock=_now)
        listed = _clocks()
        for shard in _shards(run):
            mirror.sync_shard(shard=shard, client=client, clock=_now)
        done = _clocks()
        run.refresh_from_db()
        if run.outcome != SyncRun.DONE or run.mailboxes_read != run.mailboxes:
            raise RuntimeError(f"the run ended as {run.outcome!r} {run.cause}: {run.mailboxes_read} read")
        said = {name: getattr(run, name) for name in ("mailboxes", "added", "changed", "ended", "sub_requests")}
        return said | {"cpu": done[0] - began[0], "wall": done[1] - began[1], "listing_cpu": listed[0] - began[0]}

    def close(self) -> None:
        self._session.close()

    def states(self) -> dict[str, int]:
        """Mailboxes by state, and how many permissions there are."""
        states = Counter(Mailbox.objects.values_list("state", flat=True))
        return {**states, "permissions": CalendarPermission.objects.open().count()}

    def examine(self) -> dict[str, Any]:
        """One full run under the microscope, not timed.

        `statements`: for each shard, the SQL statements that read or write rows. `rounds`: for each shard, the
        readings that asked for anything. `written`: rows of what is mirrored, by table, as the database counted them.
        """
        statements: list[int] = []
        rounds: list[int] = []
        tenant, client = self._open()
        with _statements() as counted, _counted_rounds(rounds):
            run = mirror.begin_run(tenant=tenant, kind=SyncRun.FULL, now=_now())
            mirror.list_directory(run=run, client=client, clock=_now)
            for shard in _shards(run):
                before = counted.data
                rounds.append(0)
                mirror.sync_shard(shard=shard, client=client, clock=_now)
                statements.append(counted.data - before)
        written = {table: rows for table, rows in counted.written.items() if rows and table not in BOOKKEEPING}
        return {"statements": statements, "rounds": rounds, "written": written}

    def table(self, repeat: int) -> dict[str, Any]:
        """The access table on what is mirrored now; see bench.pages."""
        return pages.measure(Tenant.objects.get(tid=TID), repeat=repeat)

    def years(self, rows: int) -> None:
        """So many audit and history rows; see bench.years."""
        years.fill(Tenant.objects.get(tid=TID), rows, _now())

    def even_years(self, rows: int) -> None:
        """The same in a tenant as it is."""
        years.fill_evenly(Tenant.objects.get(tid=TID), rows, _now())

    def past(self, repeat: int) -> dict[str, Any]:
        """The pages that read them; see bench.past."""
        return past.measure(Tenant.objects.get(tid=TID), repeat=repeat)

    def _open(self) -> tuple[Tenant, graph.Client]:
        client = graph.Client(endpoints=self._endpoints, tokens=_Tokens(), session=self._session)
        return Tenant.objects.get(tid=TID), client


class _Tokens:
    """A token that is always good."""

    def token(self, *, fresh: bool = False) -> graph.Token:
        return graph.Token("bench")


@dataclass
class _Counted:
    """Statements that read or write rows, and the rows that were written, by table."""

    data: int = 0
    written: Counter[str] = field(default_factory=Counter)


@contextmanager
def _statements() -> Iterator[_Counted]:
    counted = _Counted()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        counted.data += _DATA.match(sql) is not None
        if match := _WRITE.match(sql):
            counted.written[match[1]] += max(0, context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(count):
        yield counted


@contextmanager
def _counted_rounds(rounds: list[int]) -> Iterator[None]:
    """Adds to the last of `rounds` for every reading that asks for anything."""
    read = graph.Window.read

    def counted(window: graph.Window, asks: Iterable[graph.Ask]) -> Iterator[graph.Answer]:
        asked = list(asks)
        rounds[-1] += bool(asked)
        return read(window, asked)

    with mock.patch.object(graph.Window, "read", counted):
        yield


def _shards(run: SyncRun) -> Iterator[SyncShard]:
    """The run's shards, as a worker loads each."""
    for pk in list(SyncShard.objects.filter(run=run).order_by("number").values_list("pk", flat=True)):
        yield SyncShard.objects.select_related("tenant", "run").get(pk=pk)


def _clocks() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _now() -> datetime:
    return datetime.now(UTC)
