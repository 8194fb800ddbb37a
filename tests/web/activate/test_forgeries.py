"""Nobody connects a tenant by bending the way: every forged or repeated answer changes nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from sandbox.http import Dropped
from sandbox.rows import Tenant as SandboxTenant
from sharing.connect import links
from sharing.models import ActivationLink, ConsentAttempt, Tenant
from tests.cloud import CONTOSO, FABRIKAM
from tests.web.activate.trip import Trip, with_query
from tests.web.signin.browser import ALEX

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def back(trip):
    """The true answer of the approval, not yet taken back."""
    return trip.consent(trip.begin())


@pytest.fixture
def signed_in(trip):
    """The true answer of the sign-in, not yet taken back."""
    return trip.sign_in(trip.to_signin())


def refused(answer, *, said="", status=403):
    assert answer.status_code == status, answer.headers.get("Location") or answer.content.decode()
    page = answer.content.decode()
    assert said in page
    assert NASTY not in page and "alert(1)" not in page
    return page


# The approval's way back ---------------------------------------------------------------------------------


def test_without_a_session(trip_of, back, unchanged, outcomes):
    refused(trip_of().come_back(back), said="This began in another browser")
    assert outcomes() == ["other_browser"]


def test_in_another_browser_that_began_by_itself(trip_of, back, unchanged, outcomes):
    other = trip_of()
    other.begin()
    refused(other.come_back(back), said="This began in another browser")
    assert outcomes() == ["other_browser"]


def test_what_another_browser_tried_uses_up_nothing(trip, trip_of, back):
    trip_of().come_back(back)
    assert trip.come_back(back).status_code == 302


def test_a_second_time(trip, back, unchanged, outcomes):
    assert trip.come_back(back).status_code == 302
    refused(trip.come_back(back), said="This page was opened before")
    assert outcomes() == ["used_before"]


def test_an_hour_later(trip, back, unchanged, outcomes):
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        # Its session was idle for an hour, too: the browser may be a stranger by now.
        refused(trip.come_back(back))
    assert outcomes()[0] in ("too_late", "other_browser")


def test_an_answer_that_is_too_late_though_the_browser_was_used_meanwhile(trip, back, unchanged, outcomes):
    ConsentAttempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(trip.come_back(back), said="This took too long")
    assert outcomes() == ["too_late"]


@pytest.mark.parametrize("state", ["made-up", "", None, "x" * 5000, ["a", "b"]])
def test_a_state_that_nobody_made(state, trip, back, unchanged, outcomes):
    refused(trip.come_back(with_query(back, state=state)), said="Nothing was begun here")
    assert outcomes() == []


def test_the_state_twice(trip, back, unchanged):
    [state] = parse_qs(urlsplit(back).query)["state"]
    refused(trip.come_back(with_query(back, state=[state, state])), said="Nothing was begun here")


def test_a_state_of_the_approval_at_the_sign_in_and_the_other_way_round(trip, back, unchanged):
    assert "/activate/consented/" in back
    refused(trip.come_back(back.replace("consented", "signed-in")), said="Nothing was begun here")
    signin = trip.sign_in(trip.come_back(back)["Location"])
    refused(trip.come_back(signin.replace("signed-in", "consented")), said="Nothing was begun here")


@pytest.mark.parametrize("tenant", [CONTOSO, "fabrikam.com", NASTY, f"{FABRIKAM} "])
def test_the_state_of_one_tenant_with_another_tenant(tenant, trip, back, unchanged, outcomes):
    refused(trip.come_back(with_query(back, tenant=tenant)), said="That was another organization")
    assert outcomes() == ["wrong_tenant"]


@pytest.mark.parametrize("tenant", [None, "", [FABRIKAM, FABRIKAM], [FABRIKAM, CONTOSO]])
def test_the_tenant_missing_or_twice(tenant, trip, back, unchanged, outcomes):
    refused(trip.come_back(with_query(back, tenant=tenant)))
    assert outcomes() == ["malformed"]


@pytest.mark.parametrize("word", [None, "False", "1", ["True", "True"]])
def test_no_word_of_an_approval(word, trip, back, unchanged, outcomes):
    refused(trip.come_back(with_query(back, admin_consent=word)))
    assert outcomes() == ["malformed"]


@pytest.mark.parametrize(
    ("error", "description", "outcome", "said", "code"),
    [
        ("server_error", NASTY, "microsoft", "Microsoft did not finish this", ""),
        ("access_denied", f"AADSTS65004: {NASTY}", "declined", "You did not approve", "AADSTS65004"),
        (NASTY, f"AADSTS90094: {NASTY}", "not_administrator", "can’t approve for Fabrikam", "AADSTS90094"),
        ("access_denied", "AADSTS50020: no", "wrong_account", "That was another account", "AADSTS50020"),
        ("invalid_client", "AADSTS650052: no", "registration", "does not accept this portal", "AADSTS650052"),
        ("access_denied", "AADSTS53003: no", "policy", "A policy of Fabrikam stopped this", "AADSTS53003"),
        ("invalid_request", "AADSTS90002: no", "tenant_unknown", "Microsoft does not know Fabrikam", "AADSTS90002"),
        ("access_denied", "AADSTS99999999999: no", "declined", "You did not approve", ""),
        ("access_denied", "AADSTS7654321: new", "microsoft", "Microsoft did not finish this", "AADSTS7654321"),
        (["access_denied", "x"], "", "microsoft", "Microsoft did not finish this", ""),
        (None, "AADSTS65004: no word", "declined", "You did not approve", "AADSTS65004"),
    ],
)
def test_an_error_although_it_says_admin_consent(
    error, description, outcome, said, code, trip, back, unchanged, outcomes
):
    answer = trip.come_back(with_query(back, error=error, error_description=description))
    page = refused(answer, said=said)
    assert outcomes() == [outcome]
    assert f"For IT: <code>{code}</code>" in page if code else "For IT" not in page


def test_an_answer_for_a_link_that_was_revoked_meanwhile(trip, back, link, vikram, unchanged, outcomes):
    links.revoke_link(link=link, actor=vikram, now=timezone.now())
    refused(trip.come_back(back), said="This link was withdrawn", status=410)
    assert outcomes() == ["revoked"]


# The sign-in's way back ----------------------------------------------------------------------------------


def test_the_sign_in_in_another_browser(trip_of, signed_in, unchanged, outcomes):
    other = trip_of()
    other.to_signin()
    refused(other.come_back(signed_in), said="This began in another browser")
    assert outcomes() == ["other_browser"]


def test_the_sign_in_a_second_time(trip, signed_in, link, outcomes):
    assert trip.come_back(signed_in).status_code == 302
    refused(trip.come_back(signed_in), said="This page was opened before")
    assert outcomes() == ["used_before"]
    link.refresh_from_db()
    assert link.state == ActivationLink.APPROVED


def test_the_sign_in_without_the_approval(trip, link, unchanged):
    trip.begin()
    refused(trip.portal.get("/activate/signed-in/", {"code": "x", "state": "y"}), said="Nothing was begun here")


@pytest.mark.parametrize("code", [None, "", "made-up", ["a", "b"]])
def test_a_code_that_is_none(code, trip, signed_in, unchanged, outcomes):
    refused(trip.come_back(with_query(signed_in, code=code)))
    assert outcomes()[0] in ("malformed", "code_refused")


def test_a_code_of_another_browsers_sign_in(trip, trip_of, signed_in, unchanged, outcomes):
    """PKCE: the verifier is this browser's, and this trip's."""
    other = trip_of()
    [code] = parse_qs(urlsplit(other.sign_in(other.to_signin())).query)["code"]
    refused(trip.come_back(with_query(signed_in, code=code)), said="Microsoft did not accept this portal")
    assert outcomes() == ["code_refused"]


def test_another_administrator_who_signs_in_to_another_tenant(trip, cloud, signed_in, unchanged, outcomes):
    """Contoso's Alex, whose own tenant consented long ago: the true token of the wrong tenant."""
    claims = {"tid": CONTOSO, "oid": ALEX, "iss": f"http://127.0.0.1:8010/{CONTOSO}/v2.0",
              "preferred_username": "AlexW@contoso.com"}  # fmt: skip
    cloud.faults.set([{"do": "token", "times": 1, "claims": claims}])
    page = refused(trip.come_back(signed_in), said="You signed in to contoso.com")
    assert "This link is for Fabrikam" in page
    assert outcomes() == ["wrong_tenant"]


