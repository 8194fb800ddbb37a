"""What Graph's calendar roles are called, for owners and for IT, and how far each reaches."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from .names import visible
from .whose import YOU, Whose

OWNER, IT = "owner", "it"
YOUR_ORGANIZATION = "your organization"


@dataclass(frozen=True, slots=True)
class RoleWords:
    """One role in words. `tone` is the class of the badge (`r-tone`), `bar` the class of its bar (`c-bar`)."""

    value: str
    rank: int
    owner: str
    it: str
    sentence: str
    choice: str
    colleagues: str
    icon: str
    tone: str
    bar: str


_ROLES = (
    RoleWords(
        "none", 0, "No access", "None",
        "Sees nothing of this calendar, not even when {you_are} busy.",
        "Nothing, not even when {you_are} busy.",
        "Colleagues see nothing of this calendar, not even when {you_are} busy.",
        "ban", "none", "quiet",
    ),
    RoleWords(
        "freeBusyRead", 1, "Can view when {im}busy", "Busy times",
        "Sees when {you_are} free or busy. Nothing else.",
        "Free or busy, nothing else.",
        "Colleagues see when {you_are} free or busy, so they can pick a time. Nothing else.",
        "clock", "quiet", "quiet",
    ),
    RoleWords(
        "limitedRead", 2, "Can view titles and locations", "Titles, locations",
        "Sees when {you_are} busy, and the title and place of each event.",
        "Also the title and place of each event.",
        "Colleagues see when {you_are} busy, and the title and place of each event.",
        "text-caption", "see", "see",
    ),
    RoleWords(
        "read", 3, "Can view all details", "All details",
        "Sees every event in full. Can’t change anything.",
        "Every event in full. Can’t change anything.",
        "Colleagues see every event in full. They can’t change anything.",
        "eye", "see", "see",
    ),
    RoleWords(
        "write", 4, "Can edit", "Can edit",
        "Sees every event in full and can add, change and delete them.",
        "Also adds, changes and deletes events.",
        "Colleagues see every event in full and can add, change and delete them.",
        "pencil", "edit", "edit",
    ),
    RoleWords(
        "delegateWithoutPrivateEventAccess", 5, "Delegate", "Delegate",
        "Adds, changes and deletes events, and answers invitations for {you}.",
        "Also gets and answers {your} meeting requests.",
        "Colleagues add, change and delete events, and answer invitations for {you}.",
        "user-check", "act", "act",
    ),
    RoleWords(
        "delegateWithPrivateEventAccess", 6, "Delegate, sees private events", "Delegate, sees private events",
        "Sees everything, private events included. "
        "Adds, changes and deletes events, and answers invitations for {you}.",
        "As Delegate, and opens and changes private events too.",
        "As delegates, colleagues open and change private events too.",
        "lock-open", "private", "act",
    ),
    RoleWords(
        "custom", 7, "Set in Outlook", "Custom",
        "This access was set in detail in Outlook. You can’t change it here.",
        "Set in detail in Outlook.",
        "What colleagues see was set in detail in Outlook. You can’t change it here.",
        "settings", "none", "quiet",
    ),
)  # fmt: skip


def _said(words: RoleWords, whose: Whose) -> RoleWords:
    texts = (words.owner, words.sentence, words.choice, words.colleagues)
    owner, sentence, choice, colleagues = map(whose.said, texts)
    return replace(words, owner=owner, sentence=sentence, choice=choice, colleagues=colleagues)


_FOR = {words.value: words for words in _ROLES}
ROLES = {words.value: _said(words, YOU) for words in _ROLES}

PRIVATE_EVENTS = (
    "Outlook hides the details of private events. Private is a courtesy of Outlook, not a lock: "
    "only a delegate who sees private events opens them in Outlook."
)

_VERBS = {  # (one person, several people)
    "delegateWithPrivateEventAccess": (
        "acts for {you} and sees private events", "act for {you} and see private events",
    ),
    "delegateWithoutPrivateEventAccess": ("acts for {you}", "act for {you}"),
    "write": ("can edit", "can edit"),
    "read": ("can view all details", "can view all details"),
    "limitedRead": ("can view titles and locations", "can view titles and locations"),
    "freeBusyRead": ("can see when {you_are} busy", "can see when {you_are} busy"),
    "none": ("has no access", "have no access"),
}  # fmt: skip
_ELSE = ("has access set in Outlook", "have access set in Outlook")

_EVERYONE_SEES = {
    "none": "nothing",
    "freeBusyRead": "when {you_are} busy",
    "limitedRead": "titles and locations",
    "read": "all details",
    "write": "all details, and can edit",
}

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Shared(Protocol):
    """What a summary needs to know of one permission."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def is_organization(self) -> bool: ...


