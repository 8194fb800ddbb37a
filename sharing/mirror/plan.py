"""When what is read: runs, wakes, and what a person decides about a held run."""

from collections import Counter
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from sharing.models import AuditEvent, Grant, Mailbox, SyncRun, SyncShard, Tenant, User

from .rows import refresh_statistics
from .scope import is_unknown
from .store import breaker_limit

NIGHT = timedelta(days=1)
HOUR = timedelta(hours=1)
MANY_ROWS = 1000  # so many new permissions change what the database should know of its tables
LISTING_LEASE = timedelta(minutes=15)


class RunUnderway(Exception):
    """The tenant is being read already; `run` is the one that is."""

    def __init__(self, run: SyncRun | None) -> None:
        super().__init__("a run is underway")
        self.run = run


class NotHeld(Exception):
    """Only a held run that nobody has settled can be accepted or rejected."""


def begin_run(*, tenant: Tenant, kind: str, now: datetime, asked_by: User | None = None) -> SyncRun:
    """Write the run down and make it due; raises RunUnderway. The limit of the breaker is fixed here."""
    limit = None if kind == SyncRun.ACCEPTED else breaker_limit(tenant)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                tenant=tenant, kind=kind, began_at=now, due_at=now, ended_limit=limit, asked_by=asked_by
            )
            if kind == SyncRun.FULL:
                Tenant.objects.filter(pk=tenant.pk).update(loose_ended=0)
    except IntegrityError as error:
        raise RunUnderway(SyncRun.objects.filter(tenant=tenant, finished_at=None).first()) from error
    return run


def begin_due_runs(now: datetime) -> None:
    """Every night everything, every hour the directory and the mailboxes whose time has come; one run at a time."""
    for tenant in Tenant.objects.asked().filter(next_hourly_at__lte=now, mode=Tenant.DOMAIN_WIDE):
        is_night = tenant.next_full_at is None or tenant.next_full_at <= now
        # The conditional update is the lock: of two schedulers one begins the run.
        mine = Tenant.objects.filter(pk=tenant.pk, next_hourly_at=tenant.next_hourly_at)
        fields = {"next_hourly_at": now + HOUR}
        if is_night:
            fields["next_full_at"] = _next_night(tenant.next_full_at or now, now)
        try:
            with transaction.atomic():
                if mine.update(**fields):
                    begin_run(tenant=tenant, kind=SyncRun.FULL if is_night else SyncRun.HOURLY, now=now)
        except RunUnderway:
            continue  # both dates stay: it begins when the other run is over


def _next_night(planned: datetime, now: datetime) -> datetime:
    """The same time of day, after now; nights that were missed are not made up one by one."""
    while planned <= now:
        planned += NIGHT
    return planned


def hand_to_shards(*, run: SyncRun, now: datetime) -> int:
    """Give the run its shards, after the directory was listed; how many mailboxes it sets out to read.

    A full run takes every shard, any other those with a mailbox whose time has come. A shard that somebody holds keeps
    its `due_at`: it finds the run when it is let go.
    """
    mailboxes = Mailbox.objects.filter(tenant_id=run.tenant_id, shard__grant=None).covered()
    shards = SyncShard.objects.filter(tenant_id=run.tenant_id, grant=None)
    if run.kind != SyncRun.FULL:
        mailboxes = mailboxes.filter(due_at__lte=now)
    shards = shards.filter(Exists(mailboxes.filter(shard=OuterRef("pk"))))
    if is_unknown(run.tenant):
        mailboxes, shards = mailboxes.none(), shards.none()
    count = mailboxes.count()
    with transaction.atomic():
        pks = list(shards.values_list("pk", flat=True))
        SyncShard.objects.filter(pk__in=pks).update(run=run)
        SyncShard.objects.filter(pk__in=pks, due_at=None).update(due_at=now)
        SyncRun.objects.filter(pk=run.pk).update(listed_at=now, mailboxes=count)
    return count


def finish_run(*, run: SyncRun, now: datetime) -> bool:
    """End the run if no shard is left; only one caller is told that it did."""
    if SyncShard.objects.filter(run=run.pk).exists():  # all but the last shard learn no more than this
        return False
    waiting = SyncShard.objects.filter(run=OuterRef("pk"))
    open_run = SyncRun.objects.filter(pk=run.pk, finished_at=None, listed_at__isnull=False)
    with transaction.atomic():
        if not open_run.filter(~Exists(waiting)).update(finished_at=now, due_at=None):
            return False
        SyncRun.objects.filter(pk=run.pk, outcome="").update(outcome=SyncRun.DONE)
        _close(run, now)
    if run.added >= MANY_ROWS:
        refresh_statistics()
    return True


