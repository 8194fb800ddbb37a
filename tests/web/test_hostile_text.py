"""Names are text on every page, whatever they hold: those of calendars, of people and of whole tenants."""

import csv
import io
import re

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.urls import reverse

from sharing import words
from sharing.models import Calendar, CalendarPermission, Change, Person, Tenant, User
from tests.cast import ALEX, ALLAN, ISAIAH, LIDIA, MEGAN, NOW, VIKRAM, read

from .classes import ANYBODY, INSTALLATION, IT, OPERATOR, OWNER, SETUP, SHAREE, SIGNED_IN
from .hostile import BENIGN, PAYLOADS, RUNS, Made, flat
from .routes import places_of, routes

WHO = {
    ANYBODY: ALEX, SIGNED_IN: ALEX, OWNER: ALEX, IT: ISAIAH, OPERATOR: LIDIA, SETUP: ALLAN, INSTALLATION: VIKRAM,
    SHAREE: MEGAN,
}  # fmt: skip
LEADS_TO = re.compile(r"$|(/|\?|#|https://outlook\.office\.com/calendar/$)(?!/)")
ABOUT_THE_TENANT = ("it:overview", "it:delegates", "setup:connections", "setup:runs", "setup:roles", "calendar")


@pytest.fixture
def give_names(cast, cloud):
    """`give_names(names, "x")`: Alex shares a calendar of each name with somebody new of that name, x…@contoso.com."""

    def give(names, prefix):
        def outside(do, **fields):
            cloud.state.apply({"do": do, "tenant": str(cast.contoso.tid), "mailbox": ALEX, **fields})

        for number, name in enumerate(names):
            address = f"{prefix}{number}@contoso.com"
            outside("add_user", name=name, address=address)
            outside("add_calendar", name=name)
            outside("share", who=address, role="delegateWithoutPrivateEventAccess" if number % 2 else "write")
            outside("share", calendar=name, who=address, role="read")
        read(cast.contoso, NOW)

    return give


def visit(cast, place, prefix):
    """Address → what the page there is made of: every route, and every page about the new people and calendars."""
    browsers = {who: cast.browser(who) for who in set(WHO.values())}
    asked = [(WHO[r.what.audience], place.url(r)) for r in routes() if r.what.get != 405 and r.what.is_page]
    asked += [(ISAIAH, f"{reverse('it:access')}?q={q}") for q in (prefix, "%3Cscript%3E", "%22%3E")]
    for permission in new_permissions(prefix):
        asked += [(who, url) for who, url in pages_about(permission)]
        asked += [(ALEX, reverse("role", args=[permission.calendar.public_id, permission.pk]) + "?to=freeBusyRead")]
    for calendar in Calendar.objects.filter(mailbox__person__address=ALEX, is_own=True):
        asked += [(ALEX, reverse("calendar", args=[calendar.public_id]))]
    return {url: Made(browsers[who].get(url, follow=True).content.decode()) for who, url in asked}


def new_permissions(prefix):
    rows = CalendarPermission.objects.filter(address__startswith=prefix, calendar__is_default=True).order_by("pk")
    return rows.select_related("calendar", "grantee")


def pages_about(permission):
    """Where the holder's name stands, and who looks at it."""
    below = [permission.calendar.public_id, permission.pk]
    yield ALEX, reverse("calendar", args=below[:1])
    yield ALEX, reverse("role", args=below)
    yield ALEX, reverse("remove", args=below)
    yield ISAIAH, reverse("it:person", args=[permission.grantee.public_id])
    yield ALLAN, reverse("setup:mailbox", args=[permission.grantee.mailboxes.get().public_id])


def tags_of(pages):
    return {tag for made in pages.values() for tag in made.tags}


