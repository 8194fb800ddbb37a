"""Meetings: what a person books, moves or cancels is written down here; `booking_steps` carries it out."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from sharing import access
from sharing.graph.events import LONGEST_SUBJECT
from sharing.models import AuditEvent, Booking, User

from .refusals import NotNow, Refused

MOST_PEOPLE = 20  # with the organizer: what one question to Exchange may name
LONGEST = timedelta(hours=24)
FURTHEST = timedelta(days=365)


class BadMeeting(Refused):
    """Not a meeting that is booked here; `cause`: no_subject, past, too_long, too_far, nobody, too_many."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Underway(Refused):
    """Something else is being done with this meeting; look again in a moment."""


def book(
    *, user: User, form_key: uuid.UUID, subject: str, starts_at: datetime, ends_at: datetime, zone: str,
    attendees: Sequence[tuple[str, str]], now: datetime,
) -> Booking:  # fmt: skip
    """The meeting, written down and not sent yet; of one form (`form_key`) always the same one. Safe to repeat.

    `attendees` are (address, name) of people whom the caller checked, without the organizer. Raises NotNow, BadMeeting.
    """
    known = Booking.objects.filter(user=user, form_key=form_key).first()
    if known:
        return known
    _check(user)
    mailbox = access.own_mailbox(user)
    if mailbox is None:
        raise NotNow("no_mailbox")
    people = list({address.casefold(): (address, name) for address, name in attendees}.values())
    subject = " ".join(subject.split())[:LONGEST_SUBJECT]
    if not subject:
        raise BadMeeting("no_subject")
    if not people:
        raise BadMeeting("nobody")
    if len(people) >= MOST_PEOPLE:
        raise BadMeeting("too_many")
    _check_times(starts_at, ends_at, now)
    booking = Booking(
        tenant=user.tenant, mailbox=mailbox, user=user, form_key=form_key, subject=subject, starts_at=starts_at,
        ends_at=ends_at, zone=zone[:64], attendees=[{"address": a[:320], "name": n[:256]} for a, n in people],
        asked_at=now, act_at=now, due_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            booking.save(force_insert=True)
            record(booking, "booking.requested", now, actor=user)
    except IntegrityError:  # the same form, sent twice at once
        return Booking.objects.get(user=user, form_key=form_key)
    return booking


def move(*, booking: Booking, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Ask for another time. Raises NotNow, BadMeeting, Underway."""
    _check(booking.user)
    _check_times(starts_at, ends_at, now)
    _begin(booking, Booking.MOVE, now, wanted_starts_at=starts_at, wanted_ends_at=ends_at)


def cancel(*, booking: Booking, now: datetime) -> None:
    """Ask that it be cancelled; Outlook tells the others. Raises NotNow, Underway."""
    _check(booking.user)
    _begin(booking, Booking.CANCEL, now)


def _begin(booking: Booking, act: str, now: datetime, **fields: datetime) -> None:
    ready = Booking.objects.filter(pk=booking.pk, state=Booking.BOOKED, act="")
    with transaction.atomic():
        if not ready.update(
            act=act, act_at=now, due_at=now, sent_at=None, finished_at=None, cause="", request_id=uuid.uuid4(), **fields
        ):
            raise Underway
        booking.refresh_from_db()
        record(booking, "booking.requested", now, actor=booking.user)


def _check(user: User) -> None:
    if cause := access.may_book(user):
        raise NotNow(cause)


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise BadMeeting("past")
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise BadMeeting("too_long")
    if starts_at > now + FURTHEST:
        raise BadMeeting("too_far")


def record(booking: Booking, verb: str, now: datetime, *, actor: User | None = None, outcome: str = "") -> None:
    """One audit line: ids and codes only, never what a meeting is about or who is invited."""
    AuditEvent.objects.record(
        now=now, verb=verb, tenant=booking.tenant, actor=actor, outcome=outcome[:80],
        request_id=str(booking.request_id),
        subject={"booking": booking.public_id, "mailbox": booking.mailbox.public_id, "act": booking.act},
    )  # fmt: skip
