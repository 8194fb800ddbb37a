"""Many mailboxes at once: packing, lanes, pages, patience and pace."""

import threading
import time
import uuid
from collections import Counter

import pytest
import requests

from sharing.graph import (
    Ask,
    ConsentMissing,
    CredentialRefused,
    Denied,
    IdRefused,
    MailboxMissing,
    Malformed,
    TenantNotFound,
    Throttled,
    TokenRefused,
    Unreachable,
    Window,
    settings_path,
)

from .conftest import ROOT, Answer
from .test_client import HOSTILE_LINKS


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


@pytest.fixture
def window(client):
    with Window(client) as window:
        yield window


def read(window, asks):
    """All answers by their key; every ask has exactly one."""
    asks = list(asks)
    answers = list(window.read(asks))
    assert Counter(answer.key for answer in answers) == Counter(ask.key for ask in asks)
    return {answer.key: answer for answer in answers}


def errors(answers):
    return {type(answer.error) for answer in answers.values()}


# Packing


def test_asks_are_packed_by_twenty(window, fake):
    fake.items(ok)
    answers = read(window, (ask(n) for n in range(45)))
    assert sorted(len(urls(sent)) for sent in fake.sent) == [5, 20, 20]
    assert all(answer.items == [settings_path(mailbox(n))] for (n, _), answer in answers.items())
    assert window.client.stats.as_dict() == {"requests": 3, "sub_requests": 45, "throttled": 0, "retried": 0}


def test_nothing_asked_is_nothing_sent(window, fake):
    assert read(window, []) == {}
    assert not fake.sent


def test_a_batch_holds_at_most_three_of_one_mailbox(window, fake):
    fake.items(ok)
    read(window, [ask(0, f"?n={n}") for n in range(10)])
    assert [len(urls(sent)) for sent in fake.sent] == [3, 3, 3, 1]


def test_one_mailbox_is_never_in_two_batches_in_flight(client, fake):
    flying: set[str] = set()
    met, together, lock = [], [], threading.Lock()

    def answer(sent):
        lanes = {lane(url) for url in urls(sent)}
        with lock:
            met.extend(flying & lanes)
            flying.update(lanes)
            together.append(len(flying))
        time.sleep(0.003)
        with lock:
            flying.difference_update(lanes)
        return batch(sent, ok)

    fake.answer = answer
    with Window(client, start=8) as window:
        read(window, [ask(n, f"?k={k}") for n in range(40) for k in range(9)])
    assert not met
    assert max(together) > 20  # several batches were in flight


def test_a_path_that_must_not_leave_spoils_only_its_own_answer(window, fake):
    fake.items(ok)
    answers = read(window, [Ask("bad", "x", "/users/../groups"), ask(1)])
    assert isinstance(answers["bad"].error, IdRefused)
    assert answers[(1, "")].items
    assert [urls(sent) for sent in fake.sent] == [[settings_path(mailbox(1))]]


def test_asks_may_stop_being_read(window, fake):
    fake.items(ok)
    reading = window.read([ask(n) for n in range(200)])
    next(reading)
    reading.close()
    assert len(read(window, [ask(1)])) == 1


