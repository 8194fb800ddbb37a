"""Connecting a tenant in words: choices, permissions, how far a link came, and what went wrong on the way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChoiceWords:
    """One choice of the form: its value, its title, and what it means."""

    value: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class PermissionWords:
    """One of Microsoft's permissions as an administrator is told of it."""

    role: str
    what: str
    why: str
    icon: str


@dataclass(frozen=True, slots=True)
class ApprovalWords:
    """What became of an approval, for who gave it; `{tenant}` and `{admin}` are filled in."""

    title: str
    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class TroubleWords:
    """What went wrong at an activation link; `{tenant}`, `{admin}`, `{account}` and `{day}` are filled in.

    `again` says whether the same link may be tried again.
    """

    title: str
    text: str
    again: bool = False


MODES = (
    ChoiceWords(
        "domain_wide", "Whole organization",
        "One approval by a Microsoft administrator. People do not have to do anything.",
    ),
    ChoiceWords(
        "individual", "Person by person",
        "Each person connects their own mailbox. You see only those who did, and nobody approves for the others.",
    ),
)  # fmt: skip
SCOPES = (
    ChoiceWords("everybody", "Everybody", "Every mailbox of the organization is read."),
    ChoiceWords(
        "group", "One security group",
        "You name the group once the tenant is connected; until then one mailbox is tried, and nobody is read."
        " Exchange Online keeps the app to it only after a script was run, and Calwarden then tests that.",
    ),
    ChoiceWords(
        "people", "People with an account here",
        "Only people who signed in or were invited, matched by their account. Microsoft is asked about nobody else. To"
        " try the connection, Calwarden reads the mailbox of one of them or, where none of them has one, the mailbox of"
        " the administrator who approves.",
    ),
)  # fmt: skip
ASKS = {
    choice.value: choice
    for choice in (
        ChoiceWords(
            "read", "Reading",
            "Everything can be seen and nothing changed, while the registration lists reading permissions only.",
        ),
        ChoiceWords(
            "both", "Reading and changing, one registration",
            "One approval covers everything the registration lists, so the app could change sharing from then on."
            " Only Calwarden’s own switch keeps changing off until you turn it on.",
        ),
        ChoiceWords(
            "change", "Changing, through the second registration",
            "A second approval, of an app that is used for changes only. It can be taken back without losing what is"
            " read.",
        ),
        ChoiceWords(
            "meetings", "Meetings, through their own registration",
            "An approval apart, of an app that sees when people are free and books meetings for whoever is at the"
            " screen. It can be taken back without losing anything else.",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LaterWords:
    """What can be changed of an organization that is connected, and how; `page` is where, or nothing."""

    what: str
    how: str
    page: str = ""
    label: str = ""


_NEVER_NEEDED = "At any time, and without a new approval"
_LATER = (
    LaterWords("Its name", "It is Microsoft’s own name, as of the last approval. Nothing is to be chosen."),
    LaterWords(
        "What is asked for",
        "Needs a new approval: make a new link, and have it approved. Until then everything goes on as it is.",
        "setup:connecting", "Make a new link",
    ),
)  # fmt: skip
_LIMIT = {
    "everybody": LaterWords(
        "Fewer people are read",
        f"{_NEVER_NEEDED}: limit it to one security group. Lifting that limit needs none either, because the approval"
        " at Microsoft covers everybody.",
        "setup:limit", "Limit to a group",
    ),
    "group": LaterWords(
        "Another group, or everybody",
        f"{_NEVER_NEEDED}, because the approval at Microsoft covers everybody. What Exchange was told stays until the"
        " script takes it back.",
        "setup:limit", "Limit to a group",
    ),
}  # fmt: skip
_LAST = (
    LaterWords(
        "How it is connected, or other people are read",
        "Needs a new approval, because the administrator was told otherwise: disconnect, keep what was read, and"
        " connect the organization again.",
        "setup:end", "Disconnect",
    ),
    LaterWords("What people may do", f"{_NEVER_NEEDED}.", "setup:locks", "What people may do"),
    LaterWords(
        "Whether owners may change their sharing",
        f"{_NEVER_NEEDED}, as far as what was approved allows it.", "setup:changing", "Changing",
    ),
)  # fmt: skip


def after_approval(scope: str) -> list[LaterWords]:
    """What can still be changed of a connected organization of which `scope` is read."""
    limit = _LIMIT.get(scope)  # where people known here are read, a group would be more of them
    return [*_LATER, *([limit] if limit else []), *_LAST]


APPROVED_ALREADY = (
    "An administrator approved the link that is open. Another choice of how it is connected, who is read or what is"
    " asked for ends that approval here, and a new link has to be approved. A new name does not."
)
LINK_OPEN = (
    "A link is open. Another choice of how it is connected, who is read or what is asked for ends it, and you send a"
    " new one. A new name does not."
)

# Two links can be open in a tenant, one for each registration.
APP_LINKS = {
    "reader": "The link for reading is open, too",
    "writer": "The link for the second registration is open, too",
    "booker": "The link for the registration for meetings is open, too",
}

EVENTS = "This Microsoft permission also covers events. Calwarden never asks for events."
OUT_OF_OFFICE = "The permission covers out-of-office texts too; Calwarden drops them unread."
PERMISSIONS = {
    words.role: words
    for words in (
        PermissionWords("Calendars.Read", "See who has access to calendars", EVENTS, "calendar-share"),
        PermissionWords(
            "Calendars.ReadWrite", "See and change who has access to calendars", EVENTS, "calendar-share"
        ),
        PermissionWords("MailboxSettings.Read", "See who gets meeting requests", OUT_OF_OFFICE, "inbox"),
        PermissionWords(
            "MailboxSettings.ReadWrite", "See and change who gets meeting requests", OUT_OF_OFFICE, "inbox"
        ),
        PermissionWords(
            "User.Read.All", "See names, addresses and disabled accounts",
            "To say who has access, and to find delegates who left.", "users",
        ),
        PermissionWords(
            "GroupMember.Read.All", "See groups and how many people are in them",
            "Where a calendar is shared with a group. Optional.", "users-group",
        ),
        PermissionWords(
            "OrgContact.Read.All", "See the contacts of the address book",
            "To name people outside who have access. Optional.", "address-book",
        ),
        PermissionWords(
            "Organization.Read.All", "See the organization’s name and domains",
            "To be sure that it is the right one.", "building",
        ),
        PermissionWords(
            "AuditLogsQuery-Exchange.Read.All", "Search Exchange’s audit log",
            "To name who changed sharing outside. Optional: without it names come from uploaded files only.", "history",
        ),
    )
}  # fmt: skip
# The same permission of the registration for meetings is another thing to agree to.
OF_MEETINGS = PermissionWords(
    "Calendars.ReadWrite", "See when people are free, and book, move and cancel meetings",
    "This Microsoft permission covers every event. Calwarden reads and changes only meetings that were booked in it,"
    " and of everybody’s time only when they are busy.", "calendar-time",
)  # fmt: skip
NEVER_READ = "Never read: events, mail, files, contacts of mailboxes, and what people write in out-of-office texts."

# How far a link came: label, tone and icon for an admin.
LINK_STATES = {
    "issued": ("Waiting for approval", "warn", "hourglass"),
    "approved": ("Being tried", "accent", "loader"),
    "proved": ("Waiting for you", "warn", "hourglass"),
    "confirmed": ("Connected", "good", "circle-check"),
    "revoked": ("Cancelled", "", "ban"),
    "failed": ("Not connected", "bad", "circle-x"),
    "expired": ("Link ended", "bad", "clock"),
}

# Why a link came no further, for an admin; `{name}` is the tenant's.
LINK_CAUSES = {
    "declined": "The administrator did not approve. The link still works.",
    "not_administrator": "Somebody opened the link whose account cannot approve for {name}. The link still works.",
    "wrong_account": "Somebody opened the link with an account of another organization. The link still works.",
    "wrong_tenant": "The approval was for another organization than {name}, so it was not taken. The link still works.",
    "registration": "Microsoft does not accept this portal’s app registration: check its redirect addresses, and that"
    " it is made for several organizations.",
    "policy": "A policy of {name} stopped the approval, such as Conditional Access.",
    "tenant_unknown": "Microsoft knows no organization with this id.",
    "other_organization": "Asked for {name}, Microsoft answered for another organization.",
    "consent_missing": "The app still lacks permissions in {name}. Check what its registration lists, then make a new"
    " link.",
    "no_mailbox_read": "Not one mailbox of {name} could be read. If Exchange limits the app to a group, make sure that"
    " somebody is in it.",
    "code_refused": "Microsoft did not accept this portal’s part of the sign-in: check its certificate or secret.",
    "id_token": "What Microsoft’s sign-in sent could not be verified.",
    "choices_changed": "What it told was chosen differently here. Make a new link, and send that one.",
}

APPROVALS = {
    "approved": ApprovalWords(
        "Microsoft gave the approval",
        "Calwarden now tries it, which takes up to 15 minutes. Then {admin} compares name and domains, and says yes."
        " No other reading begins before that.", "good", "circle-check",
    ),
    "proved": ApprovalWords(
        "Microsoft gave the approval",
        "Calwarden tried it. {admin} now compares name and domains, and says yes. No other reading begins"
        " before that.", "good", "circle-check",
    ),
    "confirmed": ApprovalWords(
        "Microsoft gave the approval", "Calwarden tried it, and it was confirmed here.", "good", "circle-check"
    ),
    "revoked": ApprovalWords(
        "The request was withdrawn",
        "This approval is not used here any more. It stays in Entra until somebody takes it back there.", "", "ban",
    ),
    "failed": ApprovalWords(
        "This came to nothing",
        "Calwarden tried it, and what it needs did not work. Ask {admin} whether another link is needed. The approval"
        " stays in Entra until somebody takes it back there.", "warn", "alert-triangle",
    ),
}  # fmt: skip

TROUBLE = {
    "unknown": TroubleWords(
        "This link does not work", "It may have been cut off when it was copied. Ask whoever sent it for a new one."
    ),
    "used": TroubleWords("This link was already used", "Ask {admin} for a new one if something is still missing."),
    "expired": TroubleWords("This link ended on {day}", "Ask {admin} for a new one."),
    "revoked": TroubleWords("This link was withdrawn", "Ask {admin} for a new one if you still want to approve."),
    "failed": TroubleWords("This link led to nothing", "Ask {admin} for a new one."),
    "declined": TroubleWords("You did not approve", "Nothing was changed. The link works until {day}.", again=True),
    "wrong_account": TroubleWords(
        "That was another account", "This link is for {tenant}. Sign in with an account of {tenant}.", again=True
    ),
    "wrong_tenant": TroubleWords(
        "That was another organization", "You signed in to {account}. This link is for {tenant}.", again=True
    ),
    "not_administrator": TroubleWords(
        "Your account can’t approve for {tenant}",
        "Forward the link you were sent to a Privileged Role or Global Administrator of {tenant}.", again=True,
    ),
    "tenant_unknown": TroubleWords(
        "Microsoft does not know {tenant}", "The tenant id in this link is wrong. Ask {admin} for a new one."
    ),
    "registration": TroubleWords(
        "Microsoft does not accept this portal",
        "The app registration of this portal is not set up for {tenant}. Tell {admin}; nothing was changed.",
        again=True,
    ),
    "policy": TroubleWords(
        "A policy of {tenant} stopped this",
        "Conditional Access or another policy does not allow the sign-in. Nothing was connected.", again=True,
    ),
    "too_late": TroubleWords(
        "This took too long", "An approval must be finished within an hour. Try again.", again=True
    ),
    "used_before": TroubleWords(
        "This page was opened before", "Microsoft’s answer counts once. Nothing was changed this time.", again=True
    ),
    "other_browser": TroubleWords(
        "This began in another browser", "Open the link you were sent again, in this browser. Nothing was connected."
    ),
    "unknown_state": TroubleWords(
        "Nothing was begun here", "Open the link you were sent, and begin there. Nothing was connected."
    ),
    "id_token": TroubleWords(
        "You could not be recognized", "What Microsoft’s sign-in sent could not be verified. Nothing was connected.",
        again=True,
    ),
    "code_refused": TroubleWords(
        "Microsoft did not accept this portal",
        "Its part of the sign-in was refused. Tell {admin}: the certificate or secret of the app should be checked.",
        again=True,
    ),
    "unreachable": TroubleWords("Microsoft did not answer", "Nothing was connected. Try again.", again=True),
    "microsoft": TroubleWords("Microsoft did not finish this", "Nothing was connected. Try again.", again=True),
    "malformed": TroubleWords("Microsoft did not finish this", "Nothing was connected. Try again.", again=True),
}  # fmt: skip

# Why a sign-in found no tenant, for an admin: title and text.
FIND_TROUBLE = {
    "declined": ("Nobody signed in", "No organization was found, and nothing was saved."),
    "guest": (
        "That account is a guest there",
        "A guest’s sign-in does not prove which organization is meant. Use an account that the organization made.",
    ),
    "acct_missing": (
        "Nobody can tell whether that is a guest",
        "Add the optional claim “acct” to this portal’s app registration, or give the tenant id.",
    ),
    "id_token:personal_account": (
        "That is a personal Microsoft account",
        "It belongs to no organization. Use a work or school account of the organization to be connected.",
    ),
    "wrong_account": (
        "That account cannot be used here", "Use a work or school account of the organization to be connected."
    ),
    "not_administrator": (
        "That organization asks its administrator first",
        "Its people may not sign in to new apps themselves. Give its tenant id or one of its domains instead.",
    ),
    "policy": (
        "A policy of that organization stopped the sign-in", "Give its tenant id or one of its domains instead."
    ),
    "registration": (
        "Microsoft does not accept this portal",
        "Its app registration lacks the redirect address for this, or takes accounts of one organization only.",
    ),
    "too_late": ("This took too long", "The sign-in must be finished within ten minutes. Try again."),
    "other_person": ("This was begun by somebody else", "Another person was signed in when it began. Begin again."),
    "unknown_state": ("Nothing was begun here", "Begin on the page “Connect a tenant”, in this browser."),
    "code_refused": (
        "Microsoft did not accept this portal’s part of the sign-in",
        "Its answer counts once. If it fails again, check the app’s certificate or secret.",
    ),
    "id_token": ("The sign-in could not be verified", "What Microsoft sent is not believed. Nothing was saved."),
    "unreachable": ("Microsoft did not answer", "Nothing was saved. Try again."),
    "microsoft": ("Microsoft did not finish this", "Nothing was saved. Try again."),
}  # fmt: skip


def find_trouble(cause: str) -> tuple[str, str]:
    return FIND_TROUBLE.get(cause) or FIND_TROUBLE.get(cause.partition(":")[0], FIND_TROUBLE["microsoft"])


NEVER_READ_FOR_MEETINGS = (
    "Never read: meetings that were not booked in Calwarden, what they are about, mail, files. Subjects and places that"
    " Microsoft sends along with free and busy times are dropped unread."
)  # fmt: skip


def never_read(app: str) -> str:
    """What an approval of this registration is not used for."""
    return NEVER_READ_FOR_MEETINGS if app == "booker" else NEVER_READ


def permission_words(role: str, app: str = "reader") -> PermissionWords:
    """The words for a permission of a registration; one we do not know keeps Microsoft's name."""
    if app == "booker" and role == OF_MEETINGS.role:
        return OF_MEETINGS
    return PERMISSIONS.get(role) or PermissionWords(role, role, "", "key")


def trouble_words(cause: str) -> TroubleWords:
    return TROUBLE.get(cause.partition(":")[0], TROUBLE["microsoft"])


def link_cause(cause: str, name: str) -> str:
    """Why a link came no further, for an admin; nothing where there is nothing to say."""
    said = LINK_CAUSES.get(cause, "")
    return said.format(name=name)
