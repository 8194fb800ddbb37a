"""Looks at everything that must be right for the portal to work, and says of each in a sentence how it is."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, ForeignKey
from kombu.exceptions import KombuError

from sharing import graph
from sharing.models import BOOKER, READER, WRITER, Change, GroupLimit, SyncRun, SyncShard, Tenant, User, triggers

from . import clients, credentials, limits, rotation
from .proof import MEETINGS, WRITES, Proof, is_let_in_by_group, lacking_for_writes, prove
from .sentences import NotConnected, sentence_for
from .tenants import listed
from .verdicts import mailbox_roles

OK, NOTE, PROBLEM = "ok", "note", "problem"
SKEW = timedelta(minutes=2)  # Entra refuses assertions and we refuse ID tokens a few minutes off
SOON = timedelta(days=30)
LATE = timedelta(minutes=5)  # a due row that old is nobody's job


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: `state` is ok, note (works, but look at it) or problem."""

    name: str
    state: str
    sentence: str
    tenant_id: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine(*, now: datetime) -> Iterator[Check]:
    """Settings, certificate, database, queue, then every tenant that is or should be read."""
    yield from _settings()
    database = list(_database())
    yield from database
    if any(check.state == PROBLEM for check in database):
        return  # nothing below could be asked
    certificates = list(_certificates(now))
    yield from certificates
    yield from _queue(now)
    tenants = list(Tenant.objects.filter(state__in=(Tenant.CONNECTED, Tenant.LOST)).order_by("pk"))
    if not tenants:
        yield Check("tenants", NOTE, "No tenant is connected: `manage.py connect TENANT_ID` does that.")
    # Our own credential is one alarm, however many tenants are asked with it.
    told = {check.sentence for check in certificates if check.state == PROBLEM}
    for tenant in tenants:
        for check in _tenant(tenant, now):
            if check.name != "certificate":
                yield Check(check.name, check.state, check.sentence, str(tenant.tid))
            elif check.sentence not in told:
                told.add(check.sentence)
                yield check


def _settings() -> Iterator[Check]:
    wrong = [c for c in checks.run_checks(databases=["default"]) if c.level >= checks.WARNING]
    for check in wrong:
        state = PROBLEM if check.level >= checks.ERROR else NOTE
        yield Check("settings", state, f"{check.msg} ({check.id})")
    if not wrong:
        yield Check("settings", OK, f"The settings are consistent; Microsoft is at {clients.endpoints().login_url}.")


def _certificates(now: datetime) -> Iterator[Check]:
    for app in credentials.apps():
        yield _certificate(app, now)
    yield from _seals()


def _certificate(app: str, now: datetime) -> Check:
    whose = "The certificate" if app == READER else "The certificate for changing"
    try:
        source, kept = clients.chosen(app)
        ends_at = clients.credential_from(app, source, kept).certificate_expires_at()
    except (graph.ConfigurationRefused, graph.CredentialRefused) as error:
        return Check("certificate", PROBLEM, sentence_for(error, app=app))
    if ends_at is None and kept:
        whose, ends_at = whose.replace("certificate", "client secret"), kept.expires_at
    if ends_at is None:
        return Check(
            "certificate", NOTE, "A client secret is used; only Entra knows when it ends. Prefer a certificate."
        )
    left, day = ends_at - now, f"{ends_at:%Y-%m-%d}"
    if left <= timedelta(0):
        return Check("certificate", PROBLEM, f"{whose} expired on {day}: register a new one for the app.")
    if left <= SOON:
        return Check("certificate", NOTE, f"{whose} expires on {day}, in {left.days} days: renew it.")
    return Check("certificate", OK, f"{whose} is good until {day}.")


def _seals() -> Iterator[Check]:
    """What is sealed at rest, and whether TOKEN_KEYS opens it."""
    try:
        found = rotation.status()
    except ValueError:
        yield Check("secrets", PROBLEM, "TOKEN_KEYS holds no Fernet key, so nothing that is kept here opens.")
        return
    if found.broken:
        count = len(found.broken)
        what = "1 secret that is kept here opens" if count == 1 else f"{count} secrets that are kept here open"
        yield Check("secrets", PROBLEM, f"{what} with none of TOKEN_KEYS: put back the key that sealed it.")
    elif not found.is_complete:
        yield Check("secrets", NOTE, "Not every secret is under the first of TOKEN_KEYS: run `rotate_secrets`.")
    elif found.keys:
        yield Check("secrets", OK, f"{sum(found.keys.values())} secrets are kept, under the first of TOKEN_KEYS.")


