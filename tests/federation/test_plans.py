"""Plans: what may be planned against what, what is refused, and what an export proves of them."""

import uuid
from datetime import timedelta

import pytest

from sharing.federation import partners, plans, refusals
from sharing.federation.quoting import ValueRefused
from sharing.federation.scripts import NotApproved, partner_script, plan_script
from sharing.models import (
    AuditEvent,
    ExchangeSnapshot,
    FederationPlan,
    Mailbox,
    Person,
    PersonAddress,
    Probe,
    SyncShard,
)
from sharing.words import partners as said
from tests.federation.planning import DEFAULT_POLICY, NOW, WITH_FABRIKAM, World

LIMITED, AVAILABILITY = "LimitedDetails", "AvailabilityOnly"
SIMPLE, REVIEWER = "CalendarSharingFreeBusySimple", "CalendarSharingFreeBusyReviewer"


@pytest.fixture
def world(db):
    return World()


@pytest.fixture
def fabrikam(world):
    return partners.make_partner(
        tenant=world.tenant, name="Fabrikam", domains=["fabrikam.com"], actor=world.lidia, now=NOW
    )


def new(world, partner, **given):
    return plans.plan_relationship(
        **{"partner": partner, "level": AVAILABILITY, "actor": world.lidia, "now": NOW, **given}
    )


def change(world, partner, relationship, **given):
    return new(world, partner, relationship=relationship, **{"level": LIMITED, **given})


def policy(world, row, entries, **given):
    return plans.plan_policy(**{"policy": row, "entries": entries, "actor": world.lidia, "now": NOW, **given})


def settled(world, plan, **exported):
    plans.settle(snapshot=world.exported(**exported), now=NOW + timedelta(hours=9))
    plan.refresh_from_db()
    return plan.state, plan.cause


# What is planned --------------------------------------------------------------------------------------------


def test_a_new_relationship_may_be_planned_before_anything_was_exported(world, fabrikam):
    plan = new(world, fabrikam, reason="Joint venture")
    assert (plan.kind, plan.state, plan.snapshot, plan.before) == ("new", "open", None, {})
    assert plan.wanted == {
        "name": "Fabrikam", "domains": ["fabrikam.com"], "is_enabled": True, "has_free_busy": True,
        "level": AVAILABILITY, "scope_group": "",
    }  # fmt: skip
    assert len(plan.script_hash) == 64 and plans.is_old(plan, NOW)
    assert AuditEvent.objects.get(verb="federation.planned").subject == {
        "plan": plan.public_id, "partner": fabrikam.public_id,
    }  # fmt: skip


def test_a_change_keeps_what_it_was_planned_against(world, fabrikam):
    snapshot = world.exported([WITH_FABRIKAM])
    plan = change(world, fabrikam, snapshot.relationships.get(), scope_group="jv@contoso.com")
    assert plan.snapshot == snapshot and plan.guid == WITH_FABRIKAM["guid"]
    assert plan.before == {name: value for name, value in WITH_FABRIKAM.items() if name != "guid"}
    assert not plans.is_old(plan, NOW) and plans.is_old(plan, NOW + timedelta(days=32))


