"""Many mailboxes at once: patience, pace, and what ends a read."""

import threading
import time

import pytest
import requests

from sharing.graph import (
    ConsentMissing,
    CredentialRefused,
    Denied,
    TenantNotFound,
    Throttled,
    TokenRefused,
    Unreachable,
    Window,
)

from .asking import ask, batch, errors, lane, mailbox, ok, read, refused, urls
from .conftest import Answer

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
