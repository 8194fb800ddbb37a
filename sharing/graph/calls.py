"""The one list of every kind of call the client can make to Microsoft Graph; what is not in it is never sent."""

import re
from dataclasses import dataclass

from . import event_paths, samples
from .errors import IdRefused
from .ids import names_events

# What a client was built for. One for meetings or for probes sends those calls only, and no other client sends any.
ORDINARY, MEETINGS, PROBES = "ordinary", "meetings", "probes"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: its path with the ids left out, the permission it needs, what for, and a sample answer.

    `permission` is the least one we ask for, empty for an envelope whose contents are other kinds. `is_change` tells
    calls that alter something at Microsoft from those that read, `is_question` a POST that only reads. `wants_proof`:
    that what it alters is a person's copy of somebody else's calendar, or an event of ours. `senders` are the clients
    that may send it, `spelling` the one form that it has, query included, where no other may leave; `prefer` the
    wishes that go with it; `is_lent_only` that only a person's own permission is good for it.
    """

    method: str
    path: str
    permission: str
    purpose: str
    sample: str
    is_question: bool = False
    wants_proof: bool = False
    senders: frozenset[str] = frozenset({ORDINARY})
    spelling: re.Pattern[str] | None = None
    prefer: str = ""
    is_lent_only: bool = False

    @property
    def name(self) -> str:
        """Method and path, as calls are counted."""
        return f"{self.method} {self.path}"

    @property
    def is_change(self) -> bool:
        return self.method != "GET" and not self.is_question


_CALENDARS, _CALENDARS_WRITE = "Calendars.Read", "Calendars.ReadWrite"
_SETTINGS, _SETTINGS_WRITE = "MailboxSettings.Read", "MailboxSettings.ReadWrite"
_MAIN, _NAMED = "/users/{id}/calendar", "/users/{id}/calendars/{id}"
_AUDIT_LOG, _QUERIES = "AuditLogsQuery-Exchange.Read.All", "/security/auditLog/queries"
_ROLES_FOR = "allowedCalendarSharingRoles(User='{address}')"
_WHO = "Who may see or change {}, and as what."
_ROLE = "Set the role that its owner chose, on {}."
_REMOVE = "Take somebody off {}, because its owner said so."
_MAY = "Which roles Microsoft 365 allows for somebody on {}, asked before it is shared with them."
_SHARE = "Share {} with somebody. Exchange sends that person an invitation."
_MAIN_ONE, _NAMED_ONE = "the main calendar", "a calendar that the person made"

# A mailbox is asked for its primary calendar's permissions most often: the commonest stand first.
_ANYWHERE = (
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
         samples.BATCH, is_question=True),
    Kind("POST", _QUERIES, _AUDIT_LOG,
         "Have Exchange’s audit log searched for who changed the sharing of calendars elsewhere. It changes nothing, "
         "but Microsoft keeps the search, named Calwarden, with those that administrators made.",
         samples.AUDIT_QUERY, is_question=True),
    Kind("GET", f"{_QUERIES}/{{id}}", _AUDIT_LOG, "Whether that search is done.", samples.AUDIT_QUERY),
    Kind("GET", f"{_QUERIES}/{{id}}/records", _AUDIT_LOG,
         "What that search found: when, who, whose calendar, whose access. Everything else is dropped unread.",
         samples.AUDIT_RECORDS),
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
         wants_proof=True),
    Kind("DELETE", _NAMED, _CALENDARS_WRITE,
         "Take a person’s own copy of somebody else’s calendar off their list, because this person said so. Never a "
         "calendar of the mailbox’s own.", samples.NOTHING, wants_proof=True),
    Kind("PATCH", "/users/{id}/mailboxSettings", _SETTINGS_WRITE,
         "Set who gets meeting requests. Nothing else of the settings is sent.", samples.DELIVERY),
)  # fmt: skip

_FOR_MEETINGS, _FOR_BOTH = frozenset({MEETINGS}), frozenset({MEETINGS, PROBES})
_IN_UTC = 'outlook.timezone="UTC"'
_AS_EVENT = f'IdType="ImmutableId", {_IN_UTC}'
_EVENTS = "/users/{id}/events"

# People's time, and events that were booked here.
_GUARDED = (
    Kind("POST", f"{_MAIN}/getSchedule", _CALENDARS,
         "When people are free or busy, and their working hours: only while somebody looks for a time to meet, or "
         "tries what a partner lets us see. Subjects and places that come with it are dropped unread.",
         samples.SCHEDULE, is_question=True, senders=_FOR_BOTH, spelling=event_paths.SCHEDULE, prefer=_IN_UTC),
    Kind("POST", "/users/{id}/findMeetingTimes", "Calendars.Read.Shared",
         "Times that suit several people, by the permission of the person who looks for one. Places are dropped.",
         samples.MEETING_TIMES, is_question=True, senders=_FOR_MEETINGS, spelling=event_paths.MEETING_TIMES,
         prefer=_IN_UTC, is_lent_only=True),
    Kind("GET", f"{_EVENTS}?$filter={{our mark}}", _CALENDARS,
         "The one event that carries the mark of a meeting booked here: its time, and who accepted. Microsoft is asked "
         "for no other event, and for nothing else of this one.",
         samples.MARKED_EVENT, senders=_FOR_MEETINGS, spelling=event_paths.MARKED_EVENT, prefer=_AS_EVENT),
    Kind("POST", _EVENTS, _CALENDARS_WRITE,
         "Book a meeting in the calendar of the person who asks for it. Exchange sends the invitations.",
         samples.EVENT, senders=_FOR_MEETINGS, spelling=event_paths.EVENTS, prefer=_AS_EVENT),
    Kind("PATCH", f"{_EVENTS}/{{id}}", _CALENDARS_WRITE,
         "Move a meeting that was booked here, because its organizer said so.", samples.EVENT, wants_proof=True,
         senders=_FOR_MEETINGS, spelling=event_paths.ONE_EVENT, prefer=_AS_EVENT),
    Kind("POST", f"{_EVENTS}/{{id}}/cancel", _CALENDARS_WRITE,
         "Cancel a meeting that was booked here, because its organizer said so.", samples.ACCEPTED, wants_proof=True,
         senders=_FOR_MEETINGS, spelling=event_paths.CANCEL, prefer=_AS_EVENT),
)  # fmt: skip

KINDS = (*_ANYWHERE, *_GUARDED)
# What was refused before it left, told as one kind without a path; it is in no list of what may be sent.
REFUSED_HERE = Kind("NONE", "/refused-here", "", "", "")
BY_NAME = {kind.name: kind for kind in KINDS}


def _pattern(kind: Kind) -> str:
    """A kind's paths, in both spellings of a key that Graph uses in its links: /users/ID and /users('ID')."""
    literal = re.escape(kind.path).replace(r"\{id\}", "{id}").replace(r"\{address\}", "[^/]+")
    return literal.replace("/{id}", r"(?:/(?!delta\b)[^/$]+|\((?:'|%27)[^/']+(?:'|%27)\))")


