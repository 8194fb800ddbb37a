"""Times that suit everybody, compared minute by minute with what each person's clock and calendar say."""

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sharing.meetings.slots import Hours, Party, Slot, Span, find_slots, taken

MINUTE = timedelta(minutes=1)
WEEK = frozenset(range(5))
# A zone, and a day around which its clock is put forward or back (or on which nothing happens).
PLACES = [
    ("Europe/Berlin", datetime(2026, 10, 25)), ("Europe/Berlin", datetime(2027, 3, 28)),
    ("America/New_York", datetime(2026, 11, 1)), ("America/New_York", datetime(2027, 3, 14)),
    ("Australia/Lord_Howe", datetime(2026, 10, 4)), ("Australia/Lord_Howe", datetime(2027, 4, 4)),
    ("America/St_Johns", datetime(2026, 11, 1)), ("Pacific/Chatham", datetime(2026, 9, 27)),
    ("Africa/Casablanca", datetime(2027, 2, 7)), ("Africa/Casablanca", datetime(2027, 3, 14)),
    ("Asia/Kolkata", datetime(2026, 11, 23)), ("Asia/Kathmandu", datetime(2026, 11, 23)),
    ("Australia/Adelaide", datetime(2027, 4, 4)), ("Pacific/Apia", datetime(2011, 12, 30)),
    ("Pacific/Kiritimati", datetime(2026, 12, 31)), ("UTC", datetime(2026, 11, 23)),
]  # fmt: skip


def a_case(seed):
    chance = random.Random(seed)
    _, day = chance.choice(PLACES)
    zones = [chance.choice([name for name, each in PLACES if each == day] + [name for name, _ in PLACES])
             for _ in range(chance.randint(1, 3))]  # fmt: skip
    zones[0] = next(name for name, each in PLACES if each == day)
    start = day.replace(tzinfo=UTC) - timedelta(minutes=chance.randint(0, 1440))
    end = start + timedelta(minutes=chance.randint(30, 2200))
    parties = []
    for n, name in enumerate(zones):
        spans = []
        for _ in range(chance.randint(0, 6)):
            at = start + timedelta(minutes=chance.randint(-300, 2200))
            spans.append(Span(at, at + timedelta(minutes=chance.choice([0, 1, 15, 30, 60, 240]))))
        hours = None
        if chance.random() < 0.85:
            begins = time(chance.randint(0, 23), chance.choice([0, 15, 30]))
            ends = time(chance.randint(0, 23), chance.choice([0, 30, 45]))
            days = frozenset(chance.sample(range(7), chance.randint(3, 7)))
            hours = Hours(days, begins, ends, ZoneInfo(name))
        parties.append(Party(f"p{n}@contoso.com", tuple(spans), hours, chance.random() < 0.9))
    length = timedelta(minutes=chance.choice([5, 15, 30, 45, 60, 90]))
    step = timedelta(minutes=chance.choice([5, 10, 15, 30, 60]))
    return parties, {"start": start, "end": end, "length": length, "step": step, "most": chance.choice([1, 5, 1000])}


def suits(party, minute):
    """Whether this minute is free and worked, by the calendar and the clock on this person's wall."""
    if any(span.start <= minute < span.end for span in party.taken):
        return False
    if party.hours is None:
        return True
    wall = minute.astimezone(party.hours.zone)
    clock, today, yesterday = wall.time(), wall.weekday(), (wall.weekday() - 1) % 7
    if party.hours.start < party.hours.end:
        return today in party.hours.days and party.hours.start <= clock < party.hours.end
    return (today in party.hours.days and clock >= party.hours.start) or (
        yesterday in party.hours.days and clock < party.hours.end
    )


def by_the_minute(parties, *, start, end, length, step, most):
    good, minute = {}, start
    while minute < end:
        good[minute] = all(suits(party, minute) for party in parties)
        minute += MINUTE
    unknown = tuple(party.address for party in parties if not party.is_known)
    found, at = [], start
    while at + length <= end and len(found) < most:
        if all(good[at + n * MINUTE] for n in range(int(length / MINUTE))):
            found.append(Slot(at, at + length, unknown))
        at += step
    return found


