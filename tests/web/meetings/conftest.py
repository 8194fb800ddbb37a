"""Megan in a browser, in Contoso, where meetings are approved and on; time stands still on a Monday night."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from sharing.models import ExchangeSnapshot, OrganizationRelationship, Person, Tenant
from tests.booking import let_people_book
from tests.contoso import user
from tests.meetings.conftest import federate
from tests.web.owner.conftest import clock, contoso, later, outside, sync, time

__all__ = ["clock", "contoso", "later", "outside", "sync", "time"]

MEGAN, ALEX, ADELE, PRADEEP = (f"{name}@contoso.com" for name in ("MeganB", "AlexW", "AdeleV", "PradeepG"))


@pytest.fixture
def switched_on(contoso, cloud, settings):
    """The registration for meetings is approved, and the switch is on."""
    let_people_book(contoso, cloud, settings)
    return contoso


@pytest.fixture
def as_person(client, switched_on, sync):
    """`as_person(address)`: a browser in which somebody of Contoso is signed in."""
    sync()

    def sign_in(address):
        client.force_login(user(Tenant.objects.get(pk=switched_on.pk), address))
        return client

    return sign_in


@pytest.fixture
def megan(as_person):
    return as_person(MEGAN)


@pytest.fixture
def partner(switched_on, sync, cloud, clock):
    """Fabrikam, whose relationship with Contoso is set up on both sides and stands in Contoso's newest export."""
    sync()
    taken = {"exported_at": clock(), "taken_at": clock(), "taken_by": user(switched_on, MEGAN)}
    snapshot = ExchangeSnapshot.objects.create(
        tenant=switched_on, digest="x", sections={ExchangeSnapshot.RELATIONSHIPS: ExchangeSnapshot.READ}, **taken
    )
    OrganizationRelationship.objects.create(
        tenant=switched_on, snapshot=snapshot, guid=uuid4(), name="Fabrikam", domains=["fabrikam.com"],
        is_enabled=True, has_free_busy=True, level=OrganizationRelationship.LIMITED,
    )  # fmt: skip
    federate(cloud, FreeBusyAccessLevel="LimitedDetails")


def person(address):
    return Person.objects.get(address__iexact=address)


def wish(*who, **more):
    """What the form sends: an hour with these people, on Tuesday or Wednesday."""
    people = [person(each).public_id for each in who]
    return {"person": people, "minutes": "60", "first": "2026-11-03", "last": "2026-11-04"} | more


def times(browser, *who, **more):
    return browser.post(reverse("meetings:times"), wish(*who, **more))


def slots(answer):
    """The moments that a page offers."""
    return re.findall(r'name="at" value="([^"]+)"', answer.text)


def meeting(browser, *who, at=None, **more):
    """The form that books, as the page before it made it."""
    at = at or slots(times(browser, *who))[0]
    page = browser.post(reverse("meetings:confirm"), wish(*who, at=at, **more))
    key = re.search(r'name="form_key" value="([^"]+)"', page.text)[1]
    return wish(*who, at=at, form_key=key, subject="Budget") | more


def book(browser, *who, **more):
    """Books with them, and follows to the meeting's page."""
    return browser.post(reverse("meetings:book"), meeting(browser, *who, **more), follow=True)
