"""What stands around a table: heads that sort, pages, filters, saved views and what the list covers."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from .people import icon

register = template.Library()

KEPT = ("tenant", "sort")  # what a filter form takes along


def with_query(request: HttpRequest, **changes: str) -> str:
    """The page's query string with some parameters set, and those dropped whose value is empty."""
    query = request.GET.copy()
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return "?" + urlencode(sorted(query.lists()), doseq=True)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: str) -> str:
    """`{% query role="read" after="" %}`: this page's query string, with changes."""
    return with_query(context["request"], **changes)


@register.simple_tag(takes_context=True)
def th(context: Context, label: str, key: str = "", cls: str = "", first: str = "") -> SafeString:
    """`{% th "Person" "person" %}`: a column head; with a key a sort link that goes to page 1.

    The page's context names the sort in force as `sort`: "person", or "-person" for descending.
    `first="-"` makes the first click sort descending, for dates and numbers.
    """
    css = format_html(' class="{}"', cls) if cls else ""
    if not key:
        return format_html('<th scope="col"{}>{}</th>', css, label)
    sort = context.get("sort") or ""
    if sort == key:
        state, goes_to, drawn = "ascending", f"-{key}", "arrow-up"
    elif sort == f"-{key}":
        state, goes_to, drawn = "descending", key, "arrow-down"
    else:
        state, goes_to, drawn = "", f"{first}{key}", "selector"
    return format_html(
        '<th scope="col"{}{}><a class="sort" href="{}">{}{}</a></th>',
        css,
        format_html(' aria-sort="{}"', state) if state else "",
        with_query(context["request"], sort=goes_to, after="", before=""),
        label,
        icon(drawn),
    )


@register.simple_tag(takes_context=True)
def pager(context: Context, page) -> SafeString:
    """`{% pager page %}`: which rows these are, and links to the rows before and after.

    `page` has `first` and `last` (numbers of the rows shown), `total` (None where not counted), `capped` (there are
    more than `total`), `before` and `after` (cursors, empty where there is nothing that way).
    """
    if page.total is None:
        said = f"{page.first:,} to {page.last:,}"
    elif page.total:
        said = f"{page.first:,} to {page.last:,} of {page.total:,}{'+' if page.capped else ''}"
    else:
        said = "No rows"
    ways = (("Previous", "prev", "before", page.before), ("Next", "next", "after", page.after))
    links = [_page_link(context["request"], *way) for way in ways]
    return format_html(
        '<nav class="row-wrap pager" aria-label="Pages"><span class="meta num">{}</span>'
        '<span class="end">{}{}</span></nav>',
        said, *links,
    )  # fmt: skip


def _page_link(request: HttpRequest, label: str, rel: str, name: str, cursor: str) -> SafeString:
    if not cursor:
        return SafeString("")
    goes_to = with_query(request, **{"after": "", "before": "", name: cursor})
    return format_html('<a class="btn btn-sm" rel="{}" href="{}">{}</a>', rel, goes_to, label)


@register.simple_tag
def subtabs(label: str, tabs: Iterable[tuple[str, str, int | None, bool]]) -> SafeString:
    """`{% subtabs "Saved views" tabs %}`: links above a table; each is (text, href, count or None, is current)."""
    items = (
        (
            href,
            SafeString(' aria-current="page"') if is_current else "",
            text,
            "" if count is None else _count(count, is_current),
        )
        for text, href, count, is_current in tabs
    )
    return format_html(
        '<nav aria-label="{}"><ul class="tabs tabs-sub">{}</ul></nav>',
        label, format_html_join("", '<li><a href="{}"{}>{}{}</a></li>', items),
    )  # fmt: skip


def _count(count: int, is_current: bool) -> SafeString:
    cls = " count-on" if is_current else ""
    return format_html(' <span class="count{}">{}</span>', cls, f"{count:,}")


@register.simple_block_tag(takes_context=True)
def filters(context: Context, content: SafeString, label: str) -> SafeString:
    """`{% filters "Filter access" %}{% search_field … %}{% select_field … %}{% endfilters %}`: a GET form."""
    given = context["request"].GET
    kept = ((name, given[name]) for name in KEPT if given.get(name))
    return format_html(
        '<form class="row-wrap filters mb-3" method="get" role="search" aria-label="{}">{}{}'
        '<button class="btn">Filter</button></form>',
        label, format_html_join("", '<input type="hidden" name="{}" value="{}">', kept), content,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def search_field(context: Context, label: str, name: str = "q") -> SafeString:
    """`{% search_field "Owner, person or calendar" %}`: the search box of a filter form."""
    return format_html(
        '<div class="search"><label class="visually-hidden" for="f-{1}">{0}</label>{3}<input class="form-control"'
        ' id="f-{1}" name="{1}" type="search" placeholder="{0}" value="{2}"></div>',
        label, name, context["request"].GET.get(name, ""), icon("search"),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def select_field(context: Context, label: str, name: str, options: Iterable[tuple[str, str]]) -> SafeString:
    """`{% select_field "Role" "role" role_options %}`: a drop-down; each option is (value, text)."""
    chosen = context["request"].GET.get(name, "")
    drawn = format_html_join(
        "", '<option value="{}"{}>{}</option>',
        ((value, SafeString(" selected") if value == chosen else "", text) for value, text in options),
    )  # fmt: skip
    return format_html(
        '<label class="visually-hidden" for="f-{1}">{0}</label>'
        '<select class="form-select" id="f-{1}" name="{1}">{2}</select>',
        label, name, drawn,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def date_field(context: Context, label: str, name: str) -> SafeString:
    """`{% date_field "From" "from" %}`: a day in a filter form."""
    return format_html(
        '<div class="on-day"><label class="meta" for="f-{1}">{0}</label>'
        '<input class="form-control" id="f-{1}" name="{1}" type="date" value="{2}"></div>',
        label, name, context["request"].GET.get(name, ""),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def chips(context: Context, count: int | str, active: Iterable[tuple[str, str]] = ()) -> SafeString:
    """`{% chips page.total chips %}`: the number of results, and each filter in force as a link that drops it.

    `active` has (text, parameter); `count` is a number, or words where it is not exact.
    """
    request = context["request"]
    found = f"{count:,} {'result' if count == 1 else 'results'}" if isinstance(count, int) else count
    drawn = [
        format_html(
            '<a class="chip" href="{}">{}{}<span class="visually-hidden">: remove this filter</span></a>',
            with_query(request, **{name: "", "after": "", "before": ""}), text, icon("x"),
        )
        for text, name in active
    ]  # fmt: skip
    if drawn:
        kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
        drawn.append(format_html('<a class="link meta" href="?{}">Clear all</a>', urlencode(kept)))
    return format_html(
        '<div class="row-wrap mb-3"><span class="meta num" role="status">{}</span>{}</div>',
        found, format_html_join("", "{}", ((link,) for link in drawn)),
    )  # fmt: skip


@register.inclusion_tag("parts/coverage.html")
def coverage(covered) -> dict[str, object]:
    """`{% coverage covered %}`: what a list covers and how old it is; belongs above every list of access.

    `covered` has `total` and `read` (numbers of mailboxes), `unread` (those that could not be read), `oldest_at` (the
    oldest reading shown, or None) and `href` (where the unread ones are listed, or "").
    """
    return {"covered": covered}
