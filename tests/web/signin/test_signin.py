"""Signing in: who gets in, as whom, and what ends a session."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.utils import timezone

from portal.keys import token_key
from sandbox.entra import Entra
from sharing.connect import calls, credentials, identity
from sharing.connect.certificates import make_certificate
from sharing.models import AuditEvent, Tenant, User, list_tenant
from tests.cloud import CONTOSO, FABRIKAM
from tests.contoso import control
from tests.web.signin.browser import ALEX, MEGAN

GUEST = "9e57a11c-7777-4aaa-8bbb-123456789abc"
PATTI = "7a11f00d-2b3c-4d5e-8f90-a1b2c3d4e5f6"


def last_event():
    return AuditEvent.objects.order_by("-pk").first()


def test_a_person_of_a_listed_tenant_signs_in_and_is_known_again(browser_of, contoso):
    browser = browser_of()
    answer = browser.sign_in()
    assert (answer.status_code, answer["Location"]) == (302, "/")
    alex = User.objects.get()
    assert (str(alex.tenant.tid), str(alex.oid), alex.username) == (CONTOSO, ALEX, f"{CONTOSO}.{ALEX}")
    assert (alex.name, alex.address) == ("Alex Wilber", "AlexW@contoso.com")
    assert not alex.has_usable_password()
    assert not alex.is_superuser
    assert (last_event().verb, last_event().outcome, last_event().actor) == ("signin.done", "ok", alex.username)

    browser_of().sign_in()
    assert User.objects.count() == 1


def test_what_a_sign_in_asks_of_entra_is_counted_for_the_organization_it_turned_out_to_be(browser_of, contoso):
    identity._signing_keys.cache_clear()
    for _ in range(2):
        browser_of().sign_in()
    calls.flush(timezone.now())
    assert calls.made_in(contoso, timezone.now()) == {
        "GET /{tenant}/oauth2/v2.0/authorize": (2, 0), "POST /{tenant}/oauth2/v2.0/token": (2, 0),
        "GET /{tenant}/discovery/v2.0/keys": (1, 0),
    }  # fmt: skip


def test_a_new_name_is_shown_after_the_next_sign_in(browser_of, contoso):
    User.objects.create(tenant=contoso, oid=ALEX, name="Old Name", address="old@contoso.com")
    browser_of().sign_in()
    assert User.objects.values_list("name", "address").get() == ("Alex Wilber", "AlexW@contoso.com")


def test_whoever_was_named_admin_before_is_the_same_person(browser_of, contoso):
    known = User.objects.create(tenant=contoso, oid=ALEX)
    browser = browser_of()
    browser.sign_in()
    assert browser.portal.session[SESSION_KEY] == str(known.pk)


def test_people_return_to_the_page_they_asked_for(browser_of, contoso):
    browser = browser_of()
    page = browser.portal.get("/signin/", {"next": "/readyz?a=1&b=2"}).content.decode()
    assert 'name="next" value="/readyz?a=1&amp;b=2"' in page
    assert browser.sign_in(next="/readyz?a=1&b=2")["Location"] == "/readyz?a=1&b=2"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/no/such/page",
        "javascript:alert(1)", "http:evil.example", "https://localhost:8000@evil.example/", "/\t/evil.example",
        " //evil.example", "http://localhost:8000/", "///evil.example", "signin/", "/signin/\x00", "http:///evil.example",
    ],
)  # fmt: skip
def test_no_sign_in_ends_on_another_site(target, browser_of, contoso):
    assert browser_of().sign_in(next=target)["Location"] == "/"


def test_a_signed_in_person_is_never_sent_elsewhere(browser_of, contoso):
    browser = browser_of()
    browser.sign_in()
    assert browser.portal.get("/signin/", {"next": "//evil.example"})["Location"] == "/"


def test_entra_is_asked_for_an_identity_and_nothing_more(browser_of, contoso):
    url = browser_of().begin(scope="Mail.ReadWrite", auth_params="prompt=none", login_hint="x@y.example")["Location"]
    asked = parse_qs(urlsplit(url).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile"}
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost:8000/accounts/microsoft/login/callback/"]
    assert len(asked["nonce"][0]) >= 32
    assert not {"prompt", "login_hint"} & set(asked)
    more = browser_of().portal.post("/accounts/microsoft/login/?scope=Mail.ReadWrite&auth_params=prompt%3Dnone")
    assert "Mail" not in more["Location"] and "prompt" not in more["Location"]


def test_a_registration_of_one_tenant_signs_in_there(browser_of, contoso, settings):
    assert urlsplit(browser_of().begin()["Location"]).path == "/organizations/oauth2/v2.0/authorize"
    settings.MICROSOFT_TENANT_ID = CONTOSO
    browser = browser_of()
    assert urlsplit(browser.begin()["Location"]).path == f"/{CONTOSO}/oauth2/v2.0/authorize"
    assert browser.sign_in().status_code == 302


def test_a_certificate_proves_the_portal_where_there_is_one(browser_of, contoso, settings, cloud, tmp_path):
    make_certificate(tmp_path / "graph.pem", name="Calwarden", now=timezone.now())
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(tmp_path / "graph.pem")
    settings.MICROSOFT_CLIENT_SECRET = ""
    refused = browser_of().sign_in()
    assert (refused.status_code, AuditEvent.objects.get().outcome) == (401, "code_refused")
    cloud.entra = Entra(cloud, [(tmp_path / "graph.pem").read_bytes()])
    assert browser_of().sign_in().status_code == 302


def test_what_the_portal_keeps_proves_it_too(browser_of, contoso, settings, cloud):
    settings.MICROSOFT_CLIENT_SECRET = ""
    row = credentials.make_certificate(app="reader", now=timezone.now(), by="test")
    control(cloud, "apps/credential", {"certificate": row.certificate})
    assert browser_of().sign_in().status_code == 302
    credentials.erase(row=row, now=timezone.now(), by="test")
    credentials.keep_secret(app="reader", secret="kept-here", expires_at=None, now=timezone.now(), by="test")
    control(cloud, "apps/credential", {"secret": "kept-here"})
    assert browser_of().sign_in().status_code == 302


@pytest.mark.parametrize("lost", ["key", "secret", "file"])
def test_a_portal_that_cannot_prove_who_it_is_says_so_on_a_page(browser_of, contoso, settings, lost):
    settings.MICROSOFT_CLIENT_SECRET = ""
    if lost == "key":
        credentials.make_certificate(app="reader", now=timezone.now(), by="test")
        settings.TOKEN_KEYS = [token_key()]
    elif lost == "file":
        settings.MICROSOFT_CLIENT_CERTIFICATE = __file__
    refused = browser_of().sign_in()
    assert refused.status_code == 401 and "check the app registration" in refused.text
    assert AuditEvent.objects.get(verb="signin.refused").outcome == "code_refused"


def test_the_host_header_does_not_choose_where_the_code_goes(browser_of, contoso):
    browser = browser_of()
    browser.portal.defaults["HTTP_HOST"] = "testserver"
    assert "localhost%3A8000" in browser.begin()["Location"]


def test_another_name_of_this_machine_leads_to_the_one_microsoft_answers_to(client, db):
    assert client.get("/signin/?next=/")["Location"] == "http://localhost:8000/signin/?next=/"


def test_another_account_may_be_asked_for(browser_of, contoso):
    assert "prompt=select_account" in browser_of().begin(prompt="select_account")["Location"]
    assert "prompt" not in browser_of().begin(prompt="none")["Location"]


# Refused people ------------------------------------------------------------------------------------------


def test_a_tenant_that_is_not_listed_is_named_for_its_admin(browser_of, contoso):
    browser = browser_of()
    answer = browser.sign_in(tid=FABRIKAM, oid=PATTI)
    assert answer.status_code == 403
    page = answer.content.decode()
    assert FABRIKAM in page and PATTI in page
    assert f"python manage.py connect {FABRIKAM} --admin {PATTI}" in page
    assert not browser.is_signed_in
    assert not User.objects.exists() and Tenant.objects.count() == 1
    event = last_event()
    assert (event.verb, event.outcome, event.tenant) == ("signin.refused", "tenant_not_listed", None)
    assert event.actor == f"{FABRIKAM}.{PATTI}"


def test_a_tenant_that_ended_or_is_of_another_cloud_is_not_listed(browser_of, contoso):
    Tenant.objects.update(state=Tenant.ENDED)
    assert browser_of().sign_in().status_code == 403
    Tenant.objects.update(state=Tenant.LISTED, cloud="global")
    assert browser_of().sign_in().status_code == 403


def test_a_tenant_whose_connection_was_lost_still_signs_in(browser_of, contoso):
    Tenant.objects.update(state=Tenant.LOST)
    assert browser_of().sign_in().status_code == 302


def test_guests_stay_out_unless_their_tenant_lets_them_in(browser_of, contoso):
    answer = browser_of().sign_in(oid=GUEST)
    assert answer.status_code == 403
    assert "guest of another organization" in answer.content.decode()
    assert (last_event().outcome, last_event().tenant) == ("guest", contoso)
    Tenant.objects.update(guests_may_sign_in=True)
    assert browser_of().sign_in(oid=GUEST).status_code == 302


def test_whoever_might_be_a_guest_stays_out_and_the_admin_learns_why(browser_of, contoso, spoil):
    spoil(claims={"acct": None})
    answer = browser_of().sign_in()
    assert answer.status_code == 403
    assert "<code>acct</code>" in answer.content.decode()


def test_an_account_that_was_switched_off_here_stays_out(browser_of, contoso):
    User.objects.create(tenant=contoso, oid=ALEX, is_active=False)
    answer = browser_of().sign_in()
    assert answer.status_code == 403
    assert "switched off" in answer.content.decode()
    assert last_event().outcome == "inactive"


def test_the_same_object_id_in_another_tenant_is_somebody_else(browser_of, contoso, spoil):
    fabrikam = list_tenant(tid=FABRIKAM, now=timezone.now(), cloud="sandbox")
    browser_of().sign_in()
    issuer = f"http://127.0.0.1:8010/{FABRIKAM}/v2.0"
    spoil(claims={"tid": FABRIKAM, "iss": issuer})
    browser = browser_of()
    assert browser.sign_in().status_code == 302
    assert User.objects.count() == 2
    assert User.objects.get(pk=browser.portal.session[SESSION_KEY]).tenant == fabrikam


@pytest.mark.parametrize("claim", ["preferred_username", "name", "email", "upn", "unique_name", "sub", "mail"])
def test_no_claim_but_tenant_and_object_id_says_who_it_is(claim, browser_of, contoso, spoil):
    """The nOAuth attack: a token in which everything an attacker can set is the victim's."""
    browser_of().sign_in()
    alex = User.objects.get()
    victims = {"preferred_username": "AlexW@contoso.com", "name": "Alex Wilber"}
    spoil(claims={**victims, claim: victims.get(claim, "AlexW@contoso.com")})
    browser = browser_of()
    browser.sign_in(oid=MEGAN)
    assert browser.portal.session[SESSION_KEY] != str(alex.pk)
    assert User.objects.count() == 2


