"""What deploy/ promises, without a container engine: the image's folder is made and used, every command is run."""

import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from psycopg import sql

from portal import keys
from tests.cloud import CONTOSO

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
CONTAINERFILE = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
COMPOSE = (DEPLOY / "compose.yaml").read_text()
UNITS = sorted(DEPLOY.glob("*.service"))
OURS = {"migrate", "web", "changes", "sync", "beat"}


def lines(word):
    """What follows `word` in the container file."""
    return [line.partition(" ")[2].strip() for line in CONTAINERFILE.splitlines() if line.startswith(f"{word} ")]


def services():
    """Name → block of the compose file."""
    block = COMPOSE.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0]
    parts = re.split(r"^  (\w+):.*\n", block, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def command_of(service):
    """What a service of ours runs; the image's own command where it names none."""
    found = re.search(r"^    command: (.*)$", services()[service], re.MULTILINE)
    return shlex.split(found[1]) if found else shlex.split(re.sub(r'[\[\],"]', " ", lines("CMD")[0]))


def settings_of(unit):
    """Key → values of a unit."""
    found = {}
    for line in unit.read_text().splitlines():
        key, is_set, value = line.partition("=")
        if is_set and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(condition, *, seconds=40):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.2)
    return found


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder /app, made by the container file's own COPY and collectstatic."""
    app = tmp_path_factory.mktemp("image") / "app"
    app.mkdir()
    for copied in lines("COPY"):
        *sources, target = copied.split()
        for source in sources:
            at = app / target / Path(source).name if target.endswith("/") else app / target
            if target == ".":
                at = app / source
            at.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, at, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, at)
    [collect] = [line for line in lines("RUN") if "collectstatic" in line]
    env = {"PATH": f"{BIN}:/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", collect], cwd=app, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for path in [app, *app.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)  # the container's file system is read-only
    yield app
    for path in [app, *app.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


class Processes:
    """Commands of deploy/ as processes; `said(name)` is what one wrote, and all end with the test."""

    def __init__(self, folder, app, environment):
        self.folder, self.app, self.environment = folder, app, environment
        self._running = {}

    def run(self, *words, **extra):
        """To the end, which must be good; what it wrote."""
        command = [str(BIN / words[0]), *words[1:]]
        env = self.environment | extra
        done = subprocess.run(command, cwd=self.app, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, name, words):
        log = (self.folder / f"{name}.log").open("wb")
        command = [str(BIN / words[0]), *words[1:]]
        process = subprocess.Popen(
            command, cwd=self.app, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self._running[name] = (process, log)
        return process

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()

    def stop(self, name):
        """As `docker stop` and systemd do; the exit code."""
        process, log = self._running.pop(name)
        process.terminate()
        try:
            return process.wait(30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            log.close()

    def is_ready(self, port):
        command = [sys.executable, "-m", "portal.probe", f"127.0.0.1:{port}"]
        return subprocess.run(command, cwd=self.app, env=self.environment, capture_output=True).returncode == 0

    def get(self, port, path, by="127.0.0.1", **headers):
        """Status of a page, asked for from the address `by`: a proxy on this machine, or somebody else."""
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(by, 0))
        try:
            headers = {"Host": "calwarden.example.org", **{k.replace("_", "-"): v for k, v in headers.items()}}
            asked.request("GET", path, headers=headers)
            return asked.getresponse().status
        finally:
            asked.close()

    def end(self):
        for name in list(self._running):
            self.stop(name)


@pytest.fixture
def processes(tmp_path, image):
    """An installation as its administrator would set it up: secrets in files, https behind a proxy here."""
    secrets = {
        "SECRET_KEY": keys.secret_key(),
        "TOKEN_KEYS": keys.token_key(),
        "MICROSOFT_CLIENT_SECRET": "kept-in-a-file",
    }
    (tmp_path / "secrets").mkdir()
    (tmp_path / "var").mkdir(mode=0o700)
    for name, value in secrets.items():
        (tmp_path / "secrets" / name).write_text(value + "\n")
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PORTAL_VAR": str(tmp_path / "var"),
        "PORTAL_URL": "https://calwarden.example.org",
        "TRUSTED_PROXIES": "127.0.0.1",
        "MICROSOFT_CLIENT_ID": "00000000-0000-4000-8000-000000000001",
        "WEB_CONCURRENCY": "2",
        "BIND": f"127.0.0.1:{free_port()}",
        **{f"{name}_FILE": str(tmp_path / "secrets" / name) for name in secrets},
    }
    running = Processes(tmp_path, image, environment)
    yield running
    running.end()


def answers_as_it_should(processes, port):
    """Ready; TLS is insisted on, and only the proxy's word for it counts."""
    wait_for(lambda: processes.is_ready(port))
    tls = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.66"}
    assert processes.get(port, "/healthz") == 200
    assert processes.get(port, "/signin/") == 301
    assert processes.get(port, "/signin/", **tls) == 200
    if sys.platform == "linux":  # where all of 127.0.0.0/8 is this machine
        assert processes.get(port, "/signin/", by="127.0.0.2", **tls) == 301
    sheet = re.search(r'"css/calwarden\.css": "([^"]+)"', (processes.app / "staticfiles/staticfiles.json").read_text())
    assert processes.get(port, f"/static/{sheet[1]}", **tls) == 200


def test_the_image_holds_the_portal_and_not_the_sandbox(image):
    assert {path.name for path in image.iterdir()} == {
        "requirements.txt", "manage.py", "CHANGELOG.md", "LICENSE", "deploy", "portal", "sharing", "templates",
        "static", "staticfiles",
    }  # fmt: skip
    ask = [sys.executable, "-c", "import importlib.util as u; print(u.find_spec('sandbox'), u.find_spec('tests'))"]
    assert subprocess.check_output(ask, cwd=image, text=True).split() == ["None", "None"]
    named = [path for path in image.rglob("*secret*") if path.suffix not in (".py", ".html")]  # a command, a page
    assert not named and not list(image.rglob("*.sqlite3"))


def test_only_what_the_image_needs_is_sent_to_its_builder():
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().split("\n")
    sources = {source for copied in lines("COPY") for source in copied.split()[:-1]}
    assert ignored[1] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == sources


def test_the_image_installs_by_hash_and_runs_without_rights():
    [install] = [line for line in lines("RUN") if "pip install" in line]
    assert "--require-hashes" in install and "--only-binary :all:" in install
    [user] = lines("USER")
    made = f"useradd --system --uid 10001 --create-home --home-dir /var/lib/calwarden {user}"
    assert made in lines("RUN")
    assert CONTAINERFILE.index("USER calwarden") < CONTAINERFILE.index("CMD [")
    assert lines("VOLUME") == ["/var/lib/calwarden"]


def test_the_image_has_postgresqls_programs_for_the_server_beside_it():
    [client] = re.findall(r"postgresql-client-(\d+)", CONTAINERFILE)
    assert f"image: postgres:{client} " in services()["database"]


def test_compose_starts_every_process_after_the_migrations_and_gives_none_more_than_it_needs():
    assert set(services()) == {*OURS, "database", "broker"}
    common = COMPOSE.partition("\nservices:\n")[0]
    for word in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "service_completed_successfully"):
        assert word in common
    for name, block in services().items():
        assert ("<<: *app" in block) == (name in OURS)
    assert "service_healthy" in services()["migrate"]
    published = re.findall(r"ports: \[(.*)\]", COMPOSE)
    assert published == ['"127.0.0.1:8000:8000"']
    queues = re.findall(r"--queues (\S+)", COMPOSE)
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}
    assert set(queues) == routed


