"""What happened, a line each, in the words of the owner."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from sharing import words
from sharing.access import timeline
from sharing.changes import days
from sharing.models import Change, DeliveryPeriod, EndDate, User
from sharing.web import past
from sharing.web.actors import actor_words
from sharing.words import history as said

from .history import Entry
from .outcomes import where, wish_of
from .rows import holder, inside, whose, words_for


def lines_of(events: Sequence[timeline.Event], user: User, now: datetime) -> list[Entry]:
    """A line for each event, with when and by whom; one query more than the events took."""
    return [
        Entry(event.at, *_SAYS[event.kind](event.row, user), when=past.when(event, doer, now))
        for event, doer in zip(events, past.doers(events), strict=True)
    ]


def _change(change: Change, user: User) -> tuple[str, list[str]]:
    wish = wish_of(change, str(user.tenant))
    wish = replace(wish, name=inside(wish.name, is_ours=bool(change.permission and change.permission.is_organization)))
    actor = actor_words(change, user)
    return words.change_sentence(wish, where(change, user), actor, whose(change.mailbox, user)), [wish.name]


def _noticed(row: Any, user: User, before: str, after: str, end: str = "") -> tuple[str, list[str]]:
    name = holder(row, str(user.tenant))
    of = whose(row.calendar.mailbox, user)
    return words.noticed_sentence(name, before, after, end, whose=of), [name]


def _delivery(period: DeliveryPeriod, user: User) -> tuple[str, list[str]]:
    of = whose(period.mailbox, user)
    before, after = (words.delivery_words(o, whose=of).title for o in (period.delivery_option, period.after))
    return f"{of.begun('Who gets {your} meeting requests')} changed from “{before}” to “{after}”", []


def _end_set(end: EndDate, user: User) -> tuple[str, list[str]]:
    name, calendar, role_after = _end(end, user)
    return said.end_set(name, calendar, last_day(end), role_after), [name]


def _end_over(end: EndDate, user: User) -> tuple[str, list[str]]:
    name, calendar, _ = _end(end, user)
    return said.end_over(name, calendar, last_day(end), end.state == EndDate.FAILED), [name]


def last_day(end: EndDate) -> date:
    return days.last_day(end.ends_at, timezone.get_current_timezone())


def _end(end: EndDate, user: User) -> tuple[str, str, str]:
    row, calendar = end.permission, end.permission.calendar
    of = whose(calendar.mailbox, user)
    label = words.role_label(end.role_after, words.OWNER, whose=of) if end.role_after else ""
    return holder(row, str(user.tenant)), words_for(calendar, user), label


_SAYS: dict[str, Callable[[Any, User], tuple[str, list[str]]]] = {
    timeline.CHANGE: _change,
    timeline.ENDED: lambda row, user: _noticed(row.permission, user, row.role, row.after, row.end),
    timeline.CAME_AND_WENT: lambda row, user: _noticed(row.permission, user, "", row.role),
    timeline.CAME: lambda row, user: _noticed(row, user, "", row.role),
    timeline.DELIVERY: _delivery,
    timeline.END_SET: _end_set,
    timeline.END_OVER: _end_over,
}
