"""The scripts carried out: in Exchange of the sandbox, which reads them with its own reader, by both PowerShells."""

import json
import uuid

import pytest

from sandbox.exchange import relationship_between
from sandbox.exchange.shell import run_script
from sharing.federation import partners, plans
from sharing.federation.export import parse_export
from sharing.federation.scripts import as_file, export_script, partner_script, plan_script
from sharing.federation.store import take_export
from sharing.models import FederationPlan, Person, PersonAddress
from tests.cloud import CONTOSO, FABRIKAM
from tests.federation.planning import World
from tests.federation.test_quoting import names

LIMITED, AVAILABILITY = "LimitedDetails", "AvailabilityOnly"
SIMPLE = "CalendarSharingFreeBusySimple"


@pytest.fixture(params=["7", "5.1"])
def powershell(request):
    return request.param


class Admins(World):
    """The world of plans beside the cloud: scripts are run there, and what they wrote is uploaded here."""

    def __init__(self, cloud, powershell):
        super().__init__()
        self.cloud, self.powershell = cloud, powershell

    def run(self, script, tenant=CONTOSO, confirm=False):
        """As an administrator of `tenant` does; what it left behind. An error shows that nothing was changed."""
        before = json.dumps(self.exchange(tenant))
        result = run_script(self.cloud, tenant, script, confirm=confirm, powershell=self.powershell)
        if result.errors:
            assert json.dumps(self.exchange(tenant)) == before
        return result

    def exchange(self, tenant=CONTOSO):
        found = self.cloud.state.exchange[tenant]
        return [each.values for each in found.relationships], [
            [each.domains, each.is_enabled] for each in found.policies
        ]

    def relationship(self, name, tenant=CONTOSO):
        return next(values for values in self.exchange(tenant)[0] if values["Name"] == name)

    def export(self, **options):
        """Run the export script and upload its file."""
        result = self.run(export_script(self.tenant, **options))
        assert result.errors == []
        return self.upload(result.files["exchange-export.json"])

    def upload(self, content):
        return take_export(tenant=self.tenant, content=content, actor=self.lidia, now=self.cloud.now())

    def partner(self, **given):
        return partners.make_partner(
            tenant=self.tenant, actor=self.lidia, now=self.cloud.now(),
            **{"name": "Fabrikam", "domains": ["fabrikam.com"], **given},
        )  # fmt: skip

    def plan(self, partner, **given):
        return plans.plan_relationship(
            partner=partner, actor=self.lidia, now=self.cloud.now(), **{"level": AVAILABILITY, **given}
        )


@pytest.fixture
def admins(db, cloud, powershell):
    return Admins(cloud, powershell)


def state_of(plan):
    return FederationPlan.objects.get(pk=plan.pk).state


# The export -------------------------------------------------------------------------------------------------


def test_the_export_is_read_whole(admins):
    snapshot = admins.export(with_assignments=True, with_publishing=True).snapshot
    assert snapshot.is_complete and len(snapshot.sections) == 6
    assert set(snapshot.relationships.values_list("name", "is_enabled")) == {("Adatum", True), ("Tailspin Toys", False)}
    assert [entry["domain"] for entry in snapshot.policies.get().entries] == ["Anonymous", "*"]
    assert snapshot.published.count() == 3 and snapshot.is_dehydrated is False


def test_what_was_not_asked_for_is_missing_and_not_nothing(admins):
    sections = admins.export().snapshot.sections
    assert (sections["publishedCalendars"], sections["sharingPolicyAssignments"]) == ("missing", "missing")


def test_one_section_that_fails_leaves_the_others(admins):
    script = export_script(admins.tenant, with_publishing=True)
    failing = script.replace("@(Get-SharingPolicy ", "@(Get-SharingPolicy -Identity 'nobody' ")
    assert failing != script
    result = admins.run(failing)
    text = result.files["exchange-export.json"].decode("utf-8-sig")
    export = json.loads(text)
    assert export["counts"]["sharingPolicies"] is None and "nobody" in export["errors"]["sharingPolicies"]
    snapshot = admins.upload(text.encode()).snapshot
    assert snapshot.sections["sharingPolicies"] == "cut"
    assert snapshot.sections["organizationRelationships"] == snapshot.sections["publishedCalendars"] == "read"


