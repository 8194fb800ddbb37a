"""IT finds what Microsoft did not confirm and what is undone outside; an operator has it looked at again."""

from datetime import timedelta

import pytest

from sharing.models import AuditEvent, CalendarPermission, Change, Grant, SyncShard
from tests.cloud import FABRIKAM

from . import rows

HERE = "/it/changes/"


@pytest.fixture
def operator(client, contoso):
    client.force_login(rows.make_user(contoso, "Lidia Holloway", "operator"))
    return client


@pytest.fixture
def change(contoso, alex):
    """Adele was to see less on Kids parties, and nobody knows whether she does."""
    row = CalendarPermission.objects.get(name="Adele Vance")
    day = rows.NOW - timedelta(days=1)
    return Change.objects.create(
        tenant=contoso, mailbox=alex, calendar=row.calendar, permission=row, kind=Change.ROLE, target="permission:1",
        name=row.name, before="read", after="freeBusyRead", actor=rows.make_user(contoso, "Alex Wilber"),
        actor_kind=Change.OWNER, state=Change.UNKNOWN, requested_at=day, sent_at=day, finished_at=day,
    )  # fmt: skip


def test_an_operator_has_it_looked_at_again_once(operator, change):
    page = operator.get(HERE).text
    assert "Adele Vance" in page and "Not confirmed" in page
    look = f"{HERE}{change.public_id}/look/"
    assert look in page
    assert [operator.post(look).status_code for _ in range(2)] == [302, 302]
    change.refresh_from_db()
    assert change.due_at == rows.NOW
    assert AuditEvent.objects.filter(verb="change.looked_again").count() == 1
    assert "Looking…" in operator.get(HERE).text


def test_a_reviewer_sees_it_and_has_no_button(it, change):
    page = it.get(HERE).text
    assert "Adele Vance" in page and "Look again" not in page
    assert it.post(f"{HERE}{change.public_id}/look/").status_code == 404
    change.refresh_from_db()
    assert change.due_at is None


def test_what_is_undone_outside_says_what_is_true(operator, change):
    Change.objects.update(state=Change.APPLIED, reverted_at=rows.NOW, found="write")
    page = operator.get(HERE).text
    assert "Undone outside" in page and "Look again" not in page
    assert operator.post(f"{HERE}{change.public_id}/look/").status_code == 302
    change.refresh_from_db()
    assert change.due_at is None


def test_what_went_well_is_not_there(operator, change):
    Change.objects.update(state=Change.APPLIED)
    assert "Nothing wants a person." in operator.get(HERE).text


def test_another_tenants_changes_do_not_exist(client, change):
    fabrikam = rows.make_tenant(FABRIKAM, "Fabrikam", ["fabrikam.com"])
    client.force_login(rows.make_user(fabrikam, "Patti Fernandez", "operator"))
    assert "Adele" not in client.get(HERE).text
    assert client.post(f"{HERE}{change.public_id}/look/").status_code == 404


def test_what_a_person_lent_is_not_its(operator, change, contoso, alex):
    owner = rows.make_user(contoso, "Alex Again")
    grant = Grant.objects.create(
        user=owner,
        tenant=contoso,
        account_oid=owner.oid,
        state=Grant.CONNECTED,
        state_since=rows.NOW,
        connected_at=rows.NOW,
    )
    alex.shard = SyncShard.objects.create(tenant=contoso, number=99, grant=grant)
    alex.save()
    assert "Adele" not in operator.get(HERE).text
