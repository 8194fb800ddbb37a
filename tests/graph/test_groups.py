"""Groups, how many people are in them, and contacts, against the sandbox."""

import pytest

from sandbox.cloud import Cloud
from sharing import graph
from sharing.graph import ConsentMissing, IdRefused, Malformed, TokenRefused
from tests.cloud import CONTOSO, cloud_client

COUNTS = r"/transitiveMembers/microsoft\.graph\.user$"
BATCH = r"/\$batch$"


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def client(cloud):
    """A client whose pauses pass on the cloud's own clock."""
    return cloud_client(cloud, monotonic=cloud.time, sleep=cloud.advance)


@pytest.fixture
def ids(client):
    """The ids of all mail-enabled groups, by name."""
    return {group.name: group.id for group in graph.list_mail_groups(client)}


@pytest.fixture
def sizes(client, ids):
    """How many are in each group, by name: only those that could be counted."""

    def count():
        counted = graph.count_members(client, ids.values())
        return {name: counted[id] for name, id in ids.items() if id in counted}

    return count


TRUE = {"Executives": 6, "Everyone at Contoso": 15, "Marketing": 4, "Sales Team": 4, "Launch Project": 3, "Studio": 2}


def test_people_in_groups_within_a_group_count_once(sizes):
    assert sizes() == TRUE


def test_a_group_that_hides_its_members_has_no_number(sizes, ids, cloud):
    assert "Works Council" in ids
    assert "Works Council" not in sizes()
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "Member.Read.Hidden"})
    cloud.advance(7200)  # until there is a new token
    assert sizes()["Works Council"] == 3


def test_twenty_groups_share_a_batch(client, ids, cloud):
    cloud.log.clear()
    graph.count_members(client, list(ids.values()) * 6)
    sent = [entry for entry in cloud.log.since() if not entry.batched]
    assert [entry.path for entry in sent] == ["/v1.0/$batch"] * 3


def test_no_groups_are_no_question(client, cloud):
    cloud.log.clear()
    assert graph.count_members(client, []) == {}
    assert cloud.log.since() == []


@pytest.mark.parametrize(
    ("fault", "lost"),
    [
        ({"do": "status", "status": 429, "retry_after": 2, "times": 3}, 0),
        ({"do": "status", "status": 503, "times": 1}, 0),
        ({"do": "outer_429", "retry_after": 2, "times": 2}, 0),
        ({"do": "drop", "match": {"path": BATCH}, "times": 1}, 0),
        ({"do": "status", "status": 404, "code": "Request_ResourceNotFound", "times": 1}, 1),
        ({"do": "status", "status": 403, "code": "Authorization_RequestDenied", "times": 1}, 1),
        ({"do": "body", "json": {"value": []}, "times": 1}, 1),
        ({"do": "body", "json": {"value": [], "@odata.count": "many"}, "times": 2}, 2),
        ({"do": "status", "status": 503}, 6),
        ({"do": "status", "status": 429, "retry_after": 3600}, 6),
    ],
    ids=lambda each: each["do"] if isinstance(each, dict) else "",
)
def test_what_cannot_be_counted_is_left_out_and_the_rest_stands(sizes, cloud, fault, lost):
    cloud.faults.set([{"match": {"path": COUNTS} if fault["do"] != "outer_429" else {}, **fault}])
    counted = sizes()
    assert counted.items() <= TRUE.items()
    assert len(counted) == len(TRUE) - lost
    assert cloud.throttle.early_retries == 0


def test_a_batch_that_is_refused_is_an_error(client, ids, cloud):
    cloud.faults.set([{"do": "expired_token", "match": {"path": BATCH}}])
    with pytest.raises(TokenRefused):
        graph.count_members(client, ids.values())


def test_an_id_that_is_none_is_not_sent(client):
    with pytest.raises(IdRefused):
        graph.count_members(client, ["../users"])


def test_contacts_have_all_their_addresses(client):
    contacts = {contact.name: contact for contact in graph.list_contacts(client)}
    assert contacts["Northwind Order Desk"].addresses == (
        "hello@northwindtraders.com",
        "orders@northwindtraders.com",
    )
    assert {contact.name for contact in graph.first_contacts(client)} == set(contacts)


def test_half_a_list_of_contacts_is_no_list(client, cloud):
    for fault in ("truncate", "loop", "foreign_link", "wrong_type", "html_200", "empty_body"):
        cloud.faults.set([{"do": fault, "match": {"path": "/contacts$"}}])
        with pytest.raises(Malformed):
            graph.list_contacts(client)


@pytest.mark.parametrize(
    ("role", "ask"),
    [
        ("GroupMember.Read.All", graph.list_mail_groups),
        ("GroupMember.Read.All", graph.first_groups),
        ("OrgContact.Read.All", graph.list_contacts),
        ("OrgContact.Read.All", graph.first_contacts),
    ],
)
def test_a_permission_that_lacks_is_said(client, cloud, role, ask):
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    with pytest.raises(ConsentMissing):
        ask(client)
