"""Exchange's audit log, searched where a tenant lets us: one search at a time, in windows that follow each other."""

from datetime import timedelta

import pytest

from sharing import audit, tasks
from sharing.connect import client_for, clients
from sharing.mirror import audit_log
from sharing.models import AuditEvent, AuditQuery, OutsideAct, PermissionPeriod, Tenant
from tests.audit.test_exchange import in_outlook
from tests.cloud import CONTOSO
from tests.contoso import clock, contoso, control, outside, permission, sync
from tests.web.it import rows

__all__ = ["clock", "contoso", "outside", "sync"]
ALEX, ADELE, KIDS = "AlexW@contoso.com", "AdeleV@contoso.com", "Kids parties"
ROLE = "AuditLogsQuery-Exchange.Read.All"
SEARCHES = "/v1.0/security/auditLog/queries"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def let(contoso, cloud):
    """Contoso's administrators let us search the log."""
    held = cloud.state.tenants[CONTOSO].granted_roles
    control(cloud, "consent", {"roles": [*sorted(held), ROLE]})
    clients.forget_tokens()
    contoso.roles_held = [ROLE]
    contoso.save()
    return contoso


@pytest.fixture
def step(contoso, cloud, clock):
    """What a worker does with the row when it is due, once; the row as it is then, None where there is none."""

    def once(*, minutes=0, **kwargs):
        cloud.advance(minutes * 60)
        clock.forward(minutes=minutes)
        query = AuditQuery.objects.due(clock()).select_related("tenant").first()
        if query:
            common = {"operations": audit.exchange.OPERATIONS, "is_unexplained": audit.is_unexplained}
            keep = kwargs.pop("keep", audit.take_records)
            audit_log.step(query=query, client=client_for(contoso), clock=clock, **common, keep=keep, **kwargs)
        return AuditQuery.objects.first()

    return once


@pytest.fixture
def wanted(let, clock):
    audit_log.want(tenant=let, now=clock())


@pytest.fixture
def done(cloud):
    """`done(at, …)`: somebody did something in Outlook, and it is in Exchange's log."""

    def act(at, **fields):
        record = in_outlook(at=at, **{"of": ALEX, "by": ALEX, "who": ADELE, "path": f"\\{KIDS}", **fields})
        cloud.state.tenants[CONTOSO].audit_log.append(record | {"OrganizationId": rows.CONTOSO})

    return act


def searches(cloud):
    return [entry for entry in cloud.log.since() if (entry.method, entry.path) == ("POST", SEARCHES)]


def asked(cloud):
    return list(cloud.state.tenants[CONTOSO].audit_queries.values())


def test_a_tenant_that_does_not_let_us_is_not_asked(contoso, step, cloud, clock):
    contoso.roles_held = ["Calendars.Read"]
    contoso.save()
    audit_log.want(tenant=contoso, now=clock())
    assert step() is None and not searches(cloud)


def test_who_did_it_is_named_once_the_search_is_done(wanted, sync, outside, done, step, cloud, clock):
    sync()
    row = permission(ALEX, ADELE, KIDS)
    done(f"{clock():%Y-%m-%dT}02:30:00", by="MeganB@contoso.com")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    clock.forward(hours=12)
    sync()
    difference = audit.Difference.ended(PermissionPeriod.objects.get(permission=row))
    assert audit.who_did([difference]) == [None]
    clock.forward(hours=12)
    query = step()
    assert query.graph_id and query.covered_to is None and len(searches(cloud)) == 1
    while step(minutes=2).graph_id:
        assert len(asked(cloud)) == 1
    [doer] = audit.who_did([difference])
    assert doer.name == "MeganB@contoso.com"
    assert OutsideAct.objects.get().origin == "search"
    event = AuditEvent.objects.get(verb="outside.searched")
    assert (event.actor, event.subject) == ("system", {"lines": 1, "new": 1, "known": 0, "unmatched": 0})


def test_more_than_a_page_and_what_comes_twice_is_kept_once(wanted, sync, done, step, clock):
    sync()
    for minute in range(8):
        done(f"{clock() - timedelta(days=1):%Y-%m-%dT}08:{minute:02}:00")
    step()
    query = step(minutes=2)
    assert (query.graph_id, query.cause) == ("", "") and query.covered_to == clock() - timedelta(hours=3, minutes=2)
    assert OutsideAct.objects.count() == 8


def test_windows_follow_each_other_and_no_two_searches_are_open(wanted, step, cloud, clock):
    for _ in range(200):
        step(minutes=30)
    windows = [(each["begins_at"], each["ends_at"]) for each in asked(cloud)]
    assert len(windows) == 5  # one, and then one a day
    assert all(before[1] == after[0] for before, after in zip(windows, windows[1:], strict=False))


def test_a_difference_without_a_name_is_asked_about_the_same_day(wanted, sync, outside, step, cloud, clock):
    sync()
    step()
    step(minutes=2)
    for _ in range(4):
        step(minutes=60)
    assert len(asked(cloud)) == 1
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    clock.forward(hours=4)
    sync()
    for _ in range(4):
        step(minutes=120)
    assert len(asked(cloud)) == 2


