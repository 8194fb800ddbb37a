"""A worker that hangs right before its write, while the owner asks again, gets it, and changes their mind."""

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

    Nobody sends for it: its outcome is unknown. The owner asks anew, another worker does it, and the owner takes it
    back in the portal. A worker that wakes up and finds its lease over sends nothing; one that was past that undoes
    what the owner wanted, and that must be noticed and told.
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
    agains = [_ask(matrix, change, change.after) for _, change, _, _ in asked]
    matrix.settle([change.pk for change in agains], {})
    backs = [_ask(matrix, change, change.before) for _, change, _, _ in asked]
    matrix.settle([change.pk for change in backs], {})
    for _, _, _, process in asked:
        workers.ask("go_on", process=process)
    workers.forward(660)  # the look after ten minutes
    matrix.settle([change.pk for change in backs], {})
    matrix.read()
    changes.notice_reversals(workers.clock(), matrix.tenant)
    for (step, change, thing, _), again, back in zip(asked, agains, backs, strict=True):
        _judge(matrix, step, change, again, back, thing)


def _ask(matrix: Matrix, change: Change, role: str) -> Change:
    """The owner wants this role where that change was about, and says so in the portal."""
    row = CalendarPermission.objects.get(pk=change.permission_id)
    now = matrix.workers.clock()
    return changes.request_role(permission=row, role=role, seen=row.role, actor=change.actor, now=now)


def _judge(matrix: Matrix, step: str, change: Change, again: Change, back: Change, thing: Thing) -> None:
    blame, graph = matrix.figures.blame, matrix.graph
    all_three = (change, again, back)
    for each in all_three:
        each.refresh_from_db()
        matrix.figures.states[each.state] += 1
    states = [each.state for each in all_three]
    told = f"{change} stopped at {step!r}: {', then '.join(states)}"
    if states != [Change.UNKNOWN, Change.APPLIED, Change.APPLIED]:
        blame("lost" if Change.OPEN in states else "not_as_planned", told)
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
    if not all(matrix.has_one_outcome(each) for each in all_three):
        blame("audit_wrong", told)
