"""Celery entry points: load rows, build a client, call the domain; and what is due."""

import functools
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import celery
from django.conf import settings
from django.core.cache import cache
from django.utils.timezone import now as clock

from sharing import audit, changes, connect, mirror, notices
from sharing.connect import (
    calls,
    client_for,
    client_for_mailbox,
    client_for_shard,
    clients,
    credentials,
    ends,
    erasing_own,
    limits,
    permissions,
    tidying,
)
from sharing.mirror import audit_log, scope
from sharing.models import (
    ActivationLink,
    AppCredential,
    AuditQuery,
    Change,
    ChangeBatch,
    Cover,
    EndDate,
    GroupLimit,
    Notice,
    Proposal,
    SyncRun,
    SyncShard,
    Tenant,
)

log = logging.getLogger(__name__)

RING_SECONDS = 60  # an old ring is worth nothing: the next tick rings again, and rings must not pile up
AT_ONCE = 200  # rows of one kind that one look at the queue rings for
HEADS_SECONDS = 300
PRUNE_SECONDS = 6 * 3600
PRUNING = timedelta(minutes=5)
DECIDE_SECONDS = 60  # what admins are told is thought about no more often
TIDY_SECONDS = 3600  # and so often is looked for what nobody needs any more


class Counted(celery.Task):
    """A task that, however it ends, adds up what it asked Microsoft for."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().__call__(*args, **kwargs)
        finally:
            calls.flush(clock())


shared_task = functools.partial(celery.shared_task, base=Counted)


@shared_task(soft_time_limit=80, time_limit=90)
def apply_change(pk: int) -> None:
    """Take one change a step further; its row is the truth, this message only a hint."""
    related = (
        "tenant", "actor", "approved_by", "mailbox__person", "mailbox__tenant", "mailbox__shard__grant__tenant",
        "calendar", "permission", "undoes", "follows",
    )  # fmt: skip
    change = Change.objects.select_related(*related).get(pk=pk)
    if change.calendar:
        change.calendar.mailbox = change.mailbox
    changes.apply(client=client_for_mailbox(change.mailbox), change=change, clock=clock)


@shared_task(soft_time_limit=80, time_limit=90)
def step_batch(pk: int) -> None:
    """Hand out what the caps let of one batch, or see that it is done."""
    batch = ChangeBatch.objects.select_related("tenant", "actor__tenant", "calendar").get(pk=pk)
    changes.step(batch=batch, now=clock())


@shared_task(soft_time_limit=80, time_limit=90)
def carry_out_proposal(pk: int) -> None:
    """What somebody agreed to and a crash kept from being written down."""
    try:
        changes.carry_out(proposal=Proposal.objects.get(pk=pk), now=clock())
    except changes.Refused:
        log.warning("a proposal could not be carried out", extra={"proposal": pk})


@shared_task(soft_time_limit=50, time_limit=60)
def step_end_date(pk: int) -> None:
    """Tell of an end date, ask about it, or ask for what it was set for."""
    changes.step_end_date(end_date=EndDate.objects.get(pk=pk), now=clock(), tell=notices.tell_of_end)


@shared_task(soft_time_limit=50, time_limit=60)
def step_cover(pk: int) -> None:
    changes.step_cover(cover=Cover.objects.get(pk=pk), now=clock(), tell=notices.tell_of_cover)


@shared_task(soft_time_limit=780, time_limit=840)
def list_directory(pk: int) -> None:
    run = SyncRun.objects.select_related("tenant").get(pk=pk)
    client = client_for(run.tenant)
    if mirror.list_directory(run=run, client=client, clock=clock):
        permissions.note_roles(tenant=run.tenant, client=client, now=clock())
        permissions.note_others(tenant=run.tenant, now=clock())
        audit_log.want(tenant=run.tenant, now=clock())
    for shard in SyncShard.objects.due(clock()).filter(run=run).values_list("pk", flat=True):
        ring(sync_shard, shard)


@shared_task(soft_time_limit=1080, time_limit=1140)
def sync_shard(pk: int) -> None:
    shard = SyncShard.objects.select_related("tenant", "run", "grant__tenant").get(pk=pk)
    mirror.sync_shard(shard=shard, client=client_for_shard(shard), clock=clock)


@shared_task(soft_time_limit=1080, time_limit=1140)
def wake(pk: int) -> None:
    """Read what is due in one shard now, because somebody is looking."""
    mirror.wake_shards(clock())
    sync_shard(pk)


@shared_task(soft_time_limit=150, time_limit=170)
def prove_link(pk: int) -> None:
    link = ActivationLink.objects.select_related("tenant").get(pk=pk)
    connect.prove_link(link=link, client=clients.client_of(link.tenant, app=link.app), clock=clock)


@shared_task(soft_time_limit=80, time_limit=90)
def tend_credential(pk: int) -> None:
    """Try the certificate or secret that is next, or erase the one before at its end."""
    credentials.tend(row=AppCredential.objects.get(pk=pk), clock=clock)


@shared_task(soft_time_limit=50, time_limit=60)
def send_notice(pk: int) -> None:
    notices.send(notice=Notice.objects.get(pk=pk), clock=clock)


@shared_task(soft_time_limit=150, time_limit=170)
def test_limit(pk: int) -> None:
    """List the members of the limiting group, read whom it names, and try whether Exchange keeps the app to it."""
    limit = GroupLimit.objects.select_related("tenant", "inside", "outside").get(pk=pk)
    limits.try_limit(limit=limit, client=client_for(limit.tenant), clock=clock)
    scope.apply_scope(tenant=limit.tenant, now=clock())


@shared_task(soft_time_limit=50, time_limit=60)
def write_heads(pk: int) -> None:
    """How far the audit log has come, written outside the database; `pk` is one of the chains that are due."""
    audit.write_heads(now=clock(), may_mail=notices.may_leave())


@shared_task(soft_time_limit=540, time_limit=600)
def search_audit_log(pk: int) -> None:
    """Who changed sharing elsewhere, where a tenant lets us ask: the next search, or what the open one found."""
    query = AuditQuery.objects.select_related("tenant").get(pk=pk)
    audit_log.step(
        query=query, client=client_for(query.tenant), clock=clock, operations=audit.exchange.OPERATIONS,
        is_unexplained=audit.is_unexplained, keep=audit.take_records,
    )  # fmt: skip


@shared_task(soft_time_limit=540, time_limit=600)
def prune_history(pk: int) -> None:
    """Let go of what is older than a tenant keeps; what is left after a few minutes waits for the next time."""
    tenant, until = Tenant.objects.get(pk=pk), clock() + PRUNING
    while not audit.prune(tenant=tenant, now=clock()) and clock() < until:
        pass


@shared_task(soft_time_limit=540, time_limit=600)
def erase_tenant(pk: int) -> None:
    """One transaction's worth of a mirror that nobody wants kept; the next look at what is due brings the next."""
    ends.erase_some(tenant=Tenant.objects.get(pk=pk), now=clock())


