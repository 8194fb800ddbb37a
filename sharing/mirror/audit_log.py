"""Has Exchange's audit log searched where the tenant lets us, one search at a time, and hands on what it found."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sharing import graph
from sharing.graph import audit_log
from sharing.models import AuditQuery, Tenant

log = logging.getLogger(__name__)

ROLES = frozenset({"AuditLogsQuery-Exchange.Read.All", "AuditLogsQuery.Read.All"})
LEASE = timedelta(minutes=11)  # longer than the task may run
FIRST = timedelta(days=30)  # what the first search looks back for; an export can bring what is older
DAILY = timedelta(days=1)
AGAIN = timedelta(hours=3)  # how often is looked whether there is something to ask
POLL = timedelta(minutes=2)
PATIENCE = timedelta(days=1)  # then a search is given up
# Exchange's records can be searched 60 to 90 minutes after the act, Microsoft says, and guarantees nothing.
# https://learn.microsoft.com/purview/audit-search#before-you-search-the-audit-log
SETTLED = timedelta(hours=3)

Unexplained = Callable[[Tenant, datetime, datetime], bool]
Keep = Callable[..., Any]


def is_let(tenant: Tenant) -> bool:
    """Did the last token name a permission to search the log? It is the only switch that there is."""
    return tenant.state == Tenant.CONNECTED and not ROLES.isdisjoint(tenant.roles_held or ())


def want(*, tenant: Tenant, now: datetime) -> None:
    """Have the log of a tenant asked that lets us; safe to repeat, called after each run."""
    tenant = Tenant.objects.get(pk=tenant.pk)
    if is_let(tenant):
        AuditQuery.objects.get_or_create(tenant=tenant)
        AuditQuery.objects.filter(tenant=tenant, due_at=None).update(due_at=now)


def step(
    *, query: AuditQuery, client: graph.Client, clock: Callable[[], datetime], operations: Collection[str],
    is_unexplained: Unexplained, keep: Keep,
) -> None:  # fmt: skip
    """Begin the next search, or look after the one that is open; safe to call at any time and twice.

    `is_unexplained(tenant, after, until)` says whether a difference between two moments wants a name; without one the
    log is asked once a day. `keep(tenant=, records=, now=)` stores what was found, in one transaction with how far it
    was searched. A crash between making a search and noting it leaves one that nobody reads.
    """
    if not query.claim(now=clock(), lease=LEASE):
        return
    query.refresh_from_db()
    if not is_let(query.tenant):
        query.let_go(graph_id="", ends_at=None)
        return
    try:
        if query.graph_id:
            _look(query, client, clock, keep)
        else:
            _ask(query, client, clock(), operations, is_unexplained)
    except graph.Throttled as error:
        query.let_go(due_at=clock() + timedelta(seconds=error.retry_after or 60))
    except (graph.NotFound, graph.MailboxMissing) as error:  # Microsoft keeps no search for ever
        _give_up(query, clock(), error.cause)
    except (graph.Unreachable, graph.Malformed) as error:
        is_over = query.asked_at is not None and clock() - query.asked_at > PATIENCE
        if query.graph_id and is_over:
            _give_up(query, clock(), error.cause)
        else:
            query.let_go(due_at=clock() + POLL, cause=error.cause[:80])
    except graph.GraphError as error:  # refused: tomorrow's run may find that it is let again
        log.warning("the audit log was not searched", extra={"cause": error.cause})
        query.let_go(graph_id="", ends_at=None, cause=error.cause[:80])


def _ask(
    query: AuditQuery, client: graph.Client, now: datetime, operations: Collection[str], is_unexplained: Unexplained
) -> None:
    ends_at = now - SETTLED
    begins_at = query.covered_to or ends_at - FIRST
    is_due = ends_at - begins_at >= DAILY
    if ends_at <= begins_at or not (is_due or is_unexplained(query.tenant, begins_at, ends_at)):
        query.let_go(due_at=now + AGAIN)
        return
    made = audit_log.create_audit_query(client, operations=operations, begins_at=begins_at, ends_at=ends_at)
    query.let_go(due_at=now + POLL, graph_id=made.id, ends_at=ends_at, asked_at=now)


def _look(query: AuditQuery, client: graph.Client, clock: Callable[[], datetime], keep: Keep) -> None:
    found = audit_log.read_audit_query(client, query.graph_id)
    if found.status in audit_log.ENDED:
        return _give_up(query, clock(), found.status)
    if found.status != audit_log.SUCCEEDED:
        if query.asked_at is not None and clock() - query.asked_at > PATIENCE:
            return _give_up(query, clock(), "timeout")
        query.let_go(due_at=clock() + POLL)
        return None
    # Part of what happened would name the wrong person as the last one: then nobody is named.
    records = None if found.is_cut_off else _records(client, query.graph_id)
    now = clock()
    with transaction.atomic():
        is_ours = query.let_go(
            due_at=now + AGAIN, graph_id="", covered_to=query.ends_at, ends_at=None,
            cause="cut_off" if records is None else "",
        )  # fmt: skip
        if is_ours and records is not None:
            keep(tenant=query.tenant, records=records, now=now)
    return None


def _records(client: graph.Client, query_id: str) -> list[dict[str, Any]] | None:
    """What was found; None for more than is read, and that would be as much another time."""
    try:
        return audit_log.list_audit_records(client, query_id)
    except graph.Malformed as error:
        if error.cause == "too_large":
            return None
        raise


def _give_up(query: AuditQuery, now: datetime, cause: str) -> None:
    """The same window is searched anew later: nothing of it is known."""
    query.let_go(due_at=now + AGAIN, graph_id="", ends_at=None, cause=cause[:80])
