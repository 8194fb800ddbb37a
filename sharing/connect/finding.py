"""Finds which tenant is meant by a sign-in to it, where nobody knows its id: what counts is the validated ID token.

It is a sign-in for this question alone: nobody is let in by it, no account is made, and no tenant is listed.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from sharing.graph import authorize
from sharing.models import AuditEvent, User

from . import calls, clients, identity
from .code_flow import Answer, SignInFailed, only, who_signed_in

LIFETIME = timedelta(minutes=10)  # from the button to the way back


class NotFound(Exception):
    """No tenant was found; `cause` is a word of ours, `code` Microsoft's AADSTS number with its prefix or nothing."""

    def __init__(self, cause: str, code: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code


@dataclass(frozen=True, slots=True)
class Found:
    """A tenant by its proved id; `account` is the name of who signed in, for showing only."""

    tid: str
    account: str


def begin(*, user: User, redirect_uri: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """The address at Microsoft, and what the browser's session keeps until the way back; good once, for ten minutes."""
    kept: dict[str, Any] = {
        "state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(64),
        "user": user.pk, "began_at": now.timestamp(),
    }  # fmt: skip
    where = authorize.authorize_url(
        endpoints=clients.endpoints(), tenant_id=_authority(), client_id=settings.MICROSOFT_CLIENT_ID,
        redirect_uri=redirect_uri, scopes=("openid", "profile"), state=kept["state"], nonce=kept["nonce"],
        verifier=kept["verifier"], prompt="select_account",
    )  # fmt: skip
    return where, kept


def is_of(answer: Answer, kept: Mapping[str, Any]) -> bool:
    """Is this the answer to what this browser was sent to Microsoft with?"""
    return bool(kept) and hmac.compare_digest(only(answer, "state").encode(), str(kept["state"]).encode())


def end(*, user: User, answer: Answer, kept: Mapping[str, Any], redirect_uri: str, now: datetime) -> Found:
    """Microsoft sent the browser back: the tenant of the account that signed in.

    `kept` is what `begin` gave, taken out of the session before. Both outcomes go to the activity log where this
    browser had begun. Raises NotFound.
    """
    if not is_of(answer, kept):
        raise NotFound("unknown_state")  # anybody may send those
    try:
        if kept["user"] != user.pk:
            raise SignInFailed("other_person")
        if not 0 <= now.timestamp() - kept["began_at"] < LIFETIME.total_seconds():
            raise SignInFailed("too_late")
        claims = who_signed_in(
            answer=answer, tenant_id=_authority(), redirect_uri=redirect_uri, nonce=kept["nonce"],
            verifier=kept["verifier"], now=now,
        )  # fmt: skip
        calls.sent_browser(claims.tid, calls.AUTHORIZE)  # it went there before anybody knew whose it was
        if claims.acct != identity.MEMBER:
            # A guest's token names the tenant they visit, which may be any; without the claim nobody can tell.
            raise SignInFailed("guest" if claims.acct == identity.GUEST else "acct_missing")
    except SignInFailed as failed:
        AuditEvent.objects.record(
            now=now, verb="tenant.find_refused", tenant=user.tenant, actor=user, outcome=failed.cause[:80]
        )
        raise NotFound(failed.cause, failed.code) from None
    AuditEvent.objects.record(
        now=now, verb="tenant.found", tenant=user.tenant, actor=user, subject={"tid": claims.tid, "oid": claims.oid}
    )
    return Found(claims.tid, claims.preferred_username[:320])


def _authority() -> str:
    """Any work or school account; or the one tenant whose accounts the registration takes."""
    return settings.MICROSOFT_TENANT_ID or "organizations"