def _database() -> Iterator[Check]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        version = ".".join(map(str, connection.get_database_version()))
    except DatabaseError as error:
        yield Check("database", PROBLEM, f"The database does not answer ({type(error).__name__}): check DATABASE_URL.")
        return
    if pending:
        yield Check("database", PROBLEM, f"{len(pending)} migrations are not applied: run `manage.py migrate`.")
        return
    yield Check("database", OK, f"{connection.display_name} {version} answers and is migrated.")
    if connection.vendor == "sqlite":
        yield from _sqlite()
    if gone := triggers.missing():
        what = f"The database does not guard the audit log ({', '.join(gone)}): run `manage.py migrate`, and ask who."
        yield Check("audit", PROBLEM, what)
    else:
        yield Check("audit", OK, "The database lets nobody alter the audit log; `manage.py audit_verify` reads it.")
    astray = sum(_astray())
    if astray:
        yield Check(
            "tenancy", PROBLEM, f"{astray} rows refer to a row of another tenant: restore a backup and tell us."
        )
    else:
        yield Check("tenancy", OK, "No row refers to a row of another tenant.")


def _sqlite() -> Iterator[Check]:
    with connection.cursor() as cursor:
        found = {name: _pragma(cursor, name) for name in ("journal_mode", "synchronous", "recursive_triggers")}
    mode = settings.DATABASES["default"].get("OPTIONS", {}).get("transaction_mode")
    if found == {"journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1} and mode == "IMMEDIATE":
        yield Check("sqlite", OK, "SQLite runs with WAL, IMMEDIATE and FULL, as changes need it.")
    else:
        yield Check("sqlite", PROBLEM, f"SQLite runs with {found} and {mode}: it must be WAL, FULL and IMMEDIATE.")


def _pragma(cursor: Any, name: str) -> Any:
    cursor.execute(f"PRAGMA {name}")
    return cursor.fetchone()[0]


def _astray() -> Iterator[int]:
    """How many rows of each table refer across tenants; the database cannot forbid it."""
    for model in apps.get_app_config("sharing").get_models():
        names = {field.name for field in model._meta.get_fields()}
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey) or field.related_model is User or "tenant" not in names:
                continue
            if any(other.name == "tenant" for other in field.related_model._meta.get_fields()):
                rows = model._default_manager.filter(**{f"{field.name}__isnull": False})
                yield rows.exclude(**{f"{field.name}__tenant": F("tenant")}).count()


def _queue(now: datetime) -> Iterator[Check]:
    oldest = min(
        (row for model in (Change, SyncRun, SyncShard) for row in _oldest_due(model, now)), default=None
    )  # fmt: skip
    who = "`manage.py work`" if settings.EMBEDDED else "a Celery worker for both queues, and beat"
    if oldest and now - oldest > LATE:
        yield Check("queue", PROBLEM, f"Something has waited {_long(now - oldest)}: nobody works. Start {who}.")
    elif oldest:
        yield Check("queue", OK, f"The oldest thing that is due has waited {_long(now - oldest)}.")
    else:
        yield Check("queue", OK, "Nothing that is due waits.")
    planned = Tenant.objects.read().filter(next_hourly_at__isnull=False).order_by("next_hourly_at").first()
    if planned and planned.next_hourly_at and now - planned.next_hourly_at > LATE:
        late = _long(now - planned.next_hourly_at)
        yield Check("clockwork", PROBLEM, f"The hourly look at {planned} is {late} late: nobody ticks. Start {who}.")
    elif planned and planned.next_hourly_at:
        yield Check("clockwork", OK, f"The next hourly look is due at {planned.next_hourly_at:%Y-%m-%d %H:%M} UTC.")
    if not settings.EMBEDDED:
        yield _broker()


def _oldest_due(model: Any, now: datetime) -> list[datetime]:
    return list(model._default_manager.due(now).values_list("due_at", flat=True)[:1])


def _broker() -> Check:
    try:
        with current_app.connection_for_write(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OSError, KombuError):
        return Check("broker", PROBLEM, "The broker in CELERY_BROKER_URL does not answer: changes wait for a tick.")
    return Check("broker", OK, "The broker answers.")


def _tenant(tenant: Tenant, now: datetime) -> Iterator[Check]:
    try:
        proof = prove(client=clients.client_for(tenant), tid=str(tenant.tid), now=now)
    except (NotConnected, graph.ConfigurationRefused) as refused:
        yield Check("token", PROBLEM, f"{tenant}: {refused}")
        return
    except graph.CredentialRefused as error:
        yield from _our_fault(tenant, error, READER)
        return
    except graph.GraphError as error:
        yield Check("token", PROBLEM, f"{tenant}: {sentence_for(error, tid=str(tenant.tid))}")
        return
    yield Check("token", OK, f"{tenant}: Microsoft gives the app a token, and the tenant answers.")
    yield from _permissions(tenant, proof)
    if tenant.has_booker:
        yield from _booker(tenant)
    if tenant.has_writer:
        yield from _writer(tenant, proof)
    if proof.probed:
        yield Check("scope", OK, f"{tenant}: the calendars of {proof.probed} could be read.")
    elif proof.nobody_to_try:
        yield Check("scope", NOTE, f"{tenant}: nobody known here has a mailbox, so none could be tried.")
    elif not proof.missing:
        yield Check("scope", PROBLEM, f"{tenant}: not one mailbox could be read; is the app limited to a group?")
    yield from _limit(tenant)
    if tenant.state == Tenant.LOST:
        yield Check(
            "state", PROBLEM, f"{tenant}: access was lost ({tenant.cause}); `manage.py connect` takes it up again."
        )
    if tenant.frozen_at:
        since = f"{tenant.frozen_at:%Y-%m-%d %H:%M} UTC"
        yield Check(
            "state", NOTE, f"{tenant}: changes are stopped since {since}; `manage.py connect --writes on` ends that."
        )
    yield _clock(tenant, proof)


