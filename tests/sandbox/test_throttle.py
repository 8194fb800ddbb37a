"""The limits: four at once per mailbox, ten thousand in ten minutes, and who comes back too early."""

import json
import threading

import pytest

from sandbox import cast
from tests.sandbox.steps import app_token, control, graph

ALEX = f"/users/{cast.ALEX}/calendar/calendarPermissions"
MEGAN = f"/users/{cast.MEGAN}/calendar/calendarPermissions"


@pytest.fixture
def token(cloud):
    return app_token(cloud)


def code_of(response):
    return json.loads(response.body)["error"]["code"]


def get(cloud, token, path, at_once=1):
    """The answers to so many requests, all of them in flight together."""
    answers, let_in, everybody = [], [], threading.Condition()
    answer = cloud.graph.answer

    def slow(caller, request):
        """Whoever was let in waits until each of the others was let in or refused."""
        with everybody:
            let_in.append(request)
            everybody.notify_all()
            everybody.wait_for(lambda: len(let_in) + len(answers) >= at_once, timeout=10)
        return answer(caller, request)

    def work():
        response = graph(cloud, path, token)
        with everybody:
            answers.append(response)
            everybody.notify_all()

    cloud.graph.answer = slow
    try:
        threads = [threading.Thread(target=work) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    finally:
        cloud.graph.answer = answer
    return answers


def batch(cloud, token, *paths):
    """The statuses of a batch, in the order asked."""
    items = [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(paths)]
    response = graph(cloud, "/$batch", token, "POST", {"requests": items})
    found = {item["id"]: item for item in json.loads(response.body)["responses"]}
    return [found[str(n)]["status"] for n in range(len(paths))]


def test_four_requests_of_one_mailbox_are_answered_and_a_fifth_is_not(cloud, token):
    assert sorted(each.status for each in get(cloud, token, ALEX, 4)) == [200] * 4
    answers = get(cloud, token, ALEX, 5)
    assert sorted(each.status for each in answers) == [200] * 4 + [429]
    refused = next(each for each in answers if each.status == 429)
    error = json.loads(refused.body)["error"]
    assert error["code"] == "ApplicationThrottled"
    assert error["message"] == "Application is over its MailboxConcurrency limit."
    assert refused.headers["Retry-After"] == "1"


def test_the_directory_has_no_limit_of_four(cloud, token):
    assert [each.status for each in get(cloud, token, "/users", 6)] == [200] * 6


def test_a_mailbox_is_the_same_by_any_of_its_names(cloud, token):
    cloud.throttle.mailbox_concurrency = 1
    with cloud.throttle.room((cast.PORTAL_APP, cast.CONTOSO, cast.ALEX)):
        for name in (cast.ALEX, cast.ALEX.upper(), "alexw@CONTOSO.com"):
            assert graph(cloud, f"/users/{name}/calendars", token).status == 429
        assert graph(cloud, MEGAN, token).status == 200


def test_when_the_wait_is_over_the_mailbox_answers_again(cloud, token):
    control(cloud, "POST", "switches", {"retry_after": 2.5, "mailbox_concurrency": 1})
    with cloud.throttle.room((cast.PORTAL_APP, cast.CONTOSO, cast.ALEX)):
        assert graph(cloud, ALEX, token).headers["Retry-After"] == "2.5"
    assert control(cloud, "GET", "stats")["early_retries"] == 0
    cloud.advance(1)
    assert graph(cloud, ALEX, token).status == 429
    assert graph(cloud, MEGAN, token).status == 200
    assert control(cloud, "GET", "stats")["early_retries"] == 1
    cloud.advance(2)
    assert graph(cloud, ALEX, token).status == 200
    assert control(cloud, "GET", "stats") | {"throttled": 2, "early_retries": 1} == control(cloud, "GET", "stats")


def test_the_same_request_sent_again_at_once_is_an_early_retry_and_another_is_not(cloud, token):
    control(cloud, "POST", "faults", [{"do": "status", "status": 429, "retry_after": 10, "times": 1}])
    assert graph(cloud, ALEX, token).status == 429
    assert graph(cloud, f"/users/{cast.ALEX}/mailboxSettings", token).status == 429
    assert cloud.throttle.early_retries == 0
    assert graph(cloud, ALEX, token).status == 429
    assert cloud.throttle.early_retries == 1


@pytest.mark.parametrize("retry_after", ["0.249", 2, "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_429_of_the_fault_plan_must_be_waited_out_too(cloud, token, retry_after):
    control(cloud, "POST", "faults", [{"do": "status", "status": 429, "retry_after": retry_after, "times": 1}])
    first = graph(cloud, ALEX, token)
    assert (first.status, first.headers["Retry-After"]) == (429, str(retry_after))
    assert graph(cloud, ALEX, token).status == 429
    assert cloud.throttle.early_retries == 1


def test_without_retry_after_nobody_has_to_wait(cloud, token):
    control(cloud, "POST", "faults", [{"do": "status", "status": 429, "times": 1}])
    first = graph(cloud, ALEX, token)
    assert (first.status, "Retry-After" in first.headers) == (429, False)
    assert graph(cloud, ALEX, token).status == 200


def test_too_many_in_ten_minutes_are_refused_until_they_are_over(cloud, token):
    control(cloud, "POST", "switches", {"requests_per_ten_minutes": 3})
    assert [graph(cloud, ALEX, token).status for _ in range(3)] == [200] * 3
    refused = graph(cloud, ALEX, token)
    assert (refused.status, code_of(refused)) == (429, "ApplicationThrottled")
    assert 590 < float(refused.headers["Retry-After"]) <= 600
    assert graph(cloud, MEGAN, token).status == 200
    cloud.advance(601)
    assert graph(cloud, ALEX, token).status == 200


def test_a_batch_holds_up_to_four_places_of_each_mailbox(cloud, token):
    key = (cast.PORTAL_APP, cast.CONTOSO, cast.ALEX)
    assert batch(cloud, token, *[ALEX] * 10, MEGAN) == [200] * 11
    with cloud.throttle.room(key):
        assert batch(cloud, token, *[ALEX] * 3, MEGAN) == [200] * 4
        assert batch(cloud, token, *[ALEX] * 5, MEGAN).count(429) == 1
    cloud.advance(2)
    assert batch(cloud, token, ALEX, MEGAN) == [200, 200]
    assert cloud.throttle.early_retries == 0


def test_while_a_batch_works_its_mailboxes_have_less_room(cloud, token):
    seen = []
    answer = cloud.graph.answer

    def nosy(caller, request):
        if request.path.endswith("/$batch") and not seen:
            seen.append(None)
            seen[0] = [cloud.throttle.take((cast.PORTAL_APP, cast.CONTOSO, oid), 4) for oid in (cast.ALEX, cast.MEGAN)]
        return answer(caller, request)

    cloud.graph.answer = nosy
    batch(cloud, token, ALEX, ALEX, ALEX, "/users")
    assert seen == [[1, 4]]


def test_app_wide_counts_all_mailboxes_together(cloud, token):
    assert batch(cloud, token, ALEX, MEGAN) == [200, 200]
    control(cloud, "POST", "switches", {"app_wide": 1})
    assert sorted(batch(cloud, token, ALEX, MEGAN)) == [200, 429]
    cloud.advance(2)
    with cloud.throttle.room((cast.PORTAL_APP, cast.CONTOSO, None)):
        assert graph(cloud, ALEX, token).status == 429
    control(cloud, "POST", "switches", {"app_wide": None})
    cloud.advance(2)
    assert batch(cloud, token, ALEX, MEGAN) == [200, 200]


def test_a_refused_batch_must_wait_and_single_requests_need_not(cloud, token):
    control(cloud, "POST", "faults", [{"do": "outer_429", "retry_after": 5, "times": 1}])
    items = {"requests": [{"id": "1", "method": "GET", "url": ALEX}]}
    assert graph(cloud, "/$batch", token, "POST", items).status == 429
    assert graph(cloud, "/$batch", token, "POST", items).status == 429
    assert graph(cloud, ALEX, token).status == 200
    assert cloud.throttle.early_retries == 1
    cloud.advance(5)
    assert graph(cloud, "/$batch", token, "POST", items).status == 200


@pytest.mark.parametrize("wanted", [{"mailbox_concurrency": 0}, {"retry_after": "soon"}, {"mailbox_concurrency": None}])
def test_a_limit_that_makes_no_sense_is_refused(cloud, wanted):
    before = control(cloud, "GET", "switches")
    assert "above zero" in control(cloud, "POST", "switches", {"app_wide": 2, **wanted})["error"]
    assert control(cloud, "GET", "switches") == before
