"""$batch: twenty calls in one, each answered for itself."""

import base64
import json
import time

import pytest

from sandbox import cast
from sandbox.http import Response
from tests.sandbox.calls import ADELES_PATH, KIDS_PATH, code

KIDS = f"{KIDS_PATH}/calendarPermissions"


def step(id, url, method="GET", **more):
    return {"id": id, "method": method, "url": url, **more}


def patch(id, role, **more):
    json_type = {"Content-Type": "application/json"}
    return step(id, ADELES_PATH, "PATCH", headers=json_type, body={"role": role}, **more)


@pytest.fixture
def batch(ask):
    """Send steps; gives their answers by id."""

    def send(*steps):
        answers = ask("POST", "/v1.0/$batch", {"requests": list(steps)})["responses"]
        assert sorted(each["id"] for each in answers) == sorted(each["id"] for each in steps)
        return {each["id"]: each for each in answers}

    return send


def test_a_step_is_answered_like_the_call_alone(batch, ask):
    answers = batch(step("1", f"/{KIDS}"), step("b", KIDS), step("3", "/users/nobody@contoso.com/calendar"))
    alone = ask("GET", f"/v1.0/{KIDS}")
    assert answers["1"]["body"] == answers["b"]["body"] == alone
    assert (answers["1"]["status"], answers["3"]["status"]) == (200, 404)
    assert answers["3"]["body"]["error"]["code"] == "ErrorInvalidUser"
    assert "application/json" in answers["1"]["headers"]["Content-Type"]


def test_links_in_a_step_are_absolute(batch):
    answers = batch(step("1", "/users/DeliaD@contoso.com/calendars?$select=name"))
    link = answers["1"]["body"]["@odata.nextLink"]
    assert link == "http://127.0.0.1:8010/v1.0/users/DeliaD@contoso.com/calendars?$select=name&$skip=10"


def test_steps_may_write_and_an_empty_answer_is_null(batch, ask):
    megan = f"/{KIDS}/{cast.MEGANS_ROW}"
    answers = batch(patch("1", "write"), step("2", megan, "DELETE"))
    assert (answers["1"]["status"], answers["1"]["body"]["role"]) == (200, "write")
    assert (answers["2"]["status"], answers["2"]["body"]) == (204, None)
    assert [row["role"] for row in ask("GET", f"/v1.0/{KIDS}")["value"]] == ["write", "none"]


def test_headers_of_a_step_count_for_the_step(batch):
    url = "/users?$count=true&$select=id"
    answers = batch(step("1", url), step("2", url, headers={"ConsistencyLevel": "eventual"}))
    assert (answers["1"]["status"], answers["2"]["status"]) == (400, 200)


def test_a_body_without_its_type_is_refused(batch):
    answers = batch(step("1", ADELES_PATH, "PATCH", body={"role": "write"}))
    assert answers["1"]["status"] == 400


def test_a_step_waits_for_those_it_depends_on(batch):
    answers = batch(step("2", f"/{KIDS}", dependsOn=["1"]), patch("1", "write"))
    assert answers["2"]["body"]["value"][0]["role"] == "write"


def test_what_depends_on_a_failed_step_is_not_done(batch, ask):
    failing = step("a", "/users/nobody@contoso.com/calendar")
    answers = batch(failing, patch("b", "write", dependsOn=["A"]), step("c", f"/{KIDS}", dependsOn=["b"]))
    assert [answers[id]["status"] for id in "abc"] == [404, 424, 424]
    assert ask("GET", f"/v1.0/{KIDS}")["value"][0]["role"] == "read"


def test_beta_is_beta_in_every_step(ask):
    answers = ask("POST", "/beta/$batch", {"requests": [step("1", f"/users/{cast.ALEX}/calendar")]})
    assert answers["responses"][0]["body"]["isShared"]


TWENTY = [step(str(number), f"/{KIDS}") for number in range(20)]


def test_twenty_are_taken(batch):
    assert {each["status"] for each in batch(*TWENTY).values()} == {200}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"requests": [*TWENTY, step("20", f"/{KIDS}")]}, "MaximumValueExceeded"),
        ({"requests": []}, "BadRequest"),
        ({}, "BadRequest"),
        ([], "BadRequest"),
        ({"requests": [step("a", "/users"), step("A", "/users")]}, "BadRequest"),
        ({"requests": [{"id": "1", "url": "/users"}]}, "BadRequest"),
        ({"requests": [{"id": 1, "method": "GET", "url": "/users"}]}, "BadRequest"),
        ({"requests": [step("1", "https://graph.microsoft.com/v1.0/users")]}, "BadRequest"),
        ({"requests": [step("1", "//example.com/users")]}, "BadRequest"),
        ({"requests": [step("1", "/users", dependsOn=["2"])]}, "BadRequest"),
        ({"requests": [step("1", "/users", dependsOn=["2"]), step("2", "/users", dependsOn=["1"])]}, "BadRequest"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(cloud, call, body, expected):
    version = cloud.state.version
    response = call("POST", "/v1.0/$batch", body)
    assert (response.status, code(response)) == (400, expected)
    assert cloud.state.version == version


def test_a_batch_is_posted(call):
    assert call("GET", "/v1.0/$batch").status == 405


@pytest.mark.parametrize(("method", "url"), [("POST", "/$batch"), ("BREW", "/users")])
def test_a_step_that_cannot_be_is_refused_alone(batch, method, url):
    answers = batch(step("1", url, method), step("2", f"/{KIDS}"))
    assert (answers["1"]["status"], answers["2"]["status"]) == (400, 200)


def test_events_are_refused_in_a_step(batch):
    assert batch(step("1", "/users/AlexW@contoso.com/events"))["1"]["status"] == 403


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_answers_may_come_in_another_order(cloud, ask, order):
    asked = [each["id"] for each in TWENTY]
    cloud.switches.change({"batch_order": order})
    found = [each["id"] for each in ask("POST", "/v1.0/$batch", {"requests": TWENTY})["responses"]]
    assert found != asked
    assert sorted(found) == sorted(asked)


@pytest.mark.parametrize("body", [b"<html>Busy</html>", b'{"value": [1, 2'])
def test_an_answer_that_is_no_json_is_a_string(cloud, batch, monkeypatch, body):
    spoiled = Response(503, {"Content-Type": "text/html", "Retry-After": "3"}, body)
    monkeypatch.setattr(cloud, "serve", lambda caller, request, *, batched: spoiled)
    answer = batch(step("1", "/users"))["1"]
    assert (answer["status"], answer["headers"]["Retry-After"]) == (503, "3")
    assert base64.urlsafe_b64decode(answer["body"]) == body


def test_twenty_steps_cost_little(cloud, call):
    lists = [step(str(number), f"/{KIDS}") for number in range(20)]
    spent = []
    for _ in range(20):
        began = time.thread_time()
        call("POST", "/v1.0/$batch", {"requests": lists})
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.006


def test_a_batch_is_json_whatever_names_are_in_it(call):
    users = ("sinead.o'connor", "zoem", "nour", "kobi", "bobby", "zalgo", "tabbed", "hidden")
    steps = [step(name, f"/users/{name}@contoso.com?$select=displayName") for name in users]
    answers = json.loads(call("POST", "/v1.0/$batch", {"requests": steps}).body)["responses"]
    names = {each["id"]: each["body"]["displayName"] for each in answers}
    assert names["bobby"] == "<b>Bobby</b> <script>alert('Tables')</script>"
    assert "🎉" in names["zoem"]
