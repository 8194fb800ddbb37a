"""Secrets of a one-machine installation: made once, kept in files only their owner reads."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet


def made_once(path: Path, make) -> str:
    """The secret in `path`; made by `make()` where there is none yet, mode 0600.

    Safe when two processes start at once: the link either wins or finds the other's file, always whole.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make() + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text().strip()


def secret_key() -> str:
    """A new key for Django's own signatures, 86 characters."""
    return secrets.token_urlsafe(64)


def token_key() -> str:
    """A new Fernet key for sealed columns."""
    return Fernet.generate_key().decode()


if __name__ == "__main__":
    print(token_key())
