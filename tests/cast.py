"""The cast: who plays in the tests of pages, made from the sandbox's Contoso and Fabrikam as the mirror read them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from sharing import mirror
from sharing.connect import calls, client_for
from sharing.models import Mailbox, Person, RoleAssignment, Stewardship, SyncRun, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM

ALEX = "AlexW@contoso.com"  # owns calendars that others use
MEGAN = "MeganB@contoso.com"  # is Alex's delegate, and reads Kids parties; owns a calendar of her own
ADELE = "AdeleV@contoso.com"  # is a colleague with whom Alex shares Kids parties
CHARLIE = "CharlieR@contoso.com"  # has a mailbox, and nothing to do with any of it
ISAIAH = "IsaiahL@contoso.com"  # reviews Contoso for IT
LIDIA = "LidiaH@contoso.com"  # operates Contoso for IT
ALLAN = "AllanD@contoso.com"  # is Contoso's admin in the portal
VIKRAM = "VikramS@contoso.com"  # runs the machine: admin of the whole installation
FIONA = "FionaM@contoso.com"  # is steward of Reception's mailbox, to which nobody signs in
EMILY = "EmilyB@contoso.com"  # left: held every role, was switched off, and her browser is still signed in
PATTI = "PattiF@fabrikam.com"  # holds every role in Fabrikam, and none in Contoso
RUTH = "RuthA@fabrikam.com"  # reviews Fabrikam
GUEST = "grace@tailspintoys.com"  # is Grace, a guest of Contoso, signed in from the days when guests were let in
NOBODY = ""  # is not signed in

EVERYONE = (NOBODY, CHARLIE, ALEX, MEGAN, ADELE, ISAIAH, LIDIA, ALLAN, VIKRAM, FIONA, EMILY, PATTI, GUEST)

RECEPTION = "reception@contoso.com"
KIDS = "Kids parties"

REVIEWER, OPERATOR, ADMIN = RoleAssignment.REVIEWER, RoleAssignment.OPERATOR, RoleAssignment.ADMIN
EVERY_ROLE = (REVIEWER, OPERATOR, ADMIN)
ROLES = {
    ISAIAH: (REVIEWER,), LIDIA: (OPERATOR,), ALLAN: (ADMIN,), EMILY: EVERY_ROLE, PATTI: EVERY_ROLE, RUTH: (REVIEWER,),
}  # fmt: skip

HOST = "localhost:8000"  # that of PORTAL_URL, where the sign-in page stays
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.get_default_timezone())
FIRST_READING, SECOND_READING = timedelta(days=84), timedelta(days=20)


@dataclass
class Cast:
    """Both tenants and everybody in them; `users` by address; all was read a minute before `now`."""

    now: datetime
    contoso: Tenant
    fabrikam: Tenant
    users: dict[str, User] = field(default_factory=dict)

    def browser(self, who: str, **options) -> Client:
        """A browser in which `who` is signed in; Emily's account is switched off after she signed in."""
        client = Client(headers={"host": HOST}, **options)
        if who == NOBODY:
            return client
        user = self.users[who]
        User.objects.filter(pk=user.pk).update(is_active=True)
        client.force_login(user)
        User.objects.filter(pk=user.pk).update(is_active=who != EMILY)
        return client


def make_cast(cloud, now: datetime) -> Cast:
    """Reads both tenants as they were twelve weeks ago, three weeks ago and a minute before `now`; gives the roles."""
    contoso, fabrikam = (
        Tenant.objects.create(tid=tid, cloud="sandbox", state=Tenant.CONNECTED, state_since=now, writes_on=True)
        for tid in (CONTOSO, FABRIKAM)
    )
    cloud.state.rewind(0)
    read(contoso, now - FIRST_READING)
    played = 0
    for ago in (SECOND_READING, timedelta(minutes=1)):
        while played < len(cloud.state.journal) and timedelta(days=cloud.state.journal[played].days_ago) > ago:
            cloud.state.play(played)
            played += 1
        read(contoso, now - ago)
    read(fabrikam, now - timedelta(minutes=1))
    cast = Cast(now, contoso, fabrikam)
    for who in (*EVERYONE[1:], RUTH):
        cast.users[who] = user_of(fabrikam if who in (PATTI, RUTH) else contoso, who)
    for who, roles in ROLES.items():
        for role in roles:
            give(cast.users[who], role, cast.users[who].tenant, now)
    give(cast.users[VIKRAM], ADMIN, None, now)
    reception = Mailbox.objects.get(person__address__iexact=RECEPTION)
    Stewardship.objects.create(tenant=contoso, mailbox=reception, oid=cast.users[FIONA].oid, given_at=now)
    calls.flush(now)  # as where a task ends that read
    if connection.vendor == "postgresql":
        # PostgreSQL may have counted the tables while they were empty between two tests, and plans for that.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return cast


class PastClock:
    """Stands still at a moment of the past, unless somebody waits."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def read(tenant: Tenant, moment: datetime) -> SyncRun:
    """Reads a whole tenant as if it were `moment`; Contoso's unreadable mailboxes included."""
    clock = PastClock(moment)
    run = mirror.run_here(tenant=tenant, client=client_for(tenant), clock=clock, wait=clock.wait)
    tenant.refresh_from_db()
    assert run.outcome == SyncRun.DONE, (run.outcome, run.cause)
    return run


def user_of(tenant: Tenant, address: str) -> User:
    """The portal's user of somebody in the mirrored directory, as after a first sign-in."""
    person = Person.objects.get(tenant=tenant, address__iexact=address, oid__isnull=False)
    return User.objects.create(tenant=tenant, oid=person.oid, name=person.name, address=person.address)


def give(user: User, role: str, tenant: Tenant | None, now: datetime) -> RoleAssignment:
    return RoleAssignment.objects.create(user=user, role=role, tenant=tenant, given_at=now)


@pytest.fixture
def cast(db, cloud):
    """Everybody, at ten in the morning of a Saturday, on which time stands still."""
    with time_machine.travel(NOW, tick=False):
        yield make_cast(cloud, NOW)


@pytest.fixture
def later(cast):
    """`later(minutes=6)`: so much later."""
    with time_machine.travel(NOW, tick=False) as machine:
        yield lambda **span: machine.move_to(NOW + timedelta(**span))
