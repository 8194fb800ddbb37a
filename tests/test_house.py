"""The house around the app: secrets, logs, health, headers, set-up."""

import ast
import http.client
import json
import logging
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from portal import keys, probe
from portal.logs import JsonLines, without_secrets
from scripts import check as make_check

ROOT = Path(settings.BASE_DIR)


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = keys.made_once(tmp_path / "var" / "secret_key", keys.secret_key)
    assert keys.made_once(tmp_path / "var" / "secret_key", keys.secret_key) == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_processes_that_start_together_agree_on_one_secret(tmp_path):
    program = f"""
from pathlib import Path
from portal import keys, probe
print(keys.made_once(Path({str(tmp_path)!r}) / "secret_key", keys.secret_key))
"""
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: subprocess.check_output([sys.executable, "-c", program], cwd=ROOT), range(6)))
    assert len(set(told)) == 1


@pytest.mark.parametrize(
    "secret",
    [
        "GET /accounts/microsoft/login/callback/?code=0.AXYA-canary&state=canary HTTP/1.1",
        "GET /activate/canary/ HTTP/1.1",
        "GET /activate/signed-in/?code=canary&state=canary HTTP/1.1",
        "GET /signin/?next=/account/connected/%3Fstate%3Dcanary%26code%3Dcanary HTTP/1.1",
        "{'Authorization': 'Bearer canary'}",
        "authorization: Basic canary",
        "client_secret=canary&grant_type=client_credentials",
        '{"refresh_token": "canary", "id_token": "canary"}',
        "got eyJcanary.eyJcanary.canary from Entra",
        "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
    ],
)
def test_a_log_line_holds_no_secret(secret):
    assert "canary" not in without_secrets(secret)


def test_a_name_from_outside_cannot_forge_a_second_log_line():
    nasty = 'Eve\r\n{"level": "info", "message": "all is well"}\u2028\x1b[2J'
    record = logging.LogRecord("sharing", logging.WARNING, __file__, 1, "met %s", (nasty,), None)
    record.tenant_id = "a\nb"
    line = JsonLines().format(record)
    assert line.isascii() and line.isprintable()
    assert json.loads(line)["message"] == f"met {nasty}"
    assert json.loads(line)["tenant_id"] == "a\nb"


def test_an_exception_stays_on_its_line_and_loses_its_secrets():
    try:
        raise ValueError("client_secret=canary\nsecond line")
    except ValueError:
        record = logging.LogRecord("sharing", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonLines().format(record)
    assert "\n" not in line
    assert "canary" not in line
    assert "second line" in json.loads(line)["exception"]


@pytest.mark.django_db
def test_whoever_watches_learns_that_the_portal_lives_and_can_work(client):
    assert client.get("/healthz").json() == {"ok": True, "version": settings.VERSION}
    assert client.get("/readyz").json() == {"ok": True, "state": "ok"}


@pytest.mark.django_db
def test_a_database_that_is_not_migrated_is_not_ready(client):
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="sharing").last().delete()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "state": "migrations"})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/signin/", "/no-such-page"])
def test_every_answer_carries_the_headers(path):
    answer = Client(headers={"host": "localhost:8000"}).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Frame-Options"] == "DENY"


