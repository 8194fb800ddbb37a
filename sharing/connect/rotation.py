"""Seals every secret at rest under the first of TOKEN_KEYS, row by row, while everything goes on."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import QuerySet

from sharing.models import AppCredential, Grant

from . import clients, grants
from .sealing import key_name, opens_with, reseal

BATCH = 200
TRIES = 5  # of a row that somebody else writes at the same time
BROKEN = "broken"


@dataclass(slots=True)
class Rotation:
    """What was found: how many were sealed anew, and which key each secret is sealed with now, by the key's name.

    `broken` names the rows that no key opens.
    """

    resealed: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Is everything under the first key, so that the others may go?"""
        return not self.broken and set(self.keys) <= {key_name(settings.TOKEN_KEYS[0])}


def sealed_rows() -> list[tuple[QuerySet, Callable[..., str]]]:
    """Every column that holds a secret, and what each row's seal is bound to."""
    return [
        (AppCredential.objects.exclude(sealed=""), clients.purpose_of),
        (Grant.objects.exclude(sealed="").select_related("tenant"), grants.purpose_of),
    ]


def rotate(*, limit: int | None = None) -> Rotation:
    """Seal anew what is not under the first key, at most `limit` rows. Safe to stop at any time, and to repeat."""
    found = Rotation()
    for rows, purpose_of in sealed_rows():
        for row in _each(rows):
            _look(row, purpose_of, found, may_seal=limit is None or found.resealed < limit)
    return found


def status() -> Rotation:
    """Which key each secret is sealed with; nothing is written."""
    return rotate(limit=0)


def _each(rows: QuerySet) -> Iterator[AppCredential | Grant]:
    """Row by row, in no long transaction; a row that comes meanwhile is sealed with the first key anyway."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _look(row: AppCredential | Grant, purpose_of: Callable[..., str], found: Rotation, *, may_seal: bool) -> None:
    purpose, key = purpose_of(row), ""
    for _ in range(TRIES):
        if not row.sealed:
            return  # given back meanwhile
        key = opens_with(row.sealed, purpose=purpose) or ""
        if not key:
            found.broken.append(f"{row._meta.model_name} {row.public_id}")
            found.keys[BROKEN] += 1
            return
        if key == settings.TOKEN_KEYS[0] or not may_seal:
            found.keys[key_name(key)] += 1
            return
        # Only over what was read: a refresh token that was renewed meanwhile stays.
        unchanged = type(row)._base_manager.filter(pk=row.pk, sealed=row.sealed)
        if unchanged.update(sealed=reseal(row.sealed, purpose=purpose)):
            found.resealed += 1
            found.keys[key_name(settings.TOKEN_KEYS[0])] += 1
            return
        row.refresh_from_db(fields=["sealed"])
    found.keys[key_name(key)] += 1  # it is written all the time: the next call finds it