def test_a_calendar_that_could_not_be_asked_is_told_and_what_was_found_is_kept(admins):
    script = export_script(admins.tenant, with_publishing=True)
    path = '"$($Id):$($Folder.FolderId)"'
    failing = script.replace(path, f"$(if ($Folder.Name -eq 'Campaigns') {{ 'nobody:x' }} else {{ {path} }})")
    assert failing != script
    export = json.loads(admins.run(failing).files["exchange-export.json"].decode("utf-8-sig"))
    assert export["counts"]["publishedCalendars"] is None and len(export["publishedCalendars"]) == 2
    assert export["errors"]["publishedCalendars"] == "1 mailboxes or calendars could not be read."


def test_the_export_holds_no_address_of_a_published_calendar(admins):
    result = admins.run(export_script(admins.tenant, with_publishing=True))
    said = result.files["exchange-export.json"].decode("utf-8-sig") + "".join(result.output)
    assert "PublishedCalendarUrl" not in said and "calendar.html" not in said and ".ics" not in said


# Both sides, from nothing to nothing ------------------------------------------------------------------------


def test_the_scenario_of_two_organizations(admins):
    admins.export()
    fabrikam = admins.partner(partner_tid=uuid.UUID(FABRIKAM))
    plan = admins.plan(fabrikam)
    result = admins.run(plan_script(plan))
    assert (result.errors, result.warnings) == ([], []) and "Run the export script again" in result.output[-1]
    assert state_of(plan) == "open"  # that a script ran proves nothing
    admins.export()
    assert state_of(plan) == "shown"
    ours = admins.relationship("Fabrikam")
    assert (ours["DomainNames"], ours["FreeBusyAccessLevel"]) == (["fabrikam.com"], AVAILABILITY)
    assert ours["TargetApplicationUri"] and ours["TargetAutodiscoverEpr"] and not ours["MailboxMoveEnabled"]

    assert relationship_between(admins.cloud.state, FABRIKAM, "contoso.com") is None
    assert admins.run(partner_script(plan), FABRIKAM).errors == []
    theirs = admins.relationship("Contoso", FABRIKAM)
    assert theirs["DomainNames"] == ["contoso.com", "contoso.onmicrosoft.com"]
    assert theirs["FreeBusyAccessLevel"] == AVAILABILITY

    row = admins.export().snapshot.relationships.get(name="Fabrikam")
    more = admins.plan(fabrikam, relationship=row, level=LIMITED, domains=["fabrikam.com", "fabrikam.onmicrosoft.com"])
    assert admins.run(plan_script(more)).errors == []
    assert admins.run(partner_script(more), FABRIKAM).errors == []
    row = admins.export().snapshot.relationships.get(name="Fabrikam")
    assert state_of(more) == "shown" and (row.level, len(row.domains)) == (LIMITED, 2)
    assert admins.relationship("Contoso", FABRIKAM)["FreeBusyAccessLevel"] == LIMITED

    suspend = plans.suspend(relationship=row, actor=admins.lidia, now=admins.cloud.now())
    assert admins.run(plan_script(suspend)).errors == admins.run(partner_script(suspend), FABRIKAM).errors == []
    row = admins.export().snapshot.relationships.get(name="Fabrikam")
    assert state_of(suspend) == "shown" and not row.is_enabled
    assert not admins.relationship("Contoso", FABRIKAM)["Enabled"]

    remove = plans.remove(relationship=row, actor=admins.lidia, now=admins.cloud.now())
    assert "Are you sure" in " ".join(admins.run(plan_script(remove), confirm=False).output)
    admins.export()
    assert state_of(remove) == "open"  # the administrator said no
    assert admins.run(plan_script(remove), confirm=True).errors == []
    assert admins.run(partner_script(remove), FABRIKAM, confirm=True).errors == []
    admins.export()
    assert state_of(remove) == "shown"
    assert [values["Name"] for values in admins.exchange()[0]] == ["Adatum", "Tailspin Toys"]
    assert admins.exchange(FABRIKAM)[0] == []


