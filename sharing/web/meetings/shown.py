"""What a page shows of times that were found: by day, with who is not known, and how each one's day is taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone

from sharing import words
from sharing.meetings.finding import Found
from sharing.meetings.slots import Hours, Party, Slot, Span
from sharing.meetings.verdicts import verdict
from sharing.words import meetings as said

DAY = timedelta(days=1)
A_DAY = 1440  # minutes, as wide as a drawn day
MARKS = (6, 9, 12, 15, 18, 21)


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a drawn day: where it begins and how wide it is, in minutes of that day."""

    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Row:
    """One person's day: drawn, and in words."""

    name: str
    is_known: bool
    working: list[Bar]
    taken: list[Bar]
    works: str
    is_taken: str


def days_of(found: Found, names: dict[str, str]) -> list[dict[str, Any]]:
    """The times by day, in the zone of the page, and how each one's day is taken."""
    by_day = [(day, list(slots)) for day, slots in groupby(found.slots, lambda slot: _local(slot.start).date())]
    return [
        {
            "day": day,
            "title": said.weekday(day),
            "slots": [_slot(slot, found.parties[1:], names) for slot in slots],
            "rows": [_row(party, day, names) for party in found.parties],
        }
        for day, slots in by_day
    ]


def unknown_of(found: Found, names: dict[str, str]) -> list[tuple[str, str]]:
    """(name, why) of each of whom nothing is known."""
    return [
        (_named(each.address, names), said.not_known(verdict(each.code, each.message).reason)) for each in found.unknown
    ]


def _slot(slot: Slot, parties: Iterable[Party], names: dict[str, str]) -> dict[str, Any]:
    start = _local(slot.start)
    return {
        "at": slot.start.isoformat(),
        "label": said.from_to(start, _local(slot.end)),
        "unknown": words.listed([_named(address, names) for address in slot.unknown]),
        "elsewhere": _elsewhere(slot, parties, names),
    }


def _elsewhere(slot: Slot, parties: Iterable[Party], names: dict[str, str]) -> list[tuple[str, str]]:
    """(time there, who) for each clock that shows another time than the page's."""
    here, found = _local(slot.start), dict[str, list[str]]()
    for party in parties:
        there = slot.start.astimezone(party.hours.zone) if party.hours else here
        if there.utcoffset() != here.utcoffset():
            day = "" if there.date() == here.date() else f" on {there:%A}"
            found.setdefault(f"{there:%H:%M}{day}", []).append(_named(party.address, names))
    return [(at, words.listed(who)) for at, who in found.items()]


def _row(party: Party, day: date, names: dict[str, str]) -> Row:
    zone = timezone.get_current_timezone()
    begins, ends = (datetime.combine(each, time(), zone) for each in (day, day + DAY))
    taken = list(_within(party.taken, begins, ends))
    works = list(_within(_working(party.hours, day), begins, ends)) if party.hours else []
    return Row(
        _named(party.address, names), party.is_known, [_bar(*each) for each in works], [_bar(*each) for each in taken],
        _told(works), _told(taken),
    )  # fmt: skip


def _working(hours: Hours, day: date) -> Iterable[Span]:
    """Those of a day and of its neighbours, which may reach into it."""
    for near in (day - DAY, day, day + DAY):
        if near.weekday() in hours.days:
            until = near + DAY if hours.end <= hours.start else near
            yield Span(datetime.combine(near, hours.start, hours.zone), datetime.combine(until, hours.end, hours.zone))


def _within(spans: Iterable[Span], begins: datetime, ends: datetime) -> Iterable[tuple[datetime, datetime]]:
    """What of them lies in a day, in order and in the zone of the page; what touches is one."""
    last: tuple[datetime, datetime] | None = None
    for span in sorted(spans):
        start, end = _local(max(span.start, begins)), _local(min(span.end, ends))
        if start >= end:
            continue
        if last and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last:
            yield last
        last = start, end
    if last:
        yield last


def _bar(start: datetime, end: datetime) -> Bar:
    x = start.hour * 60 + start.minute
    until = A_DAY if end.date() != start.date() else end.hour * 60 + end.minute
    return Bar(x, max(until - x, 1))


def _told(spans: Iterable[tuple[datetime, datetime]]) -> str:
    return ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in spans)


def _named(address: str, names: dict[str, str]) -> str:
    return words.visible(names.get(address.casefold(), "") or address)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(timezone.get_current_timezone())
