"""A tenant is found by signing in to it: its proved id is filled in, and nobody is let in or listed by that."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from sharing.models import AuditEvent, RoleAssignment, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.connect.lending import answer_of, go
from tests.web.activate.trip import PATTI, with_query
from tests.web.it import rows
from tests.web.signin.test_refused_tokens import CHANGED, NAMED

FIND, FOUND, CONNECT = "/setup/connect/find/", "/setup/connect/found/", "/setup/connect/"
FILLED = {"name": "Fabrikam Inc", "tenant": "?", "mode": "domain_wide", "scope": "people", "asks": "both"}
ALEX = rows.CAST["Alex Wilber"][1]


@pytest.fixture
def contoso(db, cloud):
    return rows.make_tenant(cloud="sandbox")


@pytest.fixture
def installs(admin, allan):
    RoleAssignment.objects.create(user=allan, role="admin", tenant=None, given_at=timezone.now())
    return admin


@pytest.fixture
def signs_in(installs, cloud):
    """Press the button and pick an account at Microsoft; the query string of the way back."""

    def sign_in(*, oid=PATTI, tid=FABRIKAM, browser=installs):
        answer = browser.post(FIND, FILLED)
        assert answer.status_code == 302, answer.content.decode()
        return answer_of(go(cloud, answer["Location"], oid=oid, tid=tid))

    return sign_in


@pytest.fixture
def spoil(cloud):
    return lambda **how: cloud.faults.set([{"do": "token", "times": 1, **how}])


@pytest.fixture
def unchanged(installs, allan):
    """Afterwards there is no further tenant, nobody new, no other right, and the same person is signed in."""

    def picture():
        about = (Tenant.objects.order_by("pk").values(), User.objects.order_by("pk").values("pk", "oid"))
        return [list(each) for each in (*about, RoleAssignment.objects.order_by("pk").values())]

    before, key = picture(), installs.session.session_key
    yield
    assert picture() == before
    assert (installs.session[SESSION_KEY], installs.session.session_key) == (str(allan.pk), key)


def outcomes():
    return list(AuditEvent.objects.filter(verb="tenant.find_refused").order_by("pk").values_list("outcome", flat=True))


def refused(answer, said=""):
    assert answer.status_code == 403, answer.headers.get("Location")
    assert said in answer.content.decode()


def test_the_proved_id_is_filled_in_and_the_portal_session_goes_on(installs, signs_in, unchanged):
    answer = installs.get(FOUND, signs_in())
    assert (answer.status_code, answer["Location"]) == (302, CONNECT)
    page = installs.get(CONNECT)
    assert page.context["form"]["tenant"].value() == FABRIKAM
    assert {name: page.context["form"][name].value() for name in FILLED} == FILLED | {"tenant": FABRIKAM}
    assert "Found by the sign-in of" in page.text and "pattif@fabrikam.com" in page.text.casefold()
    event = AuditEvent.objects.get(verb="tenant.found")
    assert (event.subject, event.outcome) == ({"tid": FABRIKAM, "oid": PATTI}, "")


def test_what_was_found_is_then_connected_like_any_other(installs, signs_in):
    installs.get(FOUND, signs_in())
    answer = installs.post(CONNECT, FILLED | {"tenant": FABRIKAM})
    fabrikam = Tenant.objects.get(tid=FABRIKAM)
    assert answer["Location"] == f"/setup/connecting/?tenant={fabrikam.public_id}"
    assert (fabrikam.name, fabrikam.asks) == ("Fabrikam Inc", "both")
    page = installs.get(CONNECT)
    assert page.context["form"]["tenant"].value() is None and "Found by" not in page.text


def test_an_id_that_was_written_over_is_not_called_proved(installs, signs_in):
    installs.get(FOUND, signs_in())
    page = installs.post(CONNECT, FILLED | {"tenant": "contoso.com"})
    assert page.status_code == 422 and "this id is proved" not in page.text


def test_only_openid_and_profile_are_asked_for_in_any_tenant_with_pkce_and_a_nonce(installs):
    where = urlsplit(installs.post(FIND)["Location"])
    asked = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert where.path == "/organizations/oauth2/v2.0/authorize"
    assert (asked["scope"], asked["prompt"]) == ("openid profile", "select_account")
    assert asked["redirect_uri"] == "http://localhost:8000/setup/connect/found/"
    assert asked["code_challenge_method"] == "S256" and len(asked["nonce"]) >= 32 and len(asked["state"]) >= 32


def test_where_the_registration_takes_one_tenant_only_it_is_asked_there(installs, settings):
    settings.MICROSOFT_TENANT_ID = CONTOSO
    assert urlsplit(installs.post(FIND)["Location"]).path == f"/{CONTOSO}/oauth2/v2.0/authorize"


def test_the_page_lets_its_form_lead_to_microsoft(installs):
    page = installs.get(CONNECT)
    assert "form-action 'self' http://127.0.0.1:8010" in page.headers["Content-Security-Policy"]
    assert f'formaction="{FIND}"' in page.text


@pytest.mark.parametrize(
    ("how", "outcome", "said"),
    [
        ({"how": "guest"}, "guest", "That account is a guest there"),
        ({"claims": {"acct": None}}, "acct_missing", "Nobody can tell whether that is a guest"),
        ({"how": "personal_account"}, "id_token:personal_account", "That is a personal Microsoft account"),
        ({"claims": {"acct": "0"}}, "acct_missing", "Nobody can tell"),
    ],
)
def test_guests_and_personal_accounts_prove_no_tenant(installs, signs_in, spoil, unchanged, how, outcome, said):
    answer = signs_in()
    spoil(**how)
    refused(installs.get(FOUND, answer), said)
    assert outcomes() == [outcome]
    assert installs.get(CONNECT).context["form"]["tenant"].value() is None


@pytest.mark.parametrize("how", [{"how": name} for name in NAMED] + [{"claims": claims} for claims in CHANGED], ids=str)
def test_a_spoiled_token_proves_nothing(installs, signs_in, spoil, unchanged, how):
    answer = signs_in(oid=ALEX, tid=CONTOSO)
    spoil(**how)
    refused(installs.get(FOUND, answer))
    assert outcomes()[0].startswith("id_token:")


def test_the_answer_counts_once(installs, signs_in, unchanged):
    answer = signs_in()
    assert installs.get(FOUND, answer).status_code == 302
    refused(installs.get(FOUND, answer), "Nothing was begun here")
    assert outcomes() == []


def test_a_refused_answer_is_used_up_too(installs, signs_in, spoil):
    answer = signs_in()
    spoil(how="guest")
    installs.get(FOUND, answer)
    refused(installs.get(FOUND, answer), "Nothing was begun here")


@pytest.mark.parametrize("state", [None, "", "x", ["a", "b"], "ü"])
def test_a_forged_state_changes_nothing_and_uses_nothing_up(installs, signs_in, unchanged, state):
    answer = signs_in()
    forged = with_query(f"{FOUND}?state=x&code={answer['code'][0]}", state=state)
    refused(installs.get(forged), "Nothing was begun here")
    assert outcomes() == []
    assert installs.get(FOUND, answer).status_code == 302


def test_another_browser_of_the_same_person_is_a_stranger(signs_in, allan, unchanged):
    answer, other = signs_in(), Client()
    other.force_login(allan)
    refused(other.get(FOUND, answer), "Nothing was begun here")


def test_somebody_else_who_signed_in_to_this_browser_meanwhile_gets_nothing(installs, signs_in, contoso):
    answer = signs_in()
    vikram = User.objects.create(tenant=contoso, oid="0e1f3a52-1111-4aaa-8bbb-123456789abc", name="Vikram Singh")
    RoleAssignment.objects.create(user=vikram, role="admin", tenant=None, given_at=timezone.now())
    kept = installs.session["finding"]
    installs.force_login(vikram)
    session = installs.session
    session["finding"] = kept
    session.save()
    refused(installs.get(FOUND, answer), "This was begun by somebody else")
    assert outcomes() == ["other_person"]


def test_the_code_of_another_sign_in_is_refused(installs, signs_in, unchanged):
    mine, theirs = signs_in(), None
    kept = installs.session["finding"]
    theirs = signs_in(oid=ALEX, tid=CONTOSO)
    session = installs.session
    session["finding"] = kept
    session.save()
    refused(installs.get(FOUND, mine | {"code": theirs["code"]}))
    assert outcomes() == ["code_refused"]


def test_ten_minutes_later_it_is_too_late(installs, signs_in, unchanged):
    answer = signs_in()
    with time_machine.travel(rows.NOW + timedelta(minutes=11), tick=False):
        refused(installs.get(FOUND, answer), "This took too long")
    assert outcomes() == ["too_late"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"error": "access_denied", "error_description": "AADSTS65004: declined"}, "Nobody signed in"),
        ({"error": "x", "error_description": "AADSTS90094: admin"}, "asks its administrator first"),
        ({"error": "x", "error_description": "AADSTS50020: outlook.com"}, "That account cannot be used here"),
        ({"error": "<script>alert(1)</script>"}, "Microsoft did not finish this"),
        ({}, "Microsoft did not finish this"),
    ],
)
def test_what_microsoft_refuses_is_said_plainly(installs, signs_in, unchanged, error, said):
    state = signs_in()["state"]
    answer = installs.get(FOUND, {"state": state, **error})
    refused(answer, said)
    assert b"alert(1)" not in answer.content


def test_microsoft_may_be_away(installs, signs_in, cloud, unchanged):
    answer = signs_in()
    cloud.faults.set([{"match": {"path": "token$"}, "do": "drop"}])
    refused(installs.get(FOUND, answer), "Microsoft did not answer")


def test_it_is_for_admins_of_the_whole_installation(admin, cloud):
    assert admin.post(FIND, FILLED).status_code == 404
    assert admin.get(FOUND, {"state": "x"}).status_code == 404


def test_an_older_sign_in_is_asked_for_again_first(installs):
    installs.get(CONNECT)
    with time_machine.travel(rows.NOW + timedelta(minutes=11), tick=False):
        answer = installs.post(FIND, FILLED)
    assert answer.status_code == 403 and "Sign in again" in answer.text
    assert "finding" not in installs.session
