"""Admin consent: who may accept, what the way back says, and what a token carries before, between and after."""

import html

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from tests.sandbox.calls import code
from tests.sandbox.steps import (
    CALLBACK,
    SCOPE,
    admin_consents,
    answer_of,
    ask_token,
    claims_of,
    consent_url,
    control,
    graph,
    pick,
    reply,
    send,
)

CLIENT = {"grant_type": "client_credentials", "scope": SCOPE}


@pytest.fixture
def cloud():
    """Only Contoso knows the portal's app."""
    return Cloud(consented=[cast.CONTOSO])


def token(cloud, tid=cast.FABRIKAM, **form):
    return ask_token(cloud, tid, **{**CLIENT, **form})


def roles(cloud, tid=cast.FABRIKAM):
    status, answer = token(cloud, tid)
    assert status == 200, answer
    return claims_of(answer["access_token"]).get("roles", [])


# Before and after


def test_before_consent_the_tenant_does_not_know_the_app_and_afterwards_it_does(cloud):
    status, answer = token(cloud)
    assert (status, answer["error"], answer["error_codes"]) == (400, "unauthorized_client", [700016])
    admin_consents(cloud, consent_url())
    assert roles(cloud) == cloud.state.apps[cast.PORTAL_APP].app_roles
    assert roles(cloud, cast.CONTOSO)


def test_the_page_lists_what_the_registration_lists(cloud):
    page = pick(cloud, consent_url(), cast.PATTI, cast.FABRIKAM).body.decode()
    app = cloud.state.apps[cast.PORTAL_APP]
    for permission in (*app.app_roles, *app.scopes):
        assert f"<code>{permission}</code>" in page
    assert "Read and write calendars in all mailboxes" in page
    assert "Verified" in page
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "publisher": None, "name": "<b>Evil</b>"})
    page = pick(cloud, consent_url(), cast.PATTI, cast.FABRIKAM).body.decode()
    assert "Unverified" in page
    assert html.escape("<b>Evil</b>") in page and "<b>Evil" not in page


@pytest.mark.parametrize("tenant", ["organizations", cast.FABRIKAM, "fabrikam.com"])
def test_accepting_says_so_and_names_the_tenant(cloud, tenant):
    response = admin_consents(cloud, consent_url(tenant))
    assert response.headers["Location"].startswith(f"{CALLBACK}?")
    assert answer_of(response) == {
        "admin_consent": "True",
        "tenant": cast.FABRIKAM,
        "scope": SCOPE,
        "state": "the state",
    }


def test_the_older_address_has_no_scope(cloud):
    answer = answer_of(admin_consents(cloud, consent_url("common", v1=True)))
    assert answer == {"admin_consent": "True", "tenant": cast.FABRIKAM, "state": "the state"}
    assert roles(cloud)


def test_consent_to_single_scopes_gives_no_app_role(cloud):
    admin_consents(cloud, consent_url(scope="https://graph.microsoft.com/Calendars.Read"))
    found = cloud.state.tenants[cast.FABRIKAM].principals[cast.PORTAL_APP]
    assert (found.roles, found.scopes) == ({}, ["Calendars.Read"])
    assert roles(cloud) == []


def test_consenting_again_takes_back_what_is_no_longer_listed(cloud):
    admin_consents(cloud, consent_url())
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "app_roles": ["User.Read.All", "Mail.Read"]})
    assert "Calendars.ReadWrite" in roles(cloud)
    admin_consents(cloud, consent_url())
    assert roles(cloud) == ["Mail.Read", "User.Read.All"]


# Who may accept, and who declines


@pytest.mark.parametrize("oid", [cast.ALLAN, cast.ISAIAH])
def test_global_and_privileged_role_administrators_may_accept(cloud, oid):
    assert "tenant" in answer_of(admin_consents(cloud, consent_url(), oid, cast.CONTOSO))


@pytest.mark.parametrize("oid", [cast.LIDIA, cast.ALEX, cast.GRACE])
def test_others_are_told_to_ask_an_admin(cloud, oid):
    url = consent_url()
    page = pick(cloud, url, oid, cast.CONTOSO)
    assert "AADSTS90094" in page.body.decode()
    assert 'value="accept"' not in page.body.decode()
    for answer in ("cancel", "accept"):
        assert answer_of(reply(cloud, url, page, answer))["error"] == "consent_required"
    again = reply(cloud, url, page, "another")
    assert b"Choose an account" in again.body


DECLINED = {
    ("v2", "documented"): {"admin_consent": "True", "error": "consent_required"},
    ("v2", "observed"): {"admin_consent": "True", "error": "access_denied"},
    ("v1", "documented"): {"error": "permission_denied", "error_description": "The admin canceled the request"},
}


@pytest.mark.parametrize(("version", "declined"), DECLINED)
def test_declining_says_admin_consent_true_all_the_same(cloud, version, declined):
    control(cloud, "POST", "switches", {"declined": declined})
    answer = answer_of(admin_consents(cloud, consent_url(v1=version == "v1"), answer="cancel"))
    wanted = DECLINED[version, declined]
    assert {name: answer[name] for name in wanted} == wanted
    assert answer["state"] == "the state" and "tenant" not in answer
    assert ("AADSTS65004" in answer["error_description"]) == (version == "v2")
    assert token(cloud)[1]["error_codes"] == [700016]


def test_the_account_of_another_tenant_is_sent_back_with_an_error(cloud):
    answer = answer_of(pick(cloud, consent_url(cast.FABRIKAM), cast.ALLAN, cast.CONTOSO))
    assert (answer["error"], answer["admin_consent"]) == ("access_denied", "True")
    assert answer["error_description"].startswith("AADSTS50020")
    assert "Contoso" in send(cloud, "GET", consent_url(cast.FABRIKAM)).body.decode()  # the account can be chosen there


