"""A tenant of any size, the same on every run, as Graph would print it: JSON texts by path."""

import base64
import json
from collections.abc import Iterator
from typing import Any

ORGANIZATION_ID = "RGVmYXVsdA=="
DOMAIN = "bench.example"
PERMISSIONS = 5  # on each calendar; one of them is the organisation's row
USERS_A_PAGE = 200
_SELECT = "$select=id,name,isDefaultCalendar,canShare,canEdit,canViewPrivateItems,owner,isRemovable"
_FIRST = "Ada Bea Carlo Dina Emil Farah Gita Hugo Ines Jonas Kim Lena Milo Nora Oskar Pia Rosa Sven Tara".split()
_LAST = "Abel Brandt Costa Dahl Fuchs Garcia Haas Ito Jansen Kowalski Lund Moreau Novak Olsen Petrov Rossi".split()
_ROLES = ("freeBusyRead", "limitedRead", "read", "write")
_DELEGATE = ("delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess")


def oid(mailbox: int) -> str:
    return f"{mailbox:08x}-0000-4000-8000-{mailbox:012x}"


def name(mailbox: int) -> str:
    return f"{_FIRST[mailbox % len(_FIRST)]} {_LAST[mailbox // len(_FIRST) % len(_LAST)]}"


def address(mailbox: int) -> str:
    return f"{name(mailbox).replace(' ', '.')}{mailbox}@{DOMAIN}"


def calendar_id(mailbox: int, calendar: int) -> str:
    """As long as Outlook's, and of the same letters."""
    return base64.urlsafe_b64encode(f"calendar {calendar} of mailbox {mailbox}".encode().ljust(89, b".")).decode()


class World:
    """`mailboxes` mailboxes with `calendars` own calendars each.

    Its sub-requests per mailbox: the calendars, the permissions of the primary one, the settings, and the permissions
    of every further calendar.
    """

    def __init__(self, mailboxes: int, calendars: int = 3) -> None:
        self.mailboxes = mailboxes
        self.calendars = calendars
        self._changed = 0
        self._flipped: set[int] = set()

    def paths(self, mailbox: int) -> list[str]:
        """What must be asked to know everything about one mailbox, as paths below the version root."""
        user = f"/users/{oid(mailbox)}"
        named = [f"{user}/calendars/{_quoted(calendar_id(mailbox, c))}" for c in range(1, self.calendars)]
        return [
            f"{user}/calendars?$top=100&{_SELECT}",
            f"{user}/calendar/calendarPermissions",
            f"{user}/mailboxSettings",
            *(f"{path}/calendarPermissions" for path in named),
        ]

    def bodies(self, mailbox: int) -> dict[str, Any]:
        """The answers to `paths`."""
        calendars, primary, settings, *named = self.paths(mailbox)
        listed = {
            calendars: _list([self._calendar(mailbox, c) for c in range(self.calendars)]),
            primary: self._permissions(mailbox, 0),
            settings: _settings(mailbox),
        }
        return listed | {path: self._permissions(mailbox, c) for c, path in enumerate(named, 1)}

    def change(self, percent: float) -> list[int]:
        """Another role for one person on one calendar, in as many mailboxes; never the same ones twice in a row."""
        count = max(1, round(self.mailboxes * percent / 100))
        changed = [(self._changed + n) % self.mailboxes for n in range(count)]
        self._changed += count
        self._flipped ^= set(changed)
        return changed

    def users(self) -> Iterator[list[dict[str, Any]]]:
        """The directory, page by page."""
        for start in range(0, self.mailboxes, USERS_A_PAGE):
            yield [_user(n) for n in range(start, min(start + USERS_A_PAGE, self.mailboxes))]

    def _calendar(self, mailbox: int, calendar: int) -> dict[str, Any]:
        return {
            "id": calendar_id(mailbox, calendar), "name": ("Calendar", "Team", "Projects")[min(calendar, 2)],
            "isDefaultCalendar": calendar == 0, "canShare": True, "canViewPrivateItems": True, "canEdit": True,
            "isRemovable": calendar > 0, "owner": {"name": name(mailbox), "address": address(mailbox)},
        }  # fmt: skip

    def _permissions(self, mailbox: int, calendar: int) -> dict[str, Any]:
        rows = [
            {
                "id": ORGANIZATION_ID, "isRemovable": False, "isInsideOrganization": True, "role": "freeBusyRead",
                "allowedRoles": ["none", *_ROLES], "emailAddress": {"name": "My Organization"},
            }
        ]  # fmt: skip
        rows += [self._permission(mailbox, calendar, n) for n in range(1, PERMISSIONS)]
        return _list(rows)

    def _permission(self, mailbox: int, calendar: int, n: int) -> dict[str, Any]:
        holder = (mailbox * 7 + calendar * 131 + n * 29 + 1) % self.mailboxes
        is_outside = n == PERMISSIONS - 1 and (mailbox + calendar) % 25 == 0
        role = _ROLES[(mailbox + calendar + n) % 4]
        if n == 1 and calendar == 0 and mailbox % 10 == 0:
            role = _DELEGATE[mailbox // 10 % 2]
        if n == 2 and calendar == self.calendars - 1 and mailbox in self._flipped:
            role = "write" if role == "read" else "read"
        held = f"partner{holder}@tailspin.example" if is_outside else address(holder)
        text = f"/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn={holder:032x}{n}"
        return {
            "id": base64.urlsafe_b64encode(text.encode()).decode(),
            "isRemovable": True, "isInsideOrganization": not is_outside, "role": role,
            "allowedRoles": [*_ROLES[:2], *([] if is_outside else [*_ROLES[2:], *_DELEGATE])],
            "emailAddress": {"name": f"Partner {holder}" if is_outside else name(holder), "address": held},
        }  # fmt: skip


def text(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _quoted(graph_id: str) -> str:
    return graph_id.replace("=", "%3D")


def _list(value: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Collection(bench)", "value": value}


def _settings(mailbox: int) -> dict[str, Any]:
    zone = ("Pacific Standard Time", "W. Europe Standard Time", "Tokyo Standard Time")[mailbox % 3]
    return {
        "@odata.context": f"https://graph.microsoft.com/v1.0/$metadata#users('{oid(mailbox)}')/mailboxSettings",
        "archiveFolder": calendar_id(mailbox, 9), "timeZone": zone,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly", "dateFormat": "M/d/yyyy",
        "timeFormat": "h:mm tt", "userPurpose": "user",
        "automaticRepliesSetting": {
            "status": "disabled", "externalAudience": "all", "internalReplyMessage": "", "externalReplyMessage": "",
            "scheduledStartDateTime": {"dateTime": "2026-11-20T05:00:00.0000000", "timeZone": "UTC"},
            "scheduledEndDateTime": {"dateTime": "2026-11-21T05:00:00.0000000", "timeZone": "UTC"},
        },
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "timeZone": {"name": zone},
            "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
        },
    }  # fmt: skip


def _user(mailbox: int) -> dict[str, Any]:
    mail = address(mailbox)
    return {
        "id": oid(mailbox), "displayName": name(mailbox), "mail": mail, "userPrincipalName": mail,
        "proxyAddresses": [f"SMTP:{mail}", f"smtp:u{mailbox}@{DOMAIN}"], "userType": "Member",
        "accountEnabled": mailbox % 50 != 0, "jobTitle": "Analyst", "department": "Operations",
        "assignedPlans": [{
            "assignedDateTime": "2021-03-01T08:00:00Z", "capabilityStatus": "Enabled", "service": "exchange",
            "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
        }],
        "createdDateTime": "2021-03-01T08:00:00Z",
    }  # fmt: skip