def test_no_setting_of_the_library_brings_matching_by_address_back(browser_of, contoso, settings, spoil):
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    settings.SOCIALACCOUNT_PROVIDERS = {
        "microsoft": {**settings.SOCIALACCOUNT_PROVIDERS["microsoft"], "VERIFIED_EMAIL": True}
    }
    browser_of().sign_in()
    spoil(claims={"email": "AlexW@contoso.com", "preferred_username": "AlexW@contoso.com"})
    browser_of().sign_in(oid=MEGAN)
    assert sorted(str(oid) for oid in User.objects.values_list("oid", flat=True)) == sorted([ALEX, MEGAN])


# Sessions ------------------------------------------------------------------------------------------------


def test_signing_in_gives_a_new_session_and_keeps_nothing_of_the_old_one(browser_of, contoso):
    browser = browser_of()
    session = browser.portal.session
    session["planted"] = "by somebody"
    session.save()
    before = session.session_key
    browser.portal.cookies["calwarden"] = before
    browser.sign_in()
    assert browser.portal.session.session_key != before
    assert "planted" not in browser.portal.session
    assert not any("token" in str(value) for value in browser.portal.session.values())


@pytest.mark.parametrize(
    "what_ends_it",
    [
        lambda: Tenant.objects.update(state=Tenant.ENDED),
        lambda: User.objects.update(is_active=False),
    ],
    ids=["tenant no longer listed", "account switched off"],
)
def test_a_session_ends_as_soon_as_its_person_may_not_sign_in(what_ends_it, browser_of, contoso):
    browser = browser_of()
    browser.sign_in()
    assert browser.is_signed_in
    what_ends_it()
    assert not browser.is_signed_in


