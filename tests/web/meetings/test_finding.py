"""Anyone signed in finds a time with colleagues; nothing of anybody's meetings is shown but when they are."""

import pytest
from django.urls import reverse

from sandbox.appointments import PLACES, PRIVATE, SUBJECTS
from sharing import access
from sharing.models import Mailbox, Tenant
from tests.cloud import CONTOSO
from tests.contoso import control, user

from .conftest import ADELE, ALEX, MEGAN, PRADEEP, person, slots, times, wish

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_colleague_is_found_added_and_taken_off_again(megan):
    find = reverse("meetings:find")
    assert "Nobody yet." in megan.get(find).text
    alex = person(ALEX).public_id
    found = megan.post(find, wish(q="wilber")).text
    assert f'name="add" value="{alex}"' in found
    added = megan.post(find, wish(add=alex, q="wilber")).text
    assert 'value="wilber"' not in added and "by that name" not in added
    assert "Nobody else by that name." in megan.post(find, wish(ALEX, q="wilber")).text
    assert f'name="person" value="{alex}"' in added and f'name="drop" value="{alex}"' in added
    assert "Nobody yet." in megan.post(find, wish(ALEX, drop=alex)).text


def test_times_are_told_by_day_in_the_organizers_zone_and_lead_to_booking(megan, cloud):
    answer = times(megan, ALEX)
    assert answer.status_code == 200
    assert "Tuesday, 3 November" in answer.text and "Times that suit everybody" in answer.text
    page = megan.post(reverse("meetings:confirm"), wish(ALEX, at=slots(answer)[0])).text
    assert "Alex Wilber" in page and "Outlook sends the invitations now" in page
    asked = [entry.path for entry in cloud.log.since() if "getSchedule" in entry.path]
    assert len(asked) == 1


def test_somebody_in_another_zone_is_told_their_own_time(megan, cloud):
    cloud.switches.appointments = "none"
    Mailbox.objects.filter(person=person(MEGAN)).update(settings={"time_zone": "India Standard Time"})
    assert "for Alex Wilber" in times(megan, ALEX).text


def test_of_whom_nothing_is_known_is_named_with_why_and_called_free_at_no_time(megan, cloud):
    control(cloud, "change", {"do": "mailbox_state", "tenant": CONTOSO, "mailbox": ADELE, "state": "store_error"})
    answer = times(megan, ALEX, ADELE)
    assert "Not known for Adele Vance: " in answer.text and "The times below suit the others." in answer.text


def test_where_no_time_suits_everybody_it_is_said(megan):
    answer = times(megan, PRADEEP)
    assert "No time found" in answer.text and not slots(answer)


def test_nothing_that_meetings_are_about_is_ever_in_a_page(megan, cloud):
    pages = [times(megan, ALEX, ADELE, last="2026-11-20").text]
    pages.append(megan.post(reverse("meetings:find"), wish(ALEX, ADELE)).text)
    assert "How this day is taken" in pages[0] and "Taken" in pages[0]
    for secret in (*SUBJECTS, *PRIVATE, *filter(None, PLACES)):
        assert not any(secret in page for page in pages), secret
    assert not [entry for entry in cloud.log.since() if entry.kind == "events"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"person": []}, "Choose at least one person."),
        ({"minutes": "7"}, "Choose how long the meeting is."),
        ({"first": "soon"}, "The first day is no date."),
        ({"last": ""}, "Give the last day."),
        ({"last": "2026-11-01"}, "The last day comes before the first one."),
        ({"last": "2027-11-01"}, "Choose at most 40 days."),
        ({"person": ["AAAAAAAAAAAAAAAA"]}, "Somebody on your list can no longer be invited here."),
        ({"person": ["\x00'--"]}, "Somebody on your list can no longer be invited here."),
        ({"address": "someone@adatum.com"}, "is neither a colleague nor at a partner organization"),
        ({"first": "2026-10-01", "last": "2026-10-02"}, "That time is over."),
    ],
)
def test_what_is_wrong_is_said_and_the_form_is_kept(megan, cloud, more, text):
    answer = times(megan, ALEX, **more)
    assert answer.status_code == 422 and text in answer.text
    assert 'name="q"' in answer.text and not slots(answer)
    assert not [entry for entry in cloud.log.since() if "getSchedule" in entry.path]


def test_more_than_nineteen_others_are_too_many(megan, cloud):
    everybody = access.colleagues_of(user(Tenant.objects.get(), MEGAN))[:20]
    answer = times(megan, person=[each.public_id for each in everybody])
    assert answer.status_code == 422 and "Choose at most 19 people." in answer.text


def test_a_colleagues_address_is_as_good_as_their_name(megan):
    answer = megan.post(reverse("meetings:find"), wish(address="alexw@CONTOSO.com"))
    assert f'name="person" value="{person(ALEX).public_id}"' in answer.text


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"do": "status", "status": 429, "retry_after": 30}, "Microsoft asks us to wait."),
        ({"do": "drop"}, "Microsoft did not answer."),
        ({"do": "status", "status": 403, "code": "ErrorAccessDenied"}, "Microsoft refused this."),
    ],
)
def test_where_microsoft_gives_no_answer_it_is_said_and_the_form_is_kept(megan, cloud, fault, text):
    cloud.faults.set([{"match": {"path": "getSchedule"}, "times": 9, **fault}])
    answer = times(megan, ALEX)
    assert answer.status_code == 503 and text in answer.text
    assert f'name="person" value="{person(ALEX).public_id}"' in answer.text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"frozen_at": "2026-11-01T00:00Z"}, "Your IT stopped all changes."),
        ({"has_booker": False}, "Tell your IT."),
        ({"mode": Tenant.INDIVIDUAL}, "whether you agree"),
    ],
)
def test_who_may_not_is_told_why_and_what_to_do(megan, cloud, fields, text):
    Tenant.objects.update(**fields)
    page = megan.get(reverse("meetings:find"))
    assert page.status_code == 200 and text in page.text
    answer = times(megan, ALEX)
    assert answer.status_code == 422 and text in answer.text
    assert not [entry for entry in cloud.log.since() if "getSchedule" in entry.path]


def test_where_it_is_switched_off_there_is_no_page_and_no_way_to_it(megan):
    assert "Find a time" in megan.get("/").text
    Tenant.objects.update(bookings_on=False)
    assert "Find a time" not in megan.get("/").text
    assert megan.get(reverse("meetings:find")).status_code == 404
    assert times(megan, ALEX).status_code == 404