def _our_fault(tenant: Tenant, error: graph.CredentialRefused, app: str) -> Iterator[Check]:
    yield Check("certificate", PROBLEM, sentence_for(error, app=app))
    yield Check("token", NOTE, f"{tenant}: no token, because of our own credential; the tenant is not at fault.")


def _writer(tenant: Tenant, proof: Proof) -> Iterator[Check]:
    """The second registration: only changes go through it."""
    try:
        lacking = lacking_for_writes(tenant, proof)
    except graph.CredentialRefused as error:
        yield from _our_fault(tenant, error, WRITER)
    except graph.GraphError as error:
        yield Check("writer", PROBLEM, f"{tenant}: {sentence_for(error, tid=str(tenant.tid), app=WRITER)}")
    else:
        if lacking:
            yield Check("writer", PROBLEM, f"{tenant}: the app for changing lacks {listed(lacking)}.")
        elif tenant.scope == Tenant.GROUP and not mailbox_roles(clients.writer_for(tenant).roles() or ()):
            yield Check(
                "writer", NOTE, f"{tenant}: Exchange lets the app for changing into the group’s mailboxes; "
                "whether it may change there, only a change can prove.",
            )  # fmt: skip
        else:
            yield Check("writer", OK, f"{tenant}: the app for changing holds what it needs.")


def _booker(tenant: Tenant) -> Iterator[Check]:
    """The registration for meetings: nothing is read with it but meetings of its own."""
    try:
        client = clients.client_of(tenant, app=BOOKER)
        roles = client.renew().roles
        lacking = tuple(need for need in MEETINGS if roles is not None and need.role not in roles)
        if lacking and is_let_in_by_group(tenant, client):
            lacking = ()
    except graph.CredentialRefused as error:
        yield from _our_fault(tenant, error, BOOKER)
    except graph.GraphError as error:
        yield Check("meetings", PROBLEM, f"{tenant}: {sentence_for(error, tid=str(tenant.tid), app=BOOKER)}")
    else:
        if lacking:
            yield Check("meetings", PROBLEM, f"{tenant}: the app for meetings lacks {listed(lacking)}.")
        else:
            yield Check("meetings", OK, f"{tenant}: the app for meetings holds what it needs.")


def _limit(tenant: Tenant) -> Iterator[Check]:
    """What the last test of the limit to a group found; nothing is asked for it here."""
    limit = GroupLimit.objects.filter(tenant=tenant).first()
    if limit:
        is_good, is_bad = limit.verdict == GroupLimit.VERIFIED and not limit.is_legacy, limit.verdict in limits.ALARMS
        yield Check("limit", OK if is_good else PROBLEM if is_bad else NOTE, f"{tenant}: {limits.sentence(limit)}")
    elif tenant.scope == Tenant.GROUP:
        yield Check("limit", NOTE, f"{tenant}: no group is named yet, so nobody is read.")


def _permissions(tenant: Tenant, proof: Proof) -> Iterator[Check]:
    if proof.missing:
        yield Check("permissions", PROBLEM, f"{tenant}: the app lacks {listed(proof.missing)}.")
    elif tenant.writes_on and not tenant.has_writer and proof.missing_for_writes:
        lacking = listed(proof.missing_for_writes)
        yield Check("permissions", PROBLEM, f"{tenant}: writing is on, but the app lacks {lacking}.")
    else:
        held = ", ".join(sorted(proof.roles)) if proof.roles else "what was tried"
        yield Check("permissions", OK, f"{tenant}: the app holds {held}.")
    optional = tuple(t.need for t in proof.trials if t.error and not t.need.is_required)
    if optional:
        yield Check("permissions", NOTE, f"{tenant}: without {listed(optional)} those are shown by address only.")
    written = sorted(need.role for need in WRITES if need.role in (proof.roles or ()))
    roles = " and ".join(written)
    if written and tenant.has_writer:
        yield Check("permissions", NOTE, f"{tenant}: the app that reads need not hold {roles}: the other one changes.")
    elif written and not tenant.writes_on:
        yield Check(
            "permissions", NOTE, f"{tenant}: {roles} is held while writing is off: only our own switch stops it."
        )
    if proof.excess:
        yield Check("permissions", NOTE, f"{tenant}: the app needs none of {', '.join(proof.excess)}: take it away.")


def _clock(tenant: Tenant, proof: Proof) -> Check:
    if proof.skew_seconds is None:
        return Check("clock", NOTE, f"{tenant}: Microsoft did not say what time it is.")
    skew = timedelta(seconds=abs(proof.skew_seconds))
    if skew > SKEW:
        return Check("clock", PROBLEM, f"This machine’s clock is {_long(skew)} off Microsoft’s: switch NTP on.")
    return Check("clock", OK, "This machine’s clock agrees with Microsoft’s.")


def _long(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
