"""What changed on one's calendars: what was done here, and what was noticed between two readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from sharing import access, words
from sharing.access import timeline
from sharing.changes import sends_invitation
from sharing.models import (
    Calendar,
    CalendarPermission,
    Change,
    Cover,
    DeliveryPeriod,
    EndDate,
    PermissionPeriod,
    Role,
    User,
)
from sharing.web import past
from sharing.web.actors import actor_words
from sharing.words import ends as end_words
from sharing.words import history as said

from .outcomes import where, wish_of
from .rows import holder, inside, sentence_case, whose, words_for
from .undoable import can_undo, url_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, as the tag `timeline` wants it; `is_open` where it may still move."""

    at: datetime
    sentence: str
    names: list[str]
    when: str
    is_open: bool = False
    change: Change | None = None
    undo_url: str = ""
    undo_asks: bool = False  # Outlook would invite somebody: that is said on a page of its own first


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `older` is where the next page begins, None where there is none or nobody asked."""

    entries: list[Entry]
    older: datetime | None

    @property
    def is_open(self) -> bool:
        return any(entry.is_open for entry in self.entries)


@dataclass(frozen=True, slots=True)
class _Source:
    rows: QuerySet[Any]
    moment: str
    entry: Callable[[Any], Entry]
    kind: str


class History:
    """All changes on the person's calendars, or on one of them."""

    def __init__(self, user: User, now: datetime, calendar: Calendar | None = None) -> None:
        self.user, self.calendar, self.org = user, calendar, str(user.tenant)
        self.now = timezone.localtime(now)
        # A calendar comes and goes with its row for everyone; that is no news about anybody.
        everyone = {"permission__is_organization": True}
        ends = access.periods_of(user).filter(change=None)
        ends = ends.exclude(**everyone, end__in=PermissionPeriod.WITH_ITS_CALENDAR)
        firsts = access.first_periods_of(user).exclude(**everyone, role=Role.NONE)
        begun = access.begun_of(user).exclude(is_organization=True, role=Role.NONE)
        below = "permission__calendar"
        ours = self._of(access.changes_of(user).order_by(), "calendar")
        self.sources = [
            _Source(ours, "requested_at", self._ours, timeline.CHANGE),
            _Source(self._of(ends, below), "ended_at", self._ended, timeline.ENDED),
            _Source(self._of(firsts, below), "began_at", self._came_and_went, timeline.CAME_AND_WENT),
            _Source(self._of(begun, "calendar"), "began_at", self._came, timeline.CAME),
            _Source(self._of(access.end_dates_of(user).order_by(), below), "made_at", self._date_set, timeline.END_SET),
            _Source(
                self._of(access.end_dates_of(user).filter(state=EndDate.CANCELLED).order_by(), below), "over_at",
                self._date_taken, timeline.END_OVER,
            ),
            _Source(self._of(access.covers_of(user).order_by(), "calendar"), "made_at", self._cover, timeline.COVER),
        ]  # fmt: skip
        if calendar is None or calendar.is_default:
            delivery = access.delivery_periods_of(user).filter(change=None)
            delivery = delivery.filter(mailbox=calendar.mailbox_id) if calendar else delivery
            self.sources.append(_Source(delivery, "ended_at", self._delivery, timeline.DELIVERY))

    def _of(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        if self.calendar is None:
            return rows
        mine = Q(**{path: self.calendar})
        if path == "calendar" and rows.model is Change and self.calendar.is_default:
            mine |= Q(kind=Change.DELIVERY, mailbox=self.calendar.mailbox_id)
        return rows.filter(mine)

    def page(
        self, size: int, before: datetime | None = None, *, is_one_of_many: bool = False, undo_back: str = ""
    ) -> Page:  # fmt: skip
        """About `size` entries older than `before`; those of one moment stay together, as one reading finds many.

        Where it is one page of many, it also says where the next one begins. With `undo_back`, the page to return to,
        entries say whether they can be undone.
        """
        parts = [(s, s.rows.filter(**{f"{s.moment}__lt": before}) if before else s.rows) for s in self.sources]
        found = chain.from_iterable(
            rows.order_by(f"-{s.moment}").values_list(s.moment, flat=True)[: size + 1] for s, rows in parts
        )
        moments = sorted(found, reverse=True)
        if not moments:
            return Page([], None)
        last = moments[:size][-1]
        events = [
            timeline.Event(getattr(row, s.moment), s.kind, row)
            for s, rows in parts for row in rows.filter(**{f"{s.moment}__gte": last})
        ]  # fmt: skip
        events.sort(key=lambda event: event.at, reverse=True)
        entries = self.entries_of(events, undo_back=undo_back)
        has_older = is_one_of_many and any(rows.filter(**{f"{s.moment}__lt": last}).exists() for s, rows in parts)
        return Page(entries, last if has_older else None)

    def entries_of(self, events: Sequence[timeline.Event], *, undo_back: str = "") -> list[Entry]:
        """A line for each event, with who did it as far as anybody knows: one query more than the events took."""
        says: dict[str, Callable[[Any], Entry]] = {
            timeline.CHANGE: self._ours, timeline.ENDED: self._ended, timeline.CAME_AND_WENT: self._came_and_went,
            timeline.CAME: self._came, timeline.DELIVERY: self._delivery, timeline.END_SET: self._date_set,
            timeline.END_OVER: self._date_taken, timeline.COVER: self._cover,
        }  # fmt: skip
        entries = [
            replace(entry, when=past.when(event, doer, self.now, entry.when))
            if event.kind in past.NOTICED else entry
            for event, doer in zip(events, past.doers(events), strict=True)
            for entry in [says[event.kind](event.row)]
        ]  # fmt: skip
        return self._with_undo(entries, undo_back) if undo_back else entries

    def _with_undo(self, entries: list[Entry], back: str) -> list[Entry]:
        can = can_undo([entry.change for entry in entries if entry.change], self.now)
        return [
            replace(entry, undo_url=url_of(change, back), undo_asks=sends_invitation(change))
            if (change := entry.change) and change.pk in can else entry
            for entry in entries
        ]  # fmt: skip

    def _when(self, at: datetime) -> str:
        return words.moment(timezone.localtime(at), self.now)

    def _place(self, calendar: Calendar) -> str:
        """What stands behind when it was noticed, where the page is not of one calendar."""
        return "" if self.calendar else sentence_case(words_for(calendar, self.user))

    def _ours(self, change: Change) -> Entry:
        actor = actor_words(change, self.user)
        wish = wish_of(change, self.org)
        is_everyone = change.permission is not None and change.permission.is_organization
        wish = replace(wish, name=inside(wish.name, is_ours=is_everyone))
        sentence = words.change_sentence(wish, where(change, self.user), actor, whose(change.mailbox, self.user))
        when = self._when(change.requested_at)
        if change.state == Change.APPLIED and change.finished_at:
            at = self._when(change.finished_at)
            when = f"{when} · Confirmed by Microsoft 365{'' if at == when else f' {at}'}"
        return Entry(change.requested_at, sentence, [wish.name], when, change.is_open, change)

    def _date_set(self, row: EndDate) -> Entry:
        name, where_ = self._ending(row)
        actor = "You" if row.by_id == self.user.pk else str(row.by)
        return Entry(row.made_at, end_words.was_set(actor, name, where_, row.ends_on), [name], self._when(row.made_at))

    def _date_taken(self, row: EndDate) -> Entry:
        name, where_ = self._ending(row)
        at = row.over_at or row.made_at
        if row.state == EndDate.FAILED:
            return Entry(at, said.end_over(name, where_, row.ends_on, True), [name], self._when(at))
        return Entry(at, end_words.was_taken(name, where_, row.ends_on), [name], self._when(at))

    def _ending(self, row: EndDate) -> tuple[str, str]:
        permission = row.permission
        name = inside(holder(permission, self.org), is_ours=permission.is_organization)
        return name, words_for(permission.calendar, self.user)

    def _cover(self, row: Cover) -> Entry:
        name, actor = str(row.person), "You" if row.by_id == self.user.pk else str(row.by)
        planned = end_words.was_planned(
            actor, name, words_for(row.calendar, self.user), row.starts_on, row.ends_on,
            is_off=row.state == Cover.CANCELLED,
        )  # fmt: skip
        return Entry(row.made_at, planned, [name], self._when(row.made_at))

    def _ended(self, period: PermissionPeriod) -> Entry:
        name = holder(period.permission, self.org)
        of = whose(period.permission.calendar.mailbox, self.user)
        sentence = words.noticed_sentence(name, period.role, period.after, period.end, whose=of)
        return Entry(period.ended_at, sentence, [name], self._place(period.permission.calendar))

    def _came_and_went(self, period: PermissionPeriod) -> Entry:
        return self._began(period.permission, period.role, period.began_at)

    def _came(self, permission: CalendarPermission) -> Entry:
        return self._began(permission, permission.role, permission.began_at)

    def _began(self, permission: CalendarPermission, role: str, at: datetime) -> Entry:
        name = holder(permission, self.org)
        sentence = words.noticed_sentence(name, "", role, whose=whose(permission.calendar.mailbox, self.user))
        return Entry(at, sentence, [name], self._place(permission.calendar))

    def _delivery(self, period: DeliveryPeriod) -> Entry:
        of = whose(period.mailbox, self.user)
        before, after = (words.delivery_words(o, whose=of).title for o in (period.delivery_option, period.after))
        sentence = f"{of.said('Who gets {your} meeting requests')} changed from “{before}” to “{after}”"
        return Entry(period.ended_at, sentence, [], "")
