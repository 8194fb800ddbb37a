"""The one door: what it sends, what it repeats, what it refuses."""

import json
import zlib
from datetime import UTC, datetime

import pytest
import requests
import urllib3

from sharing.graph import (
    ConsentMissing,
    Denied,
    IdRefused,
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

from .conftest import ALEX, ROOT, Answer

PATH = f"/users/{ALEX}/calendar"
WRITE = {"request_id": "11111111-2222-4333-8444-555555555555", "deadline_seconds": 20.0}


def failure(status, code="", message="", **headers):
    return Answer({"error": {"code": code, "message": message}}, status, **headers)


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


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "users",
        "//users",
        "/users/",
        "/users//calendar",
        "/users/..",
        "/users/../groups",
        "/users/./x",
        "/users/%2e%2e/x",
        "/users/%2E",
        "/users/a%2f..%2fb",
        "/users/a%5c..%5cb",
        "/users/a\\..\\b",
        "/users/%252e%252e",
        "/users/a b",
        "/users/a#b",
        "/users/a?b#c",
        "/users/a\x00",
        "/users/a%00",
        "/users/a%0d%0aHost:%20evil",
        "/users/é",
        "/users/%",
        "/users/%zz",
        f"/users/{ALEX}/events",
        f"/users/{ALEX}/Events",
        f"/users/{ALEX}/events('x')",
        f"/users/{ALEX}/%65vents",
        f"/users/{ALEX}/calendar/events",
        f"/users/{ALEX}/calendar/calendarView?startDateTime=2026-01-01",
        f"/users/{ALEX}/calendar/microsoft.graph.event",
        f"/users/{ALEX}/calendars/AAAA%2Fevents",
        f"/users/{ALEX}/messages",
        f"/users/{ALEX}/mailFolders/inbox",
        f"/users/{ALEX}/calendar/getSchedule",
        "https://evil.example/v1.0/users",
        "/users/" + "x" * 20_000,
    ],
)
def test_a_path_that_must_not_leave_opens_no_socket(client, fake, path):
    for send in (
        lambda: client.get(path),
        lambda: list(client.pages(path)),
        lambda: client.batch([path], deadline=2000),
        lambda: client.patch(path, {}, **WRITE),
        lambda: client.post(path, {}, **WRITE),
        lambda: client.delete(path, **WRITE),
    ):
        with pytest.raises(IdRefused):
            send()
    assert not fake.sent


def test_pages_come_in_order_and_to_their_end(client, fake):
    fake.script(
        Answer({"value": [1], "@odata.nextLink": f"{ROOT}/users?$skiptoken=a"}),
        Answer({"value": [], "@odata.nextLink": f"{ROOT}/users?$skiptoken=b"}),
        Answer({"value": [2]}),
    )
    assert [page["value"] for page in client.pages("/users")] == [[1], [], [2]]
    assert [sent.query for sent in fake.sent] == ["", "$skiptoken=a", "$skiptoken=b"]


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


@pytest.mark.parametrize("link", HOSTILE_LINKS, ids=lambda link: str(link)[:60])
def test_a_link_to_anywhere_else_is_not_followed(client, fake, link):
    fake.script(Answer({"value": [1], "@odata.nextLink": link}))
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "foreign_link"
    assert len(fake.sent) == 1


@pytest.mark.parametrize("length", [1, 2, 3])
def test_pages_in_a_circle_end(client, fake, length):
    links = [f"{ROOT}/users?$skip={n}" for n in range(length)]
    turn = iter(range(10_000))
    fake.answer = lambda sent: Answer({"value": [], "@odata.nextLink": links[next(turn) % length]})
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "loop"
    assert len(fake.sent) <= length + 1


def test_pages_without_end_end(client, fake, monkeypatch):
    monkeypatch.setattr("sharing.graph.client.MAX_PAGES", 30)
    fake.answer = lambda sent: Answer({"value": [], "@odata.nextLink": f"{ROOT}/users?$skip={len(fake.sent)}"})
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "loop"


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": "x"}])
def test_a_page_without_a_list_is_no_page(client, fake, body):
    fake.script(Answer(body))
    with pytest.raises(Malformed):
        list(client.pages("/users"))


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