def test_no_secret_stands_in_the_compose_file_or_the_units():
    declared = re.findall(r"^  (\w+): \{file: secrets/", COMPOSE, re.MULTILINE)
    used = set(re.findall(r"/run/secrets/(\w+)", COMPOSE))
    assert used == set(declared)
    for file in [*UNITS, DEPLOY / "compose.yaml", DEPLOY / "calwarden.env.example"]:
        assert not re.search(r"(SECRET|PASSWORD|KEYS?)=\S", file.read_text()), file.name


def test_the_gateway_that_compose_trusts_is_its_networks_own():
    [trusted] = re.findall(r"TRUSTED_PROXIES: (\S+)", COMPOSE)
    assert f"gateway: {trusted}}}" in COMPOSE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_names_programs_that_are_there_and_keeps_its_process_in(unit):
    found = settings_of(unit)
    for command in [*found["ExecStart"], *found.get("ExecStartPre", [])]:
        program = command.split()[0]
        assert program.startswith("/opt/calwarden/.venv/bin/")
        assert (BIN / Path(program).name).exists()
    wanted = {
        "User": ["calwarden"], "NoNewPrivileges": ["yes"], "ProtectSystem": ["strict"], "StateDirectoryMode": ["0700"],
        "EnvironmentFile": ["/etc/calwarden/calwarden.env"], "Environment": ["PORTAL_VAR=/var/lib/calwarden"],
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    if shutil.which("systemd-analyze"):
        assert verified(unit) == ""


def verified(unit):
    """What systemd itself finds wrong with a unit, its programs taken from here."""
    with tempfile.TemporaryDirectory() as folder:
        name = unit.name.replace("@.", "@sync.")
        text = unit.read_text().replace("/opt/calwarden/.venv/bin", str(BIN))
        Path(folder, name).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", f"{folder}/{name}"], capture_output=True, text=True, timeout=60
        )  # fmt: skip
        return "" if done.returncode == 0 else "\n".join(x for x in done.stderr.splitlines() if name in x)


def unit_command(name, tmp_path, instance="", key="ExecStart"):
    """A unit's own line, in the folders of a test."""
    line = settings_of(DEPLOY / f"{name}.service")[key][0]
    line = line.replace("/opt/calwarden/.venv/bin/", "").replace("%i", instance).replace("%%", "%")
    line = line.replace("/var/lib/calwarden", str(tmp_path / "var"))
    return shlex.split(line.replace("/var/backups/calwarden", str(tmp_path / "backups")))


