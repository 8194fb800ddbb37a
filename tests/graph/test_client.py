"""One door: what a read sends, what it repeats, and what every answer is called."""

import json
import zlib
from datetime import UTC, datetime

import pytest
import requests
import urllib3

from sharing.graph import (
    ConsentMissing,
    Denied,
    MailboxMissing,
    Malformed,
    NotFound,
    OutOfScope,
    Rejected,
    ResyncRequired,
    Throttled,
    TokenRefused,
    Unreachable,
)

from .conftest import PATH, ROOT, Answer, failure


def test_a_read_carries_the_token_to_the_configured_origin_and_version(client, fake):
    fake.script(Answer({"id": "1"}))
    assert client.get(PATH, {"$select": "id,name"}) == {"id": "1"}
    assert fake.sent[0].url == f"{ROOT}{PATH}?$select=id,name"
    assert fake.sent[0].token == "token-1"
    assert fake.sent[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "answer",
    [
        failure(429, "ApplicationThrottled", Retry_After="1"),
        failure(503, "serviceNotAvailable", Retry_After="2"),
        failure(504),
        failure(500, "ErrorInternalServerTransientError"),
        requests.exceptions.ConnectionError("reset"),
        requests.exceptions.ReadTimeout("slow"),
        urllib3.exceptions.ProtocolError("cut"),
    ],
)
def test_a_read_repeats_what_passes_by_itself(client, fake, clock, answer):
    fake.script(answer, Answer({"id": "1"}))
    assert client.get(PATH) == {"id": "1"}
    assert len(fake.sent) == 2 and len(clock.slept) == 1
    assert client.stats.as_dict()["retried"] == 1


def test_a_read_gives_up_after_a_few_tries(client, fake, clock):
    fake.script(failure(500, "ErrorInternalServerError"))
    with pytest.raises(Unreachable) as caught:
        client.get(PATH)
    assert len(fake.sent) == 4
    assert caught.value.cause == "ErrorInternalServerError" and caught.value.status == 500
    assert not caught.value.may_have_happened


def test_a_read_ends_within_its_deadline(client, fake, clock):
    client.deadline_seconds = 5.0
    fake.script(failure(429, Retry_After="4"))
    with pytest.raises(Throttled):
        client.get(PATH)
    assert len(fake.sent) == 2 and sum(clock.slept) == 4


def test_a_pause_is_never_shorter_than_asked_for(client, fake, clock):
    fake.script(failure(429, Retry_After="7.5"), Answer({}))
    client.get(PATH)
    assert clock.slept[0] >= 7.5


@pytest.mark.parametrize("status", [429, 503])
def test_a_longer_pause_than_ten_seconds_is_the_callers_affair(client, fake, clock, status):
    fake.script(failure(status, "x", Retry_After="120"))
    with pytest.raises(Throttled) as caught:
        client.get(PATH)
    assert caught.value.retry_after == 120 and caught.value.cause == "throttled"
    assert len(fake.sent) == 1 and not clock.slept


def test_a_refused_token_is_replaced_once(client, fake):
    fake.answer = lambda sent: failure(401, "InvalidAuthenticationToken") if sent.token == "token-1" else Answer({})
    assert client.get(PATH) == {}
    assert [sent.token for sent in fake.sent] == ["token-1", "token-2"]


def test_the_second_refused_token_ends_the_read(client, fake, tokens):
    fake.script(failure(401, "InvalidAuthenticationToken"))
    with pytest.raises(TokenRefused):
        client.get(PATH)
    assert len(fake.sent) == 2 and tokens.number == 2


