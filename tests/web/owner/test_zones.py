"""An owner's pages tell the time as the owner's mailbox does, and say which time zone that is."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from sharing.models import Mailbox, Role, Stewardship, User
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, calendar_of

HISTORY = reverse("history")
RECEPTION = "reception@contoso.com"


def set_zone(address, name):
    Mailbox.objects.filter(pk=mailbox(address).pk).update(settings={"time_zone": name})


@pytest.fixture
def noticed(owner, outside, sync, later):
    """Something changed in Outlook, and was noticed on 21 November at 22:30 UTC; it is some minutes later."""
    later(days=19, hours=21, minutes=30)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role=Role.WRITE)
    sync()
    later(minutes=10)
    return owner


@pytest.mark.parametrize(
    ("zone", "moment", "says"),
    [
        ("W. Europe Standard Time", "today 23:30", "time zone Europe/Berlin, as set in Outlook."),
        ("Pacific Standard Time", "today 14:30", "time zone America/Los Angeles, as set in Outlook."),
        ("Asia/Tokyo", "today 07:30", "time zone Asia/Tokyo, as set in Outlook."),
        ("UTC", "today 22:30", "time zone Etc/UTC, as set in Outlook."),
        ("Customized Time Zone", "today 22:30", "Times are in UTC: the time zone set in Outlook is not known."),
        (None, "today 22:30", "Times are in UTC: the time zone set in Outlook is not known."),
        ("../../etc/passwd", "today 22:30", "Times are in UTC: the time zone set in Outlook is not known."),
    ],
)
def test_moments_are_in_the_zone_of_the_mailbox(noticed, zone, moment, says):
    set_zone(ALEX, zone)
    for url in (HISTORY, reverse("home"), calendar_of(permission(ALEX, ADELE, KIDS))):
        page = noticed.get(url).text
        assert f"Noticed {moment}, outside Calwarden" in page, url
        assert page.count(says) == 1, url


def test_a_day_is_a_day_of_that_zone(owner):
    set_zone(ALEX, "Tokyo Standard Time")
    assert "Since before 2 November 2026" in owner.get(calendar_of(permission(ALEX, ADELE, KIDS))).text
    permission_row = permission(ALEX, ADELE, KIDS)
    permission_row.began_at = datetime(2026, 11, 1, 16, tzinfo=UTC)  # two in the morning of the next day in Tokyo
    permission_row.save(update_fields=["began_at"])
    assert "Since before 2 November 2026" in owner.get(calendar_of(permission_row)).text
    set_zone(ALEX, "UTC")
    assert "Since before 1 November 2026" in owner.get(calendar_of(permission_row)).text


def test_who_has_no_mailbox_of_their_own_reads_the_time_of_the_one_they_look_after(client, alex, contoso):
    someone = User.objects.create(tenant=contoso, oid="00000000-0000-4000-8000-000000000001", name="New Colleague")
    reception = mailbox(RECEPTION)
    Stewardship.objects.create(tenant=contoso, mailbox=reception, oid=someone.oid, given_at=contoso.state_since)
    set_zone(RECEPTION, "India Standard Time")
    client.force_login(someone)
    assert "time zone Asia/Calcutta, as set in Outlook." in client.get(HISTORY).text


def test_a_steward_reads_the_time_of_their_own_mailbox(owner, alex, contoso):
    charlie = mailbox(CHARLIE)
    Stewardship.objects.create(tenant=contoso, mailbox=charlie, oid=alex.oid, given_at=contoso.state_since)
    set_zone(CHARLIE, "India Standard Time")
    set_zone(ALEX, "GMT Standard Time")
    main = charlie.calendars.get(is_default=True)
    assert "time zone Europe/London, as set in Outlook." in owner.get(reverse("calendar", args=[main.public_id])).text


def test_the_zone_of_one_page_is_not_that_of_the_next(noticed, client):
    set_zone(ALEX, "Tokyo Standard Time")
    noticed.get(HISTORY)
    assert timezone.get_current_timezone_name() == "UTC"
