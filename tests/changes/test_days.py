"""Days end where the mailbox is, on nights of 23 and 25 hours too; working hours are the owner's."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sharing.changes import days
from sharing.models import Mailbox

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
OFFICE = {"days": ["monday", "tuesday"], "start": "08:30:00", "end": "12:00:00", "time_zone": "W. Europe Standard Time"}


def box(zone="W. Europe Standard Time", **hours):
    return Mailbox(settings={"time_zone": zone, "working_hours": hours})


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        (BERLIN, date(2026, 11, 27), utc(2026, 11, 27, 23)),
        (BERLIN, date(2026, 10, 25), utc(2026, 10, 25, 23)),  # clocks go back: a day of 25 hours
        (BERLIN, date(2026, 3, 29), utc(2026, 3, 29, 22)),  # and forward: of 23
        (NEW_YORK, date(2026, 11, 27), utc(2026, 11, 28, 5)),
        (ZoneInfo("Asia/Tokyo"), date(2026, 11, 27), utc(2026, 11, 27, 15)),
        (ZoneInfo("America/Santiago"), date(2026, 9, 5), utc(2026, 9, 6, 4)),  # the next day begins at one
        (ZoneInfo("America/Havana"), date(2026, 10, 31), utc(2026, 11, 1, 4)),  # midnight comes twice: the first counts
        (ZoneInfo("Pacific/Kiritimati"), date(2026, 11, 27), utc(2026, 11, 27, 10)),
    ],
)
def test_a_day_ends_where_the_mailbox_is(zone, day, end):
    assert days.ends_at(day, zone) == end
    assert days.last_day(end, zone) == day
    assert days.last_day(end + timedelta(hours=1), zone) == day + days.DAY


def test_a_year_of_days_has_neither_gap_nor_overlap():
    for zone in (BERLIN, NEW_YORK, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")):
        for ahead in range(366):
            day = date(2026, 1, 1) + days.DAY * ahead
            assert days.ends_at(day, zone) == days.starts_at(day + days.DAY, zone)
            assert days.last_day(days.ends_at(day, zone), zone) == day


def test_a_zone_that_nobody_knows_is_utc():
    for zone in ("tzone://Microsoft/Custom", "", None, "../../etc/passwd"):
        assert days.zone_of(box(zone)) is UTC


@pytest.mark.parametrize(
    ("moment", "first"),
    [
        (utc(2026, 11, 27, 23), utc(2026, 11, 30, 7, 30)),  # Friday night: Monday, half past eight
        (utc(2026, 11, 30, 8), utc(2026, 11, 30, 8)),  # in the middle of it: now
        (utc(2026, 11, 30, 11), utc(2026, 12, 1, 7, 30)),  # twelve is over: the next day
        (utc(2026, 12, 1, 11), utc(2026, 12, 7, 7, 30)),  # after the last day of the week
    ],
)
def test_working_hours_are_the_mailboxs_own(moment, first):
    assert days.working_moment(box(**OFFICE), moment) == first


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"days": [], "start": "08:00:00", "end": "17:00:00"},
        {"days": ["someday"], "start": "08:00:00", "end": "17:00:00"},
        {"days": "monday", "start": "08:00:00", "end": "17:00:00"},
        {"days": ["monday"], "start": "17:00:00", "end": "08:00:00"},
        {"days": ["monday"], "start": "noon", "end": "17:00:00"},
        {"days": ["monday"], "start": "08:00:00+05:00", "end": "17:00:00"},
    ],
)
def test_hours_that_make_no_sense_are_nine_to_five_on_weekdays(hours):
    assert days.working_moment(box(**hours), utc(2026, 11, 28, 3)) == utc(2026, 11, 30, 8)
    assert days.working_moment(box(**hours), utc(2026, 11, 25, 20)) == utc(2026, 11, 26, 8)
