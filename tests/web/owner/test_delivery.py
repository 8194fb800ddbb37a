"""Who gets the meeting requests: one setting of the mailbox, on its own page and on the main calendar's."""

import pytest
from django.urls import reverse

from sharing.models import Change, Mailbox, Role, Stewardship
from tests.contoso import mailbox, permission

from .cast import ADELE, ALEX, CHARLIE, MEGAN, page_of

PAGE = reverse("delivery")
ONLY, COPY, BOTH = "sendToDelegateOnly", "sendToDelegateAndInformationToPrincipal", "sendToDelegateAndPrincipal"


def form(option, **fields):
    box = mailbox(ALEX)
    return {"mailbox": box.public_id, "seen": box.delivery_option, "option": option} | fields


def test_the_three_choices_stand_with_the_one_that_is_so(owner):
    page = owner.get(PAGE).text
    assert f'value="{ONLY}" checked' in page
    for words in ("Only my delegate", "My delegate, with a copy for me", "Both of us", "Megan Bowen"):
        assert words in page


def test_with_two_delegates_the_words_are_plural(owner, outside, sync):
    outside("share", mailbox=ALEX, who=ADELE, role=Role.DELEGATE)
    sync()
    page = owner.get(PAGE).text
    assert "Only my delegates" in page
    assert "All of us" in page


def test_without_a_delegate_the_page_says_no_more_than_that(owner, outside, sync):
    outside("unshare", mailbox=ALEX, who=MEGAN)
    sync()
    page = owner.get(PAGE).text
    assert "You have no delegate now." in page
    assert "When you have a delegate again, meeting requests go to:" in page
    assert "One setting for all your delegates" not in page
    assert "come to you" not in page


STILL = "Meeting requests are still set to go only to a delegate. To get them yourself, choose “Both of us”."


def test_requests_that_go_only_to_a_delegate_who_is_not_there_are_pointed_out(owner, outside, sync):
    assert STILL not in owner.get(PAGE).text
    outside("unshare", mailbox=ALEX, who=MEGAN)
    sync()
    assert mailbox(ALEX).delivery_option == ONLY
    for url in (PAGE, reverse("home")):
        assert STILL in owner.get(url).text, url
    owner.post(PAGE, form(BOTH))
    assert STILL not in owner.get(PAGE).text  # it is on its way
    outside("delivery", mailbox=ALEX, option=BOTH)
    Change.objects.all().delete()
    sync()
    assert STILL not in owner.get(PAGE).text
    assert "You have no delegate now." in owner.get(PAGE).text


def test_a_mailbox_that_was_never_read_is_not_said_to_have_no_delegate(as_owner):
    Mailbox.objects.filter(pk=mailbox(CHARLIE).pk).update(state=Mailbox.NEVER, read_at=None)
    page = as_owner(CHARLIE).get(PAGE).text
    assert "You have no delegate now." not in page


def test_what_each_other_choice_sends_is_shown_and_that_powershell_has_nothing_for_it(owner):
    page = owner.get(PAGE).text
    for option in (COPY, BOTH):
        assert f"{{&quot;delegateMeetingMessageDeliveryOptions&quot;: &quot;{option}&quot;}}" in page
    assert f"&quot;{ONLY}&quot;}}" not in page  # it is so now
    assert page.count("Exchange PowerShell has no command for who gets meeting requests.") == 1
    owner.post(PAGE, form(BOTH))
    assert "exactly what is sent" not in owner.get(PAGE).text  # nothing can be chosen meanwhile


def test_what_goes_with_the_end_of_the_last_delegate_is_shown_beside_it(owner):
    row = permission(ALEX, MEGAN)
    page = owner.get(page_of(row, "remove")).text
    assert "DELETE /users/" in page and f"&quot;{BOTH}&quot;}}" in page
    assert "Send meeting requests to me from now on</p>" in page


def test_saving_stores_a_change_and_the_worker_carries_it_out(owner, work):
    answer = owner.post(PAGE, form(BOTH))
    assert (answer.status_code, answer.url) == (302, PAGE)
    waiting = owner.get(PAGE).text
    assert "Applying… · Both of us" in waiting
    assert 'name="option"' not in waiting
    work()
    page = owner.get(PAGE).text
    assert "Saved. Who gets your meeting requests: “Both of us”." in page
    assert f'value="{BOTH}" checked' in page