def test_a_token_that_another_thread_renewed_is_not_renewed_again(client, tokens):
    old = tokens.token()
    assert client.renew(old).value == "token-2"
    assert client.renew(old).value == "token-2"


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (failure(404, "MailboxNotEnabledForRESTAPI"), MailboxMissing, "MailboxNotEnabledForRESTAPI"),
        (failure(403, "MailboxNotEnabledForRESTAPI"), MailboxMissing, "MailboxNotEnabledForRESTAPI"),
        (failure(401, "MailboxNotEnabledForRESTAPI"), MailboxMissing, "MailboxNotEnabledForRESTAPI"),
        (failure(404, "MailboxNotSupportedForRESTAPI"), MailboxMissing, "MailboxNotSupportedForRESTAPI"),
        (failure(404, "ResourceNotFound"), MailboxMissing, "ResourceNotFound"),
        (failure(404, "ErrorInvalidUser"), MailboxMissing, "ErrorInvalidUser"),
        (failure(404, "Request_ResourceNotFound"), NotFound, "Request_ResourceNotFound"),
        (failure(404, "ErrorItemNotFound"), NotFound, "ErrorItemNotFound"),
        (failure(404), NotFound, "not_found"),
        (failure(403, "ErrorAccessDenied", "Access is denied."), Denied, "ErrorAccessDenied"),
        (failure(403, "ErrorAccessDenied", "Access to OData is disabled."), OutOfScope, "ErrorAccessDenied"),
        (failure(403, "extensionError"), OutOfScope, "extensionError"),
        (failure(404, "extensionError"), OutOfScope, "extensionError"),
        (failure(403, "Authorization_RequestDenied"), ConsentMissing, "Authorization_RequestDenied"),
        (failure(403), Denied, "denied"),
        (failure(400, "ErrorInvalidIdMalformed"), Rejected, "ErrorInvalidIdMalformed"),
        (failure(400, "ErrorNotSupported"), Rejected, "ErrorNotSupported"),
        (failure(405, "Request_BadRequest"), Rejected, "Request_BadRequest"),
        (failure(412, "ErrorIrresolvableConflict"), Rejected, "ErrorIrresolvableConflict"),
        (failure(501, "NotImplemented"), Rejected, "NotImplemented"),
        (failure(410, "resyncRequired"), ResyncRequired, "resyncRequired"),
        (failure(410), ResyncRequired, "resync_required"),
        (failure(400, "SyncStateNotFound"), ResyncRequired, "SyncStateNotFound"),
        (failure(409), Rejected, "rejected"),
        (Answer(b"<html>", 404, Content_Type="text/html"), NotFound, "not_found"),
        (Answer({"error": "a text"}, 400), Rejected, "rejected"),
        (Answer({"error": {"code": 7, "message": []}}, 403), Denied, "denied"),
        (Answer(b"", 302, Location="https://evil.example/"), Malformed, "redirect"),
        (Answer(b"", 307, Location=f"{ROOT}/users"), Malformed, "redirect"),
        (Answer(b"<html>welcome</html>", 200, Content_Type="text/html"), Malformed, "malformed"),
        (Answer(b"{}", 200, Content_Type="text/html"), Malformed, "malformed"),
        (Answer(b"", 200), Malformed, "malformed"),
        (Answer(b"[]"), Malformed, "malformed"),
        (Answer(b'{"value": [{"id": "a'), Malformed, "cut_off"),
        (Answer(b'{"value": [{"id": 1}'), Malformed, "cut_off"),
        (Answer(b'{"value": nonsense}'), Malformed, "malformed"),
        (Answer(b'{"n": NaN}'), Malformed, "malformed"),
        (Answer(b'{"n": -Infinity}'), Malformed, "malformed"),
        (Answer(b'{"n": 1e999}'), Malformed, "malformed"),
        (Answer(b'{"n": ' + b"9" * 5000 + b"}"), Malformed, "malformed"),
        (Answer(b'{"n": 12345678901234567890}'), Malformed, "malformed"),
        (Answer(b"[" * 100_000), Malformed, "malformed"),
        (Answer(b'{"n": "\xff"}'), Malformed, "malformed"),
        (Answer(b"{}", 200, Content_Encoding="br"), Malformed, "malformed"),
        (Answer(b"{}", 200, Content_Encoding="gzip"), Malformed, "malformed"),
    ],
)
def test_every_other_answer_has_its_name(client, fake, answer, kind, cause):
    fake.script(answer)
    with pytest.raises(kind) as caught:
        client.get(PATH)
    assert type(caught.value) is kind
    assert caught.value.cause == cause
    expected = 2 if kind is TokenRefused else 1
    assert len(fake.sent) == expected


def test_the_most_detailed_known_code_counts(client, fake):
    inner = {
        "code": "UnknownError",
        "message": "",
        "innerError": {"code": "x", "innererror": {"code": "ErrorInvalidUser"}},
    }
    fake.script(Answer({"error": inner}, 404, request_id="abc"))
    with pytest.raises(MailboxMissing) as caught:
        client.get(PATH)
    assert caught.value.code == "ErrorInvalidUser" and caught.value.request_id == "abc"


def test_an_error_as_text_holds_neither_token_nor_foreign_words(client, fake):
    fake.script(Answer({"error": {"code": "a\r\nb", "message": "token-1\x1b[31m"}}, 400))
    with pytest.raises(Rejected) as caught:
        client.get(PATH)
    assert str(caught.value) == "Rejected: ab, HTTP 400"
    assert "\x1b" not in caught.value.message
    assert "token-1" not in repr(client._tokens.token())


def test_a_zipped_answer_is_unzipped_within_its_bounds(client, fake):
    packer = zlib.compressobj(wbits=31)
    bomb = packer.compress(b" " * 64_000_000) + packer.flush()
    fake.script(Answer(bomb, Content_Encoding="gzip"))
    with pytest.raises(Malformed) as caught:
        client.get(PATH)
    assert caught.value.cause == "too_large"


def test_a_zipped_answer_that_ends_early_is_cut_off(client, fake):
    whole = zlib.compress(json.dumps({"value": []}).encode(), wbits=31)
    fake.script(Answer(whole, Content_Encoding="gzip"))
    assert client.get(PATH) == {"value": []}
    fake.script(Answer(whole[:-9], Content_Encoding="gzip"))
    with pytest.raises(Malformed) as caught:
        client.get(PATH)
    assert caught.value.cause == "cut_off"


def test_whoever_asked_hears_of_every_call(client, fake, clock):
    heard = []
    client._on_call = heard.append
    fake.script(requests.exceptions.ConnectionError(), Answer({"id": "1"}))
    client.get(PATH, {"$select": "secret"})
    assert [(call.method, call.path, call.status) for call in heard] == [("GET", PATH, 0), ("GET", PATH, 200)]


def test_the_difference_between_the_clocks_is_known(client, fake):
    now = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
    assert client.clock_skew_seconds(now) is None
    fake.script(Answer({}, Date="Sat, 21 Nov 2026 12:00:00 GMT"), Answer({}, Date="never"))
    client.get(PATH)
    assert client.clock_skew_seconds(now) == 5
    client.get(PATH)
    assert client.clock_skew_seconds(now) is None
