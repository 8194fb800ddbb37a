"""ID tokens that are wrong in every way a portal must notice, and errors of Entra nobody expected."""

import json

import jwt
import pytest

from sandbox import cast
from sandbox.tokens import NOBODYS_TENANT, PERSONAL_TENANT, WRONG_CLAIMS, WRONG_SIGNATURES
from tests.sandbox.steps import (
    ORIGIN,
    SCOPE,
    admin_consents,
    answer_of,
    app_token,
    ask_token,
    authorize_url,
    choose,
    claims_of,
    consent_url,
    control,
    graph,
    send,
    sign_in,
)

# What is wrong after each; None: the claim is gone.
CLAIMS = {
    "missing_roles": {"roles": None},
    "wrong_audience": {"aud": "00000002-0000-0000-c000-000000000000"},
    "no_audience": {"aud": None},
    "wrong_issuer": {"iss": f"{ORIGIN}/{NOBODYS_TENANT}/v2.0", "tid": cast.CONTOSO},
    "foreign_issuer": {"iss": f"https://login.example/{cast.CONTOSO}/v2.0"},
    "no_issuer": {"iss": None},
    "wrong_tid": {"iss": f"{ORIGIN}/{cast.CONTOSO}/v2.0", "tid": NOBODYS_TENANT},
    "other_tenant": {"iss": f"{ORIGIN}/{NOBODYS_TENANT}/v2.0", "tid": NOBODYS_TENANT},
    "personal_account": {"iss": f"{ORIGIN}/{PERSONAL_TENANT}/v2.0", "tid": PERSONAL_TENANT},
    "no_tid": {"tid": None},
    "no_oid": {"oid": None},
    "no_sub": {"sub": None},
    "odd_oid": {"oid": "admin"},
    "no_nonce": {"nonce": None},
    "wrong_nonce": {"nonce": "somebody-elses"},
    "no_expiry": {"exp": None},
    "no_issued_at": {"iat": None},
    "old_version": {"ver": "1.0"},
    "guest": {"acct": 1, "oid": cast.ISAIAH},
}
TIMES = {"expired": jwt.ExpiredSignatureError, "not_yet": jwt.ImmatureSignatureError}
SIGNATURES = {
    "bad_signature": jwt.InvalidSignatureError,
    "another_key": jwt.InvalidSignatureError,
    "hs256": jwt.InvalidAlgorithmError,
    "unsigned": jwt.InvalidAlgorithmError,
    "garbage": jwt.DecodeError,
}
ELSEWHERE = {"unknown_key", "no_kid", "missing"}


def sign_in_spoiled(cloud, how, **fields):
    cloud.state.tenants[cast.CONTOSO].users[cast.ISAIAH].app_roles = ["Reviewer"]
    control(cloud, "POST", "faults", [{"do": "token", "how": how, "times": 1, **fields}])
    return sign_in(cloud, cast.ISAIAH)[1]


def key_of(cloud):
    keys = json.loads(send(cloud, "GET", "/common/discovery/v2.0/keys").body)["keys"]
    return jwt.PyJWK(keys[0])


def test_every_way_to_be_wrong_is_tried_here():
    assert {*CLAIMS, *TIMES, *SIGNATURES, *ELSEWHERE} == {*WRONG_CLAIMS, *WRONG_SIGNATURES}


@pytest.mark.parametrize("how", CLAIMS)
def test_wrong_claims_are_rightly_signed(cloud, how):
    right = claims_of(sign_in_spoiled(cloud, "missing")["access_token"])
    token = sign_in_spoiled(cloud, how)["id_token"]
    claims = jwt.decode(token, key_of(cloud), ["RS256"], options={"verify_aud": False})
    assert {name: claims.get(name) for name in CLAIMS[how]} == CLAIMS[how]
    assert right["tid"] == cast.CONTOSO


@pytest.mark.parametrize("how", TIMES)
def test_wrong_times_are_rightly_signed(cloud, how):
    token = sign_in_spoiled(cloud, how)["id_token"]
    with pytest.raises(TIMES[how]):
        jwt.decode(token, key_of(cloud), ["RS256"], audience=cast.PORTAL_APP)