def test_saving_on_the_page_of_the_main_calendar_leads_back_there(owner):
    main = mailbox(ALEX).calendars.get(is_default=True)
    url = reverse("calendar", args=[main.public_id])
    answer = owner.post(PAGE, form(BOTH, back=main.public_id))
    assert answer.url == f"{url}#delivery"
    assert "Applying… · Both of us" in owner.get(url).text


def test_saving_never_leads_to_somebody_elses_calendar(owner):
    theirs = mailbox(CHARLIE).calendars.get(is_default=True)
    assert owner.post(PAGE, form(BOTH, back=theirs.public_id)).status_code == 404
    assert not Change.objects.exists()


def test_a_stale_form_is_refused_and_shows_what_is_so(owner, outside, sync):
    outside("delivery", mailbox=ALEX, option=COPY)
    sync()
    answer = owner.post(PAGE, form(BOTH, seen=ONLY))
    assert answer.status_code == 409
    assert "Who gets your meeting requests changed while this page was open" in answer.text
    assert "It is now “My delegate, with a copy for me”, set outside Calwarden." in answer.text
    assert f'value="{COPY}" checked' in answer.text
    assert not Change.objects.exists()


def test_a_stale_form_says_that_the_setting_was_changed_here(owner, work):
    old = form(BOTH)
    owner.post(PAGE, form(COPY))
    work()
    answer = owner.post(PAGE, old)
    assert answer.status_code == 409
    assert "It is now “My delegate, with a copy for me”, set here by you, today " in answer.text


@pytest.mark.parametrize(("option", "words"), [("", "Choose who gets"), ("custom", "Choose one of the three.")])
def test_what_is_not_one_of_the_three_is_refused_at_its_field(owner, option, words):
    answer = owner.post(PAGE, form(option))
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert not Change.objects.exists()


def test_a_second_click_makes_no_second_change_and_another_wish_is_refused(owner):
    owner.post(PAGE, form(BOTH))
    assert owner.post(PAGE, form(BOTH)).status_code == 302
    assert owner.post(PAGE, form(COPY)).status_code == 409
    assert Change.objects.count() == 1


def test_a_setting_that_was_never_read_is_not_offered(owner):
    Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(delivery_option="")
    page = owner.get(PAGE).text
    assert "We haven’t read this setting yet." in page
    assert 'name="option"' not in page


def test_a_setting_that_nobody_knows_is_shown_and_can_be_replaced(owner):
    Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(delivery_option="sendToTheMoon")
    page = owner.get(PAGE).text
    assert "a setting here that Calwarden doesn’t know" in page
    assert page.count('" checked>') == 0
    owner.post(PAGE, form(BOTH))
    assert Change.objects.get().before == "sendToTheMoon"


def test_nothing_is_changed_while_changes_are_stopped(owner, frozen):
    assert 'name="option"' not in owner.get(PAGE).text
    answer = owner.post(PAGE, form(BOTH))
    assert answer.status_code == 409
    assert "Your IT stopped all changes. Nothing was changed." in answer.text
    assert not Change.objects.exists()


def test_another_persons_mailbox_does_not_exist(as_owner, owner):
    theirs = mailbox(CHARLIE).public_id
    assert owner.get(PAGE, {"mailbox": theirs}).status_code == 404
    assert owner.post(PAGE, form(BOTH, mailbox=theirs)).status_code == 404
    assert not Change.objects.exists()


def test_a_steward_sets_it_for_the_mailbox_they_look_after(owner, alex, contoso):
    press = mailbox("press@contoso.com")
    Stewardship.objects.create(tenant=contoso, mailbox=press, oid=alex.oid, given_at=contoso.state_since)
    page = owner.get(PAGE, {"mailbox": press.public_id}).text
    assert f"Who gets {press.person}’s meeting requests" in page
    wanted = BOTH if press.delivery_option != BOTH else COPY
    owner.post(
        f"{PAGE}?mailbox={press.public_id}",
        {"mailbox": press.public_id, "seen": press.delivery_option, "option": wanted},
    )
    assert (Change.objects.get().mailbox, Change.objects.get().actor_kind) == (press, "steward")
