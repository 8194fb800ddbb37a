"""What is asked for too often is refused for a while, whoever asks; nothing else is in its way."""

import os
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as portal
from django.core.cache import caches
from django.http import HttpResponse
from django.test import RequestFactory

from sharing.models import AuditEvent, Change, SyncRun
from sharing.web import limits
from tests.cast import ALEX, ALLAN, ISAIAH, MEGAN, VIKRAM

from .routes import places_of, routes

REDIS = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": os.environ.get("TEST_REDIS_URL", ""),
}
NOWHERE = {**REDIS, "LOCATION": "redis://127.0.0.1:9"}


@pytest.fixture
def spent(monkeypatch):
    """As if everybody had used up all but one of everything."""
    monkeypatch.setattr(limits, "MOST", dict.fromkeys(limits.MOST, 1))


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def store(request, settings):
    if request.param == "redis":
        settings.CACHES = {"default": {**REDIS, "KEY_PREFIX": uuid4().hex}}


def save(request):
    return HttpResponse("saved")


def post(address="192.0.2.1", name="saving", **headers):
    request = RequestFactory().post("/", REMOTE_ADDR=address, **headers)
    request.user = type("Nobody", (), {"is_authenticated": False})
    return limits.limited(name)(save)(request)


def route(name):
    return next(route for route in routes() if route.name == name)


@pytest.mark.parametrize(
    ("who", "name"), [(ALEX, "role"), (ALEX, "remove"), (ALEX, "delivery")], ids=lambda value: value.lower()
)
def test_changes_saved_too_fast_are_refused_and_nothing_is_written_down(cast, spent, who, name):
    place, other, *_ = places_of(cast)
    browser, there = cast.browser(who), route(name)
    browser.post(place.url(there), {})
    before = Change.objects.count()
    answer = browser.post(place.url(there), place.form(there))
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert "Nothing was changed." in answer.text and "Try again in" in answer.text
    assert Change.objects.count() == before
    assert browser.get(place.url(there)).status_code == 200  # looking is not saving
    assert cast.browser(MEGAN).post(other.url(there), {}).status_code != 429


@pytest.mark.parametrize(
    ("who", "name"), [(ISAIAH, "it:access_csv"), (ISAIAH, "it:delegates_csv"), (ALLAN, "setup:users_csv")]
)
def test_files_are_made_for_one_person_so_often_a_minute(cast, spent, who, name):
    place, browser = places_of(cast)[0], cast.browser(who)
    assert browser.get(place.url(route(name))).status_code == 200
    written = AuditEvent.objects.filter(verb="list.exported").count()
    assert browser.get(place.url(route(name))).status_code == 429
    assert browser.head(place.url(route(name))).status_code == 429  # writes the same line into the activity log
    assert AuditEvent.objects.filter(verb="list.exported").count() == written == 1


@pytest.mark.parametrize("name", ["calendar", "it:access", "it:delegates", "it:people", "setup:users", "setup:limit"])
def test_lists_are_searched_so_often_a_minute_and_looked_at_all_the_same(cast, spent, name):
    place, there = places_of(cast)[0], route(name)
    browser = cast.browser(ALEX if name == "calendar" else ALLAN if name.startswith("setup") else ISAIAH)
    search = f"{place.url(there)}{'&' if '?' in place.url(there) else '?'}q=meg"
    assert browser.get(search).status_code == 200
    refused = browser.get(search)
    assert refused.status_code == 429 and 0 < int(refused["Retry-After"]) <= 60
    assert "Too often" in refused.text and "Try again in" in refused.text
    assert browser.head(search).status_code == 429
    assert browser.get(place.url(there)).status_code == 200
    assert browser.get(search.replace("q=meg", "q=+")).status_code == 200  # a search for nothing is the list


@pytest.mark.parametrize(
    ("who", "name"),
    [(ALLAN, "setup:check"), (ALLAN, "setup:check_mailbox"), (ALLAN, "setup:test_limit"),
     (VIKRAM, "setup:try_credential")],
)  # fmt: skip
def test_microsoft_is_asked_at_once_so_often_a_minute(cast, spent, who, name):
    place, browser = places_of(cast)[0], cast.browser(who)
    assert browser.post(place.url(route(name))).status_code == 302
    runs = SyncRun.objects.count()
    SyncRun.objects.filter(finished_at=None).update(finished_at=cast.now)
    refused = browser.post(place.url(route(name)))
    assert refused.status_code == 429 and "Nothing was changed." in refused.text
    assert SyncRun.objects.count() == runs
    assert browser.get(place.url(route("setup:runs"))).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("post", "login/"), ("get", "login/callback/")])
def test_signing_in_is_counted_by_address(client, db, cloud, spent, method, path):
    ask = getattr(client, method)
    assert ask(f"/accounts/microsoft/{path}").status_code != 429
    refused = ask(f"/accounts/microsoft/{path}")
    assert refused.status_code == 429 and refused["Cache-Control"].count("no-store")
    assert ask(f"/accounts/microsoft/{path}", REMOTE_ADDR="192.0.2.7").status_code != 429


def test_the_next_minute_is_a_new_one(store, spent):
    with time_machine.travel(1_800_000_030, tick=False) as clock:
        assert [post().status_code for _ in range(3)] == [200, 429, 429]
        assert post()["Retry-After"] == "30"
        clock.shift(30)
        assert post().status_code == 200


def test_nobody_gets_a_count_of_their_own_by_naming_another_address(store, spent):
    assert post().status_code == 200
    assert post(HTTP_X_FORWARDED_FOR="198.51.100.1").status_code == 429
    assert post(address="192.0.2.2").status_code == 200


def test_who_owns_a_whole_network_of_version_6_is_one(store, spent):
    assert post(address="2001:db8:1:2::1").status_code == 200
    assert post(address="2001:db8:1:2:ffff::9").status_code == 429
    assert post(address="2001:db8:1:3::1").status_code == 200
    assert post(address="unix:").status_code == 200


@pytest.mark.parametrize("name", sorted(limits.MOST))
def test_many_at_once_get_no_more_than_one_after_the_other(store, monkeypatch, name):
    monkeypatch.setitem(limits.MOST, name, 100)
    with time_machine.travel(1_800_000_000, tick=False), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(name=name).status_code, range(240)))
    assert answers.count(200) == 100


def test_a_store_that_does_not_answer_is_in_nobodys_way(settings, spent):
    settings.CACHES = {"default": NOWHERE}
    assert [post().status_code for _ in range(3)] == [200, 200, 200]


def test_processes_share_the_count_where_they_share_a_broker():
    assert portal.CACHES["default"]["BACKEND"].endswith("LocMemCache")
    assert limits.MOST["saving"] >= 60 and limits.MOST["signin"] >= 300, "nobody meets it by working"
    assert limits.MOST["search"] >= 120, "nor by searching, nor by a page that asks again"
    assert caches["default"]._max_entries >= 10_000, "a flood of addresses must not push the counts out"
