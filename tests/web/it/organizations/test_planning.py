"""Partners and plans on their pages: written down, planned, shown with both scripts, approved, cancelled, settled."""

import pytest
from django.urls import reverse

from sharing.federation import partners
from sharing.federation.store import take_export
from sharing.models import FederationPlan, OrganizationRelationship, Partner, RoleAssignment, SharingPolicy, User
from tests.federation.exports import DEFAULT_GUID, FABRIKAM_GUID, POLICY, RELATIONSHIP, encoded, relationship, whole
from tests.web.it import rows

LIMITED, BUSY = "LimitedDetails", "AvailabilityOnly"
FORM = {"name": "Fabrikam", "domains": "fabrikam.com, fabrikam.co.uk", "level": LIMITED, "purpose": "Joint bids"}


@pytest.fixture
def fabrikam(contoso, lidia):
    return partners.make_partner(
        tenant=contoso, name="Fabrikam", domains=["fabrikam.com"], actor=lidia, now=rows.NOW, level=LIMITED
    )


def plan_of(fabrikam, operator, **fields):
    form = {"level": BUSY, "domains": "fabrikam.com"} | fields
    answer = operator.post(reverse("it:plan_partner", args=[fabrikam.public_id]), form, follow=True)
    return answer, FederationPlan.objects.order_by("-pk").first()


def entries(*rows_, **fields):
    form = {"enabled": "on"}
    for number, (domain, level) in enumerate(rows_):
        form |= {f"domain-{number}": domain, f"level-{number}": level}
    return form | fields


def test_a_partner_is_written_down_with_all_that_was_agreed(operator, it, contoso):
    form = FORM | {"contact": "megan@contoso.com", "ends_on": "2026-12-24", "partner_tid": rows.FABRIKAM}
    page = operator.post(reverse("it:new_partner"), form | {"purpose": "Joint\0 bids"}, follow=True).text
    partner = Partner.objects.get()
    assert partner.domains == ["fabrikam.com", "fabrikam.co.uk"] and str(partner.partner_tid) == rows.FABRIKAM
    for said in ("Joint bids", "megan@contoso.com", "Ends on 24 December 2026", "Titles and places", "Lidia Holloway"):
        assert said in page
    assert "Plan what they may see" not in it.get(reverse("it:partner", args=[partner.public_id])).text  # a reviewer


@pytest.mark.parametrize(
    ("fields", "said", "field"),
    [
        ({"domains": "fabrikam"}, "“fabrikam” is no domain", "domains"),
        ({"domains": ""}, "Name at least one domain.", "domains"),
        ({"domains": "contoso.com"}, "contoso.com is a domain of Contoso.", "domains"),
        ({"contact": "megan"}, "“megan” is no mail address.", "contact"),
        ({"ends_on": "2026-11-20"}, "This day is over already.", "ends_on"),
        ({"ends_on": "soon"}, "Give a day, or none.", "ends_on"),
        ({"partner_tid": "x"}, "This is no tenant id.", "partner_tid"),
        ({"partner_tid": rows.CONTOSO}, "That is Contoso itself.", "partner_tid"),
        ({"level": "FullDetails"}, "Choose the most that they may see.", "level"),
        ({"name": " "}, "A name or a group is missing", "name"),
    ],
)
def test_what_cannot_be_written_down_is_said_at_its_field_and_what_was_typed_stays(operator, fields, said, field):
    answer = operator.post(reverse("it:new_partner"), FORM | fields)
    assert answer.status_code == 422
    assert said in answer.text and f'href="#id_{field}"' in answer.text and f'id="id_{field}"' in answer.text
    assert "Joint bids" in answer.text
    assert not Partner.objects.exists()


