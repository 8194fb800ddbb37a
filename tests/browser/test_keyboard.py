"""The portal by keyboard alone: everything is reached, one sees where one is, and nothing is a trap."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.cast import ALEX, ALLAN, ISAIAH, NOBODY

from .test_pages import below, kids

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PAGES = {
    "sign-in": (NOBODY, lambda place: "/signin/"),
    "home": (ALEX, lambda place: "/"),
    "calendar": (ALEX, lambda place: reverse("calendar", args=[place.calendar])),
    "role": (ALEX, lambda place: reverse("role", args=below(kids()))),
    "remove": (ALEX, lambda place: reverse("remove", args=below(kids()))),
    "meeting requests": (ALEX, lambda place: reverse("delivery")),
    "overview": (ISAIAH, lambda place: reverse("it:overview")),
    "access": (ISAIAH, lambda place: reverse("it:access") + "?q=alex"),
    "person": (ISAIAH, lambda place: reverse("it:person", args=[place.person])),
    "roles": (ALLAN, lambda place: reverse("setup:roles")),
    "a held run": (ALLAN, lambda place: reverse("setup:run", args=[place.held])),
}

# Everything a mouse could use, by a number; of radio buttons with one name the keyboard stops at one.
NUMBER = """() => {
    const all = document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])');
    const seen = new Set(), numbers = [];
    for (const e of all) {
        if (!e.checkVisibility({visibilityProperty: true}) || e.disabled) continue;
        if (e.type === 'radio') {
            const checked = document.querySelector(`input[name="${e.name}"]:checked`);
            if (checked ? e !== checked : seen.has(e.name)) continue;
            seen.add(e.name);
        }
        e.dataset.stop = numbers.length;
        numbers.push(e.outerHTML.slice(0, 120));
    }
    return numbers;
}"""
WHERE = """() => {
    const e = document.activeElement, style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    return {stop: e.dataset.stop ?? null, html: e.outerHTML.slice(0, 120),
        ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
}"""


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_every_control_in_order_and_shows_where_it_is(portal, name):
    who, path = PAGES[name]
    page = portal.open(who, path(portal.places[0]))
    stops = page.evaluate(NUMBER)
    reached, unseen = [], []
    for _ in range(len(stops) + 1):
        page.keyboard.press("Tab")
        at = page.evaluate(WHERE)
        if at["stop"] is None:
            break
        reached.append(int(at["stop"]))
        if not (at["ring"] and at["seen"]):
            unseen.append(at["html"])
    page.close()
    assert [stops[number] for number in range(len(stops)) if number not in reached] == []
    assert reached == sorted(reached)  # the order in which one reads
    assert unseen == []


def test_the_first_stop_leads_past_the_navigation(portal):
    page = portal.open(ISAIAH, reverse("it:access"))
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.close()


@pytest.mark.parametrize("name", ["it:overview", "it:access", "it:delegates", "it:people"])
def test_a_slash_goes_to_the_search_and_is_a_slash_inside_it(portal, name):
    page = portal.open(ISAIAH, reverse(name))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.value") == "/"
    page.close()


def test_escape_closes_the_menu_and_gives_the_focus_back(portal):
    page = portal.open(ALEX, "/")
    menu = page.locator("header details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
    page.close()


def test_a_role_is_changed_without_a_mouse(portal):
    page = portal.open(ALEX, reverse("role", args=below(kids())))
    page.get_by_role("radio", checked=True).focus()
    while page.get_by_role("radio", checked=True).get_attribute("value") != "write":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**#person-{kids().pk}")
    expect(page.locator(f"#person-{kids().pk}")).to_contain_text("Applying…")
    page.close()


def test_an_error_takes_the_focus(portal):
    """What went wrong is read first, and leads to the field."""
    page = portal.open(ALLAN, reverse("setup:roles"))
    page.get_by_label("Address").fill("nobody@contoso.com")
    page.get_by_role("button", name="Give role").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    page.locator("[role=alert] a").click()
    expect(page.get_by_label("Address")).to_be_focused()
    page.close()
