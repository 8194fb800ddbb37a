"""What stands in people's calendars: the same on every run, for any day, and beside it what was put there since."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from sandbox import ids
from sandbox.event import Event, moment
from sandbox.rows import User
from sandbox.zones import zone

DAY = timedelta(days=1)
# Titles and places that nobody but their owners should ever read.
SUBJECTS = (
    "Budget review", "Interview: head of finance", "1:1 with my manager", "Acquisition of Northwind", "Team lunch",
    "Salary talk", "Design review", "Customer call", "Fire drill", "Works council hearing", "Sprint planning",
)  # fmt: skip
PRIVATE = ("Doctor’s appointment", "School meeting", "Therapy", "Lawyer", "Blood test")
PLACES = ("Conf Room Adams", "Harry's Bar", "Building 34, room 211", "St Mary’s clinic", "Teams", "")
STATUSES = ("busy", "busy", "busy", "busy", "busy", "tentative", "tentative", "workingElsewhere", "free")


class Appointment(NamedTuple):
    """Time that is taken, in UTC; `status` is one of free, tentative, busy, oof, workingElsewhere."""

    start: datetime
    end: datetime
    status: str
    subject: str
    place: str
    is_private: bool


def appointments(user: User, start: datetime, end: datetime, *, with_usual: bool = True) -> list[Appointment]:
    """All that overlaps this window, earliest first."""
    found = [*_kept(user), *(_usual(user, start, end) if with_usual else ())]
    return sorted(each for each in found if each.start < end and start < each.end)


def _kept(user: User) -> Iterator[Appointment]:
    events: list[Event] = list(user.mailbox.events.values()) if user.mailbox else []
    for each in events:
        if each.is_live:
            yield Appointment(
                moment(each.start), moment(each.end), each.show_as, each.subject, each.place, each.is_private
            )


def zone_of(user: User) -> tzinfo:
    """Where this person works; UTC where the name of the zone says nothing."""
    hours = user.mailbox.settings["workingHours"] if user.mailbox else {}
    return zone(hours.get("timeZone", {}).get("name")) or UTC


def _usual(user: User, start: datetime, end: datetime) -> Iterator[Appointment]:
    """What the world puts there: drawn anew for each person and each day, by nothing else."""
    where = zone_of(user)
    day, last = start.astimezone(where).date() - DAY, end.astimezone(where).date() + DAY
    while day <= last:
        yield from _of_day(user, day, where)
        day += DAY


def _of_day(user: User, day: date, where: tzinfo) -> Iterator[Appointment]:
    def at(minutes: int, on: date = day) -> datetime:
        return datetime.combine(on, time(minutes // 60, minutes % 60), where).astimezone(UTC)

    week = random.Random(ids.digest("week", user.oid, *day.isocalendar()[:2]))
    chance = random.Random(ids.digest("day", user.oid, day.isoformat()))
    if user.mailbox and user.mailbox.purpose == "user":
        if week.random() < 0.06:  # A week off
            yield Appointment(at(0), at(0, day + DAY), "oof", "Holiday", "", False)
            return
        if day.weekday() == 4 and chance.random() < 0.25:
            yield Appointment(at(0), at(0, day + DAY), "workingElsewhere", "From home", "Home", False)
    if day.weekday() > 4:
        if chance.random() < 0.1:
            yield Appointment(at(11 * 60), at(14 * 60), "busy", "Family", "", True)
        return
    minutes = 8 * 60 + 30 * chance.randrange(0, 4)
    while minutes < 17 * 60:
        length = chance.choice((15, 30, 30, 60, 60, 90))
        if chance.random() < 0.45:
            private = chance.random() < 0.2
            subject = chance.choice(PRIVATE if private else SUBJECTS)
            place, status = chance.choice(PLACES), chance.choice(STATUSES)
            yield Appointment(at(minutes), at(minutes + length), status, subject, place, private)
        minutes += length + chance.choice((0, 30, 60))
