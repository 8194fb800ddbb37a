"""A person connects the own mailbox: the consent page, what the token reaches, rotation, and how it ends."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox import cast
from tests.sandbox.calls import code
from tests.sandbox.steps import (
    answer_of,
    ask_token,
    authorize_url,
    choose,
    claims_of,
    control,
    graph,
    pick,
    redeem,
    reply,
    sign_in,
)

SCOPES = "openid profile offline_access Calendars.ReadWrite MailboxSettings.ReadWrite"
SHARED = "openid offline_access Calendars.Read.Shared"


def connect(cloud, oid=cast.MEGAN, scope=SCOPES, tid=cast.CONTOSO):
    status, answer = sign_in(cloud, oid, tid, scope=scope)
    assert status == 200, answer
    return answer


def refresh(cloud, token, **form):
    return ask_token(cloud, "organizations", grant_type="refresh_token", refresh_token=token, **form)


def grants(cloud, oid, tid=cast.CONTOSO):
    return cloud.state.tenants[tid].principals[cast.PORTAL_APP].user_scopes.get(oid)


# Consent


def test_the_page_lists_what_is_new_and_accepting_is_remembered(cloud):
    url = authorize_url(scope=SCOPES)
    page = pick(cloud, url, cast.MEGAN)
    text = page.body.decode()
    assert "Have full access to your calendars" in text and "Read and write to your mailbox settings" in text
    assert "<code>openid</code>" not in text  # an administrator did
    assert "code" in answer_of(reply(cloud, url, page))
    assert set(grants(cloud, cast.MEGAN)) == {"Calendars.ReadWrite", "MailboxSettings.ReadWrite", "offline_access"}
    assert "code" in answer_of(pick(cloud, url, cast.MEGAN))  # not asked again
    more = pick(cloud, authorize_url(scope=SHARED), cast.MEGAN).body.decode()
    assert "<code>Calendars.Read.Shared</code>" in more and "<code>Calendars.ReadWrite</code>" not in more


def test_prompt_consent_asks_again(cloud):
    connect(cloud)
    assert b"Permissions requested" in pick(cloud, authorize_url(scope=SCOPES, prompt="consent"), cast.MEGAN).body


@pytest.mark.parametrize(
    ("switch", "error", "subcode"),
    [("documented", "access_denied", "cancel"), ("observed", "consent_required", None)],
)
def test_who_cancels_gives_nothing(cloud, switch, error, subcode):
    control(cloud, "POST", "switches", {"declined": switch})
    url = authorize_url(scope=SCOPES)
    answer = answer_of(reply(cloud, url, pick(cloud, url, cast.MEGAN), "cancel"))
    assert (answer["error"], answer.get("error_subcode"), answer["state"]) == (error, subcode, "the state")
    assert answer["error_description"].startswith("AADSTS65004")
    assert grants(cloud, cast.MEGAN) is None


def test_a_sign_in_alone_is_asked_about_only_by_a_switch(cloud):
    url = authorize_url(scope="openid profile offline_access")
    assert "code" in answer_of(pick(cloud, url, cast.ALEX))
    control(cloud, "POST", "switches", {"sign_in_consent": "asked"})
    assert b"Permissions requested" in pick(cloud, url, cast.MEGAN).body


def test_consent_of_an_administrator_for_everybody_asks_nobody(cloud):
    control(cloud, "POST", "consent", {"scopes": ["openid", "profile", "offline_access", "Calendars.ReadWrite"]})
    assert "code" in answer_of(pick(cloud, authorize_url(), cast.ALEX))


def needs_approval(cloud, oid, tid, scope=SCOPES):
    return b"Need admin approval" in pick(cloud, authorize_url(scope=scope), oid, tid).body


def test_where_the_policy_forbids_consent_only_an_administrator_may(cloud):
    control(cloud, "POST", "policy", {"tenant": "contoso.com", "user_consent": False})
    url = authorize_url(scope=SCOPES)
    page = pick(cloud, url, cast.MEGAN)
    assert b"AADSTS90094" in page.body
    for press in ("cancel", "accept"):
        answer = answer_of(reply(cloud, url, page, press))
        assert (answer["error"], answer["error_description"][:12]) == ("access_denied", "AADSTS90094:")
    assert b"Choose an account" in reply(cloud, url, page, "another").body
    assert grants(cloud, cast.MEGAN) is None
    control(cloud, "POST", "switches", {"approval_refused": "AADSTS65004"})
    assert answer_of(reply(cloud, url, page, "cancel"))["error_description"].startswith("AADSTS65004")
    assert not needs_approval(cloud, cast.ALLAN, cast.CONTOSO)


def test_an_unverified_app_of_elsewhere_needs_an_administrator_for_more_than_a_sign_in(cloud):
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "publisher": None})
    ruth = "RuthA@fabrikam.com"
    assert needs_approval(cloud, ruth, cast.FABRIKAM)
    assert not needs_approval(cloud, ruth, cast.FABRIKAM, "openid profile User.Read")
    assert not needs_approval(cloud, cast.MEGAN, cast.CONTOSO)  # it is at home there
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "publisher": "Calwarden"})
    assert not needs_approval(cloud, ruth, cast.FABRIKAM)


@pytest.mark.parametrize("scope", ["Calendars.ReadBasic", "User.Read.All", "Directory.Read.All", "Made.Up"])
def test_some_scopes_need_an_administrator_anyway(cloud, scope):
    assert needs_approval(cloud, cast.MEGAN, cast.CONTOSO, scope)


# What the token reaches


def test_a_persons_token_reaches_the_own_mailbox_and_no_other(cloud):
    token = connect(cloud)["access_token"]
    assert claims_of(token)["scp"].split() == ["openid", "profile", "Calendars.ReadWrite", "MailboxSettings.ReadWrite"]
    for path in ("/me/calendars", "/me/calendar/calendarPermissions", "/me/mailboxSettings"):
        assert graph(cloud, path, token).status == 200
    assert graph(cloud, f"/users/{cast.MEGAN}/calendars", token).status == 200
    for path in ("calendar", "calendars", "calendar/calendarPermissions", "mailboxSettings", "calendarGroups"):
        response = graph(cloud, f"/users/{cast.ALEX}/{path}", token)
        assert (response.status, code(response)) == (403, "ErrorAccessDenied"), path
    response = graph(cloud, "/users", token)
    assert (response.status, code(response)) == (403, "Authorization_RequestDenied")


def test_with_user_read_the_own_profile_opens_whole_and_no_other(cloud):
    wanted = "?$select=id,proxyAddresses,accountEnabled"
    token = connect(cloud, scope="openid User.Read")["access_token"]
    assert json.loads(graph(cloud, f"/users/{cast.MEGAN}{wanted}", token).body)["proxyAddresses"]
    assert graph(cloud, f"/users/{cast.ALEX}{wanted}", token).status == 403
    token = connect(cloud, scope="openid Calendars.Read")["access_token"]
    assert graph(cloud, f"/users/{cast.MEGAN}{wanted}", token).status == 403


def test_reading_alone_does_not_write(cloud):
    token = connect(cloud, scope="openid Calendars.Read")["access_token"]
    assert graph(cloud, "/me/calendar", token).status == 200
    assert graph(cloud, "/me/calendar", token, "PATCH", {"name": "New"}).status == 403


def test_with_the_shared_scope_calendars_of_others_open_as_far_as_they_are_shared(cloud):
    token = connect(cloud, scope=SHARED)["access_token"]
    response = graph(cloud, f"/users/{cast.ALEX}/calendar", token)
    shown = json.loads(response.body)
    assert (response.status, shown["canEdit"], shown["canShare"], shown["canViewPrivateItems"]) == (
        200,
        True,
        False,
        True,
    )
    assert shown["owner"]["name"] == "Alex Wilber"
    listed = graph(cloud, f"/users/{cast.ALEX}/calendar/calendarPermissions", token)
    assert (listed.status, json.loads(listed.body)["value"]) == (200, [])
    control(cloud, "POST", "switches", {"permissions_of_a_copy": "ErrorNotSupported"})
    assert code(graph(cloud, f"/users/{cast.ALEX}/calendar/calendarPermissions", token)) == "ErrorNotSupported"
    for path, method in (
        (f"/users/{cast.CHARLIE}/calendar", "GET"),  # free/busy for everybody does not open it
        (f"/users/{cast.ALEX}/calendars", "GET"),
        (f"/users/{cast.ALEX}/mailboxSettings", "GET"),
        (f"/users/{cast.ALEX}/calendar", "PATCH"),
    ):
        assert graph(cloud, path, token, method, {"name": "x"} if method == "PATCH" else None).status == 403
    control(cloud, "POST", "change", {"do": "unshare", "mailbox": cast.ALEX, "who": "MeganB@contoso.com"})
    assert graph(cloud, f"/users/{cast.ALEX}/calendar", token).status == 403


# Rotation


def test_a_used_refresh_token_stays_good_as_microsoft_documents(cloud):
    first = connect(cloud)["refresh_token"]
    second = refresh(cloud, first)[1]["refresh_token"]
    assert second != first
    assert refresh(cloud, first)[0] == refresh(cloud, second)[0] == 200


def test_by_a_switch_a_used_refresh_token_is_refused_at_once_or_after_a_grace(cloud):
    control(cloud, "POST", "switches", {"refresh_reuse": "refused"})
    first = connect(cloud)["refresh_token"]
    second = refresh(cloud, first)[1]["refresh_token"]
    cloud.advance(1)
    assert refresh(cloud, first)[1]["error"] == "invalid_grant"
    control(cloud, "POST", "switches", {"refresh_grace_seconds": 30})
    third = refresh(cloud, second)[1]["refresh_token"]
    assert refresh(cloud, second)[0] == 200
    cloud.advance(31)
    assert refresh(cloud, second)[1]["error"] == "invalid_grant"
    assert refresh(cloud, third)[0] == 200


def test_where_reuse_is_refused_one_of_many_at_once_is_served(cloud):
    control(cloud, "POST", "switches", {"refresh_reuse": "refused"})
    kept = connect(cloud)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: refresh(cloud, kept)[0], range(8)))
    assert sorted(statuses) == [200, *[400] * 7]


def test_a_refresh_token_of_one_app_is_worthless_to_another(cloud):
    kept = connect(cloud)["refresh_token"]
    other = control(cloud, "POST", "apps", {"name": "Other", "secrets": ["other"]})["client_id"]
    answer = refresh(cloud, kept, client_id=other, client_secret="other")[1]
    assert answer["error"] == "invalid_grant"


# The end


@pytest.mark.parametrize("number", [50173, 700082, 70008])
def test_sessions_that_were_ended_say_why_until_the_next_sign_in(cloud, number):
    kept = connect(cloud)["refresh_token"]
    control(cloud, "POST", "revoke", {"user": cast.MEGAN, "number": number})
    status, answer = refresh(cloud, kept)
    assert (status, answer["error"], answer["error_codes"]) == (400, "invalid_grant", [number])
    cloud.advance(1)
    assert refresh(cloud, connect(cloud)["refresh_token"])[0] == 200


def test_consent_taken_back_by_the_person_is_missed_at_the_next_refresh(cloud):
    answer = connect(cloud)
    control(cloud, "POST", "revoke", {"user": cast.MEGAN})
    status, said = refresh(cloud, answer["refresh_token"])
    assert (status, said["error"], said["error_codes"], said["suberror"]) == (
        400,
        "invalid_grant",
        [65001],
        "consent_required",
    )
    assert graph(cloud, "/me/calendar", answer["access_token"]).status == 200  # until it ends
    assert b"Permissions requested" in pick(cloud, authorize_url(scope=SCOPES), cast.MEGAN).body


def test_ninety_days_of_silence_end_a_refresh_token(cloud):
    kept = connect(cloud)["refresh_token"]
    cloud.advance(91 * 86400)
    assert refresh(cloud, kept)[1]["error_codes"] == [700082]


@pytest.mark.parametrize(("state", "number"), [("removed", 700016), ("disabled", 7000112)])
def test_an_app_that_was_removed_or_disabled_refreshes_nobody(cloud, state, number):
    kept = connect(cloud)["refresh_token"]
    control(cloud, "POST", "principal", {"state": state})
    assert refresh(cloud, kept)[1]["error_codes"] == [number]


def test_a_code_of_before_the_consent_was_taken_back_gives_no_token(cloud):
    code_given = answer_of(choose(cloud, authorize_url(scope=SCOPES), cast.MEGAN))["code"]
    control(cloud, "POST", "revoke", {"user": cast.MEGAN})
    assert redeem(cloud, code_given)[1]["error_codes"] == [65001]
