"""One request and one response, the same over a socket and in process."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote


class Dropped(Exception):
    """The connection is cut and the caller gets no answer."""


@dataclass
class Request:
    """`path` and `query` as they came over the wire (percent-encoded); header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def host(self) -> str:
        return self.headers.get("host", "127.0.0.1:8010")

    @property
    def origin(self) -> str:
        """Where the caller believes to be, without a trailing slash."""
        return f"http://{self.host}"

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)


@dataclass
class Response:
    """An answer; `headers` are sent as they stand, Content-Length is added by whoever sends it."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> "Response":
        """A JSON answer in Graph's content type."""
        kind = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        try:
            body = json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # half a surrogate pair can only be written as an escape
            body = json.dumps(value).encode()
        return cls(status, {"Content-Type": kind, **headers}, body)

    @classmethod
    def html(cls, text: str, status: int = 200) -> "Response":
        return cls(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())

    @classmethod
    def redirect(cls, url: str) -> "Response":
        return cls(302, {"Location": url})
