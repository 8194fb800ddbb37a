"""Checks ID tokens. MSAL does not, so this is the only proof of who signs in."""

import hmac
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from . import parse
from .answers import parse_object
from .clouds import Endpoints
from .errors import IdTokenRefused, Unreachable
from .transport import READ_SECONDS, read_body

# All personal Microsoft accounts share this tenant: it is nobody's organisation.
CONSUMER_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
LEEWAY_SECONDS = 120
_LONGEST_TOKEN = 32_768
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked ID token says. (`tid`, `oid`) is who it is; everything else is for showing.

    `acct` is 0 for a member of the tenant, 1 for a guest, None where the app does not ask for this optional claim.
    `auth_time` is when that person last proved who they are, in seconds since 1970: Entra says it where it was asked
    with `max_age`, or where the app asks for this optional claim.
    https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
    """

    tid: str
    oid: str
    name: str
    preferred_username: str
    roles: tuple[str, ...]
    acct: int | None
    auth_time: float | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    public: RSAPublicKey
    issuer: str | None


class SigningKeys:
    """The keys Entra signs with, from the configured login address only; an address inside a token is never followed.

    Kept for a day; an unknown key id asks again, at most once a minute. Safe in threads.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        session: requests.Session,
        monotonic: Callable[[], float] = time.monotonic,
        keep_seconds: float = 86400.0,
        gap_seconds: float = 60.0,
    ) -> None:
        # https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
        self._url = f"{endpoints.login_url}/organizations/discovery/v2.0/keys"
        self._session = session
        self._monotonic = monotonic
        self._keep_seconds = keep_seconds
        self._gap_seconds = gap_seconds
        self._lock = threading.Lock()
        self._keys: dict[str, _Key] = {}
        self._asked_at: float | None = None

    def key(self, kid: str) -> _Key:
        """The key `kid`. Raises IdTokenRefused where there is none, GraphError where Entra is not to be had."""
        with self._lock:
            age = None if self._asked_at is None else self._monotonic() - self._asked_at
            if age is None or age > self._keep_seconds or (kid not in self._keys and age > self._gap_seconds):
                self._keys = self._fetch()
                self._asked_at = self._monotonic()
            try:
                return self._keys[kid]
            except KeyError:
                raise IdTokenRefused("unknown_key") from None

    def _fetch(self) -> dict[str, _Key]:
        deadline = self._monotonic() + READ_SECONDS
        try:
            with self._session.get(self._url, stream=True, headers={"Accept-Encoding": "gzip"}) as response:
                if response.status_code != 200:
                    raise Unreachable("no signing keys", status=response.status_code)
                body = read_body(response, deadline=deadline, monotonic=self._monotonic, max_bytes=1_000_000)
        except (requests.RequestException, OSError) as error:
            raise Unreachable(type(error).__name__) from None
        found = parse_object(body).get("keys")
        keys: dict[str, _Key] = {}
        for entry in found if isinstance(found, list) else []:
            key = _public_key(entry)
            if key:
                keys[entry["kid"]] = key
        return keys


def verify_id_token(
    token: object, *, endpoints: Endpoints, client_id: str, keys: SigningKeys, nonce: str, now: datetime
) -> Claims:
    """Who the token speaks of, after every check that OpenID Connect and Entra ask for.

    Signature (RS256, by Entra's own keys), issuer built from `tid`, audience, times against `now` (aware) with two
    minutes of leeway, nonce, version 2.0, work or school account. Raises IdTokenRefused with the check that failed as
    its cause, and GraphError where Entra's keys are not to be had.
    https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    if not isinstance(token, str) or not token.isascii() or len(token) > _LONGEST_TOKEN or token.count(".") != 2:
        raise IdTokenRefused("not_a_token")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise IdTokenRefused("not_a_token") from None
    kid = header.get("kid")
    if header.get("alg") != "RS256" or "crit" in header or not isinstance(kid, str):
        raise IdTokenRefused("algorithm")
    key = keys.key(kid)
    try:
        claims = jwt.decode(token, key.public, algorithms=["RS256"], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise IdTokenRefused("signature") from None
    _check_times(claims, now.timestamp())
    tid, oid = (_guid(claims, name) for name in ("tid", "oid"))
    issuer = f"{endpoints.login_url}/{tid}/v2.0"
    if claims.get("iss") != issuer or (key.issuer or issuer).replace("{tenantid}", tid) != issuer:
        raise IdTokenRefused("issuer")
    if not client_id or claims.get("aud") != client_id or claims.get("azp", client_id) != client_id:
        raise IdTokenRefused("audience")
    if claims.get("ver") != "2.0":
        raise IdTokenRefused("version")
    if tid == CONSUMER_TENANT:
        raise IdTokenRefused("personal_account")
    said = claims.get("nonce")
    if not nonce or not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise IdTokenRefused("nonce")
    return _claims(claims, tid, oid)


# Everything but the signature is checked here, against the given clock and without PyJWT's readiness to take lists.
_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    **dict.fromkeys(
        ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti"), False
    ),
}


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued, begins = (_seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None or now > expires + LEEWAY_SECONDS:
        raise IdTokenRefused("expired")
    signed_in = _seconds(claims, "auth_time")
    if any(each is not None and each > now + LEEWAY_SECONDS for each in (issued, begins, signed_in)):
        raise IdTokenRefused("not_yet")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e11:
        raise IdTokenRefused("times")
    return float(value)


def _guid(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise IdTokenRefused(name)
    return value


def _claims(claims: Mapping[str, Any], tid: str, oid: str) -> Claims:
    roles, acct = claims.get("roles"), claims.get("acct")
    named = {name: claims.get(name, "") for name in ("name", "preferred_username")}
    if not all(isinstance(value, str) for value in named.values()):
        raise IdTokenRefused("claims")
    return Claims(
        tid=tid,
        oid=oid,
        name=parse.text(named["name"]),
        preferred_username=parse.text(named["preferred_username"]),
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        acct=acct if isinstance(acct, int) and not isinstance(acct, bool) else None,
        auth_time=_seconds(claims, "auth_time"),
    )


def _public_key(entry: object) -> _Key | None:
    """A key of the list, if it is one that may sign ID tokens."""
    if not isinstance(entry, dict) or entry.get("kty") != "RSA" or not isinstance(entry.get("kid"), str):
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        public = jwt.PyJWK(entry, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    issuer = entry.get("issuer")
    if not isinstance(public, RSAPublicKey) or public.key_size < 2048 or not isinstance(issuer, (str, type(None))):
        return None
    return _Key(public, issuer)
