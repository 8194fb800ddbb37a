"""A clock that only moves when somebody sleeps, and a Graph of a few lines that a test scripts itself."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from sharing.graph import Client, Token, Window, endpoints, make_session

ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"
MEGAN = "48d31887-5fad-4d73-a9f5-3c356e68a038"
ROOT = "http://127.0.0.1:8010/v1.0"
AT = endpoints(login_url="http://127.0.0.1:8010")
PATH = f"/users/{ALEX}/calendar"
WRITE = {"request_id": "11111111-2222-4333-8444-555555555555", "deadline_seconds": 20.0}
HOSTILE_LINKS = [
    "https://evil.example/v1.0/users?$skiptoken=a",
    "http://evil.example/v1.0/users",
    "http://127.0.0.1:8010.evil.example/v1.0/users",
    "http://127.0.0.1:8010@evil.example/v1.0/users",
    "http://user:pass@127.0.0.1:8010/v1.0/users",
    "http://127.0.0.1:80100/v1.0/users",
    "http://127.0.0.1/v1.0/users",
    "https://127.0.0.1:8010/v1.0/users",
    "HTTP://127.0.0.1:8010/v1.0/users",
    "http://127.0.0.1:8010/beta/users",
    "http://127.0.0.1:8010/v1.0/../beta/users",
    "http://127.0.0.1:8010/v1.0/%2e%2e/beta/users",
    "http://127.0.0.1:8010/v1.0\\@evil.example/users",
    "http://127.0.0.1:8010/v1.0//evil.example/users",
    "http://127.0.0.1:8010\\.evil.example/v1.0/users",
    "http://127.0.0.1:8010/v1.0/users\t?x",
    "http://127.0.0.1:8010/v1.0/us\ners",
    " http://127.0.0.1:8010/v1.0/users",
    "//evil.example/v1.0/users",
    "/v1.0/users",
    "users?$skiptoken=a",
    f"{ROOT}/users/{ALEX}/events",
    f"{ROOT}/users#x",
    f"{ROOT}",
    "",
    "javascript:alert(1)",
    "file:///etc/passwd",
    7,
    ["http://127.0.0.1:8010/v1.0/users"],
    {"href": ROOT},
    True,
    ROOT + "/users?" + "a" * 20_000,
]


class Clock:
    """Seconds that pass only in `sleep`; `slept` remembers every pause."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.seconds += seconds


class Answer:
    """What the scripted Graph says: a JSON value or raw bytes, with a status and headers."""

    def __init__(self, body: Any = None, status: int = 200, **headers: str) -> None:
        self.body = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.status = status
        self.headers = {"Content-Type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}


def failure(status, code="", message="", **headers):
    return Answer({"error": {"code": code, "message": message}}, status, **headers)


class Sent:
    """One request as it left."""

    def __init__(self, request: requests.PreparedRequest) -> None:
        self.method = request.method or ""
        self.url = request.url or ""
        parts = urlsplit(self.url)
        self.path = parts.path.removeprefix("/v1.0")
        self.query = parts.query
        self.headers = dict(request.headers)
        self.token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        is_json = self.headers.get("Content-Type") == "application/json"
        self.body: Any = json.loads(request.body) if is_json and request.body else request.body


class FakeGraph(BaseAdapter):
    """Calls `answer(sent)` for every request; an exception it returns or raises is a failed connection."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.answer: Callable[[Sent], Answer | Exception] = lambda sent: Answer({"value": []})
        self._builder = HTTPAdapter()

    def script(self, *answers: Answer | Exception) -> None:
        """These answers, one after the other; the last one for ever."""
        left = list(answers)
        self.answer = lambda sent: left.pop(0) if len(left) > 1 else left[0]

    def items(self, answer: Callable[[str], dict[str, Any]]) -> None:
        """Answers batches: `answer(url)` gives an item without its id."""
        self.answer = lambda sent: Answer(
            {"responses": [{"id": item["id"], **answer(item["url"])} for item in sent.body["requests"]]}
        )

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        sent = Sent(request)
        self.sent.append(sent)
        answer = self.answer(sent)
        if isinstance(answer, Exception):
            raise answer
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        raw = urllib3.HTTPResponse(
            io.BytesIO(answer.body), headers=headers, status=answer.status, preload_content=False
        )
        return self._builder.build_response(request, raw)

    def close(self) -> None:
        """Nothing is held."""


class FakeTokens:
    """Tokens "token-1", "token-2" …: a new one for every `fresh`."""

    def __init__(self) -> None:
        self.number = 1

    def token(self, *, fresh: bool = False) -> Token:
        self.number += fresh
        return Token(f"token-{self.number}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens()


@pytest.fixture
def client(fake: FakeGraph, tokens: FakeTokens, clock: Clock) -> Client:
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return Client(endpoints=AT, tokens=tokens, session=session, monotonic=clock, sleep=clock.sleep)


@pytest.fixture
def window(client: Client) -> Iterator[Window]:
    with Window(client) as window:
        yield window
