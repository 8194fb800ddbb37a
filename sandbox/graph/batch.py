"""$batch: up to 20 calls in one, each answered for itself."""

import base64
import json
import random
from typing import Any
from urllib.parse import urlsplit

from sandbox.graph.errors import Refusal, error
from sandbox.http import Request, Response

MOST = 20
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_SHOWN = ("content-type", "retry-after", "location", "cache-control")


def answer(cloud: Any, caller: Any, request: Request) -> Response:
    """The answer to the whole batch: 200 if it could be read, whatever its items say. Raises Refusal."""
    if request.method != "POST":
        message = "Specified HTTP method is not allowed for the request target."
        raise Refusal("Request_BadRequest", status=405, message=message)
    items = _items(request)
    answers: dict[str, tuple[int, bytes]] = {}
    waiting = items
    while waiting:
        ready = [item for item in waiting if all(id in answers for id in _before(item))]
        if not ready:
            raise _malformed("The dependsOn of the steps go in a circle.")
        for item in ready:
            answers[item["id"].lower()] = _step(cloud, caller, request, item, answers)
        waiting = [item for item in waiting if item["id"].lower() not in answers]
    parts = [part for _, part in answers.values()]
    if cloud.switches.batch_order == "reversed":
        parts.reverse()
    elif cloud.switches.batch_order == "shuffled":
        random.Random(len(request.body)).shuffle(parts)
    body = b'{"responses":[' + b",".join(parts) + b"]}"
    return Response(200, {"Content-Type": "application/json"}, body)


def _malformed(message: str, code: str = "BadRequest") -> Refusal:
    return Refusal(code, status=400, message=message)


def _before(item: dict[str, Any]) -> list[str]:
    return [id.lower() for id in item.get("dependsOn") or ()]


def _items(request: Request) -> list[dict[str, Any]]:
    """The steps, checked. Raises Refusal, which refuses the whole batch."""
    try:
        items = request.json()["requests"]
    except (ValueError, TypeError, KeyError):
        raise _malformed("Invalid batch payload format.") from None
    if not isinstance(items, list) or not items:
        raise _malformed("Invalid batch payload format.")
    if len(items) > MOST:
        message = f"Number of batch request steps exceeds the maximum value of {MOST}."
        raise _malformed(message, "MaximumValueExceeded")
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
            raise _malformed("Every batch request step needs an id, a method and a url.")
        if item["id"].lower() in seen:
            raise _malformed("The id of every batch request step must be unique.")
        if urlsplit(item["url"]).netloc or item["url"].startswith("//"):
            raise _malformed("The url of a batch request step must be relative.")
        seen.add(item["id"].lower())
    if not all(seen.issuperset(_before(item)) for item in items):
        raise _malformed("A batch request step depends on a step that is not there.")
    return items


def _step(
    cloud: Any, caller: Any, outer: Request, item: dict[str, Any], answers: dict[str, tuple[int, bytes]]
) -> tuple[int, bytes]:
    """The status of one step and its part of the answer."""
    step = _request(outer, item)
    if any(not 200 <= answers[id][0] < 300 for id in _before(item)):
        response = error(step, 424, "FailedDependency", "A step that this one depends on failed.")
    elif step.path.lower().endswith("/$batch"):
        response = error(step, 400, "BadRequest", "A batch cannot hold a batch.")
    elif item["method"].upper() not in _METHODS:
        response = error(step, 400, "BadRequest", f"The method '{item['method']}' is not known.")
    elif step.body and "content-type" not in step.headers:
        message = "A batch request step with a body needs a Content-Type header."
        response = error(step, 400, "BadRequest", message)
    else:
        response = cloud.serve(caller, step, batched=True)
    return response.status, _part(item["id"], response)


def _request(outer: Request, item: dict[str, Any]) -> Request:
    version = outer.path.lstrip("/").split("/")[0]
    path, _, query = item["url"].partition("?")
    given = item.get("headers") if isinstance(item.get("headers"), dict) else {}
    headers = {str(name).lower(): str(value) for name, value in (given or {}).items()}
    for name in ("host", "client-request-id"):
        if name in outer.headers:
            headers.setdefault(name, outer.headers[name])
    body = json.dumps(item["body"]).encode() if item.get("body") is not None else b""
    return Request(item["method"].upper(), f"/{version}/{path.lstrip('/')}", query, headers, body)


def _part(id: str, response: Response) -> bytes:
    headers = {name: value for name, value in response.headers.items() if name.lower() in _SHOWN}
    head = json.dumps({"id": id, "status": response.status, "headers": headers})
    return head[:-1].encode() + b',"body":' + _body(response) + b"}"


def _body(response: Response) -> bytes:
    """JSON as it stands, nothing as null, anything else as base64url in a string."""
    if not response.body:
        return b"null"
    try:
        json.loads(response.body)
    except ValueError:
        return json.dumps(base64.urlsafe_b64encode(response.body).decode()).encode()
    return response.body
