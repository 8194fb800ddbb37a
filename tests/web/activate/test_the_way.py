"""The true way: opened, approved, signed in, proved, confirmed."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone

from sharing.connect import calls, links
from sharing.models import ActivationLink, AuditEvent, ConsentAttempt, Tenant
from tests.web.activate.trip import PATTI


def test_the_way_of_an_administrator_ends_in_an_approval_and_connects_nothing_yet(trip, link, fabrikam, prove):
    page = trip.portal.get(trip.path)
    assert page.status_code == 200
    assert "Approve Calwarden for Fabrikam?" in page.content.decode()
    answer = trip.go()
    assert (answer.status_code, answer["Location"]) == (302, "/activate/approved/")
    link.refresh_from_db()
    assert (link.state, str(link.approved_by_oid), link.approved_by_name) == ("approved", PATTI, "Patti Fernandez")
    assert "You approved Calwarden for Fabrikam" in trip.portal.get("/activate/approved/").content.decode()
    assert prove().state == ActivationLink.PROVED
    assert link.organization["name"] == "Fabrikam"
    assert link.organization["domains"] == ["fabrikam.com", "fabrikam.onmicrosoft.com"]
    assert "Calendars.ReadWrite" in link.organization["roles"]
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.LISTED and fabrikam.next_full_at is None


def test_an_admins_yes_connects_it_once(trip, link, fabrikam, vikram, prove):
    trip.go()
    prove()
    links.confirm_link(link=link, actor=vikram, now=timezone.now())
    fabrikam.refresh_from_db()
    assert (fabrikam.state, fabrikam.name) == (Tenant.CONNECTED, "Fabrikam")
    assert fabrikam.domains == ["fabrikam.com", "fabrikam.onmicrosoft.com"]
    assert fabrikam.next_full_at and not fabrikam.writes_on
    with pytest.raises(links.NotProved):
        links.confirm_link(link=link, actor=vikram, now=timezone.now())
    verbs = AuditEvent.objects.filter(tenant=fabrikam).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == [
        "tenant.listed", "tenant.chosen", "link.made", "link.approved", "link.proved", "link.confirmed",
        "tenant.connected",
    ]  # fmt: skip


def test_the_way_is_counted_in_the_tenant_that_was_asked(trip, link, fabrikam):
    trip.go()
    calls.flush(timezone.now())
    made = calls.made_in(fabrikam, timezone.now())
    assert made["GET /{tenant}/v2.0/adminconsent"] == made["GET /{tenant}/oauth2/v2.0/authorize"] == (1, 0)
    assert made["POST /{tenant}/oauth2/v2.0/token"] == (1, 0)


def test_opening_uses_nothing_up(trip, link):
    for _ in range(3):
        assert trip.portal.get(trip.path).status_code == 200
        assert trip.portal.head(trip.path).status_code == 200
    first = ActivationLink.objects.get(pk=link.pk)
    assert first.opened_at and first.state == "issued" and first.due_at is None
    assert not ConsentAttempt.objects.exists()
    assert not Session.objects.exists()


def test_no_secret_is_kept_in_the_open(trip, link):
    """Neither the link's token nor a state nor the browser's secret stands in any table as it is."""
    url = trip.begin()
    state = url.partition("state=")[2]
    kept = str(list(ActivationLink.objects.values())) + str(list(ConsentAttempt.objects.values()))
    kept += str(list(AuditEvent.objects.values())) + str([session.get_decoded() for session in Session.objects.all()])
    assert link.token not in kept
    assert state not in kept


def test_the_page_says_who_asks_for_what_and_what_is_never_read(trip, link):
    page = trip.portal.get(trip.path).content.decode()
    assert "Vikram Singh asks a Microsoft 365 administrator" in page
    for role in link.permissions:
        assert role in page
    assert "Calwarden drops them unread" in page and "Never read: events" in page
    assert "Microsoft asks you twice" in page


def test_the_page_may_lead_to_microsoft_and_nowhere_else(trip):
    policy = trip.portal.get(trip.path).headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:8010" in policy
    assert "http://127.0.0.1:8010" not in trip.portal.get("/activate/approved/").headers["Content-Security-Policy"]


def test_a_link_works_for_seven_days_and_once(trip, trip_of, link, make_link):
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert trip.portal.get(trip.path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        answer = trip.portal.get(trip.path)
        assert answer.status_code == 410
        assert "This link ended on" in answer.content.decode()
        assert trip.portal.post(trip.path).status_code == 410
    trip.go()
    answer = trip_of().portal.get(trip.path)
    assert answer.status_code == 410
    assert "This link was already used" in answer.content.decode()
    assert "Ask Vikram Singh for a new one" in answer.content.decode()


def test_a_new_link_ends_the_one_before(trip, link, make_link, trip_of):
    _, token = make_link()
    answer = trip.portal.get(trip.path)
    assert answer.status_code == 410 and "This link was withdrawn" in answer.content.decode()
    assert trip_of(token).portal.get(f"/activate/{token}/").status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43, "consented-x", "0"])
def test_a_token_that_nobody_made_is_missing(token, trip):
    answer = trip.portal.get(f"/activate/{token}/")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()
    assert trip.portal.post(f"/activate/{token}/").status_code == 404
    assert not ConsentAttempt.objects.exists()


def test_approved_is_for_the_browser_that_approved(trip, trip_of):
    trip.go()
    assert trip_of().portal.get("/activate/approved/").status_code == 404


def test_the_page_says_what_microsoft_will_call_the_publisher(trip, settings):
    settings.PUBLISHER_NAME = "Contoso IT"
    page = trip.portal.get(trip.path).content.decode()
    assert "Microsoft shows Contoso IT as the app’s verified publisher." in page
