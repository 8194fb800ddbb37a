"""What can go wrong with an answer on its way: each takes a request and its answer and gives the spoiled answer."""

import json
import random
from collections.abc import Callable
from typing import Any

from sandbox.http import Request, Response

ORGANIZATION_ROW = "RGVmYXVsdA=="
HTML = "<!DOCTYPE html><html><body><h1>Our services aren't available right now</h1></body></html>"
Fields = dict[str, Any]
Spoiler = Callable[[Request, Response, Fields], Response]


def edited(response: Response, body: Any) -> Response:
    return Response(response.status, response.headers, json.dumps(body, ensure_ascii=False).encode())


def of_list(edit: Callable[[Request, Fields, Fields], None]) -> Spoiler:
    """Edits an answer that is a list, in place; any other answer stays as it is."""

    def spoil(request: Request, response: Response, fields: Fields) -> Response:
        try:
            body = json.loads(response.body)
            assert isinstance(body["value"], list)
        except (ValueError, KeyError, TypeError, AssertionError):
            return response
        edit(request, body, fields)
        return edited(response, body)

    return spoil


def here(request: Request) -> str:
    return request.origin + request.path + (f"?{request.query}" if request.query else "")


@of_list
def empty_list(request: Request, body: Fields, fields: Fields) -> None:
    body["value"] = []
    body.pop("@odata.nextLink", None)


@of_list
def lose_last_page(request: Request, body: Fields, fields: Fields) -> None:
    """The rest of the list is missing and nothing says so."""
    if body.pop("@odata.nextLink", None) is None:
        body["value"] = body["value"][: len(body["value"]) // 2]


@of_list
def loop(request: Request, body: Fields, fields: Fields) -> None:
    body["@odata.nextLink"] = here(request)


@of_list
def foreign_link(request: Request, body: Fields, fields: Fields) -> None:
    body["@odata.nextLink"] = fields.get("to", "https://graph.microsoft.com.example/v1.0/users?$skiptoken=stolen")


@of_list
def repeat_page(request: Request, body: Fields, fields: Fields) -> None:
    """The next page is this page again, under another address."""
    link = here(request)
    body["@odata.nextLink"] = f"{link}{'&' if '?' in link else '?'}again={random.randrange(10**9)}"


@of_list
def drop_default_row(request: Request, body: Fields, fields: Fields) -> None:
    body["value"] = [row for row in body["value"] if row.get("id") != ORGANIZATION_ROW]


def wrong_type(request: Request, response: Response, fields: Fields) -> Response:
    """Text where a list belongs, a list where an object belongs."""
    try:
        body = json.loads(response.body)
    except ValueError:
        return response
    wrong = {**body, "value": "unexpected"} if isinstance(body, dict) and "value" in body else [body]
    return edited(response, wrong)


def shuffle(request: Request, response: Response, fields: Fields) -> Response:
    try:
        body = json.loads(response.body)
    except ValueError:
        return response
    for name in ("responses", "value"):
        if isinstance(body.get(name), list):
            random.shuffle(body[name])
    return edited(response, body)


def body(request: Request, response: Response, fields: Fields) -> Response:
    """Another body: `json`, or `raw` text that need not be JSON."""
    if "raw" in fields:
        return Response(response.status, response.headers, fields["raw"].encode("utf-8", "surrogatepass"))
    return edited(response, fields["json"])


def truncate(request: Request, response: Response, fields: Fields) -> Response:
    return Response(response.status, response.headers, response.body[: len(response.body) * 2 // 3])


def html_200(request: Request, response: Response, fields: Fields) -> Response:
    return Response.html(HTML)


def empty_body(request: Request, response: Response, fields: Fields) -> Response:
    return Response(response.status, response.headers, b"")


SPOILERS: dict[str, Spoiler] = {
    each.__name__: each for each in (wrong_type, shuffle, body, truncate, html_200, empty_body)
} | {
    "empty_list": empty_list,
    "lose_last_page": lose_last_page,
    "loop": loop,
    "foreign_link": foreign_link,
    "repeat_page": repeat_page,
    "drop_default_row": drop_default_row,
}
