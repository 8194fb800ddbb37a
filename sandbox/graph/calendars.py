"""calendar, calendars and calendarGroups of a mailbox."""

import re
from typing import Any

from sandbox import ids
from sandbox.changes import drop_copy
from sandbox.graph import reach
from sandbox.graph.call import Call, chosen, collection, entity, key
from sandbox.graph.errors import Refusal
from sandbox.graph.paging import outlook_page
from sandbox.http import Response
from sandbox.rows import DELEGATE_ROLES, Calendar, Mailbox, Permission, Tenant, User

_ID = re.compile(r"[A-Za-z0-9_=+/-]{16,}$")
_ALIASES = ("calendar", "primary")
MY_CALENDARS = "0006f0b7-0000-0000-c000-000000000046"


def mailbox_of(user: User) -> Mailbox:
    assert user.mailbox is not None
    return user.mailbox


def original_of(tenant: Tenant, user: User, copy: Calendar) -> tuple[User, Calendar, Permission] | None:
    """The owner, the calendar and the sharee's own row behind a copy; None where one of them is gone."""
    if copy.original is None:
        return None
    owner = tenant.users.get(copy.original[0])
    calendar = owner.mailbox.calendars.get(copy.original[1]) if owner and owner.mailbox else None
    rows = calendar.permissions.values() if calendar else ()
    row = next((row for row in rows if row.holder == user.oid), None)
    return (owner, calendar, row) if owner and calendar and row else None


def shown(call: Call, user: User, calendar: Calendar) -> dict[str, Any] | None:
    """The calendar as this mailbox sees it; None for a copy of what is no longer shared."""
    if calendar.is_copy:
        return _copy_shown(call, user, calendar)
    shared = any(row.kind != "default" for row in calendar.permissions.values())
    rights = (True, True, calendar.can_edit, not calendar.is_default, calendar.is_default)
    return _shown(call, calendar, rights, shared, (user.display_name, user.mail or user.upn))


def _copy_shown(call: Call, user: User, calendar: Calendar) -> dict[str, Any] | None:
    if calendar.foreign_owner:
        return _shown(call, calendar, (False, False, False, True, False), None, calendar.foreign_owner)
    found = original_of(call.tenant, user, calendar)
    if found is None:
        return None
    owner, original, row = found
    may_edit = row.role == "write" or row.role in DELEGATE_ROLES
    private = row.role == "delegateWithPrivateEventAccess"
    rights = (False, private, may_edit, True, original.is_default)
    return _shown(call, calendar, rights, None, (owner.display_name, owner.mail or owner.upn))


def _shown(
    call: Call,
    calendar: Calendar,
    rights: tuple[bool, bool, bool, bool, bool],
    shared: bool | None,
    owner: tuple[str, str],
) -> dict[str, Any]:
    """`rights`: canShare, canViewPrivateItems, canEdit, isRemovable, isTallyingResponses; a copy has `shared` None."""
    value: dict[str, Any] = {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": "",
    }
    if not call.beta and call.switches.is_default_calendar != "absent":
        always = {"never_true": False, "always_true": True}
        value["isDefaultCalendar"] = always.get(call.switches.is_default_calendar, calendar.is_default)
    value |= {"changeKey": calendar.change_key, "canShare": rights[0], "canViewPrivateItems": rights[1]}
    if call.beta:
        value |= {"isShared": bool(shared), "isSharedWithMe": shared is None}
    return value | {
        "canEdit": rights[2],
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": rights[4],
        "isRemovable": rights[3],
        "owner": {"name": owner[0], "address": owner[1]},
    }


def find(call: Call, user: User, id: str) -> Calendar:
    """The calendar with this id in this mailbox. Raises Refusal."""
    calendar = mailbox_of(user).calendars.get(id)
    if calendar is not None and (not calendar.is_copy or shown(call, user, calendar)):
        return calendar
    if id.lower() in _ALIASES and call.switches.calendar_alias == "works":
        return mailbox_of(user).primary
    raise Refusal("ErrorItemNotFound" if _ID.match(id) else "ErrorInvalidIdMalformed")


def group_id(user: User) -> str:
    return "AQMkAD" + ids.calendar_id(user.oid, "My Calendars")[6:]


def list_groups(call: Call, user_key: str) -> Response:
    call.only("GET")
    user = call.mailbox_user(user_key, "list calendars")
    group = {
        "id": group_id(user),
        "name": "My Calendars",
        "changeKey": ids.change_key(user.oid, "My Calendars"),
        "classId": MY_CALENDARS,
    }
    return collection(call.context(f"users('{user.oid}')/calendarGroups"), [group])