def role_words(value: str, whose: Whose = YOU) -> RoleWords:
    """The words for `value`; a word of Microsoft's that we don't know is shown as it is and reaches furthest."""
    known = ROLES.get(value)
    if known:
        return _said(_FOR[value], whose) if whose.name else known
    custom = ROLES["custom"]
    return RoleWords(
        value, 8, "Set in Outlook", value or "Unknown", custom.sentence, custom.choice, custom.colleagues,
        "help-circle", "none", "quiet",
    )  # fmt: skip


def rank(value: str) -> int:
    """How far a role reaches: 0 (none) to 6 (delegate with private events), 7 custom, 8 unknown."""
    return role_words(value).rank


def role_label(value: str, audience: str = IT, *, is_organization: bool = False, whose: Whose = YOU) -> str:
    """The short name of a role; "Not shared" for everyone at an organization with no access."""
    if is_organization and value == "none":
        return "Not shared"
    words = role_words(value, whose)
    return words.owner if audience == OWNER else words.it


def role_sentence(value: str, *, is_organization: bool = False, whose: Whose = YOU) -> str:
    """What a person, or everyone at the organization, can do with a role, in the owner's words."""
    words = role_words(value, whose)
    return words.colleagues if is_organization else words.sentence


def everyone_at(org: str) -> str:
    """The name of the My Organization row; `org` is the tenant's name, which may be empty."""
    return f"Everyone at {visible(org) or YOUR_ORGANIZATION}"


def counted(number: int, one: str, many: str = "") -> str:
    """`number` in words to nine and in figures from ten, with its noun: "two people", "12 people"."""
    figure = _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"
    return f"{figure} {one if number == 1 else many or one + 's'}"


def listed(names: list[str]) -> str:
    """ "Adele Vance, Lee Gu and Megan Bowen" """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def summary_parts(permissions: Iterable[Shared], org_name: str, whose: Whose = YOU) -> list[tuple[str, Shared | None]]:
    """One calendar's sharing as pieces of text, each with whose name it is, or None."""
    groups: dict[str, list[Shared]] = {}
    everyone = "none"
    for permission in sorted(permissions, key=lambda p: -rank(p.role)):
        if permission.is_organization:
            everyone = permission.role
        else:
            verb = permission.role if permission.role in _VERBS else "custom"
            groups.setdefault(verb, []).append(permission)
    parts: list[tuple[str, Shared | None]] = []
    for role, held in groups.items():
        shown, more = (held, 0) if len(held) <= 3 else (held[:1], len(held) - 1)
        for place, permission in enumerate(shown):
            last = place == len(shown) - 1 and not more
            parts += [(" and " if last else ", ", None)] if place else []
            parts.append((visible(permission.name), permission))
        also = f" and {counted(more, 'more', 'more')}" if more else ""
        one, several = _VERBS.get(role, _ELSE)
        parts.append((f"{also} {whose.said(one if len(held) == 1 else several)}. ", None))
    if rank(everyone) > 0:
        parts.append((f"{everyone_at(org_name)} {whose.said(_VERBS.get(everyone, _ELSE)[0])}. ", None))
    if not parts:
        return [("Not shared with anyone.", None)]
    parts[-1] = (parts[-1][0].rstrip(), None)
    return parts


def summary(permissions: Iterable[Shared], org_name: str) -> str:
    """ "Megan Bowen acts for you and sees private events. Everyone at Contoso can see when you’re busy." """
    return "".join(text for text, _ in summary_parts(permissions, org_name))


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a removal leads to; where `stops`, it would give more and must not go on."""

    sentence: str
    stops: bool


def falls_back_to(
    *, name: str, role: str, everyone: str, org: str, inside: bool = True, whose: Whose = YOU
) -> Fallback:
    """What `name`, who has `role` now, has after a removal, where everyone at `org` has the role `everyone`."""
    org = org or YOUR_ORGANIZATION
    if not inside:
        return Fallback(f"{name} is outside {org} and loses this access.", False)
    sees = whose.said(_EVERYONE_SEES.get(everyone, "what was set in Outlook"))
    if everyone in _EVERYONE_SEES and rank(everyone) > rank(role):
        return Fallback(f"This would give {name} more: everyone at {org} sees {sees}. Lower that first.", True)
    return Fallback(f"{name} falls back to what everyone at {org} sees: {sees}.", False)