def test_entra_that_does_not_answer(trip, cloud, signed_in, unchanged, outcomes, monkeypatch):
    handle = cloud.handle
    down = lambda request: copy(handle(request)) if "/token" not in request.path else type(handle(request))(503)  # noqa: E731
    monkeypatch.setattr(cloud, "handle", down)
    refused(trip.come_back(signed_in), said="Microsoft did not answer")
    assert outcomes() == ["unreachable"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["consented", "signed-in"])
def test_two_answers_with_one_state_at_the_same_time(way, trip, link):
    url = trip.consent(trip.begin())
    if way == "signed-in":
        url = trip.sign_in(trip.come_back(url)["Location"])

    def come_back(_):
        browser = Trip(trip.cloud, link.token)
        browser.portal.cookies = copy(trip.portal.cookies)
        try:
            return browser.come_back(url).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(come_back, range(4)))
    assert answers == [302, 403, 403, 403]
    link.refresh_from_db()
    assert link.state == ("approved" if way == "signed-in" else "issued")
    assert Tenant.objects.get(pk=link.tenant_id).state == Tenant.LISTED


# What was approved is proved, not believed ---------------------------------------------------------------


def grant(cloud, *roles):
    """What the app holds in Fabrikam, whatever was shown to the administrator."""
    [principal] = cloud.state.tenants[FABRIKAM].principals.values()
    principal.roles = dict.fromkeys(roles, "2026-11-20T09:00:00Z")


