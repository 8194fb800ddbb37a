"""Events that an app made: created once per transaction, found by their extended property, moved and cancelled.

Whatever else stands in a calendar stays closed here, more than at Microsoft: the portal never reads it.
"""

import re
from datetime import timedelta
from typing import Any

from sandbox import ids
from sandbox.caller import Caller
from sandbox.event import Event, as_text, event_of, moment
from sandbox.graph.calendars import mailbox_of
from sandbox.graph.call import Call, chosen, collection, entity
from sandbox.graph.errors import Refusal
from sandbox.graph.event_shown import shown
from sandbox.graph.paging import outlook_page
from sandbox.graph.times import applied, time_in
from sandbox.http import Request, Response
from sandbox.outlook import STATUSES
from sandbox.rows import Tenant, User, plain
from sandbox.state import State

_PROPERTY = r"String \{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\} Name [^'{}]+"
_FILTER = re.compile(
    rf"singleValueExtendedProperties/any\((\w+):\s?\1/id eq '({_PROPERTY})' and \1/value eq '([^']+)'\)", re.I
)
_EXPAND = re.compile(rf"singleValueExtendedProperties\(\$filter=id eq '({_PROPERTY})'\)", re.I)
_OPTIONS = {"$filter", "$expand", "$select", "$top", "$skip"}
_CREATED = {
    *("subject", "body", "start", "end", "location", "attendees", "showAs", "sensitivity", "transactionId"),
    *("singleValueExtendedProperties", "allowNewTimeProposals", "responseRequested", "hideAttendees", "importance"),
    *("isReminderOn", "reminderMinutesBeforeStart", "isOnlineMeeting", "categories"),
}


def mark_of(request: Request) -> tuple[str, str] | None:
    """The extended property (id, value) that a list is narrowed down to; None where it asks for anything more."""
    params = {name.lower(): value for name, value in request.params.items()}
    match = _FILTER.fullmatch(params.get("$filter", ""))
    return (match[2], match[3]) if match and _OPTIONS >= params.keys() else None


def kind(request: Request, path: list[str]) -> str:
    """What a call among events looks like from outside, "events" for all that is never answered.

    `path` in lower case. A write to an event may yet turn out to be about somebody else's: see `about`.
    """
    if path[:1] == ["me"]:
        path = ["users", *path]
    if not request.path.startswith("/v1.0/"):
        return "events"
    match request.method, path:
        case ("POST", ["users", _, "calendar", "getschedule"] | ["users", _, "findmeetingtimes"]):
            return "schedule"
        case ("POST", ["users", _, "events"] | ["users", _, "events", _, "cancel"]):
            return "own_event"
        case ("PATCH" | "DELETE", ["users", _, "events", _]):
            return "own_event"
        case ("GET", ["users", _, "events"]) if mark_of(request):
            return "own_event"
    return "events"


def about(state: State, caller: Caller, request: Request, path: list[str]) -> str:
    """As `kind`, with a look at whose events they are: "events" where one is not the calling app's own."""
    found = kind(request, [part.lower() for part in path])
    if path[:1] == ["me"]:
        path = ["users", caller.oid or "", *path[1:]]
    asks_for_one = request.method == "GET" and len(path) == 4 and request.path.startswith("/v1.0/")
    if [part.lower() for part in path[2:3]] != ["events"] or found == "events" and not asks_for_one:
        return found
    user = state.tenants[caller.tid].user(path[1])
    events = list(user.mailbox.events.values()) if user and user.mailbox else []
    mark = mark_of(request) if request.method == "GET" and len(path) == 3 else None
    if mark:
        meant = [each for each in events if carries(each, *mark)]
    else:
        meant = [each for each in events if path[3:] and path[3] in (each.id, each.immutable_id)]
    if any(each.app_id != caller.app_id for each in meant):
        return "events"
    return "own_event" if meant else found


def carries(event: Event, id: str, value: str) -> bool:
    """Of a property's id the name is compared as it is written, the rest and the value in any case (9.4)."""

    def parted(text: str) -> tuple[str, str]:
        kind, _, name = text.partition(" Name ")
        return kind.lower(), name

    return any(
        parted(known) == parted(id) and kept.lower() == value.lower() for known, kept in event.properties.items()
    )


def answer(call: Call, key: str, rest: list[str]) -> Response:
    """`rest` is what follows `events`; nothing gets here that `about` calls events."""
    user = call.mailbox_user(key, "read events" if call.method == "GET" else "write events")
    if not rest:
        return applied(call, create(call, user) if call.method == "POST" else find(call, user))
    event = _one(call, user, rest[0])
    if call.method != "GET" and not event.is_organizer:
        raise Refusal("ErrorInvalidRequest", message="You need to be an organizer to do that.")
    if rest[1:]:
        return remove(call, user, event, 202)
    if call.method == "DELETE":
        return remove(call, user, event, 204)
    if call.method == "PATCH":
        move(call, user, event)
    return applied(call, entity(_context(call, user), chosen(shown(call, event), call.params.get("$select"))))


