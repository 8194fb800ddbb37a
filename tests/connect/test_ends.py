"""Ends: a mailbox that its person or an admin disconnects, and a whole organization, with no token left anywhere."""

import io
import logging

import pytest
from django.apps import apps
from django.core.cache import cache
from django.utils import timezone

from sharing import changes, mirror, tasks
from sharing.connect import client_for, client_for_shard, clients, ends, grants, links
from sharing.connect.sealing import unseal
from sharing.connect.sentences import NotConnected
from sharing.connect.tenants import enlist
from sharing.models import (
    ActivationLink,
    AuditEvent,
    CalendarPermission,
    Change,
    Grant,
    Mailbox,
    PermissionPeriod,
    Person,
    SyncRun,
    SyncShard,
    Tenant,
    User,
)
from tests.cloud import FABRIKAM
from tests.connect.lending import lend
from tests.contoso import clock, contoso, mailbox, outside, permission, sync, user

__all__ = ["clock", "contoso", "outside", "sync"]

LOGGED = (tasks.write_heads,)  # due whenever the activity log went on

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"


@pytest.fixture
def fabrikam(db, cloud, clock):
    tenant = Tenant.objects.create(tid=FABRIKAM, cloud="sandbox", state=Tenant.CONNECTED, state_since=clock())
    mirror.run_here(tenant=tenant, client=client_for(tenant), clock=clock, wait=lambda s: clock.forward(seconds=s))
    return tenant


def disconnect(contoso, clock, *, erase=False):
    ends.disconnect_tenant(tenant=contoso, erase=erase, actor=user(contoso, ALEX), now=clock())


# One mailbox


def test_a_person_may_disconnect_only_where_the_tenant_lets_them(contoso, sync, clock):
    sync()
    alex = user(contoso, ALEX)
    with pytest.raises(ends.DisconnectLocked):
        ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock())
    assert mailbox(ALEX).state == Mailbox.OK
    ends.let_people(tenant=contoso, disconnect=True, connect_others=False, actor=alex, now=clock())
    ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock())
    assert (mailbox(ALEX).state, mailbox(ALEX).cause) == (Mailbox.EXCLUDED, "disconnected")
    assert AuditEvent.objects.get(verb="mailbox.disconnected").outcome == "person"
    assert AuditEvent.objects.get(verb="tenant.people_let").after == "disconnect"


def test_what_a_disconnected_mailbox_held_ends_as_out_of_scope_and_nothing_is_asked_about_it(
    contoso, sync, clock, cloud
):
    sync()
    count = mailbox(ALEX).permissions.open().count()
    ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=user(contoso, MEGAN), now=clock(), is_admin=True)
    mirror.end_disconnected(clock.forward(seconds=5))
    assert not mailbox(ALEX).permissions.open().exists()
    ended = PermissionPeriod.objects.filter(permission__mailbox=mailbox(ALEX))
    assert [p.end for p in ended] == [PermissionPeriod.OUT_OF_SCOPE] * count
    assert mailbox(ALEX).due_at is None
    cloud.log.clear()
    clock.forward(days=1)
    sync()
    oid = str(mailbox(ALEX).person.oid)
    assert [e.path for e in cloud.log.since() if oid in e.path] == []
    assert mailbox(ALEX).cause == "disconnected"


def test_connecting_it_again_reads_it_as_before(contoso, sync, clock):
    sync()
    alex, before = user(contoso, ALEX), set(mailbox(ALEX).permissions.open().values_list("pk", flat=True))
    ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock(), is_admin=True)
    mirror.end_disconnected(clock())
    ends.reconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock.forward(hours=1))
    sync(kind=SyncRun.HOURLY)
    assert mailbox(ALEX).state == Mailbox.OK
    assert set(mailbox(ALEX).permissions.open().values_list("pk", flat=True)) == before
    with pytest.raises(ends.NotThatWay):
        ends.reconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock())


def test_connecting_again_reads_nobody_outside_the_tenants_choice(contoso, sync, clock):
    sync()
    alex = user(contoso, ALEX)
    ends.disconnect_mailbox(mailbox=mailbox(MEGAN), actor=alex, now=clock(), is_admin=True)
    Tenant.objects.filter(pk=contoso.pk).update(scope=Tenant.PEOPLE)
    contoso.refresh_from_db()
    ends.reconnect_mailbox(mailbox=mailbox(MEGAN), actor=alex, now=clock(), is_admin=True)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert (mailbox(MEGAN).state, mailbox(MEGAN).cause) == (Mailbox.EXCLUDED, "not_matched")


