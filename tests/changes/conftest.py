"""A connected Contoso, a clock set by hand, and Outlook's back door."""

import pytest

from tests.contoso import clock, contoso, outside, sync

from .doing import carry_out

__all__ = ["clock", "contoso", "outside", "sync"]


@pytest.fixture
def do(contoso, clock):
    """What a worker does with a change, once, now; the row as it is then."""
    return lambda change, **kwargs: carry_out(change, contoso, clock, **kwargs)
