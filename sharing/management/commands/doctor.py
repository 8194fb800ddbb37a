"""Looks at everything that must be right, and says what is not."""

import json

from django.core.management.base import CommandError
from django.utils.timezone import now as clock

from sharing.connect import health
from sharing.management.plain import PlainCommand

MARKS = {health.OK: "ok     ", health.NOTE: "note   ", health.PROBLEM: "PROBLEM"}


class Command(PlainCommand):
    help = "Look at settings, certificate, database, queue, token, permissions, scope and clock. Exit code 0: all well."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options):
        checks = []
        for check in health.examine(now=clock()):
            checks.append(check)
            if not options["json"]:
                self.stdout.write(f"{MARKS[check.state]}  {check.name:<12}{check.sentence}")
        problems = sum(check.state == health.PROBLEM for check in checks)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": not problems, "checks": [check.as_dict() for check in checks]}))
        if problems:
            raise CommandError(f"{problems} {'problem' if problems == 1 else 'problems'}.")
        if not options["json"]:
            self.stdout.write("All is well.")
