"""Calls are counted by tenant, day and kind, however many workers count them."""

import threading

import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from sharing import graph
from sharing.connect import calls, choosing, client_for, identity
from sharing.graph import calls as listed
from sharing.graph.entra_calls import ENTRA_KINDS, entra_kind_of
from sharing.models import CallCount, User
from tests.cloud import CLIENT_SECRET
from tests.connect.lending import lend
from tests.contoso import clock, contoso, control, outside, sync

__all__ = ["clock", "contoso", "outside", "sync"]
ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"


def of_graph(made):
    """Without what was asked of Entra."""
    return {kind: counts for kind, counts in made.items() if "{tenant}" not in kind}


def of_entra(tenant, clock):
    calls.flush(clock())
    return {kind: counts for kind, counts in calls.made_in(tenant, clock()).items() if "{tenant}" in kind}


def entra_log(cloud):
    """How often each of Entra's own addresses was asked, as the sandbox saw it."""
    seen = {}
    for entry in cloud.log.since():
        kind, _ = entra_kind_of(entry.method, entry.path)
        if kind:
            seen[kind.name] = seen.get(kind.name, 0) + 1
    return seen


def test_a_sync_is_counted_by_kind_and_agrees_with_what_the_sandbox_saw(contoso, sync, cloud, clock):
    sync()
    calls.flush(clock())
    seen = {}
    for entry in cloud.log.since():
        if entry.path.startswith("/v1.0/"):
            name = listed.kind_of(entry.method, entry.path.removeprefix("/v1.0")).name
            seen[name] = seen.get(name, 0) + 1
    made = calls.made_in(contoso, clock())
    assert {kind: count for kind, (count, _) in of_graph(made).items()} == seen
    assert made["GET /users/{id}/calendars"][1] > 0, "mailboxes that cannot be read were refused"
    assert calls.events_read(made) == 0
    calls.flush(clock())
    assert calls.made_in(contoso, clock()) == made, "nothing is added twice"


def test_days_are_kept_apart_and_thirty_of_them_are_shown(contoso, clock):
    for _ in range(3):
        graph.get_organization(client_for(contoso))
        calls.flush(clock())
        clock.forward(days=20)
    assert CallCount.objects.filter(kind="GET /organization").count() == 3
    assert of_graph(calls.made_in(contoso, clock.forward(days=-20))) == {"GET /organization": (2, 0)}


def test_a_refused_call_is_counted_as_one(contoso, clock):
    with pytest.raises(graph.NotFound):
        graph.get_user(client_for(contoso), "00000000-0000-4000-8000-000000000000")
    calls.flush(clock())
    assert of_graph(calls.made_in(contoso, clock())) == {"GET /users/{id}": (1, 1)}


def test_a_path_with_events_would_be_seen(contoso, clock):
    CallCount.objects.create(tenant=contoso, day=clock().date(), kind="GET /users/{id}/calendarView", calls=2)
    CallCount.objects.create(tenant=contoso, day=clock().date(), kind="GET /users/{id}/events/{id}", calls=1)
    assert calls.events_read(calls.made_in(contoso, clock())) == 3


@pytest.mark.parametrize("error", [OperationalError("locked"), InterfaceError("connection already closed")])
def test_what_cannot_be_counted_now_is_counted_later(contoso, clock, error):
    def refuse(execute, sql, params, many, context):
        if "call" in sql and "SAVEPOINT" not in sql:
            raise error
        return execute(sql, params, many, context)

    graph.get_organization(client_for(contoso))
    with connection.execute_wrapper(refuse):
        calls.flush(clock())
    assert not CallCount.objects.exists()
    calls.flush(clock.forward(days=1))
    assert of_graph(calls.made_in(contoso, clock())) == {"GET /organization": (1, 0)}


@pytest.mark.django_db(transaction=True)
def test_two_workers_lose_no_count(contoso, clock):
    client = client_for(contoso)

    def work():
        for _ in range(10):
            graph.get_organization(client)
            calls.flush(clock())
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert of_graph(calls.made_in(contoso, clock())) == {"GET /organization": (30, 0)}


