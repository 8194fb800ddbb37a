"""Reads the whole audit log and says whether it is as it was written."""

import json
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from sharing.audit import Head, NotAHead, read_heads, verify
from sharing.management.plain import PlainCommand, tenants_named
from sharing.models import Tenant, triggers

EVERY_STATE = tuple(state for state, _ in Tenant.STATES)


class Command(PlainCommand):
    help = (
        "Read the audit log and find what was altered, deleted, put in, moved or cut off at its end, against the heads "
        "that were written elsewhere. Exit code 0: it is whole."
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--tenant", default="", help="id, domain or name; all of it if absent")
        parser.add_argument(
            "--heads", action="append", type=Path, metavar="FILE",
            help="heads that were written elsewhere, file or saved mail; may be given again. Default: AUDIT_HEADS_FILE",
        )  # fmt: skip

    def handle(self, *, tenant, heads, **options):
        chains = [str(each.tid) for each in tenants_named(tenant, states=EVERY_STATE)] if tenant else None
        written = [head for file in self._files(heads) for head in read(file)]
        if chains is not None:
            written = [head for head in written if head.chain in chains]
        verdicts = verify(heads=written, chains=chains)
        unguarded = triggers.missing()
        is_whole = all(verdict.is_whole for verdict in verdicts) and not unguarded
        if options["json"]:
            shown = {"ok": is_whole, "chains": [asdict(v) for v in verdicts], "triggers_missing": unguarded}
            self.stdout.write(json.dumps(shown))
        else:
            for verdict in verdicts:
                said = f"{verdict.events} events, {verdict.first} to {verdict.last}; {verdict.heads} heads found again"
                self.stdout.write(f"{'whole  ' if verdict.is_whole else 'BROKEN '}  {verdict.chain}  {said}")
                for fault in verdict.faults:
                    self.stdout.write(f"         {fault.sentence}")
        if not is_whole:
            broken = sum(not verdict.is_whole for verdict in verdicts)
            also = f" The database does not guard it: {', '.join(unguarded)}." if unguarded else ""
            raise CommandError(f"{broken} of {len(verdicts)} chains are not as they were written.{also}")
        if not options["json"]:
            unproved = sum(verdict.unproved for verdict in verdicts)
            against = f"against {len(written)} heads" if written else "without heads from elsewhere: see --heads"
            also = f"; {unproved} of them are not signed, or with a key that is not here" if unproved else ""
            self.stdout.write(f"The audit log is whole, {against}{also}.")

    def _files(self, named: list[Path] | None) -> list[Path]:
        kept = Path(settings.AUDIT_HEADS_FILE or "-")
        return named if named is not None else [kept] if settings.AUDIT_HEADS_FILE and kept.exists() else []


def read(file: Path) -> list[Head]:
    """The heads in one file. Raises CommandError."""
    try:
        with file.open(encoding="utf-8") as lines:
            return list(read_heads(lines))
    except NotAHead as error:
        raise CommandError(f"{file}: {error}: it was altered, or is another file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from None
