"""What changed on one's calendars: what was done here, and what was noticed between two readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from sharing import words
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
    """Entries, newest first; `older` is the cursor of the next page, empty where there is none."""

    entries: list[Entry]
    older: str

    @property
    def is_open(self) -> bool:
        return any(entry.is_open for entry in self.entries)


class History:
    """All changes on the person's calendars, or on one of them."""

    def __init__(self, user: User, now: datetime, calendar: Calendar | None = None) -> None:
        self.user, self.calendar, self.org = user, calendar, str(user.tenant)
        self.now = timezone.localtime(now)

    def page(self, size: int, before: str = "", *, undo_back: str = "") -> Page:
        """At most `size` entries older than the cursor `before`.

        With `undo_back`, the page to return to, entries say whether they can be undone.
        """
        sources = timeline.of_calendar(self.calendar) if self.calendar else timeline.of_owner(self.user)
        found = timeline.page_of(sources, size=size, before=before)
        return Page(self.entries_of(found.events, undo_back=undo_back), found.older)

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
