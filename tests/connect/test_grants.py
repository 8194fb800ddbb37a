"""What a person lent: sealed for its row, renewed in many workers at once, lost once, and gone when given back."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, connections
from django.utils import timezone

from sharing import graph
from sharing.connect import grants
from sharing.connect.sealing import SealBroken, unseal
from sharing.models import AuditEvent, Grant, SyncShard, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import BACK, answer_of, go, lend
from tests.contoso import control

MEGAN, ALEX = "48d31887-5fad-4d73-a9f5-3c356e68a038", "64339082-ed84-4b0b-b4ab-004ae54f3747"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


@pytest.fixture
def tenant(db, cloud, clock):
    return Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=clock(), mode="individual"
    )


@pytest.fixture
def clock():
    """The time of day: ID tokens are as old as the sandbox's own clock says."""
    return timezone.now


@pytest.fixture
def megan(tenant):
    return User.objects.create(tenant=tenant, oid=MEGAN, name="Megan Bowen")


@pytest.fixture
def grant(cloud, megan, clock):
    return lend(cloud, megan, now=clock())


def opened(grant):
    grant.refresh_from_db()
    return unseal(grant.sealed, purpose=grants.purpose_of(grant))


def everything():
    """Every value of every row, as one text."""
    rows = [list(model._base_manager.values_list()) for model in apps.get_models()]
    return json.dumps(rows, default=str)


def test_the_token_is_sealed_for_its_row_and_opens_in_no_other(cloud, grant, megan, tenant, clock):
    token = opened(grant)
    assert token and token not in everything()
    alex = User.objects.create(tenant=tenant, oid=ALEX, name="Alex Wilber")
    other = lend(cloud, alex, now=clock())
    Grant.objects.filter(pk=other.pk).update(sealed=grant.sealed)
    other.refresh_from_db()
    with pytest.raises(SealBroken):
        opened(other)
    with pytest.raises(graph.CredentialRefused) as refused:
        graph.list_calendars(grants.client_for_grant(other), ALEX)
    assert refused.value.cause == "seal_broken"
    other.refresh_from_db()
    assert (other.state, other.sealed) == (Grant.CONNECTED, grant.sealed)  # perhaps only the key was missing


def test_who_is_connected_is_who_the_id_token_names(grant, megan):
    assert (grant.user, str(grant.account_oid), str(grant.tenant.tid)) == (megan, MEGAN, CONTOSO)
    assert set(grant.scopes) >= {"Calendars.Read", "MailboxSettings.Read"}
    assert not set(grant.scopes) & {"Calendars.ReadWrite", "Calendars.Read.Shared"}
    assert SyncShard.objects.get(grant=grant).due_at is not None
    assert AuditEvent.objects.get(verb="grant.connected").actor == megan.username


def test_what_was_lent_reaches_that_mailbox_and_no_other(grant):
    client = grants.client_for_grant(grant)
    assert graph.list_calendars(client, MEGAN)
    for read in (graph.list_calendars, graph.read_settings):
        with pytest.raises(graph.Denied):
            read(client, ALEX)
    with pytest.raises(graph.Denied):
        graph.list_users(client)


def test_calendars_of_others_and_changing_are_asked_for_only_where_wanted(cloud, megan, clock):
    assert "Calendars.Read.Shared" in lend(cloud, megan, now=clock(), shared=True).scopes
    grant = lend(cloud, megan, now=clock(), change=True)
    assert grant.lets_change and Grant.objects.count() == 1


# Rotation ------------------------------------------------------------------------------------------------


def test_every_renewal_puts_the_new_token_in_the_place_of_the_old_one(grant):
    first, version = opened(grant), grant.version
    grants.renew(pk=grant.pk)
    assert opened(grant) != first
    assert grant.version == version + 1


def race(grant, workers=8):
    """So many workers renew at the same moment; what each got."""
    gate = threading.Barrier(workers)

    def work(_):
        try:
            gate.wait()
            return grants.renew(pk=grant.pk, sleep=lambda seconds: threading.Event().wait(seconds / 10))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reuse", ["accepted", "refused"])
