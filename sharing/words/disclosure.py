"""What the portal may do and does at Microsoft, in words: permissions, calls, mail, and who publishes it."""

# label, tone, icon, and what it means
STANDINGS = {
    "held": ("Held", "good", "circle-check", ""),
    "part": ("Held", "good", "circle-check", "As a part of {within}."),
    "lacking": ("Lacking", "bad", "circle-x", "Without it this organization cannot be read, or not be changed."),
    "optional": ("Not held", "", "circle-dashed", "Optional: what it would name is shown by address only."),
    "by_group": ("By group", "", "users-group", "Given by Exchange to the group’s members only, which no token names."),
    "unused": ("Not needed", "warn", "alert-triangle",
               "Changing is off: only Calwarden’s own switch keeps it from being used."),
    "excess": ("In excess", "warn", "alert-triangle", "Calwarden has no use for it: take it away in Entra."),
}  # fmt: skip

# Of an optional permission that is not held, where that is another thing than a name.
WITHOUT = {
    "AuditLogsQuery-Exchange.Read.All": "Optional: who changed sharing outside comes from uploaded files only.",
}

NOTICES = {
    "sync_stale": "Not read whole for more than a day",
    "run_held": "A check waits for a decision",
    "consent_lost": "Access to Microsoft 365 lost",
    "limit_broken": "The limit to a group does not hold, or is not known to",
    "credential_expiring": "The credential ends soon, or has ended",
    "credential_broken": "Microsoft does not accept our credential",
}
NOTICE_CAUSES = {
    "no_address": "no address is known",
    "account_gone": "the account is disabled or deleted",
    "restored": "a backup was restored meanwhile",
}

NO_EVENTS = (
    "Every path that holds events or mail is refused before it is sent, whatever a permission would allow, and so is "
    "every call that is not in the lists below. This number adds up what was counted all the same."
)
_TESTS = (
    "The first of these calls is also made where IT tries what a partner organization lets us see, from the mailbox of "
    "a volunteer."
)
MEETINGS_OFF = f"Meetings are off: no event is read, made or changed. {_TESTS}"
MEETINGS_ON = (
    "Meetings are on, so this is what changed: while somebody of the organization looks for a time, Microsoft is asked "
    "when the people they chose are free; what they then book is made in their own calendar, read back, moved and "
    "cancelled by its mark. No other event is read, and no job does any of it. "
    f"{_TESTS}"
)
UNVERIFIED = "Microsoft shows “unverified” below the app’s name: nobody has verified its publisher with Microsoft."
VERIFIED = "Microsoft shows {name} as the app’s verified publisher."


def refused_here(count: int) -> str:
    """How often Calwarden stopped itself."""
    if not count:
        return "Calwarden tried no such call in these days."
    times = "once" if count == 1 else f"{count:,} times"
    return f"Calwarden tried such a call {times} in these days and stopped itself. That is a fault of ours: report it."


def not_sent(cause: str) -> str:
    """Why a mail was not sent, in words; what a mail server said stays as it is."""
    return NOTICE_CAUSES.get(cause, cause)
