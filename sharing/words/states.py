"""How well a mailbox could be read and why, what kind of person or mailbox it is, and how a sync run ended."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateWords:
    """One state: `it` is the label, `sentence` for IT, `owner` for the person whose mailbox it is."""

    value: str
    it: str
    sentence: str
    owner: str
    icon: str
    tone: str


@dataclass(frozen=True, slots=True)
class CauseWords:
    """Why something could not be read or written, and what a person in IT can do; `code` is Microsoft's, or ""."""

    what: str
    todo: str
    code: str = ""


MAILBOX_STATES = {
    words.value: words
    for words in (
        StateWords(
            "never", "Not read yet", "This mailbox is listed and has not been read yet.",
            "We haven’t read your calendars yet. They appear here after the first check.", "circle-dashed", "",
        ),
        StateWords("ok", "Read", "Everything was read.", "Your calendars were read.", "circle-check", "good"),
        StateWords(
            "incomplete", "Partly read", "Not every list could be read. What is missing shows as last known.",
            "We couldn’t read all of your mailbox. This is the last known access.", "circle-minus", "warn",
        ),
        StateWords(
            "denied", "Not allowed", "Microsoft 365 refused. What was read before shows as last known.",
            "Microsoft 365 doesn’t let Calwarden read your mailbox. This is the last known access.", "lock", "bad",
        ),
        StateWords(
            "unreachable", "Not reached", "This mailbox could not be read at the last try. We try again.",
            "We couldn’t reach your mailbox. This is the last known access.", "cloud-off", "warn",
        ),
        StateWords(
            "no_mailbox", "No mailbox", "No Exchange Online mailbox: on-premises, unlicensed or deleted.",
            "Your account has no Exchange Online mailbox.", "mailbox", "",
        ),
        StateWords(
            "excluded", "Left out", "Outside what Calwarden may read, or gone from the directory.",
            "Your mailbox is left out of Calwarden.", "ban", "",
        ),
    )
}  # fmt: skip

WAIT = "Nothing. We try again."
CAUSES = {
    "cut_off": CauseWords("The answer was cut off", WAIT),
    "empty": CauseWords("The list came back empty, which cannot be", WAIT),
    "no_default_row": CauseWords("The list came without its row for everyone", WAIT),
    "loop": CauseWords("The pages of the answer went in a circle", WAIT),
    "malformed": CauseWords("The answer could not be read", WAIT),
    "too_large": CauseWords("The answer was far too large", WAIT),
    "foreign_link": CauseWords("The answer led to another address", "Tell whoever runs Calwarden."),
    "redirect": CauseWords("Microsoft sent us to another address", "Check the proxy between here and Microsoft."),
    "breaker": CauseWords("Held: far more access would have ended than usual", "Accept or reject the held run."),
    "throttled": CauseWords("Microsoft asked us to slow down", WAIT),
    "timeout": CauseWords("Microsoft did not answer in time", WAIT),
    "unreachable": CauseWords("Microsoft did not answer", WAIT),
    "not_found": CauseWords("Not there any more", WAIT),
    "no_mailbox": CauseWords("No Exchange Online mailbox: on-premises, unlicensed or deleted", ""),
    "deleted": CauseWords("The account is deleted", ""),
    "denied": CauseWords("Microsoft 365 refused", "Check the app’s permissions in Entra."),
    "out_of_scope": CauseWords("Outside the group Calwarden is limited to", "Add it to the group in Exchange."),
    "consent_missing": CauseWords("The app lacks a permission", "Approve the app’s permissions in Entra."),
    "token_refused": CauseWords("Microsoft 365 no longer accepts our sign-in", "Check that the app is still approved."),
    "credential_refused": CauseWords(
        "The certificate or secret was not accepted", "Register the certificate for the app, or make a new one."
    ),
    "certificate_unreadable": CauseWords("The certificate could not be read", "Check MICROSOFT_CLIENT_CERTIFICATE."),
    "certificate_key_mismatch": CauseWords("The key is not the certificate’s", "Check MICROSOFT_CLIENT_CERTIFICATE."),
    "seal_broken": CauseWords(
        "A secret kept here does not open with TOKEN_KEYS", "Put the key that sealed it back, or make a new secret."
    ),
    "no_credential": CauseWords("There is no certificate and no secret", "Set MICROSOFT_CLIENT_CERTIFICATE."),
    "grant_lost": CauseWords("Its person’s own connection ended", "Its person connects it again."),
    "grant_ended": CauseWords("Its person’s own connection ended", "Its person connects it again."),
    "disconnected": CauseWords("Disconnected, as its person or an admin wished", "Nothing, or connect it again."),
    "other_cloud": CauseWords("The tenant is in another Microsoft cloud", "Set MICROSOFT_CLOUD."),
    "outside_group": CauseWords("Outside the group Calwarden is limited to", "Add the person to the group."),
    "not_matched": CauseWords("No account here and not invited", "Invite the person, if their calendars belong here."),
    "mailbox_removed": CauseWords("The mailbox was deleted for good", ""),
    "error": CauseWords("Microsoft 365 answered with an error", WAIT),
    "tenant_not_found": CauseWords("There is no such tenant in this cloud", "Check the tenant id."),
    "sign_in": CauseWords("Microsoft 365 gave us no access", "Check the app’s registration in Entra."),
    "resync_required": CauseWords("Microsoft asked us to list everything again", WAIT),
    "rejected": CauseWords("Microsoft did not understand the request", "Tell whoever runs Calwarden."),
    "id_refused": CauseWords("An id looked wrong, so nothing was asked", "Tell whoever runs Calwarden."),
    "configuration": CauseWords("A setting of this installation is wrong", "Run the command doctor."),
    "listing_incomplete": CauseWords("The directory could not be listed completely", WAIT),
    "stopped": CauseWords("Stopped by a person", ""),
    "cancelled": CauseWords("Stopped by a person", ""),
}  # fmt: skip