def manage(*arguments, **environment):
    """`manage.py` in an environment of its own, as an installation would run it."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**plain, **environment},
        capture_output=True,
        text=True,
    )


def test_production_settings_pass_the_deployment_checks(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", **make_check.production())
    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced).")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DEBUG", "on", "portal.E004"),
        ("SECRET_KEY", "short", "portal.E006"),
        ("ALLOWED_HOSTS", "*", "portal.E005"),
        ("MICROSOFT_LOGIN_URL", "http://192.0.2.1", "portal.E002"),
    ],
)
def test_production_settings_with_one_fault_fail_them(name, value, told):
    done = manage("check", "--deploy", "--fail-level", "WARNING", **{**make_check.production(), name: value})
    assert done.returncode == 1
    assert told in done.stderr


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def gunicorn(tmp_path, **environment):
    """The web server as deployed, in a process of its own; gives its port and a file with what it wrote."""
    port = free_port()
    plain = {"PATH": os.environ["PATH"], "PORTAL_VAR": str(tmp_path / "var"), "PORTAL_URL": "http://localhost:8000"}
    environment = {**plain, "BIND": f"127.0.0.1:{port}", **environment}
    assert manage("migrate", "-v0", **plain).returncode == 0
    with (tmp_path / "written").open("w") as written:
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "portal.wsgi"]
        web = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT)
        try:
            yield web, port, tmp_path / "written"
        finally:
            web.terminate()
            web.wait(20)


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": "localhost:8000"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_deployed_web_server_answers_and_logs_no_code(tmp_path, monkeypatch, capsys):
    assert manage("collectstatic", "--noinput", "-v0", PORTAL_VAR=str(tmp_path / "var")).returncode == 0
    with gunicorn(tmp_path) as (_, port, written):
        deadline = time.monotonic() + 30
        while probe.main(f"127.0.0.1:{port}") != 0 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert get(port, "/signin/") == 200
        assert get(port, "/accounts/microsoft/login/callback/?code=canary&state=canary") == 401
    lines = [line for line in written.read_text().splitlines() if "/callback/" in line]
    assert json.loads(lines[-1])["path"] == "/accounts/microsoft/login/callback/"
    assert "canary" not in written.read_text()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"DEBUG": "on", "ALLOWED_HOSTS": "calwarden.example.org"}, "portal.E004"),
        (
            {"MICROSOFT_LOGIN_URL": "http://127.0.0.1:8010", "PORTAL_URL": "https://calwarden.example.org"},
            "portal.E003",
        ),
    ],
)
def test_the_web_server_does_not_start_on_harmful_settings(fault, told, tmp_path):
    with gunicorn(tmp_path, **fault) as (web, _, written):
        assert web.wait(30) != 0
    assert told in written.read_text()


def test_a_worker_does_not_start_on_harmful_settings(tmp_path):
    fault = {
        **make_check.production(),
        "PORTAL_VAR": str(tmp_path),
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "ALLOWED_HOSTS": "*",
        "PATH": os.environ["PATH"],
    }
    for program in (["worker", "--queues", "changes"], ["beat", "--schedule", str(tmp_path / "beat")]):
        command = [sys.executable, "-m", "celery", "-A", "portal", *program]
        done = subprocess.run(command, cwd=ROOT, env=fault, capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert "portal.E005" in done.stderr


def test_the_probe_fails_where_nothing_listens(capsys):
    assert probe.main(f"127.0.0.1:{free_port()}") == 1


def test_an_empty_environment_makes_a_working_embedded_installation(tmp_path):
    done = manage("check", PORTAL_VAR=str(tmp_path / "var"))
    assert done.returncode == 0, done.stderr
    assert {"secret_key", "token_keys"} <= {path.name for path in (tmp_path / "var").iterdir()}


def test_with_a_broker_the_secrets_must_be_given(tmp_path):
    done = manage("check", PORTAL_VAR=str(tmp_path / "var"), CELERY_BROKER_URL="redis://127.0.0.1:6379/0")
    assert done.returncode == 1
    assert "SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("x" * 60 + "\n")
    ask = "from django.conf import settings; print(len(settings.SECRET_KEY))"
    var = {"PORTAL_VAR": str(tmp_path / "var")}
    done = manage("shell", "-v0", "-c", ask, SECRET_KEY_FILE=str(tmp_path / "key"), **var)
    assert done.stdout.strip() == "60"


@pytest.fixture
def set_up(tmp_path):
    """Run a copy of the set-up script whose locks are empty, in a Python that may pretend to be another."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.py", tmp_path / "scripts")
    for kind in ("", "-dev", "-sdk"):
        (tmp_path / f"requirements{kind}.txt").write_text("# nothing\n")

    def run(*arguments, pretend="", path="/nonexistent"):
        program = f"""
import importlib.util, runpy, sys
sys.argv = ["setup.py", *{arguments!r}]
{pretend}
runpy.run_path("scripts/setup.py", run_name="__main__")
"""
        command = [sys.executable, "-c", program]
        return subprocess.run(command, cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)

    return run


OLD = "sys.version_info = (3, 9, 18)"
NO_ENSUREPIP = """
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "ensurepip" else real(name, *rest)
"""


def test_an_old_python_is_told_what_to_do(set_up):
    done = set_up(pretend=OLD)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer; this is 3.9" in done.stderr
    assert "make demo PYTHON=python3.13" in done.stderr


def test_an_old_python_steps_aside_for_a_newer_one_that_works(set_up, tmp_path):
    for name, body in {"python3.13": "exit 127", "python3.12": '[ "$1" = -c ] || echo newer'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    done = set_up(pretend=OLD, path=str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "newer\n")


def test_the_set_up_script_keeps_to_syntax_that_old_pythons_read():
    ast.parse((ROOT / "scripts" / "setup.py").read_text(), feature_version=(3, 6))


def test_a_python_without_venv_says_what_to_install(set_up):
    done = set_up(pretend=NO_ENSUREPIP)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr


def test_a_second_set_up_only_looks_until_a_lock_changes(set_up, tmp_path):
    assert set_up().stdout == "Installing requirements.txt into .venv ...\n"
    assert set_up().stdout == ""
    assert set_up("--dev").stdout == "Installing requirements-dev.txt into .venv ...\n"
    (tmp_path / "requirements.txt").write_text("# something else\n")
    assert set_up("--dev").stdout == "Installing requirements.txt into .venv ...\n"
    assert set_up("--dev").stdout == ""


def test_a_set_up_that_fails_is_tried_again(set_up, tmp_path):
    (tmp_path / "requirements.txt").write_text("no-hash-here==1.0\n")
    done = set_up()
    assert done.returncode == 1
    assert "Set-up stopped" in done.stderr
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    assert set_up().returncode == 0


def test_the_version_is_the_changelogs():
    assert f"## {settings.VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_admin_site_is_off_unless_switched_on(tmp_path):
    ask = "from django.urls import resolve; print(resolve('/admin/').func)"
    off = manage("shell", "-v0", "-c", ask, PORTAL_VAR=str(tmp_path / "var"))
    assert "Resolver404" in off.stderr
    on = manage("shell", "-v0", "-c", ask, PORTAL_VAR=str(tmp_path / "var"), DJANGO_ADMIN="on")
    assert "AdminSite" in on.stdout, on.stderr
