"""Chains of events for the tests of the audit log."""

from datetime import UTC, datetime, timedelta

from sharing import audit
from sharing.models import AuditChain, AuditEvent

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def recorded(tenant, count, **fields):
    """`count` events of a tenant, a minute apart."""
    return [
        AuditEvent.objects.record(
            now=NOW + timedelta(minutes=number), tenant=tenant,
            **{"verb": "person.viewed", "subject": {"person": f"person-{number % 7}"}, "actor_name": "cli:me"} | fields,
        )
        for number in range(count)
    ]  # fmt: skip


def head_of(tenant):
    """Its head as it was written elsewhere just now."""
    chain = AuditChain.objects.get(key=tenant.tid)
    return audit.Head(NOW.isoformat(), chain.key, chain.seq, chain.hash)
