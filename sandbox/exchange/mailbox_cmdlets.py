"""Exchange's commands about mailboxes: who has which sharing policy, and which calendars are published."""

from typing import Any

from sandbox import ids
from sandbox.exchange.cmdlet import Cmdlet
from sandbox.exchange.cmdlets import policy
from sandbox.exchange.rows import Published
from sandbox.exchange.run import Run
from sandbox.exchange.session import exchange_guid, folder_id
from sandbox.exchange.values import Choice, Guid, Object, Unknown, Wrong, text
from sandbox.rows import Calendar, User

Given = dict[str, Any]
Piped = list[Any] | None
MOST_UNASKED = 1000
DETAILS = ("AvailabilityOnly", "LimitedDetails", "FullDetails")
REACHES = ("OneDay", "ThreeDays", "OneWeek", "OneMonth", "ThreeMonths", "SixMonths", "OneYear")
PURPOSES = {"user": "UserMailbox", "room": "RoomMailbox", "equipment": "EquipmentMailbox", "shared": "SharedMailbox"}
# What Get-EXOMailbox gives unasked, and what it gives when it is asked for it.
USUAL = (
    "ExternalDirectoryObjectId", "UserPrincipalName", "Alias", "DisplayName", "Name", "Identity", "PrimarySmtpAddress",
    "ExchangeGuid", "RecipientType", "RecipientTypeDetails",
)  # fmt: skip
MORE = ("SharingPolicy",)


def shown(run: Run, user: User, properties: list[str]) -> Object:
    """A mailbox, with those members of MORE that are asked for."""
    assert user.mailbox is not None
    address, name, kind = user.mail or user.upn, user.display_name, PURPOSES[user.mailbox.purpose]
    alias, guid = user.upn.partition("@")[0], Guid(exchange_guid(user))
    values = (user.oid, user.upn, alias, name, name, name, address, guid, "UserMailbox", kind)
    members: dict[str, Any] = dict(zip(USUAL, values, strict=True))
    if "sharingpolicy" in properties:
        members["SharingPolicy"] = policy_name(run, user)
    return Object(members, name, is_closed=True)


def policy_name(run: Run, user: User) -> str | None:
    """The policy of this mailbox: its own one, or the default one."""
    chosen = run.session.exchange.assignments.get(user.oid)
    for each in run.session.exchange.policies:
        if each.guid == chosen or (chosen is None and each.is_default):
            return str(each.name)
    return None


def mailboxes(run: Run, given: Given, piped: Piped, properties: list[str]) -> list[Any]:
    most = text(given.get("resultsize", MOST_UNASKED))
    if given.get("identity"):
        return [shown(run, run.session.mailbox(given["identity"]), properties)]
    found = run.session.mailboxes()
    if most.lower() != "unlimited":
        if not most.isdecimal():
            raise Wrong(f'Cannot convert value "{most}" to a size of results.')
        if len(found) > int(most):
            run.result.warnings.append(f"There are more results than {most}. To see all, use -ResultSize Unlimited.")
        found = found[: int(most)]
    return [shown(run, user, properties) for user in found]


def exo_mailboxes(run: Run, given: Given, piped: Piped) -> list[Any]:
    asked = [each.lower() for each in given.get("properties", [])]
    if odd := [each for each in asked if each not in [name.lower() for name in (*USUAL, *MORE)]]:
        raise Unknown(f"the property {odd[0]} of a mailbox")
    return mailboxes(run, given, piped, asked)


def all_mailboxes(run: Run, given: Given, piped: Piped) -> list[Any]:
    return mailboxes(run, given, piped, ["sharingpolicy"])


def set_mailbox(run: Run, given: Given, piped: Piped) -> list[Any]:
    user = run.session.mailbox(given.get("identity", ""))
    chosen = policy(run.session, given.get("sharingpolicy", ""))
    if run.session.may(run, given, f'set the mailbox "{user.display_name}"'):
        run.session.exchange.assignments[user.oid] = chosen.guid
    return []


def statistics(run: Run, given: Given, piped: Piped) -> list[Any]:
    if given.get("folderscope", "").lower() != "calendar":
        raise Unknown("a FolderScope other than Calendar")
    user = run.session.mailbox(given.get("identity", ""))
    return [
        Object(
            {
                "Name": each.name,
                "FolderId": folder_id(each),
                "FolderType": "Calendar" if each.is_default else "User Created",
                "FolderPath": f"/{each.name}",
                "Identity": f"{user.upn}\\{each.name}",
            },
            each.name,
            is_closed=True,
        )
        for each in run.session.folders(user)
    ]


