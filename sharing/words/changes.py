"""What was changed, by whom and how it went, in sentences; and what was noticed that nobody changed here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from .delivery import delivery_words
from .names import visible
from .roles import OWNER, role_label
from .times import moment
from .whose import YOU, Whose

ROLE, REMOVE, DELIVERY, CREATE = "role", "remove", "delivery", "create"
COPY_NAME, COPY_REMOVE = "copy_name", "copy_remove"
CONFIRMING = "Microsoft has not confirmed yet. We keep checking."
NOTHING_CHANGED = "Nothing was changed."
UNCONFIRMED = "It may have been made, or not; it is not sent again. Look again to see what is true."
# A backup knows what was asked, not what became of it.
RESTORED = "Calwarden was put back from a backup. The list shows what is true, once it was read again."
OUTSIDE = "set outside Calwarden"
UNDONE = "Since then it was changed back outside Calwarden."
MAIN_CALENDAR = "your main calendar"
LEAD = "Changes reach Microsoft 365 within a minute. Outlook may show the old state for up to an hour."

STATE_LABELS = {  # (label, tone)
    "open": ("Applying…", ""),
    "applied": ("Done", "good"),
    "conflict": ("Not saved", "warn"),
    "failed": ("Failed", "bad"),
    "unknown": ("Not confirmed", "warn"),
    "cancelled": ("Cancelled", ""),
}

# Why a change failed, for its owner; anything else is a refusal of Microsoft's.
_FAILED = {
    "not_allowed": "This mailbox is no longer yours to change.",
    "frozen": "Your IT stopped all changes.",
    "left_out": "Calwarden does not read this mailbox.",
    "not_connected": "Calwarden has no access to Microsoft 365 at the moment.",
    "writes_off": "Calwarden may read here, not change.",
    "creates_off": "People cannot be added from Calwarden here. Share the calendar in Outlook.",
    "grant_lost": "Your mailbox is no longer connected.",
    "grant_reads": "You connected this mailbox for reading only.",
    "role_not_allowed": "Microsoft 365, or your IT’s policy, does not allow this role for this person.",
    "not_removable": "Microsoft 365 does not allow this row to be removed.",
    "denied": "Microsoft 365 does not let Calwarden change this mailbox.",
    "ErrorAccessDenied": "Microsoft 365 does not let Calwarden change this mailbox.",
    "out_of_scope": "This mailbox is outside the group Calwarden is limited to.",
    "consent_missing": "Calwarden lacks the permission to change this.",
    "token_refused": "Calwarden has no access to Microsoft 365 at the moment.",
    "not_found": "The calendar or the person is no longer there.",
    "no_mailbox": "There is no Exchange Online mailbox here any more.",
    "as_it_was": f"Microsoft 365 shows it as it was before. {NOTHING_CHANGED}",
    "leader_failed": "The access that should come in its place was not given.",
    "own_access": "Nobody changes their own access this way.",
    "needs_approval": "Nobody who may say yes to this has said it.",
    "no_private": "You may not give access to private events here.",
    "id_refused": "Nothing is sent that could touch another calendar.",
    "would_raise": "This would give more than before, as everyone there has more. Lower that first.",
}
# What was true at Microsoft could not be read, so nothing was tried.
_UNREAD = (
    "unreachable timeout throttled cut_off malformed loop too_large empty no_default_row foreign_link redirect"
).split()


class Wish(Protocol):
    """What the words need to know of one change; empty `after` is a removal."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def found(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def sent_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a change went: `text` is whole sentences, `title` one above them or ""; `is_over` where it will not move."""

    title: str
    text: str
    icon: str
    tone: str
    is_over: bool


def calendar_words(name: str, is_default: bool) -> str:
    """What a calendar is called in a sentence to its owner."""
    return MAIN_CALENDAR if is_default else name or "a calendar without a name"


def quoted(role: str, whose: Whose = YOU) -> str:
    """A role in quotes, as its owner knows it: “Can edit”; “no access” where there is none."""
    return f"“{role_label(role, OWNER, whose=whose)}”" if role else "no access"


def change_sentence(wish: Wish, calendar: str, actor: str = "You", whose: Whose = YOU) -> str:
    """One line of a history: "You changed …", or "You asked to change …: not saved" where it is not so."""
    if wish.kind == DELIVERY:
        did, do = "set", "set"
        what = f"{_who_gets(whose)} to “{delivery_words(wish.after, whose=whose).title}”"
    elif wish.kind == REMOVE:
        did, do = "removed", "remove"
        what = f"{wish.name} from {calendar} (was {quoted(wish.before, whose)})"
    elif wish.kind == CREATE:
        did, do = "gave", "give"
        what = f"{wish.name} {quoted(wish.after, whose)} on {calendar}"
    elif wish.kind == COPY_NAME:
        did, do = "renamed", "rename"
        what = f"“{visible(wish.before)}” to “{visible(wish.after)}” in your list of calendars"
    elif wish.kind == COPY_REMOVE:
        did, do = "took", "take"
        what = f"“{visible(wish.before)}” off your list of calendars"
    else:
        did, do = "changed", "change"
        what = f"{wish.name} from {quoted(wish.before, whose)} to {quoted(wish.after, whose)} on {calendar}"
    if wish.state == "applied":
        return f"{actor} {did} {what}"
    label = STATE_LABELS[wish.state][0]
    return f"{actor} asked to {do} {what}: {label[0].lower()}{label[1:]}"