def stop_run(*, run: SyncRun, cause: str, now: datetime) -> None:
    """End the run early; its shards go back to rest and every row stays as last known."""
    with transaction.atomic():
        SyncShard.objects.filter(run=run).update(run=None, due_at=None)
        stopped = {"finished_at": now, "due_at": None, "outcome": SyncRun.STOPPED, "cause": cause[:80]}
        if SyncRun.objects.filter(pk=run.pk, finished_at=None).update(**stopped):
            _close(run, now)


def end_runs(*, tenant: Tenant, cause: str, now: datetime) -> None:
    """Stop whatever run of the tenant is underway. Safe to repeat."""
    for run in SyncRun.objects.filter(tenant=tenant, finished_at=None):
        stop_run(run=run, cause=cause, now=now)


def _close(run: SyncRun, now: datetime) -> None:
    """What the shards found, added up, and how it ended in the activity log.

    The caller has just written the run, in the same transaction: nobody else can write it until that is over.
    """
    run.refresh_from_db()
    found: Counter[tuple[str, str, bool]] = Counter()
    held_back = run.totals.get("held_back", [])
    shards = SyncShard.objects.filter(tenant_id=run.tenant_id, result__run=run.pk).order_by("number")
    for result in shards.values_list("result", flat=True):
        for *what, count in result["found"]:
            found[tuple(what)] += count
        held_back += result["held_back"]
    run.totals = {
        "found": [[*what, count] for what, count in found.most_common()],
        "held_back": held_back[: SyncRun.SAMPLE],
    }
    run.save(update_fields=["totals"])
    AuditEvent.objects.record(
        now=now,
        verb="run.finished",
        tenant=run.tenant,
        subject={"run": run.public_id, "kind": run.kind, "ended": run.ended, "held_back": run.held_back},
        outcome=f"{run.outcome} {run.cause}".strip()[:80],
    )


def wake_shards(now: datetime) -> None:
    """Make shards due that rest while one of their mailboxes is due. One statement.

    Those of the app in tenants that it reads, and those whose person lent what reads them and may sign in here.
    """
    due = Mailbox.objects.filter(shard=OuterRef("pk"), due_at__lte=now).covered()
    read = Q(grant=None, tenant__in=Tenant.objects.read().values("pk"))
    lent = Q(grant__in=Grant.objects.in_use().values("pk"))
    SyncShard.objects.filter(Exists(due), read | lent, due_at=None).update(due_at=now)


def ask_to_read(mailbox: Mailbox, *, now: datetime) -> bool:
    """Make one mailbox due now, for its owner or for IT; False where it is already, or a held run has it."""
    waits = Mailbox.objects.filter(pk=mailbox.pk).covered().exclude(cause="breaker").exclude(due_at__lte=now)
    return bool(waits.update(due_at=now))


def accept_run(*, run: SyncRun, actor: User, now: datetime) -> SyncRun:
    """Read the held run's mailboxes again, breaker off; never apply the old picture. Raises NotHeld, RunUnderway."""
    with transaction.atomic():
        _settle(run, actor, now, "accepted")
        new = begin_run(tenant=run.tenant, kind=SyncRun.ACCEPTED, now=now, asked_by=actor)
        SyncRun.objects.filter(pk=new.pk).update(accepts=run)
        new.accepts = run
        Mailbox.objects.filter(tenant=run.tenant, cause="breaker").update(due_at=now)
    return new


def reject_run(*, run: SyncRun, actor: User, now: datetime) -> None:
    """Keep everything as last known; the mailboxes are read again with the next full run, under the breaker."""
    with transaction.atomic():
        _settle(run, actor, now, "rejected")


def _settle(run: SyncRun, actor: User, now: datetime, as_: str) -> None:
    held = SyncRun.objects.filter(pk=run.pk, outcome=SyncRun.HELD, settled_at=None, finished_at__isnull=False)
    if not held.update(settled_at=now, settled_as=as_):
        raise NotHeld
    AuditEvent.objects.record(
        now=now, verb=f"run.{as_}", tenant=run.tenant, actor=actor, subject={"run": run.public_id}
    )  # fmt: skip
