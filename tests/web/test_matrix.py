"""Who gets what: every address of the resolver, for everybody of the cast, with every method."""

import re
from copy import deepcopy
from dataclasses import replace

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from sharing.models import AuditChain, AuditEvent, Mailbox, RoleAssignment
from tests.cast import ALEX, ALLAN, CHARLIE, EMILY, EVERYONE, FIONA, ISAIAH, LIDIA, MEGAN, NOBODY, PATTI, VIKRAM

from .classes import CLASSES, INSTALLATION, IT, OPERATOR, OWNER, SETUP, SHAREE
from .routes import every_route, places_of, routes

LOG = ("AuditEvent", "AuditChain")
WITHOUT_EFFECT, METHODS = ("GET", "HEAD"), ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# One of each audience, for Alex's things.
MEMBERS = {IT: ISAIAH, OPERATOR: LIDIA, SETUP: ALLAN, OWNER: ALEX, SHAREE: MEGAN, INSTALLATION: VIKRAM}


@pytest.fixture
def places(cast):
    return places_of(cast)


def expected(place, route, who, method):
    """The status that `who` must get for `route` of `place`."""
    is_signed_in = who not in (NOBODY, EMILY)
    if route.what.audience != "anybody" and not is_signed_in:
        return 302
    what = route.what
    status = {"GET": what.get, "HEAD": what.head or what.get, "POST": what.post}.get(method, 405)
    if status != 405 and not place.is_for(route, who):
        return 404
    if is_signed_in and route.what.signed_in and method in WITHOUT_EFFECT:
        return route.what.signed_in
    return status


def send(browser, method, place, route):
    cache.clear()  # how often one person may ask within a minute is another test's
    if method == "POST":
        return browser.post(place.url(route), place.form(route))
    return browser.generic(method, place.url(route))


def contents(*, without=()):
    """Every row of every table, by model; sessions apart. `without` names models and Model.field to leave out."""
    found = {}
    for model in apps.get_models():
        if model is Session or model.__name__ in without:
            continue
        fields = [f.attname for f in model._meta.concrete_fields if f"{model.__name__}.{f.name}" not in without]
        found[model.__name__] = list(model._base_manager.order_by("pk").values_list(*fields))
    return found


def differing(before, after):
    return [name for name in before if before[name] != after[name]]


def test_every_address_has_a_class_and_every_class_an_address():
    assert sorted(route.name for route in every_route()) == sorted(CLASSES)


@pytest.mark.parametrize("who", EVERYONE, ids=lambda who: who.partition("@")[0] or "nobody")
def test_everybody_gets_what_is_theirs_and_nothing_else(cast, places, who):
    browser = cast.browser(who)
    cookies = browser.cookies
    before, events = contents(without=("User", *LOG)), AuditEvent.objects.count()
    wrong = []
    for route in routes():
        # Places that share an address, for they are of one tenant, are asked about once.
        for place in {place.url(route): place for place in reversed(places)}.values():
            for method in METHODS if place.name == "Alex" else ("GET", "POST"):
                wanted = expected(place, route, who, method)
                browser.cookies = deepcopy(cookies)  # as before signing out
                point = transaction.savepoint()
                answer = send(browser, method, place, route)
                if wanted < 400 and place.is_for(route, who):
                    transaction.savepoint_rollback(point)  # what succeeds may write; what is refused must not
                if answer.status_code != wanted:
                    wrong.append(f"{method} {answer.status_code} instead of {wanted}: {route.name} of {place.name}")
                elif wanted == 302 and route.what.audience != "anybody" and not place.is_for(route, who):
                    if not answer["Location"].startswith("/signin/?next=/"):
                        wrong.append(f"{method} {answer['Location']}: {route.name}")
    assert wrong == []
    assert differing(before, contents(without=("User", *LOG))) == []
    # What is written of a refusal is the refusal.
    refusals = AuditEvent.objects.order_by("pk").values_list("verb", flat=True)[events:]
    assert set(refusals) <= {"access.denied"}


@pytest.mark.parametrize("who", [CHARLIE, PATTI, ALEX, ISAIAH, ALLAN, FIONA], ids=lambda who: who.partition("@")[0])
def test_what_is_forbidden_looks_like_what_is_missing(cast, places, who):
    browser = cast.browser(who)
    missing = next(place for place in places if place.name == "missing")
    wrong = []
    for route in routes():
        for place in {place.url(route): place for place in places}.values():
            if expected(place, route, who, "GET") == 404:
                answers = [bare(browser.get(each.url(route)), each, route) for each in (place, missing)]
                if answers[0] != answers[1]:
                    wrong.append((route.name, place.name))
    assert wrong == []


