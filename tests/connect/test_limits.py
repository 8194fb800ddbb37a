"""The limit to a security group against the sandbox: members, probes, verdicts, and what is written down of them."""

import uuid
from datetime import timedelta

import pytest

from sharing.connect import client_for, limits
from sharing.models import AuditEvent, GroupLimit, GroupMember, Person, Tenant
from tests.cloud import CONTOSO
from tests.connect.limiting import BY_ROLE, EXECUTIVES, MARKETING, members, probes
from tests.contoso import control, mailbox

COUNCIL = "Works Council"
BY_POLICY = {"policies": [{"right": "RestrictAccess", "group": EXECUTIVES}]}
NOBODY = "00000000-0000-4000-8000-000000000000"


def test_before_the_script_ran_the_limit_is_ineffective(declare, test):
    declare()
    limit = test()
    assert (limit.verdict, limit.cause) == (GroupLimit.INEFFECTIVE, "tenant_wide_grant")
    assert limit.found["granted"] == ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]
    assert (limit.members, limit.group_address) == (6, "executives@contoso.com")
    assert limit.found["principal"]


def test_after_the_script_the_limit_is_verified(declare, test, cloud, clock):
    control(cloud, "exchange", BY_ROLE | {"entra": "removed"})
    declare()
    limit = test()
    assert (limit.verdict, limit.cause, limit.is_legacy) == (GroupLimit.VERIFIED, "", False)
    assert limit.inside.oid in members()
    assert limit.outside.oid not in members()
    assert probes() == [("inside", "read"), ("outside", "refused")]
    assert limit.tested_at == clock()
    event = AuditEvent.objects.get(verb="limit.judged")
    assert (event.before, event.after) == ("untested", "verified")


def test_a_probe_asks_outside_the_group_for_an_id_only(declare, test, cloud):
    control(cloud, "exchange", BY_ROLE | {"entra": "removed"})
    declare()
    cloud.log.clear()
    limit = test()
    asked = [(e.path, e.query) for e in cloud.log.since() if str(limit.outside.oid) in e.path]
    assert asked == [(f"/v1.0/users/{limit.outside.oid}/calendar", "$select=id")]


def test_a_tenant_wide_grant_is_found_although_both_probes_look_right(verified, again, cloud):
    control(cloud, "consent", {})  # the activation link once more: everything the registration lists
    limit = again(minutes=10)
    assert (limit.verdict, limit.cause) == (GroupLimit.INEFFECTIVE, "tenant_wide_grant")


def test_what_everybody_can_reach_is_waited_for_and_then_an_alarm(declare, test, cloud, clock):
    control(cloud, "exchange", {"assignments": [{"role": "Calendars.Read", "group": None}], "entra": "removed"})
    declare()
    assert test().verdict == GroupLimit.PENDING
    clock.forward(minutes=15)
    assert test().verdict == GroupLimit.PENDING
    clock.forward(hours=2, minutes=1)
    assert test().verdict == GroupLimit.NOT_LIMITED


def test_a_script_that_ran_late_counts_once_exchange_knows_it(declare, test, cloud, clock):
    control(cloud, "exchange", {"assignments": [{"role": "Calendars.Read", "group": None}], "entra": "removed"})
    declare()
    assert test().verdict == GroupLimit.PENDING
    control(cloud, "exchange", BY_ROLE)
    clock.forward(minutes=15)
    assert test().verdict == GroupLimit.VERIFIED


def test_without_any_role_nobody_is_reached(declare, test, cloud):
    control(cloud, "exchange", {"entra": "removed"})
    declare()
    assert test().verdict == GroupLimit.NO_ACCESS


def test_a_scope_of_another_group_is_inverted_or_no_access(declare, test, cloud, again):
    control(cloud, "exchange", {"assignments": [{"role": "Calendars.Read", "group": "Sales Team"}], "entra": "removed"})
    declare()
    outside = test().outside
    assert GroupLimit.objects.get().verdict == GroupLimit.NO_ACCESS
    sales = next(g for g in cloud.state.tenants[CONTOSO].groups.values() if g.name == "Sales Team")
    sales.members.append(str(outside.oid))
    assert again(minutes=15).verdict == GroupLimit.INVERTED


