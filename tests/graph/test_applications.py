"""Who is in a group, what the app was granted, and whether one mailbox opens, against the sandbox."""

import pytest

from sandbox.cloud import Cloud
from sharing import graph
from sharing.graph import (
    Denied,
    IdRefused,
    MailboxMissing,
    Malformed,
    NotFound,
    OutOfScope,
    applications,
    groups,
    parse,
)
from tests.cloud import CLIENT_ID, cloud_client
from tests.contoso import control
from tests.graph.conftest import ALEX, MEGAN

NOBODY = "00000000-0000-4000-8000-000000000000"
EXECUTIVES = "executives@contoso.com"


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def client(cloud):
    return cloud_client(cloud, monotonic=cloud.time, sleep=cloud.advance)


@pytest.fixture
def ids(client):
    return {group.name: group.id for group in graph.list_mail_groups(client)}


def test_direct_members_are_told_from_those_below(client, ids):
    direct = groups.list_members(client, ids["Marketing"])
    below = groups.list_members(client, ids["Marketing"], nested=True)
    assert (len(direct.users), len(direct.groups), direct.others) == (3, 1, 0)
    assert (len(below.users), len(below.groups), below.others) == (4, 1, 1)
    assert direct.users < below.users


def test_a_group_has_its_name_and_address(client, ids):
    group = groups.get_group(client, ids["Executives"])
    assert (group.name, group.address) == ("Executives", EXECUTIVES)
    with pytest.raises((NotFound, MailboxMissing)):
        groups.get_group(client, NOBODY)


def test_a_broken_off_listing_of_members_is_an_error(client, ids, cloud):
    cloud.faults.set([{"do": "truncate", "match": {"path": r"/members$"}}])
    with pytest.raises(Malformed):
        groups.list_members(client, ids["Executives"])


@pytest.mark.parametrize(
    "items",
    [
        None,
        [{"id": ALEX}],
        [{"@odata.type": "#microsoft.graph.user"}],
        [{"@odata.type": "#microsoft.graph.user", "id": id} for id in (ALEX, ALEX.upper())],
        [{"@odata.type": 7, "id": ALEX}],
        ["user"],
    ],
)  # fmt: skip
def test_members_of_the_wrong_shape_are_refused(items):
    with pytest.raises(Malformed):
        parse.members(items)


def test_the_token_names_the_service_principal(client, cloud):
    control(cloud, "consent", {"roles": ["Application.Read.All", "Calendars.Read", "User.Read.All"]})
    assert applications.principal_of(client.renew()) == applications.find_principal(client, CLIENT_ID)


@pytest.mark.parametrize("value", ["", "a.b", "a.e30.c", "a.eyJvaWQiOiAiLi4ifQ.c", "a.W10.c"])
def test_an_odd_token_names_nobody(value):
    assert applications.principal_of(graph.Token(value)) is None


def test_granted_roles_have_their_names(client, cloud):
    principal = applications.principal_of(client.renew())
    control(cloud, "consent", {"roles": ["Application.Read.All", "Calendars.Read", "User.Read.All"]})
    client.renew()
    held = applications.granted_roles(client, principal)
    assert held >= {"Calendars.Read", "User.Read.All", "Application.Read.All"}
    control(cloud, "revoke", {"role": "Calendars.Read"})
    assert applications.granted_roles(client, principal) == held - {"Calendars.Read"}


def test_without_the_permission_the_directory_tells_nothing_of_apps(client):
    with pytest.raises(Denied):
        applications.find_principal(client, CLIENT_ID)


def test_an_app_nobody_knows_is_not_found(client, cloud):
    control(cloud, "consent", {"roles": ["Application.Read.All"]})
    client.renew()
    with pytest.raises(NotFound):
        applications.find_principal(client, NOBODY)
    with pytest.raises(IdRefused):
        applications.find_principal(client, "x' or appId ne '")


def test_a_mailbox_outside_a_scope_is_refused_by_exchange(client, cloud):
    assignments = [{"role": "Calendars.Read", "group": "Executives", "custom": True}]
    control(cloud, "exchange", {"assignments": assignments, "entra": "removed"})
    client.renew()
    applications.try_mailbox(client, ALEX)
    with pytest.raises(Denied) as refused:
        applications.try_mailbox(client, MEGAN)
    assert applications.is_refusal(refused.value)
    assert not isinstance(refused.value, OutOfScope)


def test_an_access_policy_is_known_by_its_words(client, cloud):
    control(cloud, "exchange", {"policies": [{"right": "RestrictAccess", "group": "Executives"}]})
    applications.try_mailbox(client, ALEX)
    with pytest.raises(OutOfScope) as refused:
        applications.try_mailbox(client, MEGAN)
    assert applications.is_refusal(refused.value)


def test_trying_a_mailbox_asks_for_an_id_and_nothing_else(client, cloud):
    cloud.log.clear()
    applications.try_mailbox(client, ALEX)
    (entry,) = [each for each in cloud.log.since() if "/users/" in each.path]
    assert (entry.path.endswith(f"/users/{ALEX}/calendar"), entry.query) == (True, "$select=id")
