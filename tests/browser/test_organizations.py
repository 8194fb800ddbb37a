"""Partner organizations in a browser: an export pasted and a plan made without JavaScript, a script copied with it."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from sharing.models import FederationPlan
from tests.cast import LIDIA
from tests.federation.exports import encoded, relationship, whole

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


def test_an_export_is_pasted_and_a_change_planned_without_javascript(portal):
    assert portal.places
    now = timezone.now().isoformat().replace("+00:00", "Z")
    export = whole(exportedAt=now, organizationRelationships=[relationship("Adatum", DomainNames=["adatum.example"])])
    page = portal.open(LIDIA, reverse("it:organizations"), script=False)
    page.get_by_role("link", name="Update from Exchange").click()
    page.get_by_label("Or paste it").fill(encoded(export).decode())
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="See the organizations").click()
    page.get_by_role("region", name="Partners, a table").get_by_role("link", name="Adatum").click()
    page.get_by_role("link", name="Plan what they may see").click()
    page.get_by_role("radio", name="Titles and places").check()
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_text("Level: Busy times → Titles and places")).to_be_visible()
    assert "Set-OrganizationRelationship" in page.locator("#ours").input_value()
    page.get_by_role("button", name="Cancel this plan").click()
    assert FederationPlan.objects.get(kind=FederationPlan.CHANGE).state == FederationPlan.CANCELLED
    page.close()


def test_a_copied_script_says_so_and_leaves_the_download_alone(portal):
    assert portal.places
    portal.context(LIDIA).grant_permissions(["clipboard-read", "clipboard-write"])
    page = portal.open(LIDIA, reverse("it:exchange"))
    page.locator("[data-copy=script]").click()
    expect(page.locator("[data-copy=script]")).to_have_text("Copied")
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()").startswith("# Calwarden: exports")
    page.close()
