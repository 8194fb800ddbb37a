"""A worker that hangs right before its write, while another carries the change out and the owner changes their mind."""

import time

from sharing import changes
from sharing.models import CalendarPermission, Change

from .matrix import Matrix
from .plan import Run
from .world import Thing

STEPS = ("marked", "sending")
TOGETHER = 10  # stopped workers at a time; each holds a connection to the database


def stopped(matrix: Matrix, count: int, *, first: int) -> None:
    """So many runs, half stopped before the look at the lease, half after it, when nothing can hold them back.

    The owner takes back in the portal what the second worker did. A worker that wakes up and finds its lease over sends
    nothing; one that was past that undoes what the owner wanted, and that must be noticed and told.
    """
    began = time.monotonic()
    for start in range(0, count, TOGETHER):
        _some(matrix, range(first + start, first + min(start + TOGETHER, count)))
    matrix.figures.runs += count
    matrix.figures.seconds += time.monotonic() - began


def _some(matrix: Matrix, numbers: range) -> None:
    workers, figures = matrix.workers, matrix.figures
    asked: list[tuple[str, Change, Thing, int]] = []
    for number in numbers:
        run = Run(number, "role", "", ("none",))
        change, thing = matrix.ask(run)
        step = STEPS[number // 2 % 2]
        said = workers.ask("stop", pk=change.pk, step=step)
        if not said["is_stopped"]:
            figures.blame("not_as_planned", f"number {number} did not stop at {step!r}")
            continue
        figures.stopped += 1
        asked.append((step, change, thing, said["process"]))
    workers.forward(125)  # the lease is over
    matrix.settle([change.pk for _, change, _, _ in asked], {})
    backs = [_take_back(matrix, change) for _, change, _, _ in asked]
    matrix.settle([change.pk for change in backs], {})
    for _, _, _, process in asked:
        workers.ask("go_on", process=process)
    workers.forward(660)  # the look after ten minutes
    matrix.settle([change.pk for change in backs], {})
    matrix.read()
    changes.notice_reversals(workers.clock(), matrix.tenant)
    for (step, change, thing, _), back in zip(asked, backs, strict=True):
        _judge(matrix, step, change, back, thing)


def _take_back(matrix: Matrix, change: Change) -> Change:
    """The owner wants the role that was there before, and says so in the portal."""
    change.refresh_from_db()
    row = CalendarPermission.objects.get(pk=change.permission_id)
    now = matrix.workers.clock()
    return changes.request_role(permission=row, role=change.before, seen=row.role, actor=change.actor, now=now)


def _judge(matrix: Matrix, step: str, change: Change, back: Change, thing: Thing) -> None:
    blame, graph = matrix.figures.blame, matrix.graph
    change.refresh_from_db()
    back.refresh_from_db()
    told = f"{change} stopped at {step!r}: {change.state}, then {back.state}"
    matrix.figures.states[change.state] += 1
    matrix.figures.states[back.state] += 1
    if (change.state, back.state) != (Change.APPLIED, Change.APPLIED):
        blame("lost" if change.is_open or back.is_open else "not_as_planned", told)
        return
    if matrix.mirrored(back, thing) != graph.value(thing):
        blame("mirror_wrong", told)
    is_back = graph.value(thing) == change.after
    if step == "marked" and (is_back or thing.arrived != 2):
        blame("duplicated", f"{told}, {thing.arrived} writes")
    if step == "sending" and not (is_back and thing.arrived == 3):
        blame("not_as_planned", f"{told}, {thing.arrived} writes")
    if is_back and not matrix.is_alarmed(back):
        blame("unalarmed", told)
    if not matrix.has_one_outcome(change) or not matrix.has_one_outcome(back):
        blame("audit_wrong", told)
