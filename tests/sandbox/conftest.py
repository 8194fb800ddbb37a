"""A fresh cloud in process, and the portal's application token in it."""

import json

import pytest

from sandbox import cast
from sandbox.caller import Caller
from sandbox.cloud import Cloud
from sandbox.http import Request
from sandbox.world import GRANTED


@pytest.fixture(autouse=True)
def no_event_of_others_is_asked_for():
    """Here they are asked for, to see that they stay closed."""


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def portal():
    """The portal as an application in Contoso, with every role it was granted."""
    return Caller(cast.PORTAL_APP, cast.CONTOSO, None, frozenset(GRANTED), frozenset())


@pytest.fixture
def call(cloud, portal):
    """Make one Graph call past the token check: call(method, path, body, caller=…, **headers) gives the response."""

    def make(method, path, body=None, *, caller=portal, headers=None):
        path, _, query = path.partition("?")
        sent = json.dumps(body).encode() if body is not None else b""
        given = {"host": "127.0.0.1:8010", "content-type": "application/json", **(headers or {})}
        return cloud.graph.answer(caller, Request(method, path, query, given, sent))

    return make


@pytest.fixture
def ask(call):
    """As `call`, but gives the JSON, and None where there is none."""

    def make(*args, **kwargs):
        response = call(*args, **kwargs)
        return json.loads(response.body) if response.body else None

    return make