def test_an_hour_without_a_click_ends_a_session(browser_of, contoso):
    browser = browser_of()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser.sign_in()
        for _ in range(5):
            clock.shift(timedelta(minutes=55))
            assert browser.is_signed_in
        clock.shift(timedelta(minutes=61))
        assert not browser.is_signed_in


def test_twelve_hours_end_a_session_however_busy(browser_of, contoso):
    browser = browser_of()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        browser.sign_in()
        for _ in range(23):
            clock.shift(timedelta(minutes=30))
            assert browser.is_signed_in
        clock.shift(timedelta(minutes=31))
        assert not browser.is_signed_in
        assert SESSION_KEY not in browser.portal.session


def test_signing_out_is_a_form_and_ends_the_session(browser_of, contoso):
    browser = browser_of()
    browser.sign_in()
    assert browser.portal.get("/signout/").status_code == 405
    assert browser.is_signed_in
    assert browser.portal.post("/signout/")["Location"] == "/signin/?out"
    assert not browser.is_signed_in
    assert "still signed in at Microsoft" in browser.portal.get("/signin/?out").content.decode()


@pytest.mark.parametrize("path", ["/signout/", "/accounts/microsoft/login/"])
def test_forms_from_elsewhere_are_refused(path, browser_of, contoso):
    browser = browser_of()
    browser.portal.handler.enforce_csrf_checks = True
    assert browser.portal.post(path).status_code == 403


