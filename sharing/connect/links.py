"""Activation links: made and confirmed by an admin, opened by a Microsoft administrator; only a hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from sharing.models import BOOKER, READER, ActivationLink, AuditEvent, Tenant, User

from . import sealing, tenants

LIFETIME = timedelta(days=7)
PROOF_LIFETIME = timedelta(hours=24)


class LinkGone(Exception):
    """The link cannot be used; `cause` is unknown, used, expired, revoked or failed. `link` is None where unknown."""

    def __init__(self, cause: str, link: ActivationLink | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.link = link


class NotProved(Exception):
    """The link cannot be confirmed: nothing is proved, somebody was faster, or it was revoked."""


class ProofTooOld(Exception):
    """What was proved is more than a day old: it is tried again now, and nothing was connected."""


def hashed(secret: str) -> str:
    """What is kept of a token, a state or a browser's secret: 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_link(
    *, tenant: Tenant, permissions: list[str], actor: User, now: datetime, app: str = READER
) -> tuple[ActivationLink, str]:
    """A new link and its token, which nobody can look up later. An open one of the same tenant and app is revoked."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        # Writing the event first takes the chain's row, so that two admins cannot make two links at once.
        AuditEvent.objects.record(now=now, verb="link.made", tenant=tenant, actor=actor, subject={"app": app})
        for old in ActivationLink.objects.filter(tenant=tenant, app=app, state__in=ActivationLink.OPEN):
            revoke_link(link=old, actor=actor, now=now)
        link = ActivationLink.objects.create(
            tenant=tenant, app=app, token_hash=hashed(token), permissions=permissions, made_by=actor, made_at=now,
            expires_at=now + LIFETIME, state_since=now,
        )  # fmt: skip
    return link, token


def revoke_link(*, link: ActivationLink, actor: User, now: datetime, cause: str = "") -> bool:
    """End an open link, whoever is proving it; False where it had ended already. Safe to repeat."""
    with transaction.atomic():
        rows = ActivationLink.objects.filter(pk=link.pk, state__in=ActivationLink.OPEN)
        # The raised attempt is the fence against a worker that is proving it right now.
        ended = rows.update(
            state=ActivationLink.REVOKED, state_since=now, due_at=None, attempt=F("attempt") + 1, cause=cause
        )  # fmt: skip
        if ended:
            _record("link.revoked", link, now, actor)
    return bool(ended)


def find_link(token: str) -> ActivationLink:
    """The link with this token, whatever became of it. Raises LinkGone (unknown)."""
    rows = ActivationLink.objects.select_related("tenant", "made_by")
    link = rows.filter(token_hash=hashed(token)).exclude(tenant__state=Tenant.PRIVATE).first()
    if link is None:
        raise LinkGone("unknown")
    return link


def check_usable(link: ActivationLink, *, now: datetime) -> None:
    """Raises LinkGone unless an administrator may still approve by this link."""
    if link.state in (ActivationLink.REVOKED, ActivationLink.FAILED):
        raise LinkGone(link.state, link)
    if link.state != ActivationLink.ISSUED:
        raise LinkGone("used", link)
    if link.expires_at <= now:
        raise LinkGone("expired", link)


def note_opened(*, link: ActivationLink, now: datetime) -> None:
    """Remember when it was first opened; this uses nothing up. Safe to repeat."""
    ActivationLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=now)


def confirm_link(*, link: ActivationLink, actor: User, now: datetime) -> None:
    """An admin looked at what was proved and says yes: the tenant is read from now on.

    Raises NotProved, and ProofTooOld where the link is due to be proved again instead.
    """
    proved = ActivationLink.objects.filter(pk=link.pk, state=ActivationLink.PROVED)
    proved = proved.exclude(tenant__state__in=(Tenant.ENDED, Tenant.PRIVATE))
    with transaction.atomic():
        is_old = proved.filter(state_since__lte=now - PROOF_LIFETIME).update(
            state=ActivationLink.APPROVED, state_since=now, cause="", due_at=now
        )
        if is_old:
            _record("link.asked_again", link, now, actor)
    if is_old:
        raise ProofTooOld
    with transaction.atomic():
        if not proved.update(state=ActivationLink.CONFIRMED, state_since=now, confirmed_by=actor):
            raise NotProved
        link.refresh_from_db()
        _record("link.confirmed", link, now, actor)
        found = link.organization
        if link.app == READER:
            tenants.begin_reading(
                tenant=link.tenant, name=found["name"], domains=found["domains"], roles=found.get("roles"),
                now=now, by=actor.username,
            )  # fmt: skip
        elif link.app == BOOKER:
            tenants.use_booker(tenant=link.tenant, now=now, by=actor.username)
        else:
            tenants.use_writer(tenant=link.tenant, now=now, by=actor.username)


def is_proof_old(link: ActivationLink, *, now: datetime) -> bool:
    """Would a yes have the link proved again?"""
    return link.state == ActivationLink.PROVED and link.state_since <= now - PROOF_LIFETIME


def cancel(*, tenant: Tenant, actor: User, now: datetime) -> None:
    """Revoke every open link of the tenant, and take it off the list where nobody of it was ever here.

    Who connected their own mailbox in it keeps that: for them it is private again.
    """
    with transaction.atomic():
        for link in ActivationLink.objects.filter(tenant=tenant, state__in=ActivationLink.OPEN):
            revoke_link(link=link, actor=actor, now=now)
        end = {"state": Tenant.ENDED, "cause": "cancelled"}
        if tenant.grants.exists():
            end = {"state": Tenant.PRIVATE, "cause": "", "mode": Tenant.INDIVIDUAL}
        strangers = Tenant.objects.filter(Q(pk=tenant.pk), state=Tenant.LISTED, users=None)
        if strangers.update(state_since=now, **end):
            AuditEvent.objects.record(now=now, verb="tenant.unlisted", tenant=tenant, actor=actor)


def seal_token(link: ActivationLink, token: str) -> str:
    """The token for keeping in the session of a browser that knows it already."""
    return sealing.seal(token, purpose=f"link:{link.public_id}")


def open_token(link: ActivationLink, sealed: str) -> str:
    """The token again, or nothing where it is another link's or cannot be opened."""
    try:
        token = sealing.unseal(sealed, purpose=f"link:{link.public_id}")
    except sealing.SealBroken:
        return ""
    return token if hashed(token) == link.token_hash else ""


def _record(verb: str, link: ActivationLink, now: datetime, actor: User) -> None:
    subject = {"link": link.public_id, "app": link.app}
    AuditEvent.objects.record(now=now, verb=verb, tenant=link.tenant, actor=actor, subject=subject)
