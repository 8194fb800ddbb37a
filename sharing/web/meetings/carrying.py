"""Asks Microsoft about one booking of the person who is at the screen: takes it a step further, or reads it back."""

from dataclasses import dataclass, field

from django.utils import timezone

from sharing.changes import booking_steps
from sharing.connect import NotLent, client_for_meetings
from sharing.meetings.answers import NotAnswered, answered
from sharing.models import Booking
from sharing.words import meetings as said


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read back: who answered what, by folded address; or why it was not, in a sentence."""

    responses: dict[str, str] = field(default_factory=dict)
    is_there: bool = False
    trouble: str = ""


def carry_on(booking: Booking) -> None:
    """What is on its way goes a step further; where Microsoft cannot be asked it stays as it is."""
    try:
        with answered():
            booking_steps.carry_on(client=client_for_meetings(booking.user), booking=booking, clock=timezone.now)
    except (NotAnswered, NotLent):
        return


def look(booking: Booking) -> Looked:
    """Read a booked meeting back now, within the request of its organizer."""
    try:
        with answered():
            event = booking_steps.look(client=client_for_meetings(booking.user), booking=booking, clock=timezone.now)
    except NotAnswered as why:
        return Looked(trouble=said.no_answer(why.cause))
    except NotLent:
        return Looked(trouble=said.WHY_NOT["not_lent"].text)
    return Looked(event.responses, is_there=True) if event else Looked()
