"""What happened, a line each, in IT's words: on a calendar, to a person, to one entry."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from sharing import words
from sharing.access import timeline
from sharing.models import CalendarPermission, Change, Cover, DeliveryPeriod, EndDate, Person
from sharing.web import past
from sharing.web.actors import actor_words
from sharing.words import history as said

LATEST = 30
Told = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `sentence` with `names` in bold, and `when`, which also says by whom."""

    at: datetime
    sentence: str
    names: tuple[str, ...]
    when: str


def history_of(person: Person, *, org: str, now: datetime) -> list[Entry]:
    """The latest LATEST things that happened to a person's access, and on their calendars; newest first."""
    return lines_of(timeline.page_of(timeline.of_person(person), size=LATEST).events, org=org, now=now)


def lines_of(events: Sequence[timeline.Event], *, org: str, now: datetime) -> list[Entry]:
    """A line for each event, with when and by whom; one query more than the events took."""
    return [
        Entry(event.at, *_SAYS[event.kind](event.row, org), when=_when(event, past.when(event, doer, now), now))
        for event, doer in zip(events, past.doers(events), strict=True)
    ]


def _when(event: timeline.Event, said_so: str, now: datetime) -> str:
    if event.kind == timeline.CHANGE:
        approved = event.row.approved_by
        by = actor_words(event.row)
        by = f"{by}, agreed by {approved}" if approved else by
        return said.here(timezone.localtime(event.at), timezone.localtime(now), words.visible(by))
    if event.kind in (timeline.END_SET, timeline.COVER):
        return said.here(timezone.localtime(event.at), timezone.localtime(now), words.visible(str(event.row.by)))
    return said_so


def _name(row: CalendarPermission, org: str) -> str:
    return words.everyone_at(org) if row.is_organization else _shown(row.name or row.address)


def _shown(name: str) -> str:
    return words.visible(name) or "Somebody without a name"


def _noticed(row: CalendarPermission, org: str, before: str, after: str, end: str = "") -> Told:
    owner, name = str(row.calendar.mailbox.person), _name(row, org)
    sentence = words.noticed_sentence(name, before, after, end, audience=words.IT)
    return f"{owner}, {_calendar(row)}: {sentence}", (owner, name)


def _calendar(row: CalendarPermission) -> str:
    return str(row.calendar) or "Calendar without a name"


def _change(change: Change, org: str) -> Told:
    owner = str(change.mailbox.person)
    everyone = change.permission is not None and change.permission.is_organization
    name = words.everyone_at(org) if everyone else _shown(change.name or change.address)
    place = f"{owner}, {change.calendar or 'Calendar without a name'}" if change.calendar else owner
    label, _ = words.STATE_LABELS[change.state]
    how = "" if change.state == Change.APPLIED else f" ({label[0].lower()}{label[1:]})"
    match change.kind:
        case Change.DELIVERY:
            before, after = (words.delivery_words(option).it for option in (change.before, change.after))
            return f"{place}: meeting requests from “{before}” to “{after}”{how}", (owner,)
        case Change.REMOVE:
            did = f"{name} removed, was {words.role_label(change.before)}"
        case Change.CREATE:
            did = f"{name} added: {words.role_label(change.after)}"
        case Change.ROLE:
            did = f"{name} changed from {words.role_label(change.before)} to {words.role_label(change.after)}"
        case _:
            return f"{place}: {name} changed their own copy of the calendar{how}", (owner, name)
    return f"{place}: {did}{how}", (owner, name)


def _delivery(period: DeliveryPeriod, org: str) -> Told:
    owner = str(period.mailbox.person)
    before, after = (words.delivery_words(option).it for option in (period.delivery_option, period.after))
    return f"{owner}: meeting requests changed from “{before}” to “{after}”", (owner,)


def _end_set(end: EndDate, org: str) -> Told:
    name, place, day = _end(end, org)
    return said.end_set(name, place, day, words.role_label(end.role_after) if end.role_after else ""), (name,)


def _end_over(end: EndDate, org: str) -> Told:
    name, place, day = _end(end, org)
    return said.end_over(name, place, day, end.state == EndDate.FAILED), (name,)


def _end(end: EndDate, org: str) -> tuple[str, str, Any]:
    row = end.permission
    return _name(row, org), f"{_calendar(row)} of {row.calendar.mailbox.person}", end.ends_on


def _cover(cover: Cover, org: str) -> Told:
    owner, name = str(cover.calendar.mailbox.person), _shown(str(cover.person))
    is_off = cover.state == Cover.CANCELLED
    place = f"{owner}, {cover.calendar or 'Calendar without a name'}"
    return f"{place}: {said.cover(name, cover.starts_on, cover.ends_on, is_off=is_off)}", (owner, name)


_SAYS: dict[str, Callable[[Any, str], Told]] = {
    timeline.CHANGE: _change,
    timeline.ENDED: lambda row, org: _noticed(row.permission, org, row.role, row.after, row.end),
    timeline.CAME_AND_WENT: lambda row, org: _noticed(row.permission, org, "", row.role),
    timeline.CAME: lambda row, org: _noticed(row, org, "", row.role),
    timeline.DELIVERY: _delivery,
    timeline.END_SET: _end_set,
    timeline.END_OVER: _end_over,
    timeline.COVER: _cover,
}
