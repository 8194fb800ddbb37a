"""Some users by id or address, against the sandbox: those who are asked about, and nobody else."""

import uuid

import pytest

from sandbox.cloud import Cloud
from sharing import graph
from tests.cloud import CONTOSO, cloud_client

ADELE = "AdeleV@contoso.com"


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def client(cloud):
    return cloud_client(cloud, monotonic=cloud.time, sleep=cloud.advance)


def test_users_are_got_by_id_and_one_that_is_not_there_is_none(cloud, client):
    users = cloud.state.tenants[CONTOSO].users
    ids, nobody = list(users)[:25], str(uuid.uuid4())
    found = graph.get_users(client, [*ids, nobody])
    assert set(found) == {*ids, nobody}
    assert found.pop(nobody) is None
    assert [found[i].id for i in ids] == ids


def test_no_ids_ask_nothing(cloud, client):
    assert graph.get_users(client, []) == {} == graph.find_users(client, [])
    assert [e for e in cloud.log.since() if "/v1.0/" in e.path] == []


@pytest.mark.parametrize("address", [ADELE, ADELE.casefold(), ADELE.upper()])
def test_an_address_is_found_however_it_is_written(client, address):
    found = graph.find_users(client, [address])
    assert [user.address for user in found[address]] == [ADELE]


def test_an_alias_finds_its_user(cloud, client):
    user = next(u for u in cloud.state.tenants[CONTOSO].users.values() if u.upn == ADELE)
    user.proxy_addresses.append("smtp:adele.alias@contoso.com")
    assert [u.id for u in graph.find_users(client, ["adele.alias@contoso.com"])["adele.alias@contoso.com"]] == [
        user.oid
    ]


@pytest.mark.parametrize("address", ["o'neill@contoso.com", "' or mail ne '@contoso.com", "a&$select=x@contoso.com"])
def test_an_address_is_no_part_of_the_question(client, address):
    assert graph.find_users(client, [address]) == {address: ()}


def test_a_part_that_fails_fails_the_whole(cloud, client):
    ids = list(cloud.state.tenants[CONTOSO].users)[:3]
    cloud.faults.set([{"match": {"path": rf"/users/{ids[1]}$"}, "do": "status", "status": 503, "times": 50}])
    with pytest.raises(graph.GraphError):
        graph.get_users(client, ids)


def test_what_is_no_object_id_is_never_sent(client):
    with pytest.raises(graph.IdRefused):
        graph.get_users(client, ["../organization"])
