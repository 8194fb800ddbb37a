"""What was proved a while ago is proved again before it counts, and who approved is told what became of it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from sharing.connect import links
from sharing.models import ActivationLink, AuditEvent, Tenant
from tests.cloud import FABRIKAM


@pytest.fixture
def proved(trip, prove):
    trip.go()
    return prove()


def confirm(link, vikram):
    links.confirm_link(link=link, actor=vikram, now=timezone.now())


# A day later ---------------------------------------------------------------------------------------------


@pytest.fixture
def vikrams(vikram, fabrikam):
    """A page of connecting Fabrikam, in Vikram's browser, who has just signed in."""

    def go(page="", **form):
        browser = Client(headers={"host": "localhost:8000"})
        browser.force_login(vikram)
        path = f"/setup/connecting/{page}?tenant={fabrikam.public_id}"
        return browser.post(path, form) if form else browser.get(path)

    return go


@pytest.mark.parametrize("days", [1, 200])
def test_a_yes_to_an_old_proof_proves_again_and_connects_nothing(days, proved, prove, fabrikam, vikram, vikrams, cloud):
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        page = vikrams("confirm/").content.decode()
        assert "Tried more than a day ago" in page and "Try again" in page
        answer = vikrams("confirm/", link=proved.public_id)
        assert answer.status_code == 302
        proved.refresh_from_db()
        assert (proved.state, proved.due_at) == (ActivationLink.APPROVED, timezone.now())
        fabrikam.refresh_from_db()
        assert fabrikam.state == Tenant.LISTED
        assert "Calwarden is trying it again" in vikrams().content.decode()
        cloud.state.tenants[FABRIKAM].name = "Fabrikam Residences"
        assert prove().state == ActivationLink.PROVED
        page = vikrams("confirm/").content.decode()
        assert "Fabrikam Residences" in page and "Tried more than a day ago" not in page
        confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert (fabrikam.state, fabrikam.name) == (Tenant.CONNECTED, "Fabrikam Residences")
    events = AuditEvent.objects.filter(tenant=fabrikam, verb__startswith="link.").order_by("pk")
    assert [(event.verb, event.actor == vikram.username) for event in events] == [
        ("link.made", True), ("link.approved", False), ("link.proved", False), ("link.asked_again", True),
        ("link.proved_again", False), ("link.confirmed", True),
    ]  # fmt: skip


def test_an_approval_taken_back_since_it_was_proved_connects_nothing(proved, prove, fabrikam, vikram, cloud):
    cloud.state.tenants[FABRIKAM].principals.clear()
    later = timezone.now() + timedelta(days=200)
    with time_machine.travel(later, tick=False):
        with pytest.raises(links.ProofTooOld):
            confirm(proved, vikram)
        assert prove().state == ActivationLink.APPROVED
    with time_machine.travel(later + timedelta(minutes=16), tick=False):
        assert prove().state == ActivationLink.FAILED
        with pytest.raises(links.NotProved):
            confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.LISTED


def test_a_proof_counts_for_almost_a_day(proved, fabrikam, vikram):
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
        confirm(proved, vikram)
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.CONNECTED


# What became of it, for who approved ---------------------------------------------------------------------


def test_who_approved_is_told_what_became_of_it(trip, link, vikram, prove):
    def told():
        return trip.portal.get("/activate/approved/").content.decode()

    trip.go()
    assert "Calwarden now tries it" in told()
    prove()
    assert "Calwarden tried it. Vikram Singh now compares" in told()
    confirm(link, vikram)
    assert "it was confirmed here" in told()


@pytest.mark.parametrize(("state", "words"), [("revoked", "was withdrawn"), ("failed", "came to nothing")])
def test_who_approved_is_not_told_of_a_trial_after_the_end(state, words, trip, link):
    trip.go()
    ActivationLink.objects.update(state=state, due_at=None)
    page = trip.portal.get("/activate/approved/").content.decode()
    assert words in page and "now tries it" not in page and "says yes" not in page
    assert "Enterprise applications" in page
