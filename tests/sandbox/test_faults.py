"""The fault plan: whom it strikes, how often, and what it does."""

import json

import pytest

from sandbox import cast
from sandbox.faults import ACTS
from sandbox.http import Dropped
from tests.sandbox.steps import SCOPE, app_token, ask_token, control, graph, send

LIST = f"/users/{cast.ALEX}/calendar/calendarPermissions"
MEGANS = f"{LIST}/{cast.MEGANS_ROW}"
ORGANIZATION_ROW = "RGVmYXVsdA=="


@pytest.fixture
def token(cloud):
    return app_token(cloud)


@pytest.fixture
def get(cloud, token):
    return lambda path=LIST, **headers: graph(cloud, path, token, **headers)


@pytest.fixture
def plan(cloud):
    """Set a plan of one line and more; the answer of the control room."""
    return lambda *lines: control(cloud, "POST", "faults", list(lines))


@pytest.fixture
def batch(cloud, token):
    def make(*paths):
        items = [{"id": str(n), "method": "GET", "url": path} for n, path in enumerate(paths)]
        response = graph(cloud, "/$batch", token, "POST", {"requests": items})
        return json.loads(response.body)["responses"]

    return make


def rows(response):
    return json.loads(response.body)["value"]


def role_of_megan(cloud):
    return cloud.state.tenants[cast.CONTOSO].users[cast.ALEX].mailbox.primary.permissions[cast.MEGANS_ROW].role


# Whom and how often


def test_a_fault_strikes_so_often_after_so_many(plan, get):
    plan({"do": "status", "status": 503, "after": 1, "times": 2})
    assert [get().status for _ in range(5)] == [200, 503, 503, 200, 200]


def test_without_times_it_strikes_until_the_plan_ends(plan, get):
    plan({"do": "status", "status": 503})
    assert [get().status for _ in range(3)] == [503] * 3
    plan()
    assert get().status == 200


@pytest.mark.parametrize(
    "match",
    [
        {"path": "/calendarPermissions$"},
        {"mailbox": "alexw@contoso.com"},
        {"mailbox": cast.ALEX.upper()},
        {"mailbox": cast.ALEX, "method": "GET"},
        {"batched": False, "path": f"^/v1.0/users/{cast.ALEX}/calendar/"},
    ],
    ids=str,
)
def test_a_fault_strikes_only_what_it_matches(plan, get, match):
    assert get(f"/users/{cast.ALEX}/calendar/calendarPermissions").status == 200
    plan({"do": "status", "status": 503, "match": match})
    assert get().status == 503
    assert get(f"/users/{cast.MEGAN}/calendars").status == 200


def test_a_path_is_matched_as_it_reads(plan, get):
    plan({"do": "status", "status": 503, "match": {"path": f"/calendars/{cast.ALEX_KIDS_PARTIES}/"}})
    assert get(f"/users/{cast.ALEX}/calendars/AAMkADAwAABf02bAAAA%3D/calendarPermissions").status == 503


def test_items_of_a_batch_can_be_struck_alone(plan, get, batch):
    plan({"do": "status", "status": 503, "match": {"batched": True, "mailbox": cast.ALEX}})
    assert get().status == 200
    statuses = {each["id"]: each["status"] for each in batch(LIST, f"/users/{cast.MEGAN}/calendars")}
    assert statuses == {"0": 503, "1": 200}


def test_the_first_due_fault_strikes_and_the_others_count_too(plan, get, cloud):
    plan({"do": "status", "status": 503, "times": 1}, {"do": "status", "status": 502, "after": 1, "times": 1})
    assert [get().status for _ in range(3)] == [503, 502, 200]
    counts = [(each["seen"], each["fired"]) for each in control(cloud, "GET", "faults")["faults"]]
    assert counts == [(3, 1), (3, 1)]


def test_the_token_endpoint_fails_where_it_is_named(plan, cloud):
    asked = {"grant_type": "client_credentials", "scope": SCOPE}
    plan({"do": "status", "status": 503, "retry_after": 7})
    assert ask_token(cloud, **asked)[0] == 200
    plan({"do": "status", "status": 503, "retry_after": 7, "match": {"path": "/token$"}})
    assert ask_token(cloud, **asked)[0] == 503


