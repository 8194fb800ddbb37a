"""A few of the fault matrix on every change of the code; `make faults` runs all of it."""

import pytest

from .plan import short

pytestmark = pytest.mark.slow


def test_no_crash_and_no_fault_loses_doubles_or_falsely_reports_a_change(matrix):
    figures = matrix.carry_out(short())
    assert figures.is_good, figures.bad
    assert figures.killed > 15
