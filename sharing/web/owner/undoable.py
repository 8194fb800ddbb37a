"""Which changes can be undone, and where that is asked for."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode

from sharing import changes
from sharing.models import Change


def can_undo(rows: Iterable[Change], now: datetime) -> set[int]:
    """Ids of those that can be undone, as far as the mirror tells. Four queries at most."""
    applied = [change for change in rows if change.state == Change.APPLIED]
    return {pk for pk, cause in changes.undo_refusals(applied, now).items() if not cause}


def url_of(change: Change, back: str = "") -> str:
    url = reverse("undo", args=[change.public_id])
    return f"{url}?{urlencode({'next': back})}" if back else url


def is_outside(change: Change) -> bool:
    """May whom it is about be outside, for all that Microsoft says?"""
    return change.permission is not None and change.permission.inside is not True
