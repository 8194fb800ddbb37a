"""calendarPermissions of a calendar: list, get, post, patch, delete, and which roles may be given."""

from datetime import datetime, timedelta
from typing import Any

from sandbox import ids
from sandbox.changes import drop_copy, mind_rule, row_for
from sandbox.graph import calendars, reach
from sandbox.graph.call import Call, chosen, collection, entity, key
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import outlook_page
from sandbox.http import Response
from sandbox.rows import DELEGATE_ROLES, ROLES, Calendar, Permission, User, plain

_ALLOWED = {
    "default": list(ROLES[:5]),
    "outside": list(ROLES[1:4]),
    "anonymous": list(ROLES[:4]),
    "named": list(ROLES[1:5]),
    "primary": list(ROLES[1:7]),
}
_READ_ONLY = {"id", "allowedRoles", "emailAddress", "isInsideOrganization", "isRemovable"}
_ANONYMOUS = Permission(ids.ANONYMOUS_ROW, "none", "anonymous", "Anonymous")


def allowed_roles(call: Call, owner: User, calendar: Calendar, row: Permission) -> list[str]:
    """The roles the owner may choose for this row (contract 1.3)."""
    if row.kind in ("default", "outside", "anonymous"):
        allowed = _ALLOWED[row.kind]
    else:
        person = calendars.mailbox_of(owner).purpose == "user"
        delegable = calendar.is_default and (person or call.switches.resource_owner_delegates)
        allowed = _ALLOWED["primary" if delegable else "named"]
    if row.role == "custom" and call.switches.custom_in_allowed_roles:
        return [*allowed, "custom"]
    return allowed


def shown(call: Call, owner: User, calendar: Calendar, row: Permission) -> dict[str, Any]:
    inside = row.kind not in ("outside", "anonymous")
    if row.kind == "default":
        address = {"name": call.switches.organization_name}
    elif row.kind == "anonymous":
        address = {"name": row.name}
    elif _orphaned(call, row):
        address = {"name": ids.legacy_name(row.holder or row.id)}
    else:
        address = {"name": row.name, "address": row.address or ""}
    return {
        "id": row.id,
        "isRemovable": row.kind not in ("default", "anonymous"),
        "isInsideOrganization": inside,
        "role": row.role,
        "allowedRoles": allowed_roles(call, owner, calendar, row),
        "emailAddress": address,
    }


def _orphaned(call: Call, row: Permission) -> bool:
    return row.holder is not None and row.holder not in call.tenant.users and row.holder not in call.tenant.groups


def rows_of(call: Call, calendar: Calendar, *, live: bool = False) -> list[Permission]:
    """People first, then My Organization; old rows while a change is not visible yet, unless `live`."""
    rows = list(calendar.permissions.values())
    if not live and calendar.hidden_until and call.now < datetime.fromisoformat(calendar.hidden_until):
        rows = calendar.shown
    default = [row for row in rows if row.kind == "default"]
    people = [row for row in rows if row.kind != "default"]
    if call.switches.orphaned_row == "dropped":
        people = [row for row in people if not _orphaned(call, row)]
    if not calendar.is_default and call.switches.organization_row_on_named_calendars == "absent":
        default = []
    return [*people, *default, *([_ANONYMOUS] if call.switches.anonymous_row else [])]


def collection_of(call: Call, user_key: str, calendar_key: str | None) -> Response:
    """GET and POST of the list; `calendar_key` None is the primary calendar."""
    call.only("GET", "POST")
    reads = call.method == "GET"
    user = call.mailbox_user(user_key, "list calendars" if reads else "write calendars", shared=reads)
    calendar = _calendar(call, user, calendar_key)
    if call.method == "POST":
        return create(call, user, calendar, calendar_key)
    rows = _rows_for(call, user, calendar)
    page, link = outlook_page(call, rows, size=10 if call.switches.permission_pages == "tens" else 0)
    select = call.params.get("$select")
    values = [shown(call, user, calendar, row) for row in page]
    if select:
        values = [chosen(value, select) for value in values]
    return collection(_context(call, user, calendar_key), values, nextLink=link)


