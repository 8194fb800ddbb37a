"""IT's pages of partner organizations in words: the list, an export, one relationship, and what Exchange asks for."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from .names import visible
from .partners import LEVELS
from .roles import counted, listed, role_label
from .times import day

LEAD = "What whole organizations can see of each other, apart from what people share on their own."
WHO_MAY_EXPORT = (
    "It only reads. Whoever runs it needs the Global Reader role in Microsoft Entra, or View-Only Organization "
    "Management in Exchange, and PowerShell with the module ExchangeOnlineManagement."
)
WHO_MAY_UPLOAD = "Operators upload exports, and admins who are reviewers, too. Ask one of them to upload the file."
ASSIGNMENTS_HINT = "Asks about every mailbox: minutes to hours in a large organization."
PUBLISHING_HINT = "Asks about every calendar of every mailbox: hours in a large organization."
UPLOAD_HINT = "The file exchange-export.json, up to 20 MB. The addresses of published calendars are never kept."
PASTE_HINT = "For a short export, up to 2 MB."
NO_FILE = "Choose the file, or paste what is in it."
NOT_SAID = "No export says this. What isn’t listed here may be there all the same."
OPEN_TO_ALL = "People invited from any organization"
ANYONE_WITH_LINK = "Anyone with the link"
ROOMS = (
    "Rooms here are seen as people are. People outside can book one only where it takes requests from outside: in "
    "Exchange, Set-CalendarProcessing with -ProcessExternalMeetingMessages. That is off unless somebody set it."
)
ON_PREMISES = (
    "Its address is not Exchange Online’s, so they have Exchange on their own servers, or both. Scripts here are for "
    "two organizations in Exchange Online: set their side up with Microsoft’s Hybrid Configuration Wizard."
)
BOTH_HERE = (
    "{name} is connected here, too. Being one company doesn’t connect two organizations: each has to make a "
    "relationship with the other."
)
NO_PARTNER = "Nothing is written down of what was agreed. Write it down first; a change is planned from there."
THEIR_HALF_ONLY = "What they let people here see is set in their tenant, so it isn’t listed here."
NO_MAILBOX_MOVE = "Calwarden never switches mailbox moves on, and leaves them as they are."
DEFAULT_FOR_REST = "Everybody else has the default policy."
PUBLISHED_LEAD = (
    "Calendars that anyone can open who knows their address. The owner stops it in Outlook, under Shared calendars."
)
COMPLETE_LIST = "Exchange takes the whole list. What isn’t in it any more is taken away."
RISKS = {
    "suspend": "People there no longer see when people here are busy. What people share on their own stays.",
    "remove": "People there no longer see when people here are busy, and the settings of the relationship are lost. "
    "What people share on their own stays.",
    "policy": "It says what people may share from now on. What they shared before may stay for a while.",
}
_SEES = {"freeBusyRead": "busy times", "limitedRead": "titles and locations", "read": "all details"}


def exported(at: datetime) -> str:
    """Where a section is from: "Exported from Exchange, 19 November 2026"."""
    return f"Exported from Exchange, {day(at)}"


def left_out_later(at: datetime) -> str:
    """A newer export than the one that is shown says nothing of it."""
    return f"The export of {day(at)} leaves this out. What is shown is older."


def whose_calendars(group: str, size: int | None) -> str:
    """Whose calendars a relationship is about."""
    if not group:
        return "Everyone"
    return f"Group: {visible(group)}" + (f" ({size:,})" if size is not None else "")


def open_to_all(level: str, domains: int, *, is_default: bool, name: str) -> str:
    """What a policy lets people share with whomever they invite; how many domains are in use without a relationship."""
    policy = "The default sharing policy" if is_default else f"The sharing policy “{visible(name)}”"
    said = f"{policy} lets people share {_SEES.get(level, 'an unknown level')} with anybody they invite."
    if not domains:
        return said
    verb = "is" if domains == 1 else "are"
    return f"{said} {counted(domains, 'domain').capitalize()} without a relationship {verb} in use."


def shared_by_people(by_role: Iterable[tuple[str, int]], people: int, calendars: int) -> str:
    """What people here share with people there on their own."""
    if not people:
        return "Nobody here shares a calendar with people there."
    roles = listed([f"{number:,} × {role_label(role).lower()}" for role, number in by_role])
    return f"{counted(calendars, 'calendar').capitalize()} with {counted(people, 'person', 'people')} there: {roles}."


def ends(on: date, days: int) -> str:
    """When a partnership ends, or that it should have."""
    if days < 0:
        return f"Was to end on {day(on)}"
    return "Ends today" if days == 0 else f"Ends on {day(on)}"


def entry(domain: str, actions: str, level: str) -> str:
    """One entry of a sharing policy: with whom, and how far."""
    whom = {"*": OPEN_TO_ALL, "Anonymous": ANYONE_WITH_LINK}.get(domain, visible(domain))
    sees = _SEES.get(level, visible(actions)) if level else "no calendar"
    return f"{whom}: {sees}" + (", contacts" if "contactssharing" in actions.casefold() else "")


def planned(name: str, value: object) -> str:
    """A value that a relationship has, or will have: "Level: Busy times"."""
    if name == "domains":
        return f"Domains: {', '.join(map(visible, value))}" if isinstance(value, list) and value else "Domains: none"
    if name == "level":
        return f"Level: {LEVELS[str(value)][0]}"
    return f"Whose calendars: {whose_calendars(str(value), None)}"


def domains_of(domains: Sequence[str], most: int = 4) -> str:
    """Domains in one line; of many the first, and how many more."""
    shown = ", ".join(visible(domain) for domain in domains[:most])
    return f"{shown} and {len(domains) - most} more" if len(domains) > most else shown