def list_calendars(call: Call, user_key: str, group: str | None = None) -> Response:
    if call.method == "POST" and group is None:
        return create(call, user_key)
    call.only("GET", *(() if group else ("POST",)))
    user = call.mailbox_user(user_key, "list calendars")
    if group is not None and group != group_id(user):
        raise Refusal("ErrorItemNotFound" if _ID.match(group) else "ErrorInvalidIdMalformed")
    rows = [shown(call, user, calendar) for calendar in mailbox_of(user).calendars.values()]
    rows = [row for row in rows if row is not None]
    named = re.match(r"name\s+eq\s+'((?:[^']|'')*)'$", call.params.get("$filter", ""))
    if named:  # anything else is ignored, as Outlook does
        rows = [row for row in rows if row and row["name"] == named[1].replace("''", "'")]
    page, link = outlook_page(call, rows, size=call.switches.calendar_page_size)
    select = call.params.get("$select")
    path = f"calendarGroups('{key(group)}')/calendars" if group else "calendars"
    context = call.context(f"users('{user.oid}')/{path}")
    return collection(context, [chosen(row, select) for row in page if row], nextLink=link)


def create(call: Call, user_key: str) -> Response:
    user = call.mailbox_user(user_key, "write calendars")
    mailbox = mailbox_of(user)
    name = _name(call.body(), mailbox, None)
    id = ids.calendar_id(user.oid, name, call.state.version)
    calendar = Calendar(id, name, change_key=ids.change_key(id))
    calendar.permissions[ids.ORGANIZATION_ROW] = Permission(ids.ORGANIZATION_ROW, "none", "default", "My Organization")
    mailbox.calendars[id] = calendar
    call.changed()
    return entity(call.context(f"users('{user.oid}')/calendars/$entity"), shown(call, user, calendar) or {}, 201)


def one(call: Call, user_key: str, id: str | None) -> Response:
    """GET, PATCH (name) and DELETE of a calendar; without an id it is the primary one."""
    call.only("GET", "PATCH", *(("DELETE",) if id else ()))
    reads = call.method == "GET"
    user = call.mailbox_user(user_key, "read calendars" if reads else "write calendars", shared=reads)
    calendar = find(call, user, id) if id else mailbox_of(user).primary
    if call.caller.oid not in (None, user.oid):
        return shared_with_me(call, user, calendar)
    if call.method == "DELETE":
        return delete(call, user, calendar)
    if call.method == "PATCH":
        body = call.body()
        if "name" in body:
            calendar.name = _name(body, mailbox_of(user), calendar)
            calendar.change_key = ids.change_key(calendar.id, calendar.change_key)
            call.changed()
    # The article prints the user as it was asked for, and only here.
    context = f"users('{key(user_key)}')/calendars/$entity" if id else f"users('{user.oid}')/calendar/$entity"
    value = chosen(shown(call, user, calendar) or {}, call.params.get("$select"))
    return entity(call.context(context), value)


def shared_with_me(call: Call, owner: User, calendar: Calendar) -> Response:
    """A calendar in the owner's mailbox, as the person sees it with whom it was shared."""
    row = None if calendar.is_copy else reach.shared_row(call, calendar)
    if row is None:
        raise Refusal("ErrorAccessDenied")
    may_edit = row.role == "write" or row.role in DELEGATE_ROLES
    rights = (False, row.role == "delegateWithPrivateEventAccess", may_edit, False, calendar.is_default)
    value = _shown(call, calendar, rights, None, (owner.display_name, owner.mail or owner.upn))
    context = call.context(f"users('{owner.oid}')/calendars/$entity")
    return entity(context, chosen(value, call.params.get("$select")))


def delete(call: Call, user: User, calendar: Calendar) -> Response:
    """A sharee's copy leaves only the sharee's list; an own calendar goes for everyone."""
    if calendar.is_default:
        raise Refusal(call.switches.default_calendar_deleted)
    for row in calendar.permissions.values():
        drop_copy(call.tenant, row, calendar)
    del mailbox_of(user).calendars[calendar.id]
    call.changed()
    return Response(204)


def _name(body: dict[str, Any], mailbox: Mailbox, renamed: Calendar | None) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refusal("RequestBodyRead", message="The property 'name' needs a value of type 'Edm.String'.")
    others = (each for each in mailbox.calendars.values() if each is not renamed and not each.is_copy)
    if any(each.name.casefold() == name.casefold() for each in others):
        raise Refusal("ErrorFolderExists")
    return name
