"""A connected Contoso with two admins, and mail that is kept instead of sent."""

import pytest

from sharing import notices
from sharing.models import Notice, RoleAssignment
from tests.contoso import clock, contoso, outside, sync, user

__all__ = ["clock", "contoso", "outside", "sync"]
ALLAN, ISAIAH = "AllanD@contoso.com", "IsaiahL@contoso.com"


@pytest.fixture
def read(contoso, sync, clock):
    """Contoso, read whole tonight; Allan is its admin."""
    sync()
    contoso.refresh_from_db()
    allan = user(contoso, ALLAN)
    RoleAssignment.objects.create(user=allan, tenant=contoso, role="admin", given_at=clock())
    return contoso


@pytest.fixture
def tick(clock):
    """What a worker does with notices: decide, then send what is due; the notices that there are, oldest first."""

    def once(**later):
        now = clock.forward(**later) if later else clock()
        notices.decide(now)
        for notice in Notice.objects.due(now):
            notices.send(notice=notice, clock=clock)
        return list(Notice.objects.order_by("pk"))

    return once