def test_an_access_policy_from_before_is_recognised(declare, test, cloud):
    control(cloud, "exchange", BY_POLICY)
    declare()
    limit = test()
    assert (limit.verdict, limit.is_legacy) == (GroupLimit.VERIFIED, True)
    assert limit.found["outside"] == "policy"


def test_a_blocklist_is_inverted(declare, test, cloud):
    control(cloud, "exchange", {"policies": [{"right": "DenyAccess", "group": EXECUTIVES}]})
    declare()
    limit = test()
    assert (limit.verdict, limit.is_legacy) == (GroupLimit.INVERTED, True)


def test_direct_members_count_for_a_role_and_nested_ones_for_a_policy(declare, test, cloud, again):
    delia, luca = (mailbox(f"{who}@contoso.com").person.oid for who in ("DeliaD", "LucaR"))
    control(cloud, "exchange", {"policies": [{"right": "RestrictAccess", "group": MARKETING}]})
    declare(MARKETING)
    limit = test()
    assert limit.is_legacy
    assert limit.found["groups"] == 1
    assert delia in members() and luca not in members()
    again(minutes=15)
    assert luca in members()
    by_role = {"assignments": [{"role": "Calendars.Read", "group": MARKETING}], "entra": "removed"}
    control(cloud, "exchange", by_role)
    assert not again(minutes=15).is_legacy
    again(minutes=15)
    assert luca not in members()


@pytest.mark.parametrize("fault", ["truncate", "loop", "foreign_link", "html_200"])
def test_half_a_listing_changes_nobodys_membership(verified, again, cloud, fault):
    before = members()
    cloud.faults.set([{"do": fault, "match": {"path": "/members$"}}])
    limit = again(hours=1)
    assert members() == before
    assert limit.members == len(before)
    assert limit.members_read_at == verified.members_read_at
    assert limit.found["members"].startswith("group_")
    assert limit.verdict == GroupLimit.INCONCLUSIVE


def test_a_group_that_hides_its_members_is_not_an_empty_one(declare, test):
    declare(COUNCIL)
    limit = test()
    assert (limit.members, limit.members_read_at) == (None, None)
    assert limit.found["members"] == "group_empty"
    assert members() == set()


def test_a_group_that_seems_to_have_lost_everybody_keeps_them(verified, again, cloud):
    cloud.state.tenants[str(verified.tenant.tid)].groups[str(verified.group_oid)].members.clear()
    assert again(hours=1).found["members"] == "group_empty"
    assert len(members()) == 6


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"do": "status", "status": 429, "retry_after": 3600}, "throttled"),
        ({"do": "status", "status": 503, "retry_after": 3600}, "throttled"),
    ],
)
def test_an_answer_that_says_nothing_is_inconclusive(verified, again, cloud, fault, cause):
    cloud.faults.set([{**fault, "match": {"path": f"/users/{verified.outside.oid}/calendar$"}, "times": 9}])
    limit = again(days=1)
    assert (limit.verdict, limit.cause) == (GroupLimit.INCONCLUSIVE, cause)
    cloud.faults.set([])
    cloud.advance(3600)
    limit = again(minutes=15)
    assert (limit.verdict, limit.cause) == (GroupLimit.VERIFIED, "")


def test_no_token_is_inconclusive(verified, again, cloud):
    control(cloud, "principal", {"state": "disabled"})
    assert again(days=1).verdict == GroupLimit.INCONCLUSIVE


def test_members_are_read_every_hour_and_mailboxes_tried_once_a_day(verified, test, clock, cloud):
    for _ in range(23):
        clock.forward(hours=1)
        test()
    assert len(probes()) == 2
    assert GroupLimit.objects.get().members_read_at == clock()
    clock.forward(hours=1)
    assert test().tested_at == clock()
    assert len(probes()) == 4


def test_whoever_is_out_is_picked_anew_when_they_join(verified, test, clock, cloud):
    oid = str(verified.outside.oid)
    cloud.state.tenants[str(verified.tenant.tid)].groups[str(verified.group_oid)].members.append(oid)
    clock.forward(hours=1)
    limit = test()
    assert limit.outside != verified.outside
    assert limit.outside.oid not in members()
    assert uuid.UUID(oid) in members()
    assert limit.verdict == GroupLimit.VERIFIED


