"""Paths to people's time and to events of ours: the only ones of that sort that leave, each in one spelling only."""

import re
from urllib.parse import quote, urlencode
from uuid import UUID

from .ids import directory_id, outlook_id

# The property of ours that an event carries from the moment it is made; its value says which booking it is.
# https://learn.microsoft.com/graph/api/resources/extended-properties-overview
MARK_ID = "String {8f1b1c52-6f0e-4a1f-9a55-3c6d6a2f7b10} Name CalwardenBooking"

_GUID = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_EVENT = r"(?:[A-Za-z0-9_\-]|%2B|%2F|%3D){4,1536}"


def schedule_path(mailbox_id: str) -> str:
    """Free and busy times, asked from a mailbox. https://learn.microsoft.com/graph/api/calendar-getschedule"""
    return f"/users/{directory_id(mailbox_id)}/calendar/getSchedule"


def meeting_times_path(mailbox_id: str) -> str:
    """Times that suit several people. https://learn.microsoft.com/graph/api/user-findmeetingtimes"""
    return f"/users/{directory_id(mailbox_id)}/findMeetingTimes"


def events_path(mailbox_id: str) -> str:
    """Where an event is made, and nothing is read. https://learn.microsoft.com/graph/api/user-post-events"""
    return f"/users/{directory_id(mailbox_id)}/events"


def marked_event_path(mailbox_id: str, mark: UUID) -> str:
    """The event that carries `mark`: the only question about events there is, and only what it selects is answered.

    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    return f"{events_path(mailbox_id)}?{_question(str(mark))}"


def event_path(mailbox_id: str, event_id: str) -> str:
    """One event, to be moved. https://learn.microsoft.com/graph/api/event-update"""
    return f"{events_path(mailbox_id)}/{outlook_id(event_id)}"


def cancel_path(mailbox_id: str, event_id: str) -> str:
    """One event, to be cancelled. https://learn.microsoft.com/graph/api/event-cancel"""
    return f"{event_path(mailbox_id, event_id)}/cancel"


def _question(mark: str) -> str:
    is_ours = f"ep/id eq '{MARK_ID}' and ep/value eq '{mark}'"
    asked = {
        "$filter": f"singleValueExtendedProperties/any(ep: {is_ours})",
        "$expand": f"singleValueExtendedProperties($filter=id eq '{MARK_ID}')",
        "$select": "id,iCalUId,start,end,isCancelled,isOrganizer,createdDateTime,attendees",
    }
    return urlencode(asked, quote_via=quote, safe="$,")


def _spelled(path: str) -> re.Pattern[str]:
    """A whole path with its query; the ids are left open."""
    exact = re.escape(path).replace("MAILBOX", _GUID).replace("EVENT", _EVENT)
    return re.compile(exact.replace("BOOKING", _GUID), re.ASCII)


SCHEDULE = _spelled("/users/MAILBOX/calendar/getSchedule")
MEETING_TIMES = _spelled("/users/MAILBOX/findMeetingTimes")
EVENTS = _spelled("/users/MAILBOX/events")
MARKED_EVENT = _spelled("/users/MAILBOX/events?" + _question("BOOKING"))
ONE_EVENT = _spelled("/users/MAILBOX/events/EVENT")
CANCEL = _spelled("/users/MAILBOX/events/EVENT/cancel")
