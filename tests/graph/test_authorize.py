"""What a browser is sent to Entra with, what a code is exchanged for, and how a tenant is found by its domain."""

import base64
import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sharing.connect import make_certificate
from sharing.graph import (
    Credential,
    CredentialRefused,
    Malformed,
    SignInError,
    TenantNotFound,
    Throttled,
    Unreachable,
    make_session,
)
from sharing.graph.authorize import authorize_url, consent_url, redeem_code
from sharing.graph.discovery import find_tenant
from sharing.graph.id_token import CONSUMER_TENANT

from .conftest import AT, Answer

TID = "1717622f-1d94-4d0c-9d74-709fad664b77"
BACK = "https://calwarden.example/activate/consented/"


def asked(url):
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", {k: v for k, [v] in parse_qs(parts.query).items()}


def test_consent_is_asked_of_the_one_tenant_for_everything_the_registration_lists():
    where, what = asked(consent_url(endpoints=AT, tenant_id=TID, client_id="app", redirect_uri=BACK, state="s"))
    assert where == f"http://127.0.0.1:8010/{TID}/v2.0/adminconsent"
    assert what == {
        "client_id": "app", "scope": "https://graph.microsoft.com/.default", "redirect_uri": BACK, "state": "s",
    }  # fmt: skip


def test_a_sign_in_carries_the_hash_of_the_verifier_and_not_the_verifier():
    url = authorize_url(
        endpoints=AT, tenant_id=TID, client_id="app", redirect_uri=BACK, scopes=["openid", "profile"], state="s",
        nonce="n", verifier="v" * 43,
    )  # fmt: skip
    where, what = asked(url)
    assert where == f"http://127.0.0.1:8010/{TID}/oauth2/v2.0/authorize"
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    assert (what["code_challenge"], what["code_challenge_method"]) == (digest, "S256")
    assert (what["scope"], what["nonce"], what["state"]) == ("openid profile", "n", "s")
    assert "v" * 43 not in url


@pytest.fixture
def session(fake):
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return session


def redeem(session, credential=None):
    return redeem_code(
        endpoints=AT, session=session, credential=credential or Credential("app", secret="secret"), tenant_id=TID,
        code="c", redirect_uri=BACK, verifier="v",
    )  # fmt: skip


def test_a_code_is_exchanged_once_at_the_tenants_own_address(session, fake):
    fake.script(Answer({"id_token": "x.y.z"}))
    assert redeem(session) == {"id_token": "x.y.z"}
    [sent] = fake.sent
    assert sent.url == f"http://127.0.0.1:8010/{TID}/oauth2/v2.0/token"
    assert parse_qs(sent.body) == {
        "client_id": ["app"], "client_secret": ["secret"], "grant_type": ["authorization_code"], "code": ["c"],
        "redirect_uri": [BACK], "code_verifier": ["v"],
    }  # fmt: skip


def test_a_certificate_signs_instead_of_the_secret(session, fake, tmp_path):
    make_certificate(tmp_path / "own.pem", name="Calwarden", now=datetime.now(UTC))
    fake.script(Answer({"id_token": "x.y.z"}))
    redeem(session, Credential("app", certificate_pem=(tmp_path / "own.pem").read_bytes()))
    form = parse_qs(fake.sent[0].body)
    assert "client_secret" not in form and form["client_assertion"][0].count(".") == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer({"error": "invalid_grant", "error_codes": [54005]}, 400), SignInError),
        (Answer({"error": "invalid_client", "error_codes": [7000215]}, 401), CredentialRefused),
        (Answer({"error": "invalid_tenant", "error_codes": [90002]}, 400), TenantNotFound),
        (Answer({}, 503), Unreachable),
        (Answer(b"<html>"), Malformed),
        (Answer(b"", 302, Location="https://evil.example/"), Malformed),
        (requests.exceptions.ConnectTimeout("slow"), Unreachable),
        (requests.exceptions.ConnectionError("refused"), Unreachable),
    ],
)
def test_a_code_that_is_not_exchanged_gives_no_token_and_is_not_sent_again(session, fake, answer, kind):
    fake.script(answer)
    with pytest.raises(kind):
        redeem(session)
    assert len(fake.sent) == 1


# Finding a tenant ----------------------------------------------------------------------------------------


def find(session, name="contoso.com"):
    return find_tenant(name, endpoints=AT, session=session)


@pytest.mark.parametrize("name", ["contoso.com", " Contoso.COM ", "contoso.onmicrosoft.com", TID, TID.upper()])
def test_a_tenant_is_found_by_id_and_by_domain(session, fake, name):
    fake.script(Answer({"issuer": f"http://127.0.0.1:8010/{TID}/v2.0"}))
    assert find(session, name) == TID
    assert fake.sent[0].url == f"http://127.0.0.1:8010/{name.strip().lower()}/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "name",
    [
        "", "common", "organizations", "consumers", "contoso", "a/b.com", "..", "contoso.com/", "contoso.com?x=1",
        "contoso.com#", "user@contoso.com", "contoso..com", "-a.com", "a.com\nb", "x" * 250 + ".com", "köln.de",
        "127.0.0.1", "http://contoso.com", "contoso.com:443", f"{{{TID}}}", "%2e%2e",
    ],
)  # fmt: skip
def test_what_is_no_domain_and_no_id_is_never_asked_about(session, fake, name):
    with pytest.raises(TenantNotFound):
        find(session, name)
    assert fake.sent == []


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (Answer({"error": "invalid_tenant"}, 400), TenantNotFound, "tenant_not_found"),
        (Answer({"issuer": f"https://login.microsoftonline.us/{TID}/v2.0"}), TenantNotFound, "other_cloud"),
        (Answer({"issuer": f"http://127.0.0.1:8010/{CONSUMER_TENANT}/v2.0"}), Malformed, "malformed"),
        (Answer({"issuer": "http://127.0.0.1:8010/{tenantid}/v2.0"}), Malformed, "malformed"),
        (Answer({"issuer": ["x"]}), Malformed, "malformed"),
        (Answer({}), Malformed, "malformed"),
        (Answer(b"<html>"), Malformed, "malformed"),
        (Answer({}, 429), Throttled, "throttled"),
        (Answer({}, 502), Unreachable, "unreachable"),
        (requests.exceptions.ReadTimeout("slow"), Unreachable, "timeout"),
    ],
)
def test_an_answer_that_names_no_tenant_of_this_cloud_is_refused(session, fake, answer, kind, cause):
    fake.script(answer)
    with pytest.raises(kind) as caught:
        find(session)
    assert caught.value.cause == cause
