"""One backup is one file: a gzipped tar of what it is (manifest.json) and the database's own copy."""

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from sharing.connect.sealing import key_name
from sharing.management.plain import new_file
from sharing.models import Tenant

from .databases import dump

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database"
MOST_MANIFEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is. `token_keys` are names of keys, from which no key can be made."""

    format: int
    version: str
    made_at: str
    engine: str
    clouds: list[str]
    migrations: list[str]
    token_keys: list[str]
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was opened: its manifest, and the database's copy as a file that goes away with it."""

    manifest: Manifest
    database: Path


def key_names() -> list[str]:
    """A short name for each token key, so that a backup says which ones it needs without holding any."""
    return [key_name(key) for key in settings.TOKEN_KEYS]


def write_backup(path: Path, *, now: datetime) -> Manifest:
    """Write the whole database into the new file `path`, readable by its owner only.

    Raises CommandError where the file is there already, and leaves none behind where it does not succeed.
    """
    opened = new_file(path, mode=0o600)
    try:
        with opened as file:
            manifest = _write(file, path.parent, now)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        raise
    return manifest


def _write(file: Any, folder: Path, now: datetime) -> Manifest:
    applied = sorted(".".join(key) for key in MigrationLoader(connection).applied_migrations)
    if not applied:
        raise CommandError("The database is empty: there is nothing to back up.")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as scratch:
        copy = Path(scratch) / DATABASE
        dump(copy)
        manifest = Manifest(
            format=FORMAT, version=settings.VERSION, made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            engine=connection.vendor, clouds=sorted(set(Tenant.objects.values_list("cloud", flat=True))),
            migrations=applied, token_keys=key_names(), sha256=_digest(copy),
        )  # fmt: skip
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            text = json.dumps(asdict(manifest), indent=1).encode()
            head = tarfile.TarInfo(MANIFEST)
            head.size, head.mtime, head.mode = len(text), int(now.timestamp()), 0o600
            archive.addfile(head, io.BytesIO(text))
            archive.add(copy, DATABASE, filter=_plain)
    return manifest


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the account that made it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _digest(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """The backup in `path`, whole and unaltered since it was written. Raises CommandError."""
    with tempfile.TemporaryDirectory(prefix="calwarden-restore-") as scratch:
        copy = Path(scratch) / DATABASE
        try:
            with tarfile.open(path, "r:gz") as archive:
                text = _member(archive, MANIFEST).read(MOST_MANIFEST_BYTES)
                with copy.open("wb") as target:
                    source = _member(archive, DATABASE)
                    while piece := source.read(1 << 20):
                        target.write(piece)
            manifest = Manifest(**json.loads(text))
        except (tarfile.TarError, zlib.error, EOFError, KeyError, TypeError, ValueError):
            raise CommandError(f"{path} is not a backup of Calwarden's, or it was cut short.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None
        if manifest.sha256 != _digest(copy):
            raise CommandError(f"{path} was altered after it was written.")
        yield Backup(manifest, copy)


def _member(archive: tarfile.TarFile, name: str) -> Any:
    found = archive.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found
