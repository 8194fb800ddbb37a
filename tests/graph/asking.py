"""What tests ask of a window, and what a scripted batch says."""

import uuid
from collections import Counter

from sharing.graph import Ask, settings_path

from .conftest import Answer


def mailbox(n):
    return str(uuid.UUID(int=n + 1))


def ask(n, query=""):
    return Ask((n, query), mailbox(n), settings_path(mailbox(n)) + query)


def ok(url):
    return {"status": 200, "body": {"value": [url]}}


def refused(status=429, code="ApplicationThrottled", **headers):
    return {
        "status": status,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "body": {"error": {"code": code, "message": "Application is over its MailboxConcurrency limit."}},
    }


def lane(url):
    return url.split("/")[2]


def urls(sent):
    return [item["url"] for item in sent.body["requests"]]


def batch(sent, answer):
    return Answer({"responses": [{"id": item["id"], **answer(item["url"])} for item in sent.body["requests"]]})


def read(window, asks):
    """All answers by their key; every ask has exactly one."""
    asks = list(asks)
    answers = list(window.read(asks))
    assert Counter(answer.key for answer in answers) == Counter(ask.key for ask in asks)
    return {answer.key: answer for answer in answers}


def errors(answers):
    return {type(answer.error) for answer in answers.values()}
