"""The pretend Entra ID: unmodified MSAL, the two documents it serves, and the token endpoint."""

import json
from urllib.parse import parse_qs, urlsplit

import jwt
import msal
import pytest
import requests

from sandbox import cast
from sandbox.cloud import Cloud
from tests.cloud import CloudAdapter
from tests.sandbox.steps import (
    CALLBACK,
    ORIGIN,
    SCOPE,
    answer_of,
    app_token,
    ask_token,
    assertion,
    authorize_url,
    certificate,
    choose,
    claims_of,
    control,
    graph,
    redeem,
    send,
    sign_in,
    token_url,
)

SECRET = {"client_credential": "sandbox-secret-of-the-portal"}
CERTIFIED = {"client_credential": {"private_key": certificate().decode(), "public_certificate": certificate().decode()}}


@pytest.fixture
def cloud():
    return Cloud(certificates=[certificate()])


def msal_app(cloud, tenant=cast.CONTOSO, **changed):
    """MSAL as published; only its HTTP client ends up in the cloud of this process."""
    session = requests.Session()
    session.mount("https://127.0.0.1:8010/", CloudAdapter(cloud))
    settings = {"authority": f"https://127.0.0.1:8010/{tenant}", "instance_discovery": False, "http_client": session}
    return msal.ConfidentialClientApplication(cast.PORTAL_APP, **{**settings, **SECRET, **changed})


# MSAL


@pytest.mark.parametrize("credential", [SECRET, CERTIFIED], ids=["secret", "certificate"])
def test_msal_signs_the_portal_in_as_itself(cloud, credential):
    app = msal_app(cloud, **credential)
    first = app.acquire_token_for_client([SCOPE])
    assert (first["token_type"], first["token_source"]) == ("Bearer", "identity_provider")
    assert claims_of(first["access_token"])["roles"] == sorted(cloud.state.tenants[cast.CONTOSO].granted_roles)
    assert graph(cloud, "/users", first["access_token"]).status == 200
    assert app.acquire_token_for_client([SCOPE])["token_source"] == "cache"


@pytest.mark.parametrize("credential", [SECRET, CERTIFIED], ids=["secret", "certificate"])
def test_msal_signs_a_person_in_with_pkce_and_refreshes(cloud, credential):
    cache = msal.SerializableTokenCache()
    app = msal_app(cloud, token_cache=cache, **credential)
    flow = json.loads(json.dumps(app.initiate_auth_code_flow(["Calendars.ReadWrite"], redirect_uri=CALLBACK)))
    asked = parse_qs(urlsplit(flow["auth_uri"]).query)
    assert (asked["code_challenge_method"], flow["auth_uri"][:5]) == (["S256"], "http:")
    found = answer_of(choose(cloud, flow["auth_uri"], cast.ALEX))
    tokens = app.acquire_token_by_auth_code_flow(flow, found)
    assert tokens["id_token_claims"]["oid"] == cast.ALEX
    assert set(tokens["scope"].split()) == {"Calendars.ReadWrite", "openid", "profile"}
    assert graph(cloud, "/me/calendars", tokens["access_token"]).status == 200

    kept = msal.SerializableTokenCache()
    kept.deserialize(cache.serialize())
    later = msal_app(cloud, token_cache=kept, **credential)
    account = later.get_accounts()[0]
    assert account["home_account_id"] == f"{cast.ALEX}.{cast.CONTOSO}"
    silent = later.acquire_token_silent(["Calendars.ReadWrite"], account)
    assert silent["token_source"] == "cache"
    fresh = later.acquire_token_silent(["Calendars.ReadWrite"], account, force_refresh=True)
    assert fresh["token_source"] == "identity_provider"
    assert fresh["access_token"] != silent["access_token"]


def test_msal_hears_that_a_secret_a_certificate_or_a_tenant_is_wrong(cloud):
    other = certificate("somebody else")
    pair = {"private_key": other.decode(), "public_certificate": other.decode()}
    for changed, number in (({"client_credential": "wrong"}, 7000215), ({"client_credential": pair}, 700027)):
        answer = msal_app(cloud, **changed).acquire_token_for_client([SCOPE])
        assert (answer["error"], answer["error_codes"]) == ("invalid_client", [number])
    with pytest.raises(ValueError, match="authority|tenant"):
        msal_app(cloud, tenant="0badcafe-0000-4000-8000-000000000bad").acquire_token_for_client([SCOPE])


# The two documents


