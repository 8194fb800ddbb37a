"""An event as Graph prints it."""

from typing import Any
from urllib.parse import quote

from sandbox.event import Event, moment
from sandbox.graph.call import Call
from sandbox.graph.times import preferred_zone, time_out, wants_immutable_ids

NEVER = "0001-01-01T00:00:00Z"


def shown(call: Call, event: Event) -> dict[str, Any]:
    """All the members of the contract's sample (9.3); extended properties are no part of it."""
    zone = preferred_zone(call)
    id = event.immutable_id if wants_immutable_ids(call) else event.id
    place = {"displayName": event.place, "locationType": "default", "uniqueId": event.place, "uniqueIdType": "private"}
    name, address = event.organizer
    value = {
        "@odata.etag": f'W/"{event.change_key}"',
        "id": id,
        "createdDateTime": event.created_at.replace("Z", ".0000000Z"),
        "lastModifiedDateTime": event.modified_at.replace("Z", ".0000000Z"),
        "changeKey": event.change_key,
        "categories": [],
        "originalStartTimeZone": event.zone,
        "originalEndTimeZone": event.zone,
        "iCalUId": event.ical_uid,
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": True,
        "hasAttachments": False,
        "hideAttendees": False,
        "subject": event.subject,
        "bodyPreview": event.body[:255],
        "importance": "normal",
        "sensitivity": "private" if event.is_private else "normal",
        "isAllDay": False,
        "isCancelled": event.is_cancelled,
        "isDraft": False,
        "isOrganizer": event.is_organizer,
        "responseRequested": True,
        "seriesMasterId": None,
        "transactionId": event.transaction_id,
        "showAs": event.show_as,
        "type": "singleInstance",
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(id, safe='')}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": False,
        "onlineMeetingProvider": "unknown",
        "onlineMeeting": None,
        "allowNewTimeProposals": True,
        "responseStatus": {"response": "organizer" if event.is_organizer else "notResponded", "time": NEVER},
        "body": {"contentType": "html", "content": event.body},
        "start": time_out(moment(event.start), zone),
        "end": time_out(moment(event.end), zone),
        "location": place,
        "locations": [place] if event.place else [],
        "recurrence": None,
        "attendees": [
            {
                "type": each["type"],
                "status": {"response": each["response"], "time": NEVER},
                "emailAddress": {"name": each["name"], "address": each["address"]},
            }
            for each in event.attendees
        ],
        "organizer": {"emailAddress": {"name": name, "address": address}},
    }
    if event.transaction_id is None:
        del value["transactionId"]
    return value