def test_a_plan_is_not_made_from_what_an_export_overtook_while_it_was_made(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()

    def entries():
        plans.settle(snapshot=world.exported(policies=[DEFAULT_POLICY]), now=NOW)
        yield "*", SIMPLE

    with pytest.raises(refusals.Outdated):
        policy(world, row, entries())
    assert not FederationPlan.objects.exists()


def test_what_is_no_relationship_of_the_newest_export_is_not_planned_against(world, fabrikam):
    older = world.exported([WITH_FABRIKAM]).relationships.get()
    world.exported([WITH_FABRIKAM])
    for plan in (
        lambda: change(world, fabrikam, older),
        lambda: plans.suspend(relationship=older, actor=world.lidia, now=NOW),
        lambda: plans.remove(relationship=older, actor=world.lidia, now=NOW),
    ):
        with pytest.raises(refusals.Outdated):
            plan()


def test_nothing_is_planned_against_an_export_that_was_cut_short(world, fabrikam):
    cut = world.exported(
        [WITH_FABRIKAM], [DEFAULT_POLICY], sections={"organizationRelationships": "cut", "sharingPolicies": "cut"}
    )
    with pytest.raises(refusals.NoSnapshot):
        change(world, fabrikam, cut.relationships.get())
    with pytest.raises(refusals.NoSnapshot):
        policy(world, cut.policies.get(), [("*", SIMPLE)])


def test_a_domain_or_a_name_that_another_relationship_has_is_refused(world, fabrikam):
    other = {**WITH_FABRIKAM, "name": "Somebody", "domains": ["fabrikam.com", "x.example"]}
    snapshot = world.exported([other])
    with pytest.raises(refusals.DomainTaken) as refused:
        new(world, fabrikam)
    assert refused.value.detail == "fabrikam.com"
    change(world, fabrikam, snapshot.relationships.get())  # it is the one that has it
    world.exported([{**WITH_FABRIKAM, "name": "FABRIKAM", "domains": ["y.example"]}])
    with pytest.raises(refusals.NameTaken):
        new(world, fabrikam)


def test_our_own_domains_and_a_partner_that_ended_are_refused(world, fabrikam):
    world.exported()
    with pytest.raises(refusals.OwnDomain):
        new(world, fabrikam, domains=["fabrikam.com", "contoso.net"])
    partners.end_partner(partner=fabrikam, actor=world.lidia, now=NOW)
    with pytest.raises(refusals.PartnerOver):
        new(world, fabrikam)


def test_only_operators_plan_and_cancel(world, fabrikam):
    snapshot = world.exported([WITH_FABRIKAM], [DEFAULT_POLICY])
    row = snapshot.relationships.get()
    with pytest.raises(refusals.NotOperator):
        change(world, fabrikam, row, actor=world.isaiah)
    with pytest.raises(refusals.NotOperator):
        plans.suspend(relationship=row, actor=world.isaiah, now=NOW)
    with pytest.raises(refusals.NotOperator):
        policy(world, snapshot.policies.get(), [("*", SIMPLE)], actor=world.isaiah)
    plan = change(world, fabrikam, row)
    with pytest.raises(refusals.NotOperator):
        plans.cancel(plan=plan, actor=world.isaiah, now=NOW)
    assert FederationPlan.objects.filter(state="open").count() == 1


def test_one_plan_at_a_time_waits_for_one_thing(world, fabrikam):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = change(world, fabrikam, row)
    with pytest.raises(refusals.PlanOpen) as refused:
        plans.suspend(relationship=row, actor=world.lidia, now=NOW)
    assert refused.value.detail == plan.public_id
    plans.cancel(plan=plan, actor=world.miriam, now=NOW)
    with pytest.raises(refusals.PlanOver):
        plans.cancel(plan=plan, actor=world.miriam, now=NOW)
    assert plans.suspend(relationship=row, actor=world.lidia, now=NOW).partner == fabrikam


def test_a_relationship_belongs_to_the_partner_of_today_before_one_that_ended(world, fabrikam):
    partners.end_partner(partner=fabrikam, actor=world.lidia, now=NOW)
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    ended = plans.suspend(relationship=row, actor=world.lidia, now=NOW)
    assert ended.partner == fabrikam
    plans.cancel(plan=ended, actor=world.lidia, now=NOW)
    today = partners.make_partner(
        tenant=world.tenant, name="Fabrikam", domains=["fabrikam.com"], actor=world.lidia, now=NOW
    )
    assert plans.remove(relationship=row, actor=world.lidia, now=NOW).partner == today


def test_what_is_so_already_is_not_planned(world, fabrikam):
    suspended = {**WITH_FABRIKAM, "is_enabled": False}
    snapshot = world.exported([suspended], [DEFAULT_POLICY])
    with pytest.raises(refusals.NothingToDo):
        plans.suspend(relationship=snapshot.relationships.get(), actor=world.lidia, now=NOW)
    with pytest.raises(refusals.NothingToDo):
        policy(world, snapshot.policies.get(), [(e["domain"], e["actions"]) for e in DEFAULT_POLICY["entries"]])
    change(world, fabrikam, snapshot.relationships.get(), level=AVAILABILITY)  # enables it again


def test_a_group_whose_name_hides_something_is_refused(world, fabrikam):
    with pytest.raises(refusals.BadText):
        new(world, fabrikam, scope_group="jv\u202e@contoso.com")


# Policies ---------------------------------------------------------------------------------------------------


def test_a_policy_is_planned_as_its_whole_list(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    plan = policy(world, row, [("*", SIMPLE), ("Adatum.com", "contactssharing , calendarsharingfreebusysimple")])
    assert plan.wanted["entries"] == [
        {"domain": "*", "actions": SIMPLE, "level": "freeBusyRead"},
        {"domain": "adatum.com", "actions": f"ContactsSharing, {SIMPLE}", "level": "freeBusyRead"},
    ]
    script = plan_script(plan)
    assert f"@('*:{SIMPLE}', 'adatum.com:ContactsSharing, {SIMPLE}')" in script


@pytest.mark.parametrize(
    ("refusal", "entries"),
    [
        (refusals.NoEntries, []),
        (refusals.UnknownEntry, [("*", "0")]),
        (refusals.UnknownEntry, [("*", f"{SIMPLE}, Something")]),
        (refusals.UnknownEntry, [("*", "")]),
        (refusals.BadDomain, [("*.fabrikam.com", SIMPLE)]),
        (refusals.BadDomain, [("*", SIMPLE), (" * ", REVIEWER)]),
        (refusals.BadDomain, [("anonymous", SIMPLE), ("Anonymous", SIMPLE)]),
    ],
)
def test_a_list_that_exchange_would_not_take_is_refused(world, refusal, entries):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    with pytest.raises(refusal):
        policy(world, row, entries)


@pytest.mark.parametrize("domain", ["*", "anonymous"])
def test_letting_everybody_see_all_details_needs_a_second_operator(world, domain):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    plan = policy(world, row, [(domain, REVIEWER)])
    assert plan.needs_second
    with pytest.raises(NotApproved):
        plan_script(plan)
    with pytest.raises(refusals.OwnYes):
        plans.approve(plan=plan, by=world.lidia, now=NOW)
    with pytest.raises(refusals.NotOperator):
        plans.approve(plan=plan, by=world.isaiah, now=NOW)
    plans.approve(plan=plan, by=world.miriam, now=NOW)
    with pytest.raises(refusals.PlanOver):
        plans.approve(plan=plan, by=world.miriam, now=NOW)
    plan.refresh_from_db()
    assert (plan.approved_by, plan.approved_at) == (world.miriam, NOW)
    assert "Set-SharingPolicy" in plan_script(plan)
    assert AuditEvent.objects.filter(verb="federation.approved").count() == 1


def test_a_second_account_of_the_same_person_is_no_second_operator(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    plan = policy(world, row, [("*", REVIEWER)])
    with pytest.raises(refusals.OwnYes):
        plans.approve(plan=plan, by=world.operator("Lidia Holloway"), now=NOW)


@pytest.mark.parametrize(("was_enabled", "needs"), [(True, False), (False, True)])
def test_what_was_open_to_everybody_before_needs_nobody_unless_it_was_disabled(world, was_enabled, needs):
    entries = [{"domain": "Anonymous", "actions": REVIEWER, "level": "read"}]
    row = world.exported(policies=[{**DEFAULT_POLICY, "entries": entries, "is_enabled": was_enabled}]).policies.get()
    assert policy(world, row, [("Anonymous", REVIEWER), ("x.example", SIMPLE)]).needs_second is needs


def test_all_details_for_one_partner_or_in_a_disabled_policy_need_no_second_yes(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    one = policy(world, row, [("fabrikam.com", REVIEWER)])
    plans.cancel(plan=one, actor=world.lidia, now=NOW)
    off = policy(world, row, [("*", REVIEWER)], is_enabled=False)
    assert (one.needs_second, off.needs_second) == (False, False)


def test_the_partners_script_names_all_domains_that_exchange_accepts_or_else_those_of_entra(world, fabrikam):
    plan = new(world, fabrikam)
    assert "@('contoso.com')" in partner_script(plan)
    for state, named in (("read", "@('contoso.com', 'contoso.net')"), ("cut", "@('contoso.com')")):
        plans.cancel(plan=plan, actor=world.lidia, now=NOW)
        world.exported(sections={"acceptedDomains": state})
        plan = new(world, fabrikam)
        assert named in partner_script(plan)
    plan.tenant.domains = []
    with pytest.raises(ValueRefused):
        partner_script(plan)


# What an export proves --------------------------------------------------------------------------------------


def test_a_new_relationship_is_done_once_an_export_shows_all_of_it(world, fabrikam):
    plan = new(world, fabrikam, level=LIMITED)
    assert settled(world, plan) == ("open", "")
    shown = {**WITH_FABRIKAM, "level": LIMITED, "domains": ["fabrikam.com"]}
    assert settled(world, plan, relationships=[shown]) == ("shown", "")
    assert plan.guid == WITH_FABRIKAM["guid"] and plan.shown_by is not None
    assert settled(world, plan) == ("shown", "")  # what comes later is another matter
    assert AuditEvent.objects.filter(verb="federation.shown").count() == 1


@pytest.mark.parametrize(
    "otherwise",
    [{"level": LIMITED}, {"domains": ["fabrikam.com", "x.example"]}, {"name": "Other"}, {"is_enabled": False},
     {"domains": ["x.example"]}, {"scope_group": "jv"}, {"has_free_busy": False}],
)  # fmt: skip
def test_a_new_relationship_of_another_form_overtakes_the_plan(world, fabrikam, otherwise):
    plan = new(world, fabrikam)
    assert settled(world, plan, relationships=[{**WITH_FABRIKAM, **otherwise}]) == ("overtaken", "there_already")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([{"level": LIMITED, "domains": ["fabrikam.co.uk", "fabrikam.com"]}], ("shown", "")),
        ([{}], ("open", "")),
        ([{"level": LIMITED}], ("overtaken", "otherwise")),
        ([{"name": "Renamed"}], ("overtaken", "otherwise")),
        ([{"level": LIMITED, "domains": ["fabrikam.co.uk", "fabrikam.com"], "name": "Renamed"}], ("shown", "")),
        ([{"guid": uuid.UUID(int=5)}], ("overtaken", "gone")),
        ([], ("overtaken", "gone")),
    ],
)
def test_a_change_is_shown_waits_or_is_overtaken(world, fabrikam, rows, found):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = change(world, fabrikam, row, domains=["fabrikam.com", "fabrikam.co.uk"])
    assert settled(world, plan, relationships=[{**WITH_FABRIKAM, **values} for values in rows]) == found
    assert said.means(*found)


def test_suspending_and_removing_are_proved_apart(world):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    suspend = plans.suspend(relationship=row, actor=world.lidia, now=NOW)
    suspended = world.exported([{**WITH_FABRIKAM, "is_enabled": False}])
    assert [plan.pk for plan in plans.settle(snapshot=suspended, now=NOW)] == [suspend.pk]
    assert plans.settle(snapshot=suspended, now=NOW) == []
    remove = plans.remove(relationship=suspended.relationships.get(), actor=world.lidia, now=NOW)
    assert settled(world, remove, relationships=[{**WITH_FABRIKAM, "is_enabled": False}]) == ("open", "")
    assert settled(world, remove) == ("shown", "")


def test_a_relationship_that_changed_instead_of_going_overtakes_its_removal(world):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = plans.remove(relationship=row, actor=world.lidia, now=NOW)
    assert settled(world, plan, relationships=[{**WITH_FABRIKAM, "level": LIMITED}]) == ("overtaken", "otherwise")


@pytest.mark.parametrize("state", [ExchangeSnapshot.CUT, ExchangeSnapshot.MISSING])
def test_an_export_that_lacks_the_section_proves_nothing(world, state):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = plans.remove(relationship=row, actor=world.lidia, now=NOW)
    assert settled(world, plan, sections={"organizationRelationships": state}) == ("open", "")


def test_a_plan_is_not_proved_by_the_export_it_was_made_from_nor_by_another_tenants(world, fabrikam):
    snapshot = world.exported()
    plan = new(world, fabrikam)
    world.tenant.exchange_snapshots.filter(pk=snapshot.pk).update(sections={"organizationRelationships": "read"})
    assert plans.settle(snapshot=snapshot, now=NOW) == []
    assert FederationPlan.objects.get(pk=plan.pk).state == "open"


def test_a_policy_is_done_once_its_list_means_what_was_planned(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    plan = policy(world, row, [("*", SIMPLE), ("x.example", f"{SIMPLE}, ContactsSharing")])
    assert settled(world, plan, policies=[DEFAULT_POLICY]) == ("open", "")
    entries = [
        {"domain": "x.example", "actions": f"ContactsSharing,{SIMPLE}", "level": "freeBusyRead"},
        {"domain": "*", "actions": SIMPLE, "level": "freeBusyRead"},
    ]
    assert settled(world, plan, policies=[{**DEFAULT_POLICY, "entries": entries}]) == ("shown", "")


def test_a_policy_with_another_list_overtakes_the_plan(world):
    row = world.exported(policies=[DEFAULT_POLICY]).policies.get()
    plan = policy(world, row, [("*", SIMPLE)])
    entries = [{"domain": "*", "actions": REVIEWER, "level": "read"}]
    assert settled(world, plan, policies=[{**DEFAULT_POLICY, "entries": entries}]) == ("overtaken", "otherwise")


def test_a_group_shown_under_its_name_is_the_one_that_was_named_by_address(world, fabrikam):
    group = Person.objects.create(
        tenant=world.tenant, oid=uuid.uuid4(), kind=Person.GROUP, name="Joint venture", address="jv@contoso.com"
    )
    PersonAddress.objects.create(tenant=world.tenant, person=group, address="jv@contoso.com")
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = change(world, fabrikam, row, scope_group="JV@contoso.com")
    shown = {**WITH_FABRIKAM, "level": LIMITED}
    unknown = {**shown, "scope_group": "Somebody else’s group"}
    assert settled(world, plan, relationships=[unknown]) == ("open", "scope_unproved")
    assert said.means(plan.state, plan.cause) != said.means("open", "")
    assert settled(world, plan, relationships=[WITH_FABRIKAM]) == ("open", "")
    by_place = {**shown, "scope_group": "contoso.onmicrosoft.com/Groups/joint VENTURE"}
    assert settled(world, plan, relationships=[by_place]) == ("shown", "")


def test_a_change_without_its_group_is_overtaken(world, fabrikam):
    row = world.exported([WITH_FABRIKAM]).relationships.get()
    plan = change(world, fabrikam, row, scope_group="jv@contoso.com")
    assert settled(world, plan, relationships=[{**WITH_FABRIKAM, "level": LIMITED}]) == ("overtaken", "otherwise")


@pytest.mark.parametrize(("outcome", "cause"), [("seen", "probe_seen"), ("theirs", ""), ("free_or_unreadable", "")])
def test_a_probe_that_saw_times_is_noted_and_proves_no_plan(world, fabrikam, outcome, cause):
    plan = new(world, fabrikam)
    person = Person.objects.create(tenant=world.tenant, oid=uuid.uuid4(), name="Alex Wilber")
    shard = SyncShard.objects.create(tenant=world.tenant, number=1)
    mailbox = Mailbox.objects.create(tenant=world.tenant, person=person, shard=shard, state_since=NOW)
    probe = Probe.objects.create(
        tenant=world.tenant, partner=fabrikam, mailbox=mailbox, address="patti@fabrikam.com", asked_by=world.lidia,
        asked_at=NOW + timedelta(hours=1), outcome=outcome,
    )  # fmt: skip
    plans.note_probe(probe=probe)
    plan.refresh_from_db()
    assert (plan.state, plan.cause) == ("open", cause)
    assert settled(world, plan) == ("open", cause)
    plans.cancel(plan=plan, actor=world.lidia, now=NOW)
    assert said.means(plan.state, plan.cause) == said.means("cancelled", "")


def test_every_refusal_and_every_kind_of_plan_has_its_words():
    kinds = [kind for kind, _ in FederationPlan.KINDS]
    assert sorted(said.KINDS) == sorted(kinds) and all("Fabrikam" in said.does(kind, "Fabrikam") for kind in kinds)
    assert sorted(said.STATES) == sorted(state for state, _ in FederationPlan.STATES)
    causes = {each.cause for each in refusals.Refused.__subclasses__()}
    assert causes == set(said._REFUSED)
    for cause in causes:
        assert "{" not in said.refused(cause, tenant="Contoso", detail="fabrikam.com")
