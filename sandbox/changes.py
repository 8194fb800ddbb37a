"""Out-of-band changes: what people do in Outlook and administrators in their centres, each with what takes it back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox import consent, ids, outlook
from sandbox.cast import PORTAL_APP
from sandbox.rows import (
    DELEGATE_ROLES,
    DELIVERY,
    DELIVERY_OPTIONS,
    MAILBOX_STATES,
    ROLES,
    Calendar,
    Group,
    Mailbox,
    Permission,
    Tenant,
    User,
    calendar_of,
    plain,
    user_of,
)
from sandbox.templates import EXCHANGE_PLANS, settings

Change = dict[str, Any]


def apply(tenants: dict[str, Tenant], change: Change) -> Change | None:
    """Make one change, {"do": …, "tenant": tid or domain (first tenant if absent), "mailbox": oid or UPN, …}.

    Gives the change that takes it back, or None where nothing does. Raises ValueError before anything is changed.
    """
    act = ACTS.get(str(change.get("do")))
    if act is None:
        raise ValueError(f"“do” is one of {', '.join(ACTS)}; not {change.get('do')!r}.")
    tenant = find_tenant(tenants, change.get("tenant"))
    try:
        back = act(tenant, change)
    except KeyError as missing:
        raise ValueError(f"“{change['do']}” needs {missing}.") from None
    return None if back is None else {"tenant": tenant.tid, **back}


def find_tenant(tenants: dict[str, Tenant], key: str | None) -> Tenant:
    for tenant in tenants.values():
        if key is None or key == tenant.tid or key in tenant.domains:
            return tenant
    raise ValueError(f"There is no tenant {key!r}.")


def find_user(tenant: Tenant, change: Change) -> User:
    user = tenant.user(change["mailbox"])
    if user is None:
        raise ValueError(f"There is no user {change['mailbox']!r} in {tenant.name}.")
    return user


def find_mailbox(tenant: Tenant, change: Change) -> Mailbox:
    mailbox = find_user(tenant, change).mailbox
    if mailbox is None:
        raise ValueError(f"{change['mailbox']!r} has no mailbox.")
    return mailbox


def find_calendar(tenant: Tenant, change: Change) -> Calendar:
    """By id or name; the primary calendar where the change names none."""
    mailbox, wanted = find_mailbox(tenant, change), change.get("calendar")
    if wanted is None:
        return mailbox.primary
    for calendar in mailbox.calendars.values():
        if not calendar.is_copy and wanted in (calendar.id, calendar.name):
            return calendar
    raise ValueError(f"There is no calendar {wanted!r} in this mailbox.")


def find_row(calendar: Calendar, who: str) -> Permission:
    for row in calendar.permissions.values():
        if (row.address or row.kind).lower() == who.lower() or row.id == who:
            return row
    raise ValueError(f"{calendar.name!r} is not shared with {who!r}.")


def known_role(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"A role is one of {', '.join(ROLES)}; not {role!r}.")
    return role


def row_for(tenant: Tenant, address: str, role: str, name: str | None = None) -> Permission:
    """The row that sharing with this address makes: a guest or an unknown address is somebody outside."""
    holder = tenant.holder(address)
    if isinstance(holder, Group):
        return Permission(holder.holder_id, role, "group", holder.name, holder.mail, holder.oid)
    if isinstance(holder, User) and holder.user_type != "Guest":
        return Permission(holder.holder_id, role, "user", holder.display_name, holder.mail or holder.upn, holder.oid)
    return Permission(ids.outside_id(address), role, "outside", name or address, address)


def organization_row(role: str) -> Permission:
    return Permission(ids.ORGANIZATION_ROW, role, "default", "My Organization")


def copy_for(owner: User, calendar: Calendar, sharee: User) -> Calendar:
    """The entry in the sharee's own list: the owner's display name for a primary calendar, else the calendar's name."""
    name = owner.display_name if calendar.is_default else calendar.name
    id = ids.calendar_id("copy", calendar.id, sharee.oid)
    key = ids.change_key("copy", calendar.id, sharee.oid)
    return Calendar(id, name, change_key=key, original=(owner.oid, calendar.id))


