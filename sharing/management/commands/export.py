"""Writes who can see and change which calendar, for scripts and spreadsheets."""

import argparse
import os
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError
from django.utils.timezone import now as clock

from sharing import audit, exports
from sharing.management.plain import PlainCommand, tenants_named, typed_by
from sharing.models import AuditEvent, Tenant


class Command(PlainCommand):
    help = "Write every calendar permission that is known: CSV, JSON or XLSX, now or as of a day. Exporting is audited."

    def add_arguments(self, parser):
        parser.add_argument("what", choices=("access",), help="access: who can see and change which calendar")
        parser.add_argument("--format", choices=exports.FORMATS, default="csv", help="default: csv")
        parser.add_argument("--as-of", type=moment, metavar="DATE", help="a day (its end, UTC), or a time in ISO 8601")
        parser.add_argument("--tenant", default="", help="id, domain or name; all connected tenants if absent")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *, tenant, output, as_of, **options):
        form = options["format"]
        tenants = tenants_named(tenant, states=(Tenant.CONNECTED, Tenant.LOST), lent=True)
        if output is None and form == "xlsx" and sys.stdout.isatty():
            raise CommandError("An XLSX file is nothing for a terminal: name it with --output.")
        rows = exports.access_rows(tenants=tenants, as_of=as_of)
        try:
            if output is None:
                count = exports.write(rows, columns=exports.ACCESS_COLUMNS, form=form, out=binary(sys.stdout))
            else:
                with open(output, "wb", opener=_for_its_owner) as file:
                    count = exports.write(rows, columns=exports.ACCESS_COLUMNS, form=form, out=file)
        except exports.TooManyRows:
            raise CommandError("There are more rows than a sheet holds: use --format csv or json.") from None
        except BrokenPipeError:
            raise CommandError("Whoever read the output went away before its end.") from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        for each in tenants if as_of else ():
            begins_at = audit.history_begins_at(each)
            if begins_at is None or as_of < begins_at:
                known = f"before {begins_at:%Y-%m-%d %H:%M} UTC" if begins_at else "yet"
                self.stderr.write(f"Of {each} nothing is known {known}: no row is not nobody.", self.style.WARNING)
        now = clock()
        for each in tenants:
            AuditEvent.objects.record(
                now=now, verb="access.exported", tenant=each, actor_name=typed_by(),
                subject={"format": form, "as_of": as_of.isoformat() if as_of else "", "rows": count},
            )  # fmt: skip
        self.stderr.write(f"{count} rows of {', '.join(map(str, tenants))}.", self.style.SUCCESS)


def _for_its_owner(path: str, flags: int) -> int:
    """A file that is new is nobody else's to read: who may see what is in it was asked here, and is not asked there."""
    return os.open(path, flags, 0o600)


def binary(stream) -> BinaryIO:
    stream.flush()
    return stream.buffer


def moment(text: str) -> datetime:
    """The end of a day, or a moment; without a zone it is UTC."""
    try:
        if len(text) == len("2026-03-14"):
            return datetime.combine(date.fromisoformat(text), time.max, UTC)
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: it looks like 2026-03-14.") from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
