"""Every call against the sandbox: the seed's scenario, the states of mailboxes, and the fault plan."""

import json
from collections import Counter

import pytest

from sandbox.cloud import Cloud
from sandbox.server import Server
from sharing import graph
from sharing.graph import (
    Ask,
    Client,
    ConsentMissing,
    MailboxMissing,
    Malformed,
    NotFound,
    OutOfScope,
    Rejected,
    ResyncRequired,
    Throttled,
    TokenRefused,
    TokenSource,
    Unreachable,
    Window,
)
from tests.cloud import CONTOSO, FABRIKAM, cloud_client

from .conftest import ALEX, MEGAN

KIDS = "AAMkADAwAABf02bAAAA="
MEGANS_ROW = "L289RXhjaGFuZ2VMYWJTWVnYW5C"
ADELES_ROW = "L289RXhjaGFuZ2VMYWJQWRlbGVW"
WRITE = {"request_id": "11111111-2222-4333-8444-555555555555", "deadline_seconds": 20.0}


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def client(cloud):
    """A client whose pauses pass on the cloud's own clock."""
    return cloud_client(cloud, monotonic=cloud.time, sleep=cloud.advance)


def roles(client, calendar_id=None):
    return {permission.name: permission.role for permission in graph.list_permissions(client, ALEX, calendar_id)}


def everything(client):
    """Three asks for every user of the tenant, as a sync makes them."""
    return [
        Ask((user.id, name), user.id, path(user.id))
        for user in graph.list_users(client)
        for name, path in (
            ("calendars", graph.calendars_path),
            ("permissions", graph.permissions_path),
            ("settings", graph.settings_path),
        )
    ]


def read(client, asks, **kwargs):
    with Window(client, **kwargs) as window:
        return {answer.key: answer for answer in window.read(asks)}


def outcome(answer):
    return type(answer.error).__name__ if answer.error else "ok"


# The seed's scenario


def test_the_tenant_is_read(client):
    organization = graph.get_organization(client)
    assert (organization.id, organization.name, organization.domains[0]) == (CONTOSO, "Contoso", "contoso.com")


def test_everybody_is_listed_once(client, cloud):
    users = graph.list_users(client)
    assert {user.id for user in users} == set(cloud.state.tenants[CONTOSO].users)
    alex = next(user for user in users if user.id == ALEX)
    assert (alex.name, alex.address, alex.kind, alex.has_exchange) == ("Alex Wilber", "AlexW@contoso.com", "user", True)
    guests = [user for user in users if user.kind == "guest"]
    assert any(user.address == "grace@tailspintoys.com" for user in guests)


def test_alexs_calendars_are_read(client):
    primary, kids = graph.list_calendars(client, ALEX)
    assert (primary.is_default, kids.id, kids.name, kids.can_share) == (True, KIDS, "Kids parties", True)
    assert graph.get_default_calendar(client, ALEX) == primary
    assert roles(client) == {"Megan Bowen": "delegateWithPrivateEventAccess", "My Organization": "freeBusyRead"}
    assert graph.list_permissions(client, ALEX, primary.id) == graph.list_permissions(client, ALEX)


def test_alex_changes_what_the_seed_changes(client):
    graph.update_role(client, ALEX, KIDS, ADELES_ROW, "write", **WRITE)
    graph.delete_permission(client, ALEX, KIDS, MEGANS_ROW, **WRITE)
    graph.update_delivery(client, ALEX, "sendToDelegateAndPrincipal", **WRITE)
    assert roles(client, KIDS) == {"Adele Vance": "write", "My Organization": "none"}
    assert graph.read_settings(client, ALEX).delivery_option == "sendToDelegateAndPrincipal"


def test_a_share_is_made(client, cloud):
    graph.create_permission(
        client, ALEX, KIDS, address="CharlieR@contoso.com", name="Charlie Reed", role="read", **WRITE
    )
    assert roles(client, KIDS)["Charlie Reed"] == "read"
    assert len(cloud.state.invitations) == 1


