"""Which Graph call a path is."""

import re

from sandbox.graph import (
    applications,
    audit_log,
    calendars,
    contacts,
    groups,
    meeting_times,
    organization,
    own_events,
    permissions,
    schedules,
    settings,
    users,
)
from sandbox.graph.call import Call, normal
from sandbox.graph.errors import Refusal
from sandbox.http import Request, Response

EVENTS = {
    "events",
    "event",
    "calendarview",
    "instances",
    "messages",
    "message",
    "mailfolders",
    "getschedule",
    "findmeetingtimes",
    "reminderview",
}
_KEYED = re.compile(r"(\w+)\('((?:[^']|'')*)'\)$")
_ROLES_FOR = re.compile(r"(?:microsoft\.graph\.)?allowedcalendarsharingroles\(user='((?:[^']|'')*)'\)$", re.I)


def parts(request: Request) -> list[str]:
    """The decoded segments after the version: `users('x')` as two, functions without their empty brackets."""
    found: list[str] = []
    for segment in normal(request.segments)[1:]:
        keyed = _KEYED.match(segment)
        if keyed:
            found += [keyed[1], keyed[2].replace("''", "'")]
        else:
            found.append(segment.removesuffix("()"))
    return found


def kind(request: Request) -> str:
    """What a request is about, for the log: "events" for everything the portal must never call about a mailbox."""
    path = [part.lower() for part in parts(request)]
    if is_about_events(path):
        return own_events.kind(request, path)
    for word, name in (
        ("$batch", "batch"),
        ("calendarpermissions", "permissions"),
        ("mailboxsettings", "settings"),
        ("calendars", "calendars"),
        ("calendargroups", "calendars"),
        ("calendar", "calendar"),
        ("delta", "users_delta"),
        ("organization", "organization"),
        ("groups", "groups"),
        ("contacts", "contacts"),
        ("users", "users"),
    ):
        if word in path:
            return name
    if path and path[0].startswith(("serviceprincipals", "oauth2permissiongrants", "rolemanagement")):
        return "applications"
    return "other"


def is_about_events(path: list[str]) -> bool:
    return not EVENTS.isdisjoint(_names([part.lower() for part in path]))


def _names(path: list[str]) -> set[str]:
    """The segments that are names and not keys: a calendar may be called anything."""
    keys = {place + 1 for place, part in enumerate(path) if part in ("users", "calendars", "calendargroups")}
    names = (part for place, part in enumerate(path) if place not in keys)
    return {name.removeprefix("microsoft.graph.").partition("(")[0] for name in names}


def answer(call: Call) -> Response:
    """Raises Refusal for what Graph, or the sandbox on the portal's behalf, refuses."""
    names = [part.lower() for part in call.path]
    if is_about_events(names) and own_events.about(call.state, call.caller, call.request, call.path) == "events":
        raise Refusal("ErrorAccessDenied")
    match names:
        case ["users", _, "calendar", "getschedule"]:
            return schedules.answer(call, call.path[1])
        case ["users", _, "findmeetingtimes"]:
            return meeting_times.answer(call, call.path[1])
        case ["users", _, "events", *_]:
            return own_events.answer(call, call.path[1], call.path[3:])
        case ["users"]:
            return users.list_users(call)
        case ["users", "delta"]:
            return users.delta(call)
        case ["users", _]:
            return users.get_user(call, call.path[1])
        case ["users", _, "manager"]:
            return users.get_manager(call, call.path[1])
        case ["users", _, "mailboxsettings", *rest] if len(rest) < 2:
            return settings.answer(call, call.path[1], call.path[3] if rest else None)
        case ["users", _, "calendargroups"]:
            return calendars.list_groups(call, call.path[1])
        case ["users", _, "calendargroups", _, "calendars"]:
            return calendars.list_calendars(call, call.path[1], call.path[3])
        case ["users", _, "calendargroups", _, "calendars", *rest]:
            return of_calendar(call, call.path[1], call.path[5], call.path[6:])
        case ["users", _, "calendars"]:
            return calendars.list_calendars(call, call.path[1])
        case ["users", _, "calendars", _, *rest]:
            return of_calendar(call, call.path[1], call.path[3], call.path[4:])
        case ["users", _, "calendar", *rest]:
            return of_calendar(call, call.path[1], None, call.path[3:])
        case ["me", *_] if call.caller.oid:
            call.path = ["users", call.caller.oid, *call.path[1:]]
            return answer(call)
        case ["me", *_]:
            message = "/me request is only valid with delegated authentication flow."
            raise Refusal("BadRequest", message=message)
        case ["organization"]:
            return organization.organization(call)
        case ["organization", _]:
            return organization.organization(call, call.path[1])
        case ["groups"]:
            return groups.list_groups(call)
        case ["groups", _]:
            return groups.get_group(call, call.path[1])
        case ["groups", _, "members" | "transitivemembers", *rest]:
            return groups.members(call, call.path[1], rest, nested=names[2] == "transitivemembers")
        case ["contacts"]:
            return contacts.list_contacts(call)
        case ["groups", _, "calendar", *_]:
            raise Refusal("ErrorAccessDenied")
        case ["security", "auditlog", "queries", *_]:
            return audit_log.answer(call, call.path[3:])
        case ["oauth2permissiongrants"]:
            return applications.delegated_grants(call)
        case [first, *_] if first.startswith("serviceprincipals"):
            return applications.answer(call)
        case ["rolemanagement", "exchange", what] if call.beta:
            return applications.exchange_roles(call, what)
    raise Refusal("BadRequest", call.path[-1] if call.path else "")


def of_calendar(call: Call, user: str, calendar: str | None, rest: list[str]) -> Response:
    """The calls below one calendar; `calendar` None is the primary one."""
    match [part.lower() for part in rest]:
        case []:
            return calendars.one(call, user, calendar)
        case ["calendarpermissions"]:
            return permissions.collection_of(call, user, calendar)
        case ["calendarpermissions", "$count"]:
            return permissions.count(call, user, calendar)
        case ["calendarpermissions", _]:
            return permissions.one(call, user, calendar, rest[1])
        case [_] if found := _ROLES_FOR.match(rest[0]):
            return permissions.allowed_for(call, user, calendar, found[1].replace("''", "'"))
    raise Refusal("BadRequest", rest[-1])
