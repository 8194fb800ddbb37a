"""The scripts as an administrator runs them: in the Exchange of the sandbox, there and back as an export."""

import pytest

from sandbox.cloud import Cloud
from sandbox.exchange import relationship_between
from sandbox.exchange.shell import run_script
from sharing.federation import partners, plans
from sharing.federation.export import parse_export
from sharing.federation.scripts import as_file, export_script, partner_script, plan_script
from sharing.federation.uploaded import ExportRefused
from sharing.models import ExchangeSnapshot, FederationPlan, OrganizationRelationship, SharingPolicy
from tests.cloud import CONTOSO, FABRIKAM

pytestmark = pytest.mark.django_db
AVAILABILITY, LIMITED = "AvailabilityOnly", "LimitedDetails"
SIMPLE, DETAIL = "CalendarSharingFreeBusySimple", "CalendarSharingFreeBusyDetail"
EVERYTHING = {"with_assignments": True, "with_publishing": True}
FILE = "exchange-export.json"


class Desk:
    """Contoso's side: it runs scripts in Exchange, gives back what they wrote, and looks at its plans."""

    def __init__(self, tenant, take):
        self.cloud, self.tenant, self._take = Cloud(), tenant, take

    def run(self, script, tid=CONTOSO, **how):
        """The script as the file that was downloaded."""
        return run_script(self.cloud, tid, as_file(script).decode(), **how)

    def do(self, script, tid=CONTOSO, **how):
        found = self.run(script, tid, **how)
        assert (found.errors, found.warnings) == ([], [])
        return found

    def exported(self, **how):
        """A new export, an hour after the last one, taken."""
        self.cloud.advance(3600)
        found = self.do(export_script(self.tenant, **EVERYTHING), **how)
        return self._take(found.files[FILE], now=self.cloud.now()).snapshot

    def relationship(self, name="Fabrikam"):
        newest = ExchangeSnapshot.objects.order_by("-exported_at")[0]
        return OrganizationRelationship.objects.get(snapshot=newest, name=name)

    def state(self, plan):
        return FederationPlan.objects.get(pk=plan.pk).state

    def level(self, tid=CONTOSO, domain="fabrikam.com"):
        found = relationship_between(self.cloud.state, tid, domain)
        return found and found.level


@pytest.fixture
def desk(contoso, take):
    contoso.domains = ["contoso.com", "contoso.onmicrosoft.com"]
    contoso.save(update_fields=["domains"])
    return Desk(contoso, take)


@pytest.fixture
def fabrikam(desk, lidia):
    return partners.make_partner(
        tenant=desk.tenant, name="Fabrikam", domains=["fabrikam.com", "fabrikam.onmicrosoft.com"],
        partner_tid=FABRIKAM, actor=lidia, now=desk.cloud.now(),
    )  # fmt: skip


@pytest.fixture
def plan(desk, fabrikam, lidia):
    """Plans a relationship with Fabrikam, a new one unless one is given."""

    def make(level=AVAILABILITY, **given):
        return plans.plan_relationship(
            partner=fabrikam, level=level, actor=lidia, now=desk.cloud.now(), **given
        )  # fmt: skip

    return make


@pytest.mark.parametrize("powershell", ["5.1", "7"])
@pytest.mark.parametrize("enums", ["numbers", "names"])
def test_the_export_says_the_same_in_every_powershell(desk, powershell, enums):
    desk.cloud.switches.change({"enums_in_json": enums})
    snapshot = desk.exported(powershell=powershell)
    assert snapshot.is_complete
    assert (snapshot.is_dehydrated, snapshot.domains) == (False, ["contoso.com", "contoso.onmicrosoft.com"])
    rows = {row.name: row for row in snapshot.relationships.all()}
    assert {name: (row.is_enabled, row.level, row.domains) for name, row in rows.items()} == {
        "Adatum": (True, AVAILABILITY, ["adatum.com"]),
        "Tailspin Toys": (False, AVAILABILITY, ["tailspintoys.com"]),
    }
    (policy,) = snapshot.policies.all()
    assert [(each["domain"], each["level"]) for each in policy.entries] == [
        ("Anonymous", "read"),
        ("*", "freeBusyRead"),
    ]
    assert {row.address.lower(): row.level for row in snapshot.published.all()} == {
        "miriamg@contoso.com": AVAILABILITY,
        "lynner@contoso.com": LIMITED,
        "press@contoso.com": "FullDetails",
    }


