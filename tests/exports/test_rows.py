"""The access export: the columns scripts rely on, nothing left out, and the past as readings showed it."""

from datetime import timedelta

import pytest

from sharing import exports
from sharing.models import DeliveryPeriod, Mailbox, PermissionPeriod, Role
from tests.web.it import rows


@pytest.fixture
def parties(db):
    """Adele reads Alex's "Kids parties"."""
    contoso = rows.make_tenant()
    alex = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    calendar = rows.make_calendar(alex, "Kids parties")
    rows.give(calendar, rows.make_person(contoso, "Adele Vance"))
    return calendar


def export(tenant, **options):
    return list(exports.access_rows(tenants=[tenant], **options))


def test_a_row_has_the_columns_of_the_contract(parties):
    (row,) = export(parties.tenant)
    permission = parties.permissions.get()
    assert list(exports.ACCESS_COLUMNS) == [
        "tenant_id", "owner", "owner_oid", "calendar_id", "calendar_name", "is_default_calendar", "permission_id",
        "name", "address", "role", "allowed_roles", "is_inside_organization", "is_removable", "first_seen_at",
        "read_at", "mailbox_state", "delivery_option",
    ]  # fmt: skip
    assert row == {
        "tenant_id": rows.CONTOSO, "owner": "AlexW@contoso.com", "owner_oid": rows.CAST["Alex Wilber"][1],
        "calendar_id": parties.graph_id, "calendar_name": "Kids parties", "is_default_calendar": False,
        "permission_id": permission.graph_id, "name": "Adele Vance", "address": "AdeleV@contoso.com", "role": "read",
        "allowed_roles": ["freeBusyRead", "limitedRead", "read", "write"], "is_inside_organization": True,
        "is_removable": True, "first_seen_at": rows.FIRST, "read_at": parties.mailbox.shard.read_at,
        "mailbox_state": "ok", "delivery_option": "sendToDelegateAndPrincipal",
    }  # fmt: skip


def test_a_mailbox_of_which_nothing_is_known_has_one_row_without_permission(parties):
    lee = rows.make_person(parties.tenant, "Lee Gu")
    rows.make_mailbox(lee, state=Mailbox.NO_MAILBOX, read_at=None, delivery_option="")
    row = next(row for row in export(parties.tenant) if row["owner"] == "lee.gu@contoso.com")
    assert row["mailbox_state"] == "no_mailbox"
    known = {"tenant_id", "owner", "owner_oid", "mailbox_state"}
    assert {name for name, value in row.items() if value is not None} == known


def test_a_mailbox_that_cannot_be_read_shows_what_was_known_last(parties):
    Mailbox.objects.update(state=Mailbox.DENIED)
    (row,) = export(parties.tenant)
    assert (row["role"], row["mailbox_state"], row["read_at"]) == ("read", "denied", rows.FIRST)


def test_rows_of_other_tenants_stay_out(parties):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    assert export(fabrikam) == []


def test_the_day_before_a_change_still_shows_the_old_role(parties):
    permission = parties.permissions.get()
    changed_at = rows.NOW - timedelta(days=3)
    PermissionPeriod.objects.create(
        tenant=parties.tenant, permission=permission, role=Role.READ, began_at=rows.FIRST, ended_at=changed_at,
        ended_after_at=changed_at - timedelta(days=1), after=Role.WRITE,
    )  # fmt: skip
    type(permission).objects.update(role=Role.WRITE, began_at=changed_at)
    DeliveryPeriod.objects.create(
        tenant=parties.tenant, mailbox=parties.mailbox, delivery_option="sendToDelegateOnly",
        after="sendToDelegateAndPrincipal", ended_at=changed_at,
    )  # fmt: skip
    before, after = (export(parties.tenant, as_of=changed_at + timedelta(hours=n)) for n in (-1, 1))
    assert [(row["role"], row["delivery_option"]) for row in before] == [("read", "sendToDelegateOnly")]
    assert [(row["role"], row["delivery_option"]) for row in after] == [("write", "sendToDelegateAndPrincipal")]


def test_ended_access_is_there_on_the_day_before_and_not_now(parties):
    permission = parties.permissions.get()
    type(permission).objects.update(ended_at=rows.NOW)
    PermissionPeriod.objects.create(
        tenant=parties.tenant, permission=permission, role=Role.READ, began_at=rows.FIRST, ended_at=rows.NOW,
        end=PermissionPeriod.REMOVED,
    )  # fmt: skip
    assert [row["role"] for row in export(parties.tenant, as_of=rows.NOW - timedelta(hours=1))] == ["read"]
    assert [row["role"] for row in export(parties.tenant)] == [None]


def test_before_the_first_reading_nothing_is_known(parties):
    (row,) = export(parties.tenant, as_of=rows.FIRST - timedelta(days=1))
    assert (row["role"], row["mailbox_state"]) == (None, "never")


@pytest.mark.parametrize("at_once", [500, 2])
def test_every_mailbox_is_there_once_however_many_are_held_at_a_time(db, monkeypatch, at_once):
    monkeypatch.setattr(exports.rows, "CHUNK", at_once)
    contoso = rows.make_tenant()
    for n in range(5):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n}", f"p{n}@contoso.com"))
    assert [row["owner"] for row in export(contoso)] == [f"p{n}@contoso.com" for n in range(5)]