def calendar_folder(run: Run, given: Given, piped: Piped) -> list[Any]:
    """How a calendar is published; the two addresses are what must never leave a script."""
    identity = given.get("identity", "")
    user, calendar = run.session.folder(identity)
    published: Published | None = run.session.exchange.published.get(calendar.id)
    as_it_is = published or Published()
    link = f"https://outlook.office365.com/owa/calendar/{as_it_is.secret}@{run.session.tenant.domains[0]}"
    members = {
        "Identity": f"{user.upn}:\\{calendar.name}",
        "PublishEnabled": published is not None,
        "PublishDateRangeFrom": Choice(as_it_is.reach_from, REACHES.index(as_it_is.reach_from)),
        "PublishDateRangeTo": Choice(as_it_is.reach_to, REACHES.index(as_it_is.reach_to)),
        "DetailLevel": Choice(as_it_is.detail, DETAILS.index(as_it_is.detail)),
        "SearchableUrlEnabled": as_it_is.is_searchable,
        "PublishedCalendarUrl": f"{link}/calendar.html" if published else None,
        "PublishedICalUrl": f"{link}/calendar.ics" if published else None,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [Object(members, calendar.name, is_closed=True)]


def set_calendar_folder(run: Run, given: Given, piped: Piped) -> list[Any]:
    user, calendar = run.session.folder(given.get("identity", ""))
    published = run.session.exchange.published
    changed = changed_publishing(given, calendar, published.get(calendar.id), run.session.stamp())
    if run.session.may(run, given, f'set the calendar "{calendar.name}" of {user.upn}'):
        published.pop(calendar.id, None)
        if changed:
            published[calendar.id] = changed
    return []


def changed_publishing(given: Given, calendar: Calendar, before: Published | None, at: str) -> Published | None:
    if not given.get("publishenabled", before is not None):
        return None
    was = before or Published()
    secret = was.secret if was.secret and not given.get("reseturl") else ids.digest(calendar.id, at).hex()
    return Published(
        chosen(given, "DetailLevel", DETAILS, was.detail),
        given.get("searchableurlenabled", was.is_searchable),
        chosen(given, "PublishDateRangeFrom", REACHES, was.reach_from),
        chosen(given, "PublishDateRangeTo", REACHES, was.reach_to),
        secret,
    )


def chosen(given: Given, name: str, choices: tuple[str, ...], before: str) -> str:
    value = given.get(name.lower(), before)
    for each in choices:
        if each.lower() == value.lower():
            return each
    raise Wrong(f'Cannot convert value "{value}" to {name}. Possible values: {", ".join(choices)}.')


_ASKED = {"Confirm": "switch", "WhatIf": "switch"}
_LISTED = {"Identity": "text", "ResultSize": "text"}
_PUBLISHING = {
    "Identity": "text", "PublishEnabled": "bool", "DetailLevel": "text", "SearchableUrlEnabled": "bool",
    "PublishDateRangeFrom": "text", "PublishDateRangeTo": "text", "ResetUrl": "switch",
}  # fmt: skip
_FOLDERS = {"Identity": "text", "FolderScope": "text"}
COMMANDS = (
    Cmdlet("Get-EXOMailbox", exo_mailboxes, {**_LISTED, "Properties": "list"}, ("Identity",)),
    Cmdlet("Get-Mailbox", all_mailboxes, _LISTED, ("Identity",)),
    Cmdlet("Set-Mailbox", set_mailbox, {"Identity": "text", "SharingPolicy": "text", **_ASKED}, ("Identity",)),
    Cmdlet("Get-EXOMailboxFolderStatistics", statistics, _FOLDERS, ("Identity",)),
    Cmdlet("Get-MailboxFolderStatistics", statistics, _FOLDERS, ("Identity",)),
    Cmdlet("Get-MailboxCalendarFolder", calendar_folder, {"Identity": "text"}, ("Identity",)),
    Cmdlet("Set-MailboxCalendarFolder", set_calendar_folder, {**_PUBLISHING, **_ASKED}, ("Identity",)),
)
