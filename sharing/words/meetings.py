"""Finding a time and booking a meeting in words: why not, of whom nothing is known, and how a booking stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class MeetingTrouble:
    """Why meetings cannot be booked here now, and what to do."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class BookingWords:
    """How a booking stands: a label, its tone and icon, and a sentence where one helps."""

    label: str
    tone: str = ""
    icon: str = ""
    text: str = ""


LEAD = "See when everybody is free, and book a meeting in your own calendar."
NEVER_SEEN = "You see only when people are free. What their meetings are about is not shown to anybody here."
INVITES_NOW = "Outlook sends the invitations now, from your mailbox, as if you had booked there."
LENGTHS = (
    (15, "15 minutes"),
    (30, "30 minutes"),
    (45, "45 minutes"),
    (60, "1 hour"),
    (90, "1½ hours"),
    (120, "2 hours"),
)

WHY_NOT = {
    "not_lent": MeetingTrouble(
        "First let Calwarden do this for you",
        "Microsoft asks whether you agree that Calwarden finds times and books meetings for you.",
    ),
    "frozen": MeetingTrouble(
        "Meetings are stopped for now", "Your IT stopped all changes. In Outlook you can book as always."
    ),
    "not_connected": MeetingTrouble(
        "Calwarden cannot book meetings now", "Its connection to Microsoft 365 is missing. Tell your IT."
    ),
    "no_mailbox": MeetingTrouble(
        "You have no mailbox here", "Meetings are booked in your own calendar, and your account has none."
    ),
    "left_out": MeetingTrouble(
        "Your mailbox is not covered", "Calwarden does not reach your mailbox. Book in Outlook, or ask your IT."
    ),
}

# Why nothing was asked or booked: what to put right in the form.
BAD = {
    "nobody": "Choose at least one person.",
    "too_many": "Choose at most 19 people.",
    "not_an_address": "One of the addresses is no mail address.",
    "no_address": "Your own account has no mail address here.",
    "length": "Choose how long the meeting is.",
    "past": "That time is over. Choose a later one.",
    "window": "Choose at most 40 days.",
    "no_subject": "Say what the meeting is about.",
    "too_long": "A meeting ends after it begins, within 24 hours.",
    "too_far": "That is more than a year away.",
    "no_time": "Choose a day and a time.",
    "days": "The last day comes before the first one.",
    "gone": "Somebody on your list can no longer be invited here. Look at who is on it now.",
}
UNDERWAY = "Something else is being done with this meeting. Look again in a moment."

# Microsoft gave no usable answer.
NO_ANSWER = {
    "throttled": "Microsoft asks us to wait. Try again in a minute.",
    "unreachable": "Microsoft did not answer. Try again in a moment.",
    "denied": "Microsoft refused this. Tell your IT that Calwarden may not look at calendars for meetings.",
}
NO_ANSWER_ELSE = "Microsoft could not be asked. Try again later; if it stays so, tell your IT."

# Why of somebody nothing is known, by what stands behind it.
NOT_KNOWN = {
    "not_found": "Microsoft does not find this address",
    "domain_missing": "their organization is not set up for this",
    "unusable": "their organization is not set up for this",
    "no_access": "their calendar does not show you when they are free",
    "not_allowed": "their organization does not show you when they are free",
    "endpoint": "their organization did not answer",
    "transient": "their organization did not answer in time",
}
NOT_KNOWN_ELSE = "Microsoft does not say why"

ANSWERS = {
    "accepted": ("Accepted", "good"), "tentativelyAccepted": ("Perhaps", "warn"), "declined": ("Declined", "bad"),
    "organizer": ("Organizer", ""),
}  # fmt: skip
NO_ANSWER_YET = ("No answer yet", "")

ON_ITS_WAY = {
    "create": BookingWords("Being booked", "accent", "loader", "Outlook is making the meeting."),
    "move": BookingWords("Being moved", "accent", "loader", "Outlook is moving the meeting."),
    "cancel": BookingWords("Being cancelled", "accent", "loader", "Outlook is cancelling the meeting."),
}
STATES = {
    "open": ON_ITS_WAY["create"],
    "booked": BookingWords("Booked", "good", "check"),
    "cancelled": BookingWords("Cancelled", "", "x", "Outlook told the others."),
    "failed": BookingWords("Not booked", "bad", "circle-x", "Nobody was invited."),
    "unknown": BookingWords(
        "Not known", "warn", "help-circle",
        "Microsoft did not confirm it. Look into your calendar in Outlook: if the meeting is there, it is booked.",
    ),
    "gone": BookingWords(
        "No longer in your calendar", "", "calendar-off", "It was deleted or cancelled in Outlook."
    ),
}  # fmt: skip
CAUSES = {
    "moved_elsewhere": "It was moved in Outlook meanwhile, and stays where it is there.",
    "not_confirmed": "Microsoft did not confirm the last thing you asked for, so it did not happen. Try again.",
    "throttled": "Microsoft asked us to wait. Try again in a minute.",
    "unreachable": "Microsoft did not answer. Try again in a moment.",
    "denied": "Microsoft refused it. Tell your IT.",
}


def bad(cause: str) -> str:
    return BAD.get(cause, "That is no meeting that can be booked here.")


def no_answer(cause: str) -> str:
    return NO_ANSWER.get(cause, NO_ANSWER_ELSE)


def not_known(reason: str) -> str:
    """Why of a person nothing is known, to stand behind their name and a colon."""
    return NOT_KNOWN.get(reason, NOT_KNOWN_ELSE)


def answer(response: str) -> tuple[str, str]:
    """What an invited person answered, and its tone."""
    return ANSWERS.get(response, NO_ANSWER_YET)


def not_partner(address: str, domains: Sequence[str]) -> str:
    """Why a typed address is not taken."""
    known = ", ".join(domains[:5])
    return f"“{address}” is neither a colleague nor at a partner organization{f': {known}' if known else ''}."


def booking_words(state: str, act: str) -> BookingWords:
    return ON_ITS_WAY[act] if act else STATES[state]


def booking_cause(cause: str) -> str:
    """What became of the last thing that was asked for, where it did not happen; empty where nothing is to say."""
    if not cause:
        return ""
    if cause in WHY_NOT:
        return f"It did not happen. {WHY_NOT[cause].text}"
    return CAUSES.get(cause, "Microsoft refused the last thing you asked for.")


def weekday(at: date) -> str:
    """ "Wednesday, 4 November" """
    return f"{at:%A}, {at.day} {at:%B}"


def from_to(start: datetime, end: datetime) -> str:
    """ "09:00 to 10:00", or with the day where it ends on another one; both in the reader's zone"""
    if start.date() == end.date():
        return f"{start:%H:%M} to {end:%H:%M}"
    return f"{start:%H:%M} to {end.day} {end:%B}, {end:%H:%M}"
