"""Ids are checked before a path is built, and links before they are followed."""

from urllib.parse import quote, unquote, urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sharing.graph import IdRefused, Malformed, calendars_path, permissions_path, settings_path
from sharing.graph.ids import check_path, directory_id, outlook_id, path_of_link, permission_path

from .conftest import ALEX, ROOT

GRAPH = ROOT.removesuffix("/v1.0")
BAD_IDS = [
    "",
    ".",
    "..",
    "...",
    "%2e%2e",
    "%2E%2E",
    "a/../..",
    "../calendars",
    "x?y",
    "x#z",
    "abcd\x00",
    "abcd\n",
    "ab cd",
    "abcd;",
    "abcd:efg",
    "abcd'",
    "ab",
    "é" * 8,
    "АААА",
    "x" * 513,
    "x" * 10_000,
    None,
    7,
    b"abcd",
]


@pytest.mark.parametrize("value", BAD_IDS, ids=lambda value: repr(value)[:20])
def test_a_bad_id_builds_no_path(value):
    for build in (
        lambda: outlook_id(value),
        lambda: directory_id(value),
        lambda: calendars_path(value),
        lambda: settings_path(value),
        lambda: permissions_path(ALEX, value if value is not None else "."),
        lambda: permission_path(ALEX, None, value),
        lambda: permission_path(ALEX, "AAMk", value),
    ):
        with pytest.raises(IdRefused):
            build()


@pytest.mark.parametrize("value", ["AlexW@contoso.com", "me", ALEX + "\n", "{" + ALEX + "}", ALEX.replace("-", "")])
def test_a_mailbox_is_a_directory_id_and_nothing_else(value):
    directory_id(ALEX)
    with pytest.raises(IdRefused):
        calendars_path(value)


def test_ids_become_one_segment():
    path = permission_path(ALEX, "AAM/+k=", "RGVmYXVsdA==")
    assert path == f"/users/{ALEX}/calendars/AAM%2F%2Bk%3D/calendarPermissions/RGVmYXVsdA%3D%3D"
    assert check_path(path) == path


@given(st.from_regex(r"[A-Za-z0-9_\-+/=]{4,64}", fullmatch=True))
def test_an_id_is_quoted_as_one_segment_always_is(value):
    assert outlook_id(value) == quote(value, safe="")


@pytest.mark.parametrize(
    "path", ["", "/", "users", "/users/", "//users", "/users//me", "/users/./me", "/users?\n", "?a"]
)
def test_a_path_is_segments_behind_slashes_or_no_path(path):
    check_path("/users/me?a")
    with pytest.raises(IdRefused):
        check_path(path)


@given(st.from_regex(r"[A-Za-z0-9_\-+/=]{4,64}", fullmatch=True))
def test_a_path_of_an_odd_id_keeps_its_segments_on_the_wire(value):
    path = permission_path(ALEX, None, value)
    try:
        check_path(path)
    except IdRefused:
        return  # such an id would spell a path to events
    prepared = requests.Request("DELETE", ROOT + path).prepare()
    segments = urlsplit(prepared.url).path.split("/")
    assert len(segments) == 7 and unquote(segments[-1]) == value


@given(st.text(max_size=60))
def test_a_path_that_may_leave_stays_below_the_version(path):
    try:
        check_path("/" + path)
    except IdRefused:
        return
    prepared = requests.Request("GET", ROOT + "/" + path).prepare()
    parts = urlsplit(prepared.url)
    assert (parts.scheme, parts.netloc) == ("http", "127.0.0.1:8010")
    assert parts.path.startswith("/v1.0/") and not {".", ".."} & set(unquote(parts.path).split("/"))


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda text: ROOT + text))
def test_a_link_is_followed_below_the_version_or_not_at_all(link):
    try:
        path = path_of_link(link, graph_url=GRAPH)
    except Malformed as error:
        assert error.cause == "foreign_link"
        return
    assert link == ROOT + path


@pytest.mark.parametrize(
    "link",
    [
        f"{ROOT}/users?$skiptoken=oEBwdSP6uehIAxQOWq_3Ksh_TLol6KIm3stvdc6hGhZRi1hQ7Spe",
        f"{ROOT}/users/delta?$deltatoken=MF1LuFYbK6Lw4DtZ4o9PDrcGekRP65WEJfDmM0H26l4v9zILCPFiPwSAAeRBghxgiwsX",
        f"{ROOT}/users/{ALEX}/calendars?%24top=10&%24skip=10",
        f"{ROOT}/users('{ALEX}')/calendars?$skip=10",
        f"{ROOT}/users('alexw@contoso.events')/calendars?$skip=10",
        f"{ROOT}/users/alexw@contoso.com/calendar/calendarPermissions?$skip=10",
    ],
)
def test_links_as_graph_writes_them_are_followed(link):
    assert ROOT + path_of_link(link, graph_url=GRAPH) == link
