"""Many changes at once, and what needs somebody's yes: what each kind, state, outcome and reason is called, for IT."""

from datetime import date

from .roles import listed, role_label
from .states import cause_words
from .times import day

BATCH_STATES = {  # (label, tone)
    "checked": ("Checked, not confirmed", "warn"),
    "running": ("Running", "accent"),
    "done": ("Done", "good"),
    "cancelled": ("Cancelled", ""),
}
OUTCOMES = {  # (label of one line, tone)
    "left_out": ("Left out", ""),
    "waiting": ("Waits", ""),
    "underway": ("Applying…", "accent"),
    "done": ("Done", "good"),
    "refused": ("Not done", "warn"),
    "not_made": ("Not done", "bad"),
    "unknown": ("Not confirmed", "warn"),
}
TABS = {  # what the parts of a list are called above its table
    "waiting": "To change",
    "left_out": "Left out",
    "underway": "Applying",
    "done": "Done",
    "refused": "Not possible",
    "not_made": "Not made",
    "unknown": "Not confirmed",
}
LEFT_OUT = {
    "changed_since": "Changed in between, outside this list",
    "already_gone": "No longer there",
    "nothing_to_do": "So already",
    "not_removable": "Microsoft 365 does not allow this row to be removed",
    "role_not_allowed": "Microsoft 365, or your policy, does not allow this role here",
    "would_raise": "Would give more: everybody there has more than this person",
    "own_access": "Your own access, or that of a group you may be in: another operator changes it",
    "custom": "Set in detail in Outlook: it could not be restored, so it is changed one by one in Outlook",
    "mailbox_not_ok": "The mailbox could not be read, so what is known may be old",
    "change_open": "Another change is underway",
    "needs_yes": "Gives more than now: needs the owner’s yes, one by one",
    "needs_approval": "Gives more than now: needs the owner’s yes, one by one",
    "lent": "Its person connected this mailbox themselves",
    "ends_sooner": "Ends sooner already",
    "ends_too_late": "Your policy asks for an earlier day here",
    "ends_too_soon": "The day was over already",
    "not_allowed": "Not yours to change any more",
    "owners_only": "Its owner set an earlier day",
    "left_out": "Calwarden does not read this mailbox",
    "frozen": "Changes are stopped",
    "not_connected": "Calwarden has no access to Microsoft 365",
    "writes_off": "Calwarden may read here, not change",
    "creates_off": "Nobody can be added from the portal here",
    "grant_lost": "The mailbox is no longer connected",
    "between": "Not certain: it changed between two checks around that moment",
    "no_address": "No address is known to add them by",
    "grant_reads": "The mailbox is connected for reading only",
}
PAUSED = {  # why a running job hands out nothing at the moment
    "frozen": "Changes are stopped. The job goes on when they are allowed again.",
    "writes_off": "Changes are switched off. The job goes on when they are switched on again.",
    "not_connected": "Calwarden has no access to Microsoft 365 at the moment. The job goes on when it has.",
}
ENDED = {  # why a job was cancelled
    "cancelled": "Cancelled. What was not handed out stays as it was.",
    "not_allowed": "Whoever confirmed it is no operator any more. What was not handed out stays as it was.",
    "too_old": "Paused for too long: check what is left afresh. What was not handed out stays as it was.",
    "disconnected": "The organization was disconnected. What was not handed out stays as it was.",
    "restored": "Calwarden was put back from a backup. What was not handed out stays as it was.",
}
ASKS_DELEGATES = "Delegates do not lose access by themselves: on the day their owner is asked."
OWNERS_ARE_TOLD = "Owners are told by mail, one mail each, once their part is done."