@shared_task(soft_time_limit=540, time_limit=600)
def erase_own(pk: int) -> None:
    """What was read of one mailbox that its person took back and does not want kept."""
    erasing_own.erase(pk=pk, now=clock())


@shared_task(soft_time_limit=280, time_limit=300)
def tidy(pk: int) -> None:
    """Delete what was made for a while only and is long over; of no row in particular."""
    changes.close_objections(clock())
    tidying.tidy(clock())


@shared_task(soft_time_limit=50, time_limit=60)
def tick() -> None:
    """Beat's only task: ring for whatever is due."""
    for task, pk in due(clock()):
        ring(task, pk)


def due(now: datetime) -> Iterator[tuple[Any, int]]:
    """What waits, as (task, id): people's changes first."""
    yield from due_changes(now)
    yield from due_reads(now)


def due_changes(now: datetime) -> Iterator[tuple[Any, int]]:
    for pk in Change.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield apply_change, pk
    for pk in Cover.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield step_cover, pk
    for pk in EndDate.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield step_end_date, pk
    yield from due_batches(now)


def due_batches(now: datetime) -> Iterator[tuple[Any, int]]:
    """What hands out changes, or was agreed to and is no change yet."""
    for pk in ChangeBatch.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield step_batch, pk
    for proposal in changes.accepted_and_not_carried_out(now):
        yield carry_out_proposal, proposal.pk


def due_reads(now: datetime) -> Iterator[tuple[Any, int]]:
    """Runs whose time has come are begun here, and shards woken for single mailboxes."""
    for pk in AppCredential.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield tend_credential, pk
    for pk in ActivationLink.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield prove_link, pk
    for pk in limits.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield test_limit, pk
    for pk in ends.due(now).values_list("pk", flat=True):
        yield erase_tenant, pk
    for pk in erasing_own.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield erase_own, pk
    mirror.end_disconnected(now)
    mirror.begin_due_runs(now)
    for pk in SyncRun.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield list_directory, pk
    mirror.wake_shards(now)
    for pk in SyncShard.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield sync_shard, pk
    for pk in AuditQuery.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield search_audit_log, pk
    # One task writes all heads; where every place fails it is tried again, not twice a second.
    if (chain := audit.heads.due(now).order_by("pk").first()) and cache.add("audit.heads", True, timeout=HEADS_SECONDS):
        yield write_heads, chain.pk
    for pk in audit.retention.due(now).values_list("pk", flat=True):
        if cache.add(f"audit.prune.{pk}", True, timeout=PRUNE_SECONDS):
            yield prune_history, pk
    # Last: mail may wait, and what decides about it looks at what was begun above.
    if cache.add("notices.decided", True, timeout=DECIDE_SECONDS):
        changes.notice_reversals(now)
        notices.decide(now)
        notices.tell_of_operators(now)
        notices.tell_of_reverted(now)
        notices.tell_of_partners(now)
    if cache.add("tidied", True, timeout=TIDY_SECONDS) and tidying.is_untidy(now):
        yield tidy, 0
    for pk in Notice.objects.due(now).values_list("pk", flat=True)[:AT_ONCE]:
        yield send_notice, pk


def ring(task: Any, pk: int) -> None:
    """Wake a worker for a row that is committed already; never raises, and a lost ring costs one tick at most.

    Without a broker nobody need be woken: `manage.py work` looks twice a second.
    """
    if not settings.CELERY_BROKER_URL:
        return
    try:
        task.apply_async((pk,), retry=False, ignore_result=True, expires=RING_SECONDS)
    except Exception:  # whatever the broker's client raises: the row waits and the next tick rings again
        log.warning("the broker did not take a ring", extra={"task": task.name, "row": pk})
