"""The audit log: who may search it, that a search takes its time, and what an act in Outlook leaves there."""

import json

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from sandbox.http import Request

from .calls import caller, code

SEARCHES, ROLE = "/v1.0/security/auditLog/queries", "AuditLogsQuery-Exchange.Read.All"


@pytest.fixture
def cloud():
    return Cloud()


def ask(cloud, method, path, body=None, roles=(ROLE,)):
    path, _, query = path.partition("?")
    headers = {"content-type": "application/json"}
    return cloud.serve(
        caller(*roles), Request(method, path, query, headers, json.dumps(body).encode() if body is not None else b"")
    )


def read(cloud, path):
    answer = ask(cloud, "GET", path)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def change(cloud, **wanted):
    body = json.dumps({"mailbox": "AlexW@contoso.com", "calendar": "Kids parties", **wanted}).encode()
    headers = {"content-type": "application/json"}
    answer = cloud.handle(Request("POST", "/__control__/change", headers=headers, body=body))
    assert answer.status == 200, answer.body


def test_nobody_searches_without_the_permission(cloud):
    for path in (SEARCHES, f"{SEARCHES}/168ec429-084b-a489-90d8-504a87846305"):
        answer = ask(cloud, "POST" if path == SEARCHES else "GET", path, {}, roles=("AuditLog.Read.All",))
        assert answer.status == 403


def test_a_search_waits_runs_and_is_done_and_is_read_only_then(cloud):
    answer = ask(cloud, "POST", SEARCHES, {"displayName": "x"})
    assert answer.status == 201
    path, seen = f"{SEARCHES}/{json.loads(answer.body)['id']}", []
    for _ in range(4):
        seen.append(read(cloud, path)["status"])
        if seen[-1] != "succeeded":
            assert code(ask(cloud, "GET", f"{path}/records")) == "BadRequest"
        cloud.advance(35)
    assert seen == ["notStarted", "running", "running", "succeeded"]
    assert read(cloud, f"{path}/records")["value"] == []


def test_what_people_do_is_found_after_an_hour_by_operation_and_moment_and_some_of_it_twice(cloud):
    for turn in range(5):
        change(cloud, do="role", who="AdeleV@contoso.com", role=("write", "read")[turn % 2], by="MeganB@contoso.com")
    change(cloud, do="unshare", who="AdeleV@contoso.com")

    def found(**filters):
        path = f"{SEARCHES}/{json.loads(ask(cloud, 'POST', SEARCHES, filters).body)['id']}/records"
        cloud.advance(120)
        records, pages = [], 0
        while path:
            page = read(cloud, path)
            records, pages = records + page["value"], pages + 1
            path = page.get("@odata.nextLink", "").partition("://")[2].partition("/")[2]
            path = f"/{path}" if path else ""
        return records, pages

    assert found()[0] == []  # too early
    cloud.advance(3600)
    records, pages = found()
    assert (pages, len(records), len({each["id"] for each in records})) == (2, 7, 6)
    content = records[0]["auditData"]
    assert (content["Operation"], content["UserId"]) == ("ModifyFolderPermissions", "MeganB@contoso.com")
    assert content["OrganizationId"] == cast.CONTOSO
    assert content["Item"]["ParentFolder"]["Path"] == "\\Kids parties"
    removed, _ = found(operationFilters=["RemoveFolderPermissions"])
    assert [each["auditData"]["UserId"].casefold() for each in removed] == ["alexw@contoso.com"]
    assert found(filterEndDateTime="2020-01-01T00:00:00Z")[0] == []
