"""Breadcrumbs, remarks, toasts, empty states, choices and moments: what pages are put together from."""

import re
from collections.abc import Iterable
from datetime import datetime

from django import template
from django.forms import BaseForm
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sharing import words

from .people import icon

register = template.Library()

# What an event and a private event look like: (title shown, may be changed), for each; and whether invitations come.
BUSY, TITLE, FULL, PRIVATE = (
    "Busy",
    "Budget review · Room 4",
    "Budget review · Room 4 · Notes",
    "Dr. Cho, check-up",
)
PREVIEWS = {
    "none": None,
    "freeBusyRead": (BUSY, BUSY, False, False),
    "limitedRead": (TITLE, BUSY, False, False),
    "read": (FULL, BUSY, False, False),
    "write": (FULL, BUSY, True, False),
    "delegateWithoutPrivateEventAccess": (FULL, BUSY, True, True),
    "delegateWithPrivateEventAccess": (FULL, PRIVATE, True, True),
}


@register.simple_tag
def crumbs(*steps: str) -> SafeString:
    """`{% crumbs "My calendars" home_url "Calendar" %}`: text and address in turn, the last text alone."""
    pairs = zip(steps[0:-1:2], steps[1::2], strict=True)
    link = '<li><a class="link" href="{1}">{0}</a></li><li aria-hidden="true">/</li>'
    return format_html(
        '<nav aria-label="Breadcrumb"><ol class="crumbs">{}'
        '<li><span aria-current="page">{}</span></li></ol></nav>',
        format_html_join("", link, pairs), steps[-1],
    )  # fmt: skip


@register.simple_block_tag
def note(
    content: SafeString, kind: str = "", drawn: str = "info-circle", title: str = "", role: str = ""
) -> SafeString:
    """`{% note "warn" "alert-triangle" title="…" %}text{% endnote %}`: a boxed remark.

    Kinds are accent, warn, bad, good or none. `role="alert"` is for what must be read aloud at once. An action goes
    into the content, as a link or a button.
    """
    return format_html(
        '<div class="note{}"{}>{}<div class="grow stack-xs">{}<div>{}</div></div></div>',
        f" note-{kind}" if kind else "",
        format_html(' role="{}"', role) if role else "",
        icon(drawn),
        format_html('<p class="strong">{}</p>', title) if title else "",
        content,
    )


@register.simple_block_tag(takes_context=True)
def toast(
    context: Context, content: SafeString, dismiss_url: str, drawn: str = "check", undo_url: str = "",
    undo_asks: bool = False,
) -> SafeString:  # fmt: skip
    """`{% toast dismiss_url %}Adele Vance now has “Can edit”.{% endtoast %}`: stays until it is dismissed (a POST).

    With `undo_url` a second button undoes it; `undo_asks` where that page asks once more.
    """
    confirmed = "" if undo_asks else format_html('<input type="hidden" name="{}" value="on">', "confirmed")
    undo = format_html('{}<button class="btn btn-sm" formaction="{}">Undo</button>', confirmed, undo_url)
    return format_html(
        '<div class="toast-area" role="status"><form class="toast-bar" method="post" action="{}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">{}<p class="grow">{}</p>{}'
        '<button class="btn btn-sm btn-icon" aria-label="Dismiss">{}</button></form></div>',
        dismiss_url, context["csrf_token"], icon(drawn), content, undo if undo_url else "", icon("x"),
    )  # fmt: skip


@register.simple_block_tag
def empty_state(content: SafeString, drawn: str, fact: str, explanation: str = "") -> SafeString:
    """`{% empty_state "users" "Not shared with anyone." %}at most one action{% endempty_state %}`."""
    return format_html(
        '<div class="empty-state">{}<p class="strong">{}</p>{}{}</div>',
        icon(drawn), fact,
        format_html('<p class="text-secondary">{}</p>', explanation) if explanation else "",
        content,
    )  # fmt: skip


@register.simple_block_tag
def choice(
    content: SafeString,
    name: str,
    value: str,
    title: str,
    text: str = "",
    checked: bool = False,
    badge: str = "",
) -> SafeString:
    """`{% choice "role" "read" title text checked=True badge="Now" %}an aside{% endchoice %}`: a radio as a card."""
    return format_html(
        '<label class="choice"><input class="form-check-input" type="radio" name="{}" value="{}"{}>'
        '<span class="grow"><span class="strong row-wrap">{}{}</span><span class="text-secondary">{}</span></span>'
        "{}</label>",
        name, value, SafeString(" checked") if checked else "", title,
        format_html(' <span class="pill p-accent">{}</span>', badge) if badge else "", text, content,
    )  # fmt: skip


@register.inclusion_tag("parts/event_preview.html")
def event_preview(role: str, name: str) -> dict[str, object]:
    """`{% event_preview "read" "Megan Bowen" %}`: how an ordinary and a private event look to a person."""
    shown = PREVIEWS.get(role, ())
    if not shown:
        return {"name": name, "is_known": shown is None}
    event, private, may_change, is_invited = shown
    return {
        "name": name, "is_known": True, "event": event, "private": private,
        "sees_event": event != BUSY, "sees_private": private != BUSY,
        "may_change": may_change, "is_invited": is_invited,
    }  # fmt: skip


@register.simple_tag
def error_summary(errors: BaseForm | Iterable[tuple[str, str]]) -> SafeString:
    """`{% error_summary form %}`: what to put right, on top of a 422, each a link to its field.

    Takes a form (a field's link is #id_NAME) or pairs of (text, address). Nothing where there is no error.
    """
    if isinstance(errors, BaseForm):
        pairs = [
            (message, f"#id_{name}" if name in errors.fields else "#main")
            for name, messages in errors.errors.items()
            for message in messages
        ]
    else:
        pairs = list(errors)
    if not pairs:
        return SafeString("")
    return format_html(
        '<div class="summary mb-4" role="alert" tabindex="-1"><h2 class="h3">There is a problem</h2><ul>{}</ul></div>',
        format_html_join("", '<li><a href="{1}">{0}</a></li>', pairs),
    )


@register.filter
def bold(sentence: str, names: str | Iterable[str]) -> SafeString:
    """`{{ sentence|bold:change.name }}`: the sentence with a name, or each of several, in bold."""
    wanted = [name for name in ([names] if isinstance(names, str) else names) if name]
    if not wanted:
        return format_html("{}", sentence)
    parts = re.split(f"({'|'.join(map(re.escape, wanted))})", sentence)
    return format_html_join("", "{}", ((format_html("<strong>{}</strong>", p) if p in wanted else p,) for p in parts))


@register.filter
def moment(at: datetime | None) -> str:
    """`{{ at|moment }}`: "today 09:14", "12 November 2026, 09:14"; empty for None."""
    return words.moment(timezone.localtime(at), timezone.localtime()) if at else ""


@register.filter
def ago(at: datetime | None) -> str:
    """`{{ at|ago }}`: "4 minutes ago"; from a day on as `moment`."""
    return words.ago(timezone.localtime(at), timezone.localtime()) if at else ""


@register.filter
def day(at: datetime | None) -> str:
    """`{{ at|day }}`: "12 November 2026"."""
    return words.day(timezone.localtime(at)) if at else ""


@register.filter
def short_day(at: datetime | None) -> str:
    """`{{ at|short_day }}`: "12 Nov 2026", for tables."""
    return words.short_day(timezone.localtime(at)) if at else ""


@register.filter
def number(value: int | None) -> str:
    """`{{ total|number }}`: 48,377; empty for None."""
    return f"{value:,}" if value is not None else ""
