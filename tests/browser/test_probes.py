"""A person lends their mailbox, and IT tries what a partner lets us see: with and without script."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sharing.models import Partner, Probe, Volunteer
from tests.cast import ALEX, LIDIA, PATTI
from tests.cloud import FABRIKAM
from tests.meetings.conftest import federate, take

from .conftest import AXE, WIDTHS, listen, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def fabrikam(portal, django_db_blocker):
    """A partner with which everything is set up, and Patti there, who has a meeting the day after tomorrow."""
    cast = portal.cast
    portal.cloud.switches.appointments = "none"
    federate(portal.cloud)
    day = (timezone.now() + timedelta(days=2)).date()
    take(portal.cloud, PATTI, f"{day}T10:00:00Z", f"{day}T11:30:00Z", tenant=FABRIKAM, subject="Layoffs")
    take(portal.cloud, PATTI, f"{day}T15:00:00Z", f"{day}T16:00:00Z", tenant=FABRIKAM, status="tentative")
    with django_db_blocker.unblock():
        return Partner.objects.create(
            tenant=cast.contoso, name="Fabrikam", domains=["fabrikam.com"], made_by=cast.users[LIDIA], made_at=cast.now
        )


def lend(portal):
    page = portal.open(ALEX, reverse("account:home"))
    page.get_by_role("button", name="Lend my mailbox").click()
    page.get_by_role("button", name="Take it back").wait_for()
    page.close()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_mailbox_is_lent_and_somebody_s_times_there_are_seen(portal, fabrikam, script):
    Volunteer.objects.all().delete()
    lend(portal)
    page = portal.context(LIDIA, script=script).new_page()
    heard = listen(page)
    page.goto(portal.url + reverse("it:partner_tests", args=[fabrikam.public_id]))
    page.get_by_role("link", name="Test now").click()
    page.get_by_label("Address of a person there").fill(PATTI)
    page.get_by_label("A second person (optional)").fill("NobodyX@fabrikam.com")
    page.get_by_role("button", name="Ask now").click()
    page.get_by_role("heading", name=PATTI).wait_for()
    assert page.get_by_role("cell", name="10:00–11:30 busy, 15:00–16:00 tentative").is_visible()
    assert page.get_by_text("Free and busy times seen").is_visible()
    assert page.get_by_text("Refused: our side").is_visible()
    assert "Layoffs" not in page.content()
    page.get_by_role("link", name="Earlier tests").click()
    assert page.get_by_role("row").filter(has_text="NobodyX@fabrikam.com").first.is_visible()
    page.close()
    assert heard == []


def test_what_came_of_a_test_is_sound_at_every_width_and_in_both_themes(portal, fabrikam):
    Volunteer.objects.all().delete()
    lend(portal)
    page = portal.open(LIDIA, reverse("it:test_partner", args=[fabrikam.public_id]))
    heard = listen(page)
    page.get_by_label("Address of a person there").fill(PATTI)
    page.get_by_label("A second person (optional)").fill("NobodyX@fabrikam.com")
    page.get_by_role("button", name="Ask now").press("Enter")
    page.get_by_role("heading", name=PATTI).wait_for()
    page.evaluate(AXE)
    wrong = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wrong += [f"{theme}, {width}: {each}" for each in violations(page)]
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            wrong += [f"{theme}, {width}: {over} px too wide"] if over > 0 else []
    page.close()
    assert wrong == [] and heard == []
    assert Probe.objects.filter(outcome=Probe.SEEN).exists()
