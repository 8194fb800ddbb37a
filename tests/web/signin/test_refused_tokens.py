"""Nobody gets in with an ID token that is wrong in any one way, or by bending the flow around it."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.tokens import WRONG_CLAIMS, WRONG_SIGNATURES
from sharing.models import AuditEvent, User
from tests.cloud import FABRIKAM
from tests.web.signin.browser import ALEX, MEGAN

# Wrong for an access token only; a matter of who may come in (test_signin); a claim that nothing is decided by.
OTHER_MATTERS = {"missing_roles", "guest", "other_tenant", "no_sub"}
NAMED = sorted({*WRONG_CLAIMS, *WRONG_SIGNATURES} - OTHER_MATTERS)
CHANGED = [
    {"aud": ["ca1e4da2-0000-4000-8000-00000000c0de", "another"]},
    {"aud": "CA1E4DA2-0000-4000-8000-00000000C0DE"},
    {"iss": "http://127.0.0.1:8010/common/v2.0"},
    {"iss": "https://login.microsoftonline.com/1717622f-1d94-4d0c-9d74-709fad664b77/v2.0"},
    {"tid": FABRIKAM},
    {"tid": "1717622f1d944d0c9d74709fad664b77"},
    {"tid": ["1717622f-1d94-4d0c-9d74-709fad664b77"]},
    {"oid": ""},
    {"oid": 7},
    {"oid": "64339082-ed84-4b0b-b4ab-004ae54f3747' OR 1=1"},
    {"oid": "../64339082-ed84-4b0b-b4ab-004ae54f3747"},
    {"ver": 2.0},
    {"ver": None},
    {"exp": "never"},
    {"exp": True},
    {"exp": 1e300},
    {"nbf": 4000000000},
    {"iat": 4000000000},
    {"nonce": ""},
    {"nonce": ["x"]},
    {"azp": "another-app"},
]


@pytest.fixture
def refused(browser_of, contoso):
    """The answer is a refusal page, nobody is signed in, nobody was made, and the log says why; no fault: signed in."""

    def check(answer, browser, *, status=401):
        assert answer.status_code == status
        assert "You are not signed in" in answer.content.decode()
        assert not browser.is_signed_in
        assert not User.objects.exists()
        event = AuditEvent.objects.get()
        assert event.verb == "signin.refused"
        assert event.outcome
        return event

    return check


def test_the_same_way_without_a_fault_leads_in(browser_of, contoso):
    browser = browser_of()
    assert browser.sign_in().status_code == 302
    assert browser.is_signed_in


@pytest.mark.parametrize("how", NAMED)
def test_a_spoiled_token_lets_nobody_in(how, browser_of, spoil, refused):
    spoil(how=how)
    browser = browser_of()
    assert refused(browser.sign_in(), browser).outcome.startswith("id_token:")


@pytest.mark.parametrize("claims", CHANGED, ids=str)
def test_a_changed_claim_lets_nobody_in(claims, browser_of, spoil, refused):
    spoil(claims=claims)
    browser = browser_of()
    assert refused(browser.sign_in(), browser).outcome.startswith("id_token:")


def test_more_than_forty_ways_were_tried():
    assert len(NAMED) + len(CHANGED) >= 40


def test_an_access_token_is_no_id_token(browser_of, cloud, refused, monkeypatch):
    """What a resource was given says nothing about who is at the door."""
    browser = browser_of()
    handle = cloud.handle

    def swap(request):
        answer = handle(request)
        if request.path.endswith("/token"):
            body = json.loads(answer.body)
            body["id_token"] = body["access_token"]
            answer.body = json.dumps(body).encode()
        return answer

    monkeypatch.setattr(cloud, "handle", swap)
    refused(browser.sign_in(), browser)


# The flow ------------------------------------------------------------------------------------------------


def test_a_callback_cannot_be_used_twice(browser_of, contoso):
    browser = browser_of()
    back = browser.choose(browser.begin()["Location"], oid=ALEX)
    assert browser.come_back(back).status_code == 302
    browser.portal.post("/signout/")
    assert browser.come_back(back).status_code == 401
    assert not browser.is_signed_in


def test_a_callback_of_one_browser_is_nothing_in_another(browser_of, contoso):
    """Login CSRF: the attacker's callback address, opened by the victim."""
    attacker, victim = browser_of(), browser_of()
    back = attacker.choose(attacker.begin()["Location"], oid=MEGAN)
    assert victim.come_back(back).status_code == 401
    victim.begin()
    assert victim.come_back(back).status_code == 401
    assert not victim.is_signed_in


