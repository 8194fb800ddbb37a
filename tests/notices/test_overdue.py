"""Access that should have ended and is still there is an alarm, for as long as it is there."""

from datetime import timedelta

import pytest

from sharing import changes
from sharing.models import CalendarPermission, EndDate, Notice
from tests.contoso import mailbox, permission, user

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"


@pytest.fixture
def row(read, clock):
    day = clock().date() + timedelta(days=9)
    return changes.set_end_date(
        permission=permission(ALEX, ADELE, "Kids parties"), ends_on=day, actor=user(read, ALEX), now=clock()
    )


def alarms():
    return list(Notice.objects.filter(kind="end_late_it").order_by("pk"))


def test_a_day_late_is_no_alarm_and_more_is_one(row, tick, clock):
    EndDate.objects.update(due_at=None)  # nobody works
    clock.now = row.ends_at + timedelta(hours=23)
    tick()
    assert not alarms()
    tick(hours=2)
    tick(hours=2)
    (alarm,) = alarms()
    assert alarm.subject == "Contoso: access that should have ended is still there"
    assert "a calendar of Alex Wilber" in alarm.body and "Adele" not in alarm.body
    assert f"/setup/users/{mailbox(ALEX).public_id}/" in alarm.body
    CalendarPermission.objects.filter(pk=row.permission_id).update(ended_at=clock())
    tick(minutes=1)
    assert alarms()[0].over_at == clock()


def test_one_that_only_asks_is_not_late(row, tick, clock):
    EndDate.objects.update(asks=True, due_at=None)
    clock.now = row.ends_at + timedelta(days=9)
    tick()
    assert not alarms()


def test_one_that_failed_is_an_alarm_until_somebody_settles_it(row, tick, clock, read):
    EndDate.objects.update(state="failed", cause="would_raise", over_at=clock(), due_at=None)
    tick()
    (alarm,) = alarms()
    assert "would give more than before" in alarm.body
    row.refresh_from_db()
    changes.cancel_end_date(end_date=row, actor=user(read, ALEX), now=clock())
    tick(minutes=1)
    assert alarms()[0].over_at