def test_a_relationship_without_a_partner_fills_the_form(upload, operator):
    upload(whole())
    page = operator.get(reverse("it:relationship", args=[FABRIKAM_GUID])).text
    address = reverse("it:new_partner") + f"?relationship={FABRIKAM_GUID}"
    assert address in page and "Nothing is written down of what was agreed." in page
    form = operator.get(address).text
    assert 'value="Fabrikam"' in form and ">fabrikam.com</textarea>" in form
    assert operator.get(reverse("it:new_partner") + "?relationship=nonsense").status_code == 200


def test_a_partner_is_changed_and_ended_and_exchange_stays_as_it_is(upload, operator, fabrikam):
    upload(whole())
    change = reverse("it:change_partner", args=[fabrikam.public_id])
    assert ">fabrikam.com</textarea>" in operator.get(change).text
    assert operator.post(change, FORM | {"level": BUSY}).status_code == 302
    assert Partner.objects.get().level == BUSY
    _, plan = plan_of(fabrikam, operator)
    end = reverse("it:end_partner", args=[fabrikam.public_id])
    asked = operator.get(end).text
    assert "Exchange stays as it is." in asked and reverse("it:end_relationship", args=[FABRIKAM_GUID]) in asked
    page = operator.post(end, follow=True).text
    assert "This partnership ended" in page and "Plan what they may see" not in page
    plan.refresh_from_db()
    assert plan.state == FederationPlan.CANCELLED
    assert operator.get(reverse("it:plan_partner", args=[fabrikam.public_id])).status_code == 404


def test_a_new_relationship_is_planned_with_a_script_for_either_side(upload, operator, it, fabrikam):
    upload(whole(organizationRelationships=[]))
    answer, plan = plan_of(fabrikam, operator, reason="Bids")
    assert (plan.kind, plan.state) == (FederationPlan.NEW, FederationPlan.OPEN)
    page = answer.text
    for said in (">Makes the organization relationship with Fabrikam<", "Not seen yet", "Level: Busy times", "Bids"):
        assert said in page
    assert "New-OrganizationRelationship -Name $Name" in page and "The script for Fabrikam" in page
    assert "It is done once a new export from Exchange shows it." in page
    assert "never switches mailbox moves on" in page
    for side in ("ours", "theirs"):
        file = it.get(reverse("it:plan_script", args=[plan.public_id]), {"side": side})
        assert file["Content-Disposition"] == f'attachment; filename="calwarden-new-{side}.ps1"'
        assert file.content.startswith("\ufeff".encode()) and b"\r\n" in file.content
    assert it.get(reverse("it:plan_script", args=[plan.public_id]), {"side": "none"}).status_code == 404


def test_a_change_shows_each_value_before_and_after_and_is_done_once_an_export_shows_it(upload, operator, fabrikam):
    upload(whole())
    answer, plan = plan_of(fabrikam, operator, domains="fabrikam.com\nfabrikam.eu")
    assert plan.kind == FederationPlan.CHANGE
    assert "Level: Titles and places → Busy times" in answer.text
    assert "Domains: added fabrikam.eu" in answer.text
    done = RELATIONSHIP | {"FreeBusyAccessLevel": BUSY, "DomainNames": ["fabrikam.eu", "fabrikam.com"]}
    later = whole(organizationRelationships=[done], exportedAt="2026-11-21T09:50:00Z")
    export = upload(later)
    assert "Plans it settled" in export.text
    page = operator.get(reverse("it:plan", args=[plan.public_id])).text
    assert "An export from Exchange shows it." in page and "New-Organization" not in page and "data-copy" not in page
    assert operator.get(reverse("it:plan_script", args=[plan.public_id])).status_code == 404


def test_what_somebody_else_did_meanwhile_makes_a_plan_overtaken(upload, operator, fabrikam):
    upload(whole())
    _, plan = plan_of(fabrikam, operator)
    upload(whole(organizationRelationships=[], exportedAt="2026-11-21T09:50:00Z"))
    assert "not there any more. Plan anew." in operator.get(reverse("it:plan", args=[plan.public_id])).text
    assert "Overtaken" in operator.get(reverse("it:plans")).text