@pytest.mark.parametrize("role", ["custom", "owner", ""])
def test_a_role_that_cannot_be_written_is_not_sent(client, cloud, role):
    before = cloud.state.version
    with pytest.raises(ValueError):
        graph.update_role(client, ALEX, KIDS, ADELES_ROW, role, **WRITE)
    with pytest.raises(ValueError):
        graph.update_delivery(client, ALEX, role, **WRITE)
    assert cloud.state.version == before


def test_a_refused_role_changes_nothing(client):
    with pytest.raises(Rejected) as caught:
        graph.update_role(client, ALEX, KIDS, ADELES_ROW, "delegateWithPrivateEventAccess", **WRITE)
    assert not caught.value.may_have_happened
    assert roles(client, KIDS)["Adele Vance"] == "read"


def test_a_change_carries_its_id(client, cloud):
    graph.update_role(client, ALEX, KIDS, ADELES_ROW, "write", **WRITE)
    assert [entry.request_id for entry in cloud.log.since(0) if entry.method == "PATCH"] == [WRITE["request_id"]]


@pytest.mark.parametrize(
    ("fault", "kind", "happened", "may_have_happened"),
    [
        ({"do": "drop"}, Unreachable, False, True),
        ({"do": "drop_after"}, Unreachable, True, True),
        ({"do": "status", "status": 503}, Unreachable, False, True),
        ({"do": "status", "status": 500, "applied": True}, Unreachable, True, True),
        ({"do": "status", "status": 429, "retry_after": 3}, Throttled, False, False),
        ({"do": "html_200"}, Malformed, True, True),
        ({"do": "truncate"}, Malformed, True, True),
        ({"do": "expired_token"}, TokenRefused, False, False),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_a_write_that_goes_wrong_is_sent_once_and_says_what_is_known(
    client, cloud, fault, kind, happened, may_have_happened
):
    cloud.faults.set([{**fault, "match": {"method": "PATCH"}, "times": 1}])
    with pytest.raises(kind) as caught:
        graph.update_role(client, ALEX, KIDS, ADELES_ROW, "write", **WRITE)
    assert caught.value.may_have_happened is may_have_happened
    assert sum(entry.method == "PATCH" for entry in cloud.log.since(0)) <= 1
    cloud.faults.clear()
    cloud.advance(10)
    assert (roles(client, KIDS)["Adele Vance"] == "write") is happened


# The directory


def test_a_delta_tells_what_changed(client, cloud):
    link = graph.delta_link(client)
    assert graph.users_delta(client, link).users == ()
    cloud.state.apply({"do": "rename_user", "mailbox": MEGAN, "name": "Megan Bowen-Smith"})
    cloud.state.apply({"do": "delete_user", "mailbox": "CharlieR@contoso.com"})
    delta = graph.users_delta(client, link)
    assert [user.name for user in delta.users] == ["Megan Bowen-Smith"]
    assert [reason for _, reason in delta.removed] == ["changed"]
    assert graph.users_delta(client, delta.link).users == ()


def test_the_first_delta_is_the_whole_listing(client):
    delta = graph.users_delta(client, None)
    assert {user.id for user in delta.users} == {user.id for user in graph.list_users(client)}
    assert delta.removed == ()


def test_a_delta_link_that_is_too_old_asks_for_a_new_listing(client, cloud):
    link = graph.delta_link(client)
    cloud.switches.delta_gone = True
    with pytest.raises(ResyncRequired):
        graph.users_delta(client, link)


@pytest.mark.parametrize(("status", "code"), [(400, "badRequest"), (404, "syncStateNotFound"), (410, "")])
def test_a_delta_link_that_is_refused_in_other_words_asks_for_a_new_listing(client, cloud, status, code):
    link = graph.delta_link(client)
    cloud.faults.set([{"do": "status", "status": status, "code": code, "match": {"path": "/users/delta"}}])
    with pytest.raises(ResyncRequired):
        graph.users_delta(client, link)


@pytest.mark.parametrize("switch", ["delta_empty_pages", "delta_replays"])
def test_a_delta_stands_odd_pages(client, cloud, switch):
    plain = graph.users_delta(client, None)
    setattr(cloud.switches, switch, True)
    odd = graph.users_delta(client, None)
    assert {user.id: user for user in odd.users} == {user.id: user for user in plain.users}


def test_groups_with_an_address_are_listed(client):
    groups = graph.list_mail_groups(client)
    assert groups and all(group.address and group.addresses for group in groups)


def test_half_a_directory_is_no_directory(client, cloud):
    for fault in ("truncate", "loop", "foreign_link", "wrong_type", "html_200", "empty_body"):
        cloud.faults.set([{"do": fault, "match": {"path": "/users$"}}])
        with pytest.raises((Malformed, Unreachable)):
            graph.list_users(client)


def test_without_consent_the_directory_is_refused(client, cloud):
    cloud.state.apply({"do": "revoke", "role": "User.Read.All"})
    client.renew()
    with pytest.raises(ConsentMissing):
        graph.list_users(client)


def test_the_other_tenant_has_other_people(cloud):
    ours = {user.id for user in graph.list_users(cloud_client(cloud))}
    theirs = {user.id for user in graph.list_users(cloud_client(cloud, tenant_id=FABRIKAM))}
    assert theirs and not ours & theirs


# A sync's reading

PARSERS = {
    "calendars": lambda answer: graph.parse_calendars(answer.items),
    "permissions": lambda answer: graph.parse_permissions(answer.items),
    "settings": lambda answer: graph.parse_settings(answer.body),
}


def test_a_whole_tenant_is_read_without_an_early_retry_or_an_event(client, cloud):
    asks = everything(client)
    answers = read(client, asks)
    assert len(answers) == len(asks)
    assert Counter(map(outcome, answers.values()))["ok"] > 150
    for (_, name), answer in answers.items():
        if not answer.error:
            PARSERS[name](answer)
    stats = cloud.log.stats()
    assert cloud.throttle.early_retries == 0
    assert client.stats.as_dict()["sub_requests"] == len(asks)
    assert not [name for name, count in stats.get("kinds", {}).items() if "event" in name and count]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("unlicensed", MailboxMissing),
        ("on_premises", MailboxMissing),
        ("provisioning", MailboxMissing),
        ("policy_blocked", OutOfScope),
        ("store_error", NotFound),
        ("soft_deleted", MailboxMissing),
    ],
)
def test_a_mailbox_in_another_state_says_so(client, cloud, state, kind):
    cloud.state.apply({"do": "mailbox_state", "mailbox": MEGAN, "state": state})
    answers = read(client, [Ask(n, MEGAN, graph.permissions_path(MEGAN)) for n in range(2)])
    assert {type(answer.error) for answer in answers.values()} == {kind}