def find_copy(tenant: Tenant, holder: str | None, calendar: Calendar) -> Calendar | None:
    sharee = tenant.users.get(holder or "") or tenant.deleted.get(holder or "")
    if sharee is None or sharee.mailbox is None:
        return None
    calendars = sharee.mailbox.calendars.values()
    return next((each for each in calendars if each.original and each.original[1] == calendar.id), None)


def mind_rule(mailbox: Mailbox, calendar: Calendar, row: Permission, *, gone: bool = False) -> None:
    """Keep Exchange's meeting-message rule in step with a row, where the calendar is the primary one."""
    wanted = row.role in DELEGATE_ROLES and not gone
    if calendar.is_default and row.holder and wanted != (row.holder in mailbox.rule):
        mailbox.rule = sorted({*mailbox.rule, row.holder} if wanted else {*mailbox.rule} - {row.holder})


def role(tenant: Tenant, change: Change) -> Change:
    calendar = find_calendar(tenant, change)
    row = find_row(calendar, change["who"])
    old, row.role = row.role, known_role(change["role"])
    mind_rule(find_mailbox(tenant, change), calendar, row)
    return {**change, "role": old}


def share(tenant: Tenant, change: Change) -> Change:
    """Also {"accepted": false} for an invitation nobody took up: then there is no copy in the sharee's list."""
    owner, calendar = find_user(tenant, change), find_calendar(tenant, change)
    row = row_for(tenant, change["who"], known_role(change["role"]), change.get("name"))
    if "row" in change:
        row = Permission(**change["row"])
    if row.id in calendar.permissions:
        raise ValueError(f"{calendar.name!r} is already shared with {change['who']!r}.")
    calendar.permissions[row.id] = row
    mind_rule(find_mailbox(tenant, change), calendar, row)
    sharee = tenant.users.get(row.holder or "")
    if sharee and sharee.mailbox and change.get("accepted", True):
        copy = calendar_of(change["copy"]) if "copy" in change else copy_for(owner, calendar, sharee)
        sharee.mailbox.calendars[copy.id] = copy
    kept = {key: change[key] for key in ("mailbox", "calendar", "who") if key in change}
    return {"do": "unshare", **kept}


def unshare(tenant: Tenant, change: Change) -> Change:
    calendar = find_calendar(tenant, change)
    row = find_row(calendar, change["who"])
    if row.kind == "default":
        raise ValueError("My Organization cannot be taken off the list.")
    del calendar.permissions[row.id]
    mind_rule(find_mailbox(tenant, change), calendar, row, gone=True)
    back = {**change, "do": "share", "role": row.role, "row": plain(row)}
    copy = drop_copy(tenant, row, calendar)
    return {**back, "copy": plain(copy)} if copy else {**back, "accepted": False}


def drop_copy(tenant: Tenant, row: Permission, calendar: Calendar) -> Calendar | None:
    """Take the calendar out of the sharee's list, where it stands there."""
    copy = find_copy(tenant, row.holder, calendar)
    sharee = tenant.users.get(row.holder or "") or tenant.deleted.get(row.holder or "")
    if copy and sharee and sharee.mailbox:
        del sharee.mailbox.calendars[copy.id]
    return copy


def delivery(tenant: Tenant, change: Change) -> Change:
    mailbox = find_mailbox(tenant, change)
    if change["option"] not in DELIVERY_OPTIONS:
        raise ValueError(f"“option” is one of {', '.join(DELIVERY_OPTIONS)}.")
    old, mailbox.settings[DELIVERY] = mailbox.settings[DELIVERY], change["option"]
    return {**change, "option": old}


def settings_change(tenant: Tenant, change: Change) -> Change:
    mailbox = find_mailbox(tenant, change)
    wanted = {key: value for key, value in change.items() if key in mailbox.settings}
    kept = {key: mailbox.settings[key] for key in wanted}
    mailbox.settings |= wanted
    return {**change, **kept}


def rename_calendar(tenant: Tenant, change: Change) -> Change:
    calendar = find_calendar(tenant, change)
    back = {**change, "calendar": calendar.id, "name": calendar.name, "change_key": calendar.change_key}
    calendar.name = change["name"]
    calendar.change_key = change.get("change_key") or ids.change_key(calendar.id, calendar.change_key)
    return back