# Microsoft's own codes that mean one of the above.
_CODES = {
    "MailboxNotEnabledForRESTAPI": "no_mailbox",
    "MailboxNotSupportedForRESTAPI": "no_mailbox",
    "ResourceNotFound": "no_mailbox",
    "ErrorInvalidUser": "no_mailbox",
    "ErrorAccessDenied": "denied",
    "Authorization_RequestDenied": "consent_missing",
    "extensionError": "out_of_scope",
    "ErrorItemNotFound": "not_found",
    "InvalidAuthenticationToken": "token_refused",
    "ErrorInternalServerError": "error",
    "ErrorInternalServerTransientError": "error",
    "ErrorMailboxStoreUnavailable": "error",
    "ErrorMailboxMoveInProgress": "error",
    "ErrorServerBusy": "error",
    "ServiceUnavailable": "error",
    # Entra's
    "invalid_client": "credential_refused",
    "unauthorized_client": "consent_missing",
    "consent_required": "consent_missing",
    "interaction_required": "consent_missing",
    "temporarily_unavailable": "error",
    "server_error": "error",
    "too_many_requests": "throttled",
    "invalid_request": "sign_in",
    "no_token": "sign_in",
}

# What a kind of person is called (IT's label); what sort of mailbox, by Graph's userPurpose.
PERSON_KINDS = {
    "user": "Person",
    "guest": "Guest",
    "group": "Group",
    "contact": "Contact",
    "outside": "Outside",
    "unresolved": "Not found in the directory",
}
PURPOSES = {
    "": "Not known",
    "user": "Person",
    "linked": "Person, account on-premises",
    "shared": "Shared mailbox",
    "room": "Room",
    "equipment": "Equipment",
    "others": "Other mailbox",
}

RUN_KINDS = {
    "full": "Whole tenant",
    "hourly": "New and recently changed",
    "asked": "Asked for",
    "accepted": "After a held run",
}
RUN_OUTCOMES = {  # (label, tone)
    "": ("Running", "accent"),
    "done": ("Done", "good"),
    "held": ("Held", "warn"),
    "stopped": ("Stopped", "bad"),
}
TENANT_STATES = {  # (label, sentence, tone)
    "listed": ("Listed", "People may sign in. Calendars are not read.", ""),
    "connected": ("Connected", "Calwarden reads this tenant.", "good"),
    "lost": ("Access lost", "Microsoft 365 no longer lets Calwarden in. What you see is from before.", "bad"),
    "ended": ("Disconnected", "Nobody may sign in and nothing is read.", ""),
    "private": ("Private", "Known only because somebody connected their own mailbox in it. Nobody may sign in.", ""),
}
PORTAL_ROLES = {  # (label, what it may)
    "reviewer": ("Reviewer", "Reads all sharing of the tenant."),
    "operator": (
        "Operator",
        "Reads all sharing of the tenant, changes it for others where changing is on, and plans what partner "
        "organizations may see.",
    ),
    "admin": ("Admin", "Sees connections, users, roles and sync runs. Reads no sharing."),
}


def state_words(state: str) -> StateWords:
    """The words for a mailbox state; raises KeyError for a state we never set."""
    return MAILBOX_STATES[state]


def cause_words(cause: str, *, is_deleted: bool = False) -> CauseWords:
    """Why, in words: one of our causes, or a code of Microsoft's, which is then kept beside the words.

    `is_deleted` says that the account is gone from the directory, which explains whatever came after.
    """
    if is_deleted:
        return CauseWords(CAUSES["deleted"].what, "", "" if cause in CAUSES else cause)
    if cause in CAUSES:
        return CAUSES[cause]
    known = CAUSES.get(_CODES.get(cause, ""))
    if known:
        return CauseWords(known.what, known.todo, cause)
    return CauseWords("Microsoft 365 answered with an error", WAIT, cause)


def kind_label(kind: str, *, size: int | None = None) -> str:
    """What a kind of person is called; a group with its size, or that it is not known."""
    if kind != "group":
        return PERSON_KINDS[kind]
    if size is None:
        return "Group, size unknown"
    return f"Group, {size:,} {'member' if size == 1 else 'members'}"


def purpose_label(purpose: str) -> str:
    """What sort of mailbox; a word of Microsoft's that we don't know is shown as it is."""
    return PURPOSES.get(purpose, purpose)