@pytest.mark.parametrize("service", ["changes", "sync", "beat", "web"])
def test_the_units_of_many_machines_run_what_compose_runs(service, tmp_path):
    """Which is run for real below; only where the clock keeps its time, and how many children there are, may differ."""
    unit = {"beat": "calwarden-beat", "web": "calwarden-web"}.get(service, "calwarden-worker@")
    [ours, theirs] = (
        [word for word in words if "/" not in word and not word.isdecimal()]
        for words in (unit_command(unit, tmp_path, instance=service), command_of(service))
    )
    assert ours == theirs


@pytest.mark.slow
def test_the_units_of_one_machine_run_as_they_stand(processes, tmp_path):
    """Embedded, on SQLite: pages, work and the nightly backup."""
    (tmp_path / "backups").mkdir(mode=0o700)
    processes.run("python", "manage.py", "migrate")
    processes.run(*unit_command("calwarden-web", tmp_path, key="ExecStartPre"))
    processes.start("web", unit_command("calwarden-web", tmp_path))
    processes.start("work", unit_command("calwarden-work", tmp_path))
    port = int(processes.environment["BIND"].rpartition(":")[2])
    answers_as_it_should(processes, port)
    wait_for(lambda: "Working." in processes.said("work"))
    assert "Wrote" in processes.run(*unit_command("calwarden-backup", tmp_path))
    [made] = (tmp_path / "backups").iterdir()
    assert made.stat().st_mode & 0o077 == 0
    assert processes.stop("work") == 0
    assert "Stopped." in processes.said("work")
    assert processes.stop("web") == 0
    assert "Traceback" not in processes.said("web") + processes.said("work")


@pytest.fixture
def on_services(processes, tmp_path):
    """The same installation with PostgreSQL and a Redis of its own number; addresses and keys only in files."""
    at, name = settings.DATABASES["default"], f"calwarden_deploy_{os.getpid()}"
    where = {"host": at["HOST"], "port": at["PORT"] or 5432, "user": at["USER"], "password": at["PASSWORD"] or None}
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    broker = re.sub(r"/\d*$", "", os.environ["TEST_REDIS_URL"]) + "/9"
    files = {
        "DATABASE_URL": f"postgres://{at['USER']}{password}@{where['host']}:{where['port']}/{name}",
        "CELERY_BROKER_URL": broker,
    }
    for key, value in files.items():
        (tmp_path / "secrets" / key).write_text(value + "\n")
        processes.environment[f"{key}_FILE"] = str(tmp_path / "secrets" / key)
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server, redis.Redis.from_url(broker) as queue:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        queue.flushdb()
        try:
            yield processes
        finally:
            processes.end()
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            queue.flushdb()


def everything_works(running, tmp_path):
    """Pages answer, both queues have a worker, and what the clock rings is done."""
    answers_as_it_should(running, int(running.environment["BIND"].rpartition(":")[2]))
    ask = """
from portal.celery import app
stats = app.control.inspect(timeout=3).stats() or {}
queues = app.control.inspect(timeout=3).active_queues() or {}
ticks = sum(s["total"].get("sharing.tasks.tick", 0) for s in stats.values())
print(*sorted(q["name"] for found in queues.values() for q in found), ticks)
"""

    def is_at_work():
        *queues, ticks = running.run("python", "manage.py", "shell", "-v0", "-c", ask).split()
        return queues == ["changes", "sync"] and int(ticks) > 0

    wait_for(is_at_work, seconds=90)


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.slow
def test_the_services_of_compose_run_as_they_stand(on_services, tmp_path):
    env = on_services.environment
    (tmp_path / "beat").mkdir()
    on_services.run(*command_of("migrate"))
    on_services.run(*command_of("migrate"), "--check")
    for service in sorted(OURS - {"migrate"}):
        words = [word.replace("/tmp/beat", str(tmp_path / "beat" / "schedule")) for word in command_of(service)]
        on_services.start(service, words)
    everything_works(on_services, tmp_path)
    assert "listed" in on_services.run(
        "python", "-c",
        "import django; django.setup(); from sharing.models import *; from django.utils.timezone import now;"
        f"print(list_tenant(tid='{CONTOSO}', now=now(), cloud='global').state)",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )  # fmt: skip
    backup = tmp_path / "calwarden.tar.gz"
    on_services.run("python", "manage.py", "backup", str(backup))
    for service in sorted(OURS - {"migrate"}):
        assert on_services.stop(service) == 0, on_services.said(service)
        assert "Traceback" not in on_services.said(service)
        for secret in (tmp_path / "secrets").iterdir():
            assert secret.read_text().strip() not in on_services.said(service)
    assert "Frozen: 1 tenant" in on_services.run("python", "manage.py", "restore", str(backup), "--replace")
    assert env["PORTAL_VAR"] and list((tmp_path / "var").iterdir()) == []
