"""The control room: what a test or a demo does behind Microsoft's back, and what it can see."""

import json

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from tests.sandbox.steps import app_token, control, graph, send, sign_in

LIST = f"/users/{cast.ALEX}/calendar/calendarPermissions"
LOWER = {"do": "role", "mailbox": cast.ALEX, "who": "MeganB@contoso.com", "role": "read"}


@pytest.fixture
def token(cloud):
    return app_token(cloud)


def role_of_megan(cloud, token):
    rows = json.loads(graph(cloud, LIST, token).body)["value"]
    return next((row["role"] for row in rows if row["id"] == cast.MEGANS_ROW), None)


def test_about_names_the_tenants_and_the_cast(cloud):
    about = control(cloud, "GET", "about")
    assert about["client_id"] == cast.PORTAL_APP
    assert [(each["tid"], each["name"]) for each in about["tenants"]] == [
        (cast.CONTOSO, "Contoso"),
        (cast.FABRIKAM, "Fabrikam"),
    ]
    alex = next(each for each in about["cast"] if each["oid"] == cast.ALEX)
    assert alex == {
        "name": "Alex Wilber",
        "address": "AlexW@contoso.com",
        "upn": "AlexW@contoso.com",
        "tid": cast.CONTOSO,
        "oid": cast.ALEX,
        "tenant": "Contoso",
        "sentence": "Owns a calendar that others use.",
        "directory_roles": [],
    }
    assert len(about["cast"]) == len(cast.CAST)


def test_about_still_answers_when_one_of_the_cast_is_gone(cloud):
    control(cloud, "POST", "change", {"do": "delete_user", "mailbox": cast.ALEX})
    assert len(control(cloud, "GET", "about")["cast"]) == len(cast.CAST)


def test_a_change_shows_in_graph_and_can_be_taken_back(cloud, token):
    answer = control(cloud, "POST", "change", LOWER)
    assert role_of_megan(cloud, token) == "read"
    control(cloud, "POST", "change", answer["back"])
    assert role_of_megan(cloud, token) == "delegateWithPrivateEventAccess"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("change", {"do": "explode"}),
        ("change", {"do": "role", "mailbox": "nobody@contoso.com", "who": "x@y.z", "role": "read"}),
        ("change", ["role"]),
        ("change", None),
        ("clock", {}),
        ("clock", {"offset_seconds": "soon"}),
        ("rewind", {"to": -1}),
        ("rewind", {"to": 10**6}),
        ("play", {"entry": -1}),
        ("switches", {"no_such_switch": 1}),
        ("switches", {"role_not_allowed": "no such answer"}),
        ("faults", {}),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(cloud, name, body):
    before = cloud.state.dump()
    response = send(cloud, "POST", f"/__control__/{name}", body=body)
    assert response.status == 400
    assert json.loads(response.body)["error"]
    assert cloud.state.dump() == before


def test_reset_is_as_after_the_start(cloud, token):
    fresh = control(Cloud(), "GET", "state")
    control(cloud, "POST", "change", LOWER)
    control(cloud, "POST", "clock", {"offset_seconds": 60})
    control(cloud, "POST", "faults", [{"do": "status", "status": 503}])
    control(cloud, "POST", "switches", {"mailbox_concurrency": 1, "role_not_allowed": "ErrorAccessDenied"})
    graph(cloud, LIST, token)
    control(cloud, "POST", "reset")
    assert control(cloud, "GET", "stats")["requests"] == 0
    assert control(cloud, "GET", "clock")["offset_seconds"] == 0
    assert control(cloud, "GET", "switches") == control(Cloud(), "GET", "switches")
    assert control(cloud, "GET", "faults") == {"faults": []}
    assert control(cloud, "GET", "state")["tenants"] == fresh["tenants"]
    assert role_of_megan(cloud, token) == "delegateWithPrivateEventAccess"


def test_switches_of_graph_and_limits_are_set_together_or_not_at_all(cloud):
    wanted = {"created_status": 200, "mailbox_concurrency": 2}
    assert control(cloud, "POST", "switches", wanted).items() >= wanted.items()
    assert "error" in control(cloud, "POST", "switches", {"created_status": 999, "mailbox_concurrency": 3})
    assert control(cloud, "GET", "switches").items() >= wanted.items()


def test_the_journal_is_played_forth_and_back(cloud):
    today = control(cloud, "GET", "state")["tenants"]
    journal = control(cloud, "GET", "journal")["journal"]
    assert [each["entry"] for each in journal] == list(range(len(journal)))
    days = [each["days_ago"] for each in journal]
    assert days == sorted(days, reverse=True)
    control(cloud, "POST", "rewind", {"to": 0})
    for entry in journal:
        assert "error" not in control(cloud, "POST", "play", {"entry": entry["entry"]})
    control(cloud, "POST", "rewind", {"to": len(journal)})
    assert control(cloud, "GET", "state")["tenants"] == today