def bare(answer, place, route):
    """Status, headers and body without the ids that the address itself has, and without the form's token."""
    body = answer.content.decode().replace(place.url(route).replace("&", "&amp;"), "").replace(place.path(route), "")
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return answer.status_code, headers, re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)


@pytest.mark.parametrize("who", [PATTI, VIKRAM], ids=["Patti", "Vikram"])
def test_a_row_of_one_tenant_is_missing_in_every_other(cast, places, who):
    """Also for Vikram, who may set up both."""
    browser = cast.browser(who)
    contoso, fabrikam = (next(place for place in places if place.name == name) for name in ("Alex", "Fabrikam"))
    found = []
    for route in routes():
        if not route.takes or not route.what.query or not fabrikam.is_for(route, who):
            continue
        for tenant in [fabrikam.tenant] if who == VIKRAM else [fabrikam.tenant, contoso.tenant, ""]:
            mixed = replace(contoso, tenant=tenant)
            for method in ("GET", "POST"):
                if (
                    expected(fabrikam, route, who, method) != 405
                    and send(browser, method, mixed, route).status_code != 404
                ):
                    found.append(f"{method} {mixed.url(route)}")
    assert found == []


def test_a_permission_is_reached_below_its_own_calendar_only(cast, places):
    browser = cast.browser(ALEX)
    mine, others = places[0], places[1:4]
    for name in ("role", "remove"):
        assert browser.get(reverse(name, args=[mine.calendar, mine.permission])).status_code == 200
        for other in others:
            assert browser.get(reverse(name, args=[mine.calendar, other.permission])).status_code == 404
            assert (
                browser.post(reverse(name, args=[mine.calendar, other.permission]), {"seen": other.role}).status_code
                == 404
            )


@pytest.mark.parametrize("who", [ALEX, ISAIAH, ALLAN, NOBODY], ids=lambda who: who.partition("@")[0] or "nobody")
def test_nothing_is_accepted_without_the_forms_token(cast, places, who):
    browser = cast.browser(who, enforce_csrf_checks=True)
    accepted = [
        (method, route.name)
        for route in routes()
        for method in METHODS
        if method not in WITHOUT_EFFECT and send(browser, method, places[0], route).status_code != 403
    ]
    assert accepted == []


def test_looking_changes_nothing_but_the_activity_log(cast, places):
    wrong = []
    for route in routes():
        who = MEMBERS.get(route.what.audience, ALEX)
        browser = cast.browser(who)
        ignored = ("AuditEvent", "AuditChain") if route.what.looks else ()
        before, events = contents(without=ignored), AuditEvent.objects.count()
        for method in WITHOUT_EFFECT if not route.what.looks else ("GET",):
            b"".join(send(browser, method, places[0], route))
        if changed := differing(before, contents(without=ignored)):
            wrong.append((route.name, changed))
        verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True)[events:])
        if verbs != ([route.what.looks] if route.what.looks else []):
            wrong.append((route.name, verbs))
    assert wrong == []
    assert AuditChain.objects.get(key=cast.contoso.tid).seq == AuditEvent.objects.filter(tenant=cast.contoso).count()


def test_an_old_reading_makes_the_owners_mailbox_due_and_changes_nothing_else(cast, places, later):
    later(minutes=6)
    for route in routes():
        Mailbox.objects.update(due_at=None)
        browser = cast.browser(MEMBERS.get(route.what.audience, ALEX))
        ignored = ("AuditEvent", "AuditChain", "Mailbox.due_at", "User")
        before = contents(without=ignored)
        b"".join(send(browser, "GET", places[0], route))
        assert differing(before, contents(without=ignored)) == [], route.name
        due = Mailbox.objects.exclude(due_at=None).values_list("person__address", flat=True)
        assert list(due) in ([], [ALEX] if route.what.rings else []), route.name


def test_a_role_that_was_taken_is_gone_with_the_next_request(cast):
    browser = cast.browser(ISAIAH)
    assert browser.get(reverse("it:access")).status_code == 200
    RoleAssignment.objects.filter(user=cast.users[ISAIAH]).delete()
    assert browser.get(reverse("it:access")).status_code == 404


def test_roles_of_one_tenant_open_no_other(cast):
    """Vikram sets everything up and reads nothing; Patti reads Fabrikam and nothing of Contoso."""
    assert cast.browser(VIKRAM).get(reverse("it:access")).status_code == 404
    shown = cast.browser(PATTI).get(reverse("it:access")).content.decode()
    assert "Garth Fort" in shown
    assert "Alex Wilber" not in shown
