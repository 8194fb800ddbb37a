"""Times that suit several people, as Exchange suggests them to the person who asks; places are dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .client import Client
from .errors import Malformed
from .event_paths import meeting_times_path
from .parse import LONGEST_ADDRESS, LONGEST_WORD, fold_address, text
from .schedules import instant, moment

MOST_ATTENDEES = 20
MOST_SUGGESTIONS = 100
# Exchange counts a free person as 100, an unknown one as 49, a busy one as 0; where all are unknown is a time too.
LEAST_CONFIDENCE = 49
_AVAILABILITIES = {
    word.casefold(): word for word in ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One time, aware in UTC; `confidence` out of 100, `availability` by folded address, the organizer's at ""."""

    start: datetime
    end: datetime
    confidence: float
    availability: dict[str, str]


@dataclass(frozen=True, slots=True)
class MeetingTimes:
    """What was suggested, best first; `reason` is Graph's word for why there is nothing, empty where it gave none."""

    times: tuple[Suggestion, ...]
    reason: str


def find_meeting_times(
    client: Client,
    *,
    mailbox_id: str,
    attendees: Sequence[str],
    start: datetime,
    end: datetime,
    minutes: int,
    most: int = MOST_SUGGESTIONS,
) -> MeetingTimes:
    """Times in the working hours of a mailbox's owner at which most of the attendees' addresses are free or unknown.

    Only with a permission that this person lent. Raises GraphError, ValueError for what could not be asked.
    https://learn.microsoft.com/graph/api/user-findmeetingtimes
    """
    if not 0 < len(attendees) <= MOST_ATTENDEES or not 0 < minutes <= 1440 or not start < end:
        raise ValueError("between 1 and 20 people, a day at most, and an end after the start")
    question = {
        "attendees": [{"type": "required", "emailAddress": {"address": address}} for address in attendees],
        "timeConstraint": {"activityDomain": "work", "timeSlots": [{"start": moment(start), "end": moment(end)}]},
        "meetingDuration": f"PT{minutes}M",
        "maxCandidates": most,
        "isOrganizerOptional": False,
        "returnSuggestionReasons": False,
        "minimumAttendeePercentage": LEAST_CONFIDENCE,
    }
    return meeting_times(client.ask(meeting_times_path(mailbox_id), question))


def meeting_times(body: Mapping[str, Any]) -> MeetingTimes:
    """A whole answer. Raises Malformed.

    https://learn.microsoft.com/graph/api/resources/meetingtimesuggestionsresult
    """
    rows = body.get("meetingTimeSuggestions")
    if rows is None:
        rows = []
    if not isinstance(rows, list) or len(rows) > MOST_SUGGESTIONS:
        raise Malformed("not a list of suggestions")
    reason = text(body.get("emptySuggestionsReason"), most=LONGEST_WORD)
    return MeetingTimes(tuple(map(_suggestion, rows)), "".join(c for c in reason if c.isalpha()))


def _suggestion(row: object) -> Suggestion:
    if not isinstance(row, dict) or not isinstance(slot := row.get("meetingTimeSlot"), dict):
        raise Malformed("not a suggestion")
    start, end = instant(slot.get("start")), instant(slot.get("end"))
    confidence = row.get("confidence")
    if end <= start or not isinstance(confidence, (int, float)) or isinstance(confidence, bool):
        raise Malformed("not a suggestion")
    availability = {"": _availability(row.get("organizerAvailability"))}
    others = row.get("attendeeAvailability")
    if not isinstance(others, (list, type(None))):
        raise Malformed("not a list of people")
    for each in others or ():
        try:
            address = each["attendee"]["emailAddress"]["address"]
        except (KeyError, TypeError):
            raise Malformed("nobody's availability") from None
        availability[fold_address(text(address, most=LONGEST_ADDRESS))] = _availability(each.get("availability"))
    return Suggestion(start, end, min(max(float(confidence), 0.0), 100.0), availability)


def _availability(value: object) -> str:
    return _AVAILABILITIES.get(text(value, most=LONGEST_WORD).casefold(), "unknown")
