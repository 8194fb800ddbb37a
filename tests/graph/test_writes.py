"""A write is sent once, whatever comes back, and says whether it may have happened."""

import pytest
import requests
import urllib3

from sharing.graph import Denied, Malformed, NotFound, Rejected, Throttled, TokenRefused, Unreachable

from .conftest import PATH as CALENDAR
from .conftest import WRITE, Answer, failure

PATH = f"{CALENDAR}/calendarPermissions/RGVmYXVsdA=="


@pytest.mark.parametrize(
    ("answer", "kind", "may_have_happened"),
    [
        (failure(429, Retry_After="1"), Throttled, False),
        (failure(401, "InvalidAuthenticationToken"), TokenRefused, False),
        (failure(403, "ErrorAccessDenied"), Denied, False),
        (failure(404, "ErrorItemNotFound"), NotFound, False),
        (failure(400, "ErrorInvalidRequest"), Rejected, False),
        (failure(500, "ErrorInternalServerError"), Unreachable, True),
        (failure(503, Retry_After="1"), Unreachable, True),
        (failure(504), Unreachable, True),
        (requests.exceptions.ConnectionError("reset"), Unreachable, True),
        (requests.exceptions.ReadTimeout("slow"), Unreachable, True),
        (requests.exceptions.ConnectTimeout("away"), Unreachable, False),
        (
            requests.exceptions.ConnectionError(
                urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.NewConnectionError(None, "refused"))
            ),
            Unreachable,
            False,
        ),
        (Answer(b'{"id": "a'), Malformed, True),
        (Answer(b"<html>", Content_Type="text/html"), Malformed, True),
        (Answer(b"", 302, Location="http://127.0.0.1:8010/v1.0/users"), Malformed, True),
    ],
)
def test_a_write_is_sent_once_whatever_comes_back(client, fake, clock, answer, kind, may_have_happened):
    fake.script(answer)
    with pytest.raises(kind) as caught:
        client.patch(PATH, {"role": "read"}, **WRITE)
    assert type(caught.value) is kind and caught.value.may_have_happened is may_have_happened
    assert len(fake.sent) == 1 and not clock.slept


def test_a_write_names_its_change(client, fake):
    fake.script(Answer({"id": "x"}), Answer(None, 204))
    assert client.patch(PATH, {"role": "read"}, **WRITE) == {"id": "x"}
    assert client.delete(PATH, **WRITE) is None
    assert [(sent.method, sent.body) for sent in fake.sent] == [("PATCH", {"role": "read"}), ("DELETE", None)]
    assert {sent.headers["client-request-id"] for sent in fake.sent} == {WRITE["request_id"]}


def test_nothing_is_written_after_the_deadline(client, fake):
    with pytest.raises(Unreachable) as caught:
        client.patch(PATH, {}, request_id="r", deadline_seconds=0.0)
    assert not fake.sent and not caught.value.may_have_happened