def test_our_own_mistakes_are_not_hidden(window, fake):
    fake.script(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        list(window.read([ask(1)]))


# Items


def test_answers_are_matched_by_id_in_any_order(window, fake):
    def answer(sent):
        said = batch(sent, ok)
        items = [{"id": item["id"], **ok(item["url"])} for item in sent.body["requests"]]
        return Answer({"responses": items[::-1]}) if said else said

    fake.answer = answer
    answers = read(window, (ask(n) for n in range(20)))
    assert all(answer.items == [settings_path(mailbox(n))] for (n, _), answer in answers.items())


def test_an_object_comes_as_it_is(window, fake):
    body = {"timeZone": "UTC", "value": "user", "\x00": [None]}
    fake.items(lambda url: {"status": 200, "body": body})
    answer = read(window, [ask(1)])[(1, "")]
    assert answer.body == body and answer.items is None and answer.error is None


BROKEN = {
    "left out": [],
    "no object": [7],
    "without id": [{"status": 200, "body": {}}],
    "other id": [{"id": "99", "status": 200, "body": {}}],
    "id of another kind": [{"id": 0, "status": 200, "body": {}}],
    "twice": [{"id": "0", "status": 200, "body": {}}] * 2,
    "without status": [{"id": "0", "body": {}}],
    "odd status": [{"id": "0", "status": "200", "body": {}}],
    "impossible status": [{"id": "0", "status": 99, "body": {}}],
    "true as status": [{"id": "0", "status": True, "body": {}}],
    "empty body": [{"id": "0", "status": 200, "body": None}],
    "text body": [{"id": "0", "status": 200, "body": "PGh0bWw+"}],
    "list body": [{"id": "0", "status": 200, "body": []}],
    "no content": [{"id": "0", "status": 204}],
    "elsewhere": [{"id": "0", "status": 302, "headers": {"Location": "https://evil.example"}}],
    "list as next link": [{"id": "0", "status": 200, "body": {"value": [], "@odata.nextLink": []}}],
    "next link without list": [{"id": "0", "status": 200, "body": {"@odata.nextLink": f"{ROOT}/users"}}],
}


@pytest.mark.parametrize("items", BROKEN.values(), ids=BROKEN)
def test_a_broken_item_is_malformed_and_the_others_stand(window, fake, items):
    fake.script(Answer({"responses": [*items, {"id": "1", "status": 200, "body": {"value": [1]}}]}))
    answers = read(window, [ask(0), ask(1)])
    assert isinstance(answers[(0, "")].error, Malformed)
    assert answers[(1, "")].items == [1] and answers[(1, "")].error is None


@pytest.mark.parametrize(
    "answer",
    [Answer({}), Answer({"responses": {}}), Answer(b'{"responses": [{"id'), Answer(b"", Content_Type="text/html")],
)
def test_a_broken_batch_is_malformed_for_all_of_it(window, fake, answer):
    fake.script(answer)
    assert errors(read(window, [ask(0), ask(1)])) == {Malformed}


def test_an_error_belongs_to_its_item(window, fake):
    fake.items(lambda url: refused(404, "MailboxNotEnabledForRESTAPI") if lane(url) == mailbox(3) else ok(url))
    answers = read(window, (ask(n) for n in range(10)))
    assert isinstance(answers[(3, "")].error, MailboxMissing)
    assert sum(answer.error is None for answer in answers.values()) == 9
    assert len(fake.sent) == 1


# Pages


def test_pages_of_an_item_are_joined_in_order(window, fake):
    def answer(url):
        page = int(url.partition("$skip=")[2] or 0)
        link = {"@odata.nextLink": f"{ROOT}{url.partition('?')[0]}?$skip={page + 1}"} if page < 4 else {}
        return {"status": 200, "body": {"value": [page], **link}}

    fake.items(answer)
    answers = read(window, (ask(n) for n in range(25)))
    assert all(answer.items == [0, 1, 2, 3, 4] for answer in answers.values())
    assert all(len(urls(sent)) <= 20 for sent in fake.sent)


@pytest.mark.parametrize("link", HOSTILE_LINKS, ids=lambda link: str(link)[:60])
def test_a_link_of_an_item_to_anywhere_else_is_not_followed(window, fake, link):
    fake.items(lambda url: {"status": 200, "body": {"value": [1], "@odata.nextLink": link}})
    answer = read(window, [ask(0)])[(0, "")]
    assert answer.error.cause == "foreign_link" and answer.items is None
    assert len(fake.sent) == 1


@pytest.mark.parametrize("length", [1, 2, 3])
def test_pages_of_an_item_in_a_circle_end(window, fake, length):
    turn = iter(range(10_000))
    fake.items(
        lambda url: {
            "status": 200,
            "body": {"value": [1], "@odata.nextLink": f"{ROOT}/users?$skip={next(turn) % length}"},
        }
    )
    assert read(window, [ask(0)])[(0, "")].error.cause == "loop"
    assert len(fake.sent) <= length + 1


def test_pages_of_an_item_without_end_end(window, fake, monkeypatch):
    monkeypatch.setattr("sharing.graph.window.MAX_PAGES", 30)
    fake.items(
        lambda url: {"status": 200, "body": {"value": [1], "@odata.nextLink": f"{ROOT}/users?$skip={len(fake.sent)}"}}
    )
    assert read(window, [ask(0)])[(0, "")].error.cause == "loop"
    assert len(fake.sent) == 30


def test_a_later_page_that_fails_leaves_no_half_a_list(window, fake):
    link = {"@odata.nextLink": f"{ROOT}/users?$skip=1"}
    fake.items(lambda url: refused(500, "x") if "skip" in url else {"status": 200, "body": {"value": [1], **link}})
    answer = read(window, [ask(0)])[(0, "")]
    assert isinstance(answer.error, Unreachable) and answer.items is None


# Throttling


def test_only_throttled_items_are_repeated_and_only_after_the_longest_wait(window, fake, clock):
    left = {mailbox(3): "2", mailbox(7): "5.5"}
    fake.items(lambda url: refused(Retry_After=left.pop(lane(url))) if lane(url) in left else ok(url))
    answers = read(window, (ask(n) for n in range(20)))
    assert errors(answers) == {type(None)}
    assert [len(urls(sent)) for sent in fake.sent] == [20, 2]
    assert 5.5 <= sum(clock.slept) <= 6.5
    assert window.client.stats.as_dict() == {"requests": 2, "sub_requests": 22, "throttled": 2, "retried": 2}


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": ""}, {"Retry_After": "NaN"}])
def test_without_a_usable_wait_it_is_ten_seconds(window, fake, clock, headers):
    seen = set()

    def answer(url):
        again = url in seen
        seen.add(url)
        return ok(url) if again else refused(**headers)

    fake.items(answer)
    assert errors(read(window, [ask(0)])) == {type(None)}
    assert 10 <= sum(clock.slept) <= 11


def test_one_mailbox_over_its_limit_does_not_stop_the_others(window, fake, clock):
    before_the_pause = []

    def answer(url):
        if lane(url) == mailbox(0):
            return refused(Retry_After="50")
        before_the_pause.append(not clock.slept)
        return ok(url)

    fake.items(answer)
    answers = read(window, (ask(n) for n in range(200)))
    assert isinstance(answers[(0, "")].error, Throttled) and answers[(0, "")].error.retry_after >= 50
    assert sum(answer.error is None for answer in answers.values()) == 199
    assert all(before_the_pause) and window.width >= 4


def test_a_wait_beyond_patience_is_told_and_not_waited_for(window, fake, clock):
    fake.items(lambda url: refused(Retry_After="300"))
    answers = read(window, (ask(n) for n in range(500)))
    assert errors(answers) == {Throttled}
    assert all(answer.error.retry_after >= 300 for answer in answers.values())
    assert len(fake.sent) <= 4 and not clock.slept


def test_the_next_read_keeps_to_the_pause_of_the_last(window, fake, clock):
    fake.items(lambda url: refused(Retry_After="300"))
    read(window, (ask(n) for n in range(40)))
    fake.items(ok)
    read(window, [ask(1)])
    assert sum(clock.slept) >= 300


def test_a_storm_ends(window, fake, clock):
    fake.items(lambda url: refused(Retry_After="1"))
    answers = read(window, (ask(n) for n in range(100)))
    assert errors(answers) == {Throttled}
    assert len(fake.sent) <= 5 * 60


@pytest.mark.parametrize("status", [429, 503, 424, 509])
def test_a_batch_refused_as_a_whole_is_repeated_after_its_wait(window, fake, clock, status):
    said = iter([Answer({"error": {"code": "x"}}, status, Retry_After="3")])
    fake.answer = lambda sent: next(said, None) or batch(sent, ok)
    assert errors(read(window, [ask(0), ask(1)])) == {type(None)}
    assert [len(urls(sent)) for sent in fake.sent] == [2, 2]
    assert sum(clock.slept) >= 3


def test_an_item_that_fails_with_another_is_repeated(window, fake, clock):
    seen = set()
    fake.items(lambda url: ok(url) if url in seen else (seen.add(url), refused(424, "FailedDependency"))[1])
    assert errors(read(window, [ask(0)])) == {type(None)}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_passing_trouble_of_an_item_is_repeated_a_few_times(window, fake, clock, status):
    fake.items(lambda url: refused(status, "ErrorInternalServerTransientError"))
    answers = read(window, [ask(0)])
    assert errors(answers) == {Unreachable}
    assert answers[(0, "")].error.cause == "ErrorInternalServerTransientError"
    assert len(fake.sent) == 3


def test_a_cloud_that_is_gone_ends_the_read_soon(window, fake, clock):
    fake.script(requests.exceptions.ConnectionError("refused"))
    answers = read(window, (ask(n) for n in range(1000)))
    assert errors(answers) == {Unreachable}
    assert len(fake.sent) <= 12 and sum(clock.slept) < 30


def test_one_hiccup_of_the_cloud_loses_nothing(window, fake, clock):
    left = [requests.exceptions.ConnectionError("reset")] * 4
    fake.answer = lambda sent: left.pop() if left else batch(sent, ok)
    assert errors(read(window, (ask(n) for n in range(300)))) == {type(None)}


# Pace


def test_the_window_grows_by_one_with_every_windowful(window, fake):
    fake.items(ok)
    assert window.width == 4
    read(window, (ask(n) for n in range(20 * 4)))
    assert 4.8 < window.width < 5.1
    read(window, (ask(n) for n in range(20 * 400)))
    assert window.width == 16


def test_the_window_is_halved_once_for_a_pause(client, fake, clock):
    together = threading.Barrier(8)
    widths = []

    def answer(sent):
        if not clock.slept:
            together.wait(timeout=10)
            return batch(sent, lambda url: refused(Retry_After="1"))
        widths.append(window.width)
        return batch(sent, ok)

    fake.answer = answer
    with Window(client, start=8) as window:
        assert errors(read(window, (ask(n) for n in range(20 * 8)))) == {type(None)}
    assert widths[0] == 4


@pytest.mark.parametrize("limit", [1, 3, 6])
def test_an_app_wide_limit_is_found_without_early_retries(client, fake, clock, limit):
    not_before: dict[str, float] = {}
    flying, early, lock = [], [], threading.Lock()

    def answer(sent):
        with lock:
            early.extend(url for url in urls(sent) if clock() < not_before.get(url, 0))
            if len(flying) >= limit:
                not_before.update(dict.fromkeys(urls(sent), clock() + 1))
                return batch(sent, lambda url: refused(Retry_After="1"))
            flying.append(sent)
        time.sleep(0.002)
        with lock:
            flying.remove(sent)
        return batch(sent, ok)

    fake.answer = answer
    with Window(client, start=4) as window:
        answers = read(window, (ask(n) for n in range(20 * 150)))
    assert errors(answers) == {type(None)}
    assert not early
    assert client.stats.sub_requests <= 1.3 * len(answers)


# Tokens


def test_a_token_that_dies_is_replaced_once_for_all(window, fake, tokens):
    fake.answer = lambda sent: (
        Answer({"error": {"code": "InvalidAuthenticationToken"}}, 401) if sent.token == "token-1" else batch(sent, ok)
    )
    assert errors(read(window, (ask(n) for n in range(200)))) == {type(None)}
    assert tokens.number == 2


def test_items_whose_token_died_are_repeated_with_a_fresh_one(window, fake, tokens):
    fake.answer = lambda sent: batch(
        sent, ok if sent.token != "token-1" else lambda url: refused(401, "InvalidAuthenticationToken")
    )
    assert errors(read(window, (ask(n) for n in range(200)))) == {type(None)}
    assert tokens.number == 2


def test_items_whose_fresh_token_is_refused_are_not_repeated_again(window, fake):
    fake.items(lambda url: refused(401, "InvalidAuthenticationToken") if lane(url) == mailbox(0) else ok(url))
    answers = read(window, (ask(n) for n in range(10)))
    assert isinstance(answers[(0, "")].error, TokenRefused)
    assert sum(answer.error is None for answer in answers.values()) == 9
    assert len(fake.sent) == 2


def test_a_tenant_that_refuses_every_token_ends_the_read(window, fake):
    fake.script(Answer({"error": {"code": "InvalidAuthenticationToken"}}, 401))
    assert errors(read(window, (ask(n) for n in range(1000)))) == {TokenRefused}
    assert len(fake.sent) <= 8


@pytest.mark.parametrize("kind", [CredentialRefused, TenantNotFound, ConsentMissing])
def test_a_tenant_that_gives_no_token_ends_the_read(window, fake, tokens, kind):
    times = []

    def refuse(*, fresh=False):
        times.append(fresh)
        raise kind()

    tokens.token = refuse
    answers = read(window, (ask(n) for n in range(1000)))
    assert errors(answers) == {kind}
    assert not fake.sent and len(times) <= 4


def test_a_tenant_that_refuses_batches_ends_the_read(window, fake):
    fake.script(Answer({"error": {"code": "accessDenied"}}, 403))
    assert errors(read(window, (ask(n) for n in range(1000)))) == {Denied}
    assert len(fake.sent) <= 4
