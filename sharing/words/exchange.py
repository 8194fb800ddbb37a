"""Exports of Exchange in words: why one is refused, what changed in it, what it opens, and what to look at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .names import visible
from .partners import LEVELS
from .roles import counted, listed, rank, role_label

SECTIONS = {
    "organizationConfig": "Organization", "acceptedDomains": "Own domains",
    "organizationRelationships": "Organization relationships", "sharingPolicies": "Sharing policies",
    "sharingPolicyAssignments": "Mailboxes with a policy of their own", "publishedCalendars": "Published calendars",
}  # fmt: skip
# What an export says of a section: label, tone, what it means.
SECTION_STATES = {
    "read": ("Complete", "good", ""),
    "missing": ("Not exported", "", "The export leaves it out. What was known of it before still shows."),
    "cut": ("Incomplete", "warn", "Not all of it could be exported, so what isn’t listed may be there all the same."),
}
OLD = "This was exported more than 30 days ago. Export again before you rely on it."
KNOWN = "This export was here already. Nothing changed."
SIDE_UNREAD = (
    "The other side cannot be read. What they let people here see is set in their organization, and only they know it."
)
SIDE_NOT_EXPORTED = "{name} is connected here, and hasn’t given an export of its Exchange yet."
SIDE_NONE = "{name} has no relationship with a domain of ours, so people here see nothing of theirs by it."
TWO_MECHANISMS = (
    "A relationship shows everybody there when people here are busy. A sharing policy says how far people here may "
    "share their own calendar with one person there. Neither limits the other."
)
PUBLISHED = {"AvailabilityOnly": "Busy times", "LimitedDetails": "Titles, locations", "FullDetails": "All details"}

_REFUSED = {
    "too_large": "The file is larger than 20 MB, or has too many entries. Export without the published calendars, or "
    "without the policies of single mailboxes.",
    "not_text": "This is no text in UTF-8 or UTF-16. Give the file as the script wrote it.",
    "cut_short": "The file ends in its middle, so nobody can say what is missing. Give the whole file.",
    "not_json": "There is no file, or it is not what the script writes.",
    "twice": "The same thing stands in it twice, so nobody can say which one holds.",
    "secret_address": "The file holds the address of a published calendar, which opens that calendar for whoever has "
    "it. Nothing of the file was kept. Export with the script of this page, which leaves such addresses out.",
    "malformed": "Something in it is missing, or is not as Exchange writes it. Export again with the script of this "
    "page.",
    "unknown_level": "It names a level that Calwarden doesn’t know, and a level is never guessed.",
    "number_for_word": "A level stands there as a number, and nobody documents which level that is. Export with the "
    "script of this page, or add -EnumsAsStrings to ConvertTo-Json.",
    "too_shallow": "PowerShell left out what lies deeper in it. Export with the script of this page, or add -Depth 6 "
    "to ConvertTo-Json.",
    "other_schema": "This was not exported by the script of this page, or by another version of it. Copy the script "
    "again, and export with it.",
    "other_organization": "This was exported from another organization than {tenant}.",
    "from_future": "By its own clock this was exported later than now. Set the clock of the computer the script runs "
    "on, and export again.",
    "older": "A newer export is here already.",
    "ended": "Calwarden is no longer connected to {tenant}.",
}

_DIFFERENCES = {
    "organizationRelationships": ("New relationship: {name}", "Relationship gone: {name}", "Relationship {name}"),
    "sharingPolicies": ("New sharing policy: {name}", "Sharing policy gone: {name}", "Sharing policy {name}"),
    "acceptedDomains": ("New domain of ours: {name}", "Domain of ours gone: {name}", "Domain {name}"),
    "sharingPolicyAssignments": (
        "{name} has a sharing policy of its own", "{name} has the default sharing policy again", "{name}",
    ),
    "publishedCalendars": ("Newly published: {name}", "Published no more: {name}", "Published: {name}"),
    "organizationConfig": ("", "", "Organization"),
}  # fmt: skip
_KINDS = ("new", "gone", "changed")
_FIELDS = {
    "name": "Name", "domains": "Domains", "is_enabled": "Enabled", "has_free_busy": "Free/busy", "level": "Level",
    "scope_group": "Whose calendars", "mail_tips_level": "MailTips", "has_archive_access": "Archive access",
    "has_mailbox_move": "Mailbox moves", "mailbox_move_capability": "Direction of mailbox moves",
    "target_application_uri": "Target application", "target_autodiscover_epr": "Autodiscover address",
    "target_sharing_epr": "Sharing address", "is_default": "Default policy", "entries": "Entries", "policy": "Policy",
    "is_searchable": "Found by search engines", "reach_from": "Published from", "reach_to": "Published until",
    "is_dehydrated": "Organization customization never enabled",
}  # fmt: skip
EVERYONES = "Everybody’s"


class FlagWords(NamedTuple):
    """One thing to look at: a label, why, and its tone."""

    label: str
    sentence: str
    tone: str


_FLAGS = {
    "more_than_agreed": FlagWords(
        "More than agreed", "It lets them see more than was agreed with this partner: {agreed}.", "bad"
    ),
    "details_to_many": FlagWords(
        "Titles to many domains", "People of {count} see titles and locations of meetings here.", "warn"
    ),
    "mailbox_move": FlagWords(
        "Mailbox moves on",
        "This relationship also allows mailboxes to be moved between the two organizations. Calwarden never sets that.",
        "bad",
    ),
    "overlap": FlagWords(
        "Domain twice", "{about} has a domain of this one, too. Which of the two counts, nobody can say.", "bad"
    ),
    "own_domain": FlagWords("Own domain", "{about} is a domain of your own organization.", "warn"),
    "domains_missing": FlagWords(
        "Domains missing", "They also have {about}. People with such an address see nothing, and aren’t found.", "warn"
    ),
    "no_domains": FlagWords("No domains", "Without a domain it applies to nobody.", "warn"),
    "no_endpoint": FlagWords(
        "No address", "The address to ask at is missing, so people here can’t see when people there are busy.", "warn"
    ),
    "ews_endpoint": FlagWords(
        "EWS address",
        "It asks by Exchange Web Services, which Microsoft switches off. What follows for this is not documented.",
        "warn",
    ),
    "disabled": FlagWords("Disabled", "It is there, and shares nothing. Remove it if nobody needs it.", ""),
    "free_busy_off": FlagWords(
        "Free/busy off", "The relationship is enabled, and people here can’t see by it when people there are busy.", ""
    ),
    "everybody_details": FlagWords(
        "Details to anybody invited",
        "People may share {level} of their calendar with people invited from any organization.",
        "bad",
    ),
    "anybody_details": FlagWords(
        "Details to anyone with the link",
        "People may publish {level} of their calendar to anyone with the link.",
        "bad",
    ),
    "unknown_actions": FlagWords(
        "Not known what it allows", "Exchange writes an action for {about} that Calwarden doesn’t know.", "warn"
    ),
    "policy_disabled": FlagWords(
        "Disabled", "Nobody with this policy can share outside anew. What was shared stays for a while.", ""
    ),
    "policy_unused": FlagWords("Not used", "No mailbox has this policy.", ""),
    "customization_off": FlagWords(
        "Customization not enabled",
        "Exchange changes a sharing policy only after Enable-OrganizationCustomization was run once. The script runs "
        "it; on some plans Microsoft refuses it.",
        "warn",
    ),
}
_SEES = {"": "nothing", "none": "nothing", "freeBusyRead": "busy times", "limitedRead": "titles and locations",
         "read": "all details"}  # fmt: skip
_OFF = {
    "disabled": "The relationship is disabled, so it opens no calendar.",
    "free_busy_off": "Free/busy is off in this relationship. Whether it opens calendars all the same, Microsoft "
    "documents both ways, so that is unknown.",
    "level_none": "Its level is none, so it opens no calendar.",
    "no_domains": "It has no domain, so it opens no calendar to anybody.",
}


def export_refused(cause: str, hint: str, *, tenant: str) -> str:
    """Why nothing of an export was kept, and where in the file that stands; `hint` may be empty."""
    said = _REFUSED[cause].format(tenant=tenant)
    return f"{said} It stands at {hint}." if hint else said


def difference(section: str, kind: str, name: str) -> str:
    """ "New relationship: Fabrikam"; of a change only what changed: its fields say how"""
    return _DIFFERENCES[section][_KINDS.index(kind)].format(name=visible(name))


def field_change(name: str, before: object, after: object) -> str:
    """ "Level: Busy times → Titles and places", "Domains: added fabrikam.co.uk" """
    label = _FIELDS[name]
    if isinstance(before, tuple) and isinstance(after, tuple):
        added = [_value(name, value) for value in after if value not in before]
        taken = [_value(name, value) for value in before if value not in after]
        parts = [f"{verb} {listed(some)}" for verb, some in (("added", added), ("taken away", taken)) if some]
        return f"{label}: {'; '.join(parts)}"
    return f"{label}: {_value(name, before)} → {_value(name, after)}"


def _value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):  # an entry of a policy: domain, level, actions
        domain, level, actions = (str(part) for part in value)
        return f"{with_whom(domain)} ({_SEES.get(level, actions) if level else actions})"
    if name == "level":
        return PUBLISHED.get(str(value), "") if value == "FullDetails" else LEVELS[str(value)][0]
    if name == "scope_group" and not value:
        return EVERYONES
    return visible(str(value)) or "none"


def with_whom(domain: str) -> str:
    """Whom an entry of a sharing policy is about."""
    return {"*": "people invited from any organization", "Anonymous": "anyone with the link"}.get(domain, domain)


def flag_words(code: str, about: Sequence[str] = ()) -> FlagWords:
    """What a flag means; `about` are the domains, names or the level that it is about."""
    found = _FLAGS[code]
    level = _SEES.get(about[0], "") if about else ""
    agreed = LEVELS[about[0]][0].lower() if about and about[0] in LEVELS else ""
    said = found.sentence.format(
        about=listed([visible(each) for each in about]),
        count=counted(len(about), "domain"),
        level=level,
        agreed=agreed,
    )
    return found._replace(sentence=said)


def disagreement(code: str, *, policy: str, domains: Iterable[str], allowed: str, shown: str) -> str:
    """Why a sharing policy and a relationship let the same organization see different things."""
    to, may, sees = listed(list(domains)), _SEES.get(allowed, "an unknown level"), _SEES[shown]
    named = f"policy “{visible(policy)}”"
    shows = f"The relationship shows {sees} to everybody at {to}."
    return {
        "policy_more": f"By the {named}, people may share {may} with people at {to}. The relationship shows {sees}.",
        "policy_less": f"{shows} By the {named}, people may share no more than {may} themselves.",
        "policy_none": f"{shows} By the {named}, people may not share a calendar with them themselves.",
        "policy_off": f"{shows} The {named} is disabled, so people may not share a calendar with them themselves.",
        "policy_unclear": f"The {named} has more than one entry that applies to {to}, or one that Calwarden doesn’t "
        "know. Which one holds, Microsoft doesn’t document.",
    }[code]


def opened(
    by_role: Mapping[str, int], *, closed: int, unknown: int, off: str = "", group: str = "", size: int | None = None
) -> str:
    """How many main calendars a relationship really opens, of those that Calwarden reads."""
    if off:
        return _OFF[off]
    if group:
        people = f" ({counted(size, 'person', 'people')})" if size is not None else ""
        return f"Opens the calendars of the members of {visible(group)}{people}, which are not counted."
    total = sum(by_role.values()) + closed + unknown
    parts = [
        f"{role_label(role).lower()} of {number:,}"
        for role, number in sorted(by_role.items(), key=lambda p: -rank(p[0]))
    ]
    said = f"Opens {sum(by_role.values()):,} of {total:,} main calendars"
    said += f": {listed(parts)}." if parts else "."
    return f"{said} {unknown:,} unknown." if unknown else said
