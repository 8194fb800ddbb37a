"""Entries of sharing policies as somebody asks for them; which of them need two people."""

from collections.abc import Iterable, Mapping
from typing import Any

from . import quoting
from .refusals import BadDomain, NoEntries, UnknownEntry

EVERYBODY, ANYBODY = "*", "Anonymous"
# Exchange's actions, and how far each lets a person share a calendar, in Graph's word; contacts are no calendar.
ACTIONS = {
    "CalendarSharingFreeBusySimple": "freeBusyRead", "CalendarSharingFreeBusyDetail": "limitedRead",
    "CalendarSharingFreeBusyReviewer": "read", "ContactsSharing": "",
}  # fmt: skip
_BY_NAME = {action.casefold(): action for action in ACTIONS}
_STRONGEST = ("", "freeBusyRead", "limitedRead", "read")


def all_entries(entries: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """The entries as they are stored and written, `{"domain", "actions", "level"}`. Raises Refused.

    One whose action is not known here is refused: the list is written as a whole, and nobody could say what it means.
    """
    found: dict[str, dict[str, str]] = {}
    for domain, actions in entries:
        entry = _entry(domain.strip(), actions)
        if entry["domain"] in found:
            raise BadDomain(entry["domain"])
        found[entry["domain"]] = entry
    if not found:
        raise NoEntries
    return list(found.values())


def needs_second(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Would everybody, or anybody with a link, newly be let see everything in a calendar that is shared so?"""
    was = _open_to_all(before) if before["is_enabled"] else set()
    return bool(wanted["is_enabled"] and _open_to_all(wanted) - was)


def _open_to_all(policy: Mapping[str, Any]) -> set[str]:
    everybody = (EVERYBODY.casefold(), ANYBODY.casefold())
    return {
        entry["domain"].casefold()
        for entry in policy["entries"]
        if entry["domain"].casefold() in everybody and entry["level"] == "read"
    }


def _entry(domain: str, actions: str) -> dict[str, str]:
    words = [word.strip().casefold() for word in actions.split(",")]
    if any(word not in _BY_NAME for word in words):
        raise UnknownEntry(f"{domain}:{actions}"[:80])
    named = [_BY_NAME[word] for word in dict.fromkeys(words)]
    level = max((ACTIONS[action] for action in named), key=_STRONGEST.index)
    if domain.casefold() == ANYBODY.casefold():
        domain = ANYBODY
    elif domain != EVERYBODY:
        try:
            domain = quoting.domain(domain)
        except quoting.ValueRefused:
            raise BadDomain(domain[:80]) from None
    return {"domain": domain, "actions": ", ".join(named), "level": level}