def add_calendar(tenant: Tenant, change: Change) -> Change:
    """{"name"}; `content` and `copies` bring back a calendar that was deleted."""
    mailbox = find_mailbox(tenant, change)
    if "content" in change:
        calendar = calendar_of(change["content"])
    else:
        id = change.get("id") or ids.calendar_id(change["mailbox"], change["name"], len(mailbox.calendars))
        calendar = Calendar(id, change["name"], change_key=ids.change_key(id))
        calendar.permissions[ids.ORGANIZATION_ROW] = organization_row("none")
    if calendar.id in mailbox.calendars:
        raise ValueError(f"There is a calendar {calendar.name!r} with this id already.")
    mailbox.calendars[calendar.id] = calendar
    for oid, copy in change.get("copies", {}).items():
        sharee = tenant.users[oid].mailbox
        if sharee is not None:
            sharee.calendars[copy["id"]] = calendar_of(copy)
    return {"do": "delete_calendar", "mailbox": change["mailbox"], "calendar": calendar.id}


def delete_calendar(tenant: Tenant, change: Change) -> Change:
    mailbox, calendar = find_mailbox(tenant, change), find_calendar(tenant, change)
    if calendar.is_default:
        raise ValueError("The default calendar cannot be deleted.")
    back = {
        "do": "add_calendar",
        "mailbox": change["mailbox"],
        "name": calendar.name,
        "content": plain(calendar),
    }
    copies = {row.holder: drop_copy(tenant, row, calendar) for row in calendar.permissions.values()}
    del mailbox.calendars[calendar.id]
    return {**back, "copies": {oid: plain(copy) for oid, copy in copies.items() if oid and copy}}


def mailbox_state(tenant: Tenant, change: Change) -> Change | None:
    """soft_deleted and gone_for_good are states of the user; any other state brings a soft-deleted user back."""
    wanted = change["state"]
    if wanted not in MAILBOX_STATES:
        raise ValueError(f"“state” is one of {', '.join(MAILBOX_STATES)}.")
    if wanted == "soft_deleted":
        return delete_user(tenant, {**change, "do": "delete_user"})
    if wanted == "gone_for_good":
        return purge_user(tenant, {**change, "do": "purge_user"})
    deletion = restore_user(tenant, change) if tenant.user(change["mailbox"]) is None else None
    user = find_user(tenant, change)
    old, user.mailbox_state = user.mailbox_state, wanted
    tenant.touched(user.oid)
    return deletion or {**change, "state": old}


def enabled(value: bool) -> Callable[[Tenant, Change], Change]:
    def act(tenant: Tenant, change: Change) -> Change:
        user = find_user(tenant, change)
        old, user.account_enabled = user.account_enabled, value
        tenant.touched(user.oid)
        return {**change, "do": "enable_user" if old else "disable_user"}

    return act


def delete_user(tenant: Tenant, change: Change) -> Change:
    """Soft: the user can be restored. `at` is when; now if absent."""
    user = find_user(tenant, change)
    user.deleted_at = change.get("at") or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tenant.deleted[user.oid] = tenant.users.pop(user.oid)
    tenant.unindex(user)
    tenant.touched(user.oid)
    return {"do": "restore_user", "mailbox": user.oid}


def find_deleted(tenant: Tenant, change: Change) -> User:
    for user in tenant.deleted.values():
        if change["mailbox"].lower() in (user.oid.lower(), user.upn.lower()):
            return user
    raise ValueError(f"There is no deleted user {change['mailbox']!r}.")


def restore_user(tenant: Tenant, change: Change) -> Change:
    user = tenant.add(tenant.deleted.pop(find_deleted(tenant, change).oid))
    at, user.deleted_at = user.deleted_at, None
    tenant.touched(user.oid)
    return {"do": "delete_user", "mailbox": user.oid, "at": at}


def purge_user(tenant: Tenant, change: Change) -> Change | None:
    """Gone for good, whether deleted before or not; rows the user held on calendars of others stay, orphaned."""
    user = tenant.user(change["mailbox"])
    if user is None:
        oid = find_deleted(tenant, change).oid
        del tenant.deleted[oid]
        tenant.touched(oid)
        return None
    del tenant.users[user.oid]
    tenant.unindex(user)
    tenant.touched(user.oid)
    return {"do": "add_user", "content": plain(user)}


