"""Registrations: made and altered in the control room, each with its own credentials, addresses and tenants."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox import cast
from tests.sandbox.steps import (
    CALLBACK,
    SCOPE,
    SECRET,
    admin_consents,
    answer_of,
    ask_token,
    assertion,
    authorize_url,
    certificate,
    choose,
    claims_of,
    consent_url,
    control,
    redeem,
    send,
    sign_in,
    token_url,
)

WRITER = {
    "name": "Calwarden writer",
    "redirect_uris": [CALLBACK],
    "app_roles": ["Calendars.ReadWrite", "User.Read.All"],
    "scopes": ["openid", "profile"],
    "secrets": ["writer-secret"],
}


@pytest.fixture
def writer(cloud):
    return control(cloud, "POST", "apps", WRITER)


def app_only(cloud, app, tid=cast.CONTOSO, **form):
    asked = {"client_id": app["client_id"], "client_secret": "writer-secret", **form}
    return ask_token(cloud, tid, grant_type="client_credentials", scope=SCOPE, **asked)


def test_the_reset_world_has_the_portals_own_app(cloud):
    app, _ = control(cloud, "GET", "apps")["apps"]
    assert (app["client_id"], app["multi_tenant"], app["publisher"]) == (
        cast.PORTAL_APP,
        True,
        "Calwarden (sandbox)",
    )
    assert SECRET not in json.dumps(app)


def test_the_app_that_books_meetings_is_registered_and_known_nowhere(cloud):
    _, app = control(cloud, "GET", "apps")["apps"]
    assert (app["client_id"], app["name"]) == (cast.BOOKER_APP, "Calwarden meetings")
    asked = {"client_id": cast.BOOKER_APP, "client_secret": "sandbox-secret-of-the-booker"}
    assert ask_token(cloud, grant_type="client_credentials", scope=SCOPE, **asked)[1]["error_codes"] == [700016]
    control(cloud, "POST", "consent", {"client_id": cast.BOOKER_APP})
    _, answer = ask_token(cloud, grant_type="client_credentials", scope=SCOPE, **asked)
    assert claims_of(answer["access_token"])["roles"] == ["Calendars.ReadWrite"]


def test_an_app_made_in_the_control_room_can_be_consented_to_beside_the_other(cloud, writer):
    assert app_only(cloud, writer)[1]["error_codes"] == [700016]
    url = consent_url(client_id=writer["client_id"])
    admin_consents(cloud, url, cast.ALLAN, cast.CONTOSO)
    claims = claims_of(app_only(cloud, writer)[1]["access_token"])
    assert (claims["appid"], claims["roles"]) == (writer["client_id"], WRITER["app_roles"])
    assert claims["oid"] != cloud.state.tenants[cast.CONTOSO].principals[cast.PORTAL_APP].oid
    known = control(cloud, "GET", f"consents?client_id={writer['client_id']}")["consents"]
    assert [(each["tenant"], sorted(each["roles"])) for each in known] == [(cast.CONTOSO, WRITER["app_roles"])]
    assert len(control(cloud, "GET", "consents?tenant=contoso.com")["consents"]) == 2


def test_an_app_is_altered_where_something_is_given(cloud, writer):
    changed = control(cloud, "POST", "apps", {"client_id": writer["client_id"], "publisher": "Fabrikam Inc."})
    assert (changed["publisher"], changed["name"]) == ("Fabrikam Inc.", "Calwarden writer")


def test_an_app_that_is_removed_is_unknown_everywhere(cloud, writer):
    control(cloud, "POST", "consent", {"client_id": writer["client_id"]})
    assert app_only(cloud, writer)[0] == 200
    control(cloud, "POST", "apps/remove", {"client_id": writer["client_id"]})
    assert app_only(cloud, writer)[1]["error_codes"] == [700016]
    assert len(control(cloud, "GET", "consents?tenant=contoso.com")["consents"]) == 1


def test_the_credential_of_one_app_is_none_of_another(cloud, writer):
    assert app_only(cloud, writer, client_secret=SECRET)[1]["error_codes"] == [7000215]
    assert ask_token(cloud, grant_type="client_credentials", scope=SCOPE, client_secret="writer-secret")[1][
        "error_codes"
    ] == [7000215]


def assert_with(cloud, pem, app=cast.PORTAL_APP):
    token = assertion(pem, token_url(cast.CONTOSO), iss=app, sub=app)
    return ask_token(
        cloud,
        client_id=app,
        client_secret=None,
        grant_type="client_credentials",
        scope=SCOPE,
        client_assertion=token,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )


def test_certificates_are_rotated_by_adding_the_new_and_taking_the_old_away(cloud):
    old, new = certificate("old one"), certificate("new one")
    assert assert_with(cloud, old)[1]["error_codes"] == [700027]
    for pem in (old, new):
        control(cloud, "POST", "apps/credential", {"certificate": pem.decode()})
    assert [assert_with(cloud, pem)[0] for pem in (old, new)] == [200, 200]
    thumbprint = x509.load_pem_x509_certificate(old).fingerprint(hashes.SHA256()).hex()
    shown = control(cloud, "POST", "apps/credential", {"remove": thumbprint})
    assert len(shown["certificates"]) == 1
    assert [assert_with(cloud, pem)[0] for pem in (old, new)] == [401, 200]


def test_a_secret_can_be_made_and_can_be_over(cloud, writer):
    control(cloud, "POST", "consent", {"client_id": writer["client_id"]})
    made = control(cloud, "POST", "apps/credential", {"client_id": writer["client_id"], "secret": None})["secret"]
    assert app_only(cloud, writer, client_secret=made)[0] == 200
    control(cloud, "POST", "apps/credential", {"client_id": writer["client_id"], "secret": "over", "days": -1})
    assert app_only(cloud, writer, client_secret="over")[1]["error_codes"] == [7000222]


# Addresses and tenants


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        (CALLBACK, True),
        (CALLBACK.replace(":8000", ":9123"), True),
        (CALLBACK + "more/", False),
        (CALLBACK + "?a=b", False),
        (CALLBACK.replace("localhost", "127.0.0.1"), False),
    ],
)
def test_a_registered_address_is_taken_to_the_letter_but_for_the_port(cloud, writer, address, fine):
    for url in (
        authorize_url(client_id=writer["client_id"], redirect_uri=address),
        consent_url(client_id=writer["client_id"], redirect_uri=address),
    ):
        response = send(cloud, "GET", url)
        assert (response.status, b"AADSTS50011" in response.body) == ((200, False) if fine else (400, True))


def test_a_single_tenant_app_is_at_home_in_one_tenant(cloud, writer):
    control(cloud, "POST", "apps", {"client_id": writer["client_id"], "multi_tenant": False, "home": "fabrikam.com"})
    here = {"client_id": writer["client_id"]}
    for make in (authorize_url, consent_url):
        assert b"AADSTS50194" in send(cloud, "GET", make(**here)).body
        assert b"AADSTS700016" in send(cloud, "GET", make(cast.CONTOSO, **here)).body
        assert send(cloud, "GET", make(cast.FABRIKAM, **here)).status == 200
    admin_consents(cloud, consent_url(cast.FABRIKAM, **here))
    assert app_only(cloud, writer, cast.FABRIKAM)[0] == 200
    assert app_only(cloud, writer, cast.CONTOSO)[1]["error_codes"] == [700016]


def test_a_code_of_one_app_is_worthless_to_another(cloud, writer):
    code = answer_of(choose(cloud, authorize_url(client_id=writer["client_id"]), cast.ALEX))["code"]
    assert redeem(cloud, code)[1]["error"] == "invalid_grant"


def test_the_id_token_is_for_the_app_that_asked(cloud, writer):
    code = answer_of(choose(cloud, authorize_url(client_id=writer["client_id"]), cast.ALEX))["code"]
    status, answer = redeem(cloud, code, client_id=writer["client_id"], client_secret="writer-secret")
    assert (status, claims_of(answer["id_token"])["aud"]) == (200, writer["client_id"])


def test_directory_roles_reach_the_id_token_of_an_app_that_asks_for_them(cloud):
    assert "wids" not in claims_of(sign_in(cloud, cast.ALLAN)[1]["id_token"])
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "tells_directory_roles": True})
    for oid, wids in ((cast.ALLAN, ["62e90394-69f5-4237-9190-012177145e10"]), (cast.ALEX, [])):
        assert claims_of(sign_in(cloud, oid)[1]["id_token"])["wids"] == wids


# What the control room refuses


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("apps", {"colour": "red"}),
        ("apps", {"redirect_uris": ["https://portal.example/"]}),
        ("apps", {"certificates": ["no certificate"]}),
        ("apps", {"home": "nowhere.example"}),
        ("apps", []),
        ("apps/remove", {"client_id": "nobody"}),
        ("apps/credential", {}),
        ("apps/credential", {"certificate": "none"}),
        ("consent", {"tenant": "nowhere.example"}),
        ("consent", {"user": "nobody@contoso.com", "scopes": ["Calendars.Read"]}),
        ("revoke", {"user": cast.ALEX, "number": 1}),
        ("principal", {"state": "asleep"}),
        ("principal", {}),
        ("policy", {"directory_roles": {"nobody@contoso.com": []}}),
        ("exchange", {"assignments": [{"role": "Calendars.ReadBasic"}]}),
        ("exchange", {"assignments": [{"role": "Calendars.Read", "group": "nowhere@contoso.com"}]}),
        ("exchange", {"policies": [{"right": "RestrictAccess", "group": "launch@contoso.com"}]}),
        ("exchange", {"policies": [{"right": "Allow", "group": "sales@contoso.com"}]}),
        ("exchange", {"entra": "perhaps"}),
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(cloud, name, body):
    before = {**cloud.state.dump(), "version": None}
    response = send(cloud, "POST", f"/__control__/{name}", body=body)
    assert (response.status, bool(json.loads(response.body)["error"])) == (400, True)
    assert {**cloud.state.dump(), "version": None} == before


def test_the_front_page_shows_who_may_consent_and_which_apps_there_are(cloud, writer):
    page = send(cloud, "GET", "/").body.decode()
    assert page.count("Global Administrator</span>") == 2
    assert "Calwarden writer" in page and "no organization" in page
    assert "Contoso (" in page
    about = {each["oid"]: each for each in control(cloud, "GET", "about")["cast"]}
    assert about[cast.PATTI]["directory_roles"] == ["Global Administrator"]
    assert about[cast.ALEX]["directory_roles"] == []
