"""When people are free or busy: start, end and status of what fills their time, and nothing of what it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from .client import Client
from .errors import Malformed
from .event_paths import schedule_path
from .parse import LONGEST_WORD, fold_address, text

MOST_ADDRESSES = 20  # documented; a list that Exchange would expand counts with its members
MOST_DAYS = 42
SHORTEST_INTERVAL, LONGEST_INTERVAL = 5, 1440
MOST_ITEMS = 1000  # of one person; Exchange itself refuses more
LONGEST_MESSAGE = 500
UNKNOWN = "unknown"

_STATUSES = {status.casefold(): status for status in ("free", "tentative", "busy", "oof", "workingElsewhere")}
_DIGITS = {"1": "tentative", "2": "busy", "3": "oof", "4": "workingElsewhere"}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ZONE = "UTC"
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z?", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?", re.ASCII)
_VIEW = re.compile(r"\d*", re.ASCII)


class Busy(NamedTuple):
    """What fills somebody's time: aware in UTC, `status` tentative, busy, oof, workingElsewhere or unknown."""

    start: datetime
    end: datetime
    status: str


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """Monday is 0; `end` before `start` is a shift over midnight, `time(0)` as end midnight itself.

    `zone` is Graph's name of a time zone, Windows' or IANA's.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: str


@dataclass(frozen=True, slots=True)
class ScheduleError:
    """Why one person's time is not known: `code` as Microsoft gave it, a number or a word; `message` cut, printable."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """One person's time. With an `error` it is unknown, never free.

    `view` is Exchange's own picture, a digit an interval: 0 free, 1 tentative, 2 busy, 3 away, 4 elsewhere.
    `has_details` says that subjects or places came with it; they were dropped. `working_hours` None is not told, or
    told in a way that cannot be read.
    """

    address: str
    items: tuple[Busy, ...] = ()
    view: str = ""
    working_hours: WorkingHours | None = None
    has_details: bool = False
    error: ScheduleError | None = None


def get_schedules(
    client: Client,
    *,
    mailbox_id: str,
    addresses: Sequence[str],
    start: datetime,
    end: datetime,
    interval_minutes: int = 30,
) -> list[Schedule]:
    """Each address' time between two moments (aware), as somebody of that mailbox may see it; one each, in order.

    At most 20 addresses and less than 42 days. An address that Microsoft says nothing of has an error of its own.
    Raises GraphError, ValueError for what could not be asked. https://learn.microsoft.com/graph/api/calendar-getschedule
    """
    if not 0 < len(addresses) <= MOST_ADDRESSES:
        raise ValueError("between 1 and 20 addresses")
    if not timedelta(0) < end - start < timedelta(days=MOST_DAYS):
        raise ValueError("less than 42 days")
    if not SHORTEST_INTERVAL <= interval_minutes <= LONGEST_INTERVAL:
        raise ValueError("an interval of 5 minutes to a day")
    question = {
        "schedules": list(addresses),
        "startTime": moment(start),
        "endTime": moment(end),
        "availabilityViewInterval": interval_minutes,
    }
    rows = client.ask(schedule_path(mailbox_id), question).get("value")
    return schedules(rows, addresses=addresses, start=start, interval_minutes=interval_minutes)


def moment(at: datetime) -> dict[str, str]:
    """An aware datetime as Graph's dateTimeTimeZone, in UTC and whole seconds."""
    if at.utcoffset() is None:
        raise ValueError("a moment without a time zone")
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": _ZONE}


def instant(value: object) -> datetime:
    """A dateTimeTimeZone that was asked for in UTC, aware; fractions of a second are dropped. Raises Malformed.

    https://learn.microsoft.com/graph/api/resources/datetimetimezone
    """
    if not isinstance(value, Mapping):
        raise Malformed("not a time")
    written = _STAMP.fullmatch(text(value.get("dateTime"), most=LONGEST_WORD))
    if not written or text(value.get("timeZone")).casefold() not in ("utc", "etc/utc", "etc/gmt"):
        raise Malformed("not a time in UTC")
    try:
        found = datetime.fromisoformat(written[1]).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("no such time") from None
    if not 1900 < found.year < 9000:  # the first and the last day there is have no time in some zones
        raise Malformed("no time of anybody's")
    return found


