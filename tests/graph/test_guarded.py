"""People's time and our own events: each call leaves in one spelling, from a client built for it, and nothing else."""

from itertools import product
from uuid import UUID

import pytest

from sandbox.cloud import Cloud
from sharing.graph import Client, IdRefused, Malformed, Unreachable, calls, make_session
from sharing.graph.event_paths import (
    cancel_path,
    event_path,
    events_path,
    marked_event_path,
    meeting_times_path,
    schedule_path,
)
from sharing.graph.ids import _NEVER, check_path
from tests.cloud import cloud_client

from .conftest import ALEX, AT, WRITE, Answer, FakeTokens, failure

MARK = UUID("5c4d6c0e-9b0c-4b7e-8b52-6d2d2f6f0f3b")
EVENT = "AAMkAGI1AAAoZCfHAAA="
BUILDS = {calls.ORDINARY: {}, calls.MEETINGS: {"for_meetings": True}, calls.PROBES: {"for_probes": True}}
PLAIN = {
    "{id}": ALEX, "{address}": "x@contoso.com", "{our mark}": str(MARK),
}  # fmt: skip
GUARDED = {
    "POST /users/{id}/calendar/getSchedule": schedule_path(ALEX),
    "POST /users/{id}/findMeetingTimes": meeting_times_path(ALEX),
    "GET /users/{id}/events?$filter={our mark}": marked_event_path(ALEX, MARK),
    "POST /users/{id}/events": events_path(ALEX),
    "PATCH /users/{id}/events/{id}": event_path(ALEX, EVENT),
    "POST /users/{id}/events/{id}/cancel": cancel_path(ALEX, EVENT),
}
MAY = {
    calls.PROBES: {"POST /users/{id}/calendar/getSchedule"},
    calls.MEETINGS: set(GUARDED),
    calls.ORDINARY: set(calls.BY_NAME) - set(GUARDED),
}


class Anything:
    """A proof of whatever it is asked about: what is refused in spite of it is refused for another reason."""

    def covers(self, path):
        return True


class Nothing:
    def covers(self, path):
        return False


def made(fake, clock, sender, **more):
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return Client(
        endpoints=AT, tokens=FakeTokens(), session=session, monotonic=clock, sleep=clock.sleep, **BUILDS[sender], **more
    )


def path_of(kind):
    if kind.name in GUARDED:
        return GUARDED[kind.name]
    path = kind.path
    for placeholder, value in PLAIN.items():
        path = path.replace(placeholder, value)
    return path


def attempts(client, method, path, proof=None):
    """Every way in which this client could be made to send it."""
    proof = proof or Anything()
    yield from {
        "GET": (lambda: client.get(path), lambda: list(client.pages(path)),
                lambda: client.batch([path], deadline=1e9)),
        "POST": (lambda: client.ask(path, {}), lambda: client.post(path, {}, proof=proof, **WRITE)),
        "PATCH": (lambda: client.patch(path, {}, proof=proof, **WRITE),),
        "DELETE": (lambda: client.delete(path, proof=proof, **WRITE),),
    }[method]  # fmt: skip


def test_every_kind_leaves_from_the_clients_it_is_meant_for_and_from_no_other(fake, clock):
    fake.script(Answer({"value": [], "responses": []}))
    left = {sender: set() for sender in BUILDS}
    for kind, sender in product(calls.KINDS, BUILDS):
        client = made(fake, clock, sender)
        for attempt in attempts(client, kind.method, path_of(kind)):
            before = len(fake.sent)
            try:
                attempt()
            except IdRefused:
                assert len(fake.sent) == before
            else:
                sent = fake.sent[-1]
                if sent.path != "/$batch":
                    left[sender].add(calls.kind_of(sent.method, sent.url.partition("/v1.0")[2]).name)
    assert left == {sender: names - {"POST /$batch"} for sender, names in MAY.items()}


def spellings():
    """Paths of events, schedules and mail that are not exactly one of ours."""
    exact = {(name.partition(" ")[0], path) for name, path in GUARDED.items()}
    found = set()
    for method, path in [*exact, ("GET", f"/users/{ALEX}/events"), ("GET", f"/users/{ALEX}/events/{EVENT}")]:
        bare, _, query = path.partition("?")
        for word in ("events", "getSchedule", "findMeetingTimes", "cancel"):
            for other in (
                word.upper(), word.capitalize(), f"{word}/", f"/{word}", f"{word}()", f"microsoft.graph.{word}",
                f"{word};", f"{word}/.", f"x/../{word}", "".join(f"%{ord(c):02x}" for c in word),
                f"%{ord(word[0]):02x}{word[1:]}", f"%25{ord(word[0]):02x}{word[1:]}", f"{word}%2F", f"{word}%00",
                f"{word}/$count", f"{word}/delta", f"{word}\n", f"{word} ", f"{word}#x", "calendarView", "messages",
                "instances", f"{word}/{EVENT}/attachments", f"{word}/{EVENT}/instances", f"{word}/{EVENT}/accept",
                f"{word}/{EVENT}/forward", f"{word}%3f",
            ):  # fmt: skip
                found.add((method, bare.replace(word, other) + (f"?{query}" if query else "")))
        for other in (
            "", "?", "?$top=1", "?$filter=", "?$filter=subject eq 'x'", f"?$select=id&{query}",
            f"?{query}&$select=body", f"?{query}%20or%20true", f"?{query.replace('eq', 'ne')}",
            f"?{query.replace('CalwardenBooking', 'Other')}",
            f"?{query.replace(str(MARK), '')}", f"?{query.replace(str(MARK), 'x%27%20or%20%27a%27%20eq%20%27a')}",
            f"?{query.replace('any', 'all')}", f"?{query.upper()}", f"?{query}?", f"?{query}#", f"?{query} ",
            f"?{query.replace('attendees', 'attendees,body')}", f"?{query.replace('%20', '+')}",
            f"?{query.partition('&')[0]}",
        ):  # fmt: skip
            found.add((method, bare + other))
        for mailbox in ("me", "AlexW@contoso.com", f"('{ALEX}')", ALEX + "/calendar", ALEX + "/calendars/AAMkAG", "x"):
            found.add((method, path.replace(ALEX, mailbox)))
            found.add((method, path.replace(f"/users/{ALEX}", "/me")))
            found.add((method, path.replace(f"/users/{ALEX}", f"/users('{ALEX}')")))
            found.add((method, path.replace("/users", "/groups")))
    found |= {(other, path) for (_, path), other in product(exact, ("GET", "POST", "PATCH", "DELETE"))}
    return sorted(found - exact)


