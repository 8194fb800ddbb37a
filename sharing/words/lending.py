"""A person's own connection in words: what it may do, why it ended, and what went wrong on the way to it."""

from collections.abc import Collection
from dataclasses import dataclass

from .connecting import EVENTS, OUT_OF_OFFICE


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """One of Microsoft's permissions as the person is told of it who gives it."""

    scope: str
    what: str
    why: str
    icon: str


@dataclass(frozen=True, slots=True)
class LendingTrouble:
    """Why nothing was connected, and what to do."""

    title: str
    text: str


SHARED = "Calendars.Read.Shared"
SCOPES = {
    words.scope: words
    for words in (
        ScopeWords("Calendars.Read", "See who has access to your calendars", EVENTS, "calendar-share"),
        ScopeWords(
            "Calendars.ReadWrite", "See and change who has access to your calendars",
            f"Changed is only what you save here. {EVENTS}", "calendar-share",
        ),
        ScopeWords("MailboxSettings.Read", "See who gets your meeting requests", OUT_OF_OFFICE, "inbox"),
        ScopeWords(
            "MailboxSettings.ReadWrite", "See and change who gets your meeting requests", OUT_OF_OFFICE, "inbox"
        ),
        ScopeWords(
            SHARED, "See calendars that others share with you",
            "Optional, asked for by itself, and nothing is read with it yet. This Microsoft permission also covers"
            " events. Calwarden never asks for events.", "users",
        ),
    )
}  # fmt: skip

# What is asked for beside each other to find times and book meetings.
OF_MEETINGS = (
    ScopeWords(
        "Calendars.ReadWrite", "Book, move and cancel your meetings",
        "This Microsoft permission covers every event of yours. Calwarden reads and changes only meetings that you"
        " booked here.", "calendar-time",
    ),
    ScopeWords(
        SHARED, "See when you and others are free",
        "Only at the moment you look for a time. What meetings are about is dropped unread.", "users",
    ),
)  # fmt: skip

# Why Microsoft takes the connection no more.
ENDED = {
    "AADSTS65001": "The consent for Calwarden was taken back at Microsoft.",
    "AADSTS50173": "Your password was changed, or your sessions were ended.",
    "AADSTS700082": "It was not used for 90 days.",
    "AADSTS70008": "It was not used for 90 days.",
    "AADSTS50057": "Your account is switched off.",
    "AADSTS50076": "Microsoft wants you to confirm who you are.",
    "AADSTS50079": "Microsoft wants you to confirm who you are.",
    "disconnected": "You disconnected it here.",
}

AGAIN = "Nothing was connected. Try again."
TROUBLE = {
    "declined": LendingTrouble("You did not agree", "Nothing was connected. You can do it later."),
    "wrong_account": LendingTrouble(
        "That was another account",
        "Connect the account you are signed in with here. Your organization does not let you connect other accounts.",
    ),
    "others_not_allowed": LendingTrouble(
        "Other accounts can’t be connected", "Your organization lets you connect your own mailbox only."
    ),
    "personal_account": LendingTrouble(
        "Personal Microsoft accounts can’t be connected", "Use a work or school account. Nothing was connected."
    ),
    "guest": LendingTrouble(
        "That account is a guest there",
        "Its mailbox is in another organization. Connect it with the account it has there.",
    ),
    "meetings_off": LendingTrouble(
        "Meetings are not switched on", "Your organization does not book meetings here. Nothing was connected."
    ),
    "tenant_ended": LendingTrouble(
        "That organization was disconnected", "Its mailboxes can’t be connected here. Nothing was connected."
    ),
    "not_administrator": LendingTrouble(
        "Your organization asks an administrator first",
        "People there may not agree to apps themselves. Ask your IT to approve Calwarden. Nothing was connected.",
    ),
    "policy": LendingTrouble(
        "A policy of your organization stopped this", "Ask your IT about Calwarden. Nothing was connected."
    ),
    "registration": LendingTrouble(
        "Microsoft does not accept this portal", "Its app registration is not set up for this. Tell your IT."
    ),
    "code_refused": LendingTrouble(
        "Microsoft did not finish this", "Its answer counts once, and it may have been used before. Try again."
    ),
    "too_late": LendingTrouble("This took too long", "It must be finished within ten minutes. Try again."),
    "other_person": LendingTrouble(
        "This was begun by somebody else", "Another person was signed in when it began. Nothing was connected."
    ),
    "unknown_state": LendingTrouble(
        "Nothing was begun here", "Begin on the page of your connection, in this browser. Nothing was connected."
    ),
    "id_token": LendingTrouble("You could not be recognized", AGAIN),
    "unreachable": LendingTrouble("Microsoft did not answer", AGAIN),
    "microsoft": LendingTrouble("Microsoft did not finish this", AGAIN),
}  # fmt: skip


def scope_words(scopes: Collection[str]) -> list[ScopeWords]:
    """What somebody lent, in a fixed order; what every sign-in asks for is left out."""
    return [words for scope, words in SCOPES.items() if scope in scopes]


def ended_words(cause: str) -> str:
    return ENDED.get(cause, "Microsoft no longer accepts it.")


def lending_trouble(cause: str) -> LendingTrouble:
    return TROUBLE.get(cause.partition(":")[0], TROUBLE["microsoft"])