def schedules(rows: object, *, addresses: Sequence[str], start: datetime, interval_minutes: int) -> list[Schedule]:
    """The whole `value` of an answer, in the order of `addresses`. Raises Malformed, also where nobody asked for a row.

    https://learn.microsoft.com/graph/api/resources/scheduleinformation
    """
    if not isinstance(rows, list) or len(rows) > len(addresses):
        raise Malformed("not a list of schedules")
    asked = {fold_address(address) for address in addresses}
    found: dict[str, Schedule] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise Malformed("not a schedule")
        address = fold_address(text(row.get("scheduleId")).strip())
        if address not in asked or address in found:
            raise Malformed("a schedule that nobody asked for, or twice")
        found[address] = _schedule(address, row, start.astimezone(UTC), timedelta(minutes=interval_minutes))
    nothing = ScheduleError("missing", "Microsoft said nothing of this address.")
    return [
        found.get(folded) or Schedule(folded, error=nothing)
        for folded in (fold_address(address) for address in addresses)
    ]


def _schedule(address: str, row: Mapping[str, Any], start: datetime, interval: timedelta) -> Schedule:
    if (error := row.get("error")) is not None:
        return Schedule(address, error=_error(error))
    view, items = text(row.get("availabilityView"), most=50_000), row.get("scheduleItems")
    if not _VIEW.fullmatch(view) or not isinstance(items, (list, type(None))) or len(items or ()) > MOST_ITEMS:
        raise Malformed("not a schedule")
    if not view and not items:
        # Neither a free day (a row of 0) nor a busy one: nothing was said.
        return Schedule(address, error=ScheduleError("empty", "Microsoft sent no times and no reason."))
    busy = [_busy(item) for item in items or ()] or _seen_in(view, start, interval)
    return Schedule(
        address,
        items=tuple(sorted(each for each in busy if each.status != "free")),
        view=view,
        working_hours=working_hours(row.get("workingHours")),
        has_details=any(item.get(name) for item in items or () for name in ("subject", "location")),
    )


def _seen_in(view: str, start: datetime, interval: timedelta) -> list[Busy]:
    """What the picture says where no entry came with it: whoever is busy in it is not free."""
    return [
        Busy(start + n * interval, start + (n + 1) * interval, _DIGITS.get(digit, UNKNOWN))
        for n, digit in enumerate(view)
        if digit != "0"
    ]


def _busy(item: object) -> Busy:
    if not isinstance(item, dict):
        raise Malformed("not an entry of a schedule")
    start, end = instant(item.get("start")), instant(item.get("end"))
    if end < start:
        raise Malformed("an entry that ends before it starts")
    status = _STATUSES.get(text(item.get("status"), most=LONGEST_WORD).casefold(), UNKNOWN)
    return Busy(start, end, status)


def _error(value: object) -> ScheduleError:
    if not isinstance(value, Mapping):
        return ScheduleError(UNKNOWN, "")
    code = value.get("responseCode")
    number = str(code) if isinstance(code, int) and not isinstance(code, bool) else code
    plain = re.sub(r"[^A-Za-z0-9_.\-]", "", number)[:80] if isinstance(number, str) else ""
    return ScheduleError(plain, _printable(value.get("message"), LONGEST_MESSAGE))


def _printable(value: object, most: int) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[:most]).strip()


def working_hours(value: object) -> WorkingHours | None:
    """Working hours as Graph tells them; None where they are not told or are of a kind that nobody reads here.

    A `customTimeZone` has rules of its own in place of a name. https://learn.microsoft.com/graph/api/resources/workinghours
    """
    if not isinstance(value, Mapping):
        return None
    zone, days = value.get("timeZone"), value.get("daysOfWeek")
    start, end = _clock(value.get("startTime")), _clock(value.get("endTime"))
    name = zone.get("name") if isinstance(zone, Mapping) and not _is_custom(zone) else None
    if not isinstance(name, str) or not 0 < len(name) <= 128 or not isinstance(days, list) or None in (start, end):
        return None
    numbers = {_DAYS.index(d.casefold()) for d in days if isinstance(d, str) and d.casefold() in _DAYS}
    if len(numbers) != len(days) or start is None or end is None:
        return None
    return WorkingHours(frozenset(numbers), start, end, _printable(name, 128))


def _is_custom(zone: Mapping[str, Any]) -> bool:
    kind = text(zone.get("@odata.type"), most=LONGEST_WORD).casefold()
    return (
        kind.endswith("customtimezone") or "bias" in zone or text(zone.get("name")).casefold() == "customized time zone"
    )


def _clock(value: object) -> time | None:
    written = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not written:
        return None
    hour, minute, second = (int(part) for part in written.groups())
    if (hour, minute, second) == (24, 0, 0):
        return time(0)
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