FAULTS = {
    "throttled once": ({"do": "status", "status": 429, "retry_after": 2, "times": 1}, type(None)),
    "throttled without a wait": ({"do": "status", "status": 429, "times": 1}, type(None)),
    "throttled by a fraction": ({"do": "status", "status": 429, "retry_after": "0.249", "times": 2}, type(None)),
    "throttled in words": ({"do": "status", "status": 429, "retry_after": "soon", "times": 1}, type(None)),
    "throttled for an hour": ({"do": "status", "status": 429, "retry_after": 3600}, Throttled),
    "throttled for ever": ({"do": "status", "status": 429, "retry_after": 1}, Throttled),
    "trouble once": ({"do": "status", "status": 503, "times": 1}, type(None)),
    "trouble for ever": ({"do": "status", "status": 500, "code": "ErrorMailboxStoreUnavailable"}, Unreachable),
    "failed with another": ({"do": "item_424", "times": 1}, type(None)),
    "no JSON": ({"do": "html_200"}, Malformed),
    "cut": ({"do": "truncate"}, Malformed),
    "another type": ({"do": "wrong_type"}, Malformed),
    "no body": ({"do": "empty_body"}, Malformed),
    "a circle": ({"do": "loop"}, Malformed),
    "a foreign link": ({"do": "foreign_link"}, Malformed),
    "token refused once": ({"do": "expired_token", "times": 1}, type(None)),
    "token refused for ever": ({"do": "expired_token"}, TokenRefused),
}


