"""What was read of a mailbox in an organization that nobody listed: kept or erased, as its person says."""

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sharing import changes, tasks
from sharing.connect import erasing_own, grants
from sharing.models import (
    AuditEvent,
    Calendar,
    CalendarPermission,
    Change,
    Grant,
    Mailbox,
    Person,
    SyncShard,
    Tenant,
    User,
)
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import lend

ALEX, MEGAN = "64339082-ed84-4b0b-b4ab-004ae54f3747", "48d31887-5fad-4d73-a9f5-3c356e68a038"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


@pytest.fixture
def home(db, cloud):
    return Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=timezone.now(),
        mode=Tenant.INDIVIDUAL, people_may_connect_others=True,
    )  # fmt: skip


@pytest.fixture
def alex(home):
    return User.objects.create(tenant=home, oid=ALEX, name="Alex Wilber")


def work():
    for task, pk in list(tasks.due_reads(timezone.now())):
        task(pk)


@pytest.fixture
def grant(cloud, alex):
    """Alex connected the mailbox they have at Fabrikam; it was read, and something was changed in it."""
    lend(cloud, alex, now=timezone.now(), change=True, other=(FABRIKAM, PATTI))
    work()
    grant = Grant.objects.get()
    row = CalendarPermission.objects.filter(mailbox=grant.mailbox_id, is_organization=False, removable=True)
    row = row.filter(calendar__is_own=True).select_related("calendar__mailbox__person", "mailbox").first()
    if row:
        row.calendar.mailbox = Mailbox.objects.select_related("person", "tenant").get(pk=grant.mailbox_id)
        changes.request_removal(permission=row, seen=row.role, actor=alex, now=timezone.now())
    return grant


def browser_of(user):
    browser = Client(headers={"host": "localhost:8000"})
    browser.force_login(user)
    return browser


def path_of(grant):
    return reverse("account:disconnect", args=[grant.public_id])


def left_of(tid):
    """How many rows stand there of a tenant, by model."""
    mirror = [m for m in apps.get_app_config("sharing").get_models() if any(f.name == "tenant" for f in m._meta.fields)]
    counts = {m.__name__: m._base_manager.filter(tenant__tid=tid).count() for m in mirror}
    return {name: count for name, count in counts.items() if count and name != "AuditEvent"}


def test_its_person_is_asked_and_must_answer(alex, grant):
    browser = browser_of(alex)
    page = browser.get(path_of(grant)).text
    assert "Keep it" in page and "Erase it" in page and "This cannot be undone" in page
    refused = browser.post(path_of(grant), {"how": "burn"})
    assert refused.status_code == 422 and "Choose what becomes of what was read." in refused.text
    assert Grant.objects.get().sealed


def test_what_is_kept_stays_and_can_be_erased_later(alex, grant):
    browser = browser_of(alex)
    assert browser.post(path_of(grant), {"how": "keep"}).status_code == 302
    work()
    assert Mailbox.objects.filter(tenant__tid=FABRIKAM).exists()
    assert "Erase what was read" in browser.get(reverse("account:home")).text
    page = browser.get(path_of(grant)).text
    assert "Erase what was read?" in page and 'value="keep"' not in page
    assert browser.post(path_of(grant), {"how": "erase"}).status_code == 302
    assert "Being erased" in browser.get(reverse("account:home")).text
    work()
    assert left_of(FABRIKAM) == {}


def test_erasing_leaves_no_row_of_it_and_keeps_the_activity_log(alex, grant, home):
    before = AuditEvent.objects.count()
    assert (
        Change.objects.exists() and {"Person", "Mailbox", "Calendar", "CalendarPermission"} <= left_of(FABRIKAM).keys()
    )
    browser = browser_of(alex)
    assert browser.post(path_of(grant), {"how": "erase"}).status_code == 302
    work()
    assert left_of(FABRIKAM) == {}
    tenant = Tenant.objects.get(tid=FABRIKAM)
    assert (tenant.state, tenant.name) == (Tenant.PRIVATE, "")
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert len(verbs) > before and verbs[-3:] == ["grant.disconnected", "grant.erase_asked", "grant.erased"]
    last = AuditEvent.objects.latest("pk")
    assert last.tenant == home and last.subject["grant"] == grant.public_id and last.subject["Mailbox"] == 1
    assert "PattiF" not in repr(last.subject)
    assert "Fabrikam" not in browser.get(reverse("account:home")).text
    assert erasing_own.erase(pk=grant.pk, now=timezone.now()) is False


def test_what_another_person_lent_there_stays_whole(cloud, alex, grant, home):
    megan = User.objects.create(tenant=home, oid=MEGAN, name="Megan Bowen")
    fabrikam = cloud.state.tenants[FABRIKAM]
    other = next(u.oid for u in fabrikam.users.values() if u.oid != PATTI and u.upn.startswith("RuthA"))
    lend(cloud, megan, now=timezone.now(), other=(FABRIKAM, other))
    work()
    theirs = Grant.objects.get(user=megan)

    def count():
        mine = {"mailbox": theirs.mailbox_id}
        return [m.objects.filter(**mine).count() for m in (Calendar, CalendarPermission)]

    before = count()
    assert before[0] > 0
    browser_of(alex).post(path_of(grant), {"how": "erase"})
    work()
    assert count() == before and not Mailbox.objects.filter(person__oid=PATTI).exists()
    assert Grant.objects.get().pk == theirs.pk and Person.objects.filter(oid=other).exists()


def test_the_same_mailbox_lent_by_two_is_not_erased_by_one(cloud, alex, grant, home):
    megan = User.objects.create(tenant=home, oid=MEGAN, name="Megan Bowen")
    lend(cloud, megan, now=timezone.now(), other=(FABRIKAM, PATTI))
    work()
    browser_of(alex).post(path_of(grant), {"how": "erase"})
    work()
    assert Mailbox.objects.filter(person__oid=PATTI).exists() and not Grant.objects.filter(user=alex).exists()
    SyncShard.objects.update(due_at=timezone.now())
    work()
    assert Mailbox.objects.get(person__oid=PATTI).state == Mailbox.OK


def test_who_connects_again_in_between_has_nothing_erased(cloud, alex, grant):
    now = timezone.now()
    grants.disconnect(grant=grant, now=now, actor=alex)
    erasing_own.ask(grant=grant, actor=alex, now=now)
    lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    assert erasing_own.erase(pk=grant.pk, now=timezone.now()) is False
    assert Mailbox.objects.filter(tenant__tid=FABRIKAM).exists() and Grant.objects.get().state == Grant.CONNECTED


def test_it_can_be_connected_again_afterwards(cloud, alex, grant):
    browser_of(alex).post(path_of(grant), {"how": "erase"})
    work()
    lend(cloud, alex, now=timezone.now(), other=(FABRIKAM, PATTI))
    work()
    assert Mailbox.objects.get(tenant__tid=FABRIKAM).state == Mailbox.OK


def test_what_is_the_organizations_is_nobodys_to_erase(cloud, alex, home):
    own = lend(cloud, alex, now=timezone.now())
    work()
    browser = browser_of(alex)
    assert "Erase it" not in browser.get(path_of(own)).text
    browser.post(path_of(own), {"how": "erase"})
    work()
    own.refresh_from_db()
    assert own.cause == "disconnected" and Mailbox.objects.filter(tenant=home).exists()
    with pytest.raises(erasing_own.NotErasable):
        erasing_own.ask(grant=own, actor=alex, now=timezone.now())
    assert browser_of(User.objects.create(tenant=home, oid=MEGAN)).post(path_of(own)).status_code == 404