# The page ------------------------------------------------------------------------------------------------


def test_the_sign_in_page_lets_its_form_lead_to_microsoft_and_no_other_page_does(browser_of, client, db):
    page = browser_of().portal.get("/signin/")
    assert "form-action 'self' http://127.0.0.1:8010" in page["Content-Security-Policy"]
    assert "127.0.0.1:8010" not in client.get("/no-such-page")["Content-Security-Policy"]


def test_the_sandbox_says_whom_one_may_be(browser_of, contoso, settings, tmp_path):
    people = tmp_path / "people.json"
    people.write_text(
        '[{"name": "Alex Wilber", "address": "AlexW@contoso.com", "role": "", "sentence": "Owns <b>them</b>."}]'
    )
    settings.DEMO_PEOPLE = str(people)
    browser = browser_of()
    page = browser.portal.get("/signin/").content.decode()
    assert "Alex Wilber" in page and "Owns &lt;b&gt;them&lt;/b&gt;." in page
    assert "login_hint=AlexW%40contoso.com" in browser.begin(login_hint="AlexW@contoso.com")["Location"]
    assert "login_hint" not in browser.begin(login_hint="somebody@else.example")["Location"]


def test_a_real_cloud_lists_nobody(browser_of, db, settings, tmp_path):
    people = tmp_path / "people.json"
    people.write_text('[{"name": "Alex Wilber", "address": "AlexW@contoso.com", "role": "", "sentence": ""}]')
    settings.DEMO_PEOPLE = str(people)
    settings.MICROSOFT_LOGIN_URL = settings.MICROSOFT_GRAPH_URL = settings.EXCHANGE_URL = ""
    page = browser_of().portal.get("/signin/")
    assert "Alex" not in page.content.decode()
    assert "form-action 'self' https://login.microsoftonline.com" in page["Content-Security-Policy"]


def test_a_portal_without_a_registration_says_so(browser_of, settings, db):
    settings.MICROSOFT_CLIENT_ID = ""
    assert "MICROSOFT_CLIENT_ID is not set" in browser_of().portal.get("/signin/").content.decode()


def test_no_page_of_the_library_is_reachable(browser_of, db):
    for path in ("", "login/", "signup/", "password/reset/", "email/", "3rdparty/", "social/signup/", "logout/"):
        assert browser_of().portal.get(f"/accounts/{path}").status_code == 404, path
