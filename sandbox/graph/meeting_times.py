"""findMeetingTimes: when the person who asks and others are free, on that person's behalf only."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sandbox.appointments import Appointment, appointments, zone_of
from sandbox.graph.call import Call
from sandbox.graph.errors import Refusal
from sandbox.graph.schedules import STATUSES, NoSchedule, find
from sandbox.graph.times import applied, preferred_zone, time_in, time_out
from sandbox.http import Response
from sandbox.rows import User
from sandbox.templates import WEEK

STEP = timedelta(minutes=30)
LONGEST = timedelta(days=62)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$")
_DOMAINS = ("work", "personal", "unrestricted")
# How sure it is that somebody comes (9.2).
_CONFIDENCE = {"free": 100, "workingElsewhere": 100, "unknown": 49}
Slot = tuple[datetime, datetime]
Times = list[Appointment]


def answer(call: Call, user_key: str) -> Response:
    call.only("POST")
    works_for_apps = call.caller.oid is None and call.switches.meeting_times_app_only == "works"
    user = call.mailbox_user(user_key, "read calendars" if works_for_apps else "meeting times")
    body, zone = call.body(), preferred_zone(call)
    length = _length(body.get("meetingDuration", "PT30M"))
    slots, domain = _asked(call, body)
    attendees = [_address(each) for each in body.get("attendees") or ()]
    taken: dict[str, Times | None] = {each: _times(call, user, each, slots) for each in attendees}
    own = _own(call, user, slots)
    found, reasons = [], set()
    for start in (at for slot in slots for at in _starts(user, slot, length, domain)):
        end = start + length
        organizer = _status(own, start, end)
        if _CONFIDENCE.get(organizer, 0) < 100 and not body.get("isOrganizerOptional"):
            reasons.add("organizerUnavailable")
            continue
        others = {each: _status(times, start, end) for each, times in taken.items()}
        sure = [_CONFIDENCE.get(each, 0) for each in others.values()]
        confidence = sum(sure) / len(sure) if sure else 100.0
        if confidence < body.get("minimumAttendeePercentage", 50):
            unknown = "unknown" in others.values()
            reasons.add("attendeesUnavailableOrUnknown" if unknown else "attendeesUnavailable")
            continue
        found.append((-confidence, start, end, organizer, others))
    most = body.get("maxCandidates") or 20
    rows = [_suggestion(body, place, each, zone) for place, each in enumerate(sorted(found, key=_order)[:most], 1)]
    value = {
        "@odata.context": call.context("microsoft.graph.meetingTimeSuggestionsResult"),
        "emptySuggestionsReason": "" if rows else _reason(reasons),
        "meetingTimeSuggestions": rows,
    }
    return applied(call, Response.of(value))


def _order(each: tuple[Any, ...]) -> tuple[float, datetime]:
    return each[0], each[1]


def _reason(reasons: set[str]) -> str:
    """Of the attendees where they were the reason anywhere, else of the organizer."""
    for each in ("attendeesUnavailableOrUnknown", "attendeesUnavailable", "organizerUnavailable"):
        if each in reasons:
            return each
    return "unknown"


def _suggestion(body: dict[str, Any], place: int, each: tuple[Any, ...], zone: str) -> dict[str, Any]:
    confidence, start, end, organizer, others = each
    value: dict[str, Any] = {"confidence": -confidence, "order": place, "organizerAvailability": organizer}
    if body.get("returnSuggestionReasons"):
        value["suggestionReason"] = "Suggested because it is one of the nearest times when all attendees are available."
    return value | {
        "attendeeAvailability": [
            {"availability": status, "attendee": {"emailAddress": {"address": address}}}
            for address, status in others.items()
        ],
        "locations": [],
        "meetingTimeSlot": {"start": time_out(start, zone), "end": time_out(end, zone)},
    }


def _length(text: Any) -> timedelta:
    match = _DURATION.match(text) if isinstance(text, str) else None
    days, hours, minutes = (int(each or 0) for each in match.groups()) if match else (0, 0, 0)
    length = timedelta(days=days, hours=hours, minutes=minutes)
    if not length:
        message = f"Cannot convert the literal '{text}' to the expected type 'Edm.Duration'."
        raise Refusal("RequestBodyRead", message=message)
    return length


def _asked(call: Call, body: dict[str, Any]) -> tuple[list[Slot], str]:
    """The windows, the next week where none is given, and what kind of hours are meant. Raises Refusal."""
    constraint = body.get("timeConstraint") or {}
    domain = constraint.get("activityDomain", "work")
    if domain not in _DOMAINS:
        raise Refusal("RequestBodyRead", message=f"Requested value '{domain}' was not found.")
    slots = [(time_in(each.get("start")), time_in(each.get("end"))) for each in constraint.get("timeSlots") or ()]
    if any(not start < end <= start + LONGEST for start, end in slots):
        raise Refusal("ErrorInvalidTimeInterval", message="The requested time window is not valid.")
    return slots or [(call.now, call.now + timedelta(days=7))], domain


def _address(attendee: Any) -> str:
    given = attendee.get("emailAddress") if isinstance(attendee, dict) else None
    address = given.get("address") if isinstance(given, dict) else None
    if not isinstance(address, str):
        raise Refusal("ErrorInvalidArgument", message="An attendee needs an address.")
    return address


def _times(call: Call, asker: User, address: str, slots: list[Slot]) -> Times | None:
    """What is taken of somebody's time, None where nobody knows."""
    try:
        users = find(call, asker, address).users
    except NoSchedule:
        return None
    return [each for user in users for each in _own(call, user, slots)]


def _own(call: Call, user: User, slots: list[Slot]) -> Times:
    usual = call.switches.appointments == "usual"
    return [each for start, end in slots for each in appointments(user, start, end, with_usual=usual)]


def _status(times: Times | None, start: datetime, end: datetime) -> str:
    if times is None:
        return "unknown"
    inside = [each.status for each in times if each.start < end and start < each.end]
    return max(inside, key=STATUSES.index, default="free")


def _starts(user: User, slot: Slot, length: timedelta, domain: str) -> Iterator[datetime]:
    """Full and half hours at which a meeting lies within the window, and within the organizer's hours."""
    start, end = slot
    at = start if not start.timestamp() % 1800 else datetime.fromtimestamp((start.timestamp() // 1800 + 1) * 1800, UTC)
    while at + length <= end:
        if domain == "unrestricted" or _in_hours(user, at, at + length, weekends=domain == "personal"):
            yield at
        at += STEP


def _in_hours(user: User, start: datetime, end: datetime, *, weekends: bool) -> bool:
    assert user.mailbox is not None
    hours, where = user.mailbox.settings["workingHours"], zone_of(user)
    local, until = start.astimezone(where), end.astimezone(where)
    days = {*hours["daysOfWeek"], *(("saturday", "sunday") if weekends else ())}
    begins, ends = (time.fromisoformat(hours[name][:8]) for name in ("startTime", "endTime"))
    name = (*WEEK, "saturday", "sunday")[local.weekday()]
    return name in days and local.date() == until.date() and begins <= local.time() and until.time() <= ends
