"""Reads tenants, or single mailboxes, in the foreground and says how it went."""

import json
import sys
import time
from collections import Counter
from typing import Any

from django.core.management.base import CommandError
from django.utils.timezone import now as clock
from tqdm import tqdm

from sharing import changes, mirror
from sharing.connect import client_for_shard, reach
from sharing.management.plain import PlainCommand, tenants_named
from sharing.models import Calendar, CalendarPermission, Mailbox, SyncRun, Tenant
from sharing.models.mailboxes import MailboxQuerySet
from sharing.words import cause_words

MOST_LINES = 20
# Causes that are not an answer of Microsoft's: we waited too little, asked too much, or held the run ourselves.
OUR_DOING = ("throttled", "timeout", "unreachable", "not_asked", "breaker", "")


class Command(PlainCommand):
    help = "Read every calendar's sharing now, in the foreground. Exit code 0: every mailbox ended in a known state."

    def add_arguments(self, parser):
        parser.add_argument("--tenant", default="", help="id, domain or name; all connected tenants if absent")
        parser.add_argument("--mailbox", default="", metavar="ADDRESS", help="only this mailbox (needs one tenant)")
        parser.add_argument("--json", action="store_true", help="print one JSON object for each tenant")

    def handle(self, *, tenant, mailbox, **options):
        tenants = tenants_named(tenant, states=(Tenant.CONNECTED, Tenant.LOST), lent=True)
        if mailbox and len(tenants) > 1:
            raise CommandError("More than one tenant is connected: name the mailbox's with --tenant.")
        failed = []
        for each in tenants:
            chosen = find_mailboxes(each, mailbox) if mailbox else Mailbox.objects.filter(tenant=each)
            report = read_all(each, chosen, is_whole=not mailbox)
            self.stdout.write(json.dumps(report) if options["json"] else "\n".join(lines(each, report)))
            if not is_known(report["state"], chosen):
                failed.append(str(each))
        if failed:
            raise CommandError(f"Not everything could be read in {', '.join(failed)}.")
        if not options["json"]:
            self.stdout.write("Every mailbox is in a known state.")


def find_mailboxes(tenant: Tenant, address: str) -> MailboxQuerySet:
    """Mailboxes that have this address; more than one where the directory gives it twice."""
    found = Mailbox.objects.filter(tenant=tenant, person__addresses__address=address.casefold()).covered()
    if not found.exists():
        raise CommandError(f"{tenant} has no mailbox {address!r}, or it was never listed: `manage.py sync` lists all.")
    return Mailbox.objects.filter(pk__in=list(found.values_list("pk", flat=True)))


def read_all(tenant: Tenant, chosen: MailboxQuerySet, *, is_whole: bool) -> dict:
    """What the app reads, then what people lent, each with their own token; the object that `--json` prints."""
    began = time.monotonic()
    by_app = chosen.filter(shard__grant=None)
    run = None
    if tenant.mode == Tenant.DOMAIN_WIDE and (is_whole or by_app.exists()):
        run = read_by_app(tenant, by_app, is_whole=is_whole)
    own = mirror.read_own_here(
        tenant=tenant, client_of=client_for_shard, clock=clock,
        mailboxes=None if is_whole else list(chosen.values_list("pk", flat=True)),
    )  # fmt: skip
    changes.notice_reversals(clock(), tenant)
    return report_of(tenant, chosen, run, own, time.monotonic() - began)


def read_by_app(tenant: Tenant, chosen: MailboxQuerySet, *, is_whole: bool) -> SyncRun:
    """The whole run, with the app's own token."""
    client = reach(tenant)
    with tqdm(unit=" mailboxes", desc=str(tenant), file=sys.stderr, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            return mirror.run_here(
                tenant=tenant, client=client, clock=clock, progress=progress,
                mailboxes=None if is_whole else list(chosen.values_list("pk", flat=True)),
            )  # fmt: skip
        except mirror.RunUnderway as underway:
            since = f", since {underway.run.began_at:%Y-%m-%d %H:%M} UTC" if underway.run else ""
            raise CommandError(f"{tenant} is being read already{since}; its workers finish that run.") from None
        except KeyboardInterrupt:
            run = SyncRun.objects.get(tenant=tenant, finished_at=None)
            mirror.stop_run(run=run, cause="stopped", now=clock())
            raise CommandError(f"Stopped. What was read of {tenant} until now is stored.") from None


def report_of(tenant: Tenant, chosen: MailboxQuerySet, run: SyncRun | None, own: Any, seconds: float) -> dict:
    """How it went, in numbers; `run` is None where the app reads nothing."""
    covered = chosen.covered()

    def both(name: str) -> int:
        return getattr(own, name) + (getattr(run, name) if run else 0)

    not_ok = covered.exclude(state=Mailbox.OK).order_by("person__address", "pk")
    fields = {"address": "person__address", "state": "state", "code": "cause", "since": "state_since"}
    return {
        "tenant_id": str(tenant.tid),
        "run_id": run.public_id if run else None,
        "state": SyncRun.STOPPED if own.unread else run.outcome if run else SyncRun.DONE,
        "mailboxes": dict(Counter(covered.values_list("state", flat=True))),
        "not_ok": [
            {**dict(zip(fields, row, strict=True)), "since": row[-1].isoformat()}
            for row in not_ok.values_list(*fields.values())
        ],
        "permissions": {
            "added": both("added"),
            "changed": both("changed"),
            "ended": both("ended"),
            "total": CalendarPermission.objects.open().filter(mailbox__in=covered).count(),
        },
        "requests": both("requests"),
        "sub_requests": both("sub_requests"),
        "throttled": both("throttled"),
        "seconds": round(seconds, 1),
    }


def is_known(state: str, chosen: MailboxQuerySet) -> bool:
    """Did the run end well, and is what could not be read Microsoft's answer, not our doing?"""
    covered = chosen.covered()
    unread = covered.filter(state=Mailbox.NEVER) | covered.filter(
        state__in=(Mailbox.INCOMPLETE, Mailbox.UNREACHABLE), cause__in=OUR_DOING
    )
    settings = covered.filter(
        settings_state__in=(Mailbox.INCOMPLETE, Mailbox.UNREACHABLE), settings_cause__in=OUR_DOING
    )
    lists = Calendar.objects.filter(
        mailbox__in=covered, is_own=True, ended_at=None, cause__in=OUR_DOING,
        state__in=(Mailbox.INCOMPLETE, Mailbox.UNREACHABLE),
    )  # fmt: skip
    return state == SyncRun.DONE and not (unread.exists() or settings.exists() or lists.exists())


def lines(tenant: Tenant, report: dict) -> list[str]:
    """The same for people."""
    states = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in report["mailboxes"].items())
    rows = report["permissions"]
    what = f"run {report['run_id']}" if report["run_id"] else "reading what people lent"
    said = [
        f"{tenant}: {what} {report['state']} in {report['seconds']} s, "
        f"{report['requests']} requests with {report['sub_requests']} inside batches, {report['throttled']} throttled.",
        f"  Mailboxes: {states or 'none'}.",
        f"  Permissions: {rows['added']} added, {rows['changed']} changed, {rows['ended']} ended; {rows['total']} now.",
    ]
    for row in report["not_ok"][:MOST_LINES]:
        why = cause_words(row["code"]).what
        said.append(f"  {row['address']}: {row['state'].replace('_', ' ')}. {why} ({row['code']}).")
    more = len(report["not_ok"]) - MOST_LINES
    return said + ([f"  … and {more} more."] if more > 0 else [])