@pytest.mark.parametrize(
    "line",
    [
        {"do": "explode"},
        {"status": 503},
        "drop",
        {"do": "status", "macth": {}},
        {"do": "status", "match": {"paht": "x"}},
        {"do": "status", "match": {"path": "("}},
        {"do": "delay"},
        {"do": "body"},
        {"do": "token", "how": "sideways"},
    ],
    ids=str,
)
def test_a_line_that_makes_no_sense_changes_nothing(plan, get, line):
    plan({"do": "status", "status": 503})
    assert "error" in plan({"do": "drop"}, line)
    assert get().status == 503


# Answers instead of the right one


def test_a_status_comes_with_code_text_and_wait(plan, get):
    plan(
        {
            "do": "status",
            "status": 500,
            "code": "ErrorInternalServerTransientError",
            "message": "x",
            "retry_after": "1.5",
        }
    )
    response = get()
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["message"]) == (500, "ErrorInternalServerTransientError", "x")
    assert response.headers["Retry-After"] == "1.5"
    assert response.headers["request-id"]


def test_a_known_code_brings_its_own_text(plan, get):
    plan({"do": "status", "status": 404, "code": "MailboxNotEnabledForRESTAPI"})
    assert "hosted on-premise" in json.loads(get().body)["error"]["message"]


def test_a_status_may_be_a_page(plan, get):
    plan({"do": "status", "status": 502, "html": True})
    response = get()
    assert (response.status, response.headers["Content-Type"]) == (502, "text/html; charset=utf-8")