def test_discovery_speaks_https_only_where_msal_insists(cloud):
    for proto, scheme in ((None, "http"), ("https", "https")):
        headers = {"x-forwarded-proto": proto} if proto else {}
        url = f"/{cast.CONTOSO}/v2.0/.well-known/openid-configuration"
        found = json.loads(send(cloud, "GET", url, headers=headers).body)
        assert found["token_endpoint"] == f"{scheme}://127.0.0.1:8010/{cast.CONTOSO}/oauth2/v2.0/token"
        assert found["jwks_uri"].startswith(f"{scheme}://127.0.0.1:8010/")
        assert found["authorization_endpoint"].startswith("http://127.0.0.1:8010/")
        assert found["issuer"] == f"http://127.0.0.1:8010/{cast.CONTOSO}/v2.0"


def test_discovery_of_any_organization_has_the_issuer_with_a_hole(cloud):
    found = json.loads(send(cloud, "GET", "/organizations/v2.0/.well-known/openid-configuration").body)
    assert found["issuer"] == f"{ORIGIN}/{{tenantid}}/v2.0"


@pytest.mark.parametrize("document", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
def test_a_tenant_nobody_has_is_refused(cloud, document):
    assert send(cloud, "GET", f"/contoso.com/{document}").status == 200
    response = send(cloud, "GET", f"/nowhere.example/{document}")
    assert (response.status, json.loads(response.body)["error"]) == (400, "invalid_tenant")


def test_after_a_new_key_old_tokens_stay_good(cloud):
    before = app_token(cloud)
    control(cloud, "POST", "rotate_key")
    after = app_token(cloud)
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    published = json.loads(send(cloud, "GET", "/common/discovery/v2.0/keys").body)["keys"]
    assert len(published) == 2
    for token in (before, after):
        assert graph(cloud, "/users", token).status == 200


# The portal as itself


def test_without_consent_a_token_has_no_roles_and_graph_refuses_it(cloud):
    for role in list(cloud.state.tenants[cast.FABRIKAM].granted_roles):
        control(cloud, "POST", "change", {"do": "revoke", "tenant": cast.FABRIKAM, "role": role})
    token = app_token(cloud, cast.FABRIKAM)
    assert "roles" not in claims_of(token)
    assert graph(cloud, "/users", token).status == 403


@pytest.mark.parametrize(
    ("changed", "error", "number"),
    [
        ({"scope": "https://graph.microsoft.com/Calendars.Read"}, "invalid_scope", 70011),
        ({"scope": "https://vault.azure.example/.default"}, "invalid_scope", 70011),
        ({"client_secret": None}, "invalid_client", 7000218),
        ({"client_secret": "wröng"}, "invalid_client", 7000215),
        ({"client_id": "11111111-0000-4000-8000-000000000000"}, "unauthorized_client", 700016),
        ({"grant_type": "password"}, "unsupported_grant_type", 70003),
        ({"grant_type": "refresh_token", "refresh_token": "made.up.token"}, "invalid_grant", 70000),
    ],
)
def test_a_wrong_token_request_is_refused(cloud, changed, error, number):
    right = {"grant_type": "client_credentials", "scope": SCOPE}
    assert ask_token(cloud, **right)[0] == 200
    status, answer = ask_token(cloud, **{**right, **changed})
    assert (status, answer["error"], answer["error_codes"]) == (
        401 if error == "invalid_client" else 400,
        error,
        [number],
    )
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


def test_an_application_must_name_its_tenant_and_be_known_there(cloud):
    right = {"grant_type": "client_credentials", "scope": SCOPE}
    assert ask_token(cloud, "organizations", **right)[1]["error"] == "invalid_request"
    cloud.state.tenants[cast.FABRIKAM].principals.clear()
    assert ask_token(cloud, cast.FABRIKAM, **right)[1]["error_codes"] == [700016]
    assert ask_token(cloud, "fabrikam.example", **right)[1]["error_codes"] == [90002]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_assertion_may_be_made_for_either_scheme(cloud, scheme):
    url = token_url(cast.CONTOSO).replace("http", scheme, 1)
    assert ask_assertion(cloud, assertion(certificate(), url))[0] == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://login.example/token"},
        {"aud": token_url(cast.FABRIKAM)},
        {"iss": "somebody else"},
        {"sub": "somebody else"},
        {"exp": 1_000_000},
    ],
    ids=["audience", "tenant", "issuer", "subject", "expired"],
)
def test_a_wrong_assertion_is_refused(cloud, changed):
    url = token_url(cast.CONTOSO)
    assert ask_assertion(cloud, assertion(certificate(), url))[0] == 200
    status, answer = ask_assertion(cloud, assertion(certificate(), url, **changed))
    assert (status, answer["error"], answer["error_codes"]) == (401, "invalid_client", [700027])