@pytest.mark.parametrize("how", SIGNATURES)
def test_a_wrong_signature_carries_the_right_claims(cloud, how):
    token = sign_in_spoiled(cloud, how)["id_token"]
    with pytest.raises(SIGNATURES[how]):
        jwt.decode(token, key_of(cloud), ["RS256"], audience=cast.PORTAL_APP)
    if how != "garbage":
        assert claims_of(token)["oid"] == cast.ISAIAH


def test_a_token_signed_by_hmac_would_fool_who_takes_any_algorithm(cloud):
    token = sign_in_spoiled(cloud, "hs256")["id_token"]
    assert jwt.get_unverified_header(token) == {
        "alg": "HS256",
        "typ": "JWT",
        "kid": key_of(cloud).key_id,
    }


def test_an_unknown_key_is_not_published_and_a_missing_name_is_missing(cloud):
    unknown = jwt.get_unverified_header(sign_in_spoiled(cloud, "unknown_key")["id_token"])
    assert unknown["kid"] not in (None, key_of(cloud).key_id)
    assert "kid" not in jwt.get_unverified_header(sign_in_spoiled(cloud, "no_kid")["id_token"])
    assert "id_token" not in sign_in_spoiled(cloud, "missing")


def test_the_access_token_is_spoiled_where_it_is_named_or_alone(cloud):
    answer = sign_in_spoiled(cloud, "expired", which="access")
    assert graph(cloud, "/me/calendars", answer["access_token"]).status == 401
    assert jwt.decode(answer["id_token"], key_of(cloud), ["RS256"], audience=cast.PORTAL_APP)
    control(cloud, "POST", "faults", [{"do": "token", "how": "missing_roles"}])
    assert "roles" not in claims_of(app_token(cloud))


def test_any_claim_can_be_set_or_taken_away(cloud):
    control(cloud, "POST", "faults", [{"do": "token", "claims": {"oid": cast.ALEX, "tid": cast.FABRIKAM, "sub": None}}])
    claims = claims_of(sign_in(cloud, cast.PATTI, cast.FABRIKAM)[1]["id_token"])
    assert (claims["oid"], claims["tid"], "sub" in claims) == (cast.ALEX, cast.FABRIKAM, False)


# Errors of Entra that nobody expected


def test_the_token_endpoint_answers_any_aadsts_number(cloud):
    fault = {"do": "aadsts", "number": 650052, "error": "invalid_client", "message": "No service.", "times": 1}
    control(cloud, "POST", "faults", [fault])
    status, answer = ask_token(cloud, grant_type="client_credentials", scope=SCOPE)
    assert (status, answer["error"], answer["error_codes"]) == (400, "invalid_client", [650052])
    assert answer["error_description"].startswith("AADSTS650052: No service.")
    assert ask_token(cloud, grant_type="client_credentials", scope=SCOPE)[0] == 200


@pytest.mark.parametrize("v1", [False, True])
def test_the_way_back_from_consent_may_say_any_aadsts_number(cloud, v1):
    fault = {"match": {"path": "adminconsent"}, "do": "aadsts", "number": 123456789, "error": "server_error"}
    control(cloud, "POST", "faults", [{**fault, "message": "<b>Odd</b>"}])
    answer = answer_of(admin_consents(cloud, consent_url(v1=v1)))
    said = {"error": "server_error", "error_description": "AADSTS123456789: <b>Odd</b>", "state": "the state"}
    assert answer == (said if v1 else {**said, "admin_consent": "True"})


def test_the_way_back_from_a_sign_in_may_say_any_aadsts_number(cloud):
    fault = {"match": {"path": "authorize"}, "do": "aadsts", "number": 53003, "error": "access_denied"}
    control(cloud, "POST", "faults", [fault])
    answer = answer_of(choose(cloud, authorize_url(), cast.ALEX))
    assert (answer["error"], answer["error_description"][:12], "code" in answer) == (
        "access_denied",
        "AADSTS53003:",
        False,
    )


def test_a_number_is_needed(cloud):
    assert "number" in control(cloud, "POST", "faults", [{"do": "aadsts"}])["error"]