def test_many_workers_that_renew_at_once_lose_nothing(cloud, grant, reuse):
    control(cloud, "switches", {"refresh_reuse": reuse})
    version = grant.version
    lent = race(grant)
    assert len({each.token.value for each in lent}) == 8
    grant.refresh_from_db()
    assert grant.state == Grant.CONNECTED
    assert version < grant.version <= version + 8
    assert opened(grant) in [each.refresh_token for each in lent]
    assert not AuditEvent.objects.filter(verb="grant.lost").exists()
    grants.renew(pk=grant.pk)  # what is kept is good


def test_a_worker_that_was_overtaken_stores_nothing(cloud, grant, clock):
    stale = Grant.objects.select_related("tenant").get(pk=grant.pk)
    lent = grants.renew(pk=grant.pk)
    kept = opened(grant)
    grants._store(stale, lent, clock())
    assert opened(grant) == kept


def of(grant):
    return Grant.objects.select_related("tenant", "user__tenant").get(pk=grant.pk)


def test_an_answer_that_comes_after_somebody_gave_up_finds_the_connection_again(grant, clock):
    slow = of(grant)
    lent = grants.renew(pk=grant.pk)
    Grant.objects.filter(pk=grant.pk).update(sealed=slow.sealed, version=slow.version)  # its commit is yet to come
    grants.mark_lost(grant=of(grant), ended=graph.GrantEnded(code="AADSTS70000"), now=clock())
    assert of(grant).state == Grant.LOST
    grants._store(slow, lent, clock())
    assert (of(grant).state, of(grant).cause, opened(grant)) == (Grant.CONNECTED, "", lent.refresh_token)
    assert SyncShard.objects.get(grant=grant).due_at is not None
    assert AuditEvent.objects.filter(verb="grant.found").count() == 1


def test_an_answer_that_comes_after_the_person_disconnected_is_thrown_away(grant, megan, clock):
    slow = of(grant)
    lent = grants.renew(pk=grant.pk)
    Grant.objects.filter(pk=grant.pk).update(sealed=slow.sealed, version=slow.version)
    grants.disconnect(grant=of(grant), now=clock(), actor=megan)
    grants._store(slow, lent, clock())
    assert (of(grant).state, of(grant).sealed) == (Grant.LOST, "")


def test_who_connects_again_takes_the_place_of_a_renewal_underway(cloud, grant, megan, clock):
    stale = Grant.objects.select_related("tenant").get(pk=grant.pk)
    lent = grants.renew(pk=grant.pk)
    lend(cloud, megan, now=clock())
    kept = opened(grant)
    grants._store(stale, lent, clock())
    assert opened(grant) == kept


# The end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("revoked", "cause"),
    [({}, "AADSTS65001"), ({"number": 50173}, "AADSTS50173"), ({"number": 700082}, "AADSTS700082")],
)
def test_a_token_that_is_taken_no_more_is_noted_once_and_never_sent_again(cloud, grant, revoked, cause):
    control(cloud, "revoke", {"user": MEGAN, **revoked})
    sent = len(list(cloud.log.since()))
    for _ in range(3):
        with pytest.raises(graph.GrantEnded):
            grants.renew(pk=grant.pk, sleep=lambda seconds: None)
    grant.refresh_from_db()
    assert (grant.state, grant.cause, grant.sealed) == (Grant.LOST, cause, "")
    assert SyncShard.objects.get(grant=grant).due_at is None
    assert AuditEvent.objects.filter(verb="grant.lost").count() == 1
    assert len(list(cloud.log.since())) == sent + 1


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "aadsts", "number": 90033, "error": "temporarily_unavailable", "message": "busy", "times": 1},
        {"do": "aadsts", "number": 7000222, "error": "invalid_client", "message": "expired", "times": 1},
        {"do": "aadsts", "number": 700016, "error": "unauthorized_client", "message": "no app", "times": 1},
    ],
    ids=["busy", "our own secret", "the app"],
)
def test_what_is_not_the_persons_fault_costs_them_nothing(cloud, grant, fault):
    kept = opened(grant)
    control(cloud, "faults", [fault])
    with pytest.raises(graph.GraphError) as error:
        grants.renew(pk=grant.pk)
    assert not isinstance(error.value, graph.GrantEnded)
    assert opened(grant) == kept
    assert grant.state == Grant.CONNECTED
    grants.renew(pk=grant.pk)


