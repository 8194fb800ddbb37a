"""A shell in which anything may be done: the log says who opened it, and what came from there."""

import pytest
from django.core.management import call_command
from django.db import connection

from sharing.models import INSTALLATION, AuditEvent

pytestmark = pytest.mark.django_db


def test_opening_a_shell_is_in_the_log_and_so_is_where_what_was_done_in_it_came_from():
    act = "from sharing.models import AuditEvent, Tenant; from django.utils.timezone import now; " \
          "AuditEvent.objects.record(now=now(), verb='tenant.listed')"  # fmt: skip
    call_command("shell", command=act, verbosity=0)
    opened, done = AuditEvent.objects.filter(chain=INSTALLATION).order_by("seq")
    assert (opened.verb, opened.outcome) == ("command.run", "shell") and opened.actor.startswith("cli:")
    assert (done.verb, done.source) == ("tenant.listed", opened.actor)


def test_opening_the_database_is_in_the_log_before_it_opens(monkeypatch):
    opened = []
    monkeypatch.setattr(type(connection.client), "runshell", lambda *args: opened.append(AuditEvent.objects.count()))
    call_command("dbshell")
    assert opened == [1] and AuditEvent.objects.get().outcome == "dbshell"


def test_a_shell_for_repairs_opens_where_nothing_can_be_recorded_and_says_so(capsys):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sharing_auditchain RENAME TO sharing_gone")
    call_command("shell", command="print('open')", verbosity=0)
    told = capsys.readouterr()
    assert "This is not in the activity log" in told.err and "open" in told.out
