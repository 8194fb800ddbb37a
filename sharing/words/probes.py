"""What came of asking for the free and busy times of somebody at a partner: what it means, whose side, what next."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProbeWords:
    """One outcome: its label, what it means, and what to do next."""

    label: str
    text: str
    tone: str = ""
    icon: str = "info-circle"
    todo: str = ""


# On the page of a person's own connection.
LEND = (
    "IT may ask, from your mailbox, when people at a partner organization are free. Nothing in your calendar is read."
)
NEVER_USED = "Nobody asked yet."

ONE_WAY = (
    "This proves one direction: what people here see of people there. What they see of us, only somebody there can try."
)
TWO_PEOPLE = "Try a second person there, and a volunteer of each of our domains: a list may lack one of them."
MISTYPED = "Somebody else at the same domain was found, so this address is mistyped, or has no mailbox."
# What was agreed on, as it is compared with what was seen.
HIGHER = (
    "More is seen than was agreed: titles and places came along. Calwarden dropped them. Tell the partner, whose side "
    "decides what is shown."
)

LOWER = (
    "Titles and places were agreed on and did not come: their relationship, or this person’s own calendar, shows less."
)
# Where the next step is taken.
NEXT = {"ours": "Plan a change of our side", "theirs": "Script for their side"}

# What fills somebody's time: in words, and the colour it is drawn in.
STATUSES = {
    "busy": ("busy", "c-add"), "tentative": ("tentative", "c-edit"), "oof": ("away", "c-act"),
    "workingElsewhere": ("working elsewhere", "c-see"),
}  # fmt: skip
TAKEN = ("taken", "c-quiet")

OUTCOMES = {
    "seen": ProbeWords(
        "Free and busy times seen", "Their times came, without titles or places.", "good", "circle-check",
    ),
    "seen_details": ProbeWords(
        "Times with titles and places seen",
        "Their times came with titles or places, so limited details are in effect. Calwarden dropped them on arrival.",
        "good", "circle-check", "Compare with what was agreed.",
    ),
    "free_or_unreadable": ProbeWords(
        "Nothing taken in two weeks", "This person is free for two weeks, or their calendar shows nothing to us.",
        "warn", "help-circle", "Ask them to put a test meeting into their calendar, then try again.",
    ),
    "ours": ProbeWords("Refused: our side", "", "bad", "circle-x"),
    "theirs": ProbeWords("Refused: their side", "", "bad", "circle-x"),
    "either": ProbeWords("Refused: either side", "", "warn", "alert-triangle"),
    "unknown": ProbeWords("Refused: nobody knows why", "", "warn", "help-circle"),
    "failed": ProbeWords("Not asked", "", "warn", "alert-triangle"),
}  # fmt: skip
SIDES = {"ours": "Our side", "theirs": "Their side", "either": "Either side", "unknown": "Not known", "failed": "Ours"}

# What most likely stands behind a refusal, and what helps.
_REASONS = {
    "not_found": (
        "Exchange does not know where to ask for this person: no relationship of ours names their domain, ours has "
        "free and busy times switched off, or the address is mistyped.",
        "Check the address with a second person there. Then compare our relationship’s domains with theirs, and run "
        "the script that adds what is missing.",
    ),
    "domain_missing": (
        "This person’s domain is not among the domains of any relationship of ours.",
        "Add the domain to the relationship: plan a change and run its script.",
    ),
    "unusable": (
        "A relationship of ours names the domain, but Exchange cannot use it: the addresses it should ask at are "
        "missing or wrong.",
        "Run the part of the script again that begins with Get-FederationInformation.",
    ),
    "no_access": (
        "The partner’s Exchange refused: their relationship lacks the volunteer’s domain, is switched off, gives the "
        "level None, or leaves this person out; or the person’s own calendar shows nothing to their organization.",
        "Send the partner the script for their side, with the list of all our domains.",
    ),
    "not_allowed": (
        "The partner’s Exchange does not answer questions that come from ours.",
        "Send the partner the script for their side, and ask whether their Exchange is on their own premises.",
    ),
    "endpoint": (
        "The partner’s Exchange could not be asked: an address that is wrong on either side, a firewall, or mailboxes "
        "on their own premises.",
        "Note the number behind LID in the message. Run Test-OrganizationRelationship, and Microsoft’s FreeBusyChecker "
        "on both sides.",
    ),
    "transient": (
        "The question did not get through to the partner’s Exchange in time. That often passes.",
        "Try again in an hour. If it stays so for three tries, look at the addresses of both relationships.",
    ),
    "unclear": (
        "Microsoft gave a reason that is not known here. Asking for people of another organization with an app’s own "
        "permission is not documented, so this need not mean that the relationship is broken.",
        "Let the volunteer look in Outlook: a new meeting with this person shows their times, or it does not.",
    ),
    "failed": (
        "Microsoft refused the question itself, or did not answer. It says nothing of the relationship.",
        "Look at the code. Throttled or unreachable: try again later. Denied: is the volunteer’s mailbox one that "
        "Calwarden may read?",
    ),
}

PROBE_REFUSALS = {
    "not_an_address": "That is not a mail address.",
    "not_of_partner": "That address is not of one of the partner’s domains.",
    "no_volunteer": "This mailbox is not lent for this, or is not read any more.",
    "partner_ended": "The partnership has ended.",
}


def why_not(*, is_read: bool, has_volunteers: bool, is_over: bool, has_domains: bool) -> str:
    """Why nothing can be tried now; empty where it can."""
    if is_over:
        return "The partnership has ended, so nothing is tried any more."
    if not is_read:
        return "Tests need an organization that is read as a whole. Here each person connects their own mailbox."
    if not has_domains:
        return "No domain of theirs is known, so there is nobody to ask about."
    if not has_volunteers:
        return (
            "Nobody lends their mailbox for this yet. Ask a colleague: it is a button on the page of one’s own "
            "connection, and Microsoft asks from a mailbox that somebody lends."
        )
    return ""


def probe_words(outcome: str, reason: str = "") -> ProbeWords:
    """What an outcome means, and where it is a refusal what most likely stands behind it."""
    words = OUTCOMES.get(outcome, OUTCOMES["unknown"])
    if reason not in _REASONS:
        return words
    text, todo = _REASONS[reason]
    return ProbeWords(words.label, text, words.tone, words.icon, todo)