def test_giving_back_leaves_no_token_anywhere(cloud, grant, megan, clock):
    tokens = [opened(grant)]
    lent = grants.renew(pk=grant.pk)
    tokens += [lent.refresh_token, lent.token.value, opened(grant)]
    sealed = grant.sealed
    client = grants.client_for_grant(grant)
    graph.list_calendars(client, MEGAN)
    grants.disconnect(grant=grant, now=clock(), actor=megan)
    text = everything()
    for secret in (*tokens, sealed):
        assert secret not in text
    if connection.vendor == "sqlite":
        assert not any(secret in line for line in connection.connection.iterdump() for secret in (*tokens, sealed))
    grant.refresh_from_db()
    assert (grant.state, grant.cause, grant.sealed) == (Grant.LOST, "disconnected", "")
    with pytest.raises(graph.GrantEnded):
        graph.list_calendars(grants.client_for_grant(grant), MEGAN)
    grants.disconnect(grant=grant, now=clock(), actor=megan)
    assert AuditEvent.objects.filter(verb="grant.disconnected").count() == 1


# Whose account -------------------------------------------------------------------------------------------


def test_an_account_of_somebody_else_is_not_connected(cloud, megan, clock):
    with pytest.raises(grants.GrantRefused, match="wrong_account"):
        url, kept = grants.begin(user=megan, change=False, shared=False, other=False, redirect_uri=BACK, now=clock())
        answer = answer_of(go(cloud, url, oid=ALEX, tid=CONTOSO))
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())
    assert not Grant.objects.exists()
    assert AuditEvent.objects.get(verb="grant.refused").outcome == "wrong_account"


def test_another_account_only_where_the_organization_lets_its_people_do_that(cloud, megan, tenant, clock):
    with pytest.raises(grants.GrantRefused, match="others_not_allowed"):
        lend(cloud, megan, now=clock(), other=(FABRIKAM, PATTI))
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    megan.tenant.refresh_from_db()
    grant = lend(cloud, megan, now=clock(), other=(FABRIKAM, PATTI))
    assert (grant.tenant.state, grant.tenant.mode) == (Tenant.PRIVATE, Tenant.INDIVIDUAL)
    assert grant.user == megan
    url, kept = grants.begin(user=megan, change=False, shared=False, other=True, redirect_uri=BACK, now=clock())
    answer = answer_of(go(cloud, url, oid=PATTI, tid=FABRIKAM))
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=False)
    megan.tenant.refresh_from_db()
    with pytest.raises(grants.GrantRefused, match="others_not_allowed"):
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())


def test_no_token_is_kept_for_somebody_whose_organization_ended_on_the_way(cloud, megan, tenant, clock):
    url, kept = grants.begin(user=megan, change=False, shared=False, other=False, redirect_uri=BACK, now=clock())
    answer = answer_of(go(cloud, url, oid=MEGAN, tid=CONTOSO))
    assert megan.tenant.state == Tenant.LISTED
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.ENDED)  # while the page waits for Microsoft
    with pytest.raises(grants.GrantRefused, match="tenant_ended"):
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())
    assert not Grant.objects.exists()


def test_no_token_is_kept_of_another_account_where_that_was_forbidden_on_the_way(cloud, megan, tenant, clock):
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    megan.tenant.refresh_from_db()
    url, kept = grants.begin(user=megan, change=False, shared=False, other=True, redirect_uri=BACK, now=clock())
    answer = answer_of(go(cloud, url, oid=PATTI, tid=FABRIKAM))
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=False)  # while the page waits for Microsoft
    with pytest.raises(grants.GrantRefused, match="others_not_allowed"):
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())
    assert not Grant.objects.exists() and not Tenant.objects.filter(tid=FABRIKAM).exists()


def test_an_organization_that_was_disconnected_is_not_let_in_by_the_back_door(cloud, megan, tenant, clock):
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    megan.tenant.refresh_from_db()
    Tenant.objects.create(tid=FABRIKAM, cloud="sandbox", state=Tenant.ENDED, state_since=clock())
    with pytest.raises(grants.GrantRefused, match="tenant_ended"):
        lend(cloud, megan, now=clock(), other=(FABRIKAM, PATTI))
    assert not Grant.objects.exists()


# The way back --------------------------------------------------------------------------------------------