# Entra's own ---------------------------------------------------------------------------------------------

TOKEN, DISCOVERY = "POST /{tenant}/oauth2/v2.0/token", "GET /{tenant}/v2.0/.well-known/openid-configuration"
KEYS = "GET /{tenant}/discovery/v2.0/keys"
AUTHORIZE, CONSENT = "GET /{tenant}/oauth2/v2.0/authorize", "GET /{tenant}/v2.0/adminconsent"


def test_what_a_token_takes_is_counted_beside_what_it_is_for(contoso, cloud, clock):
    graph.get_organization(client_for(contoso))
    assert of_entra(contoso, clock) == {TOKEN: (1, 0), DISCOVERY: (1, 0)}
    assert entra_log(cloud) == {TOKEN: 1, DISCOVERY: 1}
    graph.get_organization(client_for(contoso))
    assert of_entra(contoso, clock) == {TOKEN: (1, 0), DISCOVERY: (1, 0)}, "a token that lives is not asked for"


def test_a_token_that_was_refused_is_counted_as_refused(contoso, cloud, clock):
    control(cloud, "apps/credential", {"remove": CLIENT_SECRET})
    with pytest.raises(graph.CredentialRefused):
        graph.get_organization(client_for(contoso))
    assert of_entra(contoso, clock)[TOKEN] == (1, 1)


def test_every_address_of_entra_that_is_asked_is_in_the_list(contoso, cloud, clock):
    lend(cloud, User.objects.create(tenant=contoso, oid=ALEX, name="Alex"), now=timezone.now())
    graph.get_organization(client_for(contoso))
    choosing.find_tenant("contoso.com")
    for entry in cloud.log.since():
        if not entry.path.startswith("/v1.0/"):
            assert entra_kind_of(entry.method, entry.path)[0] in ENTRA_KINDS or "authorize" in entry.path, entry.path


def test_lending_is_counted_from_the_browsers_way_there_to_the_token(contoso, cloud, clock):
    alex = User.objects.create(tenant=contoso, oid=ALEX, name="Alex")
    identity._signing_keys.cache_clear()
    lend(cloud, alex, now=timezone.now())
    made = {kind: counts for kind, counts in calls.made_in(contoso, timezone.now()).items() if "{tenant}" in kind}
    assert made == {AUTHORIZE: (1, 0), TOKEN: (1, 0), KEYS: (1, 0)}


def test_what_nobody_signed_in_with_is_nobodys(contoso, clock):
    calls.heard("GET", "https://login.microsoftonline.com/organizations/discovery/v2.0/keys", 200)
    identity.note_refusal(cause="code_refused", now=clock())
    calls.take(str(contoso.tid))
    assert of_entra(contoso, clock) == {}


def test_finding_a_tenant_by_its_domain_is_counted_for_it(contoso, cloud, clock):
    assert choosing.find_tenant("contoso.com") == str(contoso.tid)
    assert of_entra(contoso, clock) == {DISCOVERY: (1, 0)}


@pytest.mark.parametrize(("method", "url", "tid"), [
    ("POST", f"https://login.microsoftonline.com/{ALEX}/oauth2/v2.0/token", ALEX),
    ("POST", "https://login.microsoftonline.com/organizations/oauth2/v2.0/token?x=1", ""),
    ("GET", "https://login.microsoftonline.com/Contoso.com/v2.0/.well-known/openid-configuration", "contoso.com"),
    ("GET", "https://login.microsoftonline.com/common/discovery/v2.0/keys", ""),
])  # fmt: skip
def test_an_address_of_entra_names_its_tenant(method, url, tid):
    kind, said = entra_kind_of(method, url)
    assert kind in ENTRA_KINDS and said == tid and len(kind.name) <= 80


@pytest.mark.parametrize("url", ["https://graph.microsoft.com/v1.0/users", "https://x.example/", "x", "/a/b"])
def test_anything_else_is_no_call_of_entras(url):
    assert entra_kind_of("GET", url) == (None, "")
