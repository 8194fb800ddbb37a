"""The fixtures of the owner's pages, and whoever was given access signed in."""

import pytest

from tests.web.owner.conftest import alex, as_owner, clock, contoso, later, outside, owner, sync, time, work

__all__ = ["alex", "as_owner", "clock", "contoso", "later", "outside", "owner", "sync", "time", "work"]

MEGAN = "MeganB@contoso.com"


@pytest.fixture
def megan(as_owner):
    """A browser in which Megan is signed in: Alex's delegate, who reads Kids parties too."""
    return as_owner(MEGAN)
