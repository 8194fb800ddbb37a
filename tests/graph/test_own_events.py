"""An event of ours in the sandbox's Exchange: one of it whatever is repeated, and no other one is ever read."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from sandbox.world import BOOKER_SECRET
from sharing.graph import Client, Credential, NotFound, Rejected, TokenSource
from sharing.graph.events import NewEvent, cancel_event, create_event, find_own_event, move_event
from sharing.graph.schedules import get_schedules
from tests.cloud import ENDPOINTS, cloud_session
from tests.contoso import control

from .conftest import WRITE

AT = datetime(2026, 11, 24, 17, tzinfo=UTC)
ADELE = "AdeleV@contoso.com"


@pytest.fixture
def cloud():
    cloud = Cloud()
    control(cloud, "consent", {"client_id": cast.BOOKER_APP, "tenant": cast.CONTOSO, "roles": ["Calendars.ReadWrite"]})
    cloud.switches.appointments = "none"
    return cloud


@pytest.fixture
def client(cloud):
    session = cloud_session(cloud)
    tokens = TokenSource(
        endpoints=ENDPOINTS, tenant_id=cast.CONTOSO, session=session,
        credential=Credential(client_id=cast.BOOKER_APP, secret=BOOKER_SECRET),
    )  # fmt: skip
    return Client(endpoints=ENDPOINTS, tokens=tokens, session=session, for_meetings=True)


def new(**more):
    given = {
        "subject": "Budget", "start": AT, "end": AT + timedelta(hours=1), "attendees": [(ADELE, "Adele Vance")],
        "mark": uuid4(), "transaction_id": uuid4(),
    }  # fmt: skip
    return NewEvent(**{**given, **more})


def busy(client, address=ADELE):
    (schedule,) = get_schedules(
        client, mailbox_id=cast.MEGAN, addresses=[address], start=AT - timedelta(hours=9), end=AT + timedelta(hours=9)
    )
    return [each.start for each in schedule.items]


def found(client, event):
    return find_own_event(client, mailbox_id=cast.MEGAN, mark=event.mark)


def in_outlook(cloud, do, event):
    """What Megan does with the event behind our back."""
    cloud.state.apply({"do": do, "tenant": cast.CONTOSO, "mailbox": "MeganB@contoso.com", "event": str(event.mark)})


def test_an_event_is_made_found_moved_and_cancelled_and_no_other_one_is_read(client, cloud):
    event = new()
    made = create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    there = found(client, event)
    assert (there.id, there.ical_uid, there.start, there.end) == (made.id, made.ical_uid, event.start, event.end)
    assert set(there.responses) == {"adelev@contoso.com"} and there.proof and not made.proof
    assert busy(client) == busy(client, "MeganB@contoso.com") == [AT]
    later = AT + timedelta(hours=2)
    move_event(client, mailbox_id=cast.MEGAN, event=there, start=later, end=later + timedelta(hours=1), **WRITE)
    moved = found(client, event)
    assert (moved.id, moved.start) == (there.id, later) and busy(client) == [later]
    cancel_event(client, mailbox_id=cast.MEGAN, event=moved, **WRITE)
    assert found(client, event) is None and busy(client) == []
    assert cloud.log.counts["event_reads"] == 0


@pytest.mark.parametrize("switch", ["returned", "refused", "made_again"])
def test_a_repeated_transaction_is_one_event_and_where_it_is_not_the_first_counts(client, cloud, switch):
    cloud.switches.duplicate_transaction = switch
    event = new()
    first = create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    try:
        create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    except Rejected:
        assert switch == "refused"
    assert found(client, event).id == first.id
    assert busy(client) == [AT] * (2 if switch == "made_again" else 1)


def test_what_somebody_deleted_meanwhile_is_not_there_and_can_be_moved_no_more(client, cloud):
    event = new()
    create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    there = found(client, event)
    cloud.state.apply(
        {"do": "delete_event", "tenant": cast.CONTOSO, "mailbox": "MeganB@contoso.com", "event": there.id}
    )
    assert found(client, event) is None
    with pytest.raises(NotFound):
        move_event(client, mailbox_id=cast.MEGAN, event=there, start=AT, end=AT + timedelta(hours=2), **WRITE)


def test_a_mark_that_nobody_gave_finds_nothing(client):
    create_event(client, mailbox_id=cast.MEGAN, new=new(), **WRITE)
    assert find_own_event(client, mailbox_id=cast.MEGAN, mark=uuid4()) is None
    assert find_own_event(client, mailbox_id=cast.ADELE, mark=uuid4()) is None


def test_the_copy_of_somebody_invited_is_not_taken_for_the_event(client, cloud):
    cloud.switches.attendee_copy_properties = "kept"
    event = new()
    create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    assert find_own_event(client, mailbox_id=cast.ADELE, mark=event.mark) is None


def test_a_copy_that_somebody_made_in_outlook_is_not_ours(client, cloud):
    event = new()
    made = create_event(client, mailbox_id=cast.MEGAN, new=event, **WRITE)
    in_outlook(cloud, "copy_event", event)
    assert found(client, event).id == made.id
    assert find_own_event(client, mailbox_id=cast.MEGAN, mark=event.mark, event_id=made.id).id == made.id
    in_outlook(cloud, "delete_event", event)
    assert find_own_event(client, mailbox_id=cast.MEGAN, mark=event.mark, event_id=made.id) is None
