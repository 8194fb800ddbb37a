"""Partners and plans in words: why something is not planned, what a plan does, and where it stands."""

from datetime import date

from .times import day as _day

LEVELS = {
    "None": ("Nothing", "They see nothing."),
    "AvailabilityOnly": ("Busy times", "They see when somebody is busy, and nothing else."),
    "LimitedDetails": ("Titles and places", "They see when somebody is busy, and each meeting’s title and place."),
}
# label and what it does, for {name}
KINDS = {
    "new": ("New relationship", "Makes the organization relationship with {name}."),
    "change": ("Change", "Changes the organization relationship with {name}."),
    "suspend": ("Suspend", "Disables the organization relationship with {name}; it stays, and shares nothing."),
    "remove": ("Remove", "Removes the organization relationship with {name}."),
    "policy": ("Sharing policy", "Writes the whole list of the sharing policy {name} anew."),
}
# label, tone
STATES = {
    "open": ("Not seen yet", "warn"), "shown": ("Done", "good"), "overtaken": ("Overtaken", "bad"),
    "cancelled": ("Cancelled", ""),
}  # fmt: skip
_MEANS = {
    "open": "An administrator runs the script. It is done once a new export from Exchange shows it.",
    "shown": "An export from Exchange shows it.",
    "overtaken": "An export shows neither what was there nor what was planned: somebody did something else. Plan anew.",
    "cancelled": "Nobody has to run its script any more. Whoever has a copy still could.",
}
_CAUSES = {
    "gone": "An export shows that the relationship or policy is not there any more. Plan anew.",
    "otherwise": _MEANS["overtaken"],
    "there_already": "An export shows another relationship with that name, or with one of these domains. Plan anew.",
    "scope_unproved": "An export shows everything but the group: Exchange names it in a way that cannot be told to be "
    "the one that was planned. Compare the two, then cancel this plan if they are the same.",
    "probe_seen": "Free and busy times there were seen from here, so one direction works. Only an export shows that "
    "everything is as planned.",
    "partner_over": "The partnership was ended here.",
}
NEEDS_SECOND = (
    "This would let people share all details with any organization, or with anyone who has the link. "
    "A second operator has to say yes before there is a script."
)
OLD = "The export this was planned from is more than 30 days old. The script stops where something changed since."
NO_EXPORT = "Nothing was exported from Exchange yet. The script stops where such a relationship is there already."
BEFORE_RUNNING = (
    "Run it in Exchange Online PowerShell, all of it at once. It checks that it is in the right organization and that "
    "nothing changed since this was planned; where something did, it stops and changes nothing."
)
AFTER_RUNNING = "Then run the export script again and upload its file. Calwarden cannot see Exchange itself."
FOR_PARTNER = (
    "Give this to an administrator of {name}. Each side decides alone what the other may see: "
    "without their half, people here see nothing of theirs."
)
UNWRITABLE = "A name here holds a line end or a character that nobody sees, so no script is written."
_REFUSED = {
    "not_operator": "Only operators of {tenant} plan changes of Exchange.",
    "bad_text": "A name or a group is missing, too long, or holds a character that nobody sees.",
    "bad_domain": "“{detail}” is no domain, or stands here twice. Write one with other letters in its form that begins "
    "with xn--.",
    "no_domains": "Name at least one domain. Exchange finds the partner by all of their mail domains.",
    "too_many_domains": "Exchange takes at most 238 domains at once.",
    "own_domain": "{detail} is a domain of {tenant}.",
    "own_organization": "That is {tenant} itself.",
    "domain_taken": "{detail} belongs to another partner or relationship already.",
    "name_taken": "There is a partner or a relationship with this name already.",
    "bad_contact": "“{detail}” is no mail address.",
    "day_passed": "This day is over already.",
    "partner_over": "This partnership was ended.",
    "no_snapshot": "Calwarden does not know what Exchange holds now. Upload an export first.",
    "outdated": "A newer export was uploaded meanwhile. Look at it first.",
    "nothing_to_do": "It is so already.",
    "plan_open": "Another plan for the same waits. Cancel it first, or have its script run.",
    "plan_over": "This plan is settled or cancelled already.",
    "no_entries": "A sharing policy needs at least one entry. To stop all sharing, disable the policy.",
    "unknown_entry": "What “{detail}” means is not known here, so the list is not written anew. Change this policy in "
    "Exchange itself.",
    "own_yes": "Somebody else has to say yes: whoever planned it cannot.",
}


def refused(cause: str, *, tenant: str, detail: str = "") -> str:
    """Why a partner or a plan was not written down."""
    return _REFUSED[cause].format(tenant=tenant, detail=detail)


def means(state: str, cause: str) -> str:
    """Where a plan stands, in a sentence or two."""
    return _CAUSES.get(cause, _MEANS[state])


def does(kind: str, name: str) -> str:
    """What a plan does."""
    return KINDS[kind][1].format(name=name)


def ends(name: str, day: date, days: int) -> str:
    """The subject of a reminder; `days` are left, negative where it passed."""
    if days < 0:
        return f"The partnership with {name} was to end on {_day(day)}"
    when = {0: "today", 1: "tomorrow"}.get(days, f"on {_day(day)}")
    return f"The partnership with {name} ends {when}"
