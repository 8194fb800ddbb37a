"""Writes the whole database into one new file."""

from pathlib import Path

from django.db import connection
from django.utils.timezone import now as clock

from sharing.management.backup import write_backup
from sharing.management.plain import PlainCommand


class Command(PlainCommand):
    help = "Write the whole database into one new file that only its owner may read, while everything goes on."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the file to write, or a folder: the file is named by the time")

    def handle(self, *, file, **options):
        now = clock()
        path = file / f"calwarden-{now:%Y%m%dT%H%M%SZ}.tar.gz" if file.is_dir() else file
        manifest = write_backup(path, now=now)
        self.stdout.write(
            f"It holds no keys: keep SECRET_KEY, TOKEN_KEYS ({', '.join(manifest.token_keys)}) and the certificate "
            "elsewhere."
        )
        size = path.stat().st_size / 1024 / 1024
        self.stdout.write(f"Wrote {path}: {connection.display_name}, version {manifest.version}, {size:.1f} MB.")
