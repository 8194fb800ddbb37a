"""Fifty at once on one permission: one wish is written down, one worker has it, one write is sent."""

import threading
import time
from collections import Counter

from django.db import connections

from sharing import changes
from sharing.models import Change

from .matrix import Matrix

THREADS = 50
WORKERS = 4
ROUNDS = 3


def race(matrix: Matrix, *, first: int, rounds: int = ROUNDS) -> None:
    """Fifty owners' clicks on one entry, different roles among them; then several workers on the one change."""
    began = time.monotonic()
    for number in range(first, first + rounds):
        _once(matrix, number)
    matrix.figures.runs += rounds
    matrix.figures.seconds += time.monotonic() - began


def _once(matrix: Matrix, number: int) -> None:
    box, owner = matrix.owner(number)
    row, now = matrix.entry(box, "read"), matrix.workers.clock()
    barrier, won, ended = threading.Barrier(THREADS), [], Counter[str]()

    def click(role: str) -> None:
        barrier.wait(120)
        try:
            won.append(changes.request_role(permission=row, role=role, seen="read", actor=owner, now=now))
            ended["written down"] += 1
        except Exception as error:  # counted: anything but “a change is underway” is a finding
            ended[type(error).__name__] += 1
        finally:
            connections.close_all()

    roles = ("write", "limitedRead", "freeBusyRead")
    threads = [threading.Thread(target=click, args=(roles[turn % 3],)) for turn in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    figures = matrix.figures
    figures.states.update(ended)
    if ended != {"written down": 1, "ChangeOpen": THREADS - 1}:
        figures.blame("duplicated" if ended["written down"] > 1 else "not_as_planned", str(dict(ended)))
        return
    thing = matrix.watch(won[0])
    matrix.settle([won[0].pk], {}, at_once=WORKERS)
    change = Change.objects.get(pk=won[0].pk)
    if (change.state, thing.arrived, len(thing.writes())) != (Change.APPLIED, 1, 1):
        figures.blame("duplicated", f"{change.state}, {thing.arrived} requests")
    if not matrix.has_one_outcome(change):
        figures.blame("audit_wrong", str(change))
