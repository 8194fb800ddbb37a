"""Starts everything on this machine, against the sandbox, and says who to sign in as."""

import http.client
import io
import json
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections
from django.utils.timezone import now as clock

from sharing.connect import client_for_tid, give_role, make_certificate, tenants
from sharing.management.demo import Child, Children, Place, Sandbox, Taken, choose_port, make_plans, replay, wait_until
from sharing.management.plain import PlainCommand
from sharing.models import RoleAssignment, Tenant

CLIENT_ID = "ca1e4da2-0000-4000-8000-00000000c0de"  # the portal's app registration in the sandbox
MARK = "CALWARDEN_DEMO"  # set in the environment of the process that has it all
# Who does what; everybody else owns calendars.
ADMIN, REVIEWER, OPERATOR = "AllanD@contoso.com", "IsaiahL@contoso.com", "LidiaH@contoso.com"
OTHER_ADMIN = "PattiF@fabrikam.com"
WORDS = {ADMIN: "Admin", REVIEWER: "Reviewer", OPERATOR: "Operator", OTHER_ADMIN: "Admin of Fabrikam"}


class Command(PlainCommand):
    help = "Start the portal with a pretend Microsoft 365: sandbox, database with twelve weeks of history, web, worker."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, help="of the portal; 0 takes any (default: 8000, or any if taken)")
        parser.add_argument("--sandbox-port", type=int, help="of the sandbox, likewise (default: 8010)")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "var" / "demo", help="keeps everything")
        parser.add_argument("--mailboxes", type=int, default=0, metavar="N", help="so many generated ones in Contoso")

    def handle(self, *, port, sandbox_port, folder, mailboxes, **options):
        if os.environ.get(MARK) is None:
            begin_again(port, sandbox_port, folder.resolve(), mailboxes)
        place = Place(folder, port, sandbox_port)
        try:
            lock = place.lock()
        except Taken as taken:
            raise CommandError(str(taken)) from None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop_here)
        with lock:
            self.run(place, mailboxes)

    def run(self, place: Place, mailboxes: int) -> None:
        """Until Ctrl-C; whatever was started is stopped again, however it ends."""
        children = Children(say=self.tell)
        try:
            self.prepare(place, mailboxes, children)
            self.open(place, children)
            children.watch()
        except KeyboardInterrupt:
            self.tell("Stopping …")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            children.stop()
        self.tell("Everything is stopped. The world and the database wait in " + str(place.folder))

    def prepare(self, place: Place, mailboxes: int, children: Children) -> None:
        """A sandbox and a database that belong together: those of last time, or new ones with a past."""
        last = place.was_ready()
        if not last:
            place.start_anew()
        if not place.certificate.exists():
            make_certificate(place.certificate, name="Calwarden demo", now=clock(), lifetime=timedelta(days=3650))
        self.tell("Starting the sandbox and the database …")
        sandbox = self.start_sandbox(place, last.get("mailboxes", mailboxes), children)
        call_command("migrate", verbosity=0)
        if last.get("sandbox_port") != place.sandbox_port:
            Tenant.objects.update(delta_link="")  # links lead to where the sandbox was
        if last:
            self.tell(f"Going on with what is in {place.folder}.")
            if mailboxes not in (0, last["mailboxes"]):
                self.tell(f"It has {last['mailboxes']} generated mailboxes; delete the folder to start anew.")
        else:
            self.make_a_past(place, sandbox)
        place.people.write_text(json.dumps(people(sandbox), indent=1))
        noted = {"sandbox_port": place.sandbox_port, "mailboxes": last.get("mailboxes", mailboxes)}
        place.ready.write_text(json.dumps(noted))

    def start_sandbox(self, place: Place, mailboxes: int, children: Children) -> Sandbox:
        command = [
            sys.executable, "-m", "sandbox", "--port", str(place.sandbox_port), "--state", str(place.state),
            "--certificate", str(place.certificate), "--mailboxes", str(mailboxes),
        ]  # fmt: skip
        child = children.start(self.child("sandbox", command, place))
        sandbox = Sandbox(place.sandbox_port)
        if not wait_until(lambda: sandbox.is_up() or not child.is_alive, seconds=60) or not child.is_alive:
            raise CommandError(f"The sandbox did not start. {child.last_words()}")
        return sandbox

    def make_a_past(self, place: Place, sandbox: Sandbox) -> None:
        about = sandbox.about()
        contoso, fabrikam = (tenant["tid"] for tenant in about["tenants"])
        oids = {person["address"]: person["oid"] for person in about["cast"]}
        call_command("connect", contoso, admin=oids[ADMIN], installation=True, writes="on", stdout=self.stdout)
        tenant = Tenant.objects.get(tid=contoso)
        give_roles(tenant, {oids[REVIEWER]: RoleAssignment.REVIEWER, oids[OPERATOR]: RoleAssignment.OPERATOR})
        other = tenants.enlist(tid=fabrikam, now=clock(), by="cli:demo", name="Fabrikam")
        give_roles(other, {oids[OTHER_ADMIN]: RoleAssignment.ADMIN})
        self.tell("Letting twelve weeks go by …")
        began = time.monotonic()
        count = replay(tenant=tenant, sandbox=sandbox, clock=clock)
        self.tell(f"{count} nights on which something changed were read, in {time.monotonic() - began:.0f} seconds.")
        call_command("sync", tenant=contoso, stdout=io.StringIO())
        now = clock()
        make_plans(tenant=tenant, now=now)
        tomorrow = tenants.last_night(now) + timedelta(days=1)
        # In a real tenant an admin switches these on; here everything is there to be tried.
        Tenant.objects.filter(pk=tenant.pk).update(
            next_hourly_at=now + timedelta(hours=1), next_full_at=tomorrow, creates_on=True, deputies_on=True
        )

    def open(self, place: Place, children: Children) -> None:
        """Web and worker; then the address, and who to sign in as."""
        if static_files_are_old():
            call_command("collectstatic", interactive=False, verbosity=0)
        connections.close_all()
        web = [
            sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{place.port}", "--worker-class",
            "gthread", "--workers", "1", "--threads", "8", "--graceful-timeout", "3", "--log-level", "warning",
        ]  # fmt: skip
        work = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work"]
        child = children.start(self.child("web", web, place))
        children.start(self.child("worker", work, place))
        if not wait_until(lambda: answers(place.port) or not child.is_alive, seconds=60) or not child.is_alive:
            raise CommandError(f"The portal did not start. {child.last_words()}")
        self.tell(f"\nOpen {place.portal_url} and sign in as one of these; there are no passwords:\n")
        for person in json.loads(place.people.read_text()):
            self.tell(f"  {person['name']:<18}{person['role']:<19}{person['sentence']}")
        self.tell(f"\nThe pretend Microsoft 365 is at {place.sandbox_url}. Ctrl-C stops everything.\n")

    def child(self, name: str, command: list[str], place: Place) -> Child:
        return Child(name, command, os.environ, settings.BASE_DIR, place.log(name))

    def tell(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def begin_again(port: int | None, sandbox_port: int | None, folder: Path, mailboxes: int) -> None:
    """Become a process whose settings are the demo's; never returns."""
    try:
        portal = choose_port(port, 8000, option="--port")
        place = Place(folder, portal, choose_port(sandbox_port, 8010, option="--sandbox-port"))
    except Taken as taken:
        raise CommandError(str(taken)) from None
    chosen = {"--port": portal, "--sandbox-port": place.sandbox_port, "--folder": folder, "--mailboxes": mailboxes}
    words = [word for name, value in chosen.items() for word in (name, str(value))]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", *words]
    os.execve(sys.executable, command, place.environment(client_id=CLIENT_ID) | {MARK: "1"})  # noqa: S606


def stop_here(number, frame):
    raise KeyboardInterrupt


def give_roles(tenant: Tenant, roles: dict[str, str]) -> None:
    client = client_for_tid(str(tenant.tid))
    for oid, role in roles.items():
        person = tenants.find_person(client=client, oid=oid)
        give_role(tenant=tenant, oid=oid, role=role, now=clock(), by="cli:demo", person=person)


def people(sandbox: Sandbox) -> list[dict[str, str]]:
    """Who the sign-in page offers: name, address, role, and a sentence."""
    offered = []
    for person in sandbox.about()["cast"]:
        role = "Guest" if "#EXT#" in person["upn"] else WORDS.get(person["address"], "Owner")
        offered.append(
            {"name": person["name"], "address": person["upn"], "role": role, "sentence": person["sentence"]}
        )  # fmt: skip
    return offered


def static_files_are_old() -> bool:
    """Is anything newer than the manifest of what was collected?"""
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.exists():
        return True
    files = (path for folder in settings.STATICFILES_DIRS for path in Path(folder).rglob("*"))
    return max(path.stat().st_mtime for path in files) > manifest.stat().st_mtime


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
