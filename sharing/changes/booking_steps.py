"""Carries out what was asked of a meeting, in its organizer's own request: look, send once, read back, settle."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sharing import access, graph
from sharing.graph import events
from sharing.models import Booking

from .bookings import record

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE = timedelta(seconds=90)
WRITE_SECONDS = 20.0
QUIET_SECONDS = 90.0  # Exchange shows a new event within a minute; then a second request may follow the first
UNCLEAR_SECONDS = 180.0  # a move or cancellation that does not show by then did not happen
GIVE_UP_SECONDS = 900.0  # nor is anything sent first that was asked for longer ago: it may come from a backup
DONE, WRITE, WAIT, GONE, NOT_DONE, ELSEWHERE, TOO_LATE, UNKNOWN = (
    "done", "write", "wait", "gone", "not_done", "moved_elsewhere", "too_late", "unknown",
)  # fmt: skip


def _nothing(step: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Hold:
    """A claimed booking; every write of it is fenced by the claim."""

    client: graph.Client
    booking: Booking
    clock: Clock
    is_in_time: Callable[[], bool]
    reached: Callable[[str], None]

    def seen(self) -> events.OwnEvent | None:
        booking = self.booking
        return events.find_own_event(
            self.client, mailbox_id=_oid(booking), mark=booking.mark, event_id=booking.event_id
        )

    def since(self, at: datetime | None) -> float | None:
        return (self.clock() - at).total_seconds() if at else None


def carry_on(
    *, client: graph.Client, booking: Booking, clock: Clock, monotonic: Callable[[], float] = time.monotonic,
    reached: Callable[[str], None] = _nothing,
) -> bool:  # fmt: skip
    """Take the act on its way one step further; safe at any time and twice. False where somebody else has it.

    `client` is one for meetings, of the organizer. A lost answer is settled by reading. Only a new meeting is ever sent
    again, after the quiet period and under its one transaction id: with that Exchange makes it once.
    https://learn.microsoft.com/graph/api/resources/event#properties (transactionId)
    """
    until = monotonic() + LEASE.total_seconds() - WRITE_SECONDS - 5
    if not booking.act or not booking.claim(now=clock(), lease=LEASE):
        return False
    booking.refresh_from_db()
    hold = _Hold(client, booking, clock, lambda: monotonic() < until, reached)
    reached("claimed")
    if not booking.act:
        booking.let_go()
        return True
    try:
        _advance(hold)
    except graph.GraphError as error:
        _not_read(hold, error)
    return True


def look(*, client: graph.Client, booking: Booking, clock: Clock) -> events.OwnEvent | None:
    """Read a booked meeting back, with who accepted; what was done to it in Outlook is noted. None where it is gone.

    Does nothing for one with an act on its way, and raises GraphError.
    """
    event = events.find_own_event(client, mailbox_id=_oid(booking), mark=booking.mark, event_id=booking.event_id)
    # Whoever carried an act on since `booking` was loaded knows better.
    same = {"pk": booking.pk, "attempt": booking.attempt}
    settled = Booking.objects.filter(**same, act="", state__in=(Booking.BOOKED, Booking.UNKNOWN))
    if event is None or event.is_cancelled:
        if settled.filter(state=Booking.BOOKED).update(state=Booking.GONE, finished_at=clock()):
            booking.refresh_from_db()
            record(booking, "booking.gone", clock())
        return None
    settled.update(state=Booking.BOOKED, cause="", **_as_found(event))
    booking.refresh_from_db()
    return event


def decide(booking: Booking, event: events.OwnEvent | None, *, since_sent: float | None, since_asked: float) -> str:
    """The next step of an act, from what Exchange shows: pure."""
    is_there = event is not None and not event.is_cancelled
    if booking.act == Booking.CREATE:
        if is_there:
            return DONE
        if event is not None:  # it was there, and somebody cancelled it
            return GONE
        if since_asked >= GIVE_UP_SECONDS:
            return TOO_LATE if since_sent is None else UNKNOWN
        return WRITE if since_sent is None or since_sent >= QUIET_SECONDS else WAIT
    if event is None or event.is_cancelled:
        return DONE if booking.act == Booking.CANCEL and since_sent is not None else GONE
    if booking.act == Booking.MOVE:
        at = (event.start, event.end)
        if at == (booking.wanted_starts_at, booking.wanted_ends_at):
            return DONE
        if at != (booking.starts_at, booking.ends_at):
            return ELSEWHERE
    if since_sent is None:
        return WRITE if since_asked < GIVE_UP_SECONDS else TOO_LATE
    return WAIT if since_sent < UNCLEAR_SECONDS else NOT_DONE


def _advance(hold: _Hold) -> None:
    booking = hold.booking
    cause = access.may_book(booking.user)
    if cause and booking.sent_at is None:
        return _end(hold, _refused_state(booking), cause)
    event = hold.seen()
    hold.reached("looked")
    step = _decided(hold, event)
    if step == WRITE:
        cause = access.may_book(booking.user)  # looking took its time
        if cause and booking.sent_at is None:
            return _end(hold, _refused_state(booking), cause)
        if cause:  # an earlier one may still show
            return _wait(hold, cause)
        before, at = booking.sent_at, hold.clock()
        if not Booking.objects.filter(pk=booking.pk, attempt=booking.attempt).update(sent_at=at):
            return None
        booking.sent_at = at
        hold.reached("marked")
        if not hold.is_in_time():
            return _wait(hold, "not_confirmed", sent_at=before)
        try:
            _send(hold, event)
        except graph.GraphError as error:
            log.warning("a meeting had no clean answer", extra={"booking": booking.public_id, "cause": error.cause})
            if not error.may_have_happened:
                # A no to the second request says nothing of the first.
                return _wait(hold, error.cause, sent_at=before) if before else _not_sent(hold, error)
        hold.reached("written")
        event = hold.seen()
        hold.reached("read")
        step = _decided(hold, event)
    _settle(hold, step, event)


def _decided(hold: _Hold, event: events.OwnEvent | None) -> str:
    booking = hold.booking
    asked = hold.since(booking.act_at) or 0.0
    return decide(booking, event, since_sent=hold.since(booking.sent_at), since_asked=asked)


def _send(hold: _Hold, event: events.OwnEvent | None) -> None:
    booking = hold.booking
    how: dict[str, Any] = {
        "mailbox_id": _oid(booking), "request_id": str(booking.request_id), "deadline_seconds": WRITE_SECONDS,
    }  # fmt: skip
    if booking.act == Booking.CREATE:
        events.create_event(hold.client, new=_new(booking), **how)
    elif event is not None and booking.act == Booking.CANCEL:
        events.cancel_event(hold.client, event=event, **how)
    elif event is not None and booking.wanted_starts_at and booking.wanted_ends_at:
        events.move_event(
            hold.client, event=event, start=booking.wanted_starts_at, end=booking.wanted_ends_at, **how
        )  # fmt: skip


def _new(booking: Booking) -> events.NewEvent:
    return events.NewEvent(
        subject=booking.subject, start=booking.starts_at, end=booking.ends_at, mark=booking.mark,
        attendees=[(each["address"], each["name"]) for each in booking.attendees],
        transaction_id=booking.transaction_id,
    )  # fmt: skip


def _settle(hold: _Hold, step: str, event: events.OwnEvent | None) -> None:
    booking = hold.booking
    if step in (WAIT, WRITE):
        return _wait(hold, "not_confirmed")
    if step == UNKNOWN:
        return _end(hold, Booking.UNKNOWN, "not_confirmed")
    if step == TOO_LATE:
        return _end(hold, _refused_state(booking), TOO_LATE)
    if step == GONE:
        return _end(hold, Booking.GONE, "gone")
    if step == DONE and booking.act == Booking.CANCEL:
        return _end(hold, Booking.CANCELLED, "")
    found = _as_found(event) if event else {}
    cause = {ELSEWHERE: ELSEWHERE, NOT_DONE: "not_confirmed"}.get(step, "")
    return _end(hold, Booking.BOOKED, cause, **found)


def _not_sent(hold: _Hold, error: graph.GraphError) -> None:
    """It was not carried out for certain; a pause Microsoft asked for is for the person to wait."""
    _end(hold, _refused_state(hold.booking), error.cause, sent_at=None)


def _not_read(hold: _Hold, error: graph.GraphError) -> None:
    """Nothing can be seen now: before anything was sent that ends it, after it nobody knows yet."""
    booking = hold.booking
    log.warning("a meeting could not be read", extra={"booking": booking.public_id, "cause": error.cause})
    if booking.sent_at is None:
        return _end(hold, _refused_state(booking), error.cause)
    if (hold.since(booking.act_at) or 0) > GIVE_UP_SECONDS:
        return _end(hold, Booking.UNKNOWN, error.cause)
    return _wait(hold, error.cause)


def _refused_state(booking: Booking) -> str:
    return Booking.FAILED if booking.act == Booking.CREATE else Booking.BOOKED


def _wait(hold: _Hold, cause: str, **fields: Any) -> None:
    """The next request of the organizer looks again."""
    hold.booking.let_go(due_at=hold.clock(), cause=cause[:80], **fields)
    hold.booking.refresh_from_db()


def _end(hold: _Hold, state: str, cause: str, **fields: Any) -> None:
    """The outcome and its audit line in one transaction; nothing where the claim was lost."""
    booking, now = hold.booking, hold.clock()
    with transaction.atomic():
        if booking.let_go(
            state=state, cause=cause[:80], act="", finished_at=now, wanted_starts_at=None, wanted_ends_at=None, **fields
        ):  # fmt: skip
            record(booking, f"booking.{state}", now, outcome=cause)
    booking.refresh_from_db()
    hold.reached("settled")


def _as_found(event: events.OwnEvent) -> dict[str, Any]:
    """What Exchange holds of it; an event without length cannot be kept as one."""
    times = {"starts_at": event.start, "ends_at": event.end} if event.start < event.end else {}
    return {"event_id": event.id, "ical_uid": event.ical_uid, **times}


def _oid(booking: Booking) -> str:
    return str(booking.mailbox.person.oid)