def test_a_policy_is_written_as_its_whole_list(admins):
    policy = admins.export().snapshot.policies.get()
    entries = [(entry["domain"], entry["actions"]) for entry in policy.entries if entry["domain"] == "*"]
    plan = plans.plan_policy(
        policy=policy, entries=[*entries, ("fabrikam.com", f"{SIMPLE}, ContactsSharing")], actor=admins.lidia,
        now=admins.cloud.now(),
    )  # fmt: skip
    assert admins.run(plan_script(plan)).errors == []
    assert admins.exchange()[1] == [[[f"*:{SIMPLE}", f"fabrikam.com:{SIMPLE}, ContactsSharing"], True]]
    admins.export()
    assert state_of(plan) == "shown"
    again = admins.run(plan_script(plan))
    assert "changed since this was planned" in again.errors[0]["text"]


def test_a_group_limits_whose_calendars_are_seen_and_is_known_again_by_its_name(admins):
    adatum = admins.partner(name="Adatum", domains=["adatum.com"])
    group = next(group for group in admins.cloud.state.tenants[CONTOSO].groups.values() if group.mail)
    row = admins.export().snapshot.relationships.get(name="Adatum")
    plan = admins.plan(adatum, relationship=row, scope_group=group.mail)
    assert admins.run(plan_script(plan)).errors == []
    assert admins.relationship("Adatum")["FreeBusyAccessScope"] == group.oid
    admins.export()
    plan.refresh_from_db()
    assert (plan.state, plan.cause) == ("open", "scope_unproved")  # of a group that is not known here
    person = Person.objects.create(tenant=admins.tenant, oid=group.oid, kind=Person.GROUP, name=group.name)
    PersonAddress.objects.create(tenant=admins.tenant, person=person, address=group.mail.casefold())
    row = admins.export().snapshot.relationships.get(name="Adatum")
    assert state_of(plan) == "shown" and row.scope_group == group.name
    clear = admins.plan(adatum, relationship=row)
    assert admins.run(plan_script(clear)).errors == []
    assert admins.relationship("Adatum")["FreeBusyAccessScope"] is None
    admins.export()
    assert state_of(clear) == "shown"


# What stops a script ----------------------------------------------------------------------------------------


def planned(admins, kind):
    """A plan of each kind against what is there, with its relationship or policy."""
    snapshot = admins.export().snapshot
    row = snapshot.relationships.get(name="Adatum")
    now, lidia = admins.cloud.now(), admins.lidia
    adatum = admins.partner(name="Adatum", domains=["adatum.com"])
    return {
        "new": lambda: admins.plan(admins.partner()),
        "change": lambda: admins.plan(adatum, relationship=row, level=LIMITED),
        "suspend": lambda: plans.suspend(relationship=row, actor=lidia, now=now),
        "remove": lambda: plans.remove(relationship=row, actor=lidia, now=now),
        "policy": lambda: plans.plan_policy(
            policy=snapshot.policies.get(), entries=[("*", SIMPLE)], actor=lidia, now=now
        ),
    }[kind]()


@pytest.mark.parametrize("kind", ["new", "change", "suspend", "remove", "policy"])
def test_a_script_does_nothing_in_another_organization(admins, kind):
    script = plan_script(planned(admins, kind))
    result = admins.run(script, FABRIKAM, confirm=True)
    assert "another organization" in result.errors[0]["text"] and len(result.errors) == 1
    assert admins.run(script, confirm=True).errors == []


@pytest.mark.parametrize("kind", ["change", "suspend", "remove"])
@pytest.mark.parametrize(
    "meanwhile",
    [{"FreeBusyAccessLevel": "None"}, {"Enabled": False}, {"DomainNames": ["adatum.com", "x.example"]},
     {"DomainNames": []}, {"Name": "Adatum 2"}, {"FreeBusyAccessEnabled": False}],
)  # fmt: skip
def test_a_script_does_nothing_once_something_changed_meanwhile(admins, kind, meanwhile):
    script = plan_script(planned(admins, kind))
    admins.relationship("Adatum").update(meanwhile)
    result = admins.run(script, confirm=True)
    assert "changed since this was planned" in result.errors[0]["text"]


