"""Many mailboxes at once: packing, lanes, items and pages."""

import threading
import time

import pytest

from sharing.graph import Ask, IdRefused, MailboxMissing, Malformed, Unreachable, Window, settings_path

from .asking import ask, batch, errors, lane, mailbox, ok, read, refused, urls
from .conftest import HOSTILE_LINKS, ROOT, Answer

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