@pytest.mark.parametrize("sender", BUILDS)
def test_no_other_spelling_of_a_path_to_events_ever_leaves(fake, clock, sender):
    others = spellings()
    assert len(others) > 400
    client = made(fake, clock, sender)
    for method, path in others:
        for attempt in attempts(client, method, path):
            with pytest.raises(IdRefused):
                attempt()
    assert not fake.sent


@pytest.mark.parametrize("sender", BUILDS)
def test_an_envelope_holds_none_of_them(fake, clock, sender):
    client = made(fake, clock, sender)
    for path in GUARDED.values():
        with pytest.raises(IdRefused):
            client.batch([f"/users/{ALEX}/calendar", path], deadline=1e9)
        body = {"requests": [{"id": "1", "method": "DELETE", "url": path}]}
        for attempt in (lambda b=body: client.ask("/$batch", b), lambda b=body: client.post("/$batch", b, **WRITE)):
            with pytest.raises(IdRefused):
                attempt()
    assert not fake.sent


def test_no_link_leads_to_events(fake, clock):
    link = AT.graph_url + "/v1.0" + marked_event_path(ALEX, MARK)
    fake.script(Answer({"value": [], "@odata.nextLink": link}))
    with pytest.raises((IdRefused, Malformed)) as caught:
        list(made(fake, clock, calls.ORDINARY).pages("/users"))
    assert caught.value.cause in ("foreign_link", "id_refused") and len(fake.sent) == 1
    for path in GUARDED.values():
        with pytest.raises(IdRefused):
            check_path(path)


@pytest.mark.parametrize("name", ["PATCH /users/{id}/events/{id}", "POST /users/{id}/events/{id}/cancel"])
def test_an_event_is_altered_only_where_it_was_proved_to_be_ours(fake, clock, name):
    client, path = made(fake, clock, calls.MEETINGS), GUARDED[name]
    send = client.patch if name.startswith("PATCH") else client.post
    for proof in (None, Nothing()):
        with pytest.raises(IdRefused):
            send(path, {}, proof=proof, **WRITE)
    assert not fake.sent


def test_meeting_times_are_found_with_a_permission_that_a_person_lent():
    cloud = Cloud()
    with pytest.raises(IdRefused):
        cloud_client(cloud, for_meetings=True).ask(meeting_times_path(ALEX), {})
    assert not [entry for entry in cloud.log.since() if "findMeetingTimes" in entry.path]


def test_a_client_is_for_one_thing():
    with pytest.raises(ValueError):
        Client(endpoints=AT, tokens=FakeTokens(), for_meetings=True, for_probes=True)


def test_a_question_is_repeated_like_a_read_and_an_event_is_made_once(fake, clock):
    client = made(fake, clock, calls.MEETINGS)
    fake.script(failure(503), Answer({"value": []}))
    assert client.ask(schedule_path(ALEX), {"schedules": []}) == {"value": []}
    assert len(fake.sent) == 2 and fake.sent[0].body == fake.sent[1].body == {"schedules": []}
    fake.sent.clear()
    fake.script(failure(503))
    with pytest.raises(Unreachable) as caught:
        client.post(events_path(ALEX), {}, **WRITE)
    assert caught.value.may_have_happened and len(fake.sent) == 1


def test_times_are_asked_for_in_utc_and_ids_for_good(fake, clock):
    client = made(fake, clock, calls.MEETINGS)
    fake.script(Answer({"value": []}))
    client.ask(schedule_path(ALEX), {})
    client.get(marked_event_path(ALEX, MARK))
    wishes = [sent.headers["Prefer"] for sent in fake.sent]
    assert wishes == ['outlook.timezone="UTC"', 'IdType="ImmutableId", outlook.timezone="UTC"']
    made(fake, clock, calls.ORDINARY).get("/users")
    assert "Prefer" not in fake.sent[-1].headers


def test_what_was_taken_on_needs_no_body(fake, clock):
    client = made(fake, clock, calls.MEETINGS)
    fake.script(Answer(None, 202))
    assert client.post(cancel_path(ALEX, EVENT), {}, proof=Anything(), **WRITE) is None


def test_the_page_counts_our_own_calls_apart_from_reads_of_events():
    assert not any(calls.holds_events(kind.name) for kind in calls.KINDS)
    for name in ("GET /users/{id}/events", "GET /users/{id}/events/{id}", "GET /users/{id}/calendarView"):
        assert calls.holds_events(name)
    assert {kind.name for kind in calls.KINDS if kind.spelling} == set(GUARDED)
    assert not any(_NEVER & set(k.path.casefold().split("/")) for k in calls.KINDS if not k.spelling)
