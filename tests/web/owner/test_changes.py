"""A change underway and how it ended: said from its row, to every browser alike, until it is dismissed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sharing.models import Change
from tests.contoso import control, mailbox, permission

from .cast import ADELE, ALEX, CHARLIE, KIDS, calendar_of, form_of, page_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def adele(alex):
    return permission(ALEX, ADELE, KIDS)


@pytest.fixture
def change(owner, adele):
    """Alex asked that Adele may edit Kids parties; no worker has looked yet."""
    owner.post(page_of(adele), form_of(adele, role="write"))
    return Change.objects.get()


def fragment(owner, change, **query):
    return owner.get(reverse("change", args=[change.public_id]), query, headers=HTMX)


def dismiss(owner, change, **query):
    url = reverse("dismiss", args=[change.public_id])
    return owner.post(f"{url}?next={query['next']}" if query else url)


def test_while_it_is_open_the_row_asks_again_every_second(owner, change, adele):
    page = fragment(owner, change).text
    assert f'id="person-{adele.pk}"' in page
    assert 'data-hx-trigger="every 1s"' in page
    assert "Applying… · “Can edit”" in page
    assert "Who has access" not in page


def test_once_it_ended_everything_it_touched_is_drawn_and_nobody_asks_again(owner, change, work):
    work()
    page = fragment(owner, change).text
    assert "data-hx-get" not in page
    assert "Adele Vance now has “Can edit” on Kids parties." in page
    assert "You changed <strong>Adele Vance</strong>" in page
    assert 'id="people"' in page


@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("kind", ["role", "delivery"])
def test_a_change_that_ends_while_its_part_is_drawn_is_asked_for_again_or_told(owner, adele, work, kind, nth):
    if kind == "role":
        owner.post(page_of(adele), form_of(adele, role="write"))
    else:
        box = mailbox(ALEX)
        form = {"mailbox": box.public_id, "seen": box.delivery_option, "option": "sendToDelegateAndPrincipal"}
        owner.post(reverse("delivery"), form)
    asked = 0

    def end_it(execute, sql, *rest):
        """The worker is done right after the `nth` look at changes."""
        nonlocal asked
        answer = execute(sql, *rest)
        if sql.startswith("SELECT") and 'FROM "sharing_change"' in sql:
            asked += 1
            if asked == nth:
                asked += 100
                work()
        return answer

    with connection.execute_wrapper(end_it):
        page = fragment(owner, Change.objects.only("public_id").get()).text
    assert "data-hx-get" in page or 'class="toast' in page


def test_a_row_that_waits_for_long_asks_less_often(owner, change, later):
    later(minutes=2)
    assert 'data-hx-trigger="every 10s"' in fragment(owner, change).text


def test_the_page_about_one_person_waits_as_a_whole(owner, change, adele, work):
    for page in (owner.get(page_of(adele)).text, owner.get(page_of(adele, "remove")).text):
        assert "A change is being applied" in page
        assert page.count("data-hx-get") == 1
        assert '<button class="btn btn-primary">' not in page
    work()
    assert "data-hx-get" not in owner.get(page_of(adele)).text


def test_without_htmx_the_address_leads_to_the_calendar(owner, change, adele):
    answer = owner.get(reverse("change", args=[change.public_id]))
    assert (answer.status_code, answer.url) == (302, calendar_of(adele))


def test_a_change_of_meeting_requests_draws_itself_where_it_stands(owner, work):
    box = mailbox(ALEX)
    main = box.calendars.get(is_default=True)
    owner.post(reverse("delivery"), {
        "mailbox": box.public_id, "seen": box.delivery_option, "option": "sendToDelegateAndPrincipal",
    })  # fmt: skip
    change = Change.objects.get()
    for query in ({}, {"back": main.public_id}):
        waiting = fragment(owner, change, **query).text
        assert 'id="delivery"' in waiting
        assert 'data-hx-trigger="every 1s"' in waiting
    assert owner.get(reverse("change", args=[change.public_id])).url.startswith(reverse("delivery"))
    work()
    alone, beside = fragment(owner, change).text, fragment(owner, change, back=main.public_id).text
    for page in (alone, beside):
        assert "Saved. Who gets your meeting requests: “Both of us”." in page
        assert "data-hx-get" not in page
    assert 'id="people"' in beside
    assert 'id="people"' not in alone


def test_a_write_that_takes_long_is_no_longer_called_applying(owner, change, adele, clock):
    Change.objects.filter(pk=change.pk).update(sent_at=clock.now - timedelta(seconds=11))
    page = owner.get(calendar_of(adele)).text
    assert "Microsoft has not confirmed yet" in page
    assert "We keep checking." in page
    assert "Nothing was changed" not in page


def test_a_conflict_shows_the_current_value_and_stays_until_dismissed(owner, change, adele, work, outside, later):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    work()
    later(hours=5)
    page = owner.get(calendar_of(adele)).text
    assert "Adele Vance’s access to Kids parties changed while this page was open" in page
    assert (
        "It is now “Can view titles and locations”, set outside Calwarden. Your change to “Can edit” was not saved."
        in page
    )
    assert dismiss(owner, change).url == calendar_of(adele)
    assert "changed while this page was open" not in owner.get(calendar_of(adele)).text


def test_somebody_removed_meanwhile_is_said_to_be_gone(owner, change, adele, work, outside):
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    work()
    for page in (fragment(owner, change).text, owner.get(calendar_of(adele)).text):
        assert "Adele Vance no longer has access" in page
        assert "It was removed outside Calwarden." in page
        assert f'id="person-{adele.pk}"' not in page


def test_a_refusal_before_anything_was_sent_says_that_nothing_was_changed(owner, change, adele, alex, work):
    alex.tenant.writes_on = False
    alex.tenant.save(update_fields=["writes_on"])
    work()
    page = owner.get(calendar_of(adele)).text
    assert "Your change was cancelled" in page
    assert "Nothing was changed." in page


def test_a_refusal_of_what_was_sent_does_not_say_that_nothing_was_changed(owner, change, adele, clock):
    Change.objects.filter(pk=change.pk).update(
        state="failed", cause="denied", sent_at=clock.now, finished_at=clock.now, due_at=None
    )
    page = owner.get(calendar_of(adele)).text
    assert "Microsoft 365 does not let Calwarden change this mailbox." in page
    assert "Nothing was changed" not in page


@pytest.fixture
def unconfirmed(change, clock):
    Change.objects.filter(pk=change.pk).update(
        state="unknown", cause="not_confirmed", sent_at=clock.now, finished_at=clock.now, due_at=None
    )
    return change


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("write", "Adele Vance now has “Can edit” on Kids parties."),
        ("read", "Microsoft 365 shows it as it was before. Nothing was changed."),
        ("limitedRead", "It is now “"),
    ],
)
def test_an_outcome_nobody_confirmed_is_told_until_somebody_has_it_looked_at(
    owner, unconfirmed, adele, clock, later, sync, work, outside, cloud, role, told
):
    look = reverse("look", args=[unconfirmed.public_id])
    if role != "read":
        outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role=role)
    later(hours=1)
    sync()
    page = owner.get(calendar_of(adele)).text
    assert "Microsoft has not confirmed your change" in page and look in page
    cloud.log.clear()
    assert owner.post(look).url == calendar_of(adele)
    assert "Looking…" in owner.get(calendar_of(adele)).text
    work()
    page = owner.get(calendar_of(adele)).text
    assert told in page and "has not confirmed" not in page
    assert not cloud.log.writes()


def test_a_second_click_on_looking_again_does_nothing(owner, unconfirmed, work, later):
    look = reverse("look", args=[unconfirmed.public_id])
    later(hours=1)
    assert [owner.post(look).status_code for _ in range(2)] == [302, 302]
    work()
    assert owner.post(look).status_code == 302
    assert Change.objects.get().state == "failed"


def test_access_that_came_back_is_an_alarm_even_where_the_success_was_dismissed(
    owner, change, adele, work, outside, later
):
    work()
    dismiss(owner, change)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    later(minutes=11)
    work()
    page = owner.get(calendar_of(adele)).text
    assert "Adele Vance’s access was changed again outside Calwarden" in page
    assert "a check found “Can view all details” on Kids parties, today 17:11." in page


def test_only_the_newest_wish_about_a_person_is_told(owner, change, adele, work, outside):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    work()
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    work()
    page = owner.get(calendar_of(adele)).text
    assert "Adele Vance now has “Can edit” on Kids parties." in page
    assert "changed while this page was open" not in page


def test_a_success_is_told_for_ten_minutes_to_every_browser_of_the_person(owner, change, adele, alex, work, later):
    work()
    other = Client()
    other.force_login(alex)
    assert "Adele Vance now has “Can edit”" in other.get(calendar_of(adele)).text
    later(minutes=11)
    assert "Adele Vance now has “Can edit”" not in owner.get(calendar_of(adele)).text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_dismissing_never_leads_elsewhere(owner, change, adele, work, target):
    work()
    assert dismiss(owner, change, next=target).url == calendar_of(adele)


def test_a_change_underway_is_not_dismissed(owner, change):
    dismiss(owner, change)
    change.refresh_from_db()
    assert change.dismissed_at is None


def test_another_person_neither_sees_nor_dismisses_it(as_owner, owner, change, work):
    work()
    charlie = as_owner(CHARLIE)
    assert fragment(charlie, change).status_code == 404
    assert dismiss(charlie, change).status_code == 404
    assert Change.objects.get().dismissed_at is None


def test_a_change_that_microsoft_slows_down_is_kept(owner, change, adele, cloud, work):
    control(cloud, "faults", [{"do": "status", "status": 429, "retry_after": 20, "times": 1}])
    work()
    assert "Applying…" in owner.get(calendar_of(adele)).text
    assert Change.objects.get().is_open


def test_a_row_that_asks_after_the_session_ended_gets_no_sign_in_page(owner):
    row = permission(ALEX, ADELE, KIDS)
    owner.post(page_of(row), form_of(row, role="write"))
    url = reverse("change", args=[Change.objects.get().public_id])
    owner.logout()
    for address in (url, reverse("home"), calendar_of(row)):
        answer = owner.get(address, headers=HTMX)
        assert (answer.status_code, answer.content) == (401, b"")
        assert owner.get(address).url.startswith(reverse("signin"))
