"""Tokens as Entra ID makes them, and the many ways to make them wrong."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization

from sandbox import ids
from sandbox.keys import Keys, base64url, key_id, make_key
from sandbox.rows import User

GRAPH = "https://graph.microsoft.com"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
NOBODYS_TENANT = "0badcafe-0000-4000-8000-000000000bad"
LIFETIME = 3599

Claims = dict[str, Any]


def access_token_claims(
    *, tid: str, app_id: str, oid: str, at: datetime, user: User | None, roles: set[str], scopes: list[str]
) -> Claims:
    """For Graph, in its own version 1 form: `roles` for an application as itself, `scp` for a person.

    `oid` is the person's, or the service principal's.
    """
    seconds = int(at.timestamp())
    claims: Claims = {
        "aud": GRAPH,
        "iss": f"https://sts.windows.net/{tid}/",
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + LIFETIME,
        "appid": app_id,
        "idtyp": "user" if user else "app",
        "oid": oid,
        "sub": pairwise(GRAPH_APP, tid, oid) if user else oid,
        "tid": tid,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    if user:
        return {**claims, "scp": " ".join(scopes), "name": user.display_name, "upn": user.upn}
    return {**claims, "roles": sorted(roles)} if roles else claims


def id_token_claims(
    *,
    origin: str,
    tid: str,
    app_id: str,
    at: datetime,
    user: User,
    scopes: list[str],
    nonce: str | None,
    auth_time: int | None = None,
) -> Claims:
    """`auth_time` is when the person signed in, where the token says that."""
    seconds = int(at.timestamp())
    claims: Claims = {
        "aud": app_id,
        "iss": f"{origin}/{tid}/v2.0",
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 3900,
        "acct": 1 if user.user_type == "Guest" else 0,
        "oid": user.oid,
        "sid": str(uuid.uuid4()),
        "sub": pairwise(app_id, tid, user.oid),
        "tid": tid,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
    }
    if "profile" in scopes:
        claims |= {"name": user.display_name, "preferred_username": user.upn}
    if "email" in scopes and user.mail:
        claims["email"] = user.mail
    if user.app_roles:
        claims["roles"] = list(user.app_roles)
    if nonce:
        claims["nonce"] = nonce
    if auth_time:
        claims["auth_time"] = auth_time
    return claims


def pairwise(app_id: str, tid: str, oid: str) -> str:
    """One person's name towards one application."""
    return base64url(ids.digest("sub", app_id, tid, oid, size=32))


def other_tenant(tid: str) -> Callable[[Claims], Claims]:
    return lambda claims: {"tid": tid, "iss": claims["iss"].replace(claims["tid"], tid)}


# What becomes of the claims; None takes one away. All of these are signed as they should be.
WRONG_CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "missing_roles": lambda claims: {"roles": None},
    "expired": lambda claims: {name: claims[name] - 7200 for name in ("iat", "nbf", "exp")},
    "not_yet": lambda claims: {name: claims[name] + 7200 for name in ("iat", "nbf", "exp")},
    "wrong_audience": lambda claims: {"aud": "00000002-0000-0000-c000-000000000000"},
    "no_audience": lambda claims: {"aud": None},
    "wrong_issuer": lambda claims: {"iss": claims["iss"].replace(claims["tid"], NOBODYS_TENANT)},
    "foreign_issuer": lambda claims: {"iss": f"https://login.example/{claims['tid']}/v2.0"},
    "no_issuer": lambda claims: {"iss": None},
    "wrong_tid": lambda claims: {"tid": NOBODYS_TENANT},
    "other_tenant": other_tenant(NOBODYS_TENANT),
    "personal_account": other_tenant(PERSONAL_TENANT),
    "no_tid": lambda claims: {"tid": None},
    "no_oid": lambda claims: {"oid": None},
    "no_sub": lambda claims: {"sub": None},
    "odd_oid": lambda claims: {"oid": "admin"},
    "no_nonce": lambda claims: {"nonce": None},
    "wrong_nonce": lambda claims: {"nonce": "somebody-elses"},
    "no_expiry": lambda claims: {"exp": None},
    "no_issued_at": lambda claims: {"iat": None},
    "old_version": lambda claims: {"ver": "1.0"},
    "guest": lambda claims: {"acct": 1},
}


def unsigned(claims: Claims, header: Claims) -> bytes:
    parts = (json.dumps(each, separators=(",", ":")).encode() for each in (header, claims))
    return b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)


def signed_with_hmac(keys: Keys, claims: Claims) -> str:
    """Signed with the public key as if it were a password: the classic confusion of algorithms."""
    public = keys.signing_key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = unsigned(claims, {"alg": "HS256", "typ": "JWT", "kid": key_id(public)})
    return f"{body.decode()}.{base64url(hmac.new(pem, body, hashlib.sha256).digest())}"


def with_a_bad_signature(keys: Keys, claims: Claims) -> str:
    body, _, signature = keys.sign(claims).rpartition(".")
    return f"{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def with_another_key(keys: Keys, claims: Claims) -> str:
    return jwt.encode(claims, make_key(), "RS256", {"kid": key_id(keys.signing_key.public_key())})


def with_an_unknown_key(keys: Keys, claims: Claims) -> str:
    key = make_key()
    return jwt.encode(claims, key, "RS256", {"kid": key_id(key.public_key())})


# What becomes of the signature, or of the whole token.
WRONG_SIGNATURES: dict[str, Callable[[Keys, Claims], str]] = {
    "bad_signature": with_a_bad_signature,
    "another_key": with_another_key,
    "unknown_key": with_an_unknown_key,
    "no_kid": lambda keys, claims: jwt.encode(claims, keys.signing_key, "RS256"),
    "hs256": signed_with_hmac,
    "unsigned": lambda keys, claims: unsigned(claims, {"alg": "none", "typ": "JWT"}).decode() + ".",
    "garbage": lambda keys, claims: "this.is-no.token",
    "missing": lambda keys, claims: "",
}


def sign(keys: Keys, claims: Claims, *, how: str | None = None, change: Claims | None = None) -> str:
    """The token; `how` names one of the wrong ways above, `change` sets claims (None takes one away)."""
    wrong = WRONG_CLAIMS[how](claims) if how in WRONG_CLAIMS else {}
    claims = {name: value for name, value in {**claims, **wrong, **(change or {})}.items() if value is not None}
    return WRONG_SIGNATURES[how](keys, claims) if how in WRONG_SIGNATURES else keys.sign(claims)
