"""`backup` and `restore`: one file holds everything but the keys, and what comes back writes nothing by itself."""

import gzip
import io
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import CommandError
from django.db import connection
from django.utils.timezone import now
from psycopg import sql

from sandbox.cast import ALEX
from sharing import changes, words
from sharing.management.backup import archive
from sharing.models import (
    ActivationLink,
    AuditEvent,
    CalendarPermission,
    Change,
    Notice,
    SyncRun,
    Tenant,
    User,
)
from tests.cloud import CONTOSO

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def contoso(run, cloud):
    """Contoso, read once, and written to."""
    run("connect", CONTOSO, writes="on")
    run("sync")
    return Tenant.objects.get()


@pytest.fixture
def alex(contoso):
    return User.objects.create(tenant=contoso, oid=ALEX, name="Alex Wilber")


@pytest.fixture
def wish(alex):
    """Alex asked for another role for Adele on “Kids parties”; no worker has seen it yet."""
    adele = CalendarPermission.objects.get(calendar__name="Kids parties", address="AdeleV@contoso.com")
    return changes.request_role(permission=adele, role="write", seen=adele.role, actor=alex, now=now())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "calwarden.tar.gz"


def everything():
    """Every row of every table, and what a restore alters on purpose left out."""
    altered = {"frozen_at", "next_full_at", "next_hourly_at", "due_at", "attempt", "state", "cause", "finished_at"}
    rows = {}
    for model in apps.get_models():
        if model is Session or model._meta.label in ("sharing.AuditEvent", "sharing.AuditChain"):
            continue
        names = [f.attname for f in model._meta.concrete_fields if f.attname not in altered]
        rows[model._meta.label] = sorted(map(str, model._base_manager.values_list(*names)))
    return rows