def test_a_thousand_chance_cases_are_as_counted_by_the_minute():
    some = 0
    for seed in range(1000):
        parties, asked = a_case(seed)
        expected = by_the_minute(parties, **asked)
        assert find_slots(parties, **asked) == expected, seed
        some += bool(expected)
    assert 250 < some < 950, "most cases should have an answer, and some none"


def at(day, hour, minute=0, zone="UTC"):
    return datetime(2026, *day, hour, minute, tzinfo=ZoneInfo(zone))


def hours(zone, start=time(9), end=time(17), days=WEEK):
    return Hours(days, start, end, ZoneInfo(zone))


def starts(parties, *, day=(11, 23), days=1, length=60, step=30, most=100, zone="UTC"):
    start = at(day, 0, zone=zone)
    found = find_slots(
        parties, start=start, end=start + timedelta(days=days), length=timedelta(minutes=length),
        step=timedelta(minutes=step), most=most,
    )  # fmt: skip
    return [slot.start.astimezone(ZoneInfo(zone)).strftime("%H:%M") for slot in found]


def test_a_meeting_lies_in_the_working_hours_of_everybody_by_their_own_clocks():
    berlin, delhi = Party("b", hours=hours("Europe/Berlin")), Party("d", hours=hours("Asia/Kolkata"))
    assert starts([berlin, delhi]) == ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30"]
    assert starts([berlin, Party("s", hours=hours("America/Los_Angeles"))]) == []


def test_on_the_day_the_clock_goes_back_working_hours_stay_where_the_clock_shows_them():
    sunday = Party("b", hours=hours("Europe/Berlin", time(1), time(4), frozenset(range(7))))
    assert len(starts([sunday], day=(10, 24), zone="Europe/Berlin")) == 5
    assert len(starts([sunday], day=(10, 25), zone="Europe/Berlin")) == 7, "the hour after two comes twice"
    assert len(starts([sunday], day=(3, 29), zone="Europe/Berlin")) == 3, "and once it is left out"


def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on():
    night = Party("n", hours=hours("UTC", time(22), time(6), frozenset({0})))
    assert starts([night], day=(11, 23), days=1)[0] == "22:00"
    assert starts([night], day=(11, 24), days=1)[-1] == "05:00"
    assert starts([night], day=(11, 23), length=480, days=2) == ["22:00"]


def test_whoever_is_unknown_is_named_and_not_called_free():
    found = find_slots(
        [Party("known"), Party("nobody knows", is_known=False)], start=at((11, 23), 9), end=at((11, 23), 10),
        length=timedelta(minutes=60), step=timedelta(minutes=30), most=5,
    )  # fmt: skip
    assert found == [Slot(at((11, 23), 9), at((11, 23), 10), ("nobody knows",))]


def test_tentative_takes_time_and_working_elsewhere_does_not():
    spans = [(at((11, 23), n), at((11, 23), n + 1), status) for n, status in enumerate(
        ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown", "a word of tomorrow"))]  # fmt: skip
    assert [span.start.hour for span in taken(spans)] == [1, 2, 3, 5, 6]
    assert [span.start.hour for span in taken(spans, tentative_is_free=True)] == [2, 3, 5, 6]


def test_a_part_of_a_minute_that_is_taken_is_taken():
    busy = Span(at((11, 23), 9, 30).replace(microsecond=1), at((11, 23), 9, 59) + timedelta(seconds=59.5))
    asked = {"length": timedelta(minutes=30), "step": timedelta(minutes=30), "most": 9}
    found = find_slots([Party("a", (busy,))], start=at((11, 23), 9), end=at((11, 23), 11), **asked)
    assert [slot.start.strftime("%H:%M") for slot in found] == ["09:00", "10:00", "10:30"]


@pytest.mark.parametrize("wrong", [
    {"length": timedelta(0)}, {"step": timedelta(0)}, {"step": timedelta(seconds=0.5)},
    {"start": datetime(2026, 11, 24, tzinfo=UTC)}, {"end": datetime(2026, 11, 24)},
])  # fmt: skip
def test_what_is_no_question_is_not_answered(wrong):
    asked = {"start": at((11, 23), 9), "end": at((11, 23), 10), "length": MINUTE, "step": MINUTE, "most": 1}
    with pytest.raises(ValueError):
        find_slots([], **{**asked, **wrong})
