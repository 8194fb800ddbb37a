"""Claims a run or a shard, reads it, stores it, and gives it back."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from sharing import graph
from sharing.models import Calendar, Mailbox, PermissionPeriod, SyncRun, SyncShard, Tenant, keep_mailboxes

from .diff import MailboxDiff, confirm
from .directory import ListingHeld, read_directory, read_people, removable_mailboxes, store_directory
from .groups import count_groups
from .known import Slot, Stub, load_calendars, load_stubs
from .own import plan_next, prepare_own, was_held
from .plan import LISTING_LEASE, begin_run, finish_run, hand_to_shards, stop_run
from .read import Reading, RunMustStop, read_mailboxes
from .rubbish import seldom_collected
from .scope import apply_scope
from .store import FenceLost, Stored, Visit, compare_readings, store_readings
from .write import Entry, end_calendar

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# Why a run is held, where it is not the breaker of its mailboxes: those are stored all the same.
LISTING, REMOVED = "directory_breaker", "removed_mailboxes"
SHARD_LEASE = timedelta(minutes=20)


@seldom_collected()
def list_directory(*, run: SyncRun, client: graph.Client, clock: Clock) -> bool:
    """The first part of a run: who is there. Then the shards are due. False where another worker has it.

    A listing that failed stops the run. One that lost implausibly many people is held and stores nothing, half a tenant
    offboards nobody, but the mailboxes that are known are read all the same.
    """
    if not run.claim(now=clock(), lease=LISTING_LEASE):
        return False
    tenant, before = run.tenant, _sent(client)
    try:
        is_accepted = run.accepts is not None and run.accepts.cause == LISTING
        is_whole = run.kind == SyncRun.FULL or is_accepted
        if tenant.scope == Tenant.PEOPLE:
            listing = read_people(client, tenant=tenant)
        else:
            listing = read_directory(client, link="" if is_whole else tenant.delta_link)
        store_directory(tenant=tenant, listing=listing, now=clock(), breaker=not is_accepted)
    except ListingHeld as error:
        held = {"outcome": SyncRun.HELD, "cause": LISTING, "held_back": error.missing}
        SyncRun.objects.filter(pk=run.pk).update(**held)
    except graph.GraphError as error:
        log.warning("directory listing failed", extra={"tenant": str(tenant.tid), "cause": error.cause})
        _note_sent(run, client, before)
        stop_run(run=run, cause=error.cause, now=clock())
        _note_loss(tenant, error, clock())
        return False
    if run.kind in (SyncRun.FULL, SyncRun.ACCEPTED):
        _end_removed(run, clock())
    _find_again(tenant, clock())
    if run.kind != SyncRun.ASKED and tenant.scope != Tenant.PEOPLE:
        count_groups(tenant=tenant, client=client, now=clock(), is_whole=is_whole)
    _note_sent(run, client, before)
    hand_to_shards(run=run, now=clock())
    run.let_go()
    finish_run(run=run, now=clock())
    return True


@seldom_collected()
def sync_shard(
    *, shard: SyncShard, client: graph.Client, clock: Clock, progress: Callable[[int], None] | None = None
) -> Stored | None:
    """Read one shard and store what differs; None where another worker has it or the tenant refuses.

    With a full run every mailbox is read, otherwise those whose own time has come. Safe to repeat: a second reading
    finds equal digests and writes nothing.
    """
    if not shard.claim(now=clock(), lease=SHARD_LEASE):
        return None
    if shard.grant_id and not prepare_own(shard=shard, client=client, now=clock()):
        return None
    run = shard.run
    if run is None and shard.tenant.scope == Tenant.PEOPLE and not shard.grant_id:
        apply_scope(tenant=shard.tenant, now=clock())  # no listing did, and somebody may have been switched off since
    is_whole = run is not None and run.kind == SyncRun.FULL
    asked_at = clock()
    stubs = load_stubs(shard=shard, due_at=None if is_whole else asked_at)
    before = _sent(client)
    window = graph.Window(client)
    try:
        readings = read_mailboxes(window, [stub.wanted() for stub in stubs], progress=progress)
        if _refuses_everybody(readings[stub.oid] for stub in stubs if stub.state == Mailbox.OK):
            raise RunMustStop(graph.ConsentMissing(code="ErrorAccessDenied"))
        diffs, quiet = _compare_twice(window, stubs, readings)
        after = _sent(client)
        sent = {name: after[name] - before[name] for name in after}
        visit = Visit(shard, run, asked_at, clock(), is_whole, sent, was_held(shard))
        stored = store_readings(visit=visit, diffs=diffs, quiet=quiet)
    except RunMustStop as error:
        if shard.grant_id:  # what one person lent says nothing of the tenant
            shard.let_go(due_at=clock() + timedelta(hours=1))
            return None
        log.warning("tenant refused", extra={"tenant": str(shard.tenant.tid), "cause": error.cause})
        if run:
            stop_run(run=run, cause=error.cause, now=clock())
        else:
            shard.let_go(due_at=clock() + timedelta(minutes=10))
        if not error.is_ours:
            _lose(shard.tenant, error.cause, clock())
        return None
    except FenceLost:
        log.warning("shard was taken over", extra={"shard": shard.pk})
        return None
    finally:
        window.close()
    if run:
        finish_run(run=run, now=clock())
    if shard.grant_id:
        plan_next(shard, clock())
    return stored


def _compare_twice(
    window: graph.Window, stubs: Sequence[Stub], readings: dict[str, Reading]
) -> tuple[list[MailboxDiff], list[Stub | Slot]]:
    """Absence counts when it was seen twice: a mailbox that would lose rows is read once more before it does.

    A list that was cut without a sign looks like a shorter list; a second answer that is whole puts it right.
    """
    diffs, quiet = compare_readings(stubs, readings)
    doubtful = [d.slot for d in diffs if d.ended]
    if not doubtful:
        return diffs, quiet
    readings = read_mailboxes(window, [slot.wanted() for slot in doubtful])
    again, quiet_after_all = compare_readings(doubtful, readings)
    first = {d.slot.pk: d for d in diffs if d.ended}
    confirmed = [confirm(first[d.slot.pk], d) for d in again]
    return [d for d in diffs if not d.ended] + confirmed, quiet + quiet_after_all


def _refuses_everybody(readings: Iterable[Reading]) -> bool:
    """Five mailboxes that could be read before, all denied now without a word of policy: that is consent."""
    states = [reading.calendars_state for reading in readings]
    return len(states) >= 5 and all(s.state == "denied" and s.cause == "ErrorAccessDenied" for s in states)


def _sent(client: graph.Client) -> dict[str, int]:
    return {name: getattr(client.stats, name) for name in ("requests", "sub_requests", "throttled")}


def _note_sent(run: SyncRun, client: graph.Client, before: dict[str, int]) -> None:
    SyncRun.objects.filter(pk=run.pk).update(**{name: F(name) + n - before[name] for name, n in _sent(client).items()})


def run_here(
    *,
    tenant: Tenant,
    client: graph.Client,
    clock: Clock,
    kind: str = SyncRun.FULL,
    mailboxes: list[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> SyncRun:
    """The whole run in the foreground; `mailboxes` (ids) reads only those. Raises RunUnderway.

    `progress` is told (mailboxes read, mailboxes in all).
    """
    if mailboxes is not None:
        kind = SyncRun.ASKED
        Mailbox.objects.filter(pk__in=mailboxes).update(due_at=clock())
    run = begin_run(tenant=tenant, kind=kind, now=clock())
    list_directory(run=run, client=client, clock=clock)
    done = 0
    while not SyncRun.objects.filter(pk=run.pk, finished_at__isnull=False).exists():
        due = SyncShard.objects.filter(run=run, due_at__lte=clock()).select_related("tenant", "run")
        shard = due.first()
        stored = sync_shard(shard=shard, client=client, clock=clock) if shard else None
        if stored is None:
            wait(0.2)  # a worker elsewhere answers for this shard; its lease brings it back if it dies
            finish_run(run=run, now=clock())
            continue
        done += stored.mailboxes
        if progress:
            progress(done, SyncRun.objects.values_list("mailboxes", flat=True).get(pk=run.pk))
    run.refresh_from_db()
    return run


def _end_removed(run: SyncRun, now: datetime) -> None:
    """End the rows of mailboxes that are gone for good, as "mailbox removed", as far as the breaker allows."""
    tenant = run.tenant
    for mailbox in removable_mailboxes(tenant=tenant, now=now).select_related("person"):
        calendars = load_calendars([mailbox.pk]).get(mailbox.pk, {})
        ids = [p.id for c in calendars.values() for p in c.permissions.values() if p.is_open]
        open_rows = len(ids)
        if run.ended_limit is not None:
            allowed = SyncRun.objects.filter(pk=run.pk, ended__lte=run.ended_limit - open_rows)
            if open_rows > run.ended_limit or not allowed.update(ended=F("ended") + open_rows):
                held = SyncRun.objects.filter(pk=run.pk)
                held.update(outcome=SyncRun.HELD, cause=REMOVED, held_back=F("held_back") + open_rows)
                run.totals["held_back"] = (run.totals.get("held_back", []) + ids)[: SyncRun.SAMPLE]
                run.save(update_fields=["totals"])
                continue
        with transaction.atomic():
            for calendar in calendars.values():
                entry = Entry(mailbox.pk, calendar.id, "", calendar.read_at)
                end_calendar(
                    tenant=tenant, entry=entry, permissions=calendar.permissions.values(),
                    end=PermissionPeriod.MAILBOX_REMOVED, now=now,
                )  # fmt: skip
            Calendar.objects.filter(mailbox=mailbox, ended_at=None).update(ended_at=now)
            keep_mailboxes(Mailbox.objects.filter(pk=mailbox.pk), now=now)
            Mailbox.objects.filter(pk=mailbox.pk).update(
                state=Mailbox.EXCLUDED, cause="mailbox_removed", state_since=now, due_at=None, digest="",
                version=F("version") + 1,
            )  # fmt: skip


def _note_loss(tenant: Tenant, error: graph.GraphError, now: datetime) -> None:
    """That our own credential is not accepted looks like every tenant failing at once, and is nobody's consent."""
    if isinstance(error, graph.CredentialRefused):
        return
    if isinstance(error, graph.ConsentMissing | graph.TokenRefused | graph.SignInError):
        _lose(tenant, error.cause, now)


def _lose(tenant: Tenant, cause: str, now: datetime) -> None:
    """The tenant no longer lets us in: the mirror stays, reading and writing stop until somebody connects again."""
    Tenant.objects.filter(pk=tenant.pk, state=Tenant.CONNECTED).update(
        state=Tenant.LOST, cause=cause[:80], state_since=now
    )


def _find_again(tenant: Tenant, now: datetime) -> None:
    """A tenant that was lost answers again."""
    lost = Tenant.objects.filter(pk=tenant.pk, state=Tenant.LOST)
    lost.update(state=Tenant.CONNECTED, cause="", state_since=now)
