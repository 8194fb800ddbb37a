"""The account picker: who is on it, who gets a code, and where the code may go."""

import html
from urllib.parse import urlsplit

import pytest

from sandbox import cast
from tests.sandbox.steps import CALLBACK, answer_of, authorize_url, choose, control, send, ticket_of


def picker(cloud, **changed):
    return send(cloud, "GET", authorize_url(**changed)).body.decode()


def test_the_cast_is_listed_with_one_sentence_each(cloud):
    page = picker(cloud)
    for oid, name, _, _, sentence in cast.CAST:
        assert f'value="{oid}"' in page
        assert name in page
        assert html.escape(sentence) in page


def test_a_tenant_lists_its_own_people(cloud):
    page = picker(cloud, tenant=cast.FABRIKAM)
    assert "Patti Fernandez" in page
    assert "Alex Wilber" not in page


def test_the_page_says_that_it_is_the_sandbox_and_needs_nothing_else(cloud):
    response = send(cloud, "GET", authorize_url())
    page = response.body.decode()
    assert "A pretend Microsoft 365" in page
    assert "<script" not in page
    assert "style=" not in page
    assert "//" not in page.replace("http://localhost", "")
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert send(cloud, "GET", "/sandbox.css").headers["Content-Type"].startswith("text/css")


def test_a_choice_sends_the_browser_back_with_code_and_state(cloud):
    response = choose(cloud, authorize_url(), cast.ALEX)
    assert response.headers["Location"].startswith(f"{CALLBACK}?code=")
    assert answer_of(response)["state"] == "the state"


def test_an_answer_may_come_in_the_fragment(cloud):
    response = choose(cloud, authorize_url(response_mode="fragment"), cast.ALEX)
    assert response.headers["Location"].startswith(f"{CALLBACK}#code=")


def test_the_hinted_person_comes_first_and_still_has_to_be_chosen(cloud):
    for hint in ("megANB@contoso.com", cast.MEGAN):
        page = picker(cloud, login_hint=hint)
        assert page.index("Megan Bowen") < page.index("Alex Wilber")
        assert page.count("Megan Bowen") == 1
    assert "who is not in this list" in picker(cloud, login_hint="nobody@contoso.com")


def test_an_address_in_the_link_chooses_nobody(cloud):
    for changed in ({"oid": cast.ALEX, "tid": cast.CONTOSO}, {"ticket": "made up", "oid": cast.ALEX}):
        response = send(cloud, "GET", authorize_url(**changed))
        assert response.status == 200
        assert b"Choose an account" in response.body


def test_a_form_that_this_page_did_not_make_is_refused(cloud):
    good = ticket_of(send(cloud, "GET", authorize_url(scope="openid")))
    for ticket, status in ((good, 302), (good[:-4] + "AAAA", 400), ("made up", 400)):
        form = {"ticket": ticket, "tid": cast.CONTOSO, "oid": cast.ALEX}
        assert send(cloud, "POST", authorize_url(), form=form).status == status


def test_what_was_asked_cannot_be_changed_by_the_choice(cloud):
    good = ticket_of(send(cloud, "GET", authorize_url(scope="openid")))
    form = {"ticket": good, "tid": cast.CONTOSO, "oid": cast.ALEX, "redirect_uri": "http://localhost:9/", "state": "x"}
    response = send(cloud, "POST", authorize_url(redirect_uri="http://localhost:9/"), form=form)
    assert response.headers["Location"].startswith(CALLBACK)
    assert answer_of(response)["state"] == "the state"


def test_anybody_else_can_be_named_by_address(cloud):
    made = control(cloud, "POST", "change", {"do": "add_user", "name": "New Person", "address": "new@contoso.com"})
    assert "error" not in made
    assert choose(cloud, authorize_url(), "new@contoso.com").status == 302


@pytest.mark.parametrize("oid", ["nobody@contoso.com", "", cast.PATTI, "<script>alert(1)</script>"])
def test_who_does_not_exist_leads_back_to_the_list(cloud, oid):
    response = choose(cloud, authorize_url(), oid)
    page = response.body.decode()
    assert (response.status, "The user account does not exist" in page) == (200, True)
    assert 'role="alert"' in page
    assert ticket_of(response)


def test_a_disabled_account_is_marked_and_refused(cloud):
    control(cloud, "POST", "change", {"do": "disable_user", "mailbox": cast.ALEX})
    assert "Account disabled" in picker(cloud)
    assert "The user account is disabled." in choose(cloud, authorize_url(), cast.ALEX).body.decode()


def test_at_a_tenant_nobody_from_elsewhere_is_signed_in(cloud):
    url = authorize_url(tenant=cast.FABRIKAM)
    assert choose(cloud, url, cast.PATTI, cast.FABRIKAM).status == 302
    assert "The account is not in Fabrikam." in choose(cloud, url, cast.ALEX).body.decode()


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost/",
        "http://localhost:51234/accounts/microsoft/login/callback/",
        "http://127.0.0.1:8000/callback?next=1",
    ],
)
def test_a_code_goes_to_this_machine(cloud, address):
    location = choose(cloud, authorize_url(redirect_uri=address), cast.ALEX).headers["Location"]
    assert location.startswith(f"{address}{'&' if '?' in address else '?'}code=")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "https://localhost:8000/",
        "http://portal.example/",
        "http://localhost.example/",
        "http://localhost@evil.example/",
        "http://user@localhost/",
        "http://localhost:8000\\@evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://[::1]:8000/",
        "http://localhost:99999/",
        "http://localhost",
        "http://localhost/#here",
        "//localhost/",
        "javascript:alert(1)",
        "http://localhost:8000/\r\nSet-Cookie: a=b",
    ],
)
def test_a_code_goes_nowhere_else(cloud, address):
    response = send(cloud, "GET", authorize_url(redirect_uri=address))
    assert response.status == 400
    assert "Location" not in response.headers
    assert b"AADSTS50011" in response.body


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "https://vault.azure.example/.default"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_the_portal_hears_what_is_wrong_with_its_request(cloud, changed, error):
    answer = answer_of(send(cloud, "GET", authorize_url(**changed)))
    assert (answer["error"], answer["state"]) == (error, "the state")
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changed", "number"), [({"client_id": "somebody"}, "700016"), ({"tenant": "nowhere.example"}, "90002")]
)
def test_an_unknown_application_or_tenant_gets_a_page(cloud, changed, number):
    response = send(cloud, "GET", authorize_url(**changed))
    assert (response.status, f"AADSTS{number}" in response.body.decode()) == (400, True)


def test_what_is_written_into_the_page_is_text(cloud):
    nasty = '"><script>alert(1)<script>'
    cloud.state.tenants[cast.CONTOSO].users[cast.ALEX].display_name = nasty
    asked = ({}, {"login_hint": nasty}, {"tenant": nasty}, {"redirect_uri": nasty}, {"client_id": nasty})
    for changed in asked:
        page = picker(cloud, **changed)
        assert "<script" not in page
        assert html.escape(nasty) in page


def test_the_root_says_what_this_is(cloud):
    response = send(cloud, "GET", "/")
    assert (response.status, b"This is the sandbox" in response.body) == (200, True)
    assert send(cloud, "GET", "/nothing").status == 404
    assert urlsplit(CALLBACK).hostname == "localhost"
