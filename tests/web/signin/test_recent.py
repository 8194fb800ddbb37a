"""What decides far is asked of whoever proved lately that it is they, as Microsoft says, however young the session."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone

from sharing.models import AuditEvent, RoleAssignment, User
from tests.contoso import control
from tests.web.signin.browser import ALEX

PAGE = "/setup/credentials/secret/"


@pytest.fixture
def admin(contoso):
    """Alex may decide about the whole installation."""
    alex = User.objects.create(tenant=contoso, oid=ALEX)
    RoleAssignment.objects.create(user=alex, tenant=None, role="admin", given_at=timezone.now())


@pytest.fixture
def browser(browser_of, admin):
    return browser_of()


def is_let_in(browser):
    return browser.portal.get(PAGE).status_code == 200


def asked_of_entra(browser, **fields):
    return parse_qs(urlsplit(browser.begin(**fields)["Location"]).query)


def test_who_proved_it_just_now_is_let_in_for_ten_minutes(browser):
    browser.sign_in()
    assert is_let_in(browser)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        page = browser.portal.get(PAGE)
        assert page.status_code == 403 and "more than ten minutes ago" in page.text
        assert "auth_time" not in page.text


def test_a_browser_that_microsoft_lets_in_without_a_question_proves_nothing_new(browser, cloud):
    control(cloud, "switches", {"auth_age_seconds": 3600})
    browser.sign_in()
    assert browser.is_signed_in and not is_let_in(browser)
    event = AuditEvent.objects.get(verb="signin.done")
    assert event.subject["auth_time"] < (timezone.now() - timedelta(minutes=59)).isoformat()
    browser.sign_in(prompt="login")
    assert is_let_in(browser)


def test_to_sign_in_again_asks_in_a_way_that_nobody_can_cut_out(browser):
    assert "max_age" not in asked_of_entra(browser)
    asked = asked_of_entra(browser, prompt="login")
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["600"])
    assert "max_age" not in asked_of_entra(browser, prompt="select_account")


def test_where_microsoft_says_nothing_unasked_nobody_is_taken_for_recent(browser, cloud):
    control(cloud, "switches", {"auth_time": "asked"})
    browser.sign_in()
    page = browser.portal.get(PAGE)
    assert page.status_code == 403 and "Microsoft did not say when you last signed in" in page.text
    assert "optional claim" not in page.text, "it was not asked for yet"
    assert AuditEvent.objects.get(verb="signin.done").subject == {}
    browser.sign_in(prompt="login")
    assert is_let_in(browser)


def test_whoever_cuts_the_question_out_of_the_address_gains_nothing(browser, cloud):
    control(cloud, "switches", {"auth_time": "asked"})
    there = browser.begin(prompt="login")["Location"]
    cut = there.replace("prompt=login", "x=1").replace("max_age=600", "y=1")
    assert cut != there
    browser.come_back(browser.choose(cut, oid=ALEX))
    page = browser.portal.get(PAGE)
    assert page.status_code == 403
    assert "did not say that it did" in page.text and "<code>auth_time</code>" in page.text


def test_who_is_let_in_unasked_although_we_asked_is_told_so(browser, cloud):
    control(cloud, "switches", {"auth_age_seconds": 3600})
    there = browser.begin(prompt="login")["Location"]
    cut = there.replace("prompt=login", "x=1").replace("max_age=600", "y=1")
    browser.come_back(browser.choose(cut, oid=ALEX))
    page = browser.portal.get(PAGE)
    assert page.status_code == 403 and "let you in without asking" in page.text


@pytest.mark.parametrize("wrong", ["soon", True, -1, [1], 10**12])
def test_a_moment_that_is_none_ends_the_sign_in(browser, cloud, wrong):
    cloud.faults.set([{"do": "token", "times": 1, "claims": {"auth_time": wrong}}])
    assert browser.sign_in().status_code == 401
    assert not browser.is_signed_in


def test_a_moment_of_the_future_ends_the_sign_in(browser, cloud):
    later = int((timezone.now() + timedelta(hours=1)).timestamp())
    cloud.faults.set([{"do": "token", "times": 1, "claims": {"auth_time": later}}])
    assert browser.sign_in().status_code == 401
