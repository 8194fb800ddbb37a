"""Finds times that suit several people, asked of Microsoft within one person's request; nothing of it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sharing import graph
from sharing.models import Mailbox, Tenant
from sharing.words import zone_of

from .addresses import domain_of
from .slots import Hours, Party, Slot, find_slots, taken

MOST_PEOPLE = 20  # beside the one who asks
MOST_DAYS = 41  # Exchange wants less than 42 of them
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
STEP = timedelta(minutes=30)
MOST_TIMES = 60
AT_ONCE = 20  # addresses in one question
USUAL = frozenset(range(5)), time(8), time(18)  # where of nobody any working hours are known
UNKNOWN = "unknown"


class FindingRefused(Exception):
    """Nothing was asked. `cause` says why: nobody, too_many, not_an_address, no_address, length, window, past."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Unknown:
    """One of whom nobody knows when they are free, and why: Microsoft's code and text, a word of ours where none."""

    address: str
    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Times, earliest first, and of whom nothing is known. `organizer` is the asker's own address, folded.

    `without_hours` are those whose working hours nobody knows: they are not looked at. `reason` is
    Exchange's word for why there is nothing, where Exchange itself looked. `parties` are everybody with what takes
    their time, the asker first; nobody where Exchange looked, which tells nothing of that.
    """

    slots: tuple[Slot, ...]
    unknown: tuple[Unknown, ...]
    organizer: str
    without_hours: tuple[str, ...] = ()
    reason: str = ""
    parties: tuple[Party, ...] = ()


def find_times(
    *, client: graph.Client, mailbox: Mailbox, people: Sequence[str], start: datetime, end: datetime,
    length: timedelta, now: datetime, most: int = MOST_TIMES,
) -> Found:  # fmt: skip
    """Times of `length` between two moments (aware) at which the owner of `mailbox` and `people` (addresses) can meet.

    Whom the asker may ask about is for the caller to say. In a tenant that the app reads, free and busy times are
    compared here; where people lent their own mailbox, Exchange is asked for times. Raises FindingRefused, GraphError.
    """
    organizer = graph.fold_address(mailbox.person.address or "")
    asked = list(dict.fromkeys(graph.fold_address(address.strip()) for address in people))
    asked = [address for address in asked if address != organizer]
    start = _on_the_half_hour(max(start, now), _zone_of(mailbox))
    _check(organizer, asked, start, end, length)
    oid = str(mailbox.person.oid)
    if mailbox.tenant.mode == Tenant.INDIVIDUAL:
        return _suggested(client, oid, organizer, asked, start, end, length, most)
    everybody = [organizer, *asked]
    schedules = [
        schedule
        for n in range(0, len(everybody), AT_ONCE)
        for schedule in graph.get_schedules(
            client, mailbox_id=oid, addresses=everybody[n : n + AT_ONCE], start=start, end=end
        )
    ]
    parties = [_party(schedule) for schedule in schedules]
    everyone = tuple(parties)
    without_hours = tuple(party.address for party in parties if party.is_known and not party.hours)
    if not any(party.hours for party in parties):
        parties.append(Party("", hours=Hours(*USUAL, _zone_of(mailbox) or ZoneInfo("UTC"))))
    slots = find_slots(parties, start=start, end=end, length=length, step=STEP, most=most)
    errors = [(schedule.address, schedule.error) for schedule in schedules if schedule.error]
    unknown = tuple(Unknown(address, error.code or UNKNOWN, error.message) for address, error in errors)
    return Found(tuple(slots), unknown, organizer, without_hours, parties=everyone)


def _check(organizer: str, asked: Sequence[str], start: datetime, end: datetime, length: timedelta) -> None:
    for cause, is_wrong in (
        ("no_address", domain_of(organizer) is None),
        ("nobody", not asked),
        ("too_many", len(asked) > MOST_PEOPLE),
        ("not_an_address", any(domain_of(address) is None for address in asked)),
        ("length", not SHORTEST <= length <= LONGEST or length % timedelta(minutes=1)),
        ("past", end <= start),
        ("window", end - start > timedelta(days=MOST_DAYS)),
    ):
        if is_wrong:
            raise FindingRefused(cause)


def _zone_of(mailbox: Mailbox) -> ZoneInfo | None:
    return zone_of(mailbox.settings.get("time_zone"))


def _on_the_half_hour(moment: datetime, zone: ZoneInfo | None) -> datetime:
    """The next half or full hour on that clock; not every clock shows one when UTC's does."""
    local = moment.astimezone(zone or UTC)
    over = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    return moment + (STEP - over if over else timedelta(0))


def _party(schedule: graph.Schedule) -> Party:
    told = schedule.working_hours
    zone = zone_of(told.zone) if told else None
    hours = Hours(told.days, told.start, told.end, zone) if told and zone else None
    return Party(schedule.address, taken(schedule.items), hours, is_known=schedule.error is None)


def _suggested(
    client: graph.Client, oid: str, organizer: str, asked: list[str], start: datetime, end: datetime,
    length: timedelta, most: int,
) -> Found:  # fmt: skip
    """What Exchange suggests, without times at which it says itself that somebody cannot come."""
    answer = graph.find_meeting_times(
        client, mailbox_id=oid, attendees=asked, start=start, end=end, minutes=int(length / timedelta(minutes=1))
    )
    slots = []
    for each in answer.times:
        states = {address: each.availability.get(address, UNKNOWN) for address in asked}
        everybody = {organizer: each.availability[""], **states}
        if all(state in ("free", "workingElsewhere", UNKNOWN) for state in everybody.values()):
            unknown = tuple(address for address, state in everybody.items() if state == UNKNOWN)
            slots.append(Slot(each.start, each.end, unknown))
    never_told = dict.fromkeys(address for slot in slots for address in slot.unknown)
    not_told = tuple(Unknown(address, UNKNOWN) for address in never_told)
    return Found(tuple(sorted(set(slots))[:most]), not_told, organizer, reason=answer.reason)
