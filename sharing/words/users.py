"""How each user of a tenant is connected, what became of an invited address, and what a tenant lets its people do."""

USER_STATUSES = {  # (label, what it means, tone)
    "admin": ("Connected by admin", "The app reads this mailbox for the organization.", "good"),
    "own": ("Own connection", "Its person connected it. The app does not read it.", "good"),
    "both": ("Connected by admin and own", "The app reads it. Its person’s own connection is kept beside.", "good"),
    "error": ("Error", "Connected, but it could not be read, or not all of it.", "bad"),
    "no_mailbox": ("No mailbox", "No Exchange Online mailbox: on-premises, unlicensed or deleted.", ""),
    "outside_group": ("Outside the group", "Not a member of the group Calwarden is limited to.", ""),
    "not_matched": ("Not invited", "No account here and not invited, so nothing is asked about them.", ""),
    "disabled": ("Account disabled", "Nobody can sign in with this account.", "warn"),
    "left": ("Left", "No longer in the directory.", ""),
    "disconnected": ("Disconnected", "Its person or an admin disconnected it.", ""),
    "removed": ("Left out", "The mailbox was deleted for good.", ""),
    "unmatched": ("Unmatched", "Invited, and nobody in the directory has this address yet. We keep looking.", "warn"),
    "ambiguous": ("Ambiguous", "Invited, and more than one person has this address. Invite another address.", "warn"),
}
LOCKED = "Locked: its person cannot disconnect it"

INVITATION_STATES = {  # (label, what it means, tone)
    "waiting": ("Unmatched", "Nobody in the directory has this address yet. We keep looking.", "warn"),
    "ambiguous": ("Ambiguous", "More than one person has this address. Invite another address.", "warn"),
    "matched": ("Matched", "One person of the directory has this address.", "good"),
    "ended": ("Left", "The person left the directory.", ""),
}
INVITATION_OUTCOMES = {  # (label, tone)
    "invited": ("Invited", "good"),
    "already": ("Invited before", ""),
    "twice": ("In the list twice", ""),
    "no_address": ("No address found", "bad"),
    "other_domain": ("Not an address of this organization", "bad"),
}

LOCKS = {  # (title, what it means and what it cannot prevent)
    "disconnect": (
        "People may disconnect their own mailbox",
        "Where this is off, only an admin can stop the app from reading a mailbox. It cannot stop a person from taking "
        "back at Microsoft what they themselves agreed to there: that ends their own connection, not the app’s.",
    ),
    "connect_others": (
        "People may connect other accounts",
        "They may connect a mailbox of another organization, which only they see here. Switching this off disconnects "
        "those mailboxes at once and deletes what was lent for them. People can still do so in other programs.",
    ),
}
