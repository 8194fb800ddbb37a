"""Whom one may sign in as in the sandbox; nobody anywhere else."""

import json
from pathlib import Path

from django.conf import settings

from sharing.connect import identity


def to_try() -> list[dict[str, str]]:
    """The people of the file DEMO_PEOPLE, each with name, address, role and sentence; empty at a real cloud."""
    if not settings.DEMO_PEOPLE or not identity.is_sandbox():
        return []
    try:
        return json.loads(Path(settings.DEMO_PEOPLE).read_text())
    except (OSError, ValueError):
        return []  # the page works without the list; `demo` writes the file


def addresses() -> set[str]:
    return {person["address"] for person in to_try()}
