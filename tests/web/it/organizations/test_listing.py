"""Organizations: each relationship with what it lets them see, and what stands beside it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sharing import words
from sharing.federation import partners
from sharing.models import ExchangeSnapshot, OrganizationRelationship, Person, Role
from sharing.web.it.access import rows_asked
from tests.federation.exports import DEFAULT_GUID, FABRIKAM_GUID, POLICY, RELATIONSHIP, policy, relationship, whole
from tests.web.hostile import PAYLOADS, Made, flat
from tests.web.it import rows

PAGE = "/it/organizations/"
OPEN = POLICY | {"Enabled": True, "Domains": ["*:CalendarSharingFreeBusySimple"]}


def outsider(calendar, address, role=Role.READ):
    person = rows.make_person(calendar.tenant, address.partition("@")[0], address, kind=Person.OUTSIDE)
    return rows.give(calendar, person, role)


def test_without_an_export_the_page_says_how_to_begin(it, contoso):
    page = it.get(PAGE).text
    assert "Nothing was exported from Exchange yet" in page
    assert "Copy the export script. It only reads." in page and 'href="/it/organizations/exchange/"' in page


def test_each_relationship_says_what_they_see_whose_calendars_and_its_state(upload, it):
    trey = relationship("Trey", guid=DEFAULT_GUID, FreeBusyAccessScope="Joint venture")
    upload(whole(organizationRelationships=[RELATIONSHIP, relationship("Tailspin", Enabled=False), trey]))
    page = it.get(PAGE).text
    assert "Exported from Exchange, 21 November 2026" in page
    assert "Titles, locations" in page and "Busy times" in page and "Group: Joint venture" in page
    assert page.count('<span class="flag f-good">') == 2 and ">Off</span>" in page
    assert reverse("it:relationship", args=[FABRIKAM_GUID]) in page


def test_what_people_share_leads_to_the_list_of_just_those_entries(upload, it, alex):
    calendar = alex.calendars.get(name="Calendar")
    outsider(calendar, "dan@fabrikam.com")
    outsider(calendar, "eve@Fabrikam.com", Role.FREE_BUSY_READ)
    outsider(calendar, "someone@notfabrikam.com")
    upload(whole())
    page = it.get(PAGE).text
    assert "?domain=fabrikam.com" in page and ">2<span" in page
    listed = it.get("/it/access/?domain=fabrikam.com").text
    assert "2 results" in listed and ">dan<" in listed and ">eve<" in listed and "someone" not in listed
    assert "People at fabrikam.com" in listed and 'name="domain" value="fabrikam.com"' in listed
    file = b"".join(it.get("/it/access/csv/?domain=fabrikam.com")).decode()
    assert "dan@fabrikam.com" in file and "someone@" not in file and "Megan" not in file


def test_changing_all_that_a_domain_narrows_changes_nothing_else(upload, operator, alex):
    calendar = alex.calendars.get(name="Calendar")
    outsider(calendar, "dan@fabrikam.com")
    answer = operator.get("/it/access/?domain=fabrikam.com")
    request = answer.wsgi_request
    (only,) = rows_asked(request, alex.tenant, rows.NOW)
    assert [row.address for row in only] == ["dan@fabrikam.com"]


def test_a_policy_for_anybody_says_so_with_the_domains_in_use(upload, it, alex):
    outsider(alex.calendars.get(name="Calendar"), "dan@adatum.com")
    upload(whole(sharingPolicies=[OPEN, policy()]))
    page = it.get(PAGE).text
    assert "People invited from any organization" in page
    assert "The default sharing policy lets people share busy times with anybody they invite." in page
    assert "One domain without a relationship is in use." in page


def test_published_calendars_and_the_differences_to_the_last_export_are_counted_and_listed(upload, it):
    upload(whole())
    assert "1 calendar is published on the internet." in it.get(PAGE).text
    assert "This is the first export." in it.get(PAGE).text
    upload(whole(organizationRelationships=[RELATIONSHIP], exportedAt="2026-11-21T09:45:00Z"))
    assert "Relationship gone: Northwind" in it.get(PAGE).text


def test_a_section_that_the_last_export_leaves_out_shows_what_was_known_and_says_so(upload, it):
    upload(whole())
    upload(whole(organizationRelationships=None, exportedAt="2026-11-21T09:45:00Z"))
    page = it.get(PAGE).text
    assert "Northwind" in page and "leaves this out. What is shown is older." in page


def test_an_export_without_relationships_is_never_no_relationship(upload, it):
    upload(whole(organizationRelationships=None))
    page = it.get(PAGE).text
    assert "No export says this." in page and "No organization relationship." not in page


def test_partners_without_a_relationship_and_those_that_end_soon_are_marked(upload, it, lidia, contoso):
    upload(whole())
    made = {"tenant": contoso, "actor": lidia, "now": rows.NOW}
    partners.make_partner(name="Fabrikam", domains=["fabrikam.com"], **made)
    soon = (rows.NOW + rows.timedelta(days=9)).date()
    partners.make_partner(name="Adatum", domains=["adatum.com"], ends_on=soon, **made)
    page = it.get(PAGE).text
    assert page.count('data-label="Relationship"') == 2
    assert 'data-label="Relationship"><span class="pill p-warn">None' in page
    assert "Ends on 30 November 2026" in page


def test_what_is_noteworthy_stands_beside_the_state(upload, it, lidia, contoso):
    partners.make_partner(tenant=contoso, name="Fabrikam", domains=["fabrikam.com"], actor=lidia, now=rows.NOW)
    move = relationship("Trey", MailboxMoveEnabled=True)
    upload(whole(organizationRelationships=[RELATIONSHIP, move]))
    page = it.get(PAGE).text
    assert "More than agreed" in page and "Mailbox moves on" in page


def test_more_relationships_take_no_more_queries(upload, it, contoso, lidia):
    upload(whole())
    snapshot = ExchangeSnapshot.objects.get()

    def count():
        with CaptureQueriesContext(connection) as found:
            assert it.get(PAGE).status_code == 200
        return len(found)

    few = count()
    for number in range(30):
        name = f"more{number}.com"
        row = OrganizationRelationship.objects.get(guid=FABRIKAM_GUID)
        row.pk, row.guid, row.name, row.domains = None, f"00000000-0000-4000-8000-{number + 100:012}", name, [name]
        row.scope_group = f"Group {number}"
        row.snapshot = snapshot
        row.save()
        partners.make_partner(tenant=contoso, name=name, domains=[name], actor=lidia, now=rows.NOW)
    assert count() <= few + 2  # groups are looked up once there is any


@pytest.mark.parametrize("step", range(4))
def test_names_are_read_as_they_stand_and_make_nothing(upload, it, contoso, lidia, step):
    """Whatever an export brings: names, groups and policies of that tenant's administrators, or of somebody else's."""
    upload(whole())
    paths = [
        PAGE, reverse("it:relationship", args=[FABRIKAM_GUID]), reverse("it:sharing_policies"), reverse("it:published"),
        reverse("it:snapshot", args=[ExchangeSnapshot.objects.get().public_id]),
    ]  # fmt: skip

    def look():
        return {path: Made(it.get(path).text) for path in paths}

    plain = {tag for made in look().values() for tag in made.tags}
    for payload in PAYLOADS[step::4]:
        OrganizationRelationship.objects.filter(guid=FABRIKAM_GUID).update(name=payload, scope_group=payload)
        snapshot = ExchangeSnapshot.objects.get()
        snapshot.policies.update(name=payload)
        snapshot.published.update(folder=payload)
        pages = look()
        assert {tag for made in pages.values() for tag in made.tags} - plain == set()
        assert flat(words.visible(payload)) in pages[PAGE].text
        assert flat(words.visible(payload)) in pages[paths[2]].text
