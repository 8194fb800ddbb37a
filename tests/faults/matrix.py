"""Carries the runs out, all in step by one clock that is moved by hand, and counts what must not be."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Min

from sandbox.server import Server
from sharing import changes, mirror
from sharing.connect import client_for, clients
from sharing.models import AuditEvent, CalendarPermission, Change, Mailbox, Tenant, User
from tests.cloud import CONTOSO

from .plan import Run
from .world import TOO_LATE, Thing, Watched

ROOT = Path(__file__).resolve().parents[2]
CALENDAR, NEWCOMER, OPTION, THIRD_OPTION = (
    "Team", "CharlieR@contoso.com", "sendToDelegateAndPrincipal",
    "sendToDelegateAndInformationToPrincipal",
)  # fmt: skip
LONGEST = timedelta(minutes=30)  # after so long, by its own clock, an open change is lost
FINAL = {f"change.{state}" for state in ("applied", "conflict", "failed", "unknown", "cancelled")}
BAD = ("lost", "duplicated", "false_applied", "mirror_wrong", "unalarmed", "audit_wrong", "not_as_planned")


@dataclass
class Figures:
    """What was counted; each of BAD must be zero."""

    runs: int = 0
    killed: int = 0
    stopped: int = 0
    processes: int = 0
    seconds: float = 0.0
    states: Counter[str] = field(default_factory=Counter)
    too_late: list[str] = field(default_factory=list)  # the one request landed over an edit, after the quiet period
    overwritten: int = 0  # edits of the very instant before the write, which no lock of Graph prevents
    never_met: list[str] = field(default_factory=list)  # runs whose step was never come to
    bad: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in BAD})

    @property
    def is_good(self) -> bool:
        return not any(self.bad.values())

    def blame(self, name: str, what: str) -> None:
        self.bad[name].append(what)

    def plain(self) -> dict[str, Any]:
        counts = {name: len(found) for name, found in self.bad.items()}
        rest = {
            "states": dict(self.states),
            "overwritten_in_the_instant": self.overwritten,
            "found": self.bad,
            "too_late": self.too_late,
            "never_met": self.never_met,
        }
        return {
            "runs": self.runs, "killed": self.killed, "stopped": self.stopped, "processes": self.processes,
            "seconds": round(self.seconds, 1), **counts, **rest,
        }  # fmt: skip


class Workers:
    """The process that forks workers, and the clock they all go by."""

    def __init__(self, environment: dict[str, str], folder: Path, server: Server) -> None:
        self._cloud, self._file = server.cloud, folder / "offset"
        self.forward(0)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker"], cwd=ROOT, text=True, bufsize=1,
            env=environment | {"FAULTS_OFFSET": str(self._file)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._heard()

    def clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._cloud.offset_seconds)

    def forward(self, seconds: float) -> None:
        """Time passes, for the workers and for Microsoft."""
        self._cloud.advance(seconds)
        draft = self._file.with_suffix(".new")
        draft.write_text(str(self._cloud.offset_seconds))
        draft.replace(self._file)

    def ask(self, do: str, **what: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the workers' process ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def environment_for(database_url: str, origin: str, folder: Path) -> dict[str, str]:
    """The settings of a worker: this database and this sandbox."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings", "DATABASE_URL": database_url, "PORTAL_VAR": str(folder),
        "MICROSOFT_LOGIN_URL": origin, "MICROSOFT_GRAPH_URL": origin, "EXCHANGE_URL": origin, "DEBUG": "off",
        "CELERY_BROKER_URL": "", "LOG_LEVEL": "CRITICAL",
    }  # fmt: skip


