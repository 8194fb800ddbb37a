"""Our own events: made once with a mark, found by it only, altered only where they were found."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from sharing.graph import Client, GraphError, IdRefused, Malformed, make_session, samples
from sharing.graph.event_paths import MARK_ID
from sharing.graph.events import Marked, NewEvent, OwnEvent, cancel_event, create_event, find_own_event, move_event

from .conftest import ALEX, AT, MEGAN, WRITE, Answer, FakeTokens, failure

MARK = UUID("5c4d6c0e-9b0c-4b7e-8b52-6d2d2f6f0f3b")
KEY = UUID("7e163156-7762-4beb-a1c6-729ea81755a7")
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
NEW = NewEvent(
    subject="Budget", start=START, end=START + timedelta(hours=1), attendees=[("adelev@contoso.com", "Adele Vance")],
    mark=MARK, transaction_id=KEY,
)  # fmt: skip


@pytest.fixture
def client(fake, clock):
    session = make_session(AT)
    for prefix in list(session.adapters):
        session.mount(prefix, fake)
    return Client(
        endpoints=AT, tokens=FakeTokens(), session=session, monotonic=clock, sleep=clock.sleep, for_meetings=True
    )


def event(event_id="AAMkAGI1=", mark=MARK, **more):
    return {
        "id": event_id, "iCalUId": "0400", "isCancelled": False, "isOrganizer": True, "subject": "Not looked at",
        "createdDateTime": "2026-11-21T10:00:00.0000000Z",
        "start": {"dateTime": "2026-11-23T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-23T10:00:00.0000000", "timeZone": "UTC"},
        "attendees": [{"status": {"response": "accepted"}, "emailAddress": {"address": "AdeleV@contoso.com"}}],
        "singleValueExtendedProperties": [{"id": MARK_ID, "value": str(mark)}], **more,
    }  # fmt: skip


def test_an_event_is_made_with_its_mark_and_a_transaction_id(client, fake):
    fake.script(Answer(event(singleValueExtendedProperties=None), 201))
    made = create_event(client, mailbox_id=ALEX, new=NEW, **WRITE)
    assert (fake.sent[0].method, fake.sent[0].path, fake.sent[0].query) == ("POST", f"/users/{ALEX}/events", "")
    body = fake.sent[0].body
    assert body["transactionId"] == str(KEY)
    assert body["singleValueExtendedProperties"] == [{"id": MARK_ID, "value": str(MARK)}]
    assert body["start"] == {"dateTime": "2026-11-23T09:00:00", "timeZone": "UTC"}
    assert made.id == "AAMkAGI1=" and made.proof is None


@pytest.mark.parametrize("answer", [Answer({}, 201), Answer({"id": "x"}, 201), Answer(None, 202), Answer(None, 204),
                                    Answer(event(start=None), 201), failure(503)])  # fmt: skip
def test_whatever_else_comes_back_the_event_may_be_there_and_is_not_made_again(client, fake, answer):
    fake.script(answer)
    with pytest.raises(GraphError) as caught:
        create_event(client, mailbox_id=ALEX, new=NEW, **WRITE)
    assert caught.value.may_have_happened and len(fake.sent) == 1


def test_what_cannot_be_an_event_is_not_sent(client, fake):
    for new in (
        NEW.__class__(**{**as_dict(NEW), "end": NEW.start}),
        NEW.__class__(**{**as_dict(NEW), "subject": "x" * 256}),
    ):
        with pytest.raises(ValueError):
            create_event(client, mailbox_id=ALEX, new=new, **WRITE)
    assert not fake.sent


def as_dict(new):
    return {name: getattr(new, name) for name in new.__slots__}


def test_an_event_is_found_by_its_mark_with_only_what_is_needed(client, fake):
    fake.script(Answer({"value": [event()]}))
    found = find_own_event(client, mailbox_id=ALEX, mark=MARK)
    asked = parse_qs(fake.sent[0].query)
    is_ours = f"ep/id eq '{MARK_ID}' and ep/value eq '{MARK}'"
    assert asked["$filter"] == [f"singleValueExtendedProperties/any(ep: {is_ours})"]
    assert asked["$expand"] == [f"singleValueExtendedProperties($filter=id eq '{MARK_ID}')"]
    assert not {"subject", "body", "location", "bodyPreview"} & set(asked["$select"][0].split(","))
    assert found.responses == {"adelev@contoso.com": "accepted"} and found.proof == Marked(ALEX, "AAMkAGI1=")
    assert "Not looked at" not in repr(found)


def test_where_there_is_none_there_is_none(client, fake):
    fake.script(Answer({"value": []}))
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK) is None
    fake.script(Answer({"value": [event(isOrganizer=False)]}))
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK) is None


def test_of_several_with_one_mark_only_the_known_one_counts_else_the_first_that_was_made(client, fake):
    later = event("AAMkLater", createdDateTime="2026-11-22T10:00:00.0000000Z")
    fake.script(Answer({"value": [later, event("AAMkFirst")]}))
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK).id == "AAMkFirst"
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK, event_id="AAMkLater").id == "AAMkLater"
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK, event_id="AAMkGone") is None


@pytest.mark.parametrize("rows", [
    [event(mark=KEY)], [event(singleValueExtendedProperties=None)], [event(singleValueExtendedProperties=[7])],
    [event(), event("AAMkOther", mark=KEY)], [7], None, [event(id="")], [event(attendees={})],
    [event(start={"dateTime": "2026-11-23T09:00:00", "timeZone": "Pacific Standard Time"})],
    [event(id="AAMk\0GI1")], [event(id="AAMk../..")], [event(id="x" * 513)], [event(iCalUId="04\0")],
    [event(iCalUId="04\ud800")],
])  # fmt: skip
def test_an_event_that_does_not_show_our_mark_is_not_ours_whatever_was_asked(client, fake, rows):
    fake.script(Answer({"value": rows}))
    with pytest.raises(Malformed):
        find_own_event(client, mailbox_id=ALEX, mark=MARK)


def test_an_event_of_ours_is_moved_and_cancelled(client, fake):
    fake.script(Answer({"value": [event()]}), Answer(event()), Answer(None, 202))
    found = find_own_event(client, mailbox_id=ALEX, mark=MARK)
    move_event(client, mailbox_id=ALEX, event=found, start=START, end=START + timedelta(hours=2), **WRITE)
    cancel_event(client, mailbox_id=ALEX, event=found, **WRITE)
    path = f"/users/{ALEX}/events/AAMkAGI1%3D"
    assert [(sent.method, sent.path) for sent in fake.sent[1:]] == [("PATCH", path), ("POST", f"{path}/cancel")]
    assert set(fake.sent[1].body) == {"start", "end"} and fake.sent[2].body == {"comment": ""}


def test_without_the_proof_of_that_very_event_nothing_is_altered(client, fake):
    known = OwnEvent("AAMkAGI1=", "", START, START + timedelta(hours=1), False)
    for proof in (None, Marked(MEGAN, "AAMkAGI1="), Marked(ALEX, "AAMkOther")):
        each = OwnEvent(known.id, "", known.start, known.end, False, proof=proof)
        with pytest.raises(IdRefused):
            move_event(client, mailbox_id=ALEX, event=each, start=START, end=START + timedelta(hours=2), **WRITE)
        with pytest.raises(IdRefused):
            cancel_event(client, mailbox_id=ALEX, event=each, **WRITE)
    assert not fake.sent


def test_the_documented_answer_shows_our_mark(client, fake):
    fake.script(Answer(json.loads(samples.MARKED_EVENT)))
    assert find_own_event(client, mailbox_id=ALEX, mark=MARK).responses == {
        "samanthab@contoso.onmicrosoft.com": "none",
    }  # fmt: skip
