"""A meeting is booked, moved and cancelled once, whatever is sent twice, lost on its way, or dies in the middle."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections

from sandbox import cast as sandbox_cast
from sharing import access
from sharing.changes import booking_steps, bookings
from sharing.changes.refusals import NotNow
from sharing.connect import client_for_meetings, clients
from sharing.graph.events import find_own_event
from sharing.models import AuditEvent, Booking, Tenant
from tests.booking import let_people_book
from tests.cloud import CONTOSO
from tests.contoso import control, user

MEGAN, ALEX = "MeganB@contoso.com", "AlexW@contoso.com"
OTHERS = [("alexw@contoso.com", "Alex Wilber")]
DAY = datetime(2026, 11, 4, tzinfo=UTC)
AT, UNTIL = DAY + timedelta(hours=9), DAY + timedelta(hours=10)


@pytest.fixture
def megan(contoso, sync, cloud, settings):
    """Megan, in Contoso, where meetings are approved and on."""
    tenant = let_people_book(contoso, cloud, settings)
    sync()
    return user(tenant, MEGAN)


def ask(megan, clock, **more):
    wanted = {
        "form_key": uuid.uuid4(), "subject": "Budget", "starts_at": AT, "ends_at": UNTIL, "zone": "Europe/Berlin",
        "attendees": OTHERS, "now": clock(),
    }  # fmt: skip
    return bookings.book(user=megan, **wanted | more)


def carry_on(booking, clock, **more):
    booking.refresh_from_db()
    done = booking_steps.carry_on(client=client_for_meetings(booking.user), booking=booking, clock=clock, **more)
    booking.refresh_from_db()
    return done


def booked(megan, clock, **more):
    booking = ask(megan, clock, **more)
    carry_on(booking, clock)
    assert booking.state == Booking.BOOKED
    return booking


def there(booking):
    """What Exchange holds of it."""
    oid = str(booking.mailbox.person.oid)
    return find_own_event(client_for_meetings(booking.user), mailbox_id=oid, mark=booking.mark)


def made(cloud):
    """How many events of ours stand in calendars, as organizers."""
    held = [each for tenant in cloud.state.tenants.values() for each in tenant.users.values() if each.mailbox]
    events = [event for one in held for event in one.mailbox.events.values()]
    return [event for event in events if event.app_id and event.is_organizer and event.is_live]


def verbs(booking):
    rows = AuditEvent.objects.filter(subject__booking=booking.public_id).order_by("pk")
    return [(row.verb, row.outcome) for row in rows]


def writes(cloud):
    return [e for e in cloud.log.since() if e.kind == "own_event" and e.method != "GET"]


def test_a_meeting_is_booked_and_read_back_by_its_mark(megan, clock, cloud):
    booking = booked(megan, clock)
    event = there(booking)
    assert (event.start, event.end, event.id) == (AT, UNTIL, booking.event_id)
    assert set(event.responses) == {"alexw@contoso.com"}
    assert booking.act == "" and booking.due_at is None and booking.ical_uid
    assert verbs(booking) == [("booking.requested", ""), ("booking.booked", "")]
    assert len(made(cloud)) == 1


def test_the_log_holds_neither_subject_nor_guests(megan, clock):
    booking = booked(megan, clock)
    for row in AuditEvent.objects.filter(subject__booking=booking.public_id):
        assert "Budget" not in str(vars(row)) and "alexw" not in str(vars(row)).casefold()


def test_a_form_sent_twice_is_one_meeting(megan, clock, cloud):
    key = uuid.uuid4()
    first = ask(megan, clock, form_key=key)
    carry_on(first, clock)
    again = ask(megan, clock, form_key=key, subject="Another")
    assert again.pk == first.pk and not carry_on(again, clock)
    assert len(made(cloud)) == 1 and len(writes(cloud)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_by_ten_clicks_at_once_is_one_meeting(megan, clock, cloud):
    key, found, trouble = uuid.uuid4(), [], []
    line = threading.Barrier(4 if connection.vendor == "sqlite" else 10)

    def click():
        try:
            line.wait()
            booking = ask(megan, clock, form_key=key)
            found.append(booking.pk)
            booking_steps.carry_on(client=client_for_meetings(booking.user), booking=booking, clock=clock)
        except Exception as error:
            trouble.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(line.parties)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not trouble and len(set(found)) == 1 and len(made(cloud)) == 1 and len(writes(cloud)) == 1


LOST = {
    "dropped before": {"do": "drop"}, "dropped after": {"do": "drop_after"}, "html": {"do": "html_200"},
    "500": {"do": "status", "status": 500, "code": "UnknownError", "applied": True},
    "503": {"do": "status", "status": 503, "code": "ServiceUnavailable", "applied": False},
    "late": {"do": "late", "seconds": 45},
}  # fmt: skip


def fault(cloud, what):
    """The next write to an event comes to no good end."""
    cloud.faults.set([{"match": {"path": "/events", "method": method}, "times": 1, **what} for method in
                      ("POST", "PATCH")])  # fmt: skip


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_leaves_exactly_one_meeting(megan, clock, cloud, how):
    booking = ask(megan, clock)
    fault(cloud, LOST[how])
    carry_on(booking, clock)
    for _ in range(8):
        if booking.act:
            clock.forward(seconds=31)
            cloud.advance(31)
            carry_on(booking, clock)
    assert booking.state == Booking.BOOKED and len(made(cloud)) == 1 and there(booking)


@pytest.mark.parametrize("step", ["claimed", "looked", "marked", "written", "read"])
def test_a_request_that_dies_at_any_step_leaves_exactly_one_meeting(megan, clock, cloud, step):
    booking = ask(megan, clock)

    def die(reached):
        if reached == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_on(booking, clock, reached=die)
    assert not carry_on(booking, clock), "the one that died still holds it"
    clock.forward(seconds=91)
    cloud.advance(91)
    carry_on(booking, clock)
    assert booking.state == Booking.BOOKED and len(made(cloud)) == 1
    assert [verb for verb, _ in verbs(booking)] == ["booking.requested", "booking.booked"]


def test_an_event_that_shows_late_is_waited_for_and_not_made_twice(megan, clock, cloud):
    control(cloud, "switches", {"events_visible_after_seconds": 60, "duplicate_transaction": "made_again"})
    booking = ask(megan, clock)
    carry_on(booking, clock)
    assert (booking.state, booking.cause) == (Booking.OPEN, "not_confirmed")
    for _ in range(3):
        clock.forward(seconds=25)
        cloud.advance(25)
        carry_on(booking, clock)
    assert booking.state == Booking.BOOKED and len(writes(cloud)) == 1 and len(made(cloud)) == 1


@pytest.mark.parametrize("act", ["create", "move", "cancel"])
def test_what_was_asked_for_long_ago_is_not_sent_any_more(megan, clock, cloud, act):
    booking = ask(megan, clock) if act == "create" else booked(megan, clock)
    later = {"starts_at": AT + timedelta(days=1), "ends_at": UNTIL + timedelta(days=1)} if act == "move" else {}
    if act != "create":
        getattr(bookings, act)(booking=booking, now=clock(), **later)
    cloud.log.clear()
    clock.forward(seconds=900)
    carry_on(booking, clock)
    assert (booking.act, booking.cause) == ("", "too_late") and not writes(cloud)
    assert booking.state == (Booking.FAILED if act == "create" else Booking.BOOKED)


def test_a_definite_no_ends_it_and_says_why(megan, clock, cloud):
    control(
        cloud, "consent", {"client_id": sandbox_cast.BOOKER_APP, "tenant": CONTOSO, "roles": ["Calendars.Read"]}
    )  # fmt: skip
    clients.forget_tokens()
    booking = ask(megan, clock)
    carry_on(booking, clock)
    assert booking.state == Booking.FAILED and booking.cause and not made(cloud)


def test_a_meeting_is_moved_once_and_read_back(megan, clock, cloud):
    booking = booked(megan, clock)
    bookings.move(
        booking=booking, starts_at=AT + timedelta(days=1), ends_at=UNTIL + timedelta(days=1), now=clock()
    )  # fmt: skip
    carry_on(booking, clock)
    assert (booking.state, booking.act, booking.starts_at) == (Booking.BOOKED, "", AT + timedelta(days=1))
    assert there(booking).start == AT + timedelta(days=1) and len(made(cloud)) == 1


def test_a_meeting_is_cancelled_once(megan, clock, cloud):
    booking = booked(megan, clock)
    bookings.cancel(booking=booking, now=clock())
    carry_on(booking, clock)
    assert booking.state == Booking.CANCELLED and not made(cloud)
    with pytest.raises(bookings.Underway):
        bookings.cancel(booking=booking, now=clock())


@pytest.mark.parametrize("act", ["move", "cancel"])
@pytest.mark.parametrize("how", ["dropped before", "dropped after"])
def test_a_lost_answer_to_a_move_or_cancellation_is_settled_by_reading_and_never_sent_again(
    megan, clock, cloud, act, how
):
    booking = booked(megan, clock)
    later = {"starts_at": AT + timedelta(days=1), "ends_at": UNTIL + timedelta(days=1)} if act == "move" else {}
    getattr(bookings, act)(booking=booking, now=clock(), **later)
    cloud.log.clear()
    fault(cloud, LOST[how])
    carry_on(booking, clock)
    for _ in range(7):
        if booking.act:
            clock.forward(seconds=31)
            cloud.advance(31)
            carry_on(booking, clock)
    assert len(writes(cloud)) == 1 and not booking.act
    event = there(booking)
    if how == "dropped before":
        assert (booking.state, booking.cause) == (Booking.BOOKED, "not_confirmed") and event.start == AT
    elif act == "move":
        assert (booking.state, booking.starts_at) == (Booking.BOOKED, AT + timedelta(days=1))
    else:
        assert booking.state == Booking.CANCELLED and (event is None or event.is_cancelled)


def test_what_was_done_in_outlook_is_seen_and_not_overruled(megan, clock, cloud, outside):
    booking = booked(megan, clock)
    at, until = (moment + timedelta(days=2) for moment in (AT, UNTIL))
    outside("move_event", mailbox=MEGAN, event=str(booking.mark), start=at.isoformat(), end=until.isoformat())
    bookings.move(
        booking=booking, starts_at=AT + timedelta(days=1), ends_at=UNTIL + timedelta(days=1), now=clock()
    )  # fmt: skip
    cloud.log.clear()
    carry_on(booking, clock)
    assert (booking.cause, booking.starts_at) == ("moved_elsewhere", AT + timedelta(days=2)) and not writes(cloud)


def test_a_meeting_deleted_in_outlook_is_gone_here_too(megan, clock, outside):
    booking = booked(megan, clock)
    outside("delete_event", mailbox=MEGAN, event=str(booking.mark))
    assert booking_steps.look(client=client_for_meetings(megan), booking=booking, clock=clock) is None
    assert booking.state == Booking.GONE and verbs(booking)[-1] == ("booking.gone", "")


def test_what_an_older_look_saw_does_not_stand_over_what_was_done_since(megan, clock):
    booking = booked(megan, clock)
    older = Booking.objects.get(pk=booking.pk)
    client = client_for_meetings(megan)

    class Slow:
        """Reads, and hands on what it read only once the meeting was moved."""

        def get(self, path):
            answer = client.get(path)
            bookings.move(
                booking=booking, starts_at=AT + timedelta(days=1), ends_at=UNTIL + timedelta(days=1), now=clock()
            )  # fmt: skip
            carry_on(booking, clock)
            return answer

    booking_steps.look(client=Slow(), booking=older, clock=clock)
    booking.refresh_from_db()
    assert (booking.starts_at, older.starts_at) == (AT + timedelta(days=1), AT + timedelta(days=1))


def test_only_what_was_booked_here_is_ever_read(megan, clock, cloud):
    booking = booked(megan, clock)
    booking_steps.look(client=client_for_meetings(megan), booking=booking, clock=clock)
    reads = [e for e in cloud.log.since() if e.method == "GET" and "/events" in e.path]
    assert reads and all(e.kind == "own_event" and str(booking.mark) in e.query for e in reads)
    assert not [e for e in cloud.log.since() if e.kind == "events"]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"bookings_on": False}, "meetings_off"), ({"frozen_at": DAY}, "frozen"),
        ({"has_booker": False}, "not_connected"), ({"state": Tenant.LOST}, "not_connected"),
    ],
)  # fmt: skip
def test_nothing_is_booked_where_it_is_not_let_nor_once_it_is_stopped(megan, clock, cloud, fields, cause):
    waiting = ask(megan, clock)
    Tenant.objects.filter(pk=megan.tenant_id).update(**fields)
    with pytest.raises(NotNow) as refused:
        ask(megan, clock)
    assert refused.value.cause == cause
    booking_steps.carry_on(
        client=clients.booker_for(Tenant.objects.get(pk=megan.tenant_id)), booking=waiting, clock=clock
    )  # fmt: skip
    waiting.refresh_from_db()
    assert (waiting.state, waiting.cause) == (Booking.FAILED, cause) and not made(cloud)


@pytest.mark.parametrize("act", ["create", "move", "cancel"])
def test_what_is_stopped_while_it_is_looked_for_is_not_sent(megan, clock, cloud, act):
    booking = ask(megan, clock) if act == "create" else booked(megan, clock)
    later = {"starts_at": AT + timedelta(days=1), "ends_at": UNTIL + timedelta(days=1)} if act == "move" else {}
    if act != "create":
        getattr(bookings, act)(booking=booking, now=clock(), **later)
    cloud.log.clear()

    def stop(reached):
        if reached == "looked":
            Tenant.objects.filter(pk=megan.tenant_id).update(frozen_at=DAY)

    carry_on(booking, clock, reached=stop)
    assert (booking.act, booking.cause) == ("", "frozen") and not writes(cloud)
    assert booking.state == (Booking.FAILED if act == "create" else Booking.BOOKED)


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({"subject": "  "}, "no_subject"), ({"attendees": []}, "nobody"),
        ({"attendees": [(f"p{n}@contoso.com", "") for n in range(20)]}, "too_many"),
        ({"starts_at": DAY - timedelta(days=9), "ends_at": DAY - timedelta(days=8)}, "past"),
        ({"ends_at": AT}, "too_long"), ({"ends_at": AT + timedelta(hours=25)}, "too_long"),
        ({"starts_at": AT + timedelta(days=400), "ends_at": UNTIL + timedelta(days=400)}, "too_far"),
    ],
)  # fmt: skip
def test_what_is_no_meeting_is_refused_with_its_reason(megan, clock, more, cause):
    with pytest.raises(bookings.BadMeeting) as refused:
        ask(megan, clock, **more)
    assert refused.value.cause == cause and not Booking.objects.exists()


def test_a_persons_bookings_are_theirs_alone(megan, clock):
    booking = booked(megan, clock)
    alex = user(megan.tenant, ALEX)
    assert list(access.bookings_of(megan)) == [booking] and not access.bookings_of(alex)
