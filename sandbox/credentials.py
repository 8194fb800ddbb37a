"""How the portal proves to the pretend Entra ID that it is the portal."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox.cast import PORTAL_APP
from sandbox.http import Request
from sandbox.keys import base64url
from sandbox.oauth import Refused

CLIENT_SECRET = "sandbox-secret-of-the-portal"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Credentials:
    """The portal's one secret, and the certificates (PEM, a key beside it is ignored) it may sign with.

    Raises ValueError for a file that holds no certificate.
    """

    def __init__(self, certificates: Sequence[bytes]) -> None:
        self._certificates: dict[str, x509.Certificate] = {}
        for pem in certificates:
            certificate = x509.load_pem_x509_certificate(pem)
            for algorithm in (hashes.SHA256(), hashes.SHA1()):  # noqa: S303 - older clients name it by SHA-1
                self._certificates[base64url(certificate.fingerprint(algorithm))] = certificate

    def check(self, request: Request) -> None:
        """Raises Refused."""
        form = request.form
        if form.get("client_id") != PORTAL_APP:
            text = f"Application with identifier '{form.get('client_id')}' was not found in the directory."
            raise Refused("unauthorized_client", 700016, text)
        if "client_assertion" in form:
            self._check_assertion(request, form)
        elif "client_secret" not in form:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise Refused("invalid_client", 7000218, text, 401)
        elif not hmac.compare_digest(form["client_secret"].encode(), CLIENT_SECRET.encode()):
            raise Refused("invalid_client", 7000215, "Invalid client secret provided.", 401)

    def _check_assertion(self, request: Request, form: dict[str, str]) -> None:
        wrong = Refused(
            "invalid_client", 700027, "The certificate used to sign the client assertion is not registered.", 401
        )
        token = form["client_assertion"]
        if form.get("client_assertion_type") != ASSERTION:
            raise Refused("invalid_request", 900144, "The client_assertion_type is missing or unknown.")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Refused("invalid_client", 50027, "The client assertion is no JSON Web Token.", 401) from None
        thumbprint = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
        certificate = self._certificates.get(thumbprint)
        if certificate is None:
            raise wrong
        if certificate.not_valid_after_utc < datetime.now(UTC):
            raise Refused("invalid_client", 7000222, "The certificate of the client assertion has expired.", 401)
        audiences = [f"{scheme}://{request.host}{request.path}" for scheme in ("http", "https")]
        try:
            jwt.decode(
                token,
                certificate.public_key(),
                algorithms=["PS256", "RS256"],
                audience=audiences,
                issuer=PORTAL_APP,
                subject=PORTAL_APP,
                leeway=300,
                options={"require": ["aud", "iss", "sub", "jti", "exp"]},
            )
        except jwt.PyJWTError as problem:
            text = f"Client assertion failed signature validation or is out of date: {problem}."
            raise Refused("invalid_client", 700027, text, 401) from None
