"""Finds the times at which everybody is free within their own working hours; pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

# What leaves a person free, in Graph's words; every other status, and one that nobody knows, takes their time.
FREE = frozenset({"free", "workingElsewhere"})
TENTATIVE = "tentative"

_Seconds = list[tuple[int, int]]  # since 1970 in UTC, half-open, in order and apart
_DAY = 86_400
# No zone has gone forth and back again within this time.
_STRIDE = _DAY // 2


class Span(NamedTuple):
    """From one moment to before another, aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours by the clock of `zone`: Monday is 0; an `end` not after `start` is on the next day."""

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Party:
    """One who is to come; with `hours` None at any time of day. Whoever is not `is_known` is never called free."""

    address: str
    taken: tuple[Span, ...] = ()
    hours: Hours | None = None
    is_known: bool = True


class Slot(NamedTuple):
    """A time that suits everybody but, perhaps, those of whom nothing is known; aware in UTC."""

    start: datetime
    end: datetime
    unknown: tuple[str, ...]


def taken(items: Iterable[tuple[datetime, datetime, str]], *, tentative_is_free: bool = False) -> tuple[Span, ...]:
    """What keeps a person from coming, of (start, end, status) in Graph's words."""
    free = FREE | {TENTATIVE} if tentative_is_free else FREE
    return tuple(Span(start, end) for start, end, status in items if status not in free)


def find_slots(
    parties: Sequence[Party], *, start: datetime, end: datetime, length: timedelta, step: timedelta, most: int
) -> list[Slot]:
    """The first `most` times of `length` between two moments (aware), beginning at `start` or whole steps after it.

    Every minute of one is within the working hours of each, as their own clock shows it. Raises ValueError.
    """
    if length <= timedelta(0) or step <= timedelta(0) or length.microseconds or step.microseconds:
        raise ValueError("a length and a step of whole seconds")
    first, last = ceil(start.timestamp()), floor(end.timestamp())
    if start.utcoffset() is None or end.utcoffset() is None or first > last:
        raise ValueError("a window from one moment to a later one")
    free: _Seconds = [(first, last)]
    for party in parties:
        if party.hours:
            free = list(_both(free, _working(party.hours, first, last)))
        free = list(_without(free, _merged(_seconds(party.taken))))
    unknown = tuple(party.address for party in parties if not party.is_known)
    found: list[Slot] = []
    every, long = int(step.total_seconds()), int(length.total_seconds())
    for begins, ends in free:
        at = first + -(-(begins - first) // every) * every
        while at + long <= ends and len(found) < most:
            found.append(Slot(datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(at + long, UTC), unknown))
            at += every
    return found


def _seconds(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """A part of a second counts as a whole one."""
    for span in spans:
        yield floor(span.start.timestamp()), ceil(span.end.timestamp())


def _merged(spans: Iterable[tuple[int, int]]) -> _Seconds:
    """In order and apart."""
    merged: _Seconds = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def _both(these: _Seconds, those: _Seconds) -> Iterator[tuple[int, int]]:
    """Where they overlap."""
    n = m = 0
    while n < len(these) and m < len(those):
        start, end = max(these[n][0], those[m][0]), min(these[n][1], those[m][1])
        if start < end:
            yield start, end
        if these[n][1] < those[m][1]:
            n += 1
        else:
            m += 1


def _without(these: _Seconds, those: _Seconds) -> Iterator[tuple[int, int]]:
    """What is left of the first."""
    m = 0
    for start, end in these:
        while m < len(those) and those[m][1] <= start:
            m += 1
        k = m
        while k < len(those) and those[k][0] < end:
            if start < those[k][0]:
                yield start, those[k][0]
            start = max(start, those[k][1])
            k += 1
        if start < end:
            yield start, end


def _working(hours: Hours, first: int, last: int) -> _Seconds:
    """The working hours between two moments.

    Where the clock is put forward or back a day is cut in two, each with its own distance from UTC: so an hour that
    comes twice is worked twice, and one that is left out is not there.
    """
    found: _Seconds = []
    for begins, ends, offset in _offsets(hours.zone, first, last):
        # As if UTC's own clock were the one on the wall.
        today, until = _date_of(begins + offset) - timedelta(days=1), _date_of(ends + offset)
        while today <= until:
            if today.weekday() in hours.days:
                tomorrow = today + timedelta(days=hours.end <= hours.start)
                start = max(begins, _on_wall(today, hours.start) - offset)
                end = min(ends, _on_wall(tomorrow, hours.end) - offset)
                if start < end:
                    found.append((start, end))
            today += timedelta(days=1)
    return _merged(found)


def _offsets(zone: ZoneInfo, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of time with one distance from UTC in seconds: start, end, distance."""
    begins, offset, at = first, _offset(zone, first), first
    while at < last:
        ahead = min(at + _STRIDE, last)
        if _offset(zone, ahead) != offset:
            low, high = at, ahead  # the change lies behind `low`, at `high` at the latest
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield begins, high, offset
            begins, offset, ahead = high, _offset(zone, high), high
        at = ahead
    if begins < last:
        yield begins, last, offset


def _offset(zone: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta(0)
    return int(offset.total_seconds())


def _date_of(wall: int) -> date:
    return datetime.fromtimestamp(wall, UTC).date()


def _on_wall(day: date, clock: time) -> int:
    return int(datetime.combine(day, clock, UTC).timestamp())
