"""Seals secrets for a column: bound to what they are for, so that a ciphertext moved to another row does not open."""

import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SealBroken(Exception):
    """What is stored does not open: another key, another row, or it was altered. Ask for the secret anew."""


def seal(secret: str, *, purpose: str) -> str:
    """`secret`, encrypted with the first of TOKEN_KEYS; it opens again only for the same `purpose`.

    `purpose` names tenant, owner and use, for instance "grant:<tid>:<oid>:<public id>".
    """
    return _keys().encrypt(_bound(purpose) + secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """What was sealed for `purpose`. Raises SealBroken."""
    try:
        opened = _keys().decrypt(sealed.encode())
    except (InvalidToken, ValueError):
        raise SealBroken(purpose.partition(":")[0]) from None
    if not opened.startswith(_bound(purpose)):
        raise SealBroken(purpose.partition(":")[0])
    return opened.removeprefix(_bound(purpose)).decode()


def opens_with(sealed: str, *, purpose: str) -> str | None:
    """Which of TOKEN_KEYS it is sealed with, or None where it does not open for `purpose`."""
    for key in settings.TOKEN_KEYS:
        try:
            opened = Fernet(key).decrypt(sealed.encode())
        except (InvalidToken, ValueError):
            continue
        return key if opened.startswith(_bound(purpose)) else None
    return None


def key_name(key: str) -> str:
    """A short name for a token key, from which the key cannot be made."""
    return hashlib.sha256(b"calwarden key name:" + key.encode()).hexdigest()[:12]


def reseal(sealed: str, *, purpose: str) -> str:
    """The same secret under the first key, after a new one was put in front. Raises SealBroken."""
    return seal(unseal(sealed, purpose=purpose), purpose=purpose)


def _bound(purpose: str) -> bytes:
    """Its length first: no purpose is the beginning of another with its secret."""
    name = purpose.encode()
    return len(name).to_bytes(2, "big") + name


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])
