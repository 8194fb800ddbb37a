"""Putting the main calendar back: who gets the meeting requests is a line of its own, and a rule’s last day is said."""

import re

import pytest
from django.urls import reverse

from sharing.models import BatchItem, ChangeBatch, Tenant
from tests.contoso import mailbox, permission

from .cast import ALEX, MEGAN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(owner, outside, sync, later, clock):
    """The page that puts Alex’s main calendar back to the day before his delegate and his requests changed."""
    later(days=1)
    sync()
    day = clock.now.date()
    later(days=2)
    sync()
    outside("role", mailbox=ALEX, who=MEGAN, role="read")
    outside("delivery", mailbox=ALEX, option="sendToDelegateAndPrincipal")
    sync()
    later(days=1)
    sync()
    return reverse("restore", args=[permission(ALEX, MEGAN).calendar.public_id]), day.isoformat()


def send(owner, page, **fields):
    url, day = page
    shown = re.search(r'name="shown" value="(\w+)"', owner.get(url, {"date": day}).text)
    return owner.post(url, {"date": day, "shown": shown[1], **fields})


def test_the_line_may_be_unticked_and_is_then_left_out(owner, page):
    text = owner.get(page[0], {"date": page[1]}).text
    assert "Who gets your meeting requests" in text and "“Only my delegate”" in text
    assert 'name="delivery" checked' in text
    assert send(owner, page).status_code == 302
    assert [item.after for item in BatchItem.objects.all()] == ["delegateWithPrivateEventAccess"]


def test_ticked_it_is_the_last_line_of_the_job(owner, page):
    assert mailbox(ALEX).delivery_option == "sendToDelegateAndPrincipal"
    answer = send(owner, page, delivery="on")
    assert answer.url == reverse("restored", args=[ChangeBatch.objects.get().public_id])
    assert [item.after for item in BatchItem.objects.order_by("pk")][-1] == "sendToDelegateOnly"
    assert "Who gets your meeting requests" in owner.get(answer.url).text


def test_the_last_day_that_a_rule_asks_for_is_said_beside_it(owner, page):
    Tenant.objects.update(longest_days_delegate=30)
    text = owner.get(page[0], {"date": page[1]}).text
    assert re.search(r"Until \d+ December 2026: Contoso lets this access last no longer", text)