def test_an_assertion_signed_with_another_key_is_refused(cloud):
    header = jwt.get_unverified_header(assertion(certificate(), token_url(cast.CONTOSO)))
    forged = jwt.encode(
        claims_of(assertion(certificate(), token_url(cast.CONTOSO))),
        certificate("somebody else"),
        "PS256",
        {"x5t#S256": header["x5t#S256"]},
    )
    assert ask_assertion(cloud, forged)[1]["error_codes"] == [700027]
    assert ask_assertion(cloud, "no token")[1]["error_codes"] == [50027]


def test_an_expired_certificate_is_refused():
    old = certificate("old", days=-1)
    cloud = Cloud(certificates=[old])
    assert ask_assertion(cloud, assertion(old, token_url(cast.CONTOSO)))[1]["error_codes"] == [7000222]


def ask_assertion(cloud, token):
    return ask_token(
        cloud,
        grant_type="client_credentials",
        scope=SCOPE,
        client_secret=None,
        client_assertion=token,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )


# A person


def test_a_sign_in_gives_an_id_token_with_the_claims_of_the_person(cloud):
    status, answer = sign_in(cloud, cast.ALEX)
    assert status == 200
    keys = jwt.PyJWKSet.from_dict(json.loads(send(cloud, "GET", "/common/discovery/v2.0/keys").body))
    key = keys[jwt.get_unverified_header(answer["id_token"])["kid"]]
    claims = jwt.decode(answer["id_token"], key, ["RS256"], audience=cast.PORTAL_APP)
    wanted = {
        "iss": f"{ORIGIN}/{cast.CONTOSO}/v2.0",
        "tid": cast.CONTOSO,
        "oid": cast.ALEX,
        "nonce": "the nonce",
        "name": "Alex Wilber",
        "preferred_username": "AlexW@contoso.com",
        "ver": "2.0",
        "acct": 0,
    }
    assert {name: claims[name] for name in wanted} == wanted
    assert "email" not in claims
    access = claims_of(answer["access_token"])
    assert (access["scp"], access["aud"]) == (
        "openid profile Calendars.ReadWrite",
        "https://graph.microsoft.com",
    )
    assert "roles" not in access


def test_what_was_not_asked_for_is_not_given(cloud):
    answer = sign_in(cloud, cast.ALEX, scope="openid", nonce=None)[1]
    assert "refresh_token" not in answer
    assert not {"name", "preferred_username", "nonce"} & claims_of(answer["id_token"]).keys()
    assert "id_token" not in sign_in(cloud, cast.ALEX, scope="Calendars.Read")[1]


def test_a_guest_has_the_tenant_that_invited_them_and_says_so(cloud):
    claims = claims_of(sign_in(cloud, cast.GRACE, scope="openid profile email")[1]["id_token"])
    assert (claims["tid"], claims["acct"], claims["email"]) == (cast.CONTOSO, 1, "grace@tailspintoys.com")


def test_app_roles_reach_the_id_token(cloud):
    cloud.state.tenants[cast.CONTOSO].users[cast.ISAIAH].app_roles = ["Reviewer"]
    assert claims_of(sign_in(cloud, cast.ISAIAH)[1]["id_token"])["roles"] == ["Reviewer"]
    assert "roles" not in claims_of(sign_in(cloud, cast.ALEX)[1]["id_token"])


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "another code"},
        {"code_verifier": "another-verifier-0123456789-0123456789-0123"},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:8000/elsewhere/"},
    ],
    ids=["code", "verifier", "no verifier", "redirect"],
)
def test_a_code_is_given_only_to_who_asked_for_it(cloud, changed):
    code = answer_of(choose(cloud, authorize_url(), cast.ALEX))["code"]
    status, answer = redeem(cloud, **{"code": code, **changed})
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_code_is_good_once_and_for_ten_minutes(cloud):
    code = answer_of(choose(cloud, authorize_url(), cast.ALEX))["code"]
    assert redeem(cloud, code)[0] == 200
    assert redeem(cloud, code)[1]["error"] == "invalid_grant"
    late = answer_of(choose(cloud, authorize_url(), cast.ALEX))["code"]
    cloud.advance(601)
    assert redeem(cloud, late)[1]["error"] == "invalid_grant"


