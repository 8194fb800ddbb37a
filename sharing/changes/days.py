"""Days and working hours as a mailbox keeps them: the time zone is the one set in Outlook, or else UTC."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sharing import words
from sharing.models import Mailbox

DAY = timedelta(days=1)
MORNING = time(9)  # when mail about a day is sent
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL = (frozenset(range(5)), time(9), time(17))  # where a mailbox names no working hours that could be kept


def zone_of(mailbox: Mailbox) -> tzinfo:
    return words.zone_of(mailbox.settings.get("time_zone")) or UTC


def today(mailbox: Mailbox, now: datetime) -> date:
    return now.astimezone(zone_of(mailbox)).date()


def starts_at(day: date, zone: tzinfo) -> datetime:
    """The first moment of `day`, in UTC; where clocks go forward at midnight that is the moment they do."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def ends_at(day: date, zone: tzinfo) -> datetime:
    """The moment `day` is over, which may be 23 or 25 hours after it began."""
    return starts_at(day + DAY, zone)


def last_day(moment: datetime, zone: tzinfo) -> date:
    """The day that is over at `moment`, or else the one that `moment` lies in."""
    return (moment - timedelta(microseconds=1)).astimezone(zone).date()


def morning_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, MORNING, zone).astimezone(UTC)


def working_moment(mailbox: Mailbox, moment: datetime) -> datetime:
    """The first moment from `moment` on that lies in the owner's working hours, in UTC."""
    hours = mailbox.settings.get("working_hours") or {}
    zone = words.zone_of(hours.get("time_zone")) or zone_of(mailbox)
    days, begins, ends = _kept(hours) or USUAL
    first = moment.astimezone(zone).date()
    for day in (first + DAY * ahead for ahead in range(8)):
        finish = datetime.combine(day, ends, zone).astimezone(UTC)
        if day.weekday() in days and moment < finish:
            return max(moment, datetime.combine(day, begins, zone).astimezone(UTC))
    raise AssertionError("every week has a working day")  # USUAL has, and _kept takes no week without


def _kept(hours: dict[str, object]) -> tuple[frozenset[int], time, time] | None:
    """Working days and hours as the mailbox names them; None where they are no such thing."""
    named = hours.get("days")
    days = frozenset(WEEKDAYS.index(day) for day in named if day in WEEKDAYS) if isinstance(named, list) else None
    try:
        begins, ends = (time.fromisoformat(str(hours.get(name))) for name in ("start", "end"))
    except ValueError:
        return None
    if not days or begins.tzinfo or ends.tzinfo or begins >= ends:
        return None
    return days, begins, ends