def no_answer(request):
    raise Dropped


def minutes_later(link, prove, minutes):
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
        return prove()


def test_a_token_without_permissions_waits_fifteen_minutes_and_fails(trip, cloud, link, fabrikam, prove):
    trip.go()
    grant(cloud)
    assert prove().state == ActivationLink.APPROVED
    assert link.cause and link.due_at > timezone.now()
    assert minutes_later(link, prove, 10).state == ActivationLink.APPROVED
    assert minutes_later(link, prove, 16).state == ActivationLink.FAILED
    fabrikam.refresh_from_db()
    assert fabrikam.state == Tenant.LISTED


def test_one_permission_too_few_fails_and_is_named(trip, cloud, link, prove):
    trip.go()
    grant(cloud, "Organization.Read.All", "User.Read.All", "MailboxSettings.Read")
    prove()
    assert minutes_later(link, prove, 16).state == ActivationLink.FAILED
    assert (link.cause, link.organization["lacking"]) == ("consent_missing", ["Calendars.Read"])


def test_approval_that_arrives_late_is_no_failure(trip, cloud, link, prove):
    cloud.switches.change({"consent_lag_requests": 6})
    trip.go()
    states = [minutes_later(link, prove, minute).state for minute in range(14)]
    assert states[0] == ActivationLink.APPROVED
    assert states[-1] == ActivationLink.PROVED


def test_a_tenant_that_does_not_know_the_app_yet_is_no_failure(trip, cloud, link, prove):
    cloud.switches.change({"consent_lag_requests": 1, "consent_lag_answer": "AADSTS700016"})
    trip.go()
    assert prove().state == ActivationLink.APPROVED
    assert minutes_later(link, prove, 1).state == ActivationLink.PROVED


def test_a_network_that_is_down_takes_nothing_from_the_approval(trip, cloud, link, prove, monkeypatch):
    trip.go()
    with monkeypatch.context() as patch:
        patch.setattr(cloud, "handle", no_answer)
        for minute in (0, 20, 60):
            assert minutes_later(link, prove, minute).state == ActivationLink.APPROVED
    assert minutes_later(link, prove, 62).state == ActivationLink.PROVED


@pytest.mark.parametrize("said", [CONTOSO, "not-a-guid"])
def test_an_organization_with_another_id(said, trip, cloud, link, fabrikam, prove, monkeypatch):
    """A token of the wrong tenant would show itself in the same way: the answer is another organization's."""
    trip.go()
    handle = cloud.handle

    def lie(request):
        answer = handle(request)
        if request.path.endswith("/organization"):
            body = json.loads(answer.body)
            body["value"][0]["id"] = said
            answer.body = json.dumps(body).encode()
        return answer

    monkeypatch.setattr(cloud, "handle", lie)
    prove()
    minutes_later(link, prove, 16)
    fabrikam.refresh_from_db()
    assert link.state != ActivationLink.PROVED and fabrikam.state == Tenant.LISTED
    if said == CONTOSO:
        assert (link.state, link.cause) == (ActivationLink.FAILED, "other_organization")


def test_too_many_permissions_are_proved_and_shown(trip, cloud, link, prove):
    trip.go()
    grant(cloud, *link.permissions, "Mail.Read", "Files.ReadWrite.All")
    assert prove().state == ActivationLink.PROVED
    assert {"Mail.Read", "Files.ReadWrite.All"} <= set(link.organization["roles"])


def test_a_link_that_was_revoked_while_it_was_tried_stays_revoked(trip, cloud, link, vikram, prove, monkeypatch):
    trip.go()
    handle = cloud.handle

    def revoke_meanwhile(request):
        links.revoke_link(link=link, actor=vikram, now=timezone.now())
        return handle(request)

    monkeypatch.setattr(cloud, "handle", revoke_meanwhile)
    assert prove().state == ActivationLink.REVOKED
    assert isinstance(cloud.state.tenants[FABRIKAM], SandboxTenant)
    with pytest.raises(links.NotProved):
        links.confirm_link(link=link, actor=vikram, now=timezone.now())
