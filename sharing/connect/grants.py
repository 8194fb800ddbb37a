"""A person's own connection: lent through Microsoft's sign-in, kept sealed, renewed without losing a race, given back.

Whose account it is says the validated ID token alone. The refresh token stands in one column, sealed for its row.
"""

import hmac
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.models import F
from django.utils.timezone import now as clock

from sharing import graph
from sharing.graph import authorize, delegated
from sharing.models import BOOKER, READER, AuditEvent, Grant, Mailbox, SyncShard, Tenant, User, keep_mailboxes

from . import clients, consent, identity
from .calls import AUTHORIZE, counted, sent_browser
from .sealing import SealBroken, seal, unseal

LIFETIME = timedelta(minutes=10)  # from the button to the way back
ALWAYS = ("openid", "profile", "offline_access", "User.Read")
READING = ("Calendars.Read", "MailboxSettings.Read")
CHANGING = ("Calendars.ReadWrite", "MailboxSettings.ReadWrite")
SHARED = "Calendars.Read.Shared"
MEETINGS = ("Calendars.ReadWrite", SHARED)
# How long the winner of a race may take between Entra's answer and its own commit.
PATIENCE_SECONDS, LOOK_SECONDS = 2.0, 0.1
DISCONNECTED = "disconnected"

Answer = Mapping[str, Sequence[str]]
_KeptKey = tuple[int, datetime, int]
_kept: dict[_KeptKey, graph.LentTokens] = {}
_lock = threading.Lock()


