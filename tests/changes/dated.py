"""Alex gives people’s access a last day, in Berlin, where his mailbox keeps Mondays and Tuesdays."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sharing import changes
from tests.contoso import mailbox, permission

from .ends import ADELE, ALEX, KIDS

DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 27)  # the clock begins on Monday 2 November, 01:00 UTC; Alex's mailbox is in Berlin
OVER = datetime(2026, 11, 27, 23, tzinfo=UTC)
LIDIA = "LidiaH@contoso.com"


@pytest.fixture(autouse=True)
def berlin(alex):
    row = mailbox(ALEX)
    hours = {"days": ["monday", "tuesday"], "start": "09:00:00", "end": "17:00:00", "time_zone": "Europe/Berlin"}
    row.settings = {**row.settings, "time_zone": "W. Europe Standard Time", "working_hours": hours}
    row.save(update_fields=["settings"])


@pytest.fixture
def dated(alex, clock):
    """`dated(who, **wish)`: Alex gives somebody's access a last day, Friday 27 November if nothing else is said."""

    def set_it(who=ADELE, calendar=KIDS, actor=None, **wish):
        row = permission(ALEX, who, calendar)
        wish = {"ends_on": FRIDAY, **wish}
        return changes.set_end_date(permission=row, actor=actor or alex, now=clock(), **wish)

    return set_it


def ended(row):
    row.refresh_from_db()
    return row.state, row.cause


def raise_(alex, clock, work, who=ADELE, role="write"):
    changes.request_role(permission=permission(ALEX, who, KIDS), role=role, seen="read", actor=alex, now=clock())
    work()