@pytest.mark.slow
def test_names_are_read_as_they_stand_and_make_nothing(cast, give_names):
    place = places_of(cast)[0]
    give_names(BENIGN[:12], "benign")  # from so many on a list of people can be searched
    plain = tags_of(visit(cast, place, "benign"))
    give_names(PAYLOADS, "hostile")
    pages = visit(cast, place, "hostile")

    assert tags_of(pages) - plain == set()
    assert [tag for tag in plain for name in tag[1:] if name.startswith("on") or name == "style"] == []
    assert {address for made in pages.values() for address in made.addresses if not LEADS_TO.match(address)} == set()

    permissions = {permission.address: permission for permission in new_permissions("hostile")}
    for number, payload in enumerate(PAYLOADS):
        permission = permissions[f"hostile{number}@contoso.com"]
        assert flat(permission.grantee.name) == flat(payload)
        for _, url in pages_about(permission):
            assert flat(words.visible(payload)) in pages[url].text, (payload, url)
        named = Calendar.objects.get(mailbox=permission.mailbox, is_own=True, name=permission.grantee.name)
        for url in (reverse("calendar", args=[named.public_id]), reverse("home")):
            assert flat(words.visible(payload)) in pages[url].text, (payload, url)


def test_a_tenant_may_be_called_anything(cast):
    place = places_of(cast)[0]
    browsers = {who: cast.browser(who) for who in set(WHO.values())}
    asked = [route for route in routes() if route.name in ABOUT_THE_TENANT]

    def look():
        answers = {route.name: browsers[WHO[route.what.audience]].get(place.url(route)) for route in asked}
        return {name: Made(answer.content.decode()) for name, answer in answers.items()}

    plain = tags_of(look())
    for number in range(0, len(PAYLOADS), 5):
        name = " ".join(PAYLOADS[number : number + 5])[:256]
        Tenant.objects.filter(pk=cast.contoso.pk).update(name=name)
        pages = look()
        assert tags_of(pages) - plain == set(), name
        assert [page for page, made in pages.items() if flat(words.visible(name)) not in made.text] == [], name


HIDES = "\u202e\u2066\u200b"


@pytest.mark.slow
def test_nothing_hides_in_a_page_and_no_text_is_turned_around(cast):
    place = places_of(cast)[0]
    for rows, columns in (
        (Person.objects.all(), ("name", "address", "job_title", "department")),
        (User.objects.all(), ("name", "address")),
        (Tenant.objects.all(), ("name",)),
        (Calendar.objects.all(), ("name", "owner_name")),
        (CalendarPermission.objects.all(), ("name", "address")),
        (Change.objects.all(), ("name",)),
    ):
        rows.update(**{column: Concat(Value(f"Ad{HIDES}"), column) for column in columns})

    browsers = {who: cast.browser(who) for who in set(WHO.values())}
    asked = [(WHO[r.what.audience], place.url(r)) for r in routes() if r.what.get != 405 and r.what.is_page]
    asked += [(ISAIAH, reverse("it:people") + f"?kind={kind}") for kind in ("guest", "group", "outside", "unresolved")]
    asked += [(ISAIAH, reverse("it:access") + f"?tab=organization&person={place.person}")]
    pages = {url: browsers[who].get(url, follow=True).content.decode() for who, url in asked}
    refused = browsers[ALLAN].post(reverse("setup:roles"), {"address": "nobody@contoso.com", "role": "reviewer"})
    pages["a form that is refused"] = refused.content.decode()

    found = {url: re.findall(f".{{40}}[{HIDES}].{{10}}", page, re.DOTALL) for url, page in pages.items()}
    assert {url: hits[:2] for url, hits in found.items() if hits} == {}
    assert sum("Ad\\u202e\\u2066\\u200b" in page for page in pages.values()) > len(pages) // 2


def test_a_spreadsheet_runs_none_of_them(cast, give_names):
    give_names(PAYLOADS, "hostile")
    for name in ("it:access_csv", "it:delegates_csv"):
        answer = cast.browser(ISAIAH).get(reverse(name))
        text = b"".join(answer).decode("utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text, newline=""))
        assert {len(row) for row in rows} == {len(head)}
        cells = {cell for row in rows for cell in row}
        assert {cell for cell in cells if cell.lstrip(" \u200b\ufeff\u00a0").startswith(RUNS)} == set()
        assert re.fullmatch(r'attachment; filename="[a-z]+-2026-11-21\.csv"', answer["Content-Disposition"])
        shared = new_permissions("hostile") if name == "it:access_csv" else new_permissions("hostile").delegates()
        names = {permission.grantee.name for permission in shared}
        assert {name for name in names if name not in cells and f"'{name}" not in cells} == set()
        assert len(names) >= len(PAYLOADS) // 2
