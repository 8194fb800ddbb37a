"""What stops with an organization's connection, or after a restore: all that would change something by itself later."""

from datetime import timedelta

import pytest

from sharing import changes
from sharing.models import AuditEvent, Change, ChangeBatch, Cover, Tenant
from tests.contoso import permission, user

from .operating import ADELE, ALEX, LIDIA, MEGAN, check, operator, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def adele(contoso, sync):
    sync()
    contoso.refresh_from_db()
    return permission(ALEX, ADELE, "Kids parties")


def stop(contoso, clock):
    return changes.cancel_open(tenant=contoso, cause="restored", now=clock())


def test_a_list_that_was_being_handed_out_goes_on_no_more_when_changes_are_let_again(contoso, adele, clock):
    lidia = operator(contoso, LIDIA, clock())
    batch = check(contoso, lidia, clock(), [adele, permission(ALEX, MEGAN, "Kids parties")])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    Tenant.objects.filter(pk=contoso.pk).update(frozen_at=clock())
    work(clock, 2)
    assert stop(contoso, clock) == 0  # not one change was asked for yet
    Tenant.objects.filter(pk=contoso.pk).update(frozen_at=None)
    clock.forward(days=1)
    work(clock, 3)
    batch.refresh_from_db()
    assert (batch.state, batch.cause, batch.due_at) == (ChangeBatch.CANCELLED, "restored", None)
    assert batch.finished_at is not None
    assert not Change.objects.exists()
    assert AuditEvent.objects.get(verb="batch.cancelled").outcome == "restored"
    stop(contoso, clock)
    assert AuditEvent.objects.filter(verb="batch.cancelled").count() == 1


def test_a_leave_that_was_still_to_come_is_covered_by_nobody(contoso, adele, clock):
    day = clock().date() + timedelta(days=3)
    cover = changes.plan_cover(
        calendar=adele.calendar, person=adele.grantee, role="write", actor=user(contoso, ALEX), now=clock(),
        starts_on=day, ends_on=day,
    )  # fmt: skip
    stop(contoso, clock)
    cover.refresh_from_db()
    assert (cover.state, cover.cause, cover.due_at) == (Cover.CANCELLED, "restored", None)
    assert AuditEvent.objects.get(verb="cover.cancelled").outcome == "restored"
