"""The registration for meetings: approved apart, switched on apart, and lent apart by people who connect themselves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sandbox import cast as sandbox_cast
from sandbox.world import BOOKER_SECRET
from sharing import connect, graph
from sharing.connect import choosing, clients, grants, health, links, meeting_switch, permissions
from sharing.models import BOOKER, READER, ActivationLink, AuditEvent, Grant, SyncShard, Tenant, User
from tests.cloud import CONTOSO
from tests.connect.lending import BACK, answer_of, go, lend
from tests.contoso import control

ROLES = ["Calendars.ReadWrite"]
MEGAN = "48d31887-5fad-4d73-a9f5-3c356e68a038"


@pytest.fixture
def set_up(settings):
    settings.MICROSOFT_BOOKER_CLIENT_ID, settings.MICROSOFT_BOOKER_SECRET = sandbox_cast.BOOKER_APP, BOOKER_SECRET


@pytest.fixture
def approved(contoso, set_up, cloud):
    """Contoso, whose administrator approved the app for meetings."""
    control(cloud, "consent", {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ROLES})
    clients.forget_tokens()
    return contoso


@pytest.fixture
def own(db, cloud, set_up):
    """Contoso, where everybody connects for themselves and meetings are on."""
    return Tenant.objects.create(
        tid=CONTOSO, name="Contoso", cloud="sandbox", state=Tenant.LISTED, state_since=timezone.now(),
        mode=Tenant.INDIVIDUAL, bookings_on=True,
    )  # fmt: skip


def proved(tenant, clock, allan):
    """The link for meetings as it is after the approval was tried."""
    link, _ = choosing.make_link(tenant=tenant, asks=choosing.MEETINGS, actor=allan, now=clock())
    ActivationLink.objects.filter(pk=link.pk).update(state="approved", state_since=clock(), due_at=clock())
    link.refresh_from_db()
    connect.prove_link(link=link, client=clients.client_of(tenant, app=BOOKER), clock=clock)
    link.refresh_from_db()
    return link


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_its_link_asks_for_calendars_alone_and_leaves_what_reads_as_it_is(approved, clock, allan):
    before = Tenant.objects.values("asks", "name", "has_writer", "writes_on").get(pk=approved.pk)
    link = proved(approved, clock, allan)
    assert (link.app, link.permissions, link.state) == (BOOKER, ROLES, "proved")
    links.confirm_link(link=link, actor=allan, now=clock())
    approved.refresh_from_db()
    assert approved.has_booker and not approved.bookings_on, "an approval is no switch"
    assert Tenant.objects.values("asks", "name", "has_writer", "writes_on").get(pk=approved.pk) == before
    assert permissions.held_by_other(approved, BOOKER)[0] == ["Calendars.ReadWrite"]
    assert "tenant.booker_connected" in verbs()


def test_without_the_role_in_its_token_it_is_not_proved(contoso, set_up, cloud, clock, allan):
    control(cloud, "consent", {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ["User.Read.All"]})
    link = proved(contoso, clock, allan)
    assert link.state == "approved" and link.cause == "consent_missing"
    connect.prove_link(
        link=link, client=clients.client_of(contoso, app=BOOKER), clock=lambda: clock() + timedelta(minutes=16)
    )
    link.refresh_from_db()
    assert (link.state, link.cause) == ("failed", "consent_missing")


def test_a_link_for_meetings_needs_a_registration_and_a_tenant_that_is_read(contoso, settings, cloud, clock):
    assert choosing.may_ask(contoso) == ["read", "both"]
    settings.MICROSOFT_BOOKER_CLIENT_ID = sandbox_cast.BOOKER_APP
    assert choosing.may_ask(contoso) == ["read", "both", "meetings"]
    contoso.state = Tenant.LISTED
    assert choosing.may_ask(contoso) == ["read", "both"]


def test_nothing_is_switched_on_before_the_approval(approved, clock, allan):
    with pytest.raises(connect.NotConnected, match="not approved yet"):
        meeting_switch.let_people_book(tenant=approved, on=True, actor=allan, now=clock())
    assert not Tenant.objects.get(pk=approved.pk).bookings_on and "tenant.bookings_on" not in verbs()


def test_the_switch_is_in_the_activity_log_once_each_way(approved, clock, allan):
    Tenant.objects.filter(pk=approved.pk).update(has_booker=True)
    approved.refresh_from_db()
    for on in (True, True, False, False):
        meeting_switch.let_people_book(tenant=approved, on=on, actor=allan, now=clock())
    assert verbs()[-2:] == ["tenant.bookings_on", "tenant.bookings_off"]
    assert not Tenant.objects.get(pk=approved.pk).bookings_on


def test_doctor_says_when_it_is_not_let_in(approved, clock, cloud):
    Tenant.objects.filter(pk=approved.pk).update(has_booker=True, bookings_on=True)
    (check,) = [c for c in health.examine(now=timezone.now()) if c.name == "meetings"]
    assert check.state == health.OK
    control(cloud, "consent", {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ["User.Read.All"]})
    clients.forget_tokens()
    (check,) = [c for c in health.examine(now=timezone.now()) if c.name == "meetings"]
    assert check.state == health.PROBLEM and "lacks Calendars.ReadWrite" in check.sentence


def test_a_refusal_is_remembered_and_forgotten_once_it_is_let_in(approved, clock, cloud, settings):
    Tenant.objects.filter(pk=approved.pk).update(has_booker=True, bookings_on=True)
    approved.refresh_from_db()
    settings.MICROSOFT_BOOKER_SECRET = "wrong"
    clients.forget_tokens()
    permissions.note_others(tenant=approved, now=clock())
    approved.refresh_from_db()
    assert approved.booker_cause and approved.booker_cause_at == clock() and not approved.writer_cause
    settings.MICROSOFT_BOOKER_SECRET = BOOKER_SECRET
    clients.forget_tokens()
    permissions.note_others(tenant=approved, now=clock())
    approved.refresh_from_db()
    assert (approved.booker_cause, approved.booker_cause_at) == ("", None)


def test_what_is_lent_for_meetings_stands_beside_what_is_lent_for_reading(own, cloud):
    megan = User.objects.create(tenant=own, oid=MEGAN, name="Megan Bowen")
    reading = lend(cloud, megan, now=timezone.now())
    meetings = lend(cloud, megan, now=timezone.now(), app=BOOKER)
    assert {each.app for each in Grant.objects.filter(user=megan)} == {READER, BOOKER}
    assert {"Calendars.ReadWrite", "Calendars.Read.Shared"} <= set(meetings.scopes)
    assert "Calendars.ReadWrite" not in reading.scopes
    assert list(SyncShard.objects.values_list("grant", flat=True)) == [reading.pk], "nothing is read with it"
    assert permissions.lent_in(own).get("Calendars.ReadWrite") is None
    assert permissions.lent_in(own, BOOKER)["Calendars.ReadWrite"] == 1


def test_switching_meetings_off_gives_back_what_was_lent_for_them_alone(own, cloud, allan_of):
    megan = User.objects.create(tenant=own, oid=MEGAN, name="Megan Bowen")
    reading, meetings = (lend(cloud, megan, now=timezone.now(), app=app) for app in (READER, BOOKER))
    meeting_switch.let_people_book(tenant=own, on=False, actor=allan_of(own), now=timezone.now())
    reading.refresh_from_db()
    meetings.refresh_from_db()
    assert reading.state == Grant.CONNECTED and reading.sealed
    assert (meetings.state, meetings.cause, meetings.sealed) == (Grant.LOST, "disconnected", "")


def test_nothing_is_lent_where_meetings_are_off_nor_of_another_account(own, cloud):
    megan = User.objects.create(tenant=own, oid=MEGAN, name="Megan Bowen")
    ask = {"change": False, "shared": False, "redirect_uri": "https://portal/", "now": timezone.now(), "app": BOOKER}
    with pytest.raises(grants.GrantRefused) as refused:
        grants.begin(user=megan, other=True, **ask)
    assert refused.value.cause == "others_not_allowed"
    own.bookings_on = False
    own.save(update_fields=["bookings_on"])
    with pytest.raises(grants.GrantRefused) as refused:
        grants.begin(user=User.objects.get(pk=megan.pk), other=False, **ask)
    assert refused.value.cause == "meetings_off"


def test_nothing_is_lent_where_meetings_are_switched_off_while_the_person_is_at_microsoft(own, cloud):
    megan = User.objects.create(tenant=own, oid=MEGAN, name="Megan Bowen")
    now = timezone.now()
    url, kept = grants.begin(
        user=megan, change=False, shared=False, other=False, redirect_uri=BACK, now=now, app=BOOKER
    )  # fmt: skip
    answer = answer_of(go(cloud, url, oid=megan.oid, tid=own.tid))
    Tenant.objects.filter(pk=own.pk).update(bookings_on=False)
    with pytest.raises(grants.GrantRefused) as refused:
        grants.end(user=megan, answer=answer, kept=kept, redirect_uri=BACK, now=now)
    assert refused.value.cause == "meetings_off" and not Grant.objects.exists()


def test_the_token_for_meetings_is_another_than_the_one_that_reads(approved):
    reading, meetings = (clients.client_of(approved, app=app).renew() for app in (READER, BOOKER))
    assert reading.value != meetings.value and meetings.roles == frozenset(ROLES)
    assert isinstance(clients.booker_for(approved), graph.Client)


@pytest.fixture
def allan_of():
    return lambda tenant: User.objects.create(tenant=tenant, oid="f58d49b5-a2b2-4a51-a2d6-a1c5c1b1a001", name="Allan")