def find(call: Call, user: User) -> Response:
    """The events with this property: nothing of it is in the answer unless it is expanded."""
    mark = mark_of(call.request)
    assert mark
    seen = [each for event in mailbox_of(user).events.values() if (each := _seen(call, event))]
    page, link = outlook_page(call, [each for each in seen if carries(each, *mark)], size=10)
    wanted = _EXPAND.fullmatch(call.params.get("$expand", ""))
    rows = []
    for each in page:
        value = chosen(shown(call, each), call.params.get("$select"))
        if wanted:
            kept = [{"id": id, "value": text} for id, text in each.properties.items() if carries(each, wanted[1], text)]
            value["singleValueExtendedProperties"] = kept
        rows.append(value)
    return collection(call.context(f"users('{user.oid}')/events"), rows, nextLink=link)


def _seen(call: Call, event: Event) -> Event | None:
    """The event as it is seen by now: a write may take its time to show."""
    if event.hidden_until and call.now < moment(event.hidden_until):
        return event_of(event.shown) if event.shown else None
    return None if event.is_gone else event


def _hide(call: Call, event: Event, *, is_new: bool = False) -> None:
    """Keep in view what is seen of it now for as long as a write takes to be seen."""
    delay = call.switches.events_visible_after_seconds
    before = None if is_new else _seen(call, event)
    event.shown = {**plain(before), "hidden_until": None, "shown": None} if delay and before else None
    event.hidden_until = (call.now + timedelta(seconds=delay)).isoformat() if delay else None


def _one(call: Call, user: User, id: str) -> Event:
    """The live event with one of its two ids, if it is as the caller read it. Raises Refusal."""
    for event in mailbox_of(user).events.values():
        if id in (event.id, event.immutable_id) and not event.is_gone:
            known = call.request.headers.get("if-match", "*")
            if known not in ("*", f'W/"{event.change_key}"'):
                raise Refusal("ErrorIrresolvableConflict")
            return event
    raise Refusal("ErrorItemNotFound")


def create(call: Call, user: User) -> Response:
    """A second one with the same transaction id is the first one, as the switch says."""
    body, mailbox = call.body(), mailbox_of(user)
    if unknown := next((name for name in body if name not in _CREATED and "@" not in name), None):
        message = f"The property '{unknown}' does not exist on type 'microsoft.graph.event'."
        raise Refusal("RequestBodyRead", message=message)
    transaction = body.get("transactionId")
    for each in mailbox.events.values():
        if transaction and each.transaction_id == transaction and not each.is_gone:
            if call.switches.duplicate_transaction == "refused":
                raise Refusal("ErrorDuplicateTransactionId")
            if call.switches.duplicate_transaction == "returned":
                return entity(_context(call, user), shown(call, each), 201)
    id = ids.event_id(user.oid, call.state.version, len(mailbox.events))
    event = Event(id, ids.ical_uid(id), start="", end="", organizer=(user.display_name, user.mail or user.upn),
                  subject=_text(body.get("subject")), app_id=call.caller.app_id, transaction_id=transaction,
                  created_at=as_text(call.now), modified_at=as_text(call.now))  # fmt: skip
    _put_time(event, body)
    event.body = _text(_member(body, "body").get("content"))
    event.place = _text(_member(body, "location").get("displayName"))
    event.show_as, event.is_private = body.get("showAs", "busy"), body.get("sensitivity") == "private"
    if event.show_as not in STATUSES:
        raise Refusal("RequestBodyRead", message=f"Requested value '{event.show_as}' was not found.")
    event.attendees = [_attendee(each) for each in _list(body, "attendees")]
    for given in _list(body, "singleValueExtendedProperties"):
        if not re.fullmatch(_PROPERTY, str(given.get("id")), re.I):
            raise Refusal("ErrorInvalidProperty")
        event.properties[given["id"]] = _text(given.get("value"))
    _hide(call, event, is_new=True)
    mailbox.events[event.id] = event
    _invite(call, event)
    call.changed()
    response = entity(_context(call, user), shown(call, event), 201)
    event.writes += call.switches.event_settles
    return response


