"""mailboxSettings: whole, one property, and PATCH."""

import re
from datetime import time
from typing import Any

from sandbox.graph.call import Call, chosen, entity
from sandbox.graph.errors import Refusal
from sandbox.http import Response
from sandbox.rows import DELIVERY, DELIVERY_OPTIONS, Mailbox, User
from sandbox.templates import LANGUAGES, WEEK
from sandbox.zones import ZONES

_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?$")
_STATUSES = ("disabled", "alwaysEnabled", "scheduled")
_AUDIENCES = ("none", "contactsOnly", "all")


def whole(call: Call, user: User) -> dict[str, Any]:
    """All settings; userPurpose on v1.0 only, in the shape the switch says."""
    assert user.mailbox is not None
    value = dict(user.mailbox.settings)
    if not call.beta and call.switches.user_purpose != "absent":
        purpose = user.mailbox.purpose
        value["userPurpose"] = {"value": purpose} if call.switches.user_purpose == "object" else purpose
    return value


def answer(call: Call, key: str, prop: str | None) -> Response:
    """`prop` is the single property a path names, in any case."""
    call.only(*(("GET",) if prop else ("GET", "PATCH")))
    user = call.mailbox_user(key, "read settings" if call.method == "GET" else "write settings")
    mailbox = user.mailbox
    assert mailbox is not None
    where = call.context(f"users('{user.oid}')/mailboxSettings")
    if call.method == "PATCH":
        return entity(where, patch(call, mailbox))
    if prop is None:
        return entity(where, chosen(whole(call, user), call.params.get("$select")))
    names = {name.lower(): name for name in (*mailbox.settings, "userPurpose")}
    name = names.get(prop.lower())
    if name is None:
        raise Refusal("BadRequest", prop)
    value = mailbox.purpose if name == "userPurpose" else mailbox.settings[name]
    return entity(f"{where}/{name}", value if isinstance(value, dict) else {"value": value})


def patch(call: Call, mailbox: Mailbox) -> dict[str, Any]:
    """Only what was changed comes back; archiveFolder and userPurpose are read-only and ignored."""
    body = call.body()
    checked = {name: CHECKS[name](value, mailbox) for name, value in body.items() if name in CHECKS}
    unknown = next((name for name in body if name not in (*CHECKS, "archiveFolder", "userPurpose")), None)
    if unknown is not None and not unknown.startswith("@"):
        message = f"The property '{unknown}' does not exist on type 'microsoft.graph.mailboxSettings'."
        raise Refusal("RequestBodyRead", message=message)
    mailbox.settings |= checked
    call.changed()
    return checked


def _not_found(value: Any, code: str = "RequestBodyRead") -> Refusal:
    return Refusal(code, status=400, message=f"Requested value '{value}' was not found.")


def _delivery(value: Any, mailbox: Mailbox) -> Any:
    if value not in DELIVERY_OPTIONS:
        raise _not_found(value)
    return value


def _text(value: Any, mailbox: Mailbox) -> Any:
    if not isinstance(value, str):
        raise Refusal("RequestBodyRead", message="Cannot convert the literal to the expected type 'Edm.String'.")
    return value


def _zone(value: Any, mailbox: Mailbox) -> Any:
    if value not in ZONES:
        raise Refusal("InvalidTimeZone")
    return value


def _language(value: Any, mailbox: Mailbox) -> Any:
    locale = value.get("locale") if isinstance(value, dict) else None
    if locale not in LANGUAGES:
        raise _not_found(locale, "InvalidArguments")
    return {"locale": locale, "displayName": LANGUAGES[locale][0]}


def _replies(value: Any, mailbox: Mailbox) -> Any:
    if not isinstance(value, dict):
        raise Refusal("RequestBodyRead", message="A 'StartObject' was expected.")
    for member, words in (("status", _STATUSES), ("externalAudience", _AUDIENCES)):
        if value.get(member, words[0]) not in words:
            raise _not_found(value[member])
    return {**mailbox.settings["automaticRepliesSetting"], **value}


def _hours(value: Any, mailbox: Mailbox) -> Any:
    if not isinstance(value, dict):
        raise Refusal("RequestBodyRead", message="A 'StartObject' was expected.")
    hours = {**mailbox.settings["workingHours"], **value}
    for literal in (hours["startTime"], hours["endTime"]):
        if not (isinstance(literal, str) and _TIME.match(literal)):
            message = f"Cannot convert the literal '{literal}' to the expected type 'Edm.TimeOfDay'."
            raise Refusal("RequestBodyRead", message=message)
    if time.fromisoformat(hours["startTime"][:8]) >= time.fromisoformat(hours["endTime"][:8]):
        raise Refusal("ErrorInvalidTimeSettings")
    for day in hours["daysOfWeek"]:
        if day not in (*WEEK, "saturday", "sunday"):
            raise _not_found(day, "InvalidArguments")
    if hours["timeZone"].get("name") not in ZONES:
        raise Refusal("InvalidTimeZone")
    return hours


CHECKS: dict[str, Any] = {
    DELIVERY: _delivery,
    "timeZone": _zone,
    "dateFormat": _text,
    "timeFormat": _text,
    "language": _language,
    "automaticRepliesSetting": _replies,
    "workingHours": _hours,
}
