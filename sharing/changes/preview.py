"""What a change would send, before it is sent: the Graph call, and PowerShell that would do the same."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from sharing import graph
from sharing.models import BatchItem, Calendar, CalendarPermission, Change, ChangeBatch, Mailbox, Role
from sharing.words.powershell import ValueRefused, literal

from .undo import role_again

# Exchange's rights for each role; flags exist with Editor only. features.md, Appendix A.
RIGHTS = {
    Role.NONE: "None",
    Role.FREE_BUSY_READ: "AvailabilityOnly",
    Role.LIMITED_READ: "LimitedDetails",
    Role.READ: "Reviewer",
    Role.WRITE: "Editor -SharingPermissionFlags None",
    Role.DELEGATE: "Editor -SharingPermissionFlags Delegate",
    Role.PRIVATE_DELEGATE: "Editor -SharingPermissionFlags Delegate,CanViewPrivateItems",
}
P = ParamSpec("P")
NO_CMDLET, NO_ADDRESS, UNQUOTABLE, CUSTOM = "no_cmdlet", "no_address", "unquotable", "custom"


@dataclass(frozen=True, slots=True)
class Preview:
    """One change as others would write it; where there is no `powershell`, `cause` says why (a word of this file's).

    `path` is below Graph's version root, `body` is JSON or empty.
    """

    method: str
    path: str
    body: str
    powershell: str
    cause: str = ""


def _none_for_no_id(write: Callable[P, Preview | None]) -> Callable[P, Preview | None]:
    """An id that we hold and that is none of Graph's is written into no call: the change would be refused, too."""

    @wraps(write)
    def written(*args: P.args, **kwargs: P.kwargs) -> Preview | None:
        try:
            return write(*args, **kwargs)
        except graph.IdRefused:
            return None

    return written


@_none_for_no_id
def preview_role(permission: CalendarPermission, role: str) -> Preview | None:
    """Another role for one holder."""
    script, cause = _script("Set", permission.calendar, _holder(permission), role)
    return Preview("PATCH", _entry(permission), _json({"role": role}), script, cause)


@_none_for_no_id
def preview_removal(permission: CalendarPermission) -> Preview | None:
    """The end of one holder's access."""
    script, cause = _script("Remove", permission.calendar, _holder(permission))
    return Preview("DELETE", _entry(permission), "", script, cause)


@_none_for_no_id
def preview_create(calendar: Calendar, *, address: str, name: str, role: str) -> Preview | None:
    """Access for somebody who has none; Exchange invites them."""
    body = {"emailAddress": {"address": address, "name": name}, "role": role}
    script, cause = _script("Add", calendar, address, role)
    path = graph.permissions_path(_oid(calendar.mailbox), _graph_id(calendar))
    return Preview("POST", path, _json(body), script, cause)


@_none_for_no_id
def preview_delivery(mailbox: Mailbox, option: str) -> Preview | None:
    """Another recipient of meeting requests; Exchange has no cmdlet for it."""
    body = _json({"delegateMeetingMessageDeliveryOptions": option})
    return Preview("PATCH", graph.settings_path(_oid(mailbox)), body, "", NO_CMDLET)


def preview_of(change: Change) -> Preview | None:
    """The same of a change that was asked for; None where it is about a sharee's own copy."""
    if change.kind == Change.DELIVERY:
        return preview_delivery(change.mailbox, change.after)
    if change.kind == Change.CREATE and change.calendar:
        return preview_create(change.calendar, address=change.address, name=change.name, role=change.after)
    if change.kind == Change.ROLE and change.permission:
        return preview_role(change.permission, change.after)
    if change.kind == Change.REMOVE and change.permission:
        return preview_removal(change.permission)
    return None


def preview_undo(change: Change) -> Preview | None:
    """What taking `change` back would send; None where that is about a sharee's own copy, or cannot be."""
    if change.calendar:
        change.calendar.mailbox = change.mailbox
    if change.permission and change.calendar:
        change.permission.calendar = change.calendar
    if change.kind == Change.DELIVERY:
        return preview_delivery(change.mailbox, change.before)
    if change.kind == Change.REMOVE and change.calendar:
        role = role_again(change)
        return preview_create(change.calendar, address=change.address, name=change.name, role=role) if role else None
    if change.permission is None:
        return None
    if change.kind == Change.CREATE:
        return preview_removal(change.permission)
    return preview_role(change.permission, change.before) if change.kind == Change.ROLE else None


def preview_item(item: BatchItem) -> Preview | None:
    """The same of one line of a list; None where it gives access anew or only sets a day."""
    if item.permission is None or item.batch.kind == ChangeBatch.END_DATE:
        return None
    return preview_role(item.permission, item.after) if item.after else preview_removal(item.permission)


def _script(verb: str, calendar: Calendar, holder: str, role: str = "") -> tuple[str, str]:
    """PowerShell: the folder by its type, because its name is in the mailbox's language; then the change."""
    if not holder or not calendar.mailbox.person.address:
        return "", NO_ADDRESS
    if role and role not in RIGHTS:
        return "", CUSTOM
    rights = f" -AccessRights {RIGHTS[Role(role)]}" if role else ""
    rights += " -SendNotificationToUser $true" if verb == "Add" else ""
    try:
        owner, user = literal(calendar.mailbox.person.address), literal(holder)
        which = "FolderType -eq 'Calendar'" if calendar.is_default else f"Name -eq {literal(calendar.name)}"
    except ValueRefused:
        return "", UNQUOTABLE
    return (
        f"$Folder = @(Get-MailboxFolderStatistics -Identity {owner} -FolderScope Calendar | Where-Object {which})\n"
        "if ($Folder.Count -ne 1) { throw 'There is not exactly one such calendar.' }\n"
        f"{verb}-MailboxFolderPermission -Identity ({owner} + ':' + $Folder[0].FolderId) -User {user}{rights}\n"
    ), ""


def _holder(permission: CalendarPermission) -> str:
    return "Default" if permission.is_organization else permission.address


def _entry(permission: CalendarPermission) -> str:
    calendar = permission.calendar
    return graph.permission_path(_oid(calendar.mailbox), _graph_id(calendar), permission.graph_id)


def _graph_id(calendar: Calendar) -> str | None:
    return None if calendar.is_default else calendar.graph_id


def _oid(mailbox: Mailbox) -> str:
    return str(mailbox.person.oid)


def _json(body: Mapping[str, object]) -> str:
    return json.dumps(body, ensure_ascii=False)