def move(call: Call, user: User, event: Event) -> None:
    """Another start and end; the attendees are told, and asked again."""
    body = call.body()
    if not body or not {"start", "end"} >= {name for name in body if "@" not in name}:
        raise Refusal("ErrorInvalidRequest")
    _hide(call, event)
    before = (event.start, event.end, event.zone)
    try:
        _put_time(event, body)
    except Refusal:
        event.start, event.end, event.zone = before
        raise
    event.modified_at, event.writes = as_text(call.now), event.writes + 1
    for attendee, copy in _copies(call, event):
        attendee["response"] = "none"
        if copy and not copy.is_gone:
            copy.start, copy.end, copy.zone, copy.show_as = event.start, event.end, event.zone, "tentative"
            copy.writes += 1
    _tell(call, event, "meeting_moved")
    call.changed()


def remove(call: Call, user: User, event: Event, status: int) -> Response:
    """Cancelled or deleted by the organizer: either way the attendees are told, and get their time back."""
    if event.is_cancelled and status == 202:
        raise Refusal("ErrorInvalidRequest")
    _hide(call, event)
    for _, copy in _copies(call, event):
        if copy:
            copy.is_cancelled, copy.subject, copy.show_as = True, f"Canceled: {copy.subject}", "free"
            copy.writes += 1
    if status == 202 and call.switches.cancelled_event == "kept":
        event.is_cancelled = True
    else:
        event.is_gone = True
    event.modified_at, event.writes = as_text(call.now), event.writes + 1
    _tell(call, event, "meeting_cancelled")
    call.changed()
    return Response(status)


# The attendees


def _invite(call: Call, event: Event) -> None:
    """A copy in the calendar of everybody who has one in this cloud: tentative until they answer, rooms say yes."""
    keeps = call.switches.attendee_copy_properties == "kept"
    for attendee in event.attendees:
        user = _user(call.state, attendee["address"])
        if user is None or user.mailbox is None or attendee["address"].lower() == event.organizer[1].lower():
            continue
        says_yes = user.mailbox.purpose in ("room", "equipment")
        attendee["response"] = "accepted" if says_yes else "none"
        copy = event_of({**plain(event), "id": ids.event_id("copy", event.id, user.oid)})
        copy.is_organizer, copy.transaction_id, copy.hidden_until = False, None, None
        copy.show_as = "busy" if says_yes else "tentative"
        if not keeps:
            copy.properties, copy.app_id = {}, None
        user.mailbox.events[copy.id] = copy
    _tell(call, event, "meeting")


def _copies(call: Call, event: Event) -> list[tuple[dict[str, str], Event | None]]:
    """Each attendee, and the copy in that calendar where there is one."""
    found = []
    for attendee in event.attendees:
        user = _user(call.state, attendee["address"])
        events = user.mailbox.events.values() if user and user.mailbox else ()
        same = (each for each in events if each.ical_uid == event.ical_uid and not each.is_organizer)
        found.append((attendee, next(same, None)))
    return found


def _user(state: State, address: str) -> User | None:
    tenants: list[Tenant] = list(state.tenants.values())
    found = (tenant.holder(address) for tenant in tenants if address.rpartition("@")[2].lower() in tenant.domains)
    return next((user for user in found if isinstance(user, User)), None)


def _tell(call: Call, event: Event, what: str) -> None:
    """Remember the messages that Exchange would have sent."""
    for attendee in event.attendees:
        call.state.invitations.append(
            {
                "at": call.now.isoformat(),
                "what": what,
                "tenant": call.tenant.tid,
                "from": event.organizer[1],
                "to": attendee["address"],
                "subject": event.subject,
                "event": event.ical_uid,
            }
        )


# The body


def _put_time(event: Event, body: dict[str, Any]) -> None:
    """`start` and `end`, each may be absent where the event has one. Raises Refusal."""
    for name in ("start", "end"):
        if name in body or not getattr(event, name):
            setattr(event, name, as_text(time_in(body.get(name))))
    if moment(event.start) >= moment(event.end):
        raise Refusal("ErrorPropertyValidationFailure")
    event.zone = _member(body, "start").get("timeZone", event.zone)


def _attendee(value: Any) -> dict[str, str]:
    given = _member(value, "emailAddress") if isinstance(value, dict) else {}
    address, kind = given.get("address"), value.get("type", "required") if isinstance(value, dict) else ""
    if not isinstance(address, str) or "@" not in address or kind not in ("required", "optional", "resource"):
        raise Refusal("ErrorInvalidRecipients")
    return {"name": _text(given.get("name")) or address, "address": address, "type": kind, "response": "none"}


def _member(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name) or {}
    if not isinstance(value, dict):
        raise Refusal("RequestBodyRead", message="An unexpected node was found. A 'StartObject' was expected.")
    return value


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Refusal("RequestBodyRead", message="An unexpected node was found. A 'StartArray' was expected.")
    return value


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise Refusal("RequestBodyRead", message="Cannot convert the literal to the expected type 'Edm.String'.")
    return value or ""


def _context(call: Call, user: User) -> str:
    return call.context(f"users('{user.oid}')/events/$entity")
