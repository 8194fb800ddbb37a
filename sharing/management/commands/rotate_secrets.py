"""Seals every secret at rest under the first of TOKEN_KEYS."""

import json

from django.core.management.base import CommandError
from django.utils.timezone import now as clock

from sharing.connect import rotation
from sharing.management.plain import PlainCommand, typed_by
from sharing.models import AuditEvent


class Command(PlainCommand):
    help = (
        "Seal every secret at rest anew under the first of TOKEN_KEYS, while everything goes on. "
        "Safe to stop and to repeat. Exit code 0: the first key alone opens all of them."
    )

    def add_arguments(self, parser):
        parser.add_argument("--status", action="store_true", help="only count which key seals how many; write nothing")
        parser.add_argument("--limit", type=int, metavar="N", help="stop after N secrets")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, status, limit, **options):
        found = rotation.status() if status else rotation.rotate(limit=limit)
        if found.resealed:
            AuditEvent.objects.record(
                now=clock(), verb="secrets.rotated", actor_name=typed_by(),
                subject={"resealed": found.resealed, "keys": dict(found.keys)},
                outcome="complete" if found.is_complete else "incomplete",
            )  # fmt: skip
        if options["json"]:
            self.stdout.write(_as_json(found))
        else:
            self.stdout.write(f"{found.resealed} sealed anew.")
            for key, count in sorted(found.keys.items()):
                self.stdout.write(f"{'no key opens' if key == rotation.BROKEN else f'key {key}'}: {count}")
            for row in found.broken:
                self.stdout.write(f"No key of TOKEN_KEYS opens {row}.")
        if found.broken:
            raise CommandError("Some secrets open with no key: put the missing key back into TOKEN_KEYS.")
        if not found.is_complete:
            raise CommandError("Not all secrets are under the first key yet: run rotate_secrets again.")
        if not options["json"]:
            self.stdout.write("Every secret is under the first key; the others may go.")


def _as_json(found: rotation.Rotation) -> str:
    return json.dumps({
        "complete": found.is_complete, "resealed": found.resealed, "keys": dict(found.keys), "broken": found.broken,
    })  # fmt: skip