def _rows_for(call: Call, owner: User, calendar: Calendar) -> list[Permission]:
    """The rows, for the owner; for a person the calendar is shared with the list is empty (documented)."""
    if call.caller.oid not in (None, owner.oid):
        if calendar.is_copy or reach.shared_row(call, calendar) is None:
            raise Refusal("ErrorAccessDenied")
        if call.switches.permissions_of_a_copy != "empty":
            raise Refusal(call.switches.permissions_of_a_copy)
        return []
    return [] if calendar.is_copy else rows_of(call, calendar)


def count(call: Call, user_key: str, calendar_key: str | None) -> Response:
    call.only("GET")
    user = call.mailbox_user(user_key, "list calendars", shared=True)
    rows = _rows_for(call, user, _calendar(call, user, calendar_key))
    return Response(200, {"Content-Type": "text/plain"}, str(len(rows)).encode())


def one(call: Call, user_key: str, calendar_key: str | None, id: str) -> Response:
    """GET, PATCH and DELETE of a row."""
    call.only("GET", "PATCH", "DELETE")
    user = call.mailbox_user(user_key, "read calendars" if call.method == "GET" else "write calendars")
    calendar = _calendar(call, user, calendar_key)
    rows = rows_of(call, calendar, live=call.method != "GET")
    row = next((row for row in rows if row.id == id), None)
    if row is None or calendar.is_copy:
        raise Refusal(call.switches.unknown_permission)
    if call.method == "DELETE":
        return delete(call, user, calendar, row)
    if call.method == "PATCH":
        wanted = _wanted_role(call, call.body())
        if wanted == "none" and row.kind != "default" and call.switches.none_for_a_person == "deleted":
            return delete(call, user, calendar, row)
        if wanted is not None:
            change_role(call, user, calendar, row, wanted)
    context = f"{_context(call, user, calendar_key)}/$entity"
    return entity(context, chosen(shown(call, user, calendar, row), call.params.get("$select")))


def change_role(call: Call, user: User, calendar: Calendar, row: Permission, role: str) -> None:
    """Raises Refusal for a role that is not among the row's allowedRoles."""
    if role not in allowed_roles(call, user, calendar, row) or row.kind == "anonymous":
        raise Refusal(call.switches.role_not_allowed)
    _hide(call, calendar)
    row.role = role
    _mind_rule(call, user, calendar, row)
    _mail(call, user, calendar, row, "changed")
    call.changed()


def delete(call: Call, user: User, calendar: Calendar, row: Permission) -> Response:
    if row.kind in ("default", "anonymous"):
        raise Refusal(call.switches.organization_row_deleted)
    _hide(call, calendar)
    del calendar.permissions[row.id]
    drop_copy(call.tenant, row, calendar)
    _mind_rule(call, user, calendar, row, gone=True)
    _mail(call, user, calendar, row, "removed")
    call.changed()
    return Response(204)


def create(call: Call, user: User, calendar: Calendar, calendar_key: str | None) -> Response:
    """Sends an invitation; the sharee's list gets the calendar only when the invitation is accepted (`share`)."""
    body = call.body()
    given, role = body.get("emailAddress"), _wanted_role(call, body, created=True)
    address = given.get("address") if isinstance(given, dict) else None
    if role is None or not isinstance(address, str) or "@" not in address:
        raise Refusal("ErrorInvalidRequest")
    if calendar.is_copy:
        raise Refusal("ErrorAccessDenied")
    row = row_for(call.tenant, address, role, str(given.get("name") or ""))
    if row.kind == "outside" and call.switches.unresolved_address_created == "refused":
        raise Refusal("ErrorInvalidRequest")
    allowed = allowed_roles(call, user, calendar, row)
    if role not in allowed:
        if role == "none" or call.switches.role_too_high_created == "refused":
            raise Refusal(call.switches.role_not_allowed)
        row.role = allowed[-1]
    if row.role in DELEGATE_ROLES and call.switches.delegate_created == "refused":
        raise Refusal("ErrorInvalidRequest")
    same = (each for each in calendar.permissions.values() if each.address and row.address)
    old = next((each for each in same if each.address.lower() == row.address.lower()), None)
    if old and call.switches.duplicate_share == "refused":
        raise Refusal("ErrorInvalidRequest")
    _hide(call, calendar)
    if old:
        old.role = row.role
        row = old
    elif call.switches.permission_ids == "regenerated":
        row.id = ids.holder_id(f"{row.address}-{call.state.version}")
    calendar.permissions[row.id] = row
    _mind_rule(call, user, calendar, row)
    if not old:
        _note(call, user, calendar, row, "invited")
    call.changed()
    value = shown(call, user, calendar, row)
    return entity(f"{_context(call, user, calendar_key)}/$entity", value, call.switches.created_status)


