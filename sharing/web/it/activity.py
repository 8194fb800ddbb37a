"""The activity log: who did what, filtered by actor, person, action and days; and the same as CSV."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from sharing import access
from sharing.models import AuditEvent, Mailbox, Person, Tenant, User
from sharing.models.names import folded
from sharing.web.asked import Asked
from sharing.web.setup.frame import setup_page
from sharing.web.tags.tables import with_query
from sharing.words import activity as words
from sharing.words import short_day

from .csv import csv_response
from .events import CSV_COLUMNS, Names, csv_row, line_of
from .frame import it_page, person_links, same_tenant
from .tables import Option, Query, asked, count_branches, one_page, ordered

COLUMNS = tuple(f.attname for f in AuditEvent._meta.concrete_fields if f.name not in ("prev", "tenant"))
NEWEST = ("at", "id")
MOST_FOUND = 8  # people or accounts that one search stands for
AT_ONCE = 500
_ACCOUNT = re.compile(r"[0-9a-f-]{36}\.[0-9a-f-]{36}|system|nobody|cli:.{1,76}")
Rows = QuerySet[AuditEvent]


@it_page
def activity_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """100 events a page, the newest first."""
    return _page(request, tenant, access.activity_for_it(request.user, tenant), "it")


@it_page
def activity_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    """The same events, all of them; taking them along is an event, too."""
    return _csv(request, tenant, access.activity_for_it(request.user, tenant))


@setup_page
def setup_activity_page(request: Asked, tenant: Tenant) -> HttpResponse:
    """The same for admins, and for those of the installation what happened in no tenant."""
    return _page(request, tenant, _for_setup(request, tenant), "setup")


@setup_page
def setup_activity_csv(request: Asked, tenant: Tenant) -> StreamingHttpResponse:
    return _csv(request, tenant, _for_setup(request, tenant))


def _for_setup(request: Asked, tenant: Tenant) -> Rows:
    if asked(request, "log") == "installation":
        return access.activity_of_installation(request.user)
    return access.activity_for_setup(request.user, tenant)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for: which rows, in parts that share none, and how that is said above them."""

    branches: list[Rows]
    chips: list[tuple[str, str]]
    query: Query
    is_cut: bool = False


def _page(request: Asked, tenant: Tenant, rows: Rows, area: str) -> HttpResponse:
    wanted = _wanted(request, tenant, rows)
    of = None if asked(request, "log") == "installation" and area == "setup" else tenant
    page = one_page(request, wanted.branches, tenant=of, values=COLUMNS, columns=NEWEST, sort="-at")
    page.total = count_branches(wanted.branches)
    names = Names(tenant, page.rows)
    link = person_links(request) if area == "it" else None
    now = timezone.localtime()
    to_actor, to_verb = _narrowing(request, "actor"), _narrowing(request, "action")
    page.rows = [line_of(row, names, now=now, link=link, to_actor=to_actor, to_verb=to_verb) for row in page.rows]
    here = reverse(f"{area}:activity") + same_tenant(request)
    return render(request, "it/activity.html", {
        "title": "Activity",
        "lead": f"Who did what {'in Calwarden itself' if of is None else f'at {tenant}'}. Nothing here can be altered.",
        "csv": f"{area}:activity_csv",
        "chips": wanted.chips,
        "actions": _actions(request),
        "tabs": _tabs(request, area, tenant, of is None),
        "log": "installation" if of is None else "",
        "page": page,
        "is_cut": wanted.is_cut,
        "most": MOST_FOUND,
        "clear": here,
    })  # fmt: skip


def _narrowing(request: Asked, name: str) -> Callable[[str], str]:
    """Links to this list with one more filter: all but its value is the same for every row, so it is made once."""
    head = with_query(request, **{name: "", "after": "", "before": ""})
    head += f"{'' if head == '?' else '&'}{name}="
    return lambda value: head + quote(value)


def _csv(request: Asked, tenant: Tenant, rows: Rows) -> StreamingHttpResponse:
    wanted = _wanted(request, tenant, rows)
    return csv_response(
        request, tenant, _csv_rows(tenant, wanted.branches), columns=CSV_COLUMNS, name="activity", asked=wanted.query,
        now=timezone.now(),
    )  # fmt: skip


def _csv_rows(tenant: Tenant, branches: list[Rows]) -> Iterator[dict[str, Any]]:
    if len(branches) == 1:
        found = ordered(branches[0], NEWEST, True).values(*COLUMNS).iterator(chunk_size=AT_ONCE)
    else:
        keys = branches[0].values_list(*NEWEST).union(*(b.values_list(*NEWEST) for b in branches[1:]), all=True)
        found = _in_chunks([key[-1] for key in ordered(keys, NEWEST, True)])
    while some := list(islice(found, AT_ONCE)):
        names = Names(tenant, some)
        yield from (csv_row(row, names) for row in some)


def _in_chunks(ids: list[int]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(ids), AT_ONCE):
        rows = AuditEvent.objects.filter(pk__in=ids[start : start + AT_ONCE])
        yield from ordered(rows, NEWEST, True).values(*COLUMNS)


# What is asked for ---------------------------------------------------------------------------------------


