"""The one list of every kind of call the client can make to Microsoft Graph; what is not in it is never sent."""

import re
from dataclasses import dataclass

from . import samples
from .errors import IdRefused
from .ids import names_events


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: its path with the ids left out, the permission it needs, what for, and a sample answer.

    `permission` is the least app permission, empty for an envelope whose contents are other kinds. `is_change` tells
    calls that alter something at Microsoft from those that read, `is_of_a_copy` those that want proof that what they
    alter is a person's copy of somebody else's calendar.
    """

    method: str
    path: str
    permission: str
    purpose: str
    sample: str
    is_of_a_copy: bool = False

    @property
    def name(self) -> str:
        """Method and path, as calls are counted."""
        return f"{self.method} {self.path}"

    @property
    def is_change(self) -> bool:
        return self.method != "GET" and self.path != "/$batch"


_CALENDARS, _CALENDARS_WRITE = "Calendars.Read", "Calendars.ReadWrite"
_SETTINGS, _SETTINGS_WRITE = "MailboxSettings.Read", "MailboxSettings.ReadWrite"
_MAIN, _NAMED = "/users/{id}/calendar", "/users/{id}/calendars/{id}"
_ROLES_FOR = "allowedCalendarSharingRoles(User='{address}')"
_WHO = "Who may see or change {}, and as what."
_ROLE = "Set the role that its owner chose, on {}."
_REMOVE = "Take somebody off {}, because its owner said so."
_MAY = "Which roles Microsoft 365 allows for somebody on {}, asked before it is shared with them."
_SHARE = "Share {} with somebody. Exchange sends that person an invitation."
_MAIN_ONE, _NAMED_ONE = "the main calendar", "a calendar that the person made"

# A mailbox is asked for its primary calendar's permissions most often: the commonest stand first.
KINDS = (
    Kind("GET", f"{_MAIN}/calendarPermissions", _CALENDARS, _WHO.format(_MAIN_ONE), samples.PERMISSIONS),
    Kind("GET", f"{_NAMED}/calendarPermissions", _CALENDARS, _WHO.format(_NAMED_ONE), samples.PERMISSIONS),
    Kind("GET", "/users/{id}/calendars", _CALENDARS, "Which calendars a mailbox has.", samples.CALENDARS),
    Kind("GET", "/users/{id}/mailboxSettings", _SETTINGS,
         "Who gets meeting requests, time zone and language. The texts of automatic replies are dropped unread.",
         samples.SETTINGS),
    Kind("GET", _MAIN, _CALENDARS, "The main calendar, where the list does not name it.", samples.CALENDAR),
    Kind("GET", "/organization", "Organization.Read.All", "The organization’s name and domains.",
         samples.ORGANIZATION),
    Kind("GET", "/users", "User.Read.All", "People: names, addresses, and whether an account is enabled.",
         samples.USERS),
    Kind("GET", "/users/delta", "User.Read.All", "Which people came, changed or left since last time.",
         samples.USERS_DELTA),
    Kind("GET", "/users/{id}", "User.Read.All", "One person of the directory.", samples.USER),
    Kind("GET", "/groups", "GroupMember.Read.All", "Groups that a calendar can be shared with.", samples.GROUPS),
    Kind("GET", "/groups/{id}/transitiveMembers/microsoft.graph.user", "GroupMember.Read.All",
         "How many people are in such a group.", samples.MEMBERS),
    Kind("GET", "/groups/{id}", "GroupMember.Read.All", "The group that the app is limited to, if it is.",
         samples.GROUP),
    Kind("GET", "/groups/{id}/members", "GroupMember.Read.All", "Who is in that group.", samples.MEMBERS),
    Kind("GET", "/groups/{id}/transitiveMembers", "GroupMember.Read.All",
         "Who is in that group and in the groups within it, where an application access policy counts them.",
         samples.MEMBERS),
    Kind("GET", "/servicePrincipals", "Application.Read.All",
         "The app as this organization knows it, to test its limit.",
         samples.PRINCIPALS),
    Kind("GET", "/servicePrincipals/{id}/appRoleAssignments", "Application.Read.All",
         "What the app was granted, to tell whether its limit can work.", samples.ASSIGNMENTS),
    Kind("GET", "/contacts", "OrgContact.Read.All", "Contacts of the address book, to name people outside.",
         samples.CONTACTS),
    Kind("POST", "/$batch", "", "An envelope for up to 20 of the calls that read; each is counted for itself too.",
         samples.BATCH),
    Kind("PATCH", f"{_MAIN}/calendarPermissions/{{id}}", _CALENDARS_WRITE, _ROLE.format(_MAIN_ONE),
         samples.PERMISSION),
    Kind("PATCH", f"{_NAMED}/calendarPermissions/{{id}}", _CALENDARS_WRITE, _ROLE.format(_NAMED_ONE),
         samples.PERMISSION),
    Kind("DELETE", f"{_MAIN}/calendarPermissions/{{id}}", _CALENDARS_WRITE, _REMOVE.format(_MAIN_ONE),
         samples.NOTHING),
    Kind("DELETE", f"{_NAMED}/calendarPermissions/{{id}}", _CALENDARS_WRITE, _REMOVE.format(_NAMED_ONE),
         samples.NOTHING),
    Kind("POST", f"{_MAIN}/calendarPermissions", _CALENDARS_WRITE, _SHARE.format(_MAIN_ONE), samples.PERMISSION),
    Kind("POST", f"{_NAMED}/calendarPermissions", _CALENDARS_WRITE, _SHARE.format(_NAMED_ONE), samples.PERMISSION),
    Kind("GET", f"{_MAIN}/{_ROLES_FOR}", _CALENDARS, _MAY.format(_MAIN_ONE), samples.ALLOWED_ROLES),
    Kind("GET", f"{_NAMED}/{_ROLES_FOR}", _CALENDARS, _MAY.format(_NAMED_ONE), samples.ALLOWED_ROLES),
    Kind("PATCH", _NAMED, _CALENDARS_WRITE,
         "Give a person’s own copy of somebody else’s calendar the name that this person chose.", samples.CALENDAR,
         is_of_a_copy=True),
    Kind("DELETE", _NAMED, _CALENDARS_WRITE,
         "Take a person’s own copy of somebody else’s calendar off their list, because this person said so. Never a "
         "calendar of the mailbox’s own.", samples.NOTHING, is_of_a_copy=True),
    Kind("PATCH", "/users/{id}/mailboxSettings", _SETTINGS_WRITE,
         "Set who gets meeting requests. Nothing else of the settings is sent.", samples.DELIVERY),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}


def _pattern(kind: Kind) -> str:
    """A kind's paths, in both spellings of a key that Graph uses in its links: /users/ID and /users('ID')."""
    literal = re.escape(kind.path).replace(r"\{id\}", "{id}").replace(r"\{address\}", "[^/]+")
    return literal.replace("/{id}", r"(?:/(?!delta\b)[^/$]+|\((?:'|%27)[^/']+(?:'|%27)\))")


_BY_METHOD = {
    method: (
        re.compile(
            "|".join(f"({_pattern(kind)})" for kind in KINDS if kind.method == method), re.ASCII | re.IGNORECASE
        ),
        tuple(kind for kind in KINDS if kind.method == method),
    )
    for method in dict.fromkeys(kind.method for kind in KINDS)
}


def kind_of(method: str, path: str) -> Kind:
    """Which kind of call this is; the query of `path` does not matter. Raises IdRefused for one that is not listed."""
    pattern, kinds = _BY_METHOD.get(method, (None, ()))
    found = pattern.fullmatch(path.partition("?")[0]) if pattern else None
    if found is None or found.lastindex is None:
        raise IdRefused("a call that the list of calls does not have")
    return kinds[found.lastindex - 1]


def holds_events(name: str) -> bool:
    """Whether a call, by its name as it was counted, is of a path that holds events or mail."""
    return names_events(name.partition(" ")[2])


def all_kinds_of(method: str, path: str) -> list[Kind]:
    """Every kind that a call is of; the list is sound while that is never more than one."""
    bare = path.partition("?")[0]
    return [
        kind for kind in KINDS if kind.method == method and re.fullmatch(_pattern(kind), bare, re.ASCII | re.IGNORECASE)
    ]
