"""Calls are counted by tenant, day and kind, however many workers count them."""

import threading

import pytest
from django.db import InterfaceError, OperationalError, connection, connections

from sharing import graph
from sharing.connect import calls, client_for
from sharing.graph import calls as listed
from sharing.models import CallCount
from tests.contoso import clock, contoso, outside, sync

__all__ = ["clock", "contoso", "outside", "sync"]
ALEX = "64339082-ed84-4b0b-b4ab-004ae54f3747"


def test_a_sync_is_counted_by_kind_and_agrees_with_what_the_sandbox_saw(contoso, sync, cloud, clock):
    sync()
    calls.flush(clock())
    seen = {}
    for entry in cloud.log.since():
        if entry.path.startswith("/v1.0/"):
            name = listed.kind_of(entry.method, entry.path.removeprefix("/v1.0")).name
            seen[name] = seen.get(name, 0) + 1
    made = calls.made_in(contoso, clock())
    assert {kind: count for kind, (count, _) in made.items()} == seen
    assert made["GET /users/{id}/calendars"][1] > 0, "mailboxes that cannot be read were refused"
    assert calls.events_read(made) == 0
    calls.flush(clock())
    assert calls.made_in(contoso, clock()) == made, "nothing is added twice"


def test_days_are_kept_apart_and_thirty_of_them_are_shown(contoso, clock):
    for _ in range(3):
        graph.get_organization(client_for(contoso))
        calls.flush(clock())
        clock.forward(days=20)
    assert CallCount.objects.count() == 3
    assert calls.made_in(contoso, clock.forward(days=-20)) == {"GET /organization": (2, 0)}


def test_a_refused_call_is_counted_as_one(contoso, clock):
    with pytest.raises(graph.NotFound):
        graph.get_user(client_for(contoso), "00000000-0000-4000-8000-000000000000")
    calls.flush(clock())
    assert calls.made_in(contoso, clock()) == {"GET /users/{id}": (1, 1)}


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
    assert calls.made_in(contoso, clock()) == {"GET /organization": (1, 0)}


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
    assert calls.made_in(contoso, clock()) == {"GET /organization": (30, 0)}
