"""What protects every page, error pages included: its headers and its cookies."""

import json
import os
import subprocess
import sys

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.urls import include, path

from tests.cast import ALEX, ALLAN, CHARLIE, HOST, ISAIAH, LIDIA, MEGAN, NOBODY, VIKRAM

from .classes import ANYBODY, INSTALLATION, IT, OPERATOR, OWNER, SETUP, SHAREE, SIGNED_IN
from .routes import places_of, routes

WHO = {
    ANYBODY: NOBODY, SIGNED_IN: ALEX, OWNER: ALEX, IT: ISAIAH, OPERATOR: LIDIA, SETUP: ALLAN, INSTALLATION: VIKRAM,
    SHAREE: MEGAN,
}  # fmt: skip
POLICY = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "font-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def refuse(request):
    raise PermissionDenied


def break_down(request):
    raise RuntimeError("a mistake of ours: canary")


def misread(request):
    raise SuspiciousOperation("canary")


# Pages with a form that posts to us and is redirected to Microsoft: Chromium asks form-action about both.
TO_MICROSOFT = {"signin", "activate:link", "account:home", "setup:connect"}

# The portal's addresses, and three that go wrong.
urlpatterns = [
    path("goes/wrong/403/", refuse),
    path("goes/wrong/500/", break_down),
    path("goes/wrong/400/", misread),
    path("", include("portal.urls")),
]


def lacking(answer, *, sign_in_origin="", without=()):
    """What is wrong with the headers and cookies of an answer."""
    wanted = {name: value for name, value in HEADERS.items() if name not in without}
    wrong = [f"{name}: {answer.get(name)}" for name, value in wanted.items() if answer.get(name) != value]
    told = [directive.split() for directive in answer.get("Content-Security-Policy", "").split(";") if directive]
    policy = POLICY | ({"form-action": ["'self'", sign_in_origin]} if sign_in_origin else {})
    if {name: sources for name, *sources in told} != policy:
        wrong.append(f"Content-Security-Policy: {told}")
    if "no-store" not in answer.get("Cache-Control", ""):
        wrong.append(f"Cache-Control: {answer.get('Cache-Control')}")
    wrong += [f"{name}: {answer[name]}" for name in ("Server", "X-Powered-By") if name in answer]
    for name, cookie in answer.cookies.items():
        if cookie.value and (not cookie["httponly"], cookie["samesite"], cookie["path"]) != (False, "Lax", "/"):
            wrong.append(f"cookie {name}: {cookie.OutputString()}")
    return wrong


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_page_says_what_browsers_may_do_with_it(cast, settings, method):
    place = places_of(cast)[0]
    wrong = {}
    for route in routes():
        browser = cast.browser(WHO[route.what.audience])
        answer = browser.generic(method, place.url(route))
        shows_it = method == "GET" or (method == "POST" and answer.status_code == 422)  # the form once more
        leads_there = route.name in TO_MICROSOFT and shows_it
        found = lacking(answer, sign_in_origin=settings.MICROSOFT_LOGIN_URL if leads_there else "")
        wrong |= {route.name: found} if found else {}
    assert wrong == {}


@pytest.mark.parametrize("who", [NOBODY, CHARLIE, ISAIAH], ids=["nobody", "Charlie", "Isaiah"])
@pytest.mark.urls(__name__)
def test_error_pages_are_protected_as_all_others_and_say_nothing_of_the_inside(cast, who):
    browser = cast.browser(who, raise_request_exception=False)
    strict = cast.browser(who, raise_request_exception=False, enforce_csrf_checks=True)
    answers = {
        400: browser.get("/", headers={"host": "evil.example"}),
        403: strict.post("/theme/"),
        404: browser.get("/no/such/page"),
    }
    if who != NOBODY:
        answers[500] = browser.get("/goes/wrong/500/")
        assert browser.get("/goes/wrong/400/").status_code == 400
        assert browser.get("/goes/wrong/403/").status_code == 403
    for status, answer in answers.items():
        assert answer.status_code == status
        # A wrong host is refused before old browsers' header is set; frame-ancestors says the same.
        assert lacking(answer, without=["X-Frame-Options"] if status == 400 else []) == []
        text = answer.content.decode()
        assert "canary" not in text
        assert "Traceback" not in text
        assert "<h1>" in text
        assert "Calwarden" in text


@pytest.mark.urls(__name__)
def test_a_broken_page_keeps_the_way_out(cast):
    """The page of a mistake of ours is drawn without a context: it must not need one."""
    text = cast.browser(ALEX, raise_request_exception=False).get("/goes/wrong/500/").content.decode()
    assert "Something went wrong" in text
    assert 'href="/"' in text
    assert 'rel="stylesheet"' in text


def test_a_session_begins_with_a_cookie_that_scripts_and_other_sites_do_not_get(cast, later):
    browser = cast.browser(ALEX)
    later(minutes=2)  # so that the session is saved, and its cookie sent, again
    cookie = browser.get("/").cookies["calwarden"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


def test_behind_tls_cookies_are_bound_to_the_host_and_browsers_stay_on_tls(cast, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    browser = cast.browser(NOBODY)
    moved = browser.get("/signin/")
    assert (moved.status_code, moved["Location"]) == (301, f"https://{HOST}/signin/")
    answer = browser.get("/healthz", headers={"x-forwarded-proto": "https"})
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert lacking(answer) == []


def test_with_an_https_address_the_settings_themselves_ask_for_it():
    names = [
        "SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS", "SECURE_PROXY_SSL_HEADER",
    ]  # fmt: skip
    program = f"import json, portal.settings as s; print(json.dumps([getattr(s, n) for n in {names!r}]))"
    environment = os.environ | {"PORTAL_URL": "https://calendars.example"}
    said = json.loads(subprocess.check_output([sys.executable, "-c", program], env=environment))
    assert said == [
        "__Host-calwarden", True, "__Host-calwarden-csrf", True, True, 31536000, ["HTTP_X_FORWARDED_PROTO", "https"],
    ]  # fmt: skip
