"""What people do with events in Outlook, behind every app's back: each with what takes it back."""

from collections.abc import Callable
from typing import Any

from sandbox import ids
from sandbox.event import Event, as_text, event_of, moment
from sandbox.rows import Mailbox, Tenant, User, plain

Change = dict[str, Any]
STATUSES = ("free", "tentative", "busy", "oof", "workingElsewhere")
# What an answer makes of the copy in the attendee's calendar.
ANSWERS = {"accepted": "busy", "tentativelyAccepted": "tentative", "declined": "free"}


def appointment(tenant: Tenant, change: Change) -> Change:
    """{"start", "end"} as ISO with a time zone; "status", "subject", "place", "private" may be absent."""
    user, mailbox = _owner(tenant, change)
    start, end = _time(change["start"]), _time(change["end"])
    status = change.get("status", "busy")
    if status not in STATUSES:
        raise ValueError(f"“status” is one of {', '.join(STATUSES)}.")
    if start >= end:
        raise ValueError("An appointment ends after it starts.")
    id = ids.event_id("outlook", user.oid, start, end, len(mailbox.events))
    mailbox.events[id] = Event(
        id, ids.ical_uid(id), str(change.get("subject", "Appointment")), start, end,
        (user.display_name, user.mail or user.upn),
        place=str(change.get("place", "")), show_as=status, is_private=bool(change.get("private")),
    )  # fmt: skip
    return {"do": "delete_event", "mailbox": change["mailbox"], "event": id}


def delete_event(tenant: Tenant, change: Change) -> Change:
    """Out of this calendar, for good and at once; nobody is told."""
    _, mailbox = _owner(tenant, change)
    event = _event(mailbox, change)
    del mailbox.events[event.id]
    return {"do": "add_event", "mailbox": change["mailbox"], "content": plain(event)}


def add_event(tenant: Tenant, change: Change) -> Change:
    _, mailbox = _owner(tenant, change)
    event = event_of(change["content"])
    mailbox.events[event.id] = event
    return {"do": "delete_event", "mailbox": change["mailbox"], "event": event.id}


def copy_event(tenant: Tenant, change: Change) -> Change:
    """Duplicated in the own calendar, at the same time and without attendees: what an app wrote into it is copied."""
    _, mailbox = _owner(tenant, change)
    event = _event(mailbox, change)
    id = ids.event_id("duplicate", event.id, len(mailbox.events))
    copy = event_of({**plain(event), "id": id, "ical_uid": ids.ical_uid(id), "attendees": [], "transaction_id": None})
    mailbox.events[id] = copy
    return {"do": "delete_event", "mailbox": change["mailbox"], "event": id}


def move_event(tenant: Tenant, change: Change) -> Change:
    """{"start", "end"}: in this calendar alone."""
    _, mailbox = _owner(tenant, change)
    event, start, end = _event(mailbox, change), _time(change["start"]), _time(change["end"])
    if start >= end:
        raise ValueError("An event ends after it starts.")
    back = {**change, "event": event.id, "start": event.start, "end": event.end}
    event.start, event.end, event.writes = start, end, event.writes + 1
    return back


def answer_event(tenant: Tenant, change: Change) -> Change:
    """{"response": "accepted", "tentativelyAccepted" or "declined"}, by an attendee of the organizer's own tenant."""
    user, mailbox = _owner(tenant, change)
    event, response = _event(mailbox, change), change["response"]
    if response not in (*ANSWERS, "none") or event.is_organizer:
        raise ValueError(f"An attendee answers with {', '.join(ANSWERS)}.")
    before = "none"
    holder = tenant.holder(event.organizer[1])
    organizers = holder.mailbox.events.values() if isinstance(holder, User) and holder.mailbox else ()
    for each in (event, *(same for same in organizers if same.ical_uid == event.ical_uid)):
        for attendee in each.attendees:
            if attendee["address"].lower() in user.addresses:
                before, attendee["response"] = attendee["response"], response
        each.writes += 1
    event.show_as = ANSWERS.get(response, "tentative")
    return {**change, "event": event.id, "response": before}


def _owner(tenant: Tenant, change: Change) -> tuple[User, Mailbox]:
    user = tenant.user(change["mailbox"])
    if user is None or user.mailbox is None:
        raise ValueError(f"{change['mailbox']!r} has no mailbox in {tenant.name}.")
    return user, user.mailbox


def _event(mailbox: Mailbox, change: Change) -> Event:
    """By one of its ids, its transaction id, or the value of an extended property."""
    wanted = str(change["event"]).lower()
    for each in mailbox.events.values():
        known = (each.id, each.immutable_id, each.ical_uid, each.transaction_id or "", *each.properties.values())
        if not each.is_gone and wanted in (name.lower() for name in known):
            return each
    raise ValueError(f"There is no event {change['event']!r} in this mailbox.")


def _time(text: Any) -> str:
    at = moment(str(text))
    if at.tzinfo is None:
        raise ValueError(f"{text!r} needs a time zone.")
    return as_text(at)


ACTS: dict[str, Callable[[Tenant, Change], Change | None]] = {
    "appointment": appointment,
    "delete_event": delete_event,
    "add_event": add_event,
    "copy_event": copy_event,
    "move_event": move_event,
    "answer_event": answer_event,
}
