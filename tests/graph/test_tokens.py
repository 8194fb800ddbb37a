"""Tokens by MSAL: from the sandbox in process, and once over a socket with a certificate."""

import base64
import threading
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sandbox.cloud import Cloud
from sandbox.server import Server
from sharing.graph import (
    Client,
    ConsentMissing,
    Credential,
    CredentialRefused,
    Malformed,
    SignInError,
    TenantNotFound,
    Throttled,
    Token,
    TokenSource,
    Unreachable,
    client_assertion,
    endpoints,
    get_organization,
    make_session,
)
from tests.cloud import CLIENT_ID, CLIENT_SECRET, CONTOSO, ENDPOINTS, FABRIKAM, cloud_session

from .conftest import Answer


def make_pem(key=None, *, with_key=None):
    """A certificate and a key in one PEM text; `with_key` puts another key beside the certificate."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Calwarden")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + (with_key or key).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


PEM = make_pem()
SECRET = Credential(client_id=CLIENT_ID, secret=CLIENT_SECRET)


def source(cloud, *, credential=SECRET, tenant_id=CONTOSO, **kwargs):
    return TokenSource(
        endpoints=ENDPOINTS, tenant_id=tenant_id, credential=credential, session=cloud_session(cloud), **kwargs
    )


def asked(cloud):
    """How often a token was really asked for."""
    return sum(entry.plain()["path"].endswith("/oauth2/v2.0/token") for entry in cloud.log.since(0))


@pytest.fixture
def cloud():
    return Cloud(certificates=[PEM])


@pytest.mark.parametrize("credential", [SECRET, Credential(client_id=CLIENT_ID, certificate_pem=PEM)])
def test_a_token_says_what_the_app_may(cloud, credential):
    token = source(cloud, credential=credential).token()
    assert "Calendars.ReadWrite" in token.roles
    assert token.value not in repr(token)


def test_a_token_is_kept_until_five_minutes_before_its_end(cloud, clock):
    tokens = source(cloud, monotonic=clock)
    first = tokens.token()
    lives = jwt.decode(first.value, options={"verify_signature": False})
    seconds = lives["exp"] - lives["iat"]
    clock.seconds += seconds - 310
    assert tokens.token() is first and asked(cloud) == 1
    clock.seconds += 20
    assert tokens.token() is not first


def test_fresh_throws_every_cache_away(cloud):
    tokens = source(cloud)
    tokens.token()
    tokens.token(fresh=True)
    assert asked(cloud) == 2


def test_many_threads_ask_once(cloud):
    tokens = source(cloud)
    got = []
    threads = [threading.Thread(target=lambda: got.append(tokens.token().value)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(got) == 16 and len(set(got)) == 1 and asked(cloud) == 1


@pytest.mark.parametrize(
    ("credential", "cause"),
    [
        (Credential(client_id=CLIENT_ID, secret="wrong"), "credential_refused"),
        (Credential(client_id=CLIENT_ID, certificate_pem=make_pem()), "credential_refused"),
        (Credential(client_id=CLIENT_ID), "no_credential"),
        (Credential(client_id=CLIENT_ID, secret=""), "no_credential"),
        (Credential(client_id=CLIENT_ID, certificate_pem=b""), "certificate_unreadable"),
        (Credential(client_id=CLIENT_ID, certificate_pem=b"not a PEM \xff"), "certificate_unreadable"),
        (
            Credential(client_id=CLIENT_ID, certificate_pem=PEM.split(b"-----BEGIN PRIVATE")[0]),
            "certificate_unreadable",
        ),
        (
            Credential(
                client_id=CLIENT_ID,
                certificate_pem=make_pem(with_key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
            ),
            "certificate_key_mismatch",
        ),
    ],
)
def test_a_credential_that_is_wrong_is_said_so(cloud, credential, cause):
    with pytest.raises(CredentialRefused) as caught:
        source(cloud, credential=credential).token()
    assert caught.value.cause == cause
    assert "wrong" not in repr(credential) and "PRIVATE" not in repr(credential) + str(caught.value)


@pytest.mark.parametrize(
    ("number", "is_ours"),
    [(7000215, True), (7000222, True), (7000218, True), (700027, True), (50012, True), (7000299, True),
     (650052, False), (7000112, False), (500011, False)],
)  # fmt: skip
def test_what_is_said_of_the_tenant_is_not_blamed_on_the_credential(cloud, number, is_ours):
    cloud.faults.set([{"do": "aadsts", "number": number, "error": "invalid_client", "message": "x", "times": 1}])
    with pytest.raises(SignInError) as caught:
        source(cloud).token()
    assert isinstance(caught.value, CredentialRefused) is is_ours


def test_a_credential_put_right_works_at_once(cloud):
    tokens = source(cloud, credential=Credential(client_id=CLIENT_ID, secret="wrong"))
    with pytest.raises(CredentialRefused):
        tokens.token()
    tokens._credential = SECRET
    assert tokens.token(fresh=True)


@pytest.mark.parametrize("tenant_id", ["00000000-0000-0000-0000-000000000001", "contoso.com", "common", "", "../x"])
def test_a_tenant_that_does_not_exist_is_said_so(cloud, tenant_id):
    assert source(cloud, tenant_id=FABRIKAM).token()
    with pytest.raises(TenantNotFound):
        source(cloud, tenant_id=tenant_id).token()


def test_an_app_that_the_tenant_does_not_know_lacks_consent(cloud):
    with pytest.raises(ConsentMissing):
        source(cloud, credential=Credential(client_id="99999999-0000-4000-8000-000000000000", secret="x")).token()


def discovery(at="https://127.0.0.1:8010"):
    path = f"{at}/{CONTOSO}/oauth2/v2.0"
    return Answer({"token_endpoint": f"{path}/token", "authorization_endpoint": f"{path}/authorize", "issuer": at})


@pytest.mark.parametrize(
    ("answers", "kind", "cause"),
    [
        ([requests.exceptions.ConnectionError("refused")], Unreachable, "unreachable"),
        ([requests.exceptions.ConnectTimeout("slow")], Unreachable, "timeout"),
        ([Answer(b"<html>", 503)], Unreachable, "unreachable"),
        ([Answer(b"<html>It works</html>")], Malformed, "malformed"),
        ([Answer({})], Malformed, "malformed"),
        ([Answer([])], Malformed, "malformed"),
        ([Answer({"error": "invalid_tenant"}, 400)], TenantNotFound, "tenant_not_found"),
        ([Answer(b"", 302, Location="https://evil.example")], Malformed, "malformed"),
        ([Answer({"error": "x"}, 429)], Throttled, "throttled"),
        ([discovery("https://login.microsoftonline.us")], TenantNotFound, "other_cloud"),
        ([discovery("http://127.0.0.1:8010")], Malformed, "malformed"),
        ([discovery(), requests.exceptions.ReadTimeout("slow")], Unreachable, "timeout"),
        ([discovery(), Answer(b"<html>", 500)], Unreachable, "unreachable"),
        ([discovery(), Answer(b"<html>")], Malformed, "malformed"),
        ([discovery(), Answer([])], Malformed, "malformed"),
        ([discovery(), Answer({})], SignInError, "no_token"),
        ([discovery(), Answer({"access_token": 7})], SignInError, "no_token"),
        ([discovery(), Answer({"error": "server_error"}, 400)], Unreachable, "server_error"),
        ([discovery(), Answer({"error": "Ä\r\n"}, 400)], SignInError, "no_token"),
        ([discovery(), Answer({"error": "too_many_requests"}, 429)], Throttled, "throttled"),
        (
            [discovery(), Answer({"error": "invalid_request", "error_codes": [90002]}, 400)],
            TenantNotFound,
            "invalid_request",
        ),
        ([discovery(), Answer({"error": "invalid_scope", "error_codes": [70011]}, 400)], SignInError, "invalid_scope"),
        ([discovery(), Answer({"error": "unauthorized_client"}, 400)], ConsentMissing, "unauthorized_client"),
    ],
)
def test_every_other_answer_of_entra_has_its_name(fake, answers, kind, cause):
    fake.script(*answers)
    session = make_session(ENDPOINTS)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    tokens = TokenSource(endpoints=ENDPOINTS, tenant_id=CONTOSO, credential=SECRET, session=session)
    with pytest.raises(kind) as caught:
        tokens.token()
    assert type(caught.value) is kind and caught.value.cause == cause
    assert all(sent.url.startswith("https://127.0.0.1:8010/") for sent in fake.sent)


@pytest.mark.parametrize("value", ["", "opaque", "a.b.c", "a.!!.c", "a.W10.c", "a.eyJyb2xlcyI6N30.c"])
def test_a_token_that_cannot_be_looked_into_says_nothing(value):
    assert Token(value).roles is None


def test_an_assertion_is_signed_for_five_minutes_by_the_certificate():
    credential = Credential(client_id=CLIENT_ID, certificate_pem=PEM)
    url = f"http://127.0.0.1:8010/{CONTOSO}/oauth2/v2.0/token"
    assertion = client_assertion(credential, url)
    certificate = credential.certificate()
    claims = jwt.decode(assertion, certificate.public_key(), algorithms=["PS256"], audience=url)
    assert claims["iss"] == claims["sub"] == CLIENT_ID and claims["exp"] - claims["nbf"] == 300
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
    assert jwt.get_unverified_header(assertion)["x5t#S256"] == thumbprint
    assert client_assertion(credential, url) != assertion


def test_when_a_certificate_ends_is_known():
    ends_at = Credential(client_id=CLIENT_ID, certificate_pem=PEM).certificate_expires_at()
    assert timedelta(days=29) < ends_at - datetime.now(UTC) < timedelta(days=31)
    assert SECRET.certificate_expires_at() is None


def test_msal_signs_in_with_a_certificate_over_plain_http_on_this_machine(cloud):
    with Server(cloud) as server:
        at = endpoints(login_url=server.origin)
        session = make_session(at)
        credential = Credential(client_id=CLIENT_ID, certificate_pem=PEM)
        tokens = TokenSource(endpoints=at, tenant_id=CONTOSO, credential=credential, session=session)
        began = time.monotonic()
        client = Client(endpoints=at, tokens=tokens, session=session)
        assert get_organization(client).id == CONTOSO
        assert time.monotonic() - began < 10
        session.close()
