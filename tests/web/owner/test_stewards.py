"""Whoever looks after a shared or room mailbox reads its name, not "you" and "your"."""

import re

import pytest
from django.urls import reverse

from sharing.models import Change, DeliveryPeriod, Role, Stewardship
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, MEGAN, calendar_of, form_of, page_of

RECEPTION = "reception@contoso.com"
DELIVERY = reverse("delivery")
# Of the reader themself, which they are: what they did, and may do.
ABOUT_THE_READER = re.compile(
    r"My calendars|You look after|You changed|You removed|You set|You asked|Your change|Your choice|[Yy]our IT"
    r"|your organization|People in my organization|you can change it to|Your calendars|Recent changes"
)
YOU = re.compile(r"\b(you|your|you’re|yours|me|my|I’m)\b", re.IGNORECASE)


def spoken(answer):
    """Where a page speaks to its reader as to the owner."""
    text = re.sub(r"<[^>]+>|&[a-z#0-9]+;", " ", answer.text[answer.text.index("<main") :])
    text = re.sub(r"Recent changes.*", "", re.sub(r"\s+", " ", text))
    text = ABOUT_THE_READER.sub("", text)
    return [text[max(found.start() - 40, 0) : found.end() + 20] for found in YOU.finditer(text)]


@pytest.fixture
def steward(owner, alex, contoso, outside, sync):
    """Alex looks after Reception, which Megan acts for and which everyone sees busy."""
    outside("share", mailbox=RECEPTION, who=MEGAN, role=Role.DELEGATE)
    outside("share", mailbox=RECEPTION, who=ADELE, role=Role.FREE_BUSY_READ)
    sync()
    box = mailbox(RECEPTION)
    Stewardship.objects.create(tenant=contoso, mailbox=box, oid=alex.oid, given_at=contoso.state_since)
    box.delivery_option = "sendToDelegateOnly"
    box.save(update_fields=["delivery_option"])
    return owner


def delivery_page(steward):
    return steward.get(DELIVERY, {"mailbox": mailbox(RECEPTION).public_id})


def test_no_page_about_the_mailbox_says_you(steward, clock):
    megan, adele = permission(RECEPTION, MEGAN), permission(RECEPTION, ADELE)
    box = mailbox(RECEPTION)
    DeliveryPeriod.objects.create(
        tenant=box.tenant, mailbox=box, ended_at=clock.now, delivery_option="sendToDelegateAndPrincipal",
        after="sendToDelegateOnly",
    )  # fmt: skip
    everyone = permission(RECEPTION, "Default")
    for url, query in (
        (calendar_of(megan), {}),
        (page_of(megan), {}),
        (page_of(adele), {}),
        (page_of(everyone), {}),
        (page_of(megan), {"to": "read"}),
        (page_of(adele), {"to": "delegateWithoutPrivateEventAccess"}),
        (page_of(megan, "remove"), {}),
        (DELIVERY, {"mailbox": box.public_id}),
    ):
        assert spoken(steward.get(url, query)) == [], (url, query)


def test_its_name_stands_instead(steward):
    name = str(mailbox(RECEPTION).person)
    page = steward.get(calendar_of(permission(RECEPTION, MEGAN))).text
    assert f"answers invitations for {name}." in page
    assert f"Sees when {name} is free or busy." in page
    assert f"Who gets {name}’s meeting requests" in page
    assert f"{name} doesn’t get the invitation." in page
    assert "Can view when busy" in page
    asked = steward.get(page_of(permission(RECEPTION, MEGAN), "remove")).text
    assert f"Megan Bowen is {name}’s only delegate" in asked
    assert f"{name} will have no delegate then." in asked
    assert f"Send meeting requests to {name} from now on" in asked
    home = steward.get(reverse("home")).text
    assert f"acts for {name}" in home


def test_what_was_changed_is_told_of_it_by_name(steward, work):
    box = mailbox(RECEPTION)
    name = str(box.person)
    wanted = {"mailbox": box.public_id, "seen": box.delivery_option, "option": "sendToDelegateAndPrincipal"}
    Change.objects.all().delete()
    steward.post(f"{DELIVERY}?mailbox={box.public_id}", wanted)
    assert "Applying…" in delivery_page(steward).text
    adele = permission(RECEPTION, ADELE)
    steward.post(page_of(adele), form_of(adele, role="limitedRead"))
    history = steward.get(reverse("history")).text
    assert f"who gets {name}’s meeting requests to “{name} and the delegate”" in history
    assert "from “Can view when busy” to" in history
    work()
    assert spoken(delivery_page(steward)) == []
    assert spoken(steward.get(calendar_of(adele))) == []


def test_without_a_delegate_it_is_the_mailbox_that_has_none(steward, outside, sync):
    outside("unshare", mailbox=RECEPTION, who=MEGAN)
    sync()
    name = str(mailbox(RECEPTION).person)
    page = delivery_page(steward)
    assert f"{name} has no delegate now." in page.text
    assert f"When {name} has a delegate again, meeting requests go to:" in page.text
    assert spoken(page) == []


def test_the_owner_of_a_mailbox_is_still_spoken_to(steward):
    page = steward.get(calendar_of(permission(ALEX, MEGAN))).text
    assert "answers invitations for you." in page
    assert "Who gets your meeting requests" in page
    assert "Can view when I’m busy" in page
