"""Tokens on behalf of a person: from the refresh token they lent us, which changes with every use.

Not by MSAL: its cache would keep refresh tokens in memory, and the newest one must be in the database before it counts.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from .authorize import ask_for_tokens
from .clouds import Endpoints
from .errors import ConsentMissing, GrantEnded, Malformed
from .tokens import RENEW_EARLY_SECONDS, Credential, Token

_SCOPE = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Lent:
    """What Entra gives on behalf of a person; its repr shows no token.

    `refresh_token` is empty where Entra gave no new one: the old one stays good.
    """

    token: Token
    refresh_token: str = field(repr=False)
    lives_seconds: float
    scopes: tuple[str, ...]


def read_lent(answer: Mapping[str, Any]) -> Lent:
    """Entra's answer to a code or to a refresh token. Raises Malformed.

    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#successful-response-2
    """
    access, refreshed, scope = answer.get("access_token"), answer.get("refresh_token", ""), answer.get("scope", "")
    lives = answer.get("expires_in")
    if not isinstance(access, str) or not access or not isinstance(refreshed, str) or not isinstance(scope, str):
        raise Malformed("no token")
    # "https://graph.microsoft.com/Calendars.Read" and "Calendars.Read" are the same.
    scopes = {word.rpartition("/")[2] for word in scope.split()}
    seconds = float(lives) if isinstance(lives, (int, float)) and not isinstance(lives, bool) else 0.0
    return Lent(Token(access), refreshed, seconds, tuple(sorted(s for s in scopes if _SCOPE.fullmatch(s))))


def refresh(
    *, endpoints: Endpoints, session: requests.Session, credential: Credential, tenant_id: str, refresh_token: str
) -> Lent:
    """A new token for the scopes consented to, and the next refresh token. Sent once.

    Raises GrantEnded where only the person can help, and SignInError and its kin, Throttled, Unreachable, Malformed.
    https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow#refresh-the-access-token
    """
    try:
        answer = ask_for_tokens(
            endpoints=endpoints, session=session, credential=credential, tenant_id=tenant_id,
            grant={"grant_type": "refresh_token", "refresh_token": refresh_token},
        )  # fmt: skip
    except ConsentMissing as error:
        if error.code in ("interaction_required", "consent_required"):
            raise GrantEnded(error.message, code=error.code, cause=GrantEnded.word) from None
        raise
    return read_lent(answer)


class LentTokens:
    """Keeps a person's access token until five minutes before it ends, then asks `redeem` for another. Safe in threads.

    `redeem` takes the refresh token from wherever it is kept, calls `refresh`, and keeps the new one.
    """

    def __init__(self, redeem: Callable[[], Lent], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._redeem = redeem
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: tuple[Token, float] | None = None

    def token(self, *, fresh: bool = False) -> Token:
        """A token that still lives; `fresh` throws the kept one away. Raises whatever `redeem` raises."""
        with self._lock:
            if self._kept and not fresh and self._monotonic() < self._kept[1]:
                return self._kept[0]
            self._kept = None
            lent = self._redeem()
            early = min(RENEW_EARLY_SECONDS, lent.lives_seconds / 2)
            self._kept = (lent.token, self._monotonic() + lent.lives_seconds - early)
            return lent.token
