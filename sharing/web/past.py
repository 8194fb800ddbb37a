"""What pages say of the past: who could see what on a day, and what happened, whoever looks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.safestring import SafeString

from sharing import access, audit, words
from sharing.access import history, timeline
from sharing.changes import days
from sharing.models import Calendar, Mailbox, Person, Tenant
from sharing.web.asked import Asked
from sharing.web.tags import people as tags
from sharing.words import history as said

A_PAGE = 100  # roles that were held on a day


@dataclass(frozen=True, slots=True)
class Day:
    """A day that somebody asks about, in the time zone of the mailbox it is about; `start` None: none was asked for."""

    text: str
    zone: ZoneInfo | None
    today: date
    problem: str = ""
    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None

    @property
    def title(self) -> str:
        return words.day(self.day) if self.day else ""

    @property
    def zone_words(self) -> str:
        return words.zone_words(self.zone)

    @property
    def before(self) -> str:
        return (self.day - timedelta(days=1)).isoformat() if self.day and self.day > date.min else ""

    @property
    def after(self) -> str:
        return (self.day + timedelta(days=1)).isoformat() if self.day and self.day < self.today else ""


def cut_of(request: Asked) -> access.Cut:
    """The part of a day that the address asks for: the first, or what is after or before a cursor."""
    return access.Cut(A_PAGE, request.GET.get("after", ""), request.GET.get("before", ""))


def zone_of(mailbox: Mailbox | None) -> ZoneInfo | None:
    return words.zone_of((mailbox.settings or {}).get("time_zone")) if mailbox else None


def day_asked(text: str, zone: ZoneInfo | None, now: datetime) -> Day:
    """The day named in the address; a problem where it is none, or has not been yet."""
    text, today = text.strip(), now.astimezone(zone or UTC).date()
    if not text:
        return Day("", zone, today)
    try:
        day = date.fromisoformat(text)
        start, end = days.starts_at(day, zone or UTC), days.ends_at(day, zone or UTC)
    except (ValueError, OverflowError):
        return Day(text[:20], zone, today, "Choose a day, for example 2026-03-14.")
    if day > today:
        return Day(text, zone, today, "That day has not been yet.")
    return Day(text, zone, today, "", start, end, day)


@dataclass(frozen=True, slots=True)
class Line:
    """One role that somebody had on a day: `certainty` and why it is so sure, and no more."""

    name: str
    sub: str
    kind: str
    role: SafeString
    certainty: SafeString
    why: str
    calendar: str
    person: Person | None
    owner: Person
    is_organization: bool


_TONES = {  # tone and icon
    history.CERTAIN: ("good", "check"),
    history.BETWEEN: ("warn", "help-circle"),
    history.LAST_KNOWN: ("warn", "clock"),
}


def line_of(
    held: access.Held, day: Day, now: datetime, *, org: str, audience: str, whose: words.Whose = words.YOU
) -> Line:
    row, calendar = held.permission, held.permission.calendar
    assert day.start and day.end
    moments = {
        name: timezone.localtime(at) if (at := getattr(held, name)) else None
        for name in ("began_after_at", "began_at", "ended_after_at", "ended_at")
    }
    label, why = said.certainty(
        held.certainty,
        start=day.start,
        end=day.end,
        now=timezone.localtime(now),
        **moments,  # type: ignore[arg-type]
    )
    name = held.name or held.address
    shown = words.GONE if words.is_account_number(name) else words.visible(name) or "Somebody without a name"
    return Line(
        name=words.everyone_at(org) if row.is_organization else shown,
        sub="" if row.is_organization else words.visible(held.address),
        kind="organization" if row.is_organization else row.grantee.kind if row.grantee else Person.UNRESOLVED,
        role=tags.role(held.role, audience, organization=row.is_organization, whose=whose),
        certainty=tags.pill(label, *_TONES[held.certainty]), why=why, calendar=words.visible(calendar.name),
        person=row.grantee, owner=calendar.mailbox.person, is_organization=row.is_organization,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Board:
    """One calendar on a day: the lines, or why there are none, and how well it had been read."""

    calendar: Calendar
    name: str
    is_default: bool
    lines: list[Line]
    nothing: tuple[str, str] | None
    remark: tuple[str, str] | None
    read_at: datetime | None
    page: access.HeldPage

    @property
    def is_empty(self) -> bool:
        is_first = self.page.first <= 1
        return self.nothing is None and is_first and not any(not line.is_organization for line in self.lines)


def board_of(
    then: access.CalendarThen, day: Day, now: datetime, *, org: str, audience: str, kept_from: datetime | None,
    whose: words.Whose = words.YOU,
) -> Board:  # fmt: skip
    local = timezone.localtime(now)
    nothing = None
    if then.why_not:
        first = words.moment(timezone.localtime(then.calendar.first_seen_at), local)
        kept = words.moment(timezone.localtime(kept_from), local) if kept_from else ""
        nothing = said.why_not(then.why_not, first=first, kept_from=kept)
    remark = None
    if not then.why_not and then.reading.state not in (Mailbox.OK, Mailbox.NEVER):
        cause = words.cause_words(then.reading.cause).what if then.reading.cause else ""
        label = ": ".join(part for part in (words.state_words(then.reading.state).it, cause) if part)
        read = words.moment(timezone.localtime(then.read_at), local) if then.read_at else ""
        text = f"{label}. What is shown was read {read}." if read else f"{label}."
        remark = ("The mailbox could not be read at the end of that day", text)
    lines = [line_of(held, day, now, org=org, audience=audience, whose=whose) for held in then.held]
    return Board(
        then.calendar, words.visible(then.name) or "Calendar without a name", then.is_default, lines, nothing, remark,
        then.read_at, then.page,
    )  # fmt: skip


def kept_words(tenant: Tenant, now: datetime) -> tuple[datetime | None, str]:
    """Since when the past of a tenant is kept, and the sentence that stands beside every day of it."""
    begins_at = audit.history_begins_at(tenant)
    if begins_at is None:
        return None, "Nothing was read yet, so no past is known."
    since = words.moment(timezone.localtime(begins_at), timezone.localtime(now))
    if tenant.history_days:
        return begins_at, f"The past is kept for {tenant.history_days:,} days, at present since {since}."
    return begins_at, f"The past is known since {since}, and kept."


# What happened ------------------------------------------------------------------------------------------


NOTICED = (timeline.CAME, timeline.CAME_AND_WENT, timeline.ENDED, timeline.DELIVERY)


def doers(events: Sequence[timeline.Event]) -> list[audit.Doer | None]:
    """Who did what nobody here did, for each event: as Exchange's own log says, where it was given to us. One query."""
    differences = [_difference(event) for event in events]
    found = iter(audit.who_did([difference for difference in differences if difference]))
    return [next(found) if difference else None for difference in differences]


def _difference(event: timeline.Event) -> audit.Difference | None:
    if event.kind in (timeline.CAME, timeline.CAME_AND_WENT):
        return audit.Difference.began(event.row)
    if event.kind in (timeline.ENDED, timeline.DELIVERY):
        return audit.Difference.ended(event.row)
    return None


def when(event: timeline.Event, doer: audit.Doer | None, now: datetime, place: str = "") -> str:
    """When and by whom, as far as anybody knows; every moment is in the zone that is current."""
    local, at = timezone.localtime(now), timezone.localtime(event.at)
    if event.kind not in NOTICED:
        return words.moment(at, local)
    is_end = event.kind in (timeline.ENDED, timeline.DELIVERY)
    after_at = event.row.ended_after_at if is_end else event.row.began_after_at
    after: dict[str, Any] = {"after_at": timezone.localtime(after_at) if after_at else None}
    by: dict[str, Any] = {"by": words.visible(doer.name), "by_at": timezone.localtime(doer.at)} if doer else {}
    return said.outside(at, local, place=place, **after, **by)
