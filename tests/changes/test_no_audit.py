"""No audit, no change: where the log cannot be written, nothing is asked for and nothing is said to be done."""

import pytest
from django.db import DatabaseError, connection

from sharing import changes, tasks
from sharing.models import AuditEvent, Change
from tests.contoso import permission, user

pytestmark = pytest.mark.django_db(transaction=True)

ALEX, ADELE = "AlexW@contoso.com", "AdeleV@contoso.com"
FAILS = {
    "sqlite": ["CREATE TRIGGER full BEFORE INSERT ON sharing_auditevent BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
    "postgresql": [
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'disk full'; END$$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON sharing_auditevent FOR EACH ROW EXECUTE FUNCTION full_disk()",
    ],
}
HEALS = {
    "sqlite": ["DROP TRIGGER IF EXISTS full"],
    "postgresql": ["DROP FUNCTION IF EXISTS full_disk() CASCADE"],
}


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def unwritable(contoso, sync):
    """`unwritable()`: from now on every insert into the log raises; `unwritable(False)` ends that."""
    sync()

    yield lambda on=True: run(*(FAILS if on else HEALS)[connection.vendor])
    run(*HEALS[connection.vendor])


def request(contoso, clock):
    row = permission(ALEX, ADELE, "Kids parties")
    after = next(role for role in row.choices() if role not in (row.role, "none"))
    return changes.request_role(
        permission=row, role=after, seen=row.role, actor=user(contoso, ALEX), now=clock()
    )  # fmt: skip


def test_a_wish_that_cannot_be_recorded_is_not_taken(unwritable, contoso, clock, cloud):
    user(contoso, ALEX)
    unwritable()
    with pytest.raises(DatabaseError, match="disk full"):
        request(contoso, clock)
    assert not Change.objects.exists()


def test_an_outcome_that_cannot_be_recorded_is_not_said(unwritable, contoso, clock, cloud):
    change = request(contoso, clock)
    before = permission(ALEX, ADELE, "Kids parties").role
    unwritable()
    with pytest.raises(DatabaseError, match="disk full"):
        tasks.apply_change(change.pk)
    change.refresh_from_db()
    assert (change.state, permission(ALEX, ADELE, "Kids parties").role) == (Change.OPEN, before)
    unwritable(False)
    Change.objects.update(due_at=clock.forward(minutes=5))
    tasks.apply_change(change.pk)
    change.refresh_from_db()
    assert change.state == Change.APPLIED
    outcomes = AuditEvent.objects.filter(verb__startswith="change.", subject__change=change.public_id)
    assert list(outcomes.order_by("seq").values_list("verb", flat=True)) == ["change.requested", "change.applied"]
