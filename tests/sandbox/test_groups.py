"""Who is in a group, directly and below, and the organization's contacts."""

import json

import pytest

from sandbox import cast, ids
from tests.sandbox.calls import caller, code


def group(name):
    return f"/v1.0/groups/{ids.object_id('group', name)}"


def names(answer):
    return [row["displayName"] for row in answer["value"]]


@pytest.fixture
def eventual(call):
    """As `call`, with the header that advanced queries need, in the spelling that a request arrives with."""
    return lambda path, **kwargs: call("GET", path, headers={"consistencylevel": "eventual"}, **kwargs)


def test_direct_members_are_not_those_below(ask):
    direct = ask("GET", f"{group('Marketing')}/members")
    assert names(direct) == ["Miriam Graham", "Lynne Robbins", "Delia Dennis", "Studio"]
    assert direct["value"][-1]["@odata.type"] == "#microsoft.graph.group"
    below = names(ask("GET", f"{group('Marketing')}/transitiveMembers"))
    assert below == [*names(direct), "Luca Romano", "Tailspin Agency"]


def test_a_security_group_without_mail_holds_a_group_too(ask):
    readers = group("Calendar Readers (security)")
    assert names(ask("GET", f"{readers}/members")) == ["Isaiah Langer", "Lidia Holloway", "Sales Team"]
    assert len(names(ask("GET", f"{readers}/transitiveMembers"))) == 7


def test_a_circle_of_groups_counts_everybody_once(cloud, ask):
    groups = cloud.state.tenants[cast.CONTOSO].groups
    groups[ids.object_id("group", "Studio")].members.append(ids.object_id("group", "Marketing"))
    found = names(ask("GET", f"{group('Marketing')}/transitiveMembers"))
    assert len(found) == len(set(found)) == 6


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("members/$count", b"4"),
        ("transitiveMembers/$count", b"6"),
        ("transitiveMembers/microsoft.graph.user/$count", b"4"),
        ("transitiveMembers/microsoft.graph.group/$count", b"1"),
        ("transitiveMembers/microsoft.graph.orgContact/$count", b"1"),
    ],
)
def test_a_count_is_plain_text(call, eventual, rest, expected):
    answer = eventual(f"{group('Marketing')}/{rest}")
    assert (answer.headers["Content-Type"], answer.body) == ("text/plain", expected)
    assert code(call("GET", f"{group('Marketing')}/{rest}")) == "Request_UnsupportedQuery"


def test_a_cast_gives_a_page_and_the_count_of_all(call, eventual):
    path = f"{group('Marketing')}/transitiveMembers/microsoft.graph.user?$count=true&$top=1&$select=id"
    answer = json.loads(eventual(path).body)
    assert (answer["@odata.count"], len(answer["value"])) == (4, 1)
    assert "/transitiveMembers/microsoft.graph.user?" in answer["@odata.nextLink"]
    assert code(call("GET", path)) == "Request_UnsupportedQuery"
    assert code(eventual(path.replace("$count=true&", ""))) == "Request_UnsupportedQuery"


def test_pages_of_members_follow_each_other(eventual):
    path, found = f"{group('Marketing')}/transitiveMembers/microsoft.graph.user?$count=true&$top=3", []
    while path:
        answer = json.loads(eventual(path).body)
        found += names(answer)
        path = answer.get("@odata.nextLink", "").replace("http://127.0.0.1:8010", "")
    assert found == ["Miriam Graham", "Lynne Robbins", "Delia Dennis", "Luca Romano"]


def test_a_group_that_hides_its_members_looks_empty(ask, eventual):
    path = f"{group('Works Council')}/members"
    assert ask("GET", group("Works Council"))["visibility"] == "HiddenMembership"
    assert ask("GET", path)["value"] == []
    assert eventual(f"{path}/$count").body == b"0"
    allowed = caller("GroupMember.Read.All", "Member.Read.Hidden")
    assert len(ask("GET", path, caller=allowed)["value"]) == 3


def test_what_a_caller_may_not_read_is_there_without_its_name(ask):
    rows = ask("GET", f"{group('Studio')}/members", caller=caller("GroupMember.Read.All"))["value"]
    assert {row["@odata.type"] for row in rows} == {"#microsoft.graph.user", "#microsoft.graph.orgContact"}
    assert all(row["id"] and row["displayName"] is None for row in rows)


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        (f"/v1.0/groups/{cast.ALEX}/members", "Request_ResourceNotFound"),
        (f"{group('Marketing')}/members/microsoft.graph.planet", "BadRequest"),
        (f"{group('Launch Project')}/members/microsoft.graph.group?$count=true", "Request_UnsupportedQuery"),
    ],
)
def test_what_cannot_be_asked_about_a_group_is_refused(eventual, path, refusal):
    assert code(eventual(path)) == refusal


def test_contacts_have_all_their_addresses(ask):
    found = ask("GET", "/v1.0/contacts?$select=id,displayName,mail,proxyAddresses&$top=2")
    assert [row["mail"] for row in found["value"]] == ["agency@tailspintoys.com", "hello@northwindtraders.com"]
    assert found["value"][1]["proxyAddresses"] == [
        "SMTP:hello@northwindtraders.com",
        "smtp:orders@northwindtraders.com",
    ]
    rest = ask("GET", found["@odata.nextLink"].replace("http://127.0.0.1:8010", ""))
    assert [row["displayName"] for row in rest["value"]] == ["Litware Taxi"]