def change_outcome(wish: Wish, calendar: str, origin: str = OUTSIDE, whose: Whose = YOU) -> Outcome:
    """What to tell its owner now; made from the row alone, so that a late worker or another browser says the same.

    `origin` is where the value that a conflict found came from.
    """
    if wish.state == "open":
        return Outcome("", CONFIRMING if wish.sent_at else "Applying…", "loader", "", False)
    if wish.state == "applied":
        return Outcome("", _applied(wish, calendar, whose), "check", "good", True)
    if wish.state == "conflict":
        return _conflict(wish, calendar, origin, whose)
    if wish.state == "failed":
        why = _why(wish.cause)
        return Outcome(
            "Your change was not made",
            why if wish.sent_at else f"{why} {NOTHING_CHANGED}",
            "alert-triangle",
            "bad",
            True,
        )
    if wish.state == "unknown":
        title = "Microsoft has not confirmed your change"
        return Outcome(title, UNCONFIRMED, "help-circle", "warn", True)
    why = f"{_FAILED[wish.cause]} " if wish.cause in _FAILED else ""
    text = RESTORED if wish.cause == "restored" else f"{why}{NOTHING_CHANGED}"
    return Outcome("Your change was cancelled", text, "x", "", True)


def _why(cause: str) -> str:
    if cause in _UNREAD:
        return "Microsoft 365 could not be asked what is true now."
    return _FAILED.get(cause, "Microsoft 365 did not accept this change.")


def _applied(wish: Wish, calendar: str, whose: Whose) -> str:
    if wish.kind == DELIVERY:
        who_gets = _who_gets(whose)
        return f"Saved. {who_gets[0].upper()}{who_gets[1:]}: “{delivery_words(wish.after, whose=whose).title}”."
    if wish.kind == REMOVE:
        return f"{wish.name} was removed from {calendar}."
    if wish.kind == CREATE:
        return f"{wish.name} now has {quoted(wish.after, whose)} on {calendar}. Outlook sends an invitation."
    if wish.kind == COPY_NAME:
        return f"“{visible(wish.before)}” is now called “{visible(wish.after)}” in your list."
    if wish.kind == COPY_REMOVE:
        return f"“{visible(wish.before)}” is off your list. {wish.name} still shares it with you."
    return f"{wish.name} now has {quoted(wish.after, whose)} on {calendar}."


def _conflict(wish: Wish, calendar: str, origin: str, whose: Whose) -> Outcome:
    icon, tone = "alert-triangle", "warn"
    if wish.kind == CREATE:
        return Outcome(*_not_given(wish, calendar, origin, whose), icon, tone, True)
    if wish.kind in (COPY_NAME, COPY_REMOVE):
        name = visible(wish.before)
        if not wish.found:
            return Outcome(
                f"“{name}” is no longer in your list", "It was taken off outside Calwarden.", icon, tone, True
            )
        text = f"It is now called “{visible(wish.found)}”. Your name was not saved."
        return Outcome(f"“{name}” was renamed while this page was open", text, icon, tone, True)
    if wish.kind == DELIVERY:
        text = f"It is now “{delivery_words(wish.found, whose=whose).title}”, {origin}. Your choice was not saved."
        who_gets = _who_gets(whose)
        title = f"{who_gets[0].upper()}{who_gets[1:]} changed while this page was open"
        return Outcome(title, text, icon, tone, True)
    if not wish.found:
        return Outcome(f"{wish.name} no longer has access", "It was removed outside Calwarden.", icon, tone, True)
    wanted = f"change to {quoted(wish.after, whose)}" if wish.kind == ROLE else "removal"
    text = f"It is now {quoted(wish.found, whose)}, {origin}. Your {wanted} was not saved."
    return Outcome(f"{wish.name}’s access to {calendar} changed while this page was open", text, icon, tone, True)


def _not_given(wish: Wish, calendar: str, origin: str, whose: Whose) -> tuple[str, str]:
    """Title and text of a new access that did not come to be as it was asked for."""
    if not wish.found:
        return "The calendar is no longer there", "Nobody was added."
    if wish.cause == "other_role":
        text = f"Microsoft 365 gave {quoted(wish.found, whose)} on {calendar}, not {quoted(wish.after, whose)}."
        return f"{wish.name} has access, with another role", text
    text = f"It is {quoted(wish.found, whose)}, {origin}. {NOTHING_CHANGED}"
    return f"{wish.name} has access to {calendar} already", text


def _who_gets(whose: Whose) -> str:
    return whose.said("who gets {your} meeting requests")


def noticed(at: datetime, now: datetime) -> str:
    """When a difference was seen that nobody made here: "Noticed 12 November 2026, 09:14, outside Calwarden"."""
    return f"Noticed {moment(at, now)}, outside Calwarden"


def noticed_sentence(
    name: str, before: str, after: str, end: str = "", audience: str = OWNER, whose: Whose = YOU
) -> str:
    """A difference seen: `before` empty is new access, `after` empty its end; `end` is PermissionPeriod.end."""
    gone = {"calendar_removed": "the calendar was deleted", "mailbox_removed": "the mailbox was deleted"}.get(end)
    if end == "out_of_scope":
        return f"{name}’s access is no longer looked at here: the mailbox was left out"
    if gone:
        return f"{name}’s access ended: {gone}"
    label = partial(role_label, audience=audience, whose=whose)
    if not before:
        return f"{name} got access: {label(after)}"
    if not after:
        return f"{name} no longer has access (was {label(before)})"
    return f"{name} changed from {label(before)} to {label(after)}"


def since(began_at: datetime, began_after_at: datetime | None, day_words: Callable[[datetime], str]) -> str:
    """Since when a role is held, as far as readings show: before the first one, or the day it was first seen."""
    return f"before {day_words(began_at)}" if began_after_at is None else day_words(began_at)
