"""What the database refuses to do to the audit log, whoever asks."""

import pytest
from django.core.checks import run_checks
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from sharing.connect import health
from sharing.models import AuditChain, AuditEvent, triggers
from tests.audit.chains import NOW, recorded

pytestmark = pytest.mark.django_db


def refused(act):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        act()


def test_an_event_is_not_altered(contoso):
    recorded(contoso, 3)
    refused(lambda: AuditEvent.objects.filter(seq=2).update(verb="role.given"))
    refused(lambda: AuditEvent.objects.get(seq=2).save())
    assert AuditEvent.objects.filter(verb="role.given").count() == 0


def test_an_event_is_not_deleted(contoso):
    recorded(contoso, 3)
    refused(lambda: AuditEvent.objects.filter(seq=3).delete())
    refused(lambda: AuditEvent.objects.all().delete())
    assert AuditEvent.objects.count() == 3


def test_what_retention_let_go_may_be_deleted_and_nothing_else(contoso):
    recorded(contoso, 5)
    AuditChain.objects.update(pruned_to=2)
    AuditEvent.objects.filter(seq__lte=2).delete()
    refused(lambda: AuditEvent.objects.filter(seq=3).delete())
    assert list(AuditEvent.objects.order_by("seq").values_list("seq", flat=True)) == [3, 4, 5]


def test_an_event_stands_at_the_head_of_its_chain_or_nowhere(contoso):
    event = recorded(contoso, 3)[1]
    for seq, prev in ((2, event.prev), (4, event.hash), (9, event.hash)):
        forged = AuditEvent(chain=event.chain, seq=seq, at=NOW, tenant=contoso, actor="x", verb="x", prev=prev)
        refused(lambda forged=forged: forged.save(force_insert=True))


def test_the_head_is_not_put_back(contoso):
    recorded(contoso, 5)
    AuditChain.objects.update(written_seq=4)
    refused(lambda: AuditChain.objects.update(seq=3))
    refused(lambda: AuditChain.objects.update(seq=F("seq") + 2))
    refused(lambda: AuditChain.objects.update(written_seq=3))
    refused(lambda: AuditChain.objects.update(pruned_to=6))
    refused(lambda: AuditChain.objects.update(key="another"))
    refused(lambda: AuditChain.objects.all().delete())


@pytest.mark.sqlite
def test_replacing_a_row_is_deleting_it(contoso):
    recorded(contoso, 2)
    copy = "INSERT OR REPLACE INTO sharing_auditevent SELECT * FROM sharing_auditevent WHERE seq = 1"
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute(copy))


@pytest.mark.postgres
def test_a_table_is_not_emptied_at_once(contoso):
    recorded(contoso, 2)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as after the commit that never comes in a test
        for table in ("sharing_auditevent", "sharing_auditchain"):
            refused(lambda table=table: cursor.execute(f"TRUNCATE {table} CASCADE"))
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute("DELETE FROM sharing_auditevent")


def test_all_of_them_are_there_and_a_missing_one_is_told(contoso):
    assert triggers.missing() == []
    assert [c.state for c in health.examine(now=NOW) if c.name == "audit"] == ["ok"]
    with connection.cursor() as cursor:
        on = " ON sharing_auditevent" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER audit_event_update{on}")
    assert triggers.missing() == ["audit_event_update"]
    assert [w.id for w in run_checks(databases=["default"]) if w.id == "portal.W006"] == ["portal.W006"]
    assert [c.state for c in health.examine(now=NOW) if c.name == "audit"] == ["problem"]
    triggers.make()
    assert triggers.missing() == []


@pytest.mark.postgres
def test_a_trigger_that_is_switched_off_or_hollow_is_missing(contoso):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sharing_auditevent DISABLE TRIGGER audit_event_delete")
        body = "CREATE OR REPLACE FUNCTION sharing_audit_audit_event_update() RETURNS trigger LANGUAGE plpgsql AS "
        cursor.execute(body + "$$BEGIN RETURN NEW; END$$")
    assert triggers.missing() == ["audit_event_update", "audit_event_delete"]