def test_who_disconnected_the_app_and_lent_their_own_is_not_taken_back_by_the_app(contoso, sync, clock, cloud):
    sync()
    alex = user(contoso, ALEX)
    ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock(), is_admin=True)
    mirror.end_disconnected(clock())
    lend(cloud, alex, now=timezone.now())
    shard = SyncShard.objects.get(grant__user=alex)
    SyncShard.objects.filter(pk=shard.pk).update(due_at=clock())
    mirror.sync_shard(shard=SyncShard.objects.get(pk=shard.pk), client=client_for_shard(shard), clock=clock)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert mailbox(ALEX).shard == shard and mailbox(ALEX).state == Mailbox.OK
    ends.reconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock(), is_admin=True)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert not mailbox(ALEX).is_lent and mailbox(ALEX).state == Mailbox.OK


def test_nothing_is_changed_at_microsoft_in_a_mailbox_that_was_disconnected_meanwhile(contoso, sync, clock, cloud):
    sync()
    alex, shared = user(contoso, ALEX), permission(ALEX, ADELE, "Kids parties")
    change = changes.request_role(permission=shared, role="write", seen=shared.role, actor=alex, now=clock())
    ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock(), is_admin=True)
    cloud.log.clear()
    tasks.apply_change(change.pk)
    change.refresh_from_db()
    assert (change.state, change.cause) == (Change.CANCELLED, "left_out")
    assert [e.path for e in cloud.log.since() if "/v1.0/" in e.path] == []


def test_a_reader_that_was_underway_stores_nothing_of_a_disconnected_mailbox(contoso, sync, clock, monkeypatch, cloud):
    sync()
    alex, real = user(contoso, ALEX), mirror.sync.store_readings

    def meanwhile(**kwargs):
        ends.disconnect_mailbox(mailbox=mailbox(ALEX), actor=alex, now=clock(), is_admin=True)
        mirror.end_disconnected(clock())
        return real(**kwargs)

    cloud.state.apply({"do": "role", "tenant": str(contoso.tid), "mailbox": ALEX, "who": MEGAN, "role": "read"})
    monkeypatch.setattr("sharing.mirror.sync.store_readings", meanwhile)
    clock.forward(hours=1)
    sync(mailboxes=[mailbox(ALEX).pk])
    assert mailbox(ALEX).state == Mailbox.EXCLUDED
    assert not mailbox(ALEX).permissions.open().exists()


# A whole organization


def test_disconnecting_stops_everything_and_keeps_what_was_known(contoso, sync, clock):
    sync()
    rows = CalendarPermission.objects.open().count()
    links.make_link(tenant=contoso, permissions=["User.Read.All"], actor=user(contoso, ALEX), now=clock())
    Change.objects.all().delete()
    shared = permission(ALEX, ADELE, "Kids parties")
    changes.request_role(permission=shared, role="write", seen=shared.role, actor=user(contoso, ALEX), now=clock())
    run = mirror.begin_run(tenant=contoso, kind=SyncRun.FULL, now=clock())
    mirror.end_runs(tenant=contoso, cause="disconnected", now=clock())
    changes.cancel_open(tenant=contoso, cause="disconnected", now=clock())
    disconnect(contoso, clock)
    contoso.refresh_from_db()
    run.refresh_from_db()
    assert (contoso.state, contoso.writes_on, contoso.next_hourly_at) == (Tenant.ENDED, False, None)
    assert (run.outcome, run.cause) == (SyncRun.STOPPED, "disconnected")
    assert not SyncShard.objects.filter(due_at__isnull=False).exists()
    assert not ActivationLink.objects.filter(state__in=ActivationLink.OPEN).exists()
    assert Change.objects.get().state == Change.CANCELLED
    assert CalendarPermission.objects.open().count() == rows
    assert AuditEvent.objects.get(verb="tenant.disconnected").after == "keep"
    assert [what for what in tasks.due(clock.forward(days=2)) if what[0] not in LOGGED] == []


def test_a_disconnected_organization_may_be_connected_again(contoso, sync, clock):
    sync()
    disconnect(contoso, clock)
    tenant = enlist(tid=str(contoso.tid), now=clock(), by="test")
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.CONNECTED)
    clock.forward(days=1)
    assert sync().outcome == SyncRun.DONE
    assert mailbox(ALEX).state == Mailbox.OK


