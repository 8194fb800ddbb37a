"""Two weeks of somebody's free and busy times, day by day: drawn, and in words beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from sharing.words import probes as said

DAY = timedelta(days=1)
A_DAY = 1440  # minutes, as wide as a drawn day
MARKS = (360, 720, 1080)


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a drawn day: where it begins and how wide it is, in its minutes; `css` colours it by its status."""

    x: int
    width: int
    css: str


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    bars: list[Bar]
    words: list[str]


def days_of(items: Iterable[Any], start: datetime, end: datetime) -> list[Day]:
    """Every day from `start` to `end` in the zone of the page; `items` have a start, an end and a status."""
    zone, spans = timezone.get_current_timezone(), _joined(items)
    first, last = (timezone.localtime(each).date() for each in (start, end - timedelta(microseconds=1)))
    found = []
    for number in range((last - first).days + 1):
        day = first + number * DAY
        begins, ends = (datetime.combine(each, time(), zone) for each in (day, day + DAY))
        inside = [(max(a, begins), min(b, ends), status) for a, b, status in spans if a < ends and b > begins]
        found.append(Day(day, [_bar(*each, ends) for each in inside], [_told(*each, begins, ends) for each in inside]))
    return found


def _joined(items: Iterable[Any]) -> list[tuple[datetime, datetime, str]]:
    """In order; what touches and has the same status is one."""
    found: list[tuple[datetime, datetime, str]] = []
    for item in sorted(items, key=lambda each: (each.status, each.start)):
        if found and found[-1][2] == item.status and item.start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], item.end), item.status
        else:
            found.append((item.start, item.end, item.status))
    return sorted(found)


def _bar(start: datetime, end: datetime, status: str, midnight: datetime) -> Bar:
    x, until = _minute(start), A_DAY if end >= midnight else _minute(end)
    return Bar(x, max(until - x, 1), said.STATUSES.get(status, said.TAKEN)[1])


def _minute(moment: datetime) -> int:
    local = timezone.localtime(moment)
    return local.hour * 60 + local.minute


def _told(start: datetime, end: datetime, status: str, begins: datetime, ends: datetime) -> str:
    word = said.STATUSES.get(status, said.TAKEN)[0]
    if start <= begins and end >= ends:
        return f"All day {word}"
    until = "24:00" if end >= ends else f"{timezone.localtime(end):%H:%M}"
    return f"{timezone.localtime(start):%H:%M}–{until} {word}"