@pytest.mark.parametrize("kind", ["change", "suspend", "remove"])
def test_a_script_does_nothing_to_another_one_where_its_own_is_gone(admins, kind):
    script = plan_script(planned(admins, kind))
    del admins.cloud.state.exchange[CONTOSO].relationships[0]
    assert "not there any more" in admins.run(script, confirm=True).errors[0]["text"]
    assert [values["Name"] for values in admins.exchange()[0]] == ["Tailspin Toys"]


def test_a_new_one_is_made_once_and_not_where_its_domain_or_name_is_taken(admins):
    script = plan_script(planned(admins, "new"))
    admins.relationship("Tailspin Toys")["DomainNames"] = ["FABRIKAM.com"]
    assert "Another relationship has one of these domains: Tailspin Toys" in admins.run(script).errors[0]["text"]
    admins.relationship("Tailspin Toys").update({"DomainNames": ["tailspintoys.com"], "Name": "fabrikam"})
    assert "of this name is there already" in admins.run(script).errors[0]["text"]
    admins.relationship("fabrikam")["Name"] = "Tailspin Toys"
    assert admins.run(script).errors == []
    assert "there already" in admins.run(script).errors[0]["text"]


def test_a_partner_that_exchange_does_not_find_gets_no_relationship(admins):
    plan = admins.plan(admins.partner(name="Nowhere", domains=["nowhere.example"]))
    assert admins.run(plan_script(plan)).errors


def test_a_partner_without_a_known_tenant_is_recognized_by_its_domains(admins):
    plan = admins.plan(admins.partner())
    assert "another organization" in admins.run(partner_script(plan), CONTOSO).errors[0]["text"]
    assert admins.run(partner_script(plan), FABRIKAM).errors == []


def test_what_the_partner_has_with_us_under_another_name_is_changed_and_what_names_others_is_left_alone(admins):
    script = partner_script(admins.plan(admins.partner(), level=LIMITED))
    admins.run(script, FABRIKAM)
    theirs = admins.relationship("Contoso", FABRIKAM)
    theirs.update(
        {"Name": "Our friends", "FreeBusyAccessLevel": AVAILABILITY, "DomainNames": ["contoso.com", "x.example"]}
    )
    assert "has other domains, too: x.example" in admins.run(script, FABRIKAM).errors[0]["text"]
    theirs["DomainNames"] = ["CONTOSO.com"]
    assert admins.run(script, FABRIKAM).errors == []
    assert [values["Name"] for values in admins.exchange(FABRIKAM)[0]] == ["Our friends"]
    assert admins.relationship("Our friends", FABRIKAM)["FreeBusyAccessLevel"] == LIMITED


def test_customization_is_enabled_where_it_never_was_and_its_refusal_ends_nothing(admins):
    script = partner_script(admins.plan(admins.partner()))
    admins.cloud.switches.customization = "refused"
    result = admins.run(script, FABRIKAM)
    assert result.errors == [] and "could not be enabled" in result.warnings[0]
    assert admins.relationship("Contoso", FABRIKAM)


def test_hostile_names_arrive_in_exchange_as_they_are(admins):
    for name in [name.strip() for name in names(90) if name.isprintable() and name.strip()][:25]:
        plan = FederationPlan(
            tenant=admins.tenant, kind="new", before={},
            wanted={"name": name[:64], "domains": ["fabrikam.com"], "is_enabled": True, "has_free_busy": True,
                    "level": AVAILABILITY, "scope_group": ""},
        )  # fmt: skip
        result = admins.run(plan_script(plan))
        assert result.errors == [], (name, result.errors)
        assert admins.exchange()[0][-1]["Name"] == name[:64]
        admins.cloud.state.exchange[CONTOSO].relationships.pop()


def test_a_file_is_what_was_shown(admins):
    script = plan_script(planned(admins, "change"))
    assert admins.run(as_file(script).decode("utf-8-sig")).errors == []


def test_the_export_of_today_is_parsed_by_its_own_reader(admins):
    content = admins.run(export_script(admins.tenant)).files["exchange-export.json"]
    assert len(parse_export(content, tid=CONTOSO, now=admins.cloud.now()).relationships) == 2