def rewritten(file, **fields):
    """The same backup with another manifest."""
    other = file.with_name("other.tar.gz")
    with tarfile.open(file) as source, tarfile.open(other, "w:gz") as target:
        manifest = json.load(source.extractfile("manifest.json")) | fields
        for name, body in {
            "manifest.json": json.dumps(manifest).encode(),
            "database": source.extractfile("database").read(),
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            target.addfile(member, io.BytesIO(body))
    return other


def test_what_was_backed_up_comes_back_whole(run, contoso, wish, file):
    run("backup", str(file))
    before = everything()
    assert len(before["sharing.CalendarPermission"]) > 100
    CalendarPermission.objects.update(role="write", name="spoiled")
    User.objects.create(tenant=contoso, oid="00000000-0000-4000-8000-000000000001")
    assert everything() != before
    run("restore", str(file), replace=True)
    assert everything() == before
    looked = run("doctor")
    assert "Contoso: changes are stopped since" in looked and "All is well" in looked


def test_only_its_owner_reads_a_backup_and_it_is_named_by_the_time(run, contoso, tmp_path):
    said = run("backup", str(tmp_path))
    [made] = tmp_path.iterdir()
    assert made.name.startswith("calwarden-20") and made.name.endswith("Z.tar.gz")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert said.splitlines()[-1].startswith(f"Wrote {made}: {connection.display_name}, version {settings.VERSION}, ")


def test_a_backup_never_overwrites_anything(run, contoso, file):
    file.write_text("precious")
    with pytest.raises(CommandError, match="nothing is ever overwritten"):
        run("backup", str(file))
    assert file.read_text() == "precious"


def test_a_backup_that_does_not_succeed_leaves_nothing_behind(run, contoso, file, monkeypatch):
    monkeypatch.setattr(archive, "dump", lambda into: into.joinpath("nowhere").write_text(""))
    with pytest.raises(CommandError, match="cannot be written"):
        run("backup", str(file))
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        run("backup", str(file / "missing" / "x"))
    assert list(file.parent.iterdir()) == []


def test_no_key_is_in_it_only_the_names_of_those_it_needs(run, contoso, file, monkeypatch):
    run("backup", str(file))
    inside = gzip.decompress(file.read_bytes())
    for key in [settings.SECRET_KEY, *settings.TOKEN_KEYS, settings.MICROSOFT_CLIENT_SECRET]:
        assert key.encode() not in inside
    assert archive.key_names()[0].encode() in inside


def test_nobodys_session_is_in_it(run, alex, client, file):
    """Whoever gets at the file within the hour would be signed in as everybody else."""
    client.force_login(alex)
    key = client.session.session_key
    run("backup", str(file))
    with tarfile.open(file) as made:
        body = made.extractfile("database").read()
    assert key.encode() not in body and str(alex.oid).replace("-", "").encode() in body.replace(b"-", b"")
    assert Session.objects.filter(pk=key).exists()


def test_a_backup_is_made_while_somebody_is_writing(run, contoso, file):
    """What is not committed yet is not in it, and nobody waits for anybody."""
    wrote, end = threading.Event(), threading.Event()

    def write():
        from django.db import connection, transaction

        with transaction.atomic():
            Tenant.objects.update(name="not yet")
            wrote.set()
            end.wait(30)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(10)
        run("backup", str(file))
    finally:
        end.set()
        writer.join(10)
    assert Tenant.objects.get().name == "not yet"
    run("restore", str(file), replace=True)
    assert Tenant.objects.get().name == "Contoso"


def test_after_a_restore_every_tenant_is_frozen_and_old_wishes_are_cancelled(run, cloud, wish, alex, client, file):
    client.force_login(alex)
    applied = Change.objects.create(
        tenant=wish.tenant, mailbox=wish.mailbox, kind=Change.ROLE, target="done", before="read", after="write",
        actor=alex, actor_kind=Change.OWNER, state=Change.APPLIED, requested_at=now(), due_at=now(),
    )  # fmt: skip
    sent = Change.objects.create(
        tenant=wish.tenant, mailbox=wish.mailbox, kind=Change.ROLE, target="sent", before="read", after="write",
        actor=alex, actor_kind=Change.OWNER, requested_at=now(), sent_at=now(), due_at=now(), attempt=1,
    )  # fmt: skip
    SyncRun.objects.create(tenant=wish.tenant, kind=SyncRun.FULL, began_at=now(), due_at=now())
    ActivationLink.objects.create(
        tenant=wish.tenant, token_hash="0" * 64, made_by=alex, made_at=now(), expires_at=now() + timedelta(days=7),
        state_since=now(),
    )  # fmt: skip
    Notice.objects.create(
        tenant=wish.tenant, kind="stale", key="stale", user=alex, address="a@contoso.com", subject="Late", body="Late",
        made_at=now(), due_at=now(),
    )  # fmt: skip
    run("backup", str(file))
    began = now()
    said = run("restore", str(file), replace=True)

    tenant = Tenant.objects.get()
    assert tenant.frozen_at >= began and tenant.writes_on and not tenant.may_write
    assert tenant.next_full_at >= began
    for change in Change.objects.filter(pk__in=[wish.pk, sent.pk]):
        assert (change.state, change.cause, change.due_at) == ("cancelled", "restored", None)
        assert words.change_outcome(change, "Kids parties").text == words.changes.RESTORED
    applied.refresh_from_db()
    assert (applied.state, applied.due_at) == ("applied", None)
    assert SyncRun.objects.get(outcome="stopped").cause == "restored"
    assert ActivationLink.objects.get().state == "revoked"
    assert (Notice.objects.get().due_at, Notice.objects.get().sent_at) == (None, None)
    assert not Session.objects.exists()
    verbs = list(AuditEvent.objects.filter(at__gte=began).values_list("verb", "outcome"))
    assert verbs == [
        ("tenant.frozen", "restored"), ("change.cancelled", "restored"), ("change.cancelled", "restored"),
        ("run.finished", "stopped restored"), ("link.revoked", "restored"), ("installation.restored", ""),
    ]  # fmt: skip
    assert "Frozen: 1 tenant; cancelled: 2 open changes; everybody is signed out." in said
    cloud.log.clear()
    run("work", once=True)
    assert cloud.log.writes() == []


def test_what_is_loaded_is_frozen_before_anything_else_happens(run, wish, file, monkeypatch):
    """Whoever is killed in the middle of a restore leaves nothing that would write."""
    run("backup", str(file))
    monkeypatch.setattr("sharing.management.commands.restore.settle", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run("restore", str(file), replace=True)
    assert Tenant.objects.get().frozen_at is not None
    with pytest.raises(changes.NotNow):
        changes.request_removal(
            permission=wish.permission, seen=wish.permission.role, actor=wish.actor, now=now()
        )  # fmt: skip


def test_the_freeze_ends_by_command_once_the_tenant_was_read_whole(run, contoso, file):
    run("backup", str(file))
    run("restore", str(file), replace=True)
    with pytest.raises(CommandError, match="was not read whole since. Run `manage.py sync --tenant"):
        run("connect", CONTOSO, writes="on")
    assert not Tenant.objects.get().may_write
    run("sync")
    assert Tenant.objects.get().frozen_at is not None
    run("connect", CONTOSO, writes="on")
    assert Tenant.objects.get().may_write
    assert AuditEvent.objects.filter(verb="tenant.thawed", tenant=contoso).count() == 1


def test_a_database_that_holds_something_is_left_alone(run, contoso, file):
    run("backup", str(file))
    with pytest.raises(CommandError, match="The database is not empty"):
        run("restore", str(file))
    assert Tenant.objects.get().frozen_at is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"format": 2}, "this version reads format 1"),
        ({"engine": "oracle"}, "The backup is of oracle"),
        ({"migrations": ["sharing.9999_later"], "version": "9.0"}, "newer version, 9.0"),
        ({"clouds": ["global"]}, "tenants of the cloud global"),
        ({"sha256": "0" * 64}, "was altered"),
        ({"more": 1}, "is not a backup of Calwarden's"),
    ],
)
def test_what_does_not_fit_is_not_restored(run, contoso, file, fields, told):
    run("backup", str(file))
    with pytest.raises(CommandError, match=told):
        run("restore", str(rewritten(file, **fields)), replace=True)
    assert Tenant.objects.get().frozen_at is None