def test_a_crash_before_the_search_was_noted_leaves_one_that_nobody_reads(wanted, step, cloud, clock):
    query = AuditQuery.objects.get()
    assert query.claim(now=clock(), lease=audit_log.LEASE)  # and its worker died
    assert step().graph_id == "" and not searches(cloud)
    assert step(minutes=12).graph_id and len(searches(cloud)) == 1


def test_what_was_found_and_how_far_was_searched_is_stored_together(wanted, sync, done, step, clock):
    sync()
    done(f"{clock() - timedelta(days=1):%Y-%m-%dT}08:00:00")
    step()

    def dies(**kwargs):
        audit.take_records(**kwargs)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(minutes=2, keep=dies)
    query = AuditQuery.objects.get()
    assert query.graph_id and query.covered_to is None and not OutsideAct.objects.exists()
    assert step(minutes=12).covered_to and OutsideAct.objects.count() == 1


@pytest.mark.parametrize("ends", ["failed", "cancelled"])
def test_a_search_that_failed_covers_nothing_and_is_made_anew(wanted, step, cloud, ends):
    control(cloud, "switches", {"audit_query_ends": ends})
    step()
    query = step(minutes=2)
    assert (query.graph_id, query.covered_to, query.cause) == ("", None, ends)
    control(cloud, "switches", {"audit_query_ends": "succeeded"})
    step(minutes=181)
    assert step(minutes=2).covered_to and len({each["begins_at"] for each in asked(cloud)}) == 2


def test_of_a_search_that_was_cut_off_nobody_is_named(wanted, sync, done, step, cloud, clock):
    sync()
    done(f"{clock() - timedelta(days=1):%Y-%m-%dT}08:00:00")
    control(cloud, "switches", {"audit_query_cut_off": True})
    step()
    query = step(minutes=2)
    assert (query.cause, OutsideAct.objects.count()) == ("cut_off", 0) and query.covered_to


def test_of_a_search_that_found_more_than_is_read_nobody_is_named_and_it_is_not_read_again(
    wanted, sync, done, step, clock, monkeypatch
):
    sync()
    done(f"{clock() - timedelta(days=1):%Y-%m-%dT}08:00:00")
    monkeypatch.setattr("sharing.graph.audit_log.MOST_RECORDS", 0)
    step()
    query = step(minutes=2)
    assert (query.cause, query.graph_id, OutsideAct.objects.count()) == ("cut_off", "", 0) and query.covered_to


def test_a_search_that_microsoft_forgot_or_never_ends_is_given_up(wanted, step, cloud):
    step()
    cloud.state.tenants[CONTOSO].audit_queries.clear()
    assert (step(minutes=2).cause, step().graph_id) == ("ResourceNotFound", "")
    step(minutes=181)
    cloud.state.tenants[CONTOSO].audit_queries = {
        id: each | {"made_at": "2999-01-01T00:00:00+00:00"}
        for id, each in cloud.state.tenants[CONTOSO].audit_queries.items()
    }
    assert step(minutes=60 * 23).graph_id
    query = step(minutes=120)
    assert (query.graph_id, query.cause, query.covered_to) == ("", "timeout", None)


def test_where_it_is_let_no_more_nothing_is_asked_and_a_later_run_begins_again(wanted, let, step, cloud, clock):
    control(cloud, "consent", {"roles": ["User.Read.All"]})
    clients.forget_tokens()
    query = step()
    assert (query.due_at, query.graph_id) == (None, "") and query.cause
    Tenant.objects.update(roles_held=["User.Read.All"])
    audit_log.want(tenant=let, now=clock())
    assert AuditQuery.objects.get().due_at is None
    Tenant.objects.update(roles_held=[ROLE])
    audit_log.want(tenant=let, now=clock())
    assert AuditQuery.objects.get().due_at == clock()


def test_a_record_that_is_not_as_microsoft_writes_it_takes_no_other_with_it(wanted, sync, done, step, cloud, clock):
    sync()
    day = f"{clock() - timedelta(days=1):%Y-%m-%dT}"
    done(f"{day}08:00:00", UserId=7)
    done(f"{day}08:01:00")
    cloud.state.tenants[CONTOSO].audit_log[1]["Parameters@odata.type"] = "#Collection(String)"
    step()
    step(minutes=2)
    assert OutsideAct.objects.count() == 1


def test_microsoft_is_asked_in_peace(wanted, step, cloud, clock):
    fault = {"do": "status", "status": 429, "code": "TooManyRequests", "retry_after": "600", "times": 1}
    cloud.faults.set([{"match": {"path": "/security/auditLog/queries$"}, **fault}])
    query = step()
    assert (query.graph_id, query.due_at) == ("", clock() + timedelta(seconds=600))
    assert step(minutes=11).graph_id and cloud.throttle.early_retries == 0


def test_a_worker_searches_when_it_is_due(let, cloud):
    """By the worker's own clock, from the task of a run that noted what the token holds."""
    audit_log.want(tenant=let, now=tasks.clock())
    query = AuditQuery.objects.get()
    assert (tasks.search_audit_log, query.pk) in list(tasks.due_reads(tasks.clock()))
    tasks.search_audit_log(query.pk)
    assert AuditQuery.objects.get().graph_id and len(asked(cloud)) == 1