def test_who_lost_the_role_between_the_pages_does_not_consent(cloud):
    url = consent_url()
    page = pick(cloud, url, cast.PATTI, cast.FABRIKAM)
    control(cloud, "POST", "policy", {"tenant": cast.FABRIKAM, "directory_roles": {cast.PATTI: []}})
    assert "error" in answer_of(reply(cloud, url, page))
    assert token(cloud)[1]["error_codes"] == [700016]


@pytest.mark.parametrize(
    ("url", "number"),
    [
        (consent_url(client_id="11111111-0000-4000-8000-000000000000"), "AADSTS700016"),
        (consent_url("nowhere.example"), "AADSTS90002"),
        (consent_url(redirect_uri="https://portal.example/back"), "AADSTS50011"),
        (consent_url("common"), "not “common”"),
    ],
)
def test_what_is_not_to_be_answered_is_a_page(cloud, url, number):
    response = send(cloud, "GET", url)
    assert (response.status, number in html.unescape(response.body.decode())) == (400, True)


@pytest.mark.parametrize(
    ("scope", "error"), [(None, "invalid_request"), ("https://vault.azure.example/.default", "invalid_scope")]
)
def test_a_wrong_scope_is_said_to_the_app(cloud, scope, error):
    answer = answer_of(send(cloud, "GET", consent_url(scope=scope)))
    assert (answer["error"], answer["admin_consent"], answer["state"]) == (error, "True", "the state")


def test_a_ticket_of_a_sign_in_accepts_nothing(cloud):
    url = consent_url()
    page = send(cloud, "GET", url)
    assert reply(cloud, url, page).status == 400
    assert token(cloud)[1]["error_codes"] == [700016]


# Lag, and the end


@pytest.mark.parametrize("answer", ["no_roles", "AADSTS700016"])
def test_consent_may_arrive_so_many_tokens_later(cloud, answer):
    control(cloud, "POST", "switches", {"consent_lag_requests": 2, "consent_lag_answer": answer})
    admin_consents(cloud, consent_url())
    for _ in range(2):
        status, said = token(cloud)
        assert status == (200 if answer == "no_roles" else 400)
        assert said.get("error_codes", []) == ([] if answer == "no_roles" else [700016])
        assert "roles" not in claims_of(said["access_token"]) if status == 200 else True
    assert roles(cloud)


def test_consent_may_arrive_so_many_seconds_later_and_shows_what_was_there_before(cloud):
    admin_consents(cloud, consent_url())
    control(cloud, "POST", "switches", {"consent_lag_seconds": 60})
    before = roles(cloud)
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "app_roles": ["Mail.Read"]})
    admin_consents(cloud, consent_url())
    assert roles(cloud) == before
    cloud.advance(61)
    assert roles(cloud) == ["Mail.Read"]


def test_a_removed_service_principal_is_unknown_and_a_disabled_one_is_refused(cloud):
    where = {"tenant": cast.CONTOSO}
    held = token(cloud, cast.CONTOSO)[1]["access_token"]
    first = claims_of(held)["oid"]
    control(cloud, "POST", "principal", {**where, "state": "disabled"})
    assert token(cloud, cast.CONTOSO)[1]["error_codes"] == [7000112]
    control(cloud, "POST", "principal", {**where, "state": "enabled"})
    assert roles(cloud, cast.CONTOSO)
    control(cloud, "POST", "principal", {**where, "state": "removed"})
    assert token(cloud, cast.CONTOSO)[1]["error_codes"] == [700016]
    assert graph(cloud, "/users", held).status == 200  # a token lives to its end
    admin_consents(cloud, consent_url(), cast.ALLAN, cast.CONTOSO)
    again = claims_of(token(cloud, cast.CONTOSO)[1]["access_token"])
    assert again["roles"] and again["oid"] != first


def test_without_any_role_the_directory_and_a_mailbox_refuse_in_their_own_words(cloud):
    control(cloud, "POST", "revoke", {"tenant": cast.CONTOSO})
    status, answer = token(cloud, cast.CONTOSO)
    assert status == 200
    empty = answer["access_token"]
    assert "roles" not in claims_of(empty)
    response = graph(cloud, "/users", empty)
    assert (response.status, code(response)) == (403, "Authorization_RequestDenied")
    response = graph(cloud, f"/users/{cast.ALEX}/calendar", empty)
    assert (response.status, code(response)) == (401, "NoPermissionsInAccessToken")
    control(cloud, "POST", "switches", {"empty_token": "ErrorAccessDenied"})
    response = graph(cloud, f"/users/{cast.ALEX}/calendar", empty)
    assert (response.status, code(response)) == (403, "ErrorAccessDenied")


def test_one_role_taken_back_is_missing_from_the_next_token(cloud):
    control(cloud, "POST", "revoke", {"tenant": cast.CONTOSO, "role": "Calendars.ReadWrite"})
    assert "Calendars.ReadWrite" not in roles(cloud, cast.CONTOSO)
    assert "User.Read.All" in roles(cloud, cast.CONTOSO)


def test_the_past_can_be_replayed_without_losing_a_consent(cloud):
    admin_consents(cloud, consent_url())
    control(cloud, "POST", "rewind", {"to": 0})
    assert roles(cloud)
    control(cloud, "POST", "reset")
    assert token(cloud)[1]["error_codes"] == [700016]


def test_a_consent_outlives_the_process(tmp_path):
    file = tmp_path / "state.json"
    admin_consents(Cloud(consented=[cast.CONTOSO], state_file=file), consent_url())
    assert roles(Cloud(consented=[cast.CONTOSO], state_file=file))