def test_a_code_of_another_sign_in_is_refused(browser_of, contoso, refused):
    """PKCE: somebody else's code with my state."""
    mine, theirs = browser_of(), browser_of()
    my_way = parse_qs(urlsplit(mine.choose(mine.begin()["Location"], oid=ALEX)).query)
    their_way = parse_qs(urlsplit(theirs.choose(theirs.begin()["Location"], oid=MEGAN)).query)
    answer = mine.portal.get(
        "/accounts/microsoft/login/callback/", {"code": their_way["code"][0], "state": my_way["state"][0]}
    )
    assert refused(answer, mine).outcome == "code_refused"


def test_a_token_of_an_earlier_sign_in_is_refused(browser_of, contoso, spoil, refused):
    """The nonce: a token that answers another question than the one this browser asked."""
    earlier = parse_qs(urlsplit(browser_of().begin()["Location"]).query)["nonce"][0]
    spoil(claims={"nonce": earlier})
    browser = browser_of()
    assert refused(browser.sign_in(), browser).outcome == "id_token:nonce"


@pytest.mark.parametrize("state", ["", "made-up", "x" * 5000])
def test_a_callback_that_nobody_began_is_refused_and_fills_no_log(state, browser_of, contoso):
    browser = browser_of()
    answer = browser.portal.get("/accounts/microsoft/login/callback/", {"code": "x", "state": state})
    assert answer.status_code == 401
    assert not AuditEvent.objects.exists()


def test_what_entra_says_goes_into_no_page(browser_of, contoso, refused):
    browser = browser_of()
    state = parse_qs(urlsplit(browser.begin()["Location"]).query)["state"][0]
    nasty = "<script>alert(1)</script>"
    answer = browser.portal.get(
        "/accounts/microsoft/login/callback/",
        {"error": "server_error", "error_description": nasty, "state": state},
    )
    assert "alert(1)" not in answer.content.decode()
    assert refused(answer, browser).outcome == "entra:server_error"


def test_an_odd_error_word_is_not_kept(browser_of, contoso, refused):
    browser = browser_of()
    state = parse_qs(urlsplit(browser.begin()["Location"]).query)["state"][0]
    answer = browser.portal.get("/accounts/microsoft/login/callback/", {"error": "Eve\r\n=cmd|x", "state": state})
    assert refused(answer, browser).outcome == "entra"


def test_changing_ones_mind_at_entra_leads_back_to_the_sign_in_page(browser_of, contoso):
    browser = browser_of()
    state = parse_qs(urlsplit(browser.begin()["Location"]).query)["state"][0]
    answer = browser.portal.get("/accounts/microsoft/login/callback/", {"error": "access_denied", "state": state})
    assert (answer.status_code, answer["Location"]) == (302, "/signin/")


def test_nobody_connects_a_second_account(browser_of, contoso):
    browser = browser_of()
    browser.sign_in()
    assert browser.begin(process="connect").status_code == 403
    assert browser.begin(process="redirect").status_code == 403


def test_a_sign_in_is_not_begun_by_a_link(browser_of, contoso):
    assert browser_of().portal.get("/accounts/microsoft/login/").status_code == 405


def test_an_entra_that_does_not_answer_is_said_plainly(browser_of, contoso, cloud, refused, monkeypatch):
    browser = browser_of()
    back = browser.choose(browser.begin()["Location"], oid=ALEX)
    handle = cloud.handle

    def no_keys(request):
        if request.path.endswith("/keys"):
            return type(handle(request))(503)
        return handle(request)

    monkeypatch.setattr(cloud, "handle", no_keys)
    answer = browser.come_back(back)
    assert refused(answer, browser, status=503).outcome.startswith("unreachable")
