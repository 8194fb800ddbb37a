"""The trip of a Microsoft administrator: to the approval, back, through a sign-in that proves which tenant it was.

Nothing that the browser brings back is believed: the state says which trip it is and is used once, in the browser that
began it; who approved, and where, is what the ID token of the sign-in says after every check.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction

from sharing import graph
from sharing.graph import authorize
from sharing.models import READER, ActivationLink, AuditEvent, ConsentAttempt

from . import calls, clients
from .code_flow import Answer, SignInFailed, check_error, only, refusal_of, who_signed_in
from .links import LinkGone, check_usable, hashed

__all__ = ["ConsentRefused", "begin", "end", "refusal_of", "take_back"]
LIFETIME = timedelta(minutes=60)


class ConsentRefused(Exception):
    """The trip ended without an approval.

    `cause` is a word of ours, `code` Microsoft's AADSTS number with its prefix or nothing; `link` is what it was about,
    None where that is not known or not this browser's business; `account` the domain of the account that signed in.
    """

    def __init__(self, cause: str, link: ActivationLink | None = None, code: str = "", account: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.link = link
        self.code = code
        self.account = account


def begin(*, link: ActivationLink, browser: str, redirect_uri: str, now: datetime) -> str:
    """The address at Microsoft where the link's tenant is asked. Raises LinkGone.

    `browser` is the secret of the browser that goes there.
    """
    check_usable(link, now=now)
    calls.sent_browser(str(link.tenant.tid), calls.CONSENT)
    return authorize.consent_url(
        endpoints=clients.endpoints(), tenant_id=str(link.tenant.tid), client_id=clients.client_id_of(link.app),
        redirect_uri=redirect_uri, state=_new_attempt(link, ConsentAttempt.CONSENT, browser, now),
    )  # fmt: skip


def take_back(*, answer: Answer, browser: str, redirect_uri: str, now: datetime) -> str:
    """Microsoft sent the browser back from the approval; the address of the sign-in that must follow.

    Raises ConsentRefused, LinkGone.
    """
    attempt = _use(answer, ConsentAttempt.CONSENT, browser, now)
    link = attempt.link
    try:
        check_usable(link, now=now)
        _check_approval(answer, link)
    except (ConsentRefused, LinkGone) as refused:
        _end(attempt, refused.cause, now)
        raise
    _end(attempt, "ok", now)
    state = _new_attempt(link, ConsentAttempt.SIGNIN, browser, now)
    calls.sent_browser(str(link.tenant.tid), calls.AUTHORIZE)
    return authorize.authorize_url(
        endpoints=clients.endpoints(), tenant_id=str(link.tenant.tid), client_id=clients.client_id_of(READER),
        redirect_uri=redirect_uri, scopes=("openid", "profile"), state=state,
        nonce=_derived(browser, state, "nonce"), verifier=_derived(browser, state, "verifier"),
    )  # fmt: skip


def end(*, answer: Answer, browser: str, redirect_uri: str, now: datetime) -> ActivationLink:
    """Microsoft sent the browser back from the sign-in: the link is approved, if its tenant is the one signed in to.

    The link is then due to be proved. Raises ConsentRefused, LinkGone.
    """
    attempt = _use(answer, ConsentAttempt.SIGNIN, browser, now)
    link = attempt.link
    try:
        check_usable(link, now=now)
        claims = _sign_in(answer, link, browser, redirect_uri, now)
        with transaction.atomic():
            issued = ActivationLink.objects.filter(pk=link.pk, state=ActivationLink.ISSUED, expires_at__gt=now)
            if not issued.update(
                state=ActivationLink.APPROVED, cause="", state_since=now, due_at=now, approved_by_oid=claims.oid,
                approved_by_name=(claims.name or claims.preferred_username)[:256],
            ):  # fmt: skip
                raise LinkGone("used", link)
            AuditEvent.objects.record(
                now=now, verb="link.approved", tenant=link.tenant, actor_name=f"{claims.tid}.{claims.oid}",
                subject={"link": link.public_id, "app": link.app},
            )  # fmt: skip
    except (ConsentRefused, LinkGone) as refused:
        _end(attempt, refused.cause, now)
        raise
    _end(attempt, "ok", now)
    link.refresh_from_db()
    return link


def _new_attempt(link: ActivationLink, step: str, browser: str, now: datetime) -> str:
    """A state that is good for one way back, in this browser."""
    state = secrets.token_urlsafe(32)
    ConsentAttempt.objects.create(
        tenant=link.tenant, link=link, step=step, state_hash=hashed(state), browser_hash=hashed(browser), began_at=now,
        expires_at=now + LIFETIME,
    )  # fmt: skip
    return state


def _use(answer: Answer, step: str, browser: str, now: datetime) -> ConsentAttempt:
    """The trip this answer belongs to, used up by it. Raises ConsentRefused."""
    states = answer.get("state", ())
    rows = ConsentAttempt.objects.select_related("link", "link__tenant", "link__made_by")
    attempt = rows.filter(step=step, state_hash=hashed(states[0])).first() if len(states) == 1 else None
    if attempt is None:
        raise ConsentRefused("unknown_state")  # anybody may send those; the log is for trips that were begun
    if not browser or not hmac.compare_digest(attempt.browser_hash, hashed(browser)):
        _note(attempt, "other_browser", now)
        raise ConsentRefused("other_browser")
    if attempt.expires_at <= now:
        _note(attempt, "too_late", now)
        raise ConsentRefused("too_late", attempt.link)
    if not ConsentAttempt.objects.filter(pk=attempt.pk, used_at=None).update(used_at=now):
        _note(attempt, "used_before", now)
        raise ConsentRefused("used_before", attempt.link)
    return attempt


def _check_approval(answer: Answer, link: ActivationLink) -> None:
    """What the way back says is a hint: it can only stop the trip, never prove anything. Raises ConsentRefused."""
    try:
        check_error(answer)
    except SignInFailed as failed:
        raise ConsentRefused(failed.cause, link, failed.code) from None
    if only(answer, "admin_consent").casefold() != "true":
        raise ConsentRefused("malformed", link)
    tenant = only(answer, "tenant")
    if not tenant:
        raise ConsentRefused("malformed", link)
    if tenant.casefold() != str(link.tenant.tid):
        raise ConsentRefused("wrong_tenant", link)


def _sign_in(answer: Answer, link: ActivationLink, browser: str, redirect_uri: str, now: datetime) -> graph.Claims:
    """Who signed in to the link's tenant. Raises ConsentRefused."""
    state = only(answer, "state")
    try:
        claims = who_signed_in(
            answer=answer, tenant_id=str(link.tenant.tid), redirect_uri=redirect_uri,
            nonce=_derived(browser, state, "nonce"), verifier=_derived(browser, state, "verifier"), now=now,
        )  # fmt: skip
    except SignInFailed as failed:
        raise ConsentRefused(failed.cause, link, failed.code) from None
    if claims.tid != str(link.tenant.tid):
        raise ConsentRefused("wrong_tenant", link, account=claims.preferred_username.rpartition("@")[2][:253])
    return claims


def _derived(browser: str, state: str, purpose: str) -> str:
    """Nonce and PKCE verifier of one trip: only who knows the browser's secret can make them, and nothing is stored."""
    digest = hmac.new(browser.encode(), f"{purpose}:{state}".encode(), hashlib.sha256)
    return digest.hexdigest()


def _end(attempt: ConsentAttempt, outcome: str, now: datetime) -> None:
    """Note how a trip ended: on the trip, on its link where an admin should see it, and in the activity log."""
    ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome[:80])
    if outcome == "ok":
        return
    issued = ActivationLink.objects.filter(pk=attempt.link_id, state=ActivationLink.ISSUED)
    issued.update(cause=outcome.partition(":")[0][:80])
    _note(attempt, outcome, now)


def _note(attempt: ConsentAttempt, cause: str, now: datetime) -> None:
    AuditEvent.objects.record(
        now=now, verb="consent.refused", tenant=attempt.link.tenant, actor_name="nobody",
        subject={"link": attempt.link.public_id, "step": attempt.step}, outcome=cause[:80],
    )  # fmt: skip
