"""PostgreSQL with a role that may only read and add, made by the very SQL of docs/audit.md."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from sharing import audit
from sharing.audit import retention
from sharing.models import AuditChain, AuditEvent, Tenant
from tests.audit.chains import NOW, recorded

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
ROLE = "calwarden_app_of_tests"


@pytest.fixture
def app(contoso):
    """From here on the test is the portal's role; all of it is rolled back, the role included."""
    text = (Path(settings.BASE_DIR) / "docs" / "audit.md").read_text()
    sql = re.search(r"```sql\n(.*?)```", text, re.DOTALL)[1].replace("calwarden_app", ROLE)
    recorded(contoso, 3)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE ROLE {ROLE}")
        cursor.execute(sql)
        cursor.execute(f"SET ROLE {ROLE}")
    yield contoso
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_role_reads_adds_and_does_its_work(app):
    recorded(app, 2)
    assert [verdict.faults for verdict in audit.verify()] == [[]]
    assert AuditEvent.objects.count() == 5
    Tenant.objects.update(name="Contoso Ltd")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sharing_auditevent SET verb = 'x'",
        "DELETE FROM sharing_auditevent",
        "TRUNCATE sharing_auditevent CASCADE",
        "ALTER TABLE sharing_auditevent DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_update ON sharing_auditevent",
        "CREATE OR REPLACE FUNCTION sharing_audit_audit_event_update() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "SET session_replication_role = replica",
        "DELETE FROM sharing_auditchain",
        "UPDATE sharing_auditchain SET seq = seq - 1",
        "TRUNCATE sharing_auditchain CASCADE",
        "DROP TABLE sharing_auditevent",
        "DELETE FROM django_migrations",
    ],
)
def test_the_role_alters_nothing_of_the_log(app, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.count() == 3
    assert AuditChain.objects.get().seq == 3


def test_retention_leaves_to_the_owner_what_the_role_may_not_delete(app):
    Tenant.objects.update(history_days=90)
    later = NOW.replace(year=NOW.year + 2)
    assert not retention.may_delete_events()
    assert audit.prune(tenant=app, now=later)
    assert AuditEvent.objects.count() == 3
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert audit.prune(tenant=app, now=later)
    assert list(AuditEvent.objects.values_list("verb", flat=True)) == ["audit.pruned"]
