"""Figures and charts, drawn by the server: SVG with attributes and classes only, and the same numbers as a table."""

from collections.abc import Iterable, Sequence
from itertools import count

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sharing import words

register = template.Library()

# The column chart, in its own units.
LEFT, RIGHT, TOP, BOTTOM, LABELS = 38, 440, 8, 172, 190
COLUMN = 10


@register.inclusion_tag("parts/kpis.html")
def kpis(label: str, figures: Iterable[dict[str, object]]) -> dict[str, object]:
    """`{% kpis "Key figures" figures %}`: up to four figures; each has `label`, `figure`, `detail` and maybe `href`."""
    return {"label": label, "figures": figures}


@register.inclusion_tag("parts/bars.html")
def bars(counts: Iterable[tuple[str, int, str]]) -> dict[str, object]:
    """`{% bars by_role %}`: how many have each role, as bars; each is (role, count, href or "")."""
    counts = list(counts)
    most = max((number for _, number, _ in counts), default=0)
    rows = [
        {
            "role": role,
            "count": number,
            "href": href,
            "bar": words.role_words(role).bar,
            "width": f"{max(100 * number / most, 0.5):.1f}%" if number else "0",
        }
        for role, number, href in counts
    ]
    return {"rows": rows}


def scale(most: int) -> list[int]:
    """Round numbers from 0 to at least `most`, for the lines of a chart: two to four steps of 1, 2 or 5 × 10ⁿ."""
    most = max(most, 1)
    for tens in count():
        for digit in (1, 2, 5):
            step = digit * 10**tens
            if step * 4 >= most:
                return list(range(0, most + step, step))
    raise AssertionError("some power of ten is large enough")


@register.inclusion_tag("parts/columns.html")
def columns(
    chart_id: str,
    sentence: str,
    weeks: Sequence[tuple[str, int, int]],
    first: str = "Given",
    second: str = "Removed",
) -> dict[str, object]:
    """`{% columns "weeks" sentence weeks %}`: two columns a week; each is (label, first, second), oldest first.

    `sentence` says what the chart shows, for those who do not see it. `first` and `second` name the two series.
    """
    lines = scale(max((max(a, b) for _, a, b in weeks), default=0))
    per_unit = (BOTTOM - TOP) / lines[-1]
    pitch = (RIGHT - LEFT) / max(len(weeks), 1)

    def column(cls: str, x: float, value: int) -> dict[str, str]:
        high = value * per_unit
        return {"cls": cls, "x": f"{x:.1f}", "y": f"{BOTTOM - high:.1f}", "height": f"{high:.1f}"}

    drawn, labels = [], []
    for place, (label, a, b) in enumerate(weeks):
        x = LEFT + place * pitch
        drawn += [column("add", x, a), column("rem", x + COLUMN + 2, b)]
        if place % 3 == 0:
            labels.append({"x": f"{x:.1f}", "text": label})
    return {
        "id": chart_id, "sentence": sentence, "weeks": weeks, "first": first, "second": second,
        "columns": drawn, "labels": labels, "width": COLUMN, "labels_y": LABELS,
        "lines": [{"y": f"{BOTTOM - n * per_unit:.1f}", "text_y": f"{BOTTOM - n * per_unit + 4:.1f}", "text": n}
                  for n in lines],
    }  # fmt: skip


@register.simple_tag
def progress(done: int, total: int, label: str) -> SafeString:
    """`{% progress run.mailboxes_read run.mailboxes "Mailboxes read" %}`: a bar; a sentence belongs beside it."""
    return format_html(
        '<progress value="{}" max="{}" aria-label="{}"></progress>', min(done, total), max(total, 1), label
    )


@register.inclusion_tag("parts/timeline.html")
def timeline(entries: Iterable[dict[str, object]]) -> dict[str, object]:
    """`{% timeline entries %}`: a history, newest first; each has `sentence`, `names` (in bold) and `when`."""
    return {"entries": entries}