def test_a_code_of_one_tenant_is_not_redeemed_at_another(cloud):
    code = answer_of(choose(cloud, authorize_url(), cast.ALEX))["code"]
    assert redeem(cloud, code, cast.FABRIKAM)[1]["error_codes"] == [700005]


def refresh(cloud, token, **form):
    return ask_token(cloud, "organizations", grant_type="refresh_token", refresh_token=token, **form)


def test_a_refresh_gives_as_much_as_was_granted_and_no_more(cloud):
    kept = sign_in(cloud, cast.ALEX)[1]["refresh_token"]
    assert claims_of(refresh(cloud, kept)[1]["access_token"])["scp"].split()[-1] == "Calendars.ReadWrite"
    assert refresh(cloud, kept, scope="https://graph.microsoft.com/Calendars.ReadWrite")[0] == 200
    status, answer = refresh(cloud, kept, scope="Mail.Read")
    assert (status, answer["error"], answer["error_codes"]) == (400, "invalid_grant", [65001])


def test_who_is_disabled_deleted_or_away_too_long_gets_no_new_token(cloud):
    kept = sign_in(cloud, cast.ALEX)[1]["refresh_token"]
    for do, undo, number in (("disable_user", "enable_user", 50057), ("delete_user", "restore_user", 50034)):
        control(cloud, "POST", "change", {"do": do, "mailbox": cast.ALEX})
        assert refresh(cloud, kept)[1]["error_codes"] == [number]
        control(cloud, "POST", "change", {"do": undo, "mailbox": cast.ALEX})
        assert refresh(cloud, kept)[0] == 200
    cloud.advance(91 * 86400)
    assert refresh(cloud, kept)[1]["error"] == "invalid_grant"


def test_what_this_cloud_sealed_for_one_purpose_serves_no_other(cloud):
    kept = sign_in(cloud, cast.ALEX)[1]["refresh_token"]
    response = send(cloud, "POST", authorize_url(), form={"ticket": kept, "tid": cast.CONTOSO, "oid": cast.ALEX})
    assert response.status == 400


# Graph's side of a token


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Access token is empty."),
        ("Bearer ", "Access token is empty."),
        ("Basic YTpi", "Access token is empty."),
        ("Bearer nonsense", "CompactToken parsing failed with error code: 80049217"),
    ],
)
def test_graph_wants_a_bearer_token(cloud, header, message):
    assert graph(cloud, "/users", app_token(cloud)).status == 200
    response = send(cloud, "GET", "/v1.0/users", headers={"authorization": header} if header else {})
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["message"]) == (401, "InvalidAuthenticationToken", message)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_access_token_ends_by_the_clock_of_the_cloud(cloud):
    token = app_token(cloud)
    assert graph(cloud, "/users", token).status == 200
    cloud.advance(3600)
    response = graph(cloud, "/users", token)
    assert response.status == 401
    assert "the token is expired" in response.body.decode()
    assert graph(cloud, "/users", app_token(cloud)).status == 200
    assert sign_in(cloud, cast.ALEX)[0] == 200


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("expired", "Lifetime validation failed, the token is expired."),
        ("not_yet", "Lifetime validation failed, the token is not yet valid."),
        ("wrong_audience", "Access token validation failure. Invalid audience."),
        ("no_audience", "Access token validation failure."),
        ("wrong_issuer", "Access token validation failure. Invalid issuer."),
        ("other_tenant", "Access token validation failure. Invalid tenant."),
        ("no_tid", "Access token validation failure."),
        ("bad_signature", "Access token validation failure. Invalid signature."),
        ("another_key", "Access token validation failure. Invalid signature."),
        ("unknown_key", "Access token validation failure. Invalid signature."),
        ("hs256", "CompactToken parsing failed with error code: 80049217"),
        ("unsigned", "Access token validation failure. Invalid signature."),
    ],
)
def test_graph_refuses_a_wrong_access_token(cloud, how, message):
    control(cloud, "POST", "faults", [{"do": "token", "how": how, "times": 1}])
    wrong, right = app_token(cloud), app_token(cloud)
    response = graph(cloud, "/users", wrong)
    assert (response.status, json.loads(response.body)["error"]["message"]) == (401, message)
    assert graph(cloud, "/users", right).status == 200
