"""Where a call may lead: paths that must not leave, and links from page to page."""

import pytest

from sharing.graph import IdRefused, Malformed

from .conftest import ALEX, HOSTILE_LINKS, ROOT, WRITE, Answer


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "users",
        "//users",
        "/users/",
        "/users//calendar",
        "/users/..",
        "/users/../groups",
        "/users/./x",
        "/users/%2e%2e/x",
        "/users/%2E",
        "/users/a%2f..%2fb",
        "/users/a%5c..%5cb",
        "/users/a\\..\\b",
        "/users/%252e%252e",
        "/users/a b",
        "/users/a#b",
        "/users/a?b#c",
        "/users/a\x00",
        "/users/a%00",
        "/users/a%0d%0aHost:%20evil",
        "/users/é",
        "/users/%",
        "/users/%zz",
        f"/users/{ALEX}/events",
        f"/users/{ALEX}/Events",
        f"/users/{ALEX}/events('x')",
        f"/users/{ALEX}/%65vents",
        f"/users/{ALEX}/calendar/events",
        f"/users/{ALEX}/calendar/calendarView?startDateTime=2026-01-01",
        f"/users/{ALEX}/calendar/microsoft.graph.event",
        f"/users/{ALEX}/calendars/AAAA%2Fevents",
        f"/users/{ALEX}/messages",
        f"/users/{ALEX}/mailFolders/inbox",
        f"/users/{ALEX}/calendar/getSchedule",
        "https://evil.example/v1.0/users",
        "/users/" + "x" * 20_000,
    ],
)
def test_a_path_that_must_not_leave_opens_no_socket(client, fake, path):
    for send in (
        lambda: client.get(path),
        lambda: list(client.pages(path)),
        lambda: client.batch([path], deadline=2000),
        lambda: client.patch(path, {}, **WRITE),
        lambda: client.post(path, {}, **WRITE),
        lambda: client.delete(path, **WRITE),
    ):
        with pytest.raises(IdRefused):
            send()
    assert not fake.sent


def test_pages_come_in_order_and_to_their_end(client, fake):
    fake.script(
        Answer({"value": [1], "@odata.nextLink": f"{ROOT}/users?$skiptoken=a"}),
        Answer({"value": [], "@odata.nextLink": f"{ROOT}/users?$skiptoken=b"}),
        Answer({"value": [2]}),
    )
    assert [page["value"] for page in client.pages("/users")] == [[1], [], [2]]
    assert [sent.query for sent in fake.sent] == ["", "$skiptoken=a", "$skiptoken=b"]


@pytest.mark.parametrize("link", HOSTILE_LINKS, ids=lambda link: str(link)[:60])
def test_a_link_to_anywhere_else_is_not_followed(client, fake, link):
    fake.script(Answer({"value": [1], "@odata.nextLink": link}))
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "foreign_link"
    assert len(fake.sent) == 1


@pytest.mark.parametrize("length", [1, 2, 3])
def test_pages_in_a_circle_end(client, fake, length):
    links = [f"{ROOT}/users?$skip={n}" for n in range(length)]
    turn = iter(range(10_000))
    fake.answer = lambda sent: Answer({"value": [], "@odata.nextLink": links[next(turn) % length]})
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "loop"
    assert len(fake.sent) <= length + 1


def test_pages_without_end_end(client, fake, monkeypatch):
    monkeypatch.setattr("sharing.graph.client.MAX_PAGES", 30)
    fake.answer = lambda sent: Answer({"value": [], "@odata.nextLink": f"{ROOT}/users?$skip={len(fake.sent)}"})
    with pytest.raises(Malformed) as caught:
        list(client.pages("/users"))
    assert caught.value.cause == "loop"


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": {}}, {"value": "x"}])
def test_a_page_without_a_list_is_no_page(client, fake, body):
    fake.script(Answer(body))
    with pytest.raises(Malformed):
        list(client.pages("/users"))
