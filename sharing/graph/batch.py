"""What one item of a $batch answer means."""

from typing import Any, NamedTuple

from .answers import error_of
from .errors import GraphError, Malformed

BATCH_SIZE = 20


class Part(NamedTuple):
    """The answer to one sub-request: a JSON object, or why there is none."""

    body: dict[str, Any] | None
    error: GraphError | None


def parts(responses: list[Any], count: int) -> list[Part]:
    """The answers to `count` sub-requests with the ids "0" to `count - 1`, in that order, whatever order they came in.

    An item that is missing, comes twice or has the wrong shape is Malformed; the others stand.
    """
    found: dict[str, Part] = {}
    for item in responses:
        if not isinstance(item, dict):
            continue
        key = item.get("id")
        if isinstance(key, str):
            found[key] = Part(None, Malformed("answered twice")) if key in found else _part(item)
    missing = Part(None, Malformed("left out of the batch", cause="cut_off"))
    return [found.get(str(n), missing) for n in range(count)]


def _part(item: dict[str, Any]) -> Part:
    status, body = item.get("status"), item.get("body")
    if status == 200 and isinstance(body, dict):
        return Part(body, None)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        return Part(None, Malformed("no status"))
    if 200 <= status < 300:
        return Part(None, Malformed("not an object", status=status))
    headers = item.get("headers")
    return Part(None, error_of(status, headers if isinstance(headers, dict) else {}, body))