def _wanted(request: Asked, tenant: Tenant, rows: Rows) -> Wanted:
    rows, options, chips = _days(request, rows)
    verbs = _verbs(asked(request, "action"))
    if verbs:
        word = asked(request, "action")
        label = next((label for group, label, _ in words.GROUPS if group == word), words.verb_label(word))
        options["action"] = Option(word, label, lambda now, tenant: Q())
        chips.append((label, "action"))
    persons, person_cut = _people(tenant, asked(request, "person")[:100])
    actors, actor_cut = _accounts(tenant, asked(request, "actor")[:100])
    query = Query(options, asked(request, "person") or asked(request, "actor"), "-at")
    parts = [rows]
    if actors is not None:
        chips.append((f"By {_said(actors.labels, asked(request, 'actor'))}", "actor"))
        parts = [part.filter(actor=key) for part in parts for key in actors.keys] or [rows.none()]
    if persons is not None:
        chips.append((f"About {_said(persons.labels, asked(request, 'person'))}", "person"))
        if len(parts) > 1:  # one of the two is looked up, the other only compared
            parts = [rows.filter(actor__in=actors.keys if actors else [])]
        parts = [branch for part in parts for branch in _about(part, persons)] or [rows.none()]
    if verbs and (actors is not None or len(parts) > 1):
        parts = [part.filter(verb__in=verbs) for part in parts]
    elif verbs:
        parts = [parts[0].filter(verb=verb) for verb in verbs]
    return Wanted(parts, chips, query, person_cut or actor_cut)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a search stands for: `labels` to be said, `keys` of people or accounts, `mailboxes` of people."""

    labels: list[str]
    keys: list[str]
    mailboxes: tuple[str, ...] = ()


def _said(labels: list[str], typed: str) -> str:
    return labels[0] if len(labels) == 1 else f"“{typed}”"


def _about(rows: Rows, persons: _Found) -> list[Rows]:
    """One branch for each key, so that each is a range of an index; a row in two of them is in the first."""
    branches = [rows.filter(person_key=key) for key in persons.keys]
    others = rows.exclude(person_key__in=persons.keys)
    return branches + [others.filter(mailbox_key=key) for key in persons.mailboxes]


def _people(tenant: Tenant, typed: str) -> tuple[_Found | None, bool]:
    if not typed:
        return None, False
    people = Person.objects.filter(tenant=tenant)
    found = list(people.filter(public_id=typed)[:1])
    if not found:
        for word in folded(typed).split()[:5]:
            people = people.filter(search__contains=word)
        found = list(people.order_by("pk")[: MOST_FOUND + 1])
    some = found[:MOST_FOUND]
    keys = [key for person in some for key in (person.public_id, str(person.oid or "")) if key]
    mailboxes = Mailbox.objects.filter(person__in=some).values_list("public_id", flat=True)
    return _Found([str(person) for person in some], keys, tuple(mailboxes)), len(found) > MOST_FOUND


def _accounts(tenant: Tenant, typed: str) -> tuple[_Found | None, bool]:
    """Accounts by name or address, or the one that is named exactly, as links from a row do."""
    if not typed:
        return None, False
    if _ACCOUNT.fullmatch(typed):
        user = User.objects.filter(username=typed).first()
        return _Found([str(user) if user else words.actor_label(typed) or typed], [typed]), False
    users = User.objects.filter(Q(tenant=tenant) | Q(role_assignments__tenant=None, role_assignments__isnull=False))
    for word in typed.split()[:5]:
        users = users.filter(Q(name__icontains=word) | Q(address__icontains=word))
    found = list(users.order_by("pk").distinct()[: MOST_FOUND + 1])
    some = found[:MOST_FOUND]
    return _Found([str(user) for user in some], [user.username for user in some]), len(found) > MOST_FOUND


def _verbs(word: str) -> list[str]:
    return words.verbs_in(word) or ([word] if word in words.VERBS else [])


def _days(request: Asked, rows: Rows) -> tuple[Rows, dict[str, Option], list[tuple[str, str]]]:
    """From the first day's beginning to the last one's end, in the zone the page tells its times in."""
    options: dict[str, Option] = {}
    chips = []
    for name, word in (("from", "From"), ("to", "Until")):
        try:
            day = parse_date(asked(request, name))
        except ValueError:  # the 31st of February
            day = None
        if day is None or not 1900 < day.year < 9000:
            continue
        start = timezone.make_aware(datetime.combine(day, time.min))
        condition = Q(at__gte=start) if name == "from" else Q(at__lt=start + timedelta(days=1))
        rows = rows.filter(condition)
        options[name] = Option(day.isoformat(), word, lambda now, tenant: Q())
        chips.append((f"{word} {short_day(start)}", name))
    return rows, options, chips


def _actions(request: Asked) -> list[tuple[str, str]]:
    """The parts of the log, and the one act that is asked for, if it is one."""
    word = asked(request, "action")
    one = [(word, words.verb_label(word))] if word in words.VERBS else []
    return [("", "Any action"), *((group, label) for group, label, _ in words.GROUPS), *one]


def _tabs(request: Asked, area: str, tenant: Tenant, is_installation: bool) -> list[tuple[str, str, None, bool]]:
    if area != "setup" or not access.may_list_tenants(request.user):
        return []
    here = reverse("setup:activity")
    return [
        (str(tenant), here + same_tenant(request) or "?", None, not is_installation),
        ("Calwarden itself", here + same_tenant(request, log="installation"), None, is_installation),
    ]