def test_a_token_can_be_called_expired_once(plan, get):
    plan({"do": "expired_token", "times": 1})
    first = get()
    assert (first.status, json.loads(first.body)["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert get().status == 200


def test_a_batch_fails_outside_or_inside(plan, cloud, token, batch):
    plan({"do": "outer_429", "times": 1}, {"do": "item_424", "match": {"mailbox": cast.MEGAN, "batched": True}})
    items = {"requests": [{"id": "1", "method": "GET", "url": LIST}]}
    response = graph(cloud, "/$batch", token, "POST", items)
    assert (response.status, json.loads(response.body)["error"]["code"]) == (429, "TooManyRequests")
    statuses = {each["id"]: each["status"] for each in batch(LIST, f"/users/{cast.MEGAN}/calendars")}
    assert statuses == {"0": 200, "1": 424}


# No answer


def patch(cloud, token):
    return graph(cloud, MEGANS, token, "PATCH", {"role": "read"})


@pytest.mark.parametrize(("do", "role"), [("drop", "delegateWithPrivateEventAccess"), ("drop_after", "read")])
def test_an_answer_is_lost_before_or_after_the_effect(plan, cloud, token, do, role):
    plan({"do": do, "times": 1})
    with pytest.raises(Dropped):
        patch(cloud, token)
    assert role_of_megan(cloud) == role
    assert control(cloud, "GET", "log")["log"][-1]["status"] is None
    assert control(cloud, "GET", "stats")["unanswered"] == 1


def test_a_late_effect_lands_when_its_time_has_come(plan, cloud, token, get):
    plan({"do": "late", "seconds": 30, "times": 1})
    with pytest.raises(Dropped):
        patch(cloud, token)
    for seconds, role in ((0, "delegateWithPrivateEventAccess"), (29, "delegateWithPrivateEventAccess"), (2, "read")):
        cloud.advance(seconds)
        get("/users")
        assert role_of_megan(cloud) == role


@pytest.mark.parametrize(("applied", "role"), [(True, "read"), (False, "delegateWithPrivateEventAccess")])
def test_an_error_may_have_been_applied_all_the_same(plan, cloud, token, applied, role):
    plan({"do": "status", "status": 504, "applied": applied, "times": 1})
    assert patch(cloud, token).status == 504
    assert role_of_megan(cloud) == role


def test_a_slow_answer_is_the_right_one(plan, get):
    right = rows(get())
    plan({"do": "delay", "seconds": 0.01})
    assert rows(get()) == right


# Spoiled answers


def test_a_body_can_be_anything(plan, get):
    plan(
        {"do": "body", "json": {"value": [None]}, "times": 1},
        {"do": "body", "raw": '{"value": [NaN', "times": 1},
        {"do": "empty_body", "times": 1},
        {"do": "html_200", "times": 1},
    )
    assert json.loads(get().body) == {"value": [None]}
    assert get().body == b'{"value": [NaN'
    assert get().body == b""
    page = get()
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_cut_body_is_no_json(plan, get):
    plan({"do": "truncate"})
    response = get()
    assert response.body.startswith(b'{"@odata.context"')
    with pytest.raises(ValueError, match="."):
        json.loads(response.body)


def test_a_type_is_wrong(plan, get):
    plan({"do": "wrong_type"})
    assert json.loads(get().body)["value"] == "unexpected"
    assert isinstance(json.loads(get(f"/users/{cast.ALEX}/mailboxSettings").body), list)


def test_a_list_loses_rows_and_does_not_say_so(plan, get):
    whole = rows(get())
    assert ORGANIZATION_ROW in [row["id"] for row in whole]
    plan({"do": "empty_list", "times": 1}, {"do": "drop_default_row", "times": 1}, {"do": "lose_last_page", "times": 1})
    assert rows(get()) == []
    assert [row["id"] for row in rows(get())] == [row["id"] for row in whole if row["id"] != ORGANIZATION_ROW]
    assert rows(get()) == whole[: len(whole) // 2]


def test_a_listing_loses_its_last_page(plan, get):
    path = "/users?$top=5"
    assert "@odata.nextLink" in json.loads(get(path).body)
    plan({"do": "lose_last_page", "match": {"path": "/users$"}})
    page = json.loads(get(path).body)
    assert (len(page["value"]), "@odata.nextLink" in page) == (5, False)


def test_a_link_goes_in_a_circle_or_elsewhere(plan, get):
    plan(
        {"do": "loop", "times": 1},
        {"do": "foreign_link", "times": 1},
        {"do": "foreign_link", "to": "https://evil.example/", "times": 1},
    )
    path = f"{LIST}?$select=id"
    assert json.loads(get(path).body)["@odata.nextLink"] == f"http://127.0.0.1:8010/v1.0{path}"
    assert json.loads(get(path).body)["@odata.nextLink"].startswith("https://graph.microsoft.com.example/")
    assert json.loads(get(path).body)["@odata.nextLink"] == "https://evil.example/"


def test_a_page_comes_twice(plan, get):
    plan({"do": "repeat_page", "times": 1})
    first = get()
    link = json.loads(first.body)["@odata.nextLink"].removeprefix("http://127.0.0.1:8010/v1.0")
    again = get(link)
    assert rows(again) == rows(first)
    assert "@odata.nextLink" not in json.loads(again.body)


def test_the_answers_of_a_batch_come_in_any_order(plan, batch):
    paths = [f"/users/{oid}/calendars" for oid in (cast.ALEX, cast.MEGAN, cast.ADELE, cast.CHARLIE, cast.ISAIAH)]
    plan({"do": "shuffle"})
    orders = {tuple(each["id"] for each in batch(*paths)) for _ in range(10)}
    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {("0", "1", "2", "3", "4")}


@pytest.mark.parametrize("do", [*ACTS])
def test_an_item_of_a_batch_never_breaks_the_batch(plan, batch, do):
    fields = {"body": {"raw": "{"}, "delay": {"seconds": 0}, "token": {"how": "guest"}, "late": {"seconds": 1}}
    plan({"do": do, "match": {"batched": True, "mailbox": cast.ALEX}, **fields.get(do, {})})
    if do in ("drop", "drop_after", "late"):
        with pytest.raises(Dropped):
            batch(LIST, f"/users/{cast.MEGAN}/calendars")
    else:
        found = {each["id"]: each for each in batch(LIST, f"/users/{cast.MEGAN}/calendars")}
        assert found["1"]["status"] == 200


def test_what_is_no_list_is_left_alone(plan, get):
    path = f"/users/{cast.ALEX}/mailboxSettings"
    right = get(path).body
    plan({"do": "empty_list"})
    assert json.loads(get(path).body) == json.loads(right)


def test_control_itself_never_fails(plan, cloud):
    plan({"do": "drop", "match": {"path": "."}})
    assert send(cloud, "GET", "/__control__/stats").status == 200
