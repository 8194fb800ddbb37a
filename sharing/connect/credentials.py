"""Credentials that the portal keeps for its apps: made, tried, used, taken back, erased; and which of them end soon."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F

from sharing import graph
from sharing.models import BOOKER, READER, WRITER, AppCredential, AuditEvent, SyncRun, Tenant

from . import certificates, clients
from .sealing import seal

LEASE = timedelta(minutes=2)
MOST_RUNS = 100  # looked back for the first that failed: some days of hourly ones
MOST_TENANTS = 5  # asked for a token until one gives it
STEPS = (1, 7, 14, 30)  # days before the end on which it is said
# Causes that a run or a trial keeps where our own credential failed, and not the tenant.
OURS = frozenset({
    graph.CredentialRefused.word, "certificate_unreadable", "certificate_key_mismatch", "no_credential", "seal_broken",
})  # fmt: skip


class NotPossible(Exception):
    """This credential is not, or no longer, in a state that allows it; look again."""


class InForce(NamedTuple):
    """What an app proves itself with now; `source` is one of the words in `clients`, `row` what is kept here."""

    source: str
    row: AppCredential | None = None
    public: certificates.PublicPart | None = None
    trouble: str = ""

    @property
    def expires_at(self) -> datetime | None:
        if self.row:
            return self.row.expires_at
        return self.public.expires_at if self.public else None


class Expiring(NamedTuple):
    """A credential in force that ends; `days` is the step that was passed last: 30, 14, 7, 1, or 0 once it ended."""

    app: str
    expires_at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Our own credential is not accepted: no tenant can be read, and none of them is at fault.

    `since` is when the first run failed of those that are remembered.
    """

    cause: str
    since: datetime


def apps() -> list[str]:
    """The registrations this installation has; the one that reads always, however little of it is set."""
    return [READER, *(app for app in (WRITER, BOOKER) if clients.client_id_of(app))]


def make_certificate(*, app: str, now: datetime, by: str) -> AppCredential:
    """A new key, kept sealed, and its certificate: next, until Entra knows it. Raises NotPossible where one is next."""
    pem = certificates.new_certificate(name=f"Calwarden {app}", now=now)
    public = certificates.public_part(pem)
    row = AppCredential(
        app=app, certificate=public.pem, thumbprint=public.thumbprint, expires_at=public.expires_at, made_at=now
    )
    return _keep(row, pem.decode(), now, by)


def keep_secret(*, app: str, secret: str, expires_at: datetime | None, now: datetime, by: str) -> AppCredential:
    """A client secret that was made in Entra: next, until it was tried. Raises NotPossible where one is next."""
    row = AppCredential(app=app, kind=AppCredential.SECRET, expires_at=expires_at, made_at=now)
    return _keep(row, secret, now, by)


def _keep(row: AppCredential, secret: str, now: datetime, by: str) -> AppCredential:
    row.sealed = seal(secret, purpose=clients.purpose_of(row))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _note(row, "credential.made", now, by)
    except IntegrityError:
        raise NotPossible from None
    return row


def ask_trial(*, row: AppCredential, now: datetime) -> None:
    """Have a worker try it now. Raises NotPossible unless it is the next one."""
    if row.state != AppCredential.NEXT:
        raise NotPossible
    waiting = AppCredential.objects.filter(pk=row.pk, state=AppCredential.NEXT, due_at=None)
    waiting.update(due_at=now, cause="")


def tend(*, row: AppCredential, clock: Callable[[], datetime]) -> None:
    """Do what is due: try the next one, which is then in force if Entra takes it; erase the one before at its end."""
    if not row.claim(now=clock(), lease=LEASE):
        return
    if row.state == AppCredential.PREVIOUS:
        erase(row=row, now=clock(), by="system")
        return
    if row.state != AppCredential.NEXT:
        row.let_go()
        return
    cause = _try(row)
    if not cause:
        _put_in_force(row, clock())
    elif row.let_go(tried_at=clock(), cause=cause[:80]):
        _note(row, "credential.refused", clock(), "system", outcome=cause)


def _try(row: AppCredential) -> str:
    """Nothing where Entra gave a token for it in some tenant, else why not; what one tenant refuses another may give.

    That the credential is wrong, they all would say.
    """
    try:
        where, who = clients.endpoints(), clients.opened(row)
    except graph.ConfigurationRefused as error:
        return error.cause
    cause = "no_tenant"
    for tid in _tenants_to_ask(row.app):
        source = graph.TokenSource(
            endpoints=where, tenant_id=tid, credential=who, session=clients.session_for(where)
        )  # fmt: skip
        try:
            source.token()
            return ""
        except graph.CredentialRefused as error:
            return error.cause
        except graph.GraphError as error:
            cause = error.word
    return cause


