"""Who lends their mailbox to tests with partners: their own page, their own word, and the end of it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from sharing.connect import ends
from sharing.meetings import volunteers
from sharing.models import AuditEvent, Mailbox, Person, Tenant, Volunteer
from tests.cast import ALEX, GUEST, MEGAN, VIKRAM

HEADING = "For tests with partner organizations"


@pytest.fixture
def alex(cast):
    return cast.browser(ALEX)


def mailbox_of(address):
    return Mailbox.objects.select_related("tenant", "person", "shard__grant").get(person__address__iexact=address)


def shown(browser):
    answer = browser.get(reverse("account:home"))
    assert answer.status_code == 200
    return answer.content.decode()


def press(browser, button):
    answer = browser.post(reverse("account:volunteer"), {button: "on"})
    assert (answer.status_code, answer["Location"]) == (302, reverse("account:home"))


def test_a_person_lends_their_mailbox_and_takes_it_back(alex):
    text = shown(alex)
    assert HEADING in text and "Nothing in your calendar is read." in text
    for _ in range(2):
        press(alex, "lend")
    volunteer = Volunteer.objects.get()
    assert volunteer.mailbox == mailbox_of(ALEX)
    assert "Nobody asked yet." in shown(alex) and "Take it back" in shown(alex)
    for _ in range(2):
        press(alex, "end")
    assert not Volunteer.objects.exists()
    assert "Lend my mailbox" in shown(alex)
    events = AuditEvent.objects.filter(verb__startswith="volunteer.").order_by("pk")
    assert list(events.values_list("verb", "subject")) == [
        (verb, {"mailbox": volunteer.mailbox.public_id}) for verb in ("volunteer.lent", "volunteer.ended")
    ]


@pytest.mark.parametrize("change", [
    lambda mailbox: Tenant.objects.filter(pk=mailbox.tenant_id).update(mode=Tenant.INDIVIDUAL),
    lambda mailbox: Tenant.objects.filter(pk=mailbox.tenant_id).update(state=Tenant.LOST),
    lambda mailbox: Mailbox.objects.filter(pk=mailbox.pk).update(state=Mailbox.EXCLUDED, cause="outside_group"),
    lambda mailbox: Mailbox.objects.filter(pk=mailbox.pk).update(state=Mailbox.NO_MAILBOX),
    lambda mailbox: Person.objects.filter(pk=mailbox.person_id).update(enabled=False),
], ids=["each for themselves", "access lost", "outside the group", "no mailbox", "account disabled"])  # fmt: skip
def test_only_a_mailbox_that_the_app_reads_for_the_organization_is_lent(alex, change):
    change(mailbox_of(ALEX))
    assert HEADING not in shown(alex)
    press(alex, "lend")
    assert not Volunteer.objects.exists()


def test_what_was_lent_can_be_taken_back_whatever_became_of_the_mailbox(alex):
    press(alex, "lend")
    Mailbox.objects.filter(pk=mailbox_of(ALEX).pk).update(state=Mailbox.EXCLUDED)
    assert "Take it back" in shown(alex)
    press(alex, "end")
    assert not Volunteer.objects.exists()


def test_nobody_lends_what_is_not_their_own(cast):
    with pytest.raises(volunteers.NotLendable):
        volunteers.lend(mailbox=mailbox_of(ALEX), actor=cast.users[MEGAN], now=cast.now)
    volunteers.lend(mailbox=mailbox_of(ALEX), actor=cast.users[ALEX], now=cast.now)
    with pytest.raises(volunteers.NotLendable):
        volunteers.take_back(mailbox=mailbox_of(ALEX), actor=cast.users[MEGAN], now=cast.now)
    press(cast.browser(GUEST), "lend")
    assert Volunteer.objects.count() == 1


def test_it_ends_with_the_mailbox_s_connection_and_with_the_organization_s(cast, alex):
    press(alex, "lend")
    ends.disconnect_mailbox(mailbox=mailbox_of(ALEX), actor=cast.users[ALEX], now=timezone.now(), is_admin=True)
    assert not Volunteer.objects.exists()
    press(cast.browser(MEGAN), "lend")
    assert Volunteer.objects.get().mailbox == mailbox_of(MEGAN)
    ends.disconnect_tenant(tenant=cast.contoso, erase=False, actor=cast.users[VIKRAM], now=timezone.now())
    assert not Volunteer.objects.exists()
