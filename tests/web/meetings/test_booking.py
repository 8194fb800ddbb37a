"""A meeting is booked, looked at, moved and cancelled on its pages, once each, by its organizer alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from sandbox.appointments import PLACES, PRIVATE, SUBJECTS
from sharing.models import Booking, Tenant
from tests.changes.test_bookings import made, writes
from tests.contoso import control, user
from tests.web.hostile import PAYLOADS, Made, flat

from .conftest import ADELE, ALEX, MEGAN, book, meeting, slots, times, wish

pytestmark = pytest.mark.django_db(transaction=True)


def page_of(booking, name="booking"):
    return reverse(f"meetings:{name}", args=[booking.public_id])


@pytest.fixture
def booking(megan):
    book(megan, ALEX)
    return Booking.objects.get()


def test_a_slot_becomes_a_meeting_that_outlook_has_and_its_page_shows(megan, cloud):
    answer = book(megan, ALEX)
    booking = Booking.objects.get()
    assert answer.redirect_chain == [(page_of(booking), 302)] and booking.state == Booking.BOOKED
    for text in ("Budget", "Booked", "Alex Wilber", "No answer yet", "As Outlook has it now."):
        assert text in answer.text
    assert len(made(cloud)) == 1
    assert "Budget" in megan.get(reverse("meetings:mine")).text


def test_a_form_sent_twice_leads_to_the_same_meeting(megan, cloud):
    form = meeting(megan, ALEX)
    first, again = (megan.post(reverse("meetings:book"), form) for _ in range(2))
    assert first["Location"] == again["Location"] and Booking.objects.count() == 1
    assert len(made(cloud)) == 1 and len([e for e in writes(cloud) if e.method == "POST"]) == 1


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"subject": "  "}, "Say what the meeting is about."),
        ({"subject": "x" * 256}, "more than 255 characters"),
        ({"subject": "a\x00b"}, "characters that cannot be sent"),
        ({"person": ["AAAAAAAAAAAAAAAA"]}, "no longer be invited here"),
        ({"person": []}, "no longer there"),
        ({"at": "2026-10-01T09:00:00+00:00"}, "That time is over."),
        ({"at": "soon"}, "no longer there"),
        ({"minutes": "999"}, "no longer there"),
        ({"form_key": "mine"}, "Budget"),
    ],
)
def test_what_is_no_meeting_is_refused_and_the_form_is_kept(megan, cloud, more, text):
    answer = megan.post(reverse("meetings:book"), meeting(megan, ALEX) | more)
    assert answer.status_code == 422 and text in answer.text
    assert not Booking.objects.exists() and not made(cloud)


def test_who_accepted_is_read_back_when_the_page_is_opened(megan, booking, outside):
    outside("answer_event", mailbox=ALEX, event=booking.ical_uid, response="accepted")
    assert "Accepted" in megan.get(page_of(booking)).text


def test_where_microsoft_cannot_be_asked_the_page_says_from_when_it_is(megan, booking, cloud):
    cloud.faults.set([{"match": {"path": "/events"}, "times": 9, "do": "drop"}])
    page = megan.get(page_of(booking)).text
    assert "Microsoft did not answer." in page and "What you see is from " in page and "Alex Wilber" in page
    assert "No answer yet" not in page


def test_a_meeting_deleted_in_outlook_is_shown_as_gone(megan, booking, outside):
    outside("delete_event", mailbox=MEGAN, event=str(booking.mark))
    page = megan.get(page_of(booking)).text
    assert "No longer in your calendar" in page and "Cancel meeting…" not in page


def test_while_nobody_knows_yet_the_page_asks_again_until_it_is_booked(megan, cloud, later):
    control(cloud, "switches", {"events_visible_after_seconds": 60})
    page = book(megan, ALEX).text
    booking = Booking.objects.get()
    assert "Being booked" in page and "Look again" in page and "every 3s" in page
    assert "Being booked" in megan.post(page_of(booking, "look_again"), headers={"HX-Request": "true"}).text
    later(seconds=61)
    cloud.advance(61)
    answer = megan.post(page_of(booking, "look_again"), follow=True)
    assert "Being booked" not in answer.text and "Booked" in answer.text
    assert len(made(cloud)) == 1


def test_a_meeting_is_moved_to_a_time_that_is_typed(megan, booking, cloud):
    assert "2026-11-03" in megan.get(page_of(booking, "move")).text
    answer = megan.post(page_of(booking, "move"), {"day": "2026-11-05", "time": "15:30"}, follow=True)
    booking.refresh_from_db()
    assert booking.state == Booking.BOOKED and not booking.act
    assert "Thursday, 5 November 2026" in answer.text and "15:30 to 16:30" in answer.text
    assert len(made(cloud)) == 1


def test_a_meeting_is_moved_to_a_time_that_suits_the_same_people(megan, booking):
    find = megan.get(reverse("meetings:find"), {"moving": booking.public_id}).text
    assert "With the same people" in find and "Alex Wilber" in find
    found = times(megan, moving=booking.public_id, person=[], first="2026-11-04")
    assert not slots(found)
    link = found.text.split(f"{page_of(booking, 'move')}?at=")[1].split('"')[0]
    page = megan.get(f"{page_of(booking, 'move')}?at={link}").text
    assert 'value="2026-11-04"' in page and "Whether it suits them is not looked at." not in page


@pytest.mark.parametrize("form", [{"day": "", "time": "15:30"}, {"day": "2026-11-05", "time": "x"}, {},
                                  {"day": "2026-01-05", "time": "15:30"}])  # fmt: skip
def test_a_time_that_is_none_moves_nothing(megan, booking, form):
    answer = megan.post(page_of(booking, "move"), form)
    assert answer.status_code == 422 and "There is a problem" in answer.text
    booking.refresh_from_db()
    assert not booking.act


def test_a_meeting_is_cancelled_after_one_more_question(megan, booking, cloud):
    assert "Outlook tells everybody who is invited" in megan.get(page_of(booking, "cancel")).text
    answer = megan.post(page_of(booking, "cancel"), follow=True)
    assert "Cancelled" in answer.text and not made(cloud)
    assert megan.get(page_of(booking, "cancel")).status_code == 302
    assert megan.post(page_of(booking, "move"), {"day": "2026-11-05", "time": "15:30"}).status_code == 302
    assert not made(cloud)


def test_a_meeting_is_its_organizers_alone(as_person):
    book(as_person(MEGAN), ALEX)
    booking = Booking.objects.get()
    alex = as_person(ALEX)
    for name in ("booking", "move", "cancel"):
        assert alex.get(page_of(booking, name)).status_code == 404
    for name in ("look_again", "move", "cancel"):
        assert alex.post(page_of(booking, name)).status_code == 404
    assert alex.get(reverse("meetings:find"), {"moving": booking.public_id}).status_code == 404
    assert times(alex, moving=booking.public_id).status_code == 404
    assert "Budget" not in alex.get(reverse("meetings:mine")).text


def test_where_changes_are_stopped_a_meeting_is_shown_and_left_alone(megan, booking, cloud):
    Tenant.objects.update(frozen_at=booking.asked_at)
    cloud.log.clear()
    page = megan.get(page_of(booking)).text
    assert "Your IT stopped all changes." in page and "Cancel meeting…" not in page
    assert megan.post(page_of(booking, "cancel")).status_code == 422
    assert not [e for e in cloud.log.since() if e.kind == "own_event"]


def test_nothing_is_asked_of_microsoft_about_a_meeting_that_is_over(megan, booking, cloud, later):
    later(days=9)
    cloud.log.clear()
    assert "Budget" in megan.get(page_of(booking)).text
    assert "Budget" in megan.get(reverse("meetings:mine"), {"past": "on"}).text
    assert "Budget" not in megan.get(reverse("meetings:mine")).text
    assert not [e for e in cloud.log.since() if e.kind == "own_event"]


def test_no_event_but_the_portals_own_is_ever_read(megan, booking, cloud):
    megan.get(page_of(booking))
    megan.post(page_of(booking, "cancel"))
    assert cloud.log.counts["event_reads"] == 0 and not [e for e in cloud.log.since() if e.kind == "events"]


def test_fifty_meetings_are_on_one_page(megan, booking):
    start = booking.starts_at
    Booking.objects.bulk_create(
        Booking(
            tenant=booking.tenant, mailbox=booking.mailbox, user=booking.user, form_key=uuid4(),
            subject=f"Meeting {number:02}", starts_at=start + timedelta(hours=number),
            ends_at=start + timedelta(hours=number + 1), zone="UTC", attendees=booking.attendees, state="booked",
            act="", asked_at=start, act_at=start,
        )
        for number in range(1, 61)
    )  # fmt: skip
    page = megan.get(reverse("meetings:mine")).text
    assert "Meeting 49" in page and "Meeting 50" not in page and "1 to 50 of 61" in page
    assert "Meeting 60" in megan.get(reverse("meetings:mine"), {"page": "2"}).text


def test_what_a_meeting_is_called_is_text_on_every_page(megan, booking):
    def pages():
        booking.refresh_from_db()
        asked = [page_of(booking), page_of(booking, "move"), page_of(booking, "cancel"), reverse("meetings:mine")]
        asked.append(f"{reverse('meetings:find')}?moving={booking.public_id}")
        return {url: Made(megan.get(url).text) for url in asked}

    plain = {tag for made in pages().values() for tag in made.tags}
    for payload in PAYLOADS[::3]:
        people = [{"address": "alexw@contoso.com", "name": payload[:200]}]
        Booking.objects.update(subject=payload[:255], attendees=people)
        for url, page in pages().items():
            assert page.tags - plain == set(), (url, payload)
    for payload in PAYLOADS[:3]:
        Booking.objects.update(subject=payload)
        assert all(flat(payload) in page.text for page in pages().values())


def test_a_subject_of_any_kind_is_kept_in_the_form_as_text(megan):
    form = meeting(megan, ALEX)
    plain = Made(megan.post(reverse("meetings:book"), form | {"at": "2026-10-01T09:00:00+00:00"}).text)
    for payload in PAYLOADS[::5]:
        page = megan.post(reverse("meetings:book"), form | {"at": "2026-10-01T09:00:00+00:00", "subject": payload})
        assert page.status_code == 422 and Made(page.text).tags - plain.tags == set(), payload


def test_where_people_lend_it_themselves_they_agree_first(megan, booking):
    Tenant.objects.update(mode=Tenant.INDIVIDUAL)
    page = megan.get(page_of(booking)).text
    assert "whether you agree" in page and reverse("account:home") in page
    assert user(booking.tenant, ADELE) != booking.user


def test_a_slot_that_two_people_are_in_is_asked_for_once_more_before_anything_is_booked(megan, cloud):
    page = megan.post(reverse("meetings:confirm"), wish(ALEX, ADELE, at="2026-11-03T17:00:00+00:00"))
    assert "Alex Wilber" in page.text and "Adele Vance" in page.text
    assert not Booking.objects.exists() and not writes(cloud)
    assert megan.get(reverse("meetings:confirm")).status_code == 302


PATTI = "pattif@fabrikam.com"


def test_somebody_at_a_partner_is_asked_about_and_invited_like_a_colleague(partner, megan, cloud):
    find = reverse("meetings:find")
    assert "Their mail address, at fabrikam.com." in megan.get(find).text
    added = megan.post(find, wish(address=f" {PATTI.upper()} ")).text
    assert f'name="outside" value="{PATTI}"' in added
    found = times(megan, outside=[PATTI])
    assert found.status_code == 200 and slots(found) and "Not known" not in found.text
    form = meeting(megan, outside=[PATTI], at=slots(found)[0])
    page = megan.post(reverse("meetings:confirm"), form).text
    assert "1 of them goes outside your organization." in page
    answer = megan.post(reverse("meetings:book"), form, follow=True).text
    assert PATTI in answer and "Booked" in answer
    assert Booking.objects.get().attendees == [{"address": PATTI, "name": ""}] and len(made(cloud)) == 1
    for page in (found.text, answer):
        assert not any(secret in page for secret in (*SUBJECTS, *PRIVATE, *filter(None, PLACES)))


def test_an_address_that_is_no_partners_is_neither_asked_about_nor_invited(partner, megan, cloud):
    for form in (
        {"address": "someone@adatum.com"},
        {"outside": ["someone@adatum.com"]},
        {"address": "x@@fabrikam.com"},
    ):
        assert times(megan, ALEX, **form).status_code == 422
    form = meeting(megan, ALEX) | {"outside": ["someone@adatum.com"]}
    assert megan.post(reverse("meetings:book"), form).status_code == 422
    assert not made(cloud) and not Booking.objects.exists()