@pytest.mark.parametrize(("fault", "kind"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_one_mailbox_is_its_own(client, cloud, fault, kind):
    cloud.faults.set([{**fault, "match": {"mailbox": MEGAN, "path": "calendarPermissions$", "batched": True}}])
    answers = read(client, everything(client))
    answer = answers.pop((MEGAN, "permissions"))
    try:
        graph.parse_permissions(answer.items) if not answer.error else None
        found = type(answer.error)
    except Malformed:
        found = Malformed
    assert found is kind
    assert not {"Throttled", "Malformed", "Unreachable", "TokenRefused"} & set(map(outcome, answers.values()))
    assert cloud.throttle.early_retries == 0


OUTER = {
    "throttled": {"do": "outer_429", "retry_after": 2, "times": 2},
    "dropped": {"do": "drop", "match": {"path": r"/\$batch$"}, "times": 2},
    "trouble": {"do": "status", "status": 502, "html": True, "match": {"path": r"/\$batch$"}, "times": 2},
    "shuffled": {"do": "shuffle"},
    "token refused": {"do": "expired_token", "match": {"path": r"/\$batch$"}, "times": 1},
}


@pytest.mark.parametrize("fault", OUTER.values(), ids=OUTER)
def test_a_fault_of_a_batch_costs_time_and_no_answer(client, cloud, fault):
    asks = everything(client)
    undisturbed = {key: (answer.items, answer.body) for key, answer in read(client, asks).items()}
    cloud.faults.set([fault])
    answers = read(client, asks)
    assert {key: (answer.items, answer.body) for key, answer in answers.items()} == undisturbed
    assert cloud.throttle.early_retries == 0


def test_a_token_that_ends_in_the_middle_is_replaced(client, cloud):
    asks = everything(client)
    cloud.advance(7200)
    assert "TokenRefused" not in set(map(outcome, read(client, asks).values()))


@pytest.mark.parametrize("size", [0, 10])
def test_calendars_on_many_pages_are_joined(client, cloud, size):
    cloud.switches.calendar_page_size = size
    for n in range(23):
        cloud.state.apply({"do": "add_calendar", "mailbox": ALEX, "name": f"Calendar {n}"})
    path = graph.calendars_path(ALEX).partition("?")[0]
    answer = read(client, [Ask("all", ALEX, path)])["all"]
    assert len(graph.parse_calendars(answer.items)) == 25
    assert len(graph.list_calendars(client, ALEX)) == 25


def test_over_a_socket_the_window_reads_the_same(cloud):
    with Server(cloud) as server:
        at = graph.endpoints(login_url=server.origin)
        session = graph.make_session(at)
        credential = graph.Credential(
            client_id="ca1e4da2-0000-4000-8000-00000000c0de", secret="sandbox-secret-of-the-portal"
        )
        tokens = TokenSource(endpoints=at, tenant_id=CONTOSO, credential=credential, session=session)
        client = Client(endpoints=at, tokens=tokens, session=session)
        asks = everything(client)
        over_a_socket = {key: outcome(answer) for key, answer in read(client, asks, start=8).items()}
        session.close()
    in_process = {key: outcome(answer) for key, answer in read(cloud_client(cloud), asks).items()}
    assert over_a_socket == in_process
    assert cloud.throttle.early_retries == 0
