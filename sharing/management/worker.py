"""The embedded worker: looks at what is due and does it in a few threads, one of them kept for people's changes."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db import close_old_connections, connections
from django.utils.timezone import now as clock

from sharing import tasks

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
LONGEST_REST_SECONDS = 300.0
FINISH_SECONDS = 20.0  # what is under way when asked to stop may take so long; its row comes back after its lease
Job = tuple[Any, int]  # a task and the id of its row


class Lane:
    """Threads that do one kind of job; a job that raised rests, longer each time, and is never done twice at once."""

    def __init__(self, name: str, threads: int, look: Callable[[datetime], Iterable[Job]]) -> None:
        self.name = name
        self._look = look
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._taken: set[Job] = set()
        self._rests: dict[Job, tuple[int, float]] = {}  # how often it raised, and until when it rests
        self.failed = 0
        for number in range(threads):
            # Daemons: a call that hangs must not keep the process, the database gives its row to the next one.
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True).start()

    @property
    def is_idle(self) -> bool:
        return not self._taken

    def look(self) -> None:
        """Take on what is due and neither under way nor resting."""
        now = time.monotonic()
        try:
            for task, pk in self._look(clock()):
                job = (task.name, pk)
                if job not in self._taken and now >= self._rests.get(job, (0, 0.0))[1]:
                    self._taken.add(job)
                    self._jobs.put((task, pk))
        except Exception:  # the database may be away for a while; the next look tells
            log.exception("could not look for %s", self.name)
            self.failed += 1
        finally:
            close_old_connections()

    def drop_waiting(self) -> None:
        """Forget what no thread has begun; the rows stay due."""
        while True:
            try:
                task, pk = self._jobs.get_nowait()
            except queue.Empty:
                return
            self._taken.discard((task.name, pk))

    def _work(self) -> None:
        while True:
            task, pk = self._jobs.get()
            job = (task.name, pk)
            try:
                task(pk)
                self._rests.pop(job, None)
            except Exception:
                times = self._rests.get(job, (0, 0.0))[0] + 1
                rest = min(2.0**times, LONGEST_REST_SECONDS)
                self._rests[job] = (times, time.monotonic() + rest)
                self.failed += 1
                log.exception("%s of row %d raised; it rests %d seconds", task.name, pk, rest)
            finally:
                connections.close_all()
                self._taken.discard(job)


class Worker:
    """Both lanes; `threads` is at least two: one for changes, the others read."""

    def __init__(self, *, threads: int) -> None:
        self.lanes = [
            Lane("changes", 1, tasks.due_changes),
            Lane("reads", max(1, threads - 1), tasks.due_reads),
        ]
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        """Until `stop`; then what is under way may finish."""
        while not self._stop.is_set():
            self._look()
            self._stop.wait(LOOK_SECONDS)
        for lane in self.lanes:
            lane.drop_waiting()
        self._finish()
        connections.close_all()

    def run_once(self) -> int:
        """Until nothing is due any more, or `stop`; how often a task raised."""
        while not self._stop.is_set():
            self._look()
            if all(lane.is_idle for lane in self.lanes):
                break
            self._finish()
        return sum(lane.failed for lane in self.lanes)

    def _look(self) -> None:
        for lane in self.lanes:
            lane.look()

    def _finish(self) -> None:
        """Wait until nothing is under way; once asked to stop, for a while only."""
        until = None
        while not all(lane.is_idle for lane in self.lanes):
            if self._stop.is_set() and until is None:
                until = time.monotonic() + FINISH_SECONDS
            if until is not None and time.monotonic() >= until:
                log.warning("stopped while something was under way; it is taken up again when its lease ends")
                return
            time.sleep(0.02)