def test_the_log_says_who_asked_for_what(cloud, token):
    control(cloud, "DELETE", "log")
    graph(cloud, f"{LIST}?$select=id", token, **{"client-request-id": "mine"})
    items = [{"id": "1", "method": "GET", "url": "/organization"}]
    graph(cloud, "/$batch", token, "POST", {"requests": items})
    send(cloud, "GET", "/v1.0/users")
    single, item, outer, refused = control(cloud, "GET", "log")["log"]
    caller = {"app_id": cast.PORTAL_APP, "tid": cast.CONTOSO, "oid": None}
    assert (
        single
        | {
            "n": 1,
            "method": "GET",
            "path": f"/v1.0{LIST}",
            "query": "$select=id",
            "status": 200,
            "kind": "permissions",
            "caller": caller,
            "batched": False,
            "batch": None,
            "request_id": "mine",
        }
        == single
    )
    assert (item["kind"], item["batched"], item["batch"]) == ("organization", True, outer["batch"])
    assert (outer["kind"], outer["batched"], outer["status"]) == ("batch", False, 200)
    assert (refused["status"], refused["caller"]) == (401, None)
    assert control(cloud, "GET", "log?since=2")["log"] == [outer, refused]


def test_stats_count_inner_and_outer_requests_and_every_look_at_events(cloud, token):
    control(cloud, "DELETE", "log")
    items = [{"id": str(n), "method": "GET", "url": LIST} for n in range(3)]
    graph(cloud, "/$batch", token, "POST", {"requests": items})
    assert control(cloud, "GET", "stats") == {
        "requests": 1,
        "sub_requests": 3,
        "throttled": 0,
        "unanswered": 0,
        "event_reads": 0,
        "by_kind": {"batch": 1, "permissions": 3},
        "early_retries": 0,
    }
    graph(cloud, f"/users/{cast.ALEX}/events", token)
    graph(cloud, f"/users/{cast.ALEX}/calendar/calendarView?startDateTime=x", token)
    assert control(cloud, "GET", "stats")["event_reads"] == 2


def test_the_log_of_writes_leaves_out_batches_and_tokens(cloud, token):
    sign_in(cloud, cast.ALEX)
    items = [{"id": "1", "method": "GET", "url": LIST}]
    graph(cloud, "/$batch", token, "POST", {"requests": items})
    graph(cloud, f"{LIST}/{cast.MEGANS_ROW}", token, "PATCH", {"role": "read"})
    assert [(each.method, each.kind) for each in cloud.log.writes()] == [("PATCH", "permissions")]


def test_an_invitation_is_listed(cloud, token):
    body = {"emailAddress": {"address": "CharlieR@contoso.com", "name": "Charlie"}, "role": "read"}
    assert graph(cloud, LIST, token, "POST", body).status == 201
    assert len(control(cloud, "GET", "invitations")["invitations"]) == 1


def test_the_clock_is_moved(cloud):
    before = cloud.now()
    control(cloud, "POST", "clock", {"offset_seconds": 86400})
    assert 86400 <= (cloud.now() - before).total_seconds() < 86460


def test_web_pages_are_kept_out(cloud):
    form = send(cloud, "POST", "/__control__/change", form={"do": "reset"})
    assert form.status == 415
    page = send(cloud, "POST", "/__control__/reset", headers={"origin": "https://evil.example"})
    assert page.status == 403
    assert send(cloud, "POST", "/__control__/reset").status == 200


def test_an_unknown_control_names_the_known_ones(cloud):
    response = send(cloud, "POST", "/__control__/explode")
    assert (response.status, b"POST reset" in response.body) == (404, True)


# Outliving the process


def test_the_world_and_its_tokens_outlive_the_process(tmp_path):
    file = tmp_path / "world.json"
    cloud = Cloud(state_file=file)
    token = app_token(cloud)
    kept = sign_in(cloud, cast.ALEX)[1]["refresh_token"]
    control(cloud, "POST", "rotate_key")
    control(cloud, "POST", "change", LOWER)
    control(cloud, "POST", "clock", {"offset_seconds": 60})
    again = Cloud(state_file=file)
    assert again.offset_seconds == 60
    assert role_of_megan(again, token) == "read"
    answer = send(
        again,
        "POST",
        "/organizations/oauth2/v2.0/token",
        form={
            "client_id": cast.PORTAL_APP,
            "client_secret": "sandbox-secret-of-the-portal",
            "grant_type": "refresh_token",
            "refresh_token": kept,
        },
    )
    assert answer.status == 200
    assert file.stat().st_mode & 0o077 == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["world.json"]


def test_a_change_through_graph_is_kept_before_it_is_answered(tmp_path):
    file = tmp_path / "world.json"
    cloud = Cloud(state_file=file)
    token = app_token(cloud)
    before = file.stat().st_mtime_ns, file.read_bytes()
    graph(cloud, LIST, token)
    assert (file.stat().st_mtime_ns, file.read_bytes()) == before
    graph(cloud, f"{LIST}/{cast.MEGANS_ROW}", token, "DELETE")
    assert role_of_megan(Cloud(state_file=file), token) is None


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"world": {}, "keys": {}}'])
def test_a_file_that_is_no_world_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "world.json"
    file.write_text(content)
    with pytest.raises(ValueError, match="is not a state of this sandbox"):
        Cloud(state_file=file)
    assert file.read_text() == content
