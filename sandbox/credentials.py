"""How an application proves to the pretend Entra ID that it is the one it says."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sandbox.apps import App
from sandbox.cast import PORTAL_APP
from sandbox.directory import Directory
from sandbox.http import Request
from sandbox.keys import base64url
from sandbox.oauth import Refused

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Credentials:
    """Registered secrets and certificates, and those (PEM, a key beside it is ignored) given for the portal at start.

    Raises ValueError for a file that holds no certificate.
    """

    def __init__(self, directory: Directory, certificates: Sequence[bytes]) -> None:
        self._directory = directory
        self._given = by_thumbprint(certificates)

    def check(self, request: Request) -> App:
        """The app that asks. Raises Refused."""
        form = request.form
        app = self._directory.app(form.get("client_id"))
        if "client_assertion" in form:
            self._check_assertion(request, app, form)
        elif "client_secret" not in form:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise Refused("invalid_client", 7000218, text, 401)
        else:
            self._check_secret(app, form["client_secret"])
        return app

    def _check_secret(self, app: App, secret: str) -> None:
        for kept in app.secrets:
            if hmac.compare_digest(secret.encode(), str(kept["value"]).encode()):
                if kept["ends_at"] and datetime.fromisoformat(kept["ends_at"]) < datetime.now(UTC):
                    raise Refused("invalid_client", 7000222, "The provided client secret keys are expired.", 401)
                return
        raise Refused("invalid_client", 7000215, "Invalid client secret provided.", 401)

    def _certificates(self, app: App) -> dict[str, x509.Certificate]:
        given = self._given if app.client_id == PORTAL_APP else {}
        return {**given, **by_thumbprint([each.encode() for each in app.certificates])}

    def _check_assertion(self, request: Request, app: App, form: dict[str, str]) -> None:
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
        certificate = self._certificates(app).get(thumbprint)
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
                issuer=app.client_id,
                subject=app.client_id,
                leeway=300,
                options={"require": ["aud", "iss", "sub", "jti", "exp"]},
            )
        except jwt.PyJWTError as problem:
            text = f"Client assertion failed signature validation or is out of date: {problem}."
            raise Refused("invalid_client", 700027, text, 401) from None


def by_thumbprint(certificates: Sequence[bytes]) -> dict[str, x509.Certificate]:
    """Raises ValueError for what is no certificate."""
    found = {}
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem)
        for algorithm in (hashes.SHA256(), hashes.SHA1()):  # noqa: S303 - older clients name it by SHA-1
            found[base64url(certificate.fingerprint(algorithm))] = certificate
    return found