def _tenants_to_ask(app: str) -> list[str]:
    """Those that have approved the app first."""
    rows = Tenant.objects.filter(cloud=clients.endpoints().cloud.value)
    rows = rows.exclude(state__in=(Tenant.ENDED, Tenant.PRIVATE))
    has_it = {WRITER: "has_writer", BOOKER: "has_booker"}.get(app, "pk")
    approved = sorted(rows, key=lambda t: (not getattr(t, has_it), t.state != Tenant.CONNECTED, t.pk))
    return [str(tenant.tid) for tenant in approved[:MOST_TENANTS]]


def _put_in_force(row: AppCredential, now: datetime) -> None:
    """The one in use so far becomes the one before; the one before that is erased."""
    same_app = AppCredential.objects.filter(app=row.app)
    with transaction.atomic():
        for older in same_app.filter(state=AppCredential.PREVIOUS):
            _erase(older, now, "system")
        same_app.filter(state=AppCredential.CURRENT).update(state=AppCredential.PREVIOUS, due_at=F("expires_at"))
        if not row.let_go(state=AppCredential.CURRENT, current_since=now, tried_at=now, cause=""):
            transaction.set_rollback(True)
            return
        _note(row, "credential.current", now, "system")
        if row.app == WRITER:  # it is another one now: the next look tells
            Tenant.objects.filter(writer_cause__in=OURS).update(writer_cause="", writer_cause_at=None)
        if row.app == BOOKER:
            Tenant.objects.filter(booker_cause__in=OURS).update(booker_cause="", booker_cause_at=None)
    row.refresh_from_db()


def go_back(*, row: AppCredential, now: datetime, by: str) -> None:
    """Use the one before again; the one in use becomes next, to be tried again. Raises NotPossible."""
    same_app = AppCredential.objects.filter(app=row.app)
    with transaction.atomic():
        if same_app.filter(state=AppCredential.NEXT).exists():
            raise NotPossible
        same_app.filter(state=AppCredential.CURRENT).update(state=AppCredential.NEXT)
        before = same_app.filter(pk=row.pk, state=AppCredential.PREVIOUS)
        if not before.update(state=AppCredential.CURRENT, current_since=now, due_at=None):
            raise NotPossible
        _note(row, "credential.current", now, by)
    row.refresh_from_db()


def erase(*, row: AppCredential, now: datetime, by: str) -> None:
    """Delete the secret part for good. Raises NotPossible for the one that is in use."""
    with transaction.atomic():
        if not _erase(row, now, by):
            raise NotPossible
    row.refresh_from_db()


def _erase(row: AppCredential, now: datetime, by: str) -> bool:
    unused = AppCredential.objects.filter(pk=row.pk, state__in=(AppCredential.NEXT, AppCredential.PREVIOUS))
    # The raised attempt is the fence against a worker that is trying it right now.
    if not unused.update(
        state=AppCredential.RETIRED, sealed="", due_at=None, retired_at=now, attempt=F("attempt") + 1
    ):  # fmt: skip
        return False
    _note(row, "credential.erased", now, by)
    return True


def in_force(app: str) -> InForce:
    """What the app proves itself with now; `trouble` is a sentence where that cannot be used."""
    source, row = clients.chosen(app)
    try:
        pem = clients.credential_from(app, source, row).certificate_pem
        return InForce(source, row, certificates.public_part(pem) if pem is not None else None)
    except clients.NoCredential as error:
        return InForce(source, row, trouble=str(error))
    except ValueError:
        name = clients.REGISTRATIONS[app].certificate
        return InForce(source, trouble=f"The file in {name} is not a PEM file with a certificate and its private key.")


def expiring(now: datetime) -> Iterator[Expiring]:
    """Credentials in force that end within 30 days, or have ended."""
    for app in apps():
        expires_at = in_force(app).expires_at
        if expires_at is None:
            continue
        left = expires_at - now
        if left <= timedelta(0):
            yield Expiring(app, expires_at, 0)
        elif passed := [step for step in STEPS if left <= timedelta(days=step)]:
            yield Expiring(app, expires_at, passed[0])


def broken(tenant: Tenant, app: str = READER) -> Broken | None:
    """Whether our own credential was refused when this tenant was read last; since when, and the cause word.

    Those of the other registrations are asked for a token at every listing, where the tenant has them.
    """
    if app != READER:
        is_there, cause, since = (getattr(tenant, name) for name in (f"has_{app}", f"{app}_cause", f"{app}_cause_at"))
        return Broken(cause, since) if is_there and since and cause in OURS else None
    runs = SyncRun.objects.filter(tenant=tenant, finished_at__isnull=False).order_by("-began_at", "-pk")
    found = None
    for cause, finished_at in runs.values_list("cause", "finished_at")[:MOST_RUNS]:
        if cause not in OURS or finished_at is None:
            break
        found = Broken(cause, finished_at)
    return found


def _note(row: AppCredential, verb: str, now: datetime, by: str, *, outcome: str = "") -> None:
    AuditEvent.objects.record(
        now=now, verb=verb, actor_name=by, outcome=outcome,
        subject={"app": row.app, "credential": row.public_id, "kind": row.kind, "thumbprint": row.thumbprint},
    )  # fmt: skip
