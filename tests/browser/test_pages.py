"""Every page in a real browser: at three widths, light and dark, with axe and the policy on."""

from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve, reverse

from sharing.models import CalendarPermission, Grant
from tests.cast import ALEX, ALLAN, CHARLIE, FIONA, GUEST, ISAIAH, KIDS, LIDIA, MEGAN, NOBODY, VIKRAM
from tests.web.classes import ANYBODY, CLASSES, INSTALLATION, IT, OPERATOR, OWNER, SETUP, SHAREE, SIGNED_IN
from tests.web.routes import every_route, routes

from .conftest import AXE, WIDTHS, listen, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WHO = {
    ANYBODY: NOBODY, SIGNED_IN: ALEX, OWNER: ALEX, IT: ISAIAH, OPERATOR: LIDIA, SETUP: ALLAN, INSTALLATION: VIKRAM,
    SHAREE: MEGAN,
}  # fmt: skip
CONTRAST = ["color-contrast", "link-in-text-block"]  # what a theme can spoil

# Beside each route as it is: who goes where, and which of it they look at.
ALSO = {
    "sign-in, signed out": (NOBODY, lambda place: "/signin/?out"),
    "missing page": (NOBODY, lambda place: "/no/such/page"),
    "missing page, signed in": (ALEX, lambda place: reverse("calendar", args=["nothing"])),
    "home without a mailbox": (GUEST, lambda place: "/"),
    "home of one who shares nothing": (CHARLIE, lambda place: "/"),
    "home of a steward": (FIONA, lambda place: "/"),
    "meeting requests without a mailbox": (GUEST, lambda place: reverse("delivery")),
    "one calendar of several": (ALEX, lambda place: reverse("calendar", args=[kids().calendar.public_id])),
    "everyone's role": (ALEX, lambda place: reverse("role", args=below(everyone(place)))),
    "question before a lower role": (ALEX, lambda place: reverse("role", args=below(kids())) + "?to=freeBusyRead"),
    "question before a higher role": (ALEX, lambda place: reverse("role", args=below(kids())) + "?to=write"),
    "access, nothing found": (ISAIAH, lambda place: reverse("it:access") + "?q=nobody-is-called-so"),
    "access, everyone": (ISAIAH, lambda place: reverse("it:access") + "?rows=everyone"),
    "access, filtered": (ISAIAH, lambda place: reverse("it:access") + "?where=outside&flag=gone"),
    "people, outside": (ISAIAH, lambda place: reverse("it:people") + "?kind=outside"),
    "users that could not be read": (ALLAN, lambda place: reverse("setup:users") + "?state=no_mailbox"),
    "a held run": (ALLAN, lambda place: reverse("setup:run", args=[place.held])),
    "one's own role": (ALLAN, lambda place: reverse("setup:roles")),
    "own connection, none yet": (CHARLIE, lambda place: reverse("account:home")),
    "own connection that ended": (ALEX, lambda place: lost()),
    "connections of all tenants": (VIKRAM, lambda place: reverse("setup:connections")),
}


def lost():
    Grant.objects.filter(user__address=ALEX).update(state=Grant.LOST, cause="AADSTS50173", sealed="")
    return reverse("account:home")


def kids():
    return CalendarPermission.objects.select_related("calendar").get(calendar__name=KIDS, address__startswith="Adele")


def everyone(place):
    rows = CalendarPermission.objects.select_related("calendar")
    return rows.get(calendar__public_id=place.calendar, is_organization=True)


def below(permission):
    return [permission.calendar.public_id, permission.pk]


def pages():
    return [route for route in routes() if route.what.is_page and route.what.get != 405]


def test_every_address_that_answers_get_is_visited_or_said_to_be_no_page():
    visited = {route.name for route in pages()}
    known = {name for name, what in CLASSES.items() if what.get == 405 or not what.is_page}
    assert {route.name for route in every_route()} - visited - known == set()


@pytest.mark.parametrize("route", pages(), ids=lambda route: route.name)
def test_page(portal, route):
    place = portal.places[0]
    check(portal, WHO[route.what.audience], place.url(route))


@pytest.mark.parametrize("name", ALSO)
def test_page_in_another_state(portal, name):
    who, path = ALSO[name]
    check(portal, who, path(portal.places[0]))


def check(portal, who, path):
    """Sound at every width, in both themes: no violation, nothing wider than the screen, no complaint."""
    page = portal.context(who).new_page()
    heard = listen(page)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.goto(portal.url + path, wait_until="load")
    assert page.title().endswith("Calwarden")
    assert page.locator("h1").count() == 1
    page.evaluate(AXE)
    wrong = []
    for theme in ("light", "dark"):
        # As the server draws it where the theme was chosen.
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found = violations(page, rules=CONTRAST if theme == "dark" else None)
            wrong += [f"{theme}, {width}: {each}" for each in found]
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                wrong.append(f"{theme}, {width}: {over} px too wide, {widest(page)}")
    # The system's own darkness, where no theme was chosen.
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.dataset.bsTheme = 'auto'")
    wrong += [f"auto: {each}" for each in violations(page, rules=CONTRAST)]
    wrong += leading_nowhere(page)
    page.close()
    assert wrong == []
    assert heard == []


def leading_nowhere(page):
    """Links without an address, to places that are not on the page, or to addresses that the portal does not know."""
    wrong = []
    for href in set(page.evaluate("() => [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")):
        if href and href.startswith("#"):
            if not page.locator(f"[id='{href[1:]}']").count():
                wrong.append(f"no {href} on the page")
        elif href and href.startswith("?"):
            pass  # the page itself, asked otherwise
        elif not (href and (href.startswith("https://outlook.") or is_ours(href))):
            wrong.append(f"a link to {href!r}")
    return wrong


def is_ours(href):
    try:
        resolve(urlsplit(href).path)
    except Resolver404:
        return False
    return True


def widest(page):
    """What sticks out on the right."""
    return page.evaluate(
        """() => [...document.querySelectorAll('main *, header *, aside *')]
            .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.dense'))
            .map(e => e.tagName + '.' + e.className).slice(0, 3).join(' ')"""
    )


def test_what_is_wrong_with_a_page_is_noticed(portal):
    """The instruments themselves, on a page that was spoiled."""
    page = portal.context(ALEX).new_page()
    heard = listen(page)
    page.goto(portal.url)
    page.evaluate(AXE)
    assert violations(page) == []
    page.evaluate(
        """() => {
            const made = tag => document.querySelector('main').appendChild(document.createElement(tag));
            made('img').src = '/static/logo.svg';
            Object.assign(made('p'), {textContent: 'too pale'}).style.color = '#bbb';
            Object.assign(made('p'), {textContent: 'wide'}).style.width = '5000px';
            made('a').setAttribute('href', '');
            made('script').textContent = 'window.ran = true';
            made('img').src = '/static/nothing.svg';
        }"""
    )
    found = {each.split(":")[0] for each in violations(page)}
    assert {"image-alt", "color-contrast"} <= found
    assert violations(page, rules=CONTRAST)
    assert page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert leading_nowhere(page) == ["a link to ''"]
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in heard)
    page.wait_for_timeout(200)
    assert any("nothing.svg" in each for each in heard)
    page.close()