def add_user(tenant: Tenant, change: Change) -> Change:
    """{"name", "address", "job_title", "department", "user_type", "oid"}; the last four may be absent."""
    if "content" in change:
        user = user_of(change["content"])
    else:
        user = new_user(change["name"], change["address"], oid=change.get("oid"))
        user.job_title, user.department = change.get("job_title"), change.get("department")
        if change.get("user_type", "Member") == "Guest":
            user.user_type, user.mailbox, user.assigned_plans = "Guest", None, []
    if user.oid in tenant.users or tenant.user(user.upn):
        raise ValueError(f"{user.upn!r} exists already.")
    tenant.add(user)
    tenant.touched(user.oid)
    return {"do": "purge_user", "mailbox": user.oid}


def new_user(name: str, address: str, *, oid: str | None = None, organization_role: str = "freeBusyRead") -> User:
    """A licensed user with an ordinary mailbox: one calendar, shared with My Organization."""
    oid = oid or ids.object_id(address.lower())
    id = ids.calendar_id(oid, "primary")
    primary = Calendar(id, "Calendar", is_default=True, change_key=ids.change_key(id))
    primary.permissions[ids.ORGANIZATION_ROW] = organization_row(organization_role)
    return User(
        oid,
        address,
        name,
        address,
        [f"SMTP:{address}"],
        assigned_plans=EXCHANGE_PLANS,
        holder_id=ids.holder_id(address.split("@")[0].lower()),
        mailbox=Mailbox({id: primary}, settings()),
    )


def rename_user(tenant: Tenant, change: Change) -> Change:
    """{"name", "upn", "mail"}, each may be absent; a former address stays as an alias."""
    user = find_user(tenant, change)
    back = {
        "do": "rename_user",
        "mailbox": user.oid,
        "name": user.display_name,
        "upn": user.upn,
        "mail": user.mail,
        "proxy_addresses": list(user.proxy_addresses),
    }
    taken = next((tenant.user(change[key]) for key in ("upn", "mail") if change.get(key)), None)
    if taken not in (None, user):
        raise ValueError(f"{taken.upn!r} exists already.")
    user.display_name = change.get("name", user.display_name)
    user.upn, user.mail = change.get("upn", user.upn), change.get("mail", user.mail)
    aliases = [f"smtp:{address[5:]}" for address in user.proxy_addresses if address[5:] != user.mail]
    user.proxy_addresses = change.get("proxy_addresses", [f"SMTP:{user.mail}", *aliases])
    tenant.unindex(user)
    tenant.index(user)
    tenant.touched(user.oid)
    for owner in (*tenant.users.values(), *tenant.deleted.values()):
        for calendar in owner.mailbox.calendars.values() if owner.mailbox else ():
            for row in calendar.permissions.values():
                if row.holder == user.oid:
                    row.name, row.address = user.display_name, user.mail or user.upn
    return back


def grant(tenant: Tenant, change: Change) -> Change:
    """One app role for an app (the portal's if “client_id” is absent), without asking anybody."""
    roles = consent.principal(tenant, change.get("client_id", PORTAL_APP)).roles
    roles[change["role"]] = change.get("at") or "2025-01-15T09:00:00Z"
    return {**change, "do": "revoke"}


def revoke(tenant: Tenant, change: Change) -> Change:
    found = tenant.principals.get(change.get("client_id", PORTAL_APP))
    at = found.roles.pop(change["role"], None) if found else None
    return {**change, "do": "grant", "at": at}


ACTS: dict[str, Callable[[Tenant, Change], Change | None]] = {
    "role": role,
    "share": share,
    "unshare": unshare,
    "delivery": delivery,
    "settings": settings_change,
    "rename_calendar": rename_calendar,
    "add_calendar": add_calendar,
    "delete_calendar": delete_calendar,
    "mailbox_state": mailbox_state,
    "disable_user": enabled(False),
    "enable_user": enabled(True),
    "delete_user": delete_user,
    "purge_user": purge_user,
    "restore_user": restore_user,
    "add_user": add_user,
    "rename_user": rename_user,
    "grant": grant,
    "revoke": revoke,
    **outlook.ACTS,
}
