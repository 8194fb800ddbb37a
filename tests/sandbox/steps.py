"""What a client of the pretend Entra ID does, step by step."""

import base64
import functools
import hashlib
import html
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import cast
from sandbox.http import Request

SECRET = "sandbox-secret-of-the-portal"
ORIGIN = "http://127.0.0.1:8010"
CALLBACK = "http://localhost:8000/accounts/microsoft/login/callback/"
SCOPE = "https://graph.microsoft.com/.default"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def send(cloud, method, url, *, form=None, body=None, headers=None):
    """One request; `form` and `body` (JSON) are encoded."""
    parts = urlsplit(url)
    given = {"host": "127.0.0.1:8010", **(headers or {})}
    sent = b""
    if form is not None:
        sent, given["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
    if body is not None:
        sent, given["content-type"] = json.dumps(body).encode(), "application/json"
    return cloud.handle(Request(method, parts.path, parts.query, given, sent))


def control(cloud, method, name, body=None):
    return json.loads(send(cloud, method, f"/__control__/{name}", body=body).body)


@functools.cache
def certificate(name="portal", days=30):
    """A key and its certificate in one PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM)


def assertion(pem, url, **changed):
    """A client assertion for this token address."""
    thumbprint = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256())
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": cast.PORTAL_APP, "sub": cast.PORTAL_APP, "jti": "1", "iat": now, "nbf": now, "exp": now + 300}
    header = {"x5t#S256": base64.urlsafe_b64encode(thumbprint).decode()}
    return jwt.encode({**claims, "aud": url, **changed}, pem, "PS256", header)


def token_url(tenant):
    return f"{ORIGIN}/{tenant}/oauth2/v2.0/token"


def ask_token(cloud, tenant=cast.CONTOSO, **form):
    """(status, JSON) of the token endpoint, for the portal with its secret unless `form` says otherwise."""
    asked = {"client_id": cast.PORTAL_APP, "client_secret": SECRET, **form}
    response = send(cloud, "POST", token_url(tenant), form={k: v for k, v in asked.items() if v is not None})
    return response.status, json.loads(response.body)


def app_token(cloud, tenant=cast.CONTOSO):
    status, answer = ask_token(cloud, tenant, grant_type="client_credentials", scope=SCOPE)
    assert status == 200, answer
    return answer["access_token"]


def graph(cloud, path, token, method="GET", body=None, **headers):
    return send(cloud, method, f"/v1.0{path}", body=body, headers={"authorization": f"Bearer {token}", **headers})


def authorize_url(tenant="organizations", **changed):
    asked = {
        "client_id": cast.PORTAL_APP,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile offline_access Calendars.ReadWrite",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changed,
    }
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{ORIGIN}/{tenant}/oauth2/v2.0/authorize?{query}"


def consent_url(tenant="organizations", *, v1=False, **changed):
    """Where an administrator is sent to consent for everybody."""
    asked = {"client_id": cast.PORTAL_APP, "redirect_uri": CALLBACK, "state": "the state", **changed}
    asked = asked if v1 else {"scope": SCOPE, **asked}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"{ORIGIN}/{tenant}{'' if v1 else '/v2.0'}/adminconsent?{query}"


def admin_consents(cloud, url, oid=cast.PATTI, tid=cast.FABRIKAM, answer="accept"):
    """Pick an account on the way to admin consent, and answer; the response to the answer."""
    return reply(cloud, url, pick(cloud, url, oid, tid), answer)


def ticket_of(page):
    return html.unescape(re.search(r'name="ticket" value="([^"]+)"', page.body.decode())[1])


def pick(cloud, url, oid, tid=cast.CONTOSO):
    """Open the account picker and choose; the response to the choice, which may be the consent page."""
    page = send(cloud, "GET", url)
    assert page.status == 200, page.body
    return send(cloud, "POST", url, form={"ticket": ticket_of(page), "tid": tid, "oid": oid})


def reply(cloud, url, page, answer="accept"):
    """Press a button of a consent page: accept, cancel or another."""
    return send(cloud, "POST", url, form={"ticket": ticket_of(page), "answer": answer})


def choose(cloud, url, oid, tid=cast.CONTOSO):
    """Pick an account, and accept what the app asks for where it asks; the response to that."""
    page = pick(cloud, url, oid, tid)
    return reply(cloud, url, page) if b"Permissions requested" in page.body else page


def answer_of(response):
    """What a redirect hands to the portal."""
    assert response.status == 302, response.body
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def sign_in(cloud, oid, tid=cast.CONTOSO, tenant="organizations", **changed):
    """(status, JSON) of the token endpoint for a person who went through the picker."""
    code = answer_of(choose(cloud, authorize_url(tenant, **changed), oid, tid))["code"]
    return redeem(cloud, code, tenant)


def redeem(cloud, code, tenant="organizations", **changed):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return ask_token(cloud, tenant, **{**form, **changed})


def claims_of(token):
    """The claims, unchecked."""
    return jwt.decode(token, options={"verify_signature": False})