@pytest.mark.parametrize("left", [0, 20, 2000, -100])
def test_a_file_that_was_cut_short_is_not_restored(run, contoso, file, left):
    run("backup", str(file))
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(CommandError, match="cut short"):
        run("restore", str(file), replace=True)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("restore", str(file.with_name("missing")), replace=True)
    assert Tenant.objects.get().frozen_at is None


def test_a_restore_that_fails_half_way_leaves_what_was_there(run, contoso, file, monkeypatch):
    def broken(into):
        if connection.vendor == "sqlite":
            sqlite3.connect(into).execute("CREATE TABLE sharing_other (id)")  # no tenants in it: the freeze fails
        else:
            into.write_text("CREATE TABLE sharing_other (id int);\nSELECT no_such_thing();\n" * 30)

    monkeypatch.setattr(archive, "dump", broken)
    run("backup", str(file))
    with pytest.raises((CommandError, sqlite3.OperationalError)):
        run("restore", str(file), replace=True)
    assert Tenant.objects.get().name == "Contoso"
    assert "sharing_other" not in connection.introspection.table_names()


def test_whoever_lacks_a_key_is_told_which(run, contoso, file, settings, capsys):
    run("backup", str(file))
    [lost] = archive.key_names()
    settings.TOKEN_KEYS = ["cHJvZHVjdGlvbi13b3VsZC1oYXZlLWl0cy1vd24hISE="]
    err = io.StringIO()
    from django.core.management import call_command

    call_command("restore", str(file), replace=True, stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == f"TOKEN_KEYS lacks {lost}: what was sealed with it cannot be opened.\n"


@pytest.mark.postgres
def test_without_postgresqls_programs_it_says_what_to_install(run, contoso, file, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CommandError, match="pg_dump is not on this machine's PATH: install"):
        run("backup", str(file))
    assert not file.exists()


@pytest.mark.sqlite
def test_a_copy_of_sqlite_is_one_file_that_any_sqlite_opens(run, contoso, file, tmp_path):
    run("backup", str(file))
    with tarfile.open(file) as made:
        (tmp_path / "copy").write_bytes(made.extractfile("database").read())
    copy = sqlite3.connect(tmp_path / "copy")
    assert copy.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert copy.execute("SELECT name FROM sharing_tenant").fetchone()[0] == "Contoso"
    copy.close()


@pytest.fixture
def empty_database(tmp_path):
    """The address of a database without a table."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.sqlite3"
        return
    at, name = connection.settings_dict, f"calwarden_empty_{os.getpid()}"
    where = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"] or None}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
            yield f"postgres://{at['USER']}{password}@{at['HOST']}:{at['PORT']}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_another_machine_starts_from_the_backup_alone(run, contoso, wish, file, empty_database, tmp_path):
    run("backup", str(file))
    seen = CalendarPermission.objects.count()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": empty_database,
        "PORTAL_VAR": str(tmp_path / "var"), "DEBUG": "off",
    }  # fmt: skip

    def manage(*words):
        command = [sys.executable, "manage.py", *words]
        root = Path(settings.BASE_DIR)
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "Frozen: 1 tenant; cancelled: 1 open change;" in manage("restore", str(file))
    ask = "from sharing.models import *; print(CalendarPermission.objects.count(), Tenant.objects.get().may_write)"
    assert manage("shell", "-v0", "-c", ask).split() == [str(seen), "False"]
    assert manage("migrate", "--check") == ""


def test_the_freeze_is_younger_than_any_run_in_the_backup(run, contoso, file):
    """A run that was read before the backup was made does not count as having looked since."""
    SyncRun.objects.update(began_at=now() - timedelta(seconds=1))
    run("backup", str(file))
    run("restore", str(file), replace=True)
    assert not SyncRun.objects.filter(began_at__gte=Tenant.objects.get().frozen_at).exists()
