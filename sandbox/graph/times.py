"""dateTimeTimeZone in and out, and what a Prefer header asks for."""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.graph.call import Call
from sandbox.graph.errors import Refusal
from sandbox.http import Response
from sandbox.zones import zone

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.\d{1,7})?(Z?)$")
_PREFERENCE = re.compile(r'([\w.]+)\s*=\s*"?([^";,]+)"?')


def time_in(value: Any) -> datetime:
    """The moment a dateTimeTimeZone means, in UTC. Raises Refusal."""
    if not isinstance(value, dict) or not isinstance(value.get("dateTime"), str):
        raise Refusal("RequestBodyRead", message="A dateTimeTimeZone with a dateTime was expected.")
    match = _DATE_TIME.match(value["dateTime"])
    try:
        at = datetime.fromisoformat(match[1]) if match else None
    except ValueError:
        at = None
    if match is None or at is None:
        message = f"Cannot convert the literal '{value['dateTime']}' to the expected type 'Edm.DateTime'."
        raise Refusal("RequestBodyRead", message=message)
    where = UTC if match[2] else known_zone(value.get("timeZone", "UTC"))
    return at.replace(tzinfo=where).astimezone(UTC)


def known_zone(name: Any) -> Any:
    """The time zone of this name. Raises Refusal in Outlook's words."""
    found = zone(name)
    if found is None:
        message = f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        raise Refusal("TimeZoneNotSupportedException", message=message)
    return found


def time_out(at: datetime, name: str) -> dict[str, str]:
    """A dateTimeTimeZone with seven digits after the second."""
    local = at.astimezone(known_zone(name))
    return {"dateTime": f"{local:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": name}


def preferences(call: Call) -> dict[str, str]:
    """What the Prefer header asks for, names in lower case."""
    return {name.lower(): value.strip() for name, value in _PREFERENCE.findall(call.request.headers.get("prefer", ""))}


def preferred_zone(call: Call) -> str:
    """The time zone answers are to be in, UTC where none is asked for. Raises Refusal."""
    name = preferences(call).get("outlook.timezone", "UTC")
    known_zone(name)
    return name


def wants_immutable_ids(call: Call) -> bool:
    return preferences(call).get("idtype") == "ImmutableId"


def applied(call: Call, response: Response) -> Response:
    """The answer, saying which of the preferences were heard."""
    asked = preferences(call)
    names = {"outlook.timezone": "outlook.timezone", "idtype": "IdType"}
    heard = [f'{name}="{asked[each]}"' for each, name in names.items() if each in asked]
    if heard:
        response.headers["Preference-Applied"] = ", ".join(heard)
    return response