PROPOSAL_STATES = {  # (label, tone)
    "waiting": ("Waits for an answer", "warn"),
    "accepted": ("Agreed", "good"),
    "declined": ("Declined", ""),
    "withdrawn": ("Withdrawn", ""),
    "expired": ("Ended without an answer", ""),
}
NOT_POSSIBLE = {  # why nothing can be asked for, or agreed to
    "own_access": "This is, or may be, your own access: your account, another of yours, or a group you may be in.",
    "not_allowed": "This is not yours to change any more.",
    "frozen": "Changes are stopped.",
    "writes_off": "Calwarden may read here, not change.",
    "not_connected": "Calwarden has no access to Microsoft 365 at the moment.",
    "lent": "Its person connected this mailbox themselves, so only they change it.",
    "creates_off": "Nobody can be added from the portal here.",
    "deputies_off": "This organization does not use deputies in Calwarden.",
    "bad_address": "This person cannot be one: they are not in the directory, or their account is disabled.",
    "stale": "The access changed in between. Nothing was done.",
    "already_gone": "The access is no longer there. Nothing was done.",
    "role_not_allowed": "Microsoft 365, or your policy, does not allow this role here.",
    "change_open": "Another change of the same access is underway. Try again in a minute.",
    "nothing_to_do": "It is so already.",
    "would_raise": "Everybody there has more than this person. Lower that first.",
}


def counted_entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def batch_title(kind: str, count: int, *, role: str = "", ends_on: date | None = None, is_done: bool = False) -> str:
    """ "Remove 38 entries?" of a list that is checked, "Remove 38 entries" of a job."""
    what = counted_entries(count)
    if kind == "lower":
        said = f"Lower {what} to “{role_label(role)}”"
    elif kind == "remove":
        said = f"Remove {what}"
    elif kind == "end_date":
        said = f"Let {what} end on {day(ends_on)}" if ends_on else f"Let {what} end"
    else:
        said = f"Restore {what}"
    return said if is_done else f"{said}?"


def batch_button(kind: str, count: int) -> str:
    verb = {"lower": "Lower", "remove": "Remove", "end_date": "Set an end date for", "restore": "Restore"}[kind]
    return f"{verb} {counted_entries(count)}"


def told(names: list[str], count: int) -> str:
    """Who will be mailed: "Alex Wilber and Adele Vance", "Alex Wilber, Adele Vance and 39 more"."""
    more = count - len(names)
    return listed([*names, f"{more:,} more"] if more > 0 else names)


def exactly(count: int) -> str:
    """Above what is sent to Microsoft."""
    return "Exactly what is sent" if count == 1 else "Exactly what is sent for the first entry"


def left_out_words(cause: str) -> str:
    return LEFT_OUT.get(cause, "Microsoft 365, or its state, does not allow it")


def why_not_made(state: str, cause: str) -> str:
    """Why a change that was asked for did not come about."""
    if state == "conflict":
        return LEFT_OUT["already_gone" if cause == "already_gone" else "changed_since"]
    return LEFT_OUT.get(cause) or cause_words(cause).what


def not_possible(cause: str) -> str:
    return NOT_POSSIBLE.get(cause, "This is not possible at the moment. Nothing was done.")


NOT_YOURS_TO_ANSWER = (
    "You asked for this yourself, or would gain by it. The calendar’s owner answers, or another operator."
)


def calendar_of(owner: str, name: str, is_main: bool) -> str:
    """ "Alex Wilber’s main calendar" """
    return f"{owner}’s main calendar" if is_main else f"{owner}’s calendar “{name or 'without a name'}”"


def who_may_agree(kind: str, owner: str) -> str:
    """Whose yes counts."""
    if kind == "deputy":
        return f"{owner}, or who looks after this mailbox. No operator agrees for them."
    return f"{owner}, or another operator. {owner} is told either way."


def proposal_title(*, kind: str, name: str, role: str, before: str, where: str) -> str:
    """ "Megan Bowen: Can edit on Alex Wilber’s main calendar" """
    if kind == "deputy":
        return f"{name} as a deputy for {where}"
    label = role_label(role)
    if kind == "cover":
        return f"{name} covers with “{label}” on {where}"
    return f"{name}: “{label}”{f' instead of “{role_label(before)}”' if before else ''} on {where}"


NOT_YOURS = "This is not yours to answer: you asked for it yourself, or with another account."
_AS = {"operator": " (IT)", "deputy": " (deputy)", "sharee": ""}


def asks(*, by: str, as_what: str, kind: str, name: str, role: str, where: str) -> str:
    """ "Lidia Holloway (IT) asks: “Can edit” for Megan Bowen on your main calendar" """
    who = f"{by}{_AS.get(as_what, '')} asks:"
    if kind == "deputy":
        return f"{who} {name} as a deputy for {where}"
    return f"{who} “{role}” for {name} on {where}"
