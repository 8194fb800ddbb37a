"""Icons, people, roles and flags: small pieces that stand in every row."""

from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sharing import words
from sharing.models import Calendar

register = template.Library()

PERSON_ICONS = {"organization": "building", "group": "users-group", "unresolved": "user-question"}

# kind: (class, icon, words)
FLAGS = {
    "outside": ("f-out", "world", "Outside"),
    "guest": ("f-out", "world", "Guest"),
    "group": ("", "users-group", "Group"),
    "unresolved": ("f-out", "user-question", "Not found in the directory"),
    "disabled": ("f-bad", "user-off", "Account disabled"),
    "deleted": ("f-bad", "user-x", "Account deleted"),
    "new": ("f-good", "circle-check", "New this week"),
    "unread": ("", "eye-off", "Last known, mailbox not readable"),
    "never": ("", "circle-dashed", "Not read yet"),
    "applying": ("f-wait", "loader", "Applying…"),
    "unconfirmed": ("f-out", "help-circle", "Microsoft has not confirmed yet"),
    "wide": ("f-out", "eye", "Everyone sees more than busy"),
}


register.filter("visible", words.visible)


@register.simple_tag
def icon(name: str, cls: str = "") -> SafeString:
    """`{% icon "clock" %}`: one icon of the sprite, hidden from readers, always beside words."""
    return _icon(static("icons.svg"), name, cls)


@lru_cache(maxsize=256)  # a table of 100 rows draws some 400 of a dozen
def _icon(sprite: str, name: str, cls: str) -> SafeString:
    return format_html(
        '<svg class="icon{}" aria-hidden="true" viewBox="0 0 24 24"><use href="{}#{}"/></svg>',
        f" {cls}" if cls else "", sprite, name,
    )  # fmt: skip


def initials(name: str) -> str:
    """ "MB" for Megan Bowen; one letter for one word; "?" for a name without a letter or figure."""
    parts = [part for part in name.split() if part[0].isalnum()]
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()


@register.simple_tag
def avatar(name: str, kind: str = "user", size: str = "") -> SafeString:
    """`{% avatar person.name kind="group" size="sm" %}`: initials on one of five tints, or an icon.

    `kind` is Person.kind or "organization"; `size` is "sm", "lg" or empty.
    """
    drawn = PERSON_ICONS.get(kind)
    tone = 0 if drawn else sum(map(ord, name)) % 5 + 1
    return format_html(
        '<span class="avatar{} a{}" aria-hidden="true">{}</span>',
        f" avatar-{size}" if size else "", tone, icon(drawn) if drawn else initials(name),
    )  # fmt: skip


@register.simple_tag
def who(
    name: str, sub: str = "", href: str = "", size: str = "", kind: str = "user", dense: bool = False
) -> SafeString:
    """`{% who person.name sub=person.job_title href=url %}`: a person with a second part below.

    `dense=True` is for IT tables: one line, no avatar, the second part muted on the same line.
    """
    link = '<a class="plain" href="{1}">{0}</a>' if href else '<span class="strong">{0}</span>'
    named, sub = format_html(link, words.visible(name), href), words.visible(sub)
    if dense:
        beside = format_html(' <span class="sub">{}</span>', sub) if sub else ""
        return format_html('<span class="who-line">{}{}</span>', named, beside)
    below = format_html('<span class="meta">{}</span>', sub) if sub else ""
    return format_html('<span class="who">{}<span>{}{}</span></span>', avatar(name, kind, size), named, below)


@register.simple_tag
def role(
    value: str, audience: str = words.IT, organization: bool = False, whose: words.Whose = words.YOU
) -> SafeString:
    """`{% role permission.role "owner" %}`: the badge of a role, in IT's words unless told otherwise.

    `organization=True` is for the row of everyone at an organization: it says "Not shared" for none.
    """
    said = words.role_words(value)
    return format_html(
        '<span class="role r-{}">{}{}</span>',
        said.tone, icon(said.icon), words.role_label(value, audience, is_organization=organization, whose=whose),
    )  # fmt: skip


@register.simple_tag
def role_sentence(value: str, organization: bool = False, whose: words.Whose = words.YOU) -> str:
    """`{% role_sentence permission.role %}`: what that lets a person do, in the owner's words."""
    return words.role_sentence(value, is_organization=organization, whose=whose)


@register.simple_tag
def flag(kind: str, detail: str = "") -> SafeString:
    """`{% flag "outside" "fabrikam.com" %}`: what is worth noticing of a row; the kinds are in FLAGS."""
    cls, drawn, text = FLAGS[kind]
    return format_html(
        '<span class="flag{}">{}{}{}</span>',
        f" {cls}" if cls else "", icon(drawn), text, f" · {detail}" if detail else "",
    )  # fmt: skip


@register.simple_tag
def pill(text: str, tone: str = "", drawn: str = "") -> SafeString:
    """`{% pill "Held" "warn" "clock" %}`: a status; tones are bad, warn, good, accent or none."""
    cls = f" p-{tone}" if tone else ""
    return format_html('<span class="pill{}">{}{}</span>', cls, icon(drawn) if drawn else "", text)


@register.simple_tag
def mailbox_state(state: str) -> SafeString:
    """`{% mailbox_state mailbox.state %}`: how well a mailbox was read, in IT's words."""
    said = words.state_words(state)
    return pill(said.it, said.tone, said.icon)


@register.simple_tag
def summary(
    permissions, org_name: str = "", whose: words.Whose = words.YOU, calendar: Calendar | None = None
) -> SafeString:
    """`{% summary calendar.shared tenant.name %}`: who shares a calendar in one line, names in bold.

    Each of `permissions` has `name`, `role` and `is_organization`. With `calendar`, a name leads to what that person
    can do there.
    """
    parts = words.summary_parts(permissions, org_name, whose)
    return format_html_join("", "{}", ((_part(text, held, calendar),) for text, held in parts))


def _part(text: str, held: Any, calendar: Calendar | None) -> SafeString | str:
    if held is None:
        return text
    if calendar is None:
        return format_html("<strong>{}</strong>", text)
    href = reverse("role", args=[calendar.public_id, held.pk])
    return format_html('<a class="link strong" href="{}">{}</a>', href, text)