class Matrix:
    """A connected, mirrored Contoso whose owners ask for one change each."""

    def __init__(self, server: Server, workers: Workers, tenant: Tenant) -> None:
        self.server, self.workers, self.tenant = server, workers, tenant
        self.graph: Watched = server.cloud.graph
        self.figures = Figures()
        people = server.cloud.state.tenants[CONTOSO].users.values()
        self._oids = [user.oid for user in people if user.mailbox and self._is_generated(user)]

    @staticmethod
    def _is_generated(user: Any) -> bool:
        return sum(calendar.name == CALENDAR for calendar in user.mailbox.calendars.values()) == 1

    # What is asked for ------------------------------------------------------------------------------------

    def owner(self, number: int) -> tuple[Mailbox, User]:
        oid = self._oids[number]
        box = Mailbox.objects.select_related("person", "tenant").get(tenant=self.tenant, person__oid=oid)
        user, _ = User.objects.get_or_create(tenant=self.tenant, oid=oid, defaults={"name": box.person.name})
        return box, user

    def entry(self, box: Mailbox, role: str) -> CalendarPermission:
        rows = CalendarPermission.objects.open().filter(mailbox=box, calendar__name=CALENDAR, calendar__is_own=True)
        return rows.select_related("calendar").filter(is_organization=False, role=role).earliest("pk")

    def ask(self, run: Run) -> tuple[Change, Thing]:
        """The owner's wish, and the thing that it is about; roles are raised and lowered in turn."""
        box, owner = self.owner(run.number)
        common = {"actor": owner, "now": self.workers.clock()}
        oid, edits = str(box.person.oid), set(run.faults)
        if run.operation == "delivery":
            change = changes.request_delivery(mailbox=box, option=OPTION, seen=box.delivery_option, **common)
            thing = Thing(oid, "", "", box.delivery_option, OPTION, THIRD_OPTION, edits)
        elif run.operation == "create":
            calendar = self.entry(box, "read").calendar
            change = changes.request_create(calendar=calendar, address=NEWCOMER, name="", role="read", **common)
            thing = Thing(oid, calendar.graph_id, NEWCOMER, None, "read", "limitedRead", edits)
        else:
            is_raised = run.operation == "role" and run.number % 2 == 0
            row = self.entry(box, "read" if is_raised or run.operation == "remove" else "write")
            after = "write" if is_raised else "limitedRead"
            if run.operation == "remove":
                change, after = changes.request_removal(permission=row, seen=row.role, **common), None
            else:
                change = changes.request_role(permission=row, role=after, seen=row.role, **common)
            thing = Thing(oid, row.calendar.graph_id, row.address, row.role, after, "freeBusyRead", edits)
        self.graph.things[oid.lower()] = thing
        return change, thing

    def watch(self, change: Change) -> Thing:
        """The thing that a change of a role is about, from now on with a witness."""
        assert change.calendar is not None
        oid = str(change.mailbox.person.oid)
        thing = Thing(oid, change.calendar.graph_id, change.address, change.before, change.after, "", set())
        self.graph.things[oid.lower()] = thing
        return thing

    # What happens -----------------------------------------------------------------------------------------

    def carry_out(self, runs: Iterable[Run]) -> Figures:
        """All of them at once, each in a mailbox of its own; counted and judged."""
        began = time.monotonic()
        asked = [(run, *self.ask(run)) for run in runs]
        self.server.cloud.faults.set([line for run, _, thing in asked for line in run.plan(thing.oid)])
        armed = {str(change.pk): run.crash for run, change, _ in asked if run.crash}
        pks = [change.pk for _, change, _ in asked]
        self.settle(pks, armed)
        self.server.cloud.faults.set([])  # what is still on its way lands all the same
        ended = Change.objects.in_bulk(pks)
        self._put_back(asked, ended, odd=False)
        self._judge_states(asked, ended)
        self._ask_about_unknown(ended)
        self.workers.forward(660)  # the look after ten minutes
        self.settle(pks, armed)
        self.figures.never_met += [run.label for run, change, _ in asked if str(change.pk) in armed]
        self._put_back(asked, ended, odd=True)  # seen by a reading only
        self.read()
        changes.notice_reversals(self.workers.clock(), self.tenant)
        self._judge_world(asked, Change.objects.in_bulk(pks))
        self.figures.runs += len(asked)
        self.figures.seconds += time.monotonic() - began
        return self.figures

    def settle(self, pks: list[int], armed: dict[str, str], at_once: int = 1) -> None:
        """Let workers work and time pass until nothing is open or due."""
        until = self.workers.clock() + LONGEST
        while True:
            said = self.workers.ask("work", armed=armed, at_once=at_once)
            for pk, _ in said["killed"]:
                armed.pop(pk, None)
            self.figures.killed += len(said["killed"])
            self.figures.processes += said["processes"]
            waiting = Change.objects.filter(pk__in=pks)
            soon = waiting.filter(state=Change.OPEN) | waiting.filter(state=Change.UNKNOWN, due_at__isnull=False)
            late = waiting.filter(state=Change.APPLIED, due_at__lte=self.workers.clock() + timedelta(seconds=150))
            next_at = (soon | late).aggregate(at=Min("due_at"))["at"]
            if next_at is None or self.workers.clock() > until:
                return
            pause = (next_at - self.workers.clock()).total_seconds()
            self.workers.forward(max(pause + 0.1, 5.0))

    def read(self) -> None:
        """One clean reading of everything."""
        clients.forget_tokens()
        self.tenant.refresh_from_db()
        clock, wait = self.workers.clock, lambda seconds: self.workers.forward(60)
        mirror.run_here(tenant=self.tenant, client=client_for(self.tenant), clock=clock, wait=wait)

    def _put_back(self, asked: list[Any], ended: dict[int, Change], *, odd: bool) -> None:
        for run, change, thing in asked:
            if "put back later" in thing.edits and run.number % 2 == odd and ended[change.pk].state == Change.APPLIED:
                self.graph.edit(thing, thing.before)

    def _ask_about_unknown(self, ended: dict[int, Change]) -> None:
        for change in ended.values():
            if change.state == Change.UNKNOWN:
                changes.ask_what_became(change=change, actor=change.actor, now=self.workers.clock())
        self.workers.forward(200)

    # What must be -----------------------------------------------------------------------------------------

    def _judge_states(self, asked: list[Any], ended: dict[int, Change]) -> None:
        for run, change, thing in asked:
            row, blame = ended[change.pk], self.figures.blame
            told = f"{run.label}: {row.state} {row.cause}".strip()
            self.figures.states[row.state] += 1
            self.figures.overwritten += thing.overwritten
            if row.is_open or row.finished_at is None:
                blame("lost", told)
                continue
            if row.state == Change.APPLIED and thing.value_at(row.finished_at) != thing.after:
                blame("false_applied", f"{told}: it was {thing.value_at(row.finished_at)}")
            if not self.has_one_outcome(row):
                blame("audit_wrong", told)
            if run.faults == ("none",) and not thing.writes() and row.state == Change.APPLIED:
                blame("not_as_planned", told)

    def _judge_world(self, asked: list[Any], ended: dict[int, Change]) -> None:
        for run, change, thing in asked:
            row, blame = ended[change.pk], self.figures.blame
            true, shown = self.graph.value(thing), self.mirrored(row, thing)
            told = f"{run.label}: {row.state} {row.cause}".strip()
            if shown != true:
                blame("mirror_wrong", f"{told}: {shown} shown, {true} true")
            steps = [(each.by, each.before, each.after) for each in thing.journal]
            if len(thing.writes()) + len(thing.writes(TOO_LATE)) > 1:
                blame("duplicated", f"{told}: {steps}")
            elif any(each.before != thing.before for each in thing.writes(TOO_LATE)):
                self.figures.too_late.append(f"{told}: {steps}")
            is_undone = row.state == Change.APPLIED and true == thing.before
            if is_undone and not self.is_alarmed(row):
                blame("unalarmed", told)
            if row.state in (Change.OPEN, Change.UNKNOWN):
                blame("lost", f"{told}, though somebody asked")

    @staticmethod
    def has_one_outcome(change: Change) -> bool:
        """One line for the wish and one for what became of it, the one that the row says."""
        lines = AuditEvent.objects.filter(subject__change=change.public_id).values_list("verb", flat=True)
        found = [verb for verb in lines if verb in FINAL]
        return list(lines).count("change.requested") == 1 and found == [f"change.{change.state}"]

    @staticmethod
    def is_alarmed(change: Change) -> bool:
        lines = AuditEvent.objects.filter(subject__change=change.public_id, verb="change.reverted")
        return change.reverted_at is not None and lines.count() == 1

    @staticmethod
    def mirrored(change: Change, thing: Thing) -> str | None:
        if not thing.who:
            return Mailbox.objects.get(pk=change.mailbox_id).delivery_option
        rows = CalendarPermission.objects.open().filter(calendar=change.calendar, address__iexact=thing.who)
        return rows.values_list("role", flat=True).first()
