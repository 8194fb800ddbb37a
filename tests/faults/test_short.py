"""A few of the fault matrix at every change of the code, and that its figures tell; `make faults` runs all of it."""

from itertools import product

import pytest

from sharing.models import AuditEvent, CalendarPermission, Change

from .matrix import BAD, Figures
from .plan import Run, short
from .races import race
from .stopped import stopped

pytestmark = pytest.mark.slow


def test_no_crash_and_no_fault_loses_doubles_or_falsely_reports_a_change(matrix):
    figures = matrix.carry_out(short())
    assert figures.is_good, figures.bad
    assert figures.killed > 15


def test_a_worker_that_dies_after_the_yes_is_not_followed_by_a_second_write(matrix):
    """The owner puts it back at once, or the write lands when nobody waits for it any more."""
    deaths, faults = ("left", "written", "read"), ("put back at once", "landing too late")
    kinds = ("role", "remove", "delivery", "create")
    runs = [Run(number, *each) for number, each in enumerate(product(kinds, deaths, [(fault,) for fault in faults]))]
    figures = matrix.carry_out(runs)
    assert figures.is_good, figures.bad
    assert figures.killed == len(runs) and set(figures.states) == {"unknown"}


def test_a_worker_that_slept_sends_nothing_or_is_found_out(matrix):
    stopped(matrix, 4, first=0)
    assert matrix.figures.is_good, matrix.figures.bad
    assert (matrix.figures.stopped, matrix.figures.runs) == (4, 4)


def test_of_fifty_clicks_at_once_one_is_carried_out(matrix):
    race(matrix, first=0, rounds=1)
    assert matrix.figures.is_good, matrix.figures.bad
    assert matrix.figures.states == {"written down": 1, "ChangeOpen": 49}


def test_each_figure_tells_of_what_it_counts(matrix):
    """Somebody else's doing is staged behind the portal's back, so that every figure has something to say."""
    run = Run(0, "role", "", ("put back later",))
    change, thing = matrix.ask(run)
    matrix.settle([change.pk], {})
    asked, rows = [(run, change, thing)], Change.objects.in_bulk([change.pk])
    matrix._judge_states(asked, rows)
    assert matrix.figures.is_good and [(each.by, each.after) for each in thing.writes()] == [("portal", "write")]

    matrix.graph.edit(thing, thing.before)  # back, and no reading saw it
    thing.journal += [thing.journal[0]] * 2
    rows[change.pk].finished_at = change.requested_at
    rows[change.pk].public_id = "another"
    matrix.figures = Figures()
    matrix._judge_states(asked, rows)
    matrix._judge_world(asked, rows)
    rows[change.pk].state = Change.OPEN
    matrix._judge_states(asked, rows)
    told = {name for name, found in matrix.figures.bad.items() if found}
    assert told == set(BAD) - {"not_as_planned"}
    assert CalendarPermission.objects.get(pk=change.permission_id).role == "write"
    assert AuditEvent.objects.filter(subject__change=change.public_id).count() == 2
