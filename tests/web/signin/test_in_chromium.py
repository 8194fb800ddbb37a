"""Signing in as people do it: a real browser, real sockets, the policy on."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from sharing.models import User, list_tenant
from tests.cloud import CONTOSO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ["/signin/", "/signin/?out", "/no-such-page", "/accounts/microsoft/login/callback/?state=x"]
AXE = Path("tests/vendor/axe.min.js").read_text()


@pytest.fixture
def portal(live_server, sandbox, settings, tmp_path):
    """The portal's address, with Contoso listed and Alex on the sign-in page."""
    settings.PORTAL_URL = live_server.url
    people = [{"name": "Alex Wilber", "address": "AlexW@contoso.com", "role": "Owner", "sentence": "Owns a calendar."}]
    (tmp_path / "people.json").write_text(json.dumps(people))
    settings.DEMO_PEOPLE = str(tmp_path / "people.json")
    list_tenant(tid=CONTOSO, now=timezone.now(), cloud="sandbox")
    return live_server.url


@pytest.fixture
def complaints(page):
    """What the browser found wrong: script errors and refusals by the policy."""
    heard = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    return heard


def test_a_person_signs_in_and_out(page, portal, complaints):
    page.goto(f"{portal}/signin/?next=/readyz")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Alex Wilber").click()
    page.wait_for_url(f"{portal}/readyz")
    assert User.objects.get().name == "Alex Wilber"
    cookie = next(each for each in page.context.cookies(portal) if each["name"] == "calwarden")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert complaints == []


def test_the_list_of_people_leads_to_the_one_that_was_chosen(page, portal, complaints):
    page.goto(f"{portal}/signin/?next=/readyz")
    page.get_by_role("button", name="Sign in as Alex Wilber").click()
    page.get_by_role("heading", name="Asked for by the portal").wait_for()
    assert complaints == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "path", ["/signin/", "/signin/?out", "/no-such-page", "/accounts/microsoft/login/callback/?state=x"]
)
def test_the_pages_of_signing_in_are_sound(path, width, page, portal):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{portal}{path}")
    page.evaluate(AXE)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    found = page.evaluate("rules => axe.run(document, rules)", rules)
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_signing_in_needs_no_script(browser, portal):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{portal}/signin/?next=/readyz")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Alex Wilber").click()
    page.wait_for_url(f"{portal}/readyz")
    context.close()
