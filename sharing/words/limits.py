"""The limit to a security group in words: verdicts, what each probe met, and why nothing is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """What a verdict is called, what it means, and what to do about it."""

    title: str
    text: str
    tone: str = ""
    icon: str = "info-circle"
    todo: str = ""


NOT_YET = "Not limited yet. Run the script, then we test one person inside and one outside."
VERDICTS = {
    "untested": VerdictWords("Not tested yet", NOT_YET, "warn", "hourglass"),
    "verified": VerdictWords(
        "Limited to the group", "One person inside could be read, one outside could not.", "good", "shield-check"
    ),
    "pending": VerdictWords(
        "Not limited yet", "Both people could be read. Exchange may take up to two hours to apply a change.", "warn",
        "hourglass", "Tested again every 15 minutes.",
    ),
    "not_limited": VerdictWords(
        "Not limited", "A person outside the group can still be read, more than two hours later.", "bad",
        "alert-triangle", "Check that the script ran to its end, and which other roles of Exchange the app holds.",
    ),
    "no_access": VerdictWords(
        "Nobody can be read", "Neither the person inside nor the one outside could be read.", "bad", "alert-triangle",
        "Exchange may need up to two hours. Otherwise the role is not assigned, or the person is in a group within"
        " the group, which does not count.",
    ),
    "inverted": VerdictWords(
        "The wrong way round", "The person outside could be read, and the one inside could not.", "bad",
        "alert-triangle", "Exchange is told to keep the app out of this group, or to limit it to another one.",
    ),
    "inconclusive": VerdictWords("Not known", "The test did not tell.", "warn", "help-circle"),
    "ineffective": VerdictWords(
        "Not limited: a tenant-wide grant is still present",
        "Entra lets the app into every mailbox, whatever Exchange is told: the two add up.", "bad", "alert-triangle",
        "Run step 5 of the script. Approving the app again brings the grant back.",
    ),
}  # fmt: skip

# The banner and the mail, for everybody who looks at the tenant.
TROUBLE = {
    "not_limited": ("The limit to a group does not hold", "Microsoft 365 lets Calwarden into mailboxes outside it."),
    "ineffective": ("The limit to a group does not hold", "Microsoft 365 lets Calwarden into mailboxes outside it."),
    "inverted": ("The limit to a group is the wrong way round", "Mailboxes inside it cannot be read, others could be."),
    "no_access": ("The group’s mailboxes cannot be read", "What you see is from before."),
    "not_tested": ("The limit to a group could not be tested", "Whether Microsoft 365 keeps to it is not known."),
}  # fmt: skip
ONLY_MEMBERS = "Calwarden itself reads nobody else."  # that is what the limit to members does on our side

LEGACY = (
    "An application access policy limits the app, not a role of Exchange’s. Microsoft asks for no new ones. A policy"
    " counts people in groups within the group too; after migrating only direct members count."
)

# Each script's title and lead.
SET_UP = (
    "Script for Exchange",
    "For an Exchange administrator; step 5 needs a Privileged Role Administrator. It may be run again.",
)
MIGRATE = (
    "From an application access policy",
    "The same script, which removes the old policies last and asks for each one. People in groups within the group"
    " lose access.",
)
SECOND = (
    "Script for the second registration",
    "The app that makes changes needs a scope of its own. Calwarden tries only whether it is let into one mailbox of"
    " the group, when it is approved, when changing is switched on, and in doctor. That it is kept out of others, and"
    " that it may change in the group, is not tested: only a change can prove that.",
)
UNDO = ("Take it back", "Removes the scope and its roles. The app then reads nobody until it is approved again.")

# What a probe met, and why nothing is known.
MET = {"read": "Could be read", "refused": "Could not be read", "policy": "Kept out by an application access policy"}
CAUSES = {
    "nobody_inside": "Nobody of the group has a mailbox that could be tried.",
    "nobody_outside": "Nobody outside the group has a mailbox that could be tried.",
    "mailbox_unproved": "The person outside could not be read, but may have no mailbox. Test once before the script.",
    "no_mailbox": "Whoever was tried has no mailbox.",
    "not_found": "Whoever was tried has no mailbox.",
    "throttled": "Microsoft asked us to wait.",
    "unreachable": "Microsoft did not answer.",
    "grants_unknown": "What Entra grants the app cannot be seen.",
    "group_not_found": "Microsoft knows no group with this id.",
    "group_no_mailbox": "Microsoft knows no group with this id.",
    "group_without_address": "This group is not mail-enabled. Choose another, or mail-enable it in Exchange.",
    "group_empty": "Microsoft shows nobody in the group: it is empty, or it hides its members.",
    "group_consent_missing": "The app lacks GroupMember.Read.All, so nobody knows who is in the group.",
    "group_denied": "Microsoft does not let the app see who is in the group.",
}  # fmt: skip


def lead(tenant: str, scope: str, *, is_named: bool) -> str:
    """What the page begins with."""
    if is_named:
        return "Calwarden reads only members of this group. That Exchange keeps the app to it, too, is tested."
    if scope == "group":
        return f"No group of {tenant} is named yet, so nobody is read."
    if scope == "people":
        return f"At {tenant} only people with an account here are read. A group would take the place of that."
    return f"At {tenant} everybody is read whom the app may read."


def trouble_words(word: str) -> tuple[str, str]:
    """Title and sentence of what is wrong with a limit."""
    title, text = TROUBLE[word]
    return title, f"{text} {ONLY_MEMBERS}" if word in ("not_limited", "ineffective", "inverted") else text


def verdict_words(verdict: str) -> VerdictWords:
    return VERDICTS.get(verdict, VERDICTS["inconclusive"])


def met(word: str) -> str:
    """What a probe met; nothing where there was none."""
    return MET.get(word) or limit_cause(word)


def limit_cause(cause: str) -> str:
    """Why nothing is known; nothing where there is nothing to say."""
    if not cause or cause == "tenant_wide_grant":
        return ""
    if cause.startswith("group_"):
        return CAUSES.get(cause, "Who is in the group could not be read.")
    return CAUSES.get(cause, "Microsoft answered with something that says nothing.")


ONLY_KNOWN = (
    "Only people with an account here are read, and so it was approved. A group’s members would be more people: "
    "choose anew who is read, and have that approved."
)
