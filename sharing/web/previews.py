"""Shows what a change would send, on every page that asks before one."""

from dataclasses import dataclass
from typing import Any

from sharing import words
from sharing.changes.preview import Preview

GRAPH = "Microsoft Graph"


@dataclass(frozen=True, slots=True)
class Shown:
    """One call with what it is titled; `key` tells its fields from those of the others on the page."""

    title: str
    call: Preview
    key: str
    no_powershell: str  # said once, at the last of those it is said of


def shown(preview: Preview | None, *more: tuple[str, Preview | None]) -> dict[str, Any]:
    """What `parts/preview.html` is drawn from; `more` are choices of a form, or what is sent besides, with titles."""
    calls = [(title, call) for title, call in ((GRAPH, preview), *more) if call is not None]
    causes = [call.cause for _, call in calls]
    previews = [
        Shown(
            title, call, f"-{number}" if number else "",
            "" if call.cause in causes[number + 1 :] else words.NO_POWERSHELL.get(call.cause, ""),
        )
        for number, (title, call) in enumerate(calls)
    ]  # fmt: skip
    return {
        "preview": calls[0][1] if calls else None,
        "previews": previews,
        "words_exactly": words.EXACTLY,
        "words_equivalent": words.EQUIVALENT,
    }
