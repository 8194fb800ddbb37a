"""Puts a backup into the database, and stops every write until somebody has looked."""

from pathlib import Path

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.timezone import now as clock

from sharing.connect import endpoints
from sharing.management.backup import Manifest, load, open_backup, settle
from sharing.management.backup.archive import FORMAT, key_names
from sharing.management.plain import PlainCommand, typed_by


class Command(PlainCommand):
    help = (
        "Put a backup into an empty database. Every tenant is frozen (nothing is written), open changes are cancelled, "
        "everybody is signed out. Stop the pages and the workers first."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="what `backup` wrote")
        parser.add_argument("--replace", action="store_true", help="the database may hold something: it is lost")

    def handle(self, *, file, replace, **options):
        now, by = clock(), typed_by()
        with open_backup(file) as backup:
            manifest = backup.manifest
            refuse_what_does_not_fit(manifest)
            load(backup.database, replace=replace, frozen_at=now)
        call_command("migrate", verbosity=0, interactive=False)
        settled = settle(made_at=manifest.made_at, version=manifest.version, now=now, by=by)
        lost = sorted(set(manifest.token_keys) - set(key_names()))
        if lost:
            self.stderr.write(f"TOKEN_KEYS lacks {', '.join(lost)}: what was sealed with it cannot be opened.")
        self.stdout.write(f"Restored what was there at {manifest.made_at}, version {manifest.version}.")
        self.stdout.write(
            f"Frozen: {settled.tenants} {'tenant' if settled.tenants == 1 else 'tenants'}; cancelled: "
            f"{settled.cancelled} open {'change' if settled.cancelled == 1 else 'changes'}; everybody is signed out. "
            "For each tenant that people change things in: `manage.py sync --tenant TENANT_ID`, look at it, then "
            "`manage.py connect TENANT_ID --writes on`."
        )


def refuse_what_does_not_fit(manifest: Manifest) -> None:
    """Raises CommandError where this installation could not run on what the backup holds."""
    if manifest.format != FORMAT:
        raise CommandError(f"The backup has format {manifest.format}; this version reads format {FORMAT}.")
    if manifest.engine != connection.vendor:
        raise CommandError(f"The backup is of {manifest.engine}, and DATABASE_URL is {connection.vendor}.")
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations}
    if set(manifest.migrations) - known:
        raise CommandError(f"The backup is of a newer version, {manifest.version}: install that one first.")
    cloud = endpoints().cloud.value
    if set(manifest.clouds) - {cloud}:
        raise CommandError(
            f"The backup holds tenants of the cloud {', '.join(manifest.clouds)}; this installation is set to {cloud}."
        )
