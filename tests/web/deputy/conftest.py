"""The fixtures of the owner's pages, where Contoso lets owners have deputies."""

import pytest

from tests.web.owner.conftest import alex, as_owner, clock, contoso, later, outside, owner, sync, time, work

__all__ = ["alex", "as_owner", "clock", "contoso", "later", "outside", "owner", "sync", "time", "work"]


@pytest.fixture
def allowed(alex):
    alex.tenant.deputies_on = True
    alex.tenant.save(update_fields=["deputies_on"])
    return alex.tenant