def everything_stored():
    """Every value of every row, sessions and all, as one text; and what the cache holds."""
    said = []
    for model in apps.get_models():
        for row in model._base_manager.values_list():
            said.append(repr(row))
    return "\n".join(said) + repr(getattr(cache, "_cache", ""))


@pytest.fixture
def everything_logged():
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out.getvalue
    root.removeHandler(handler)
    root.setLevel(before)


def tokens_of(contoso, cloud, clock):
    """A lent refresh token, sealed and open, and the app's access token; all of them used once."""
    sealed = lend(cloud, user(contoso, ALEX), now=timezone.now()).sealed
    grant = Grant.objects.get()
    refresh = unseal(sealed, purpose=grants.purpose_of(grant))
    return {sealed, refresh, client_for(contoso)._tokens.token().value}


def test_disconnecting_leaves_no_token_anywhere(contoso, sync, cloud, clock, everything_logged):
    sync()
    tokens = tokens_of(contoso, cloud, clock)
    assert any(token in everything_stored() for token in tokens)
    disconnect(contoso, clock)
    stored, logged = everything_stored(), everything_logged()
    assert [token for token in tokens if token in stored or token in logged] == []
    assert not Grant.objects.exists()
    assert not [key for key in clients._sources if str(contoso.tid) in key]
    assert AuditEvent.objects.filter(verb="grant.disconnected").count() == 1


@pytest.mark.redis
def test_disconnecting_leaves_no_token_in_redis(contoso, sync, cloud, clock, settings):
    import os

    import redis

    sync()
    tokens = tokens_of(contoso, cloud, clock)
    disconnect(contoso, clock)
    store = redis.Redis.from_url(os.environ["TEST_REDIS_URL"])
    held = b"\n".join(key + (store.dump(key) or b"") for key in store.scan_iter(count=1000))
    assert [token for token in tokens if token.encode() in held] == []


def test_what_people_of_it_lent_of_accounts_elsewhere_ends_too(contoso, sync, cloud, clock, fabrikam):
    sync()
    ends.let_people(tenant=contoso, disconnect=False, connect_others=True, actor=user(contoso, ALEX), now=clock())
    contoso.refresh_from_db()
    alex, patti = user(contoso, ALEX), Person.objects.get(tenant=fabrikam, address__iexact="PattiF@fabrikam.com")
    lend(cloud, User.objects.get(pk=alex.pk), now=timezone.now(), other=(fabrikam.tid, patti.oid))
    disconnect(contoso, clock)
    assert not Grant.objects.exists()
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.CONNECTED


def test_where_people_may_connect_others_no_more_those_are_disconnected_and_their_own_are_kept(
    contoso, cloud, clock, fabrikam
):
    alex = User.objects.create(tenant=contoso, oid="64339082-ed84-4b0b-b4ab-004ae54f3747", name="Alex Wilber")
    let = {"tenant": contoso, "disconnect": False, "actor": alex}
    ends.let_people(connect_others=True, now=clock(), **let)
    patti = Person.objects.get(tenant=fabrikam, address__iexact="PattiF@fabrikam.com")
    own = lend(cloud, alex, now=timezone.now())
    other = lend(cloud, alex, now=timezone.now(), other=(fabrikam.tid, patti.oid))
    colleague = lend(cloud, alex, now=timezone.now(), other=(contoso.tid, "48d31887-5fad-4d73-a9f5-3c356e68a038"))
    lost = Grant.objects.create(
        user=alex, tenant=fabrikam, account_oid=alex.oid, state=Grant.LOST, cause="AADSTS65001",
        state_since=clock(), connected_at=clock(),
    )  # fmt: skip
    ends.let_people(connect_others=False, now=clock(), **let)
    for grant in (other, colleague, lost):
        grant.refresh_from_db()
        assert (grant.state, grant.cause, grant.sealed) == (Grant.LOST, "disconnected", "")
    said = AuditEvent.objects.filter(verb="grant.disconnected", actor=alex.username).values_list("subject", flat=True)
    assert {each["grant"] for each in said} == {grant.public_id for grant in (other, colleague, lost)}
    own.refresh_from_db()
    assert own.state == Grant.CONNECTED and own.sealed
    ends.let_people(connect_others=False, now=clock(), **let)
    assert AuditEvent.objects.filter(verb="grant.disconnected").count() == 3


# Erasing


