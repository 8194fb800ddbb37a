"""One column is queue and lease: one claimant, and late ones write nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from sharing.models import SyncShard, Tenant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LEASE = timedelta(minutes=2)


@pytest.fixture
def shard():
    tenant = Tenant.objects.create(tid="1717622f-1d94-4d0c-9d74-709fad664b77", state_since=NOW)
    return SyncShard.objects.create(tenant=tenant, number=1, due_at=NOW)


def again(shard):
    return SyncShard.objects.get(pk=shard.pk)


def test_of_two_workers_one_claims(shard):
    first, second = again(shard), again(shard)
    assert first.claim(now=NOW, lease=LEASE)
    assert not second.claim(now=NOW, lease=LEASE)
    assert not SyncShard.objects.due(NOW).exists()


def test_an_idle_or_future_row_is_nobodys(shard):
    shard.let_go(due_at=None)
    assert not again(shard).claim(now=NOW, lease=LEASE)
    again(shard).let_go(due_at=NOW + LEASE)
    assert not again(shard).claim(now=NOW, lease=LEASE)


def test_an_unfinished_claim_becomes_due_again_and_its_late_owner_writes_nothing(shard):
    dead = again(shard)
    dead.claim(now=NOW, lease=LEASE)
    heir = again(shard)
    assert heir.claim(now=NOW + LEASE, lease=LEASE)
    assert not dead.let_go(result={"ok": 1})
    assert heir.let_go(result={"ok": 2})
    assert again(shard).result == {"ok": 2}
    assert again(shard).due_at is None