@pytest.fixture
def trip(cloud, megan, clock):
    url, kept = grants.begin(user=megan, change=False, shared=False, other=False, redirect_uri=BACK, now=clock())
    answer = answer_of(go(cloud, url, oid=MEGAN, tid=CONTOSO))
    return answer, kept


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda a, k: a.pop("state"), "unknown_state"),
        (lambda a, k: a.update(state=["made up"]), "unknown_state"),
        (lambda a, k: a.update(state=a["state"] * 2), "unknown_state"),
        (lambda a, k: a.update(state=["é"]), "unknown_state"),
        (lambda a, k: k.clear(), "unknown_state"),
        (lambda a, k: k.update(user=0), "other_person"),
        (lambda a, k: k.update(began_at=k["began_at"] - 601), "too_late"),
        (lambda a, k: k.update(began_at=k["began_at"] + 601), "too_late"),
        (lambda a, k: k.update(nonce="another"), "id_token:nonce"),
        (lambda a, k: k.update(verifier="x" * 64), "code_refused"),
        (lambda a, k: a.pop("code"), "malformed"),
        (lambda a, k: a.update(code=a["code"] * 2), "malformed"),
        (lambda a, k: a.update(code=["made up"]), "malformed"),
        (lambda a, k: a.update(code=["made-up"]), "code_refused"),
        (lambda a, k: a.update(error=["access_denied"]), "declined"),
        (lambda a, k: a.update(error=["x"], error_description=["AADSTS65004: no"]), "declined"),
        (lambda a, k: a.update(error=["x"], error_description=["AADSTS90094: no"]), "not_administrator"),
        (lambda a, k: a.update(error=["x"], error_description=["AADSTS123456: ?"]), "microsoft"),
    ],
)
def test_a_way_back_that_is_not_as_it_should_be_connects_nothing(trip, megan, clock, spoil, cause):
    answer, kept = trip
    spoil(answer, kept)
    with pytest.raises(grants.GrantRefused) as refused:
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())
    assert refused.value.cause == cause
    assert not Grant.objects.exists()


def test_a_way_back_counts_once(trip, megan, clock):
    answer, kept = trip
    grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock())
    with pytest.raises(grants.GrantRefused, match="code_refused"):
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=clock() + timedelta(seconds=1))


# Two workers, each with a memory of its own ---------------------------------------------------------------


@pytest.fixture
def other_worker(monkeypatch):
    """Runs something as another worker does, whose memory is its own."""
    theirs = {}

    def do(something):
        with monkeypatch.context() as patch:
            patch.setattr(grants, "_kept", theirs)
            return something()

    do.kept = theirs
    return do


@pytest.mark.parametrize("how", ["switched off", "disconnected", "organization ended"])
def test_a_token_that_another_worker_keeps_serves_nobody_any_more(cloud, grant, megan, clock, other_worker, how):
    client = other_worker(lambda: grants.client_for_grant(grant))
    assert graph.get_user(client, MEGAN)
    match how:
        case "switched off":
            User.objects.filter(pk=megan.pk).update(is_active=False)
        case "disconnected":
            grants.disconnect(grant=Grant.objects.get(pk=grant.pk), now=clock(), actor=megan)
        case "organization ended":
            Tenant.objects.filter(pk=megan.tenant_id).update(state=Tenant.ENDED)
    cloud.log.clear()
    late = other_worker(lambda: grants.client_for_grant(grant))
    with pytest.raises(graph.GrantEnded):
        graph.get_user(late, MEGAN)
    assert [entry.path for entry in cloud.log.since()] == []
    assert not other_worker.kept, "and it keeps it no longer"


def test_nor_does_it_once_the_person_connected_anew(cloud, grant, megan, clock, other_worker):
    graph.get_user(other_worker(lambda: grants.client_for_grant(grant)), MEGAN)
    before = {value for _, value in [each._kept and (each, each._kept[0]) for each in other_worker.kept.values()]}
    grants.disconnect(grant=Grant.objects.get(pk=grant.pk), now=clock(), actor=megan)
    lend(cloud, megan, now=clock())
    stale = grant  # a task that loaded its row before all that
    graph.get_user(other_worker(lambda: grants.client_for_grant(stale)), MEGAN)
    after = {each._kept[0] for each in other_worker.kept.values()}
    assert len(after) == 1 and not before & after
