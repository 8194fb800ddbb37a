"""Who signs in: an ID token of ours becomes a person of a listed tenant, or a refusal with its reason."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from django.conf import settings

from sharing import graph
from sharing.models import AuditEvent, Tenant, User

from . import calls, clients

# https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference: 0 is a member, 1 a guest.
MEMBER, GUEST = 0, 1


class SignInRefused(Exception):
    """Nobody is signed in; `cause` is the word kept in the activity log."""

    cause = "refused"


class TokenNotValid(SignInRefused):
    """The ID token is not Microsoft's, not ours, too old, or answers another question than ours."""

    cause = "id_token"


class MicrosoftUnreachable(SignInRefused):
    """The keys that tokens are checked with were not to be had: nothing is known of the token."""

    cause = "unreachable"


class TenantNotListed(SignInRefused):
    """The account is real, but its organization may not sign in here."""

    cause = "tenant_not_listed"

    def __init__(self, tid: str, oid: str) -> None:
        super().__init__(f"tenant {tid} is not listed")
        self.tid = tid
        self.oid = oid


class GuestRefused(SignInRefused):
    """A guest of a listed tenant that lets no guests in, or nobody can tell: the claim `acct` is missing."""

    cause = "guest"

    def __init__(self, *, is_known: bool) -> None:
        super().__init__("guest" if is_known else "the ID token carries no acct claim")
        self.is_known = is_known


class AccountInactive(SignInRefused):
    """Switched off in the portal."""

    cause = "inactive"


def login_origin() -> str:
    """Where the browser is sent to sign in, without a trailing slash."""
    return clients.endpoints().login_url


def is_sandbox() -> bool:
    """Whether Microsoft is played by a program on this machine."""
    return clients.endpoints().cloud is graph.Cloud.SANDBOX


def session():
    """What the exchange of a code for tokens may use; it reaches Microsoft's origins only."""
    return clients.session_for(clients.endpoints())


class NoProof(Exception):
    """Nothing that could be used proves to Entra who we are; `cause` says why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def proof_for(token_url: str) -> tuple[str, str]:
    """What proves who we are in one request: an assertion signed with the certificate, or else the secret.

    Raises NoProof.
    """
    try:
        who = clients.credential()
        return (graph.client_assertion(who, token_url), "") if who.certificate_pem else ("", who.secret or "")
    except (graph.ConfigurationRefused, graph.CredentialRefused) as error:
        raise NoProof(error.cause) from None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and when they last proved to Microsoft who they are; None where Microsoft did not say."""

    user: User
    authenticated_at: datetime | None


def sign_in(*, id_token: str, nonce: str, now: datetime) -> SignedIn:
    """The person behind an ID token, made on their first sign-in; safe to repeat.

    The token is validated here whatever any library did with it, then matched by (tid, oid) alone. Both outcomes go to
    the activity log. Raises TokenNotValid, MicrosoftUnreachable, TenantNotListed, GuestRefused and AccountInactive.
    """
    try:
        claims = read_id_token(id_token=id_token, nonce=nonce, now=now)
        calls.sent_browser(claims.tid, calls.AUTHORIZE)  # it went there before anybody knew whose it was
    except graph.IdTokenRefused as refused:
        note_refusal(cause=f"{TokenNotValid.cause}:{refused.cause}", now=now)
        raise TokenNotValid(refused.cause) from None
    except graph.GraphError as error:
        note_refusal(cause=f"{MicrosoftUnreachable.cause}:{error.cause}", now=now)
        raise MicrosoftUnreachable(error.cause) from None
    cloud = clients.endpoints().cloud.value
    tenant = Tenant.objects.may_sign_in().filter(tid=claims.tid, cloud=cloud).first()
    try:
        user = _admit(claims, tenant)
    except SignInRefused as refused:
        note_refusal(cause=refused.cause, now=now, tenant=tenant, actor_name=f"{claims.tid}.{claims.oid}")
        raise
    at = None if claims.auth_time is None else datetime.fromtimestamp(claims.auth_time, UTC)
    AuditEvent.objects.record(
        now=now, verb="signin.done", tenant=tenant, actor=user, outcome="ok",
        subject={"auth_time": at.isoformat(timespec="seconds")} if at else {},
    )  # fmt: skip
    return SignedIn(user, at)


def read_id_token(*, id_token: object, nonce: str, now: datetime, client_id: str = "") -> graph.Claims:
    """Who an ID token for us speaks of, of whatever tenant. Raises graph.IdTokenRefused, and graph.GraphError.

    `client_id` is the registration it must be for where that is not the one that signs people in. What
    was asked of Entra on the way is counted for the tenant that it names.
    """
    where = clients.endpoints()
    try:
        claims = graph.verify_id_token(
            id_token,
            endpoints=where,
            client_id=client_id or settings.MICROSOFT_CLIENT_ID,
            keys=_signing_keys(where, session()),
            nonce=nonce,
            now=now,
        )
        calls.take(claims.tid)
    finally:
        calls.drop()
        calls.flush(now)  # no task ends here that would
    return claims


def note_refusal(*, cause: str, now: datetime, tenant: Tenant | None = None, actor_name: str = "nobody") -> None:
    """Put a sign-in that failed into the activity log; `cause` is a word of ours, never a text from outside."""
    calls.drop()
    AuditEvent.objects.record(now=now, verb="signin.refused", tenant=tenant, actor_name=actor_name, outcome=cause[:80])


@lru_cache(maxsize=4)
def _signing_keys(where: graph.Endpoints, over) -> graph.SigningKeys:
    return graph.SigningKeys(endpoints=where, session=over)


def _admit(claims: graph.Claims, tenant: Tenant | None) -> User:
    if tenant is None:
        raise TenantNotListed(claims.tid, claims.oid)
    if claims.acct != MEMBER and not tenant.guests_may_sign_in:
        raise GuestRefused(is_known=claims.acct is not None)
    shown = {"name": claims.name[:256], "address": claims.preferred_username[:320]}
    user, is_new = User.objects.get_or_create(tenant=tenant, oid=claims.oid, defaults=shown)
    if not user.is_active:
        raise AccountInactive
    if not is_new and (user.name, user.address) != (shown["name"], shown["address"]):
        user.name, user.address = shown["name"], shown["address"]
        user.save(update_fields=["name", "address"])
    return user
