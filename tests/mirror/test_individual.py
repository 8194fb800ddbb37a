"""Mailboxes that their persons connected: read with what was lent and nothing else, and kept when it ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sharing import access, changes, graph, mirror, tasks
from sharing.connect import client_for, client_for_shard, grants
from sharing.models import (
    CalendarPermission,
    Change,
    Grant,
    Mailbox,
    Person,
    RoleAssignment,
    SyncShard,
    Tenant,
    User,
)  # fmt: skip
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import lend, tenant
from tests.contoso import control, permission

__all__ = ["tenant"]

MEGAN, ALEX = "48d31887-5fad-4d73-a9f5-3c356e68a038", "64339082-ed84-4b0b-b4ab-004ae54f3747"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


@pytest.fixture
def alex(tenant):
    return User.objects.create(tenant=tenant, oid=ALEX, name="Alex Wilber")


@pytest.fixture
def connect(cloud):
    """`connect(user, …)` lends and lets a worker read; the mailbox."""

    def go(user, **how):
        grant = lend(cloud, user, now=timezone.now(), **how)
        work()
        grant.refresh_from_db()
        return grant

    return go


def work(now=None):
    """A worker does what is due of reading."""
    for task, pk in list(tasks.due_reads(now or timezone.now())):
        task(pk)


def mine(grant):
    return Mailbox.objects.get(pk=grant.mailbox_id)


def paths(cloud, since=0):
    """Everything that was asked of Graph, batches opened."""
    return [(entry.method, entry.path) for entry in cloud.log.since(since) if entry.path.startswith("/v1.0/")]


def test_the_mailbox_is_read_and_nobody_else_is_asked_about(cloud, alex, connect):
    grant = connect(alex)
    mailbox = mine(grant)
    assert (mailbox.state, mailbox.cause, mailbox.is_lent) == (Mailbox.OK, "", True)
    assert permission("AlexW@contoso.com", "MeganB@contoso.com").role.startswith("delegate")
    assert list(Person.objects.exclude(oid=None).values_list("oid", flat=True)) == [grant.account_oid]
    for _, path in paths(cloud):
        assert path == "/v1.0/$batch" or ALEX in path, path
    assert grant.account_address == "AlexW@contoso.com"


def test_it_is_read_again_a_day_later_and_when_somebody_asks(alex, connect):
    grant = connect(alex)
    shard, mailbox = SyncShard.objects.get(grant=grant), mine(grant)
    assert shard.due_at is None
    assert timedelta(minutes=30) < mailbox.due_at - timezone.now() <= timedelta(days=1)
    mirror.wake_shards(timezone.now() + timedelta(days=1, minutes=1))
    shard.refresh_from_db()
    assert shard.due_at is not None
    SyncShard.objects.update(due_at=None)
    assert mirror.ask_to_read(mailbox, now=timezone.now())
    mirror.wake_shards(timezone.now())
    shard.refresh_from_db()
    assert shard.due_at is not None


def test_a_change_in_outlook_is_seen_and_a_removal_ends_the_row(cloud, alex, connect):
    grant = connect(alex)
    row = permission("AlexW@contoso.com", "AdeleV@contoso.com", calendar="Kids parties")
    cloud.state.apply(
        {"do": "unshare", "tenant": CONTOSO, "mailbox": ALEX, "calendar": "Kids parties", "who": "AdeleV@contoso.com"}
    )
    mirror.ask_to_read(mine(grant), now=timezone.now())
    work()
    row.refresh_from_db()
    assert row.ended_at is not None


def test_a_connection_that_ended_stops_the_reading_and_ends_nothing(cloud, alex, connect):
    grant = connect(alex)
    before = list(CalendarPermission.objects.open().values_list("pk", "role"))
    control(cloud, "revoke", {"user": ALEX})
    grants._kept.clear()
    mirror.ask_to_read(mine(grant), now=timezone.now())
    work()
    grant.refresh_from_db()
    mailbox = mine(grant)
    assert (grant.state, grant.cause) == (Grant.LOST, "AADSTS65001")
    assert (mailbox.state, mailbox.cause) == (Mailbox.DENIED, "grant_lost")
    assert list(CalendarPermission.objects.open().values_list("pk", "role")) == before and before
    sent = len(paths(cloud))
    work(timezone.now() + timedelta(days=3))
    assert len(paths(cloud)) == sent
    assert mine(grant).state == Mailbox.DENIED


@pytest.mark.django_db(transaction=True)
def test_consent_that_is_taken_back_in_the_middle_of_a_reading_ends_nothing(cloud, alex, connect):
    grant = connect(alex)
    before = list(CalendarPermission.objects.open().values_list("pk", "role"))
    control(cloud, "faults", [{"do": "expired_token", "match": {"path": r"/\$batch$"}, "times": 9}])
    control(cloud, "revoke", {"user": ALEX})
    mirror.ask_to_read(mine(grant), now=timezone.now())
    work()
    assert list(CalendarPermission.objects.open().values_list("pk", "role")) == before and before
    assert mine(grant).state != Mailbox.OK


def test_who_connects_again_is_read_again(cloud, alex, connect):
    grant = connect(alex)
    grants.disconnect(grant=grant, now=timezone.now(), actor=alex)
    assert (mine(grant).state, mine(grant).cause) == (Mailbox.EXCLUDED, "disconnected")
    assert CalendarPermission.objects.open().exists()
    again = connect(alex)
    assert again.pk == grant.pk
    assert mine(again).state == Mailbox.OK


def test_far_more_endings_than_usual_wait_a_day_and_then_count(cloud, alex, connect):
    for number in range(30):
        cloud.state.apply(
            {
                "do": "share",
                "tenant": CONTOSO,
                "mailbox": ALEX,
                "calendar": "Kids parties",
                "who": f"guest{number}@northwindtraders.com",
                "role": "read",
            }
        )
    grant = connect(alex)
    for number in range(30):
        cloud.state.apply(
            {
                "do": "unshare",
                "tenant": CONTOSO,
                "mailbox": ALEX,
                "calendar": "Kids parties",
                "who": f"guest{number}@northwindtraders.com",
            }
        )
    open_rows = CalendarPermission.objects.open().count()
    mirror.ask_to_read(mine(grant), now=timezone.now())
    work()
    assert (mine(grant).cause, CalendarPermission.objects.open().count()) == ("breaker", open_rows)
    Mailbox.objects.update(due_at=timezone.now())
    work()
    assert (mine(grant).state, CalendarPermission.objects.open().count()) == (Mailbox.OK, open_rows - 30)


@pytest.mark.parametrize("how", ["switched off", "organization ended"])
def test_what_somebody_lent_who_may_not_sign_in_rests_until_they_may_again(cloud, alex, connect, tenant, how):
    grant = connect(alex)
    before = list(CalendarPermission.objects.open().values_list("pk", "role"))
    if how == "switched off":
        User.objects.filter(pk=alex.pk).update(is_active=False)
    else:
        Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.ENDED)
    sent, day = len(paths(cloud)), timezone.now() + timedelta(days=1, minutes=1)
    work(day)
    SyncShard.objects.update(due_at=timezone.now())  # as after the app's reading, beside which it is tried daily
    work()
    grants._kept.clear()
    with pytest.raises(graph.GrantEnded):
        graph.get_user(grants.client_for_grant(grant), ALEX)
    assert len(paths(cloud)) == sent
    again = Grant.objects.get(pk=grant.pk)
    assert (again.state, again.version, again.sealed) == (Grant.CONNECTED, grant.version, grant.sealed)
    assert (mine(grant).state, mine(grant).cause) == (Mailbox.OK, "")
    assert list(CalendarPermission.objects.open().values_list("pk", "role")) == before and before
    User.objects.filter(pk=alex.pk).update(is_active=True)
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.LISTED)
    shard = SyncShard.objects.get(grant=grant)
    assert shard.due_at - timezone.now() < timedelta(hours=1)
    Mailbox.objects.update(due_at=timezone.now())
    SyncShard.objects.update(due_at=timezone.now())
    work()
    assert len(paths(cloud)) > sent


def test_an_access_token_that_is_still_good_serves_nobody_who_was_switched_off(cloud, alex, connect):
    grant = connect(alex)
    User.objects.filter(pk=alex.pk).update(is_active=False)
    sent = len(paths(cloud))
    with pytest.raises(graph.GrantEnded):
        graph.get_user(grants.client_for_grant(grant), ALEX)
    assert len(paths(cloud)) == sent


@pytest.mark.parametrize("how", ["switched off", "organization ended"])
def test_a_reading_underway_stores_nothing_of_who_is_switched_off_meanwhile(cloud, alex, connect, tenant, how):
    grant = connect(alex)
    shard = SyncShard.objects.select_related("tenant", "run", "grant__tenant").get(grant=grant)
    row = permission("AlexW@contoso.com", "AdeleV@contoso.com", calendar="Kids parties")
    cloud.state.apply(
        {"do": "unshare", "tenant": CONTOSO, "mailbox": ALEX, "calendar": "Kids parties", "who": "AdeleV@contoso.com"}
    )
    SyncShard.objects.update(due_at=timezone.now())
    shard.refresh_from_db()

    def meanwhile(count):
        if how == "switched off":
            User.objects.filter(pk=alex.pk).update(is_active=False)
        else:
            Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.ENDED)

    client = client_for_shard(shard)
    assert mirror.sync_shard(shard=shard, client=client, clock=timezone.now, progress=meanwhile) is None
    row.refresh_from_db()
    assert row.ended_at is None
    User.objects.filter(pk=alex.pk).update(is_active=True)
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.LISTED)
    SyncShard.objects.update(due_at=timezone.now())
    work()
    row.refresh_from_db()
    assert row.ended_at is not None, "once they may sign in again it is read as ever"


# Beside the app ------------------------------------------------------------------------------------------


@pytest.fixture
def wide(tenant):
    """Contoso, read as a whole by the app."""
    Tenant.objects.filter(pk=tenant.pk).update(mode=Tenant.DOMAIN_WIDE, state=Tenant.CONNECTED)
    tenant.refresh_from_db()
    return tenant


def read_whole(tenant):
    run = mirror.run_here(tenant=tenant, client=client_for(tenant), clock=timezone.now, wait=lambda seconds: None)
    tenant.refresh_from_db()
    return run


def test_an_own_connection_is_kept_beside_the_apps_which_goes_first(cloud, alex, connect, wide):
    read_whole(wide)
    mailbox = Mailbox.objects.get(person__oid=ALEX)
    grant = connect(alex)
    assert mine(grant) == mailbox
    mailbox.refresh_from_db()
    assert not mailbox.is_lent and mailbox.is_read
    assert grant.state == Grant.CONNECTED
    shard = SyncShard.objects.get(grant=grant)
    assert timezone.now() < shard.due_at  # tried again, which keeps it alive
    grants.disconnect(grant=grant, now=timezone.now(), actor=alex)
    mailbox.refresh_from_db()
    assert (mailbox.state, mailbox.is_read) == (Mailbox.OK, True)


def test_a_run_of_the_tenant_leaves_own_shards_alone_and_takes_their_mailboxes_over(cloud, alex, connect, tenant):
    grant = connect(alex)
    assert mine(grant).is_lent
    Tenant.objects.filter(pk=tenant.pk).update(mode=Tenant.DOMAIN_WIDE, state=Tenant.CONNECTED)
    tenant.refresh_from_db()
    run = read_whole(tenant)
    assert (run.outcome, run.mailboxes_read) == ("done", run.mailboxes)
    mailbox = mine(grant)
    assert (mailbox.is_lent, mailbox.state) == (False, Mailbox.OK)
    assert Mailbox.objects.filter(person__oid=ALEX).count() == 1


def test_no_night_run_begins_where_people_connect_themselves(tenant):
    now = timezone.now()
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.CONNECTED, next_hourly_at=now, next_full_at=now)
    mirror.begin_due_runs(now)
    assert not tenant.runs.exists()


# Changes -------------------------------------------------------------------------------------------------


def ask_for_read(user, role="write"):
    row = permission("AlexW@contoso.com", "AdeleV@contoso.com", calendar="Kids parties")
    return changes.request_role(permission=row, role=role, seen=row.role, actor=user, now=timezone.now())


def test_the_owner_changes_with_what_they_lent(cloud, alex, connect):
    connect(alex, change=True)
    change = ask_for_read(alex)
    tasks.apply_change(change.pk)
    change.refresh_from_db()
    assert (change.state, change.cause) == (Change.APPLIED, "")
    row = permission("AlexW@contoso.com", "AdeleV@contoso.com", calendar="Kids parties")
    assert row.role == "write"


def test_who_lent_reading_only_is_told_so_and_nothing_is_sent(cloud, alex, connect):
    grant = connect(alex)
    assert access.may_change(alex, mine(grant)) == "grant_reads"
    with pytest.raises(changes.NotNow, match="grant_reads"):
        ask_for_read(alex)
    assert not [method for method, _ in paths(cloud) if method == "PATCH"]


def test_after_a_restore_changes_wait_until_the_mailbox_was_read_again(alex, connect):
    grant = connect(alex, change=True)
    Tenant.objects.update(frozen_at=timezone.now())
    assert access.may_change(alex, mine(grant)) == "frozen"
    Mailbox.objects.update(digest="", due_at=timezone.now())
    work()
    assert access.may_change(alex, mine(grant)) == ""


def test_nobody_changes_after_it_ended(cloud, alex, connect):
    grant = connect(alex, change=True)
    grants.disconnect(grant=grant, now=timezone.now(), actor=alex)
    assert access.may_change(alex, mine(grant)) == "grant_lost"


# Private -------------------------------------------------------------------------------------------------


def test_what_is_in_a_tenant_that_nobody_listed_is_its_persons_only(cloud, alex, connect, tenant):
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    alex.tenant.refresh_from_db()
    grant = connect(alex, other=(FABRIKAM, PATTI))
    private = Tenant.objects.get(tid=FABRIKAM)
    assert (private.state, private.name) == (Tenant.PRIVATE, "Fabrikam")
    assert mine(grant).state == Mailbox.OK
    assert mine(grant) in access.mailboxes_of(alex)
    assert access.calendars_of(alex).filter(mailbox=grant.mailbox_id).exists()
    vikram = User.objects.create(tenant=tenant, oid=MEGAN, name="Vikram Singh")
    RoleAssignment.objects.create(user=vikram, role="admin", tenant=None, given_at=timezone.now())
    assert private not in access.tenants_for_setup(vikram)
    assert private not in access.tenants_for_it(vikram)
    assert not access.mailboxes_of(vikram).exists()
    assert private not in Tenant.objects.may_sign_in()


def test_who_gave_it_back_sees_nothing_that_the_other_organization_reads_since(cloud, alex, connect, tenant):
    fabrikam = Tenant.objects.create(
        tid=FABRIKAM, cloud="sandbox", state=Tenant.CONNECTED, state_since=timezone.now()
    )  # fmt: skip
    read_whole(fabrikam)
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    alex.tenant.refresh_from_db()
    grant = connect(alex, other=(FABRIKAM, PATTI))
    assert not mine(grant).is_lent
    assert mine(grant) in access.mailboxes_of(alex)
    grants.disconnect(grant=grant, now=timezone.now(), actor=alex)
    assert not access.mailboxes_of(alex).exists()