def allowed_for(call: Call, user_key: str, calendar_key: str | None, address: str) -> Response:
    """allowedCalendarSharingRoles(User='…')."""
    call.only("GET")
    user = call.mailbox_user(user_key, "read calendars")
    calendar = _calendar(call, user, calendar_key)
    row = row_for(call.tenant, address, "read")
    if row.kind == "outside" and call.switches.unresolved_address_asked == "refused":
        raise Refusal("ErrorInvalidRequest")
    roles = allowed_roles(call, user, calendar, row)
    return collection(call.context("Collection(microsoft.graph.calendarRoleType)"), list(roles))


def _calendar(call: Call, user: User, calendar_key: str | None) -> Calendar:
    if calendar_key is None:
        return calendars.mailbox_of(user).primary
    calendar = calendars.find(call, user, calendar_key)
    if calendar.is_copy and call.switches.permissions_of_a_copy == "ErrorNotSupported":
        raise Refusal("ErrorNotSupported")
    return calendar


def _context(call: Call, user: User, calendar_key: str | None) -> str:
    where = "calendar" if calendar_key is None else f"calendars('{key(calendar_key)}')"
    return call.context(f"users('{user.oid}')/{where}/calendarPermissions")


def _wanted_role(call: Call, body: dict[str, Any], *, created: bool = False) -> str | None:
    """The role in the body, None where it names none. Raises Refusal."""
    unknown = next((name for name in body if name not in (*_READ_ONLY, "role") and "@" not in name), None)
    if unknown is not None:
        message = f"The property '{unknown}' does not exist on type 'microsoft.graph.calendarPermission'."
        raise Refusal("RequestBodyRead", message=message)
    refused = not created and call.switches.read_only_member_patched == "refused"
    if refused and not _READ_ONLY.isdisjoint(body):
        raise Refusal("ErrorInvalidRequest")
    role = body.get("role")
    if role is not None and role not in ROLES:
        raise Refusal("RequestBodyRead", message=f"Requested value '{role}' was not found.")
    return role


def _hide(call: Call, calendar: Calendar) -> None:
    """Keep today's rows in view for as long as a change takes to be seen."""
    delay = call.switches.visible_after_seconds
    if not delay:
        calendar.hidden_until, calendar.shown = None, []
        return
    if not calendar.hidden_until or call.now >= datetime.fromisoformat(calendar.hidden_until):
        calendar.shown = [Permission(**plain(row)) for row in calendar.permissions.values()]
    calendar.hidden_until = (call.now + timedelta(seconds=delay)).isoformat()


def _mind_rule(call: Call, user: User, calendar: Calendar, row: Permission, *, gone: bool = False) -> None:
    if not (call.switches.rule_left_behind and (gone or row.role not in DELEGATE_ROLES)):
        mind_rule(calendars.mailbox_of(user), calendar, row, gone=gone)


def _mail(call: Call, user: User, calendar: Calendar, row: Permission, what: str) -> None:
    if call.switches.mail_on_change:
        _note(call, user, calendar, row, what)


def _note(call: Call, user: User, calendar: Calendar, row: Permission, what: str) -> None:
    """Remember a message that Exchange would have sent."""
    call.state.invitations.append(
        {
            "at": call.now.isoformat(),
            "what": what,
            "tenant": call.tenant.tid,
            "from": user.mail or user.upn,
            "to": row.address,
            "calendar": calendar.name,
            "role": row.role,
        }
    )
