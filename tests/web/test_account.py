"""The page of a person's own connection: connecting in the browser, forged ways back, the end, and other accounts."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sharing import tasks
from sharing.models import AuditEvent, CalendarPermission, Grant, Mailbox, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import answer_of, go, tenant
from tests.contoso import control

__all__ = ["tenant"]

ALEX, MEGAN = "64339082-ed84-4b0b-b4ab-004ae54f3747", "48d31887-5fad-4d73-a9f5-3c356e68a038"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"
HOST = "localhost:8000"


def browser_of(tenant, oid, name):
    user, _ = User.objects.get_or_create(tenant=tenant, oid=oid, defaults={"name": name})
    browser = Client(headers={"host": HOST})
    browser.force_login(user)
    browser.user = user
    return browser


@pytest.fixture
def alex(tenant):
    return browser_of(tenant, ALEX, "Alex Wilber")


def begin(browser, **asks):
    """Press "Connect"; the address at Microsoft."""
    answer = browser.post(reverse("account:connect"), asks)
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def back(browser, where):
    return browser.get(reverse("account:connected"), answer_of(where))


def connect(cloud, browser, *, oid=ALEX, tid=CONTOSO, **asks):
    answer = back(browser, go(cloud, begin(browser, **asks), oid=oid, tid=tid))
    work()
    return answer


def work():
    for task, pk in list(tasks.due_reads(timezone.now())):
        task(pk)


def shown(browser, path=None):
    answer = browser.get(path or reverse("account:home"))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_person_connects_and_sees_what_it_can_do(cloud, alex):
    assert "Connect your mailbox" in shown(alex, "/")
    assert "Connect my mailbox" in shown(alex)
    answer = connect(cloud, alex)
    assert (answer.status_code, answer["Location"]) == (302, reverse("account:home"))
    text = shown(alex)
    assert "AlexW@contoso.com" in text
    assert "See who has access to your calendars" in text and "It reads only" in text
    assert "Add calendars others share with you" in text and "Allow changes" in text
    home = shown(alex, "/")
    assert "Kids parties" in home and "Owned by you" in home


def test_the_browser_may_be_sent_from_the_form_to_microsoft(alex):
    answer = alex.get(reverse("account:home"))
    policy = next(each for each in answer["Content-Security-Policy"].split(";") if "form-action" in each)
    assert "'self'" in policy and "http://127.0.0.1:8010" in policy
    assert "no-store" in answer["Cache-Control"]


def test_each_further_permission_is_asked_for_by_itself(cloud, alex):
    connect(cloud, alex)
    connect(cloud, alex, shared="on")
    assert "Calendars.Read.Shared" in shown(alex)
    connect(cloud, alex, shared="on", change="on")
    grant = Grant.objects.get()
    assert {"Calendars.ReadWrite", "MailboxSettings.ReadWrite", "Calendars.Read.Shared"} <= set(grant.scopes)
    assert "Allow changes" not in shown(alex)


def test_the_address_at_microsoft_carries_every_guard(alex):
    asked = answer_of(begin(alex))
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["http://localhost:8000/account/connected/"]
    assert set(asked["scope"][0].split()) == {
        "openid", "profile", "offline_access", "User.Read", "Calendars.Read", "MailboxSettings.Read",
    }  # fmt: skip
    assert len(asked["state"][0]) >= 32 and len(asked["nonce"][0]) >= 32
    assert asked["code_challenge"][0] not in str(dict(alex.session))


# Forged ways back ----------------------------------------------------------------------------------------


@pytest.fixture
def where(cloud, alex):
    return go(cloud, begin(alex), oid=ALEX, tid=CONTOSO)


def refused(answer, title):
    assert answer.status_code == 403
    assert title in answer.content.decode()
    assert not Grant.objects.exists()


def test_a_way_back_in_another_browser_connects_nothing(tenant, where):
    refused(back(browser_of(tenant, ALEX, "Alex Wilber"), where), "Nothing was begun here")
    refused(back(browser_of(tenant, MEGAN, "Megan Bowen"), where), "Nothing was begun here")
    nobody = Client(headers={"host": HOST})
    assert back(nobody, where)["Location"].startswith("/signin/")


def test_a_way_back_nobody_began_here_does_not_end_the_one_underway(alex, where):
    forged = answer_of(where) | {"state": ["made-up"]}
    refused(alex.get(reverse("account:connected"), forged), "Nothing was begun here")
    assert back(alex, where).status_code == 302
    assert Grant.objects.get().state == Grant.CONNECTED


def test_a_way_back_counts_once(alex, where):
    assert back(alex, where).status_code == 302
    version = Grant.objects.get().version
    assert back(alex, where).status_code == 403
    assert Grant.objects.get().version == version


def test_a_way_back_counts_for_ten_minutes(alex, where):
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1)):
        refused(back(alex, where), "This took too long")


def test_the_browser_of_another_person_by_then_connects_nothing(tenant, alex, where):
    megan = User.objects.create(tenant=tenant, oid=MEGAN, name="Megan Bowen")
    kept = dict(alex.session)
    alex.force_login(megan)
    session = alex.session
    session.update({"lending": kept["lending"]})
    session.save()
    refused(back(alex, where), "This was begun by somebody else")


def test_the_account_must_be_ones_own(cloud, alex):
    refused(connect(cloud, alex, oid=MEGAN), "That was another account")


def test_a_posted_wish_for_another_account_counts_only_where_it_is_allowed(alex):
    answer = alex.post(reverse("account:connect"), {"other": "on"})
    refused(answer, "Other accounts can’t be connected")


def test_who_does_not_agree_is_told_that_nothing_was_connected(cloud, alex):
    where = go(cloud, begin(alex), oid=ALEX, tid=CONTOSO, answer="cancel")
    answer = back(alex, where)
    refused(answer, "You did not agree")
    assert "AADSTS65004" in answer.content.decode()


def test_where_it_reserves_consent_the_organization_is_asked_first(cloud, alex):
    control(cloud, "policy", {"tenant": "contoso.com", "user_consent": False})
    where = go(cloud, begin(alex), oid=ALEX, tid=CONTOSO, answer="cancel")
    refused(back(alex, where), "Your organization asks an administrator first")


def test_text_from_microsoft_is_not_shown(alex, where):
    answer = answer_of(where) | {"error": ["<b>x</b>"], "error_description": ["AADSTS1: <script>alert(1)</script>"]}
    page = alex.get(reverse("account:connected"), answer).content.decode()
    assert "alert(1)" not in page and "<b>x</b>" not in page


# The end -------------------------------------------------------------------------------------------------


def test_a_connection_that_ended_is_said_with_a_way_to_connect_again(cloud, alex):
    connect(cloud, alex)
    rows = CalendarPermission.objects.open().count()
    control(cloud, "revoke", {"user": ALEX, "number": 50173})
    mailbox = Mailbox.objects.get()
    Mailbox.objects.update(due_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        work()
        alex = browser_of(mailbox.tenant, ALEX, "")
        home, page = shown(alex, "/"), shown(alex)
    assert "Connect again" in home and "This is the last known access." in home and "Kids parties" in home
    assert "Your password was changed" in page and "AADSTS50173" in page and "Connect again" in page
    assert CalendarPermission.objects.open().count() == rows
    assert AuditEvent.objects.filter(verb="grant.lost").count() == 1


def test_disconnecting_asks_first_and_says_what_stays(cloud, alex):
    connect(cloud, alex)
    grant = Grant.objects.get()
    path = reverse("account:disconnect", args=[grant.public_id])
    text = shown(alex, path)
    assert "stays" in text and "Nobody’s access ends" in text and "myapps.microsoft.com" in text
    assert Grant.objects.get().sealed
    assert alex.post(path).status_code == 302
    grant.refresh_from_db()
    assert (grant.state, grant.sealed) == (Grant.LOST, "")
    assert "You disconnected it" in shown(alex)
    home = shown(alex, "/")
    assert "This mailbox was disconnected" in home and "Kids parties" in home
    connect(cloud, alex)
    assert "was disconnected" not in shown(alex, "/")


def test_nobody_disconnects_what_another_person_connected(cloud, tenant, alex):
    connect(cloud, alex)
    path = reverse("account:disconnect", args=[Grant.objects.get().public_id])
    megan = browser_of(tenant, MEGAN, "Megan Bowen")
    assert megan.get(path).status_code == megan.post(path).status_code == 404
    assert Grant.objects.get().sealed


# Other accounts ------------------------------------------------------------------------------------------


def test_another_account_is_seen_by_its_person_only(cloud, tenant, alex):
    assert "Connect another account" not in shown(alex)
    Tenant.objects.filter(pk=tenant.pk).update(people_may_connect_others=True)
    assert "Connect another account" in shown(alex)
    assert connect(cloud, alex, oid=PATTI, tid=FABRIKAM, other="on").status_code == 302
    text = shown(alex)
    assert "PattiF@fabrikam.com" in text and "Only you" in text
    mailbox = Mailbox.objects.get()
    calendar = mailbox.calendars.get(is_own=True, is_default=True)
    path = reverse("calendar", args=[calendar.public_id])
    assert "Patti Fernandez" in shown(alex, "/") and alex.get(path).status_code == 200
    megan = browser_of(tenant, MEGAN, "Megan Bowen")
    assert "Patti Fernandez" not in shown(megan, "/") and megan.get(path).status_code == 404


def test_where_the_organization_reads_the_mailbox_both_are_said(cloud, tenant, alex):
    Tenant.objects.filter(pk=tenant.pk).update(mode=Tenant.DOMAIN_WIDE, state=Tenant.CONNECTED)
    connect(cloud, alex)
    Tenant.objects.filter(pk=tenant.pk).update(next_hourly_at=timezone.now(), next_full_at=timezone.now())
    for _ in range(3):
        work()
    text = shown(alex)
    assert "An administrator connected the whole organization" in text
    assert "kept beside it" in text and "Not used while the organization’s own connection works." in text


# The organization's own connection -----------------------------------------------------------------------


@pytest.fixture
def wide(cloud, tenant, alex):
    """Contoso as a whole, read by the app."""
    now = timezone.now()
    Tenant.objects.filter(pk=tenant.pk).update(
        mode=Tenant.DOMAIN_WIDE, state=Tenant.CONNECTED, next_hourly_at=now, next_full_at=now
    )
    for _ in range(3):
        work()
    return tenant


def test_only_an_admin_disconnects_where_the_organization_says_so(wide, alex):
    assert "Only an admin of Contoso can disconnect it." in shown(alex)
    answer = alex.post(reverse("account:leave"))
    assert answer.status_code == 403 and "does not let people disconnect" in answer.content.decode()
    assert Mailbox.objects.get(person__oid=ALEX).state == Mailbox.OK
    Mailbox.objects.filter(person__oid=ALEX).update(state=Mailbox.EXCLUDED, cause="disconnected")
    assert "Only an admin of Contoso can connect it again." in shown(alex)
    alex.post(reverse("account:come_back"))
    assert Mailbox.objects.get(person__oid=ALEX).state == Mailbox.EXCLUDED


def test_who_may_disconnects_and_comes_back(wide, alex):
    Tenant.objects.filter(pk=wide.pk).update(people_may_disconnect=True)
    assert reverse("account:leave") in shown(alex)
    assert "Nobody’s access ends" in shown(alex, reverse("account:leave"))
    assert alex.post(reverse("account:leave")).status_code == 302
    assert "It was disconnected" in shown(alex)
    assert "This mailbox was disconnected" in shown(alex, "/")
    assert alex.post(reverse("account:come_back")).status_code == 302
    for _ in range(3):
        work()
    assert Mailbox.objects.get(person__oid=ALEX).state == Mailbox.OK
    assert "so your mailbox is read" in shown(alex)