_BY_METHOD = {
    method: (
        re.compile(
            "|".join(f"({_pattern(kind)})" for kind in _ANYWHERE if kind.method == method), re.ASCII | re.IGNORECASE
        ),
        tuple(kind for kind in _ANYWHERE if kind.method == method),
    )
    for method in dict.fromkeys(kind.method for kind in _ANYWHERE)
}


def kind_of(method: str, path: str) -> Kind:
    """Which kind of call this is. Raises IdRefused for one that is not listed.

    The query of `path` does not matter but where it is a part of the kind's spelling.
    """
    pattern, kinds = _BY_METHOD.get(method, (None, ()))
    found = pattern.fullmatch(path.partition("?")[0]) if pattern else None
    if found and found.lastindex:
        return kinds[found.lastindex - 1]
    for kind in _GUARDED:
        if kind.method == method and kind.spelling and kind.spelling.fullmatch(path):
            return kind
    raise IdRefused("a call that the list of calls does not have")


def holds_events(name: str) -> bool:
    """Whether a call, by its name as it was counted, is of a path that holds events or mail, and not one of ours."""
    return name not in BY_NAME and names_events(name.partition(" ")[2])


def all_kinds_of(method: str, path: str) -> list[Kind]:
    """Every kind that a call is of; the list is sound while that is never more than one."""
    bare = path.partition("?")[0]
    return [
        kind
        for kind in KINDS
        if kind.method == method
        and (
            kind.spelling.fullmatch(path)
            if kind.spelling
            else re.fullmatch(_pattern(kind), bare, re.ASCII | re.IGNORECASE)
        )
    ]
