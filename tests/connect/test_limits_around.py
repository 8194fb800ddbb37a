"""What a limit to a security group means around it: who is read, how a tenant is proved, what `doctor` says."""

import re
import uuid

import pytest
import time_machine
from django.db.models import F

from sharing import tasks
from sharing.connect import client_for, health, prove
from sharing.connect.tenants import begin_reading
from sharing.connect.tenants import connect as connect_tenant
from sharing.models import GroupLimit, Tenant
from tests.connect.limiting import EXECUTIVES, members
from tests.contoso import control, mailbox


@pytest.fixture
def tick(clock):
    """What the scheduler and its workers do at this moment, without the runs that begin by themselves."""

    def tick():
        with time_machine.travel(clock(), tick=False):
            for task, pk in tasks.due_reads(clock()):
                task(pk)

    return tick


def test_only_members_are_read_once_they_are_known(declare, tick, sync, cloud, clock, contoso):
    declare()
    assert contoso.mailboxes.filter(cause="outside_group").count() == 0
    tick()
    limit = GroupLimit.objects.get()
    assert limit.verdict == GroupLimit.INEFFECTIVE
    covered = set(contoso.mailboxes.covered().values_list("person__oid", flat=True))
    assert covered == members()
    clock.forward(hours=2)
    cloud.log.clear()
    sync()
    asked = {uuid.UUID(found[1]) for e in cloud.log.since() if (found := re.search(r"/users/([0-9a-f-]{36})", e.path))}
    assert asked <= members()


def test_a_listing_that_breaks_off_leaves_nobody_out(declare, tick, cloud, contoso):
    declare()
    cloud.faults.set([{"do": "truncate", "match": {"path": "/members$"}}])
    tick()
    assert GroupLimit.objects.get().members_read_at is None
    assert not contoso.mailboxes.filter(cause="outside_group").exists()


def test_a_limited_tenant_is_proved_on_its_members(verified, contoso, clock, cloud):
    control(cloud, "exchange", {"assignments": [
        {"role": "Calendars.Read", "group": EXECUTIVES}, {"role": "MailboxSettings.Read", "group": EXECUTIVES},
    ]})  # fmt: skip
    proof = prove(client=client_for(contoso), tid=str(contoso.tid), now=clock())
    assert mailbox(proof.probed).person.oid in members()
    assert (proof.missing, proof.missing_for_writes) == ((), ())


@pytest.mark.parametrize(
    ("fields", "state", "end"),
    [
        ({}, health.OK, "(tested 2026-11-02 01:00 UTC): Limited to the group."),
        ({"is_legacy": True}, health.NOTE, "by an application access policy from before): Limited to the group."),
        ({"verdict": "pending"}, health.NOTE, ": Not limited yet."),
        ({"verdict": "ineffective"}, health.PROBLEM, ": Not limited: a tenant-wide grant is still present."),
        ({"verdict": "untested", "tested_at": None}, health.NOTE, "(not tested yet): Not tested yet."),
    ],
)
def test_doctor_tells_the_verdict_in_one_line(verified, contoso, clock, fields, state, end):
    GroupLimit.objects.update(**fields)
    (check,) = [check for check in health.examine(now=clock()) if check.name == "limit"]
    assert check.state == state
    assert check.sentence.startswith("Contoso: limit to the group Executives")
    assert check.sentence.endswith(end)


def test_an_approval_that_brings_the_grant_back_is_noticed_at_once(verified, contoso, clock, cloud, test):
    control(cloud, "consent", {})
    clock.forward(minutes=5)
    proof = prove(client=client_for(contoso), tid=str(contoso.tid), now=clock())
    connect_tenant(tenant=contoso, proof=proof, now=clock(), by="cli")
    assert test().verdict == GroupLimit.INEFFECTIVE


def test_a_tenant_that_is_connected_again_is_tested_again(verified, contoso, clock, test):
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.ENDED)
    GroupLimit.objects.update(due_at=None, attempt=F("attempt") + 1)
    contoso.refresh_from_db()
    clock.forward(days=9)
    begin_reading(tenant=contoso, name="Contoso", domains=["contoso.com"], roles=None, now=clock(), by="cli")
    assert test().tested_at == clock()
