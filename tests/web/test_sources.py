"""Where an event of the activity log came from, and that whoever asks for what is not theirs is noted."""

import getpass

import pytest
from django.core.management import call_command
from django.urls import reverse

from sharing.models import AuditEvent
from sharing.web.sources import source_of
from tests.cast import ALEX, CHARLIE, ISAIAH, PATTI


def denied():
    return AuditEvent.objects.filter(verb="access.denied")


def test_an_event_says_from_which_address_and_session_it_came(cast):
    browser = cast.browser(ISAIAH, REMOTE_ADDR="192.0.2.44")
    assert browser.get(reverse("it:access_csv")).status_code == 200
    address, session = AuditEvent.objects.get(verb="list.exported").source.split()
    assert (address, len(session)) == ("192.0.2.44", 16)
    assert browser.session.session_key not in session
    browser.get(reverse("it:delegates_csv"))
    assert AuditEvent.objects.filter(verb="list.exported", source=f"192.0.2.44 {session}").count() == 2
    other = cast.browser(ISAIAH, REMOTE_ADDR="192.0.2.44")
    other.get(reverse("it:access_csv"))
    assert AuditEvent.objects.filter(verb="list.exported").exclude(source=f"192.0.2.44 {session}").count() == 1


def test_what_a_command_did_says_whose_account_ran_it(cast, tmp_path):
    call_command("export", "access", output=tmp_path / "access.csv")
    assert AuditEvent.objects.filter(verb="access.exported").first().source == f"cli:{getpass.getuser()}"


def test_nothing_of_one_request_is_left_for_the_next(cast):
    cast.browser(ISAIAH).get(reverse("it:access_csv"))
    event = AuditEvent.objects.record(now=cast.now, verb="run.finished", tenant=cast.contoso)
    assert event.source == ""


def test_who_asks_for_what_is_not_theirs_is_noted_once_an_hour(cast):
    browser = cast.browser(CHARLIE)
    for _ in range(3):
        assert browser.get(reverse("it:people")).status_code == 404
    assert browser.post(reverse("setup:roles")).status_code == 404
    noted = list(denied().order_by("seq").values_list("actor", "subject", "outcome"))
    charlie = cast.users[CHARLIE].username
    assert noted == [
        (charlie, {"page": "it:people", "method": "GET"}, "not_found"),
        (charlie, {"page": "setup:roles", "method": "POST"}, "not_found"),
    ]


def test_an_address_of_no_page_and_somebody_unknown_are_not_noted(cast, client):
    cast.browser(ALEX).get("/nowhere/")
    cast.browser(ALEX).get(reverse("activate:approved"))
    client.get(reverse("it:people"))
    assert not denied().exists()


def test_what_another_tenants_person_tries_is_in_their_own_log(cast):
    cast.browser(PATTI).get(reverse("it:person", args=["AAAAAAAAAAAAAAAA"]))
    assert denied().get().tenant == cast.fabrikam


@pytest.mark.django_db
def test_a_request_without_a_session_has_an_address_only(rf):
    request = rf.get("/", REMOTE_ADDR="2001:db8::7")
    request.session = type("Session", (), {"session_key": None})()
    assert source_of(request) == "2001:db8::7"
