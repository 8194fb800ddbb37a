"""Contoso, where meetings are approved, with Megan who looks for times and Alex who lends his mailbox to probes."""

import pytest

from sandbox import cast as sandbox_cast
from sandbox.exchange.rows import AUTODISCOVER, NEW, Relationship
from sandbox.world import BOOKER_SECRET
from sharing.connect import clients
from sharing.models import Mailbox, Partner, Person, SyncShard, Tenant, User, Volunteer
from tests.cloud import CONTOSO, FABRIKAM
from tests.contoso import Clock, contoso, control

__all__ = ["contoso"]


@pytest.fixture
def clock():
    """A Monday morning in Europe."""
    return Clock()


@pytest.fixture
def people(contoso, clock):
    """Mailboxes of Contoso by first name."""
    shard = SyncShard.objects.create(tenant=contoso, number=0)
    found = {}
    for oid, name, address in (
        (sandbox_cast.MEGAN, "Megan Bowen", "MeganB@contoso.com"),
        (sandbox_cast.ALEX, "Alex Wilber", "AlexW@contoso.com"),
    ):
        person = Person.objects.create(tenant=contoso, kind=Person.USER, oid=oid, name=name, address=address)
        found[name.split()[0]] = Mailbox.objects.create(
            tenant=contoso, person=person, shard=shard, state=Mailbox.OK, state_since=clock(),
            settings={"time_zone": "Pacific Standard Time"},
        )  # fmt: skip
    return found


@pytest.fixture
def megan(people, cloud, settings):
    """Megan's mailbox; nothing stands in anybody's calendar but what a test puts there."""
    settings.MICROSOFT_BOOKER_CLIENT_ID, settings.MICROSOFT_BOOKER_SECRET = sandbox_cast.BOOKER_APP, BOOKER_SECRET
    control(
        cloud, "consent",
        {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ["Calendars.ReadWrite"]},
    )  # fmt: skip
    Tenant.objects.update(has_booker=True, bookings_on=True)
    clients.forget_tokens()
    cloud.switches.appointments = "none"
    return people["Megan"]


@pytest.fixture
def allan(contoso):
    return User.objects.create(tenant=contoso, oid=sandbox_cast.ALLAN, name="Allan Deyoung")


@pytest.fixture
def fabrikam(contoso, allan, clock):
    """The partner, with whom nothing was set up yet."""
    return Partner.objects.create(
        tenant=contoso, name="Fabrikam", domains=["fabrikam.com"], made_by=allan, made_at=clock()
    )


@pytest.fixture
def alex(people, contoso, clock, cloud):
    cloud.switches.appointments = "none"
    return Volunteer.objects.create(tenant=contoso, mailbox=people["Alex"], since=clock())


def take(cloud, who, start, end, tenant=CONTOSO, **more):
    """Somebody's time is taken, as if they had put it into Outlook."""
    body = {"do": "appointment", "tenant": tenant, "mailbox": who, "start": start, "end": end, **more}
    control(cloud, "change", body)


def relate(cloud, tid, domain, **values):
    """An organization relationship on the side of `tid`."""
    usual = {
        "Enabled": True, "FreeBusyAccessEnabled": True, "FreeBusyAccessLevel": "AvailabilityOnly",
        "TargetAutodiscoverEpr": AUTODISCOVER,
    }  # fmt: skip
    given = {**NEW, "Name": domain, "DomainNames": [domain], **usual, **values}
    kept = cloud.state.exchange[tid]
    kept.relationships = [each for each in kept.relationships if each.name != domain]
    kept.relationships.append(Relationship(f"{tid}-{domain}", given, "", ""))


def federate(cloud, **theirs):
    """Both sides, as they should be; `theirs` is what differs on the partner's."""
    relate(cloud, CONTOSO, "fabrikam.com")
    relate(cloud, FABRIKAM, "contoso.com", **theirs)