def test_nobody_is_called_outside_who_is_in_a_group_within(declare, test, cloud, contoso):
    below = mailbox("LucaR@contoso.com").person
    declare(MARKETING)
    Person.objects.filter(tenant=contoso, kind=Person.USER).exclude(pk=below.pk).exclude(
        address__in=["MiriamG@contoso.com", "LynneR@contoso.com", "DeliaD@contoso.com"]
    ).update(enabled=False)
    limit = test()
    assert limit.outside is None
    assert limit.found["outside"] == "nobody_outside"


def test_a_refusal_says_nothing_of_a_mailbox_that_was_never_read(declare, test, cloud, contoso):
    contoso.mailboxes.update(read_at=None)
    control(cloud, "exchange", BY_ROLE | {"entra": "removed"})
    declare()
    limit = test()
    assert (limit.verdict, limit.cause) == (GroupLimit.INCONCLUSIVE, "mailbox_unproved")


def test_a_mailbox_that_opened_before_the_script_proves_itself(declare, test, cloud, contoso, again):
    contoso.mailboxes.update(read_at=None)
    declare()
    assert test().found["outside"] == "read"
    control(cloud, "exchange", BY_ROLE | {"entra": "removed"})
    assert again(minutes=15).verdict == GroupLimit.VERIFIED


def test_declaring_reads_members_only_and_lifting_reads_everybody(declare, contoso, allan, clock, test):
    declare()
    test()
    assert Tenant.objects.get(pk=contoso.pk).scope == Tenant.GROUP
    limits.lift(tenant=contoso, actor=allan, now=clock())
    assert Tenant.objects.get(pk=contoso.pk).scope == Tenant.EVERYBODY
    assert not GroupLimit.objects.exists() and not GroupMember.objects.exists()
    verbs = list(AuditEvent.objects.filter(verb__startswith="limit.").order_by("seq").values_list("verb", flat=True))
    assert (verbs[0], verbs[-1]) == ("limit.declared", "limit.lifted")


def test_another_group_begins_anew(declare, test, verified):
    declare(MARKETING)
    limit = GroupLimit.objects.get()
    assert (limit.verdict, limit.members, members()) == (GroupLimit.UNTESTED, None, set())


@pytest.mark.parametrize("wrong", ["", "executives@contoso.com", "ALEX"])
def test_only_a_group_with_an_address_limits(contoso, allan, clock, wrong):
    wrong = str(allan.oid) if wrong == "ALEX" else wrong
    with pytest.raises(limits.NotAGroup):
        limits.declare(tenant=contoso, group=wrong, actor=allan, now=clock())


def test_an_id_that_the_mirror_does_not_know_is_asked_for_in_the_test(contoso, allan, clock, test, cloud):
    plain = next(g for g in cloud.state.tenants[str(contoso.tid)].groups.values() if not g.mail_enabled)
    limits.declare(tenant=contoso, group=plain.oid, actor=allan, now=clock())
    assert test().found["members"] == "group_without_address"
    limits.declare(tenant=contoso, group=NOBODY, actor=allan, now=clock())
    assert test().found["members"] == "group_not_found"


def test_a_lease_that_was_lost_writes_nothing(declare, contoso, clock, cloud):
    limit = declare()
    GroupLimit.objects.update(attempt=7)
    limits.try_limit(limit=limit, client=client_for(contoso), clock=clock)
    assert GroupLimit.objects.get().verdict == GroupLimit.UNTESTED
    assert probes() == []


def test_a_tenant_that_is_not_connected_is_not_asked(declare, contoso, clock):
    declare()
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LISTED)
    assert not limits.due(clock() + timedelta(days=9)).exists()


def test_a_tenant_read_for_people_known_here_is_not_widened_to_a_group(contoso, declare):
    contoso.scope = Tenant.PEOPLE
    contoso.save(update_fields=["scope"])
    with pytest.raises(limits.OnlyKnown):
        declare()
    assert not GroupLimit.objects.exists()
    contoso.refresh_from_db()
    assert contoso.scope == Tenant.PEOPLE
