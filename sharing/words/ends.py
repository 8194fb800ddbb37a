"""End dates and covers in plain words: until when, what happens then, and why something could not be kept."""

from datetime import date
from typing import NamedTuple

from .roles import OWNER, role_label
from .times import day as _day
from .whose import YOU, Whose

SOON_DAYS = 14  # from here on "in so many days" says more than a date
OUTSIDE, DELEGATE = "outside", "delegate"


def on(day: date) -> str:
    """ "27 November 2026" """
    return _day(day)


def ends(day: date, today: date) -> str:
    """For a flag: "Ends 27 November 2026", "Ends in 3 days", "Ends tomorrow", "Ends today", "Was to end 2 May 2026"."""
    days = (day - today).days
    if days < 0:
        return was(day)
    if days <= 1:
        return "Ends tomorrow" if days else "Ends today"
    return f"Ends in {days} days" if days <= SOON_DAYS else f"Ends {_day(day)}"


def was(day: date) -> str:
    """ "Was to end 27 November 2026": the access is still there."""
    return f"Was to end {_day(day)}"


def short(day: date) -> str:
    """ "Ends 27 Nov 2026", for tables"""
    return f"Ends {day.day} {day:%b %Y}"


def is_soon(day: date, today: date) -> bool:
    return (day - today).days <= SOON_DAYS


def then(role_after: str, whose: Whose = YOU, *, is_organization: bool = False) -> str:
    """What happens after the day, inside a sentence: "removed", "back to “Can edit”"."""
    if not role_after:
        return "removed"
    return f"back to “{role_label(role_after, OWNER, is_organization=is_organization, whose=whose)}”"


def planned(day: date, role_after: str, *, asks: bool, today: date, whose: Whose = YOU) -> str:
    """The whole of it in one sentence, for the page about one person."""
    if day < today:
        return f"It was to end on {_day(day)}, and has not yet."
    last = "Today is the last day" if day == today else f"The last day is {_day(day)}"
    if asks:
        whom = f"whoever looks after {whose.name}" if whose.name else "you"
        return f"{last}. That day Calwarden asks {whom}; nothing ends by itself."
    return f"{last}. After that: {then(role_after, whose)}."


def why_needed(why: str, org: str) -> str:
    """Whom a rule of the organization's is about, at the beginning of a sentence."""
    return f"Delegates at {org}" if why == DELEGATE else f"People outside {org}"


def within(days: int) -> str:
    """How long that is: "12 months", "2 weeks", "90 days"."""
    for length, one, many in ((365, "12 months", ""), (30, "a month", "months"), (7, "a week", "weeks")):
        if days % length == 0 and days // length:
            number = days // length
            if length == 365:
                return one if number == 1 else f"{number} years"
            return one if number == 1 else f"{number} {many}"
    return "a day" if days == 1 else f"{days} days"


def needed(why: str, days: int, org: str) -> str:
    """ "Delegates at Contoso need an end date within 12 months." """
    return f"{why_needed(why, org)} need an end date within {within(days)}."


class Why(NamedTuple):
    """Why an end did not come true, and what its owner can do."""

    what: str
    todo: str


_WHY = {
    "would_raise": Why(
        "Removing it would give more than before, as everyone there has more.", "Change what everyone sees first."
    ),
    "not_removable": Why("Microsoft 365 does not allow this row to be removed.", "Change it to less instead."),
    "role_not_allowed": Why(
        "Microsoft 365, or your IT’s policy, does not allow the former role any more.", "Choose another, or remove it."
    ),
    "not_confirmed": Why("Microsoft 365 never confirmed it, and the access is still there.", "Remove it now."),
    "restored": Why("Calwarden was put back from a backup meanwhile.", "Decide again."),
    "changed_outside": Why("It was changed outside Calwarden at the same moment.", "Look what it is now."),
    "frozen": Why("Your IT stopped all changes.", "It is carried out when changes are possible again."),
    "writes_off": Why("Calwarden may read here, not change.", "It is carried out when changes are possible again."),
    "not_connected": Why(
        "Calwarden has no access to Microsoft 365 at the moment.", "It is carried out when that is back."
    ),
    "left_out": Why("Calwarden does not read this mailbox at the moment.", "Look in Outlook if it is still there."),
    "grant_lost": Why("The mailbox is no longer connected.", "Connect it again, or remove the access in Outlook."),
    "grant_reads": Why("The mailbox is connected for reading only.", "Connect it for changes, or end it in Outlook."),
    "change_open": Why("Another change of it is underway.", "It is carried out after that."),
    "person_gone": Why("The account of whoever was to cover is disabled or deleted.", "Choose somebody else."),
    "creates_off": Why("People cannot be added from here.", "Share the calendar in Outlook first."),
    "too_late": Why("Changes were not possible until the leave was over.", ""),
    "not_allowed": Why("Whoever planned it may no longer change this calendar.", "Plan it again."),
    "needs_approval": Why("It needs somebody else’s yes.", "Ask for it again."),
    "already_so": Why("The access was there already, so nothing was changed and nothing will end.", ""),
    "end_date_required": Why("It would last longer than your organization allows.", "Plan a shorter one."),
}  # fmt: skip
_ELSE = Why("Microsoft 365 could not be reached, or did not accept it.", "Remove it now, or keep it.")


def why_not(cause: str) -> Why:
    """Why an end date or a cover was not kept, by its cause."""
    return _WHY.get(cause, _ELSE)


def span(first: date, last: date) -> str:
    """ "from 7 to 18 December 2026", "from 28 December 2026 to 3 January 2027", "on 7 December 2026" """
    if first == last:
        return f"on {_day(first)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"from {first.day} to {_day(last)}"
    return f"from {_day(first)} to {_day(last)}"


def cover_label(state: str, first: date, last: date, today: date) -> tuple[str, str]:
    """Where a cover stands, for a pill: (words, tone)."""
    if state == "failed":
        return "Did not begin", "bad"
    if state == "begun":
        return (ends(last, today), "good") if last >= today else ("Ending", "")
    if state == "beginning" or first <= today:
        return "Beginning", "accent"
    days = (first - today).days
    return ("Begins tomorrow" if days == 1 else f"Begins in {days} days" if days <= SOON_DAYS else "Planned"), ""


def actor(who: str) -> str:
    """Who did it where nobody was at the screen: "The end date that you set", at the beginning of a sentence."""
    return f"The end date that {'you' if who == 'You' else who} set"


def was_set(who: str, name: str, calendar: str, day: date) -> str:
    """A line of the history."""
    return f"{who} set the last day of {name} on {calendar}: {_day(day)}"


def was_taken(name: str, calendar: str, day: date) -> str:
    return f"The last day of {name} on {calendar}, {_day(day)}, was taken away"


def was_planned(who: str, name: str, calendar: str, first: date, last: date, *, is_off: bool) -> str:
    called_off = "; it was called off" if is_off else ""
    return f"{who} planned that {name} covers {calendar} {span(first, last)}{called_off}"
