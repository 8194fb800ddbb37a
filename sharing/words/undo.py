"""What undoing a change is called, what it would do, and why it cannot be done."""

from collections.abc import Sequence

from .roles import listed

DAYS = 30
AGAIN = "the role may have to be set again"

_REFUSED = {
    "not_applied": "It was not made, so there is nothing to undo.",
    "too_old": f"Changes can be undone for {DAYS} days.",
    "undone": "It was undone already.",
    "underway": "Another change of the same is underway. Wait until it is done.",
    "moved_on": "It was changed again since then. What is true now is not overwritten.",
    "came_back": "This person has access again already.",
    "calendar_gone": "The calendar is no longer there.",
    "custom": "This access was set in detail in Outlook. Calwarden cannot put that back.",
    "no_address": "Microsoft 365 names no address to give access to.",
    "no_role": "Microsoft 365, or your IT’s policy, does not allow the former role any more.",
    "no_way": "This cannot be undone here.",
    "would_raise": "This would give more than before, as everyone there has more. Lower that first.",
}


def undo_refused(cause: str) -> str:
    """Why a change cannot be undone, in a sentence."""
    return _REFUSED.get(cause, _REFUSED["no_way"])


def invitations(count: int, outside: Sequence[str] = (), org: str = "") -> str:
    """How many invitations Outlook will send, and to whom outside, said before anybody clicks."""
    if not count:
        return "Outlook sends no invitations."
    sent = f"Outlook sends {count} invitation{'s' if count > 1 else ''}"
    if not outside:
        return f"{sent}, {'all' if count > 1 else 'and it stays'} inside {org}." if org else f"{sent}."
    whom = listed(list(outside)[:10]) + (f" and {len(outside) - 10} more" if len(outside) > 10 else "")
    if count == len(outside):
        return f"{sent}, outside {org or 'your organization'}: to {whom}."
    return f"{sent}, {len(outside)} of them outside {org or 'your organization'}: to {whom}."


def undo_of_removal(name: str) -> str:
    """What undoing a removal does, beside the button that does it."""
    return f"Undo is possible for {DAYS} days. Outlook will then send {name} a new invitation; {AGAIN}."
