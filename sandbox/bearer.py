"""Reads the access token of a Graph call."""

from typing import Any

import jwt

from sandbox.caller import Caller
from sandbox.graph import error
from sandbox.http import Request, Response
from sandbox.tokens import GRAPH, GRAPH_APP

KNOWN = 2000
NEEDED = ["exp", "aud", "iss", "tid", "oid", "appid"]
# Its lifetime is a matter of the cloud's clock, which the library does not know.
TIMELESS = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


class Bearers:
    """Knows whom a token names. `cloud` gives `keys`, `state` and `time()`."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self._known: dict[str, tuple[Caller, float]] = {}

    def caller(self, request: Request) -> Caller | Response:
        """Whom the bearer token names, or the 401 it earns."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return unauthorized(request, "Access token is empty.")
        known = self._known.get(token)
        if known is None:
            found = self._read(token)
            if isinstance(found, str):
                return unauthorized(request, found)
            if len(self._known) >= KNOWN:
                self._known = {}
            known = self._known[token] = found
        caller, expires = known
        if self.cloud.time() >= expires:
            return unauthorized(request, "Lifetime validation failed, the token is expired.")
        if caller.tid not in self.cloud.state.tenants:
            return unauthorized(request, "Access token validation failure. Invalid tenant.")
        return caller

    def _read(self, token: str) -> tuple[Caller, float] | str:
        """The caller and the token's end, or what is wrong with it."""
        try:
            key = self.cloud.keys.public_key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return "Access token validation failure. Invalid signature."
            claims = jwt.decode(
                token, key, ["RS256"], audience=[GRAPH, GRAPH_APP], options={"require": NEEDED, **TIMELESS}
            )
        except jwt.InvalidAudienceError:
            return "Access token validation failure. Invalid audience."
        except jwt.InvalidSignatureError:
            return "Access token validation failure. Invalid signature."
        except jwt.MissingRequiredClaimError:
            return "Access token validation failure."
        except jwt.PyJWTError:
            return "CompactToken parsing failed with error code: 80049217"
        if claims["iss"] != f"https://sts.windows.net/{claims['tid']}/":
            return "Access token validation failure. Invalid issuer."
        if claims.get("nbf", 0) > self.cloud.time() + 300:
            return "Lifetime validation failed, the token is not yet valid."
        caller = Caller(
            app_id=claims["appid"],
            tid=claims["tid"],
            oid=None if claims.get("idtyp") == "app" else claims["oid"],
            roles=frozenset(claims.get("roles", ())),
            scopes=frozenset(claims.get("scp", "").split()),
        )
        return caller, claims["exp"]


def unauthorized(request: Request, message: str) -> Response:
    headers = {"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'}
    return error(request, 401, "InvalidAuthenticationToken", message, headers)