def test_a_second_plan_for_the_same_leads_to_the_one_that_waits(upload, operator, fabrikam):
    upload(whole())
    _, plan = plan_of(fabrikam, operator)
    answer, _ = plan_of(fabrikam, operator, level=LIMITED, domains="fabrikam.com fabrikam.eu")
    assert answer.status_code == 422
    assert "Another plan for the same waits." in answer.text
    assert reverse("it:plan", args=[plan.public_id]) in answer.text


def test_nothing_is_planned_where_it_is_so_already_or_no_level_was_chosen(upload, operator, fabrikam):
    upload(whole())
    assert "It is so already." in plan_of(fabrikam, operator, level=LIMITED)[0].text
    assert "Choose what they may see." in plan_of(fabrikam, operator, level="")[0].text
    assert not FederationPlan.objects.exists()


@pytest.mark.parametrize(("how", "command"), [("suspend", "-Enabled $false"), ("remove", "Remove-Organization")])
def test_a_relationship_is_suspended_or_removed_by_a_plan(upload, operator, how, command):
    upload(whole())
    page = reverse("it:end_relationship", args=[FABRIKAM_GUID])
    assert "Suspend" in operator.get(page).text
    answer = operator.post(page, {"how": how, "reason": "Over"}, follow=True)
    assert FederationPlan.objects.get().kind == how
    assert command in answer.text and "What people share on their own stays." in answer.text
    assert "The script for" not in answer.text.replace("The script for our side", "")  # nobody knows theirs


def test_how_must_be_chosen(upload, operator):
    upload(whole())
    assert operator.post(reverse("it:end_relationship", args=[FABRIKAM_GUID]), {"how": "burn"}).status_code == 422
    assert not FederationPlan.objects.exists()


def test_a_plan_is_cancelled_and_reviewers_only_read_it(upload, operator, it, fabrikam):
    upload(whole())
    _, plan = plan_of(fabrikam, operator)
    page, answer = (reverse(f"it:{name}", args=[plan.public_id]) for name in ("plan", "answer_plan"))
    assert "Cancel this plan" not in it.get(page).text
    assert it.post(answer, {"answer": "cancel"}).status_code == 404
    assert "Cancelled" in operator.post(answer, {"answer": "cancel"}, follow=True).text
    assert "This plan is settled or cancelled already." in operator.post(answer, {"answer": "cancel"}).text


def test_a_policy_is_planned_as_its_complete_list(upload, operator):
    upload(whole(sharingPolicies=[POLICY | {"Enabled": True}]))
    page = reverse("it:plan_policy", args=[DEFAULT_GUID])
    form = operator.get(page).text
    assert 'value="fabrikam.com"' in form and 'value="Anonymous"' in form
    answer = operator.post(
        page, entries(("fabrikam.com", "limitedRead"), ("", "read"), ("*", "freeBusyRead")), follow=True
    )
    plan = FederationPlan.objects.get()
    assert [entry["domain"] for entry in plan.wanted["entries"]] == ["fabrikam.com", "*"]
    assert "<del>Anyone with the link: all details</del>" in answer.text
    assert "<ins>People invited from any organization: busy times</ins>" in answer.text
    assert "CalendarSharingFreeBusyDetail" in answer.text and "Set-SharingPolicy" in answer.text


def test_contacts_stay_where_they_are_ticked(upload, operator):
    upload(whole(sharingPolicies=[POLICY | {"Enabled": True, "Domains": ["a.com:ContactsSharing"]}]))
    page = reverse("it:plan_policy", args=[DEFAULT_GUID])
    assert 'name="contacts-0" checked' in operator.get(page).text
    operator.post(page, entries(("a.com", ""), ("b.com", "read"), **{"contacts-0": "on", "contacts-1": "on"}))
    wanted = FederationPlan.objects.get().wanted["entries"]
    assert [entry["actions"] for entry in wanted] == [
        "ContactsSharing",
        "CalendarSharingFreeBusyReviewer, ContactsSharing",
    ]