def erase(contoso, clock):
    rounds = 0
    while not ends.erase_some(tenant=contoso, now=clock()):
        rounds += 1
    return rounds


def test_erasing_deletes_the_mirror_of_this_tenant_only_and_keeps_the_activity_log(
    contoso, sync, clock, fabrikam, monkeypatch
):
    monkeypatch.setattr(ends, "BATCH", 300)
    sync()
    theirs = {model: model._base_manager.filter(tenant=fabrikam).count() for model, _ in ends.mirror_of(fabrikam)
              if model.__name__ != "PersonAddress"}  # fmt: skip
    before = {model: rows.count() for model, rows in ends.mirror_of(contoso)}
    disconnect(contoso, clock, erase=True)
    assert [task for task, _ in tasks.due(clock()) if task not in LOGGED] == [tasks.erase_tenant]
    assert erase(contoso, clock) > 1
    assert {model.__name__: rows.count() for model, rows in ends.mirror_of(contoso) if rows.exists()} == {}
    assert {model: model._base_manager.filter(tenant=fabrikam).count() for model in theirs} == theirs
    contoso.refresh_from_db()
    assert (contoso.state, contoso.cause) == (Tenant.ENDED, "erased")
    counted = AuditEvent.objects.filter(tenant=contoso, verb="mirror.erased")
    total = sum(sum(event.subject.values()) for event in counted)
    assert total == sum(before.values()) > 300
    assert AuditEvent.objects.filter(verb="tenant.erased").count() == 1
    assert AuditEvent.objects.filter(tenant=contoso, verb="run.finished").exists()
    assert User.objects.filter(tenant=contoso).exists()


def test_erasing_that_breaks_off_goes_on_and_counts_what_it_did(contoso, sync, clock, monkeypatch):
    monkeypatch.setattr(ends, "BATCH", 400)
    sync()
    before = sum(rows.count() for _, rows in ends.mirror_of(contoso))
    disconnect(contoso, clock, erase=True)
    real, done = ends.delete_some, []

    def killed(*args):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(args)
        return real(*args)

    ends.erase_some(tenant=contoso, now=clock())
    monkeypatch.setattr(ends, "AT_ONCE", 50)
    monkeypatch.setattr(ends, "delete_some", killed)
    with pytest.raises(KeyboardInterrupt):
        ends.erase_some(tenant=contoso, now=clock())
    monkeypatch.setattr(ends, "delete_some", real)
    erase(contoso, clock)
    events = AuditEvent.objects.filter(verb="mirror.erased")
    assert sum(sum(event.subject.values()) for event in events) == before


def test_erasing_also_ends_changes_that_rows_point_to(contoso, sync, clock):
    sync()
    shared = permission(ALEX, ADELE, "Kids parties")
    change = changes.request_role(
        permission=shared, role="write", seen=shared.role, actor=user(contoso, ALEX), now=clock()
    )
    tasks.apply_change(change.pk)
    assert CalendarPermission.objects.filter(change=change).exists()
    disconnect(contoso, clock, erase=True)
    erase(contoso, clock)
    assert not Change.objects.exists() and not Mailbox.objects.exists()


def test_while_it_is_erased_it_cannot_be_connected_again(contoso, sync, clock):
    sync()
    disconnect(contoso, clock, erase=True)
    with pytest.raises(NotConnected, match="still being erased"):
        enlist(tid=str(contoso.tid), now=clock(), by="test")
    erase(contoso, clock)
    assert enlist(tid=str(contoso.tid), now=clock(), by="test").pk == contoso.pk


def test_what_was_kept_can_be_erased_later(contoso, sync, clock):
    sync()
    disconnect(contoso, clock)
    clock.forward(days=30)
    disconnect(contoso, clock, erase=True)
    assert list(ends.due(clock())) == [contoso]
    disconnect(contoso, clock)
    assert list(ends.due(clock())) == [contoso]


# The script


def test_the_script_names_the_app_and_asks_before_it_removes():
    script = ends.removal_script([clients.client_id_of("reader")])
    assert f"$appId = '{clients.client_id_of('reader')}'" in script
    assert "-Confirm" in script and "Count -eq 1" in script


@pytest.mark.parametrize(
    "bad", ["'; Remove-Everything", "", "x' or appId ne '", "ca1e4da2-0000-4000-8000-00000000c0de'"]
)
def test_an_app_id_that_is_none_gets_into_no_script(bad):
    with pytest.raises(ValueError, match="UUID"):
        ends.removal_script([bad])
