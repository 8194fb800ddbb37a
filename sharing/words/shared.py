"""What a person sees of other people's calendars, in words to that person."""

from .changes import Outcome, Wish, change_outcome
from .delivery import delivery_words
from .names import visible
from .whose import Whose

_CAN = {
    "freeBusyRead": "You see when {owner} is free or busy. Nothing else.",
    "limitedRead": "You see when {owner} is busy, and the title and place of each event.",
    "read": "You see every event in full. You can’t change anything.",
    "write": "You see every event in full, and can add, change and delete them.",
    "delegateWithoutPrivateEventAccess": "You act for {owner}: you change events and answer invitations.",
    "delegateWithPrivateEventAccess": (
        "You act for {owner} and see private events: you change events and answer invitations."
    ),
}
LEAVE_COPY, LEAVE_GRANT, LEAVE_BOTH = "copy", "access", "both"
THROUGH_OTHERS = (
    "Access through a group, and what everyone in the organization sees, is not listed. "
    "Calendars of other organizations are listed once they are in your own list."
)
NO_COPY = "Not in your calendar list. Outlook’s invitation may still wait in your mail."
NO_NAME = "This calendar is not in your list, so there is no name of yours to change."
ONLY_COPY = "In your list. Calwarden cannot see the owner’s side, so the level is as your list shows it."


def may_be_renamed(owner: str) -> str:
    """Where the list holds a calendar of the same owner under a name that says nothing."""
    return f"It may be in your list under another name: which calendar of {owner} that is, Microsoft 365 does not say."


def which_is_unknown(owner: str) -> str:
    """The same, beside what stands in the list."""
    return f"In your list, under a name that was changed in Outlook: it may be any calendar of {owner} on this page."


def can(role: str, owner: str) -> str:
    """What `role` lets the reader do on a calendar of `owner`; a role of Outlook's own is said to be that."""
    return _CAN.get(role, "Your access was set in detail in Outlook.").replace("{owner}", owner)


def can_by_flags(can_edit: bool | None, can_view_private: bool | None, owner: str) -> str:
    """The same from what the reader's own list tells, which is less."""
    if can_view_private:
        return f"You act for {owner} and see private events."
    if can_edit is None:
        return "What you can do there is not known."
    return "You can edit." if can_edit else "You can view."


def leave_choices(*, has_copy: bool, has_grant: bool, owner: str) -> list[tuple[str, str, str]]:
    """What leaving can mean, as (value, label, sentence)."""
    copy = (
        LEAVE_COPY, "Take it out of my list",
        f"It disappears from your calendar list. {owner} is not told, and you keep the access.",
    )  # fmt: skip
    grant = (
        LEAVE_GRANT, "Give up my access",
        f"You see no more than everybody else. {owner} finds it in the history of the calendar. "
        "To have access again, ask for a new invitation.",
    )  # fmt: skip
    both = (LEAVE_BOTH, "Both", "Your access ends, and the calendar disappears from your list.")
    return [*([copy] if has_copy else []), *([grant] if has_grant else []), *([both] if has_copy and has_grant else [])]


def requests_reach(option: str, owner: str) -> str:
    """Whether the meeting requests of `owner` reach the reader, a delegate."""
    return f"{owner}: {delivery_words(option, whose=Whose(owner)).it.lower()}" if option else f"{owner}: not known"


def why_not(refusal: str) -> str:
    """Why leaving or renaming was not written down, by the name of the refusal."""
    return {
        "ChangeOpen": "A change of this is underway already. Wait until it is done.",
        "AlreadyGone": "This calendar is no longer shared with you, or no longer in your list.",
        "Stale": "Your access changed while this page was open. Look again, then decide.",
        "NotRemovable": "Microsoft 365 does not let this entry be removed.",
        "WouldRaise": "Leaving would change nothing: everyone in the organization sees more than you do here.",
        "BadName": "A name is some text of at most 255 characters.",
        "NotACopy": "This is a calendar of your own. Rename or delete it in Outlook.",
    }.get(refusal, "This could not be saved. Nothing was changed.")


def last_delegate(owner: str, option: str) -> str:
    """What the only delegate should know before leaving."""
    only = ", and meeting requests are set to go only to delegates" if option == "sendToDelegateOnly" else ""
    return f"{owner} has no delegate after that{only}. {owner} is told by mail."


def became(change: Wish) -> Outcome:
    """What became of a wish of the reader's own about somebody else's calendar."""
    name = f"“{visible(change.before)}”" if change.kind in ("copy_name", "copy_remove") else "the calendar"
    done = {
        "copy_name": f"{name} is now “{visible(change.after)}” in your list.",
        "copy_remove": f"{name} is no longer in your list.",
        "remove": "You gave up your access.",
    }.get(change.kind, "Done.")
    if change.state == "applied":
        return Outcome("", done[0].upper() + done[1:], "check", "good", True)
    return change_outcome(change, name)


def objects(who: str, calendar: str) -> str:
    """What the owner of `calendar` reads where somebody said that they should not have it."""
    return f"{who} says they should not have access to {calendar}"