def test_all_details_for_everybody_wait_for_a_second_operator(upload, operator, second, lidia):
    upload(whole())
    page = reverse("it:plan_policy", args=[DEFAULT_GUID])
    answer = operator.post(page, entries(("*", "read")), follow=True).text
    plan = FederationPlan.objects.get()
    assert "Waits for a second yes" in answer and "Set-SharingPolicy" not in answer and "Say yes" not in answer
    script, yes = (reverse(f"it:{name}", args=[plan.public_id]) for name in ("plan_script", "answer_plan"))
    assert operator.get(script).status_code == 404
    assert "Somebody else has to say yes" in operator.post(yes, {"answer": "approve"}).text
    said = second.post(yes, {"answer": "approve"}, follow=True).text
    assert "Adele Vance said yes" in said and "Set-SharingPolicy" in said
    assert second.get(script).status_code == 200


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (entries(("fabrikam", "read")), "“fabrikam” is no domain"),
        (entries(("a.com", "")), "What “a.com:” means is not known"),
        (entries(), "A sharing policy needs at least one entry."),
        (entries(("a.com", "read"), ("A.com", "read")), "or stands here twice"),
    ],
)
def test_a_list_that_exchange_would_not_take_is_refused(upload, operator, form, said):
    upload(whole())
    answer = operator.post(reverse("it:plan_policy", args=[DEFAULT_GUID]), form)
    assert answer.status_code == 422 and said in answer.text
    assert not FederationPlan.objects.exists()


def test_a_list_of_hundreds_keeps_every_entry(upload, operator):
    domains = [f"d{number}.example" for number in range(400)]
    upload(whole(sharingPolicies=[POLICY | {"Domains": [f"{domain}:ContactsSharing" for domain in domains]}]))
    form = entries(*((domain, "freeBusyRead") for domain in domains))
    operator.post(reverse("it:plan_policy", args=[DEFAULT_GUID]), form)
    assert [entry["domain"] for entry in FederationPlan.objects.get().wanted["entries"]] == domains


def test_a_policy_with_an_action_nobody_knows_is_not_written_anew(upload, operator):
    upload(whole(sharingPolicies=[POLICY | {"Domains": ["a.com:CalendarSharingNewThing"]}]))
    page = operator.get(reverse("it:plan_policy", args=[DEFAULT_GUID])).text
    assert "What “a.com” means is not known here" in page and "Make the plan" not in page


def test_a_policy_before_customization_says_what_exchange_wants_first(upload, operator):
    upload(whole(organizationConfig={"Name": "contoso", "IsDehydrated": True}))
    answer = operator.post(
        reverse("it:plan_policy", args=[DEFAULT_GUID]), entries(("a.com", "freeBusyRead")), follow=True
    )
    assert "Enable-OrganizationCustomization" in answer.text


def test_a_plan_without_any_export_says_that_the_script_checks(operator, fabrikam):
    answer, plan = plan_of(fabrikam, operator)
    assert plan.snapshot is None and "Nothing was exported from Exchange yet." in answer.text


def test_policies_and_published_calendars_say_whom_they_are_about(upload, it, alex):
    upload(whole())
    page = it.get(reverse("it:sharing_policies")).text
    assert "AlexW@contoso.com" in page and ">Alex Wilber</a>" in page and "Managers" in page
    assert "1 mailbox has it." in page and "fabrikam.com: titles and locations, contacts" in page
    published = it.get(reverse("it:published")).text
    assert "AdeleV@contoso.com" in published and "Titles, locations" in published
    upload(whole(sharingPolicyAssignments=None, publishedCalendars=[], exportedAt="2026-11-21T09:50:00Z"))
    assert "leaves this out" in it.get(reverse("it:sharing_policies")).text
    assert "No calendar is published." in it.get(reverse("it:published")).text


