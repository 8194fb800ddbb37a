"""Pages: `$top` and `$skip` for Outlook, `$skiptoken` for the directory."""

import base64
import binascii
import json
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from sandbox.graph.call import Call, number
from sandbox.graph.errors import Refusal
from sandbox.rows import Contact, Group, User

Row = TypeVar("Row")
Object = TypeVar("Object", bound=User | Group | Contact)


def outlook_page(call: Call, rows: list[Row], *, size: int, most: int = 1000) -> tuple[list[Row], str | None]:
    """One page of an Outlook collection and the link to the next; a size of 0 means everything at once."""
    top = number(call.params["$top"], "$top", 1, most) if "$top" in call.params else size or len(rows)
    skip = number(call.params.get("$skip", "0"), "$skip", 0, 10**9)
    rest = rows[skip : skip + top]
    if skip + top >= len(rows) or not rest:
        return rest, None
    options = {name: value for name, value in call.params.items() if name != "$skip"}
    path = "/".join(quote(segment, safe="$@()='") for segment in call.path)
    return rest, f"{call.root}/{path}?{urlencode({**options, '$skip': skip + top}, safe='$')}"


def directory_page(call: Call, rows: list[Object], name: str) -> tuple[list[Object], str | None]:
    """One page of directory objects (100 unless `$top` says 1 to 999) and the link to the next.

    The next page begins behind the last row of this one, wherever that stands by then: nobody is
    skipped when another leaves.
    """
    if "$skip" in call.params:
        message = "'$skip' is not supported by the service."
        raise Refusal("Request_UnsupportedQuery", status=400, message=message)
    top = number(call.params.get("$top", "100"), "$top", 1, 999)
    start = 0
    if "$skiptoken" in call.params:
        token = unsealed(call.params["$skiptoken"], "start", "last")
        places = (place for place, row in enumerate(rows) if row.oid == token["last"])
        start = next(places, token["start"] - 2) + 1
    page = rows[start : start + top]
    if start + top >= len(rows):
        return page, None
    options = {name: value for name, value in call.params.items() if name not in ("$skiptoken", "$count")}
    token = sealed({"start": start + top, "last": page[-1].oid})
    return page, f"{call.root}/{name}?{urlencode({**options, '$skiptoken': token}, safe='$,')}"


def sealed(value: dict[str, Any]) -> str:
    """An opaque token."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def unsealed(token: str, *names: str) -> dict[str, Any]:
    """What `sealed` put away, with at least these members. Raises Refusal."""
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        value = None
    if not isinstance(value, dict) or not value.keys() >= set(names):
        raise Refusal("Request_BadRequest", status=400, message="Badly formed token.")
    return value
