"""`python -m tests.faults.worker`: forks workers on demand, each of which may kill or stop itself at one step.

Nothing in the portal knows of this: clock, monotonic clock and steps are what `changes.apply` takes anyway, the other
places are wrapped here. One JSON object per line comes in and one goes out.
"""

import json
import os
import select
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

OFFSET = Path(os.environ["FAULTS_OFFSET"])  # how far the clocks are ahead, in seconds


def offset() -> float:
    return float(OFFSET.read_text())


def clock() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=offset())


def monotonic() -> float:
    return time.monotonic() + offset()


class Fate:
    """What is to happen to this process: (change, step) → a signal to itself."""

    def __init__(self, armed: dict[str, str], number: int, tell: int) -> None:
        self._armed, self._signal, self._tell = armed, number, tell
        self._at = threading.local()

    def is_armed(self, pk: int, step: str) -> bool:
        return self._armed.get(str(pk)) == step

    def meet(self, pk: int, step: str) -> None:
        self._at.pk, self._at.step = pk, step
        if self.is_armed(pk, step):
            self._strike(pk, step)

    def meet_request(self, sock: Any) -> None:
        """Between a request and its answer, where that request is the write."""
        pk, step = getattr(self._at, "pk", 0), getattr(self._at, "step", "")
        if step == "marked" and self.is_armed(pk, "left"):
            select.select([sock], [], [], 30)  # it has landed, as far as it lands at all
            self._strike(pk, "left")

    def meet_sending(self) -> None:
        """After the lease was checked and before the first byte."""
        pk, step = getattr(self._at, "pk", 0), getattr(self._at, "step", "")
        if step == "marked" and self.is_armed(pk, "sending"):
            self._strike(pk, "sending")

    def _strike(self, pk: int, step: str) -> None:
        self._armed.pop(str(pk))
        os.write(self._tell, f"{pk} {step}\n".encode())
        os.kill(os.getpid(), self._signal)


def wrap(fate: Fate) -> None:
    """Put the steps around the portal's own code, in this process only."""
    from django.db import transaction
    from urllib3.connection import HTTPConnection

    from sharing import changes, tasks
    from sharing.management import worker
    from sharing.models import Change

    apply, claim = changes.apply, Change.claim
    getresponse, request = HTTPConnection.getresponse, HTTPConnection.request

    def applied(*, change: Change, **kwargs: Any) -> bool:
        is_ours = apply(change=change, monotonic=monotonic, reached=lambda step: fate.meet(change.pk, step), **kwargs)
        fate.meet(change.pk, "done")
        return is_ours

    def claimed(change: Change, **kwargs: Any) -> bool:
        with transaction.atomic():
            mine = claim(change, **kwargs)
            fate.meet(change.pk, "claiming")
        return mine

    def answered(connection: HTTPConnection) -> Any:
        fate.meet_request(connection.sock)
        return getresponse(connection)

    def sent(connection: HTTPConnection, *args: Any, **kwargs: Any) -> None:
        fate.meet_sending()
        request(connection, *args, **kwargs)

    changes.apply, Change.claim = applied, claimed
    HTTPConnection.getresponse, HTTPConnection.request = answered, sent
    tasks.clock = worker.clock = clock


def work() -> int:
    """The lane for changes of `manage.py work`, until nothing is due."""
    from sharing import tasks
    from sharing.management.worker import Lane, Worker

    worker = Worker.__new__(Worker)
    worker.lanes, worker._stop = [Lane("changes", 1, tasks.due_changes)], threading.Event()
    return worker.run_once()


def fork(armed: dict[str, str], number: int, act: Any) -> tuple[int, int]:
    """A worker of its own: its process, and where it says what befell it."""
    heard, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        return child, heard
    code = 2
    try:
        os.close(heard)
        wrap(Fate(armed, number, tell))
        code = 1 if act() else 0
    except BaseException as error:
        print(f"worker: {error!r}", file=sys.stderr, flush=True)
    os._exit(code)


def said(heard: int) -> list[list[str]]:
    with os.fdopen(heard) as file:
        return [line.split() for line in file.read().splitlines()]


def do_work(armed: dict[str, str], at_once: int = 1) -> dict[str, Any]:
    """Workers, `at_once` of them, and another for each that was killed, until one found nothing to do."""
    killed, failed, count = [], 0, 0
    while True:
        workers = [fork(dict(armed), signal.SIGKILL, work) for _ in range(at_once)]
        befell: list[list[str]] = []
        for child, heard in workers:
            befell += said(heard)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            failed += code > 0
            count += 1
        killed += befell
        for pk, _ in befell:
            armed.pop(pk, None)
        if not befell:
            return {"killed": killed, "failed": failed, "processes": count}


def do_stop(pk: int, step: str) -> dict[str, Any]:
    """A worker with this one change that stops at a step, as on a machine that hangs."""
    from sharing import tasks

    child, heard = fork({str(pk): step}, signal.SIGSTOP, lambda: tasks.apply_change(pk))
    status = os.waitpid(child, os.WUNTRACED)[1]
    os.close(heard)
    return {"process": child, "is_stopped": os.WIFSTOPPED(status)}


def do_go_on(process: int) -> dict[str, Any]:
    os.kill(process, signal.SIGCONT)
    return {"code": os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}


ACTS = {"work": do_work, "stop": do_stop, "go_on": do_go_on}


def main() -> None:
    django.setup()
    import sharing.management.worker
    import sharing.tasks  # noqa: F401

    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(ACTS[asked.pop("do")](**asked)), flush=True)


if __name__ == "__main__":
    main()