def test_what_was_never_exported_is_unknown_and_not_none(it, contoso):
    assert "Sharing policies were not exported yet." in it.get(reverse("it:sharing_policies")).text
    assert "No calendar is published." not in it.get(reverse("it:published")).text


def test_one_relationship_says_both_sides_and_how_it_changed(upload, it, alex):
    upload(whole(sharingPolicies=[POLICY | {"Enabled": True, "Domains": ["*:CalendarSharingFreeBusySimple"]}]))
    changed = RELATIONSHIP | {"FreeBusyAccessLevel": BUSY, "TargetApplicationUri": "mail.fabrikam.com"}
    upload(whole(organizationRelationships=[changed], exportedAt="2026-11-21T09:50:00Z"))
    page = it.get(reverse("it:relationship", args=[FABRIKAM_GUID])).text
    assert "The other side cannot be read." in page
    assert "Opens 1 of 1 main calendars: busy times of 1." in page
    assert "Level: Titles and places → Busy times" in page and "Export of 21 November 2026" in page
    assert "Exchange on their own servers" in page
    assert "Nobody here shares a calendar with people there." in page
    assert it.get(reverse("it:relationship", args=[DEFAULT_GUID])).status_code == 404


def test_with_both_tenants_connected_the_other_side_is_shown_to_whoever_is_it_of_both(upload, it, contoso, lidia):
    upload(whole())
    address = reverse("it:relationship", args=[FABRIKAM_GUID])
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", ("fabrikam.com",))
    theirs = whole(
        tenant=rows.FABRIKAM, organizationRelationships=[relationship("Ours", DomainNames=["contoso.com"])],
        acceptedDomains=[{"DomainName": "fabrikam.com", "DomainType": "Authoritative", "Default": True}],
    )  # fmt: skip
    take_export(tenant=fabrikam, content=encoded(theirs), actor=lidia, now=rows.NOW)
    assert "The other side cannot be read." in it.get(address).text
    isaiah = User.objects.get(name="Isaiah Langer")
    RoleAssignment.objects.create(user=isaiah, tenant=fabrikam, role="reviewer", given_at=rows.NOW)
    page = it.get(address, {"tenant": contoso.public_id}).text
    assert "The other side cannot be read." not in page and "Ours" in page
    assert "Fabrikam is connected here, too." in page


def test_what_policy_and_relationship_disagree_on_is_said(upload, it):
    loose = POLICY | {"Enabled": True, "Domains": ["fabrikam.com:CalendarSharingFreeBusyReviewer"]}
    upload(whole(sharingPolicies=[loose], sharingPolicyAssignments=None))
    page = it.get(reverse("it:relationship", args=[FABRIKAM_GUID])).text
    assert (
        "people may share all details with people at fabrikam.com. The relationship shows titles and locations." in page
    )
    assert "Neither limits the other." in page
    assert OrganizationRelationship.objects.count() == 2 and SharingPolicy.objects.count() == 1


def test_a_relationship_leads_to_a_plan_which_says_what_was_not_agreed_on(upload, operator, it, fabrikam):
    upload(whole(organizationRelationships=[relationship("Fabrikam", FABRIKAM_GUID)]))
    Partner.objects.update(level=BUSY)
    page = reverse("it:relationship", args=[FABRIKAM_GUID])
    plan = reverse("it:plan_partner", args=[fabrikam.public_id])
    assert plan in operator.get(page).text
    assert plan not in it.get(page).text  # a reviewer
    said = "It lets them see more than was agreed with this partner: busy times."
    assert said in plan_of(fabrikam, operator, level=LIMITED)[0].text
    operator.post(reverse("it:answer_plan", args=[FederationPlan.objects.get().public_id]), {"answer": "cancel"})
    assert said not in plan_of(fabrikam, operator, domains="fabrikam.com fabrikam.co.uk")[0].text