@pytest.mark.parametrize("powershell", ["5.1", "7"])
def test_a_mailbox_with_a_policy_of_its_own_is_in_the_export_and_no_other(desk, powershell):
    desk.do("$made = New-SharingPolicy -Name 'Open house' -Domains '*: CalendarSharingFreeBusyDetail'")
    desk.do("Set-Mailbox AdeleV@contoso.com -SharingPolicy 'Open house'")
    desk.do("Set-Mailbox AlexW@contoso.com -SharingPolicy 'Default Sharing Policy'")
    snapshot = desk.exported(powershell=powershell)
    (row,) = snapshot.assignments.all()
    assert (row.address.lower(), row.policy) == ("adelev@contoso.com", "Open house")


@pytest.mark.parametrize("powershell", ["5.1", "7"])
def test_an_export_that_was_cut_short_anywhere_is_refused(desk, powershell):
    whole = desk.run(export_script(desk.tenant, **EVERYTHING), powershell=powershell).files[FILE]
    for percent in range(1, 100):
        with pytest.raises(ExportRefused):
            parse_export(whole[: len(whole) * percent // 100], tid=CONTOSO, now=desk.cloud.now())


@pytest.mark.parametrize(
    ("command", "section"),
    [
        ("Get-OrganizationRelationship", ExchangeSnapshot.RELATIONSHIPS),
        ("Get-SharingPolicy", ExchangeSnapshot.POLICIES),
        ("Get-MailboxCalendarFolder", ExchangeSnapshot.PUBLISHED),
    ],
)
def test_a_section_that_could_not_be_read_is_cut_and_the_others_remain(desk, command, section):
    desk.cloud.switches.change({"refused_command": command})
    snapshot = desk.exported()
    assert snapshot.sections[section] == ExchangeSnapshot.CUT
    assert ExchangeSnapshot.READ in snapshot.sections.values()


def test_the_export_of_another_organization_is_not_even_written(desk):
    found = desk.run(export_script(desk.tenant), FABRIKAM)
    assert found.files == {}
    assert "another organization" in found.errors[0]["text"]


def test_a_relationship_is_planned_carried_out_on_both_sides_and_shown_by_an_export(desk, plan):
    desk.exported()
    wanted = plan()
    desk.do(plan_script(wanted))
    desk.do(partner_script(wanted), FABRIKAM)
    assert desk.state(wanted) == FederationPlan.OPEN
    desk.exported()
    assert desk.state(wanted) == FederationPlan.SHOWN
    assert desk.level() == AVAILABILITY
    for domain in desk.tenant.domains:
        assert desk.level(FABRIKAM, domain) == AVAILABILITY
    assert not desk.cloud.state.exchange[FABRIKAM].is_dehydrated

    more = plan(LIMITED, relationship=desk.relationship(), scope_group="executives@contoso.com")
    desk.do(plan_script(more))
    desk.do(partner_script(more), FABRIKAM)
    assert (desk.level(), desk.level(FABRIKAM, "contoso.com")) == (LIMITED, LIMITED)
    scope = relationship_between(desk.cloud.state, CONTOSO, "fabrikam.com").scope_group
    assert desk.cloud.state.tenants[CONTOSO].groups[scope].name == "Executives"
    # Never part of a script.
    assert relationship_between(desk.cloud.state, CONTOSO, "fabrikam.com").values["MailboxMoveEnabled"] is False


def test_a_plan_without_an_export_works_as_well(desk, plan):
    wanted = plan()
    desk.do(plan_script(wanted))
    desk.exported()
    assert desk.state(wanted) == FederationPlan.SHOWN


def test_the_partner_may_have_a_plan_without_customization(desk, plan):
    desk.cloud.switches.change({"customization": "refused"})
    found = desk.run(partner_script(plan()), FABRIKAM)
    assert found.errors == []
    assert ["current service offer" in each for each in found.warnings] == [True]
    assert desk.level(FABRIKAM, "contoso.com") == AVAILABILITY


def test_suspending_and_removing_need_the_answer_of_who_runs_it(desk, plan, lidia):
    desk.do(plan_script(plan()))
    desk.exported()
    suspended = plans.suspend(relationship=desk.relationship(), actor=lidia, now=desk.cloud.now())
    desk.do(plan_script(suspended))
    assert desk.level() is None
    desk.exported()
    assert desk.state(suspended) == FederationPlan.SHOWN

    removed = plans.remove(relationship=desk.relationship(), actor=lidia, now=desk.cloud.now())
    desk.do(plan_script(removed), confirm=False)
    desk.exported()
    assert desk.state(removed) == FederationPlan.OPEN
    desk.do(plan_script(removed), confirm=True)
    desk.exported()
    assert desk.state(removed) == FederationPlan.SHOWN


def test_a_script_changes_nothing_where_something_is_not_as_it_was_planned_against(desk, plan, lidia):
    desk.do(plan_script(plan()))
    desk.exported()
    changed = plan(LIMITED, relationship=desk.relationship())
    plans.cancel(plan=changed, actor=lidia, now=desk.cloud.now())
    suspended = plans.suspend(relationship=desk.relationship(), actor=lidia, now=desk.cloud.now())
    desk.do("Set-OrganizationRelationship Fabrikam -DomainNames 'fabrikam.com'")
    before = desk.cloud.state.dump()
    for each in (changed, suspended):
        (error,) = desk.run(plan_script(each), confirm=True).errors
        assert "was changed since" in error["text"]
        assert len(desk.run(plan_script(each), FABRIKAM, confirm=True).errors) == 1
    assert desk.cloud.state.dump() == before


def test_a_script_makes_no_second_relationship_and_minds_a_domain_that_another_one_has(desk, plan):
    first = plan()
    desk.do(plan_script(first))
    before = desk.cloud.state.dump()
    assert len(desk.run(plan_script(first)).errors) == 1
    assert desk.cloud.state.dump() == before
    desk.do("Set-OrganizationRelationship Fabrikam -Name 'Somebody'")
    (error,) = desk.run(plan_script(first)).errors
    assert "Another relationship has one of these domains: Somebody" in error["text"]


def test_the_whole_list_of_a_policy_is_written_and_shown(desk, lidia):
    desk.exported()
    policy = SharingPolicy.objects.get()
    wanted = plans.plan_policy(
        policy=policy, entries=[("*", SIMPLE), ("adatum.com", DETAIL)], actor=lidia, now=desk.cloud.now()
    )
    desk.do(plan_script(wanted))
    assert desk.cloud.state.exchange[CONTOSO].policies[0].domains == [f"*:{SIMPLE}", f"adatum.com:{DETAIL}"]
    desk.exported()
    assert desk.state(wanted) == FederationPlan.SHOWN


@pytest.mark.parametrize(
    "name", ["O'Neil & Sons", "‘Quoted’ ‚names‛", "$(Get-Date) `n", 'a "b" #c', "{x=1};|@", "Ünïcödé"]
)
def test_a_name_arrives_in_exchange_as_it_was_typed(desk, lidia, name):
    partner = partners.make_partner(
        tenant=desk.tenant, name=name, domains=["fabrikam.com"], actor=lidia, now=desk.cloud.now()
    )
    wanted = plans.plan_relationship(partner=partner, level=AVAILABILITY, actor=lidia, now=desk.cloud.now())
    desk.do(plan_script(wanted))
    assert relationship_between(desk.cloud.state, CONTOSO, "fabrikam.com").name == name
    desk.exported()
    assert desk.state(wanted) == FederationPlan.SHOWN