class GrantRefused(Exception):
    """Nothing was connected; `cause` is a word of ours, `code` Microsoft's AADSTS number with its prefix or nothing."""

    def __init__(self, cause: str, code: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.code = code


# Connecting ----------------------------------------------------------------------------------------------


def scopes_for(*, change: bool, shared: bool) -> tuple[str, ...]:
    """What Microsoft is asked for: reading, or changing instead of it; calendars of others only where wanted."""
    return (*ALWAYS, *(CHANGING if change else READING), *([SHARED] if shared else []))


def begin(
    *, user: User, change: bool, shared: bool, other: bool, redirect_uri: str, now: datetime, app: str = READER
) -> tuple[str, dict[str, Any]]:
    """The address at Microsoft, and what the browser's session keeps until the way back; good once, for ten minutes.

    `other` offers any work or school account; what is lent for meetings (`app`) is of one's own account alone. Raises
    GrantRefused where the tenant does not let its people do that.
    """
    if other and (app == BOOKER or not user.tenant.people_may_connect_others):
        raise GrantRefused("others_not_allowed")
    if app == BOOKER and not (user.tenant.bookings_on and clients.client_id_of(BOOKER)):
        raise GrantRefused("meetings_off")
    scopes = (*ALWAYS, *MEETINGS) if app == BOOKER else scopes_for(change=change, shared=shared)
    kept: dict[str, Any] = {
        "state": secrets.token_urlsafe(32), "nonce": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(64),
        "user": user.pk, "other": other, "app": app, "began_at": now.timestamp(),
    }  # fmt: skip
    if not other:  # else nobody knows yet whose account it will be
        sent_browser(str(user.tenant.tid), AUTHORIZE)
    where = authorize.authorize_url(
        endpoints=clients.endpoints(), tenant_id=_authority(user, other), client_id=clients.client_id_of(app),
        redirect_uri=redirect_uri, scopes=scopes, state=kept["state"],
        nonce=kept["nonce"], verifier=kept["verifier"], prompt="select_account" if other else "",
    )  # fmt: skip
    return where, kept


def end(*, user: User, answer: Answer, kept: Mapping[str, Any], redirect_uri: str, now: datetime) -> Grant:
    """Microsoft sent the browser back: the account is connected, and its mailbox due to be read.

    `kept` is what `begin` gave, taken out of the session before. Raises GrantRefused, noted in the activity log where
    this browser had begun.
    """
    try:
        _check_trip(user, answer, kept, now)
        code = _code_of(answer)
    except GrantRefused as refused:
        if refused.cause != "unknown_state":  # anybody may send those
            note_refusal(user, refused.cause, now)
        raise
    try:
        claims, lent = _redeem(user, code, kept, redirect_uri, now)
        _check_account(user, claims, bool(kept["other"]))
        if not lent.refresh_token:
            raise GrantRefused("no_refresh_token")
        return _keep(user, claims, lent, kept.get("app", READER), now)
    except GrantRefused as refused:
        note_refusal(user, refused.cause, now)
        raise


def note_refusal(user: User, cause: str, now: datetime) -> None:
    AuditEvent.objects.record(now=now, verb="grant.refused", tenant=user.tenant, actor=user, outcome=cause[:80])


def _authority(user: User, other: bool) -> str:
    return settings.MICROSOFT_TENANT_ID or "organizations" if other else str(user.tenant.tid)


def _check_trip(user: User, answer: Answer, kept: Mapping[str, Any], now: datetime) -> None:
    """Is this the way back from where this person, in this browser, was sent? Raises GrantRefused."""
    states = answer.get("state", ())
    if not kept or len(states) != 1 or not hmac.compare_digest(states[0].encode(), str(kept["state"]).encode()):
        raise GrantRefused("unknown_state")
    if kept["user"] != user.pk:
        raise GrantRefused("other_person")
    if not 0 <= now.timestamp() - kept["began_at"] < LIFETIME.total_seconds():
        raise GrantRefused("too_late")
    if kept["other"] and not user.tenant.people_may_connect_others:
        raise GrantRefused("others_not_allowed")


def _code_of(answer: Answer) -> str:
    if "error" in answer or "error_description" in answer:
        cause, code = consent.refusal_of(answer)
        raise GrantRefused(cause, code)
    codes = answer.get("code", ())
    if len(codes) != 1 or not re.fullmatch(r"[!-~]{1,8192}", codes[0], re.ASCII):
        raise GrantRefused("malformed")
    return codes[0]


def _redeem(
    user: User, code: str, kept: Mapping[str, Any], redirect_uri: str, now: datetime
) -> tuple[graph.Claims, graph.Lent]:
    """Who signed in, and what they lent. Raises GrantRefused."""
    app = kept.get("app", READER)
    try:
        answer = authorize.redeem_code(
            endpoints=clients.endpoints(), session=identity.session(), credential=clients.credential(app),
            tenant_id=_authority(user, kept["other"]), code=code, redirect_uri=redirect_uri, verifier=kept["verifier"],
        )  # fmt: skip
        claims = identity.read_id_token(
            id_token=answer.get("id_token"), nonce=kept["nonce"], now=now, client_id=clients.client_id_of(app)
        )
        if kept["other"]:
            sent_browser(claims.tid, AUTHORIZE)
        return claims, delegated.read_lent(answer)
    except graph.IdTokenRefused as refused:
        cause = refused.cause if refused.cause == "personal_account" else f"id_token:{refused.cause}"
        raise GrantRefused(cause) from None
    except (graph.Unreachable, graph.Throttled, graph.Malformed):
        raise GrantRefused("unreachable") from None
    except (graph.GraphError, graph.ConfigurationRefused) as error:
        raise GrantRefused("code_refused", getattr(error, "code", "")) from None


def _check_account(user: User, claims: graph.Claims, other: bool) -> None:
    """Own account only, unless the tenant lets its people connect others. Raises GrantRefused."""
    is_own = (claims.tid, claims.oid) == (str(user.tenant.tid), str(user.oid))
    if not is_own and not other:
        raise GrantRefused("wrong_account")
    if claims.acct == identity.GUEST:
        raise GrantRefused("guest")  # their mailbox is elsewhere


def _keep(user: User, claims: graph.Claims, lent: graph.Lent, app: str, now: datetime) -> Grant:
    """The row with the sealed token, and a shard of its own that is due; connecting again renews both.

    Nothing is read with what was lent for meetings: that has no shard.
    """
    with transaction.atomic():
        tenant = _tenant_of(user, claims, now)
        if app == BOOKER and not Tenant.objects.filter(pk=user.tenant_id, bookings_on=True).exists():
            raise GrantRefused("meetings_off")
        fields = {
            "account_address": claims.preferred_username[:320], "scopes": list(lent.scopes), "state": Grant.CONNECTED,
            "cause": "", "state_since": now, "connected_at": now, "refreshed_at": now,
        }  # fmt: skip
        grant, _ = Grant.objects.get_or_create(
            user=user, tenant=tenant, account_oid=uuid.UUID(claims.oid), app=app, defaults=fields
        )  # fmt: skip
        sealed = seal(lent.refresh_token, purpose=purpose_of(grant))
        # A worker that still holds the token of before loses its race against this.
        Grant.objects.filter(pk=grant.pk).update(sealed=sealed, version=F("version") + 1, **fields)
        grant.refresh_from_db()
        if app == READER:
            _wake(grant, now)
        AuditEvent.objects.record(
            now=now, verb="grant.connected", tenant=user.tenant, actor=user,
            subject={"grant": grant.public_id, "tid": claims.tid, "oid": claims.oid, "app": app},
            after=" ".join(s for s in lent.scopes if s not in ALWAYS)[:80],
        )  # fmt: skip
    return grant


def _tenant_of(user: User, claims: graph.Claims, now: datetime) -> Tenant:
    """The account's tenant; a private one where nobody listed it. Raises GrantRefused."""
    cloud = clients.endpoints().cloud.value
    made = {"state": Tenant.PRIVATE, "state_since": now, "cloud": cloud, "mode": Tenant.INDIVIDUAL}
    tenant, _ = Tenant.objects.get_or_create(tid=uuid.UUID(claims.tid), defaults=made)
    # Locked: where it, or the person's own, is disconnected or forbids this at the same moment, no token outlives that.
    both = list(Tenant.objects.select_for_update().filter(pk__in={tenant.pk, user.tenant_id}).order_by("pk"))
    is_own = (tenant.pk, claims.oid) == (user.tenant_id, str(user.oid))
    if not is_own and not any(each.pk == user.tenant_id and each.people_may_connect_others for each in both):
        raise GrantRefused("others_not_allowed")
    if tenant.cloud != cloud or any(each.state == Tenant.ENDED for each in both):
        raise GrantRefused("tenant_ended")
    return tenant


def _wake(grant: Grant, now: datetime) -> None:
    """A shard of its own, due now; `mirror` puts the mailbox into it unless the app reads it."""
    if SyncShard.objects.filter(grant=grant).update(due_at=now):
        return
    last = SyncShard.objects.filter(tenant=grant.tenant).order_by("-number").values_list("number", flat=True).first()
    SyncShard.objects.create(tenant=grant.tenant, number=(last or 0) + 1, grant=grant, due_at=now)


# Keeping and renewing ------------------------------------------------------------------------------------


def purpose_of(grant: Grant) -> str:
    """What the token of this row is sealed for; it opens in no other row."""
    return f"grant:{grant.tenant.tid}:{grant.account_oid}:{grant.public_id}"


def client_for_grant(grant: Grant, *, on_call: Callable[[graph.Call], None] | None = None) -> graph.Client:
    """A client with what this person lent: it reaches their own mailbox only. Sends nothing.

    The token is asked for with the first call, which raises graph.GrantEnded where it is lent no more, or where that
    person may not sign in here at present.
    """
    where = clients.endpoints()
    session = clients.session_for(where)
    # Asked every time: another worker may have ended it, or the person connected anew, while this one kept a token.
    connected_at = Grant.objects.in_use().filter(pk=grant.pk).values_list("connected_at", flat=True).first()
    with _lock:
        if len(_kept) > 2000:
            _kept.clear()
        tokens = _kept.get((grant.pk, connected_at, id(session))) if connected_at else None
        if tokens is None:
            _forget(grant.pk)
            tokens = graph.LentTokens(partial(_renew_anywhere, grant.pk, threading.get_ident()))
        if connected_at:
            _kept[grant.pk, connected_at, id(session)] = tokens
    on_call = on_call or counted(str(grant.tenant.tid))
    is_for_meetings = grant.app == BOOKER
    return graph.Client(
        endpoints=where, tokens=tokens, session=session, on_call=on_call, for_meetings=is_for_meetings
    )  # fmt: skip


def forget(pk: int) -> None:
    """Throw away what this process keeps of a connection that is no more."""
    with _lock:
        _forget(pk)


def _forget(pk: int) -> None:
    """Throw away what this process keeps of one connection, whichever of its lives it is from."""
    for key in [key for key in _kept if key[0] == pk]:
        del _kept[key]


def _renew_anywhere(pk: int, home: int) -> graph.Lent:
    """As `renew`; a thread that reads batches and had to ask keeps no connection to the database."""
    try:
        return renew(pk=pk)
    finally:
        if threading.get_ident() != home:
            connections.close_all()


def renew(*, pk: int, now: Callable[[], datetime] = clock, sleep: Callable[[float], None] = time.sleep) -> graph.Lent:
    """A new access token, and the refresh token that came with it in place of the old one. Safe in many workers.

    The version is the fence: who stores first wins, and the loser's access token is as good as the winner's. Where
    Entra takes a refresh token once only, the loser is refused, and asks with the winner's. Raises graph.GrantEnded
    where the person must connect again, which is then written down once, or may not sign in here at present, which is
    not; and graph.GraphError.
    """
    refused: tuple[int, graph.GrantEnded, float] | None = None  # the version whose token was refused, why and when
    while True:
        grant = Grant.objects.in_use().select_related("tenant", "user__tenant").filter(pk=pk).first()
        if grant is None:
            raise graph.GrantEnded(cause=graph.GrantEnded.word)
        if refused and grant.version == refused[0]:
            if time.monotonic() - refused[2] > PATIENCE_SECONDS:
                mark_lost(grant=grant, ended=refused[1], now=now())
                raise refused[1]
            sleep(LOOK_SECONDS)
            continue
        try:
            lent = delegated.refresh(
                endpoints=clients.endpoints(), session=identity.session(), credential=clients.credential(grant.app),
                tenant_id=str(grant.tenant.tid), refresh_token=_opened(grant),
            )  # fmt: skip
        except clients.NoCredential as error:
            raise graph.CredentialRefused(cause=error.cause) from None
        except graph.GrantEnded as error:
            refused = (grant.version, error, time.monotonic())
            continue
        _store(grant, lent, now())
        return lent


def _opened(grant: Grant) -> str:
    try:
        return unseal(grant.sealed, purpose=purpose_of(grant))
    except SealBroken:
        # Perhaps only the key is missing: nothing is thrown away because of it.
        raise graph.CredentialRefused("the token does not open", cause="seal_broken") from None


def _store(grant: Grant, lent: graph.Lent, now: datetime) -> None:
    """Put the new refresh token in the place of the one it was got with, unless somebody else was first."""
    if not lent.refresh_token:
        return
    sealed = seal(lent.refresh_token, purpose=purpose_of(grant))
    fields = {"sealed": sealed, "version": F("version") + 1, "refreshed_at": now}
    rows = Grant.objects.filter(pk=grant.pk)
    if rows.filter(version=grant.version, state=Grant.CONNECTED).update(**fields):
        return
    # Where Entra takes a refresh token once only, somebody may have given up while this answer was on its way.
    early = rows.filter(version=grant.version + 1, state=Grant.LOST).exclude(cause=DISCONNECTED)
    with transaction.atomic():
        if early.update(**fields, state=Grant.CONNECTED, cause="", state_since=now):
            SyncShard.objects.filter(grant=grant).update(due_at=now)
            AuditEvent.objects.record(
                now=now, verb="grant.found", tenant=grant.user.tenant, subject={"grant": grant.public_id}
            )  # fmt: skip


# The end -------------------------------------------------------------------------------------------------


def mark_lost(*, grant: Grant, ended: graph.GrantEnded, now: datetime) -> None:
    """Microsoft takes the token no more: written down once, its shard rests, everything else stays as last known."""
    with transaction.atomic():
        if _give_up(grant, ended.code or ended.cause, "grant_lost", now, version=grant.version):
            AuditEvent.objects.record(
                now=now, verb="grant.lost", tenant=grant.user.tenant, subject={"grant": grant.public_id},
                outcome=(ended.code or ended.cause)[:80],
            )  # fmt: skip


def disconnect(*, grant: Grant, now: datetime, actor: User | None = None, by: str = "") -> None:
    """Delete the token at once; the mailbox stays as last known. Nothing where it is disconnected already."""
    with transaction.atomic():
        if not _give_up(grant, DISCONNECTED, DISCONNECTED, now):
            return
        AuditEvent.objects.record(
            now=now, verb="grant.disconnected", tenant=grant.user.tenant, actor=actor, actor_name=by,
            subject={"grant": grant.public_id},
        )  # fmt: skip
    with _lock:
        _forget(grant.pk)


def disconnect_others(*, tenant: Tenant, now: datetime, actor: User) -> None:
    """What people of the tenant lent of accounts that are not their own there; safe to repeat."""
    lent = Grant.objects.filter(user__tenant=tenant).exclude(tenant=tenant, account_oid=F("user__oid"))
    for grant in lent.exclude(cause=DISCONNECTED).select_related("tenant", "user__tenant"):
        disconnect(grant=grant, now=now, actor=actor)


def _give_up(grant: Grant, cause: str, of_mailbox: str, now: datetime, *, version: int | None = None) -> bool:
    """The token deleted, the shard at rest, and the mailbox marked if this is what read it; False if it was so."""
    rows = Grant.objects.filter(pk=grant.pk).exclude(cause=cause, sealed="")
    if version is not None:
        rows = rows.filter(version=version, state=Grant.CONNECTED)
    if not rows.update(
        sealed="", state=Grant.LOST, cause=cause[:80], state_since=now, version=F("version") + 1
    ):  # fmt: skip
        return False
    SyncShard.objects.filter(grant=grant).update(due_at=None)
    own = Mailbox.objects.filter(shard__grant=grant)
    keep_mailboxes(own.exclude(state=Mailbox.EXCLUDED), now=now)
    own.exclude(state=Mailbox.EXCLUDED).update(
        state=Mailbox.EXCLUDED if of_mailbox == DISCONNECTED else Mailbox.DENIED, cause=of_mailbox, state_since=now,
        due_at=None, digest="", version=F("version") + 1,
    )  # fmt: skip
    return True
