"""Events that were booked here: made, found again by our own mark, moved and cancelled; no other event is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from .client import Client
from .errors import IdRefused, Malformed
from .event_paths import MARK_ID, cancel_path, event_path, events_path, marked_event_path
from .ids import outlook_id
from .parse import LONGEST_ADDRESS, LONGEST_ID, LONGEST_WORD, fold_address, text
from .schedules import instant, moment

MOST_ATTENDEES = 500
LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Marked:
    """What `find_own_event` saw: this event of this mailbox carries a mark of ours."""

    mailbox_id: str
    event_id: str

    def covers(self, path: str) -> bool:
        """Is that the path of this event, to be moved or cancelled?"""
        return path in (event_path(self.mailbox_id, self.event_id), cancel_path(self.mailbox_id, self.event_id))


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What is booked: aware datetimes, plain text, attendees as (address, name); `mark` is how it is found again.

    Sent twice with one `transaction_id` it is one event, as far as Exchange keeps to that.
    """

    subject: str
    start: datetime
    end: datetime
    attendees: Sequence[tuple[str, str]]
    mark: UUID
    transaction_id: UUID
    body: str = ""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event of ours: `id` is immutable, `responses` by folded address in Graph's words, moments aware in UTC.

    Only one that was found by its mark has a `proof`, and only with it can it be moved or cancelled.
    """

    id: str
    ical_uid: str
    start: datetime
    end: datetime
    is_cancelled: bool
    responses: dict[str, str] = field(default_factory=dict)
    proof: Marked | None = None


def create_event(
    client: Client, *, mailbox_id: str, new: NewEvent, request_id: str, deadline_seconds: float
) -> OwnEvent:
    """Makes the event in a mailbox's main calendar, once; Exchange invites the attendees. Find it again.

    The answer is no proof, and neither is its absence. Raises GraphError, ValueError for what could not be sent.
    https://learn.microsoft.com/graph/api/user-post-events
    """
    if not new.start < new.end or len(new.attendees) > MOST_ATTENDEES or len(new.subject) > LONGEST_SUBJECT:
        raise ValueError("an event of that kind is not made here")
    body = {
        "subject": new.subject,
        "body": {"contentType": "text", "content": new.body},
        "start": moment(new.start),
        "end": moment(new.end),
        "attendees": [
            {"type": "required", "emailAddress": {"address": address, "name": name}} for address, name in new.attendees
        ],
        "transactionId": str(new.transaction_id),
        "singleValueExtendedProperties": [{"id": MARK_ID, "value": str(new.mark)}],
    }
    answer = client.post(events_path(mailbox_id), body, request_id=request_id, deadline_seconds=deadline_seconds)
    try:
        return own_event(answer)
    except Malformed as error:
        error.may_have_happened = True
        raise


def find_own_event(client: Client, *, mailbox_id: str, mark: UUID, event_id: str = "") -> OwnEvent | None:
    """The event in its organizer's mailbox that carries `mark`, with its proof; None where there is none.

    This is the only read of an event there is. Whoever copies an event in Outlook may copy the mark, and a copy is not
    ours: where `event_id` is known only that one counts, else the one that was made first. Raises GraphError.
    https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
    """
    rows = client.get(marked_event_path(mailbox_id, mark)).get("value")
    if not isinstance(rows, list):
        raise Malformed("not a list of events")
    found = []
    for row in rows:
        if not isinstance(row, dict) or not _carries(row, mark):
            raise Malformed("an event that nobody asked for")
        event = own_event(row)
        if row.get("isOrganizer") is not False and event_id in ("", event.id):
            found.append((text(row.get("createdDateTime"), most=LONGEST_WORD), event))
    if not found:
        return None
    _, first = min(found, key=lambda each: each[0])
    return replace(first, proof=Marked(mailbox_id, first.id))


def move_event(
    client: Client, *, mailbox_id: str, event: OwnEvent, start: datetime, end: datetime,
    request_id: str, deadline_seconds: float,
) -> None:  # fmt: skip
    """Another time for an event of ours, once; Exchange tells the attendees. Find it again.

    Raises GraphError, IdRefused without a proof. https://learn.microsoft.com/graph/api/event-update
    """
    if not start < end:
        raise ValueError("an event that ends before it starts")
    client.patch(
        _proved_path(event, mailbox_id), {"start": moment(start), "end": moment(end)}, proof=event.proof,
        request_id=request_id, deadline_seconds=deadline_seconds,
    )  # fmt: skip


def cancel_event(
    client: Client, *, mailbox_id: str, event: OwnEvent, request_id: str, deadline_seconds: float, comment: str = ""
) -> None:
    """Cancels an event of ours, once; Exchange tells the attendees and takes it off the organizer's calendar.

    Raises GraphError, IdRefused without a proof. https://learn.microsoft.com/graph/api/event-cancel
    """
    client.post(
        f"{_proved_path(event, mailbox_id)}/cancel", {"comment": comment}, proof=event.proof,
        request_id=request_id, deadline_seconds=deadline_seconds,
    )  # fmt: skip


def own_event(row: object) -> OwnEvent:
    """One event, without a proof: its subject and everything else about it is not looked at. Raises Malformed."""
    if not isinstance(row, dict):
        raise Malformed("not an event")
    event_id, ical_uid = text(row.get("id"), most=LONGEST_ID), row.get("iCalUId")
    try:
        outlook_id(event_id)
    except IdRefused:
        raise Malformed("an event without an id that it can be asked for by") from None
    if ical_uid is not None and (
        not isinstance(ical_uid, str) or len(ical_uid) > LONGEST_ID or not ical_uid.isprintable()
    ):
        raise Malformed("not an id")
    start, end, is_cancelled = instant(row.get("start")), instant(row.get("end")), row.get("isCancelled")
    if end < start or not isinstance(is_cancelled, (bool, type(None))):
        raise Malformed("not an event")
    return OwnEvent(event_id, ical_uid or "", start, end, bool(is_cancelled), _responses(row.get("attendees")))


def _responses(attendees: object) -> dict[str, str]:
    if not isinstance(attendees, (list, type(None))) or len(attendees or ()) > MOST_ATTENDEES:
        raise Malformed("not a list of people")
    found = {}
    for each in attendees or ():
        holder = each.get("emailAddress") if isinstance(each, dict) else None
        if not isinstance(holder, dict):
            raise Malformed("nobody who was invited")
        address = fold_address(text(holder.get("address"), most=LONGEST_ADDRESS))
        status = each.get("status")
        response = text(status.get("response"), most=LONGEST_WORD) if isinstance(status, dict) else ""
        found[address] = "".join(c for c in response if c.isalpha()) or "none"
    return found


def _carries(row: Mapping[str, Any], mark: UUID) -> bool:
    """Whether the answer itself shows our mark: a filter that was not obeyed would show other people's events."""
    shown = row.get("singleValueExtendedProperties")
    return isinstance(shown, list) and any(
        isinstance(each, dict)
        and text(each.get("id")).casefold() == MARK_ID.casefold()
        and text(each.get("value")).casefold() == str(mark)
        for each in shown
    )


def _proved_path(event: OwnEvent, mailbox_id: str) -> str:
    path = event_path(mailbox_id, event.id)
    if event.proof is None or not event.proof.covers(path):
        raise IdRefused("an event that nobody proved to be ours")
    return path
