"""Shows what a change would send, on every page that asks before one."""

from typing import Any

from sharing import words
from sharing.changes.preview import Preview


def shown(preview: Preview | None) -> dict[str, Any]:
    """What `parts/preview.html` is drawn from."""
    return {
        "preview": preview,
        "words_exactly": words.EXACTLY,
        "words_equivalent": words.EQUIVALENT,
        "words_no_powershell": words.NO_POWERSHELL.get(preview.cause, "") if preview else "",
    }
