"""What was done here and is undone outside is seen by whatever reads next, told once, and never by mistake."""

import pytest

from sharing import changes, notices
from sharing.models import AuditEvent, Notice, RoleAssignment, Tenant
from tests.cloud import cloud_client
from tests.contoso import control, mailbox, permission, user

ALEX, ADELE, MEGAN, ALLAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "AllanD@contoso.com"
KIDS = "Kids parties"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alex(sync, contoso):
    sync()
    return user(contoso, ALEX)


@pytest.fixture
def change(alex, do, clock):
    """`change("read")`: Alex gives Adele another role on Kids parties; `change(None)` removes her."""

    def ask(role, who=ADELE):
        row = permission(ALEX, who, KIDS)
        common = {"permission": row, "seen": row.role, "actor": alex, "now": clock()}
        asked = changes.request_role(role=role, **common) if role else changes.request_removal(**common)
        return do(do_check(do(asked)))

    def do_check(done):
        clock.forward(minutes=11)
        return done

    return ask


@pytest.fixture
def night(sync, clock):
    """A night passes, and the whole tenant is read; the changes that were then noted as undone."""

    def read(days=1):
        clock.forward(days=days)
        sync()
        return changes.notice_reversals(clock())

    return read


def test_removed_access_that_is_back_is_noted_recorded_and_told(change, night, outside, contoso, clock):
    RoleAssignment.objects.create(user=user(contoso, ALLAN), role="admin", tenant=contoso, given_at=clock())
    done = change(None)
    assert done.checked_at == clock()
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert night() == [done]
    done.refresh_from_db()
    assert (done.reverted_at, done.found) == (clock(), "read")
    assert AuditEvent.objects.filter(verb="change.reverted", subject__change=done.public_id).count() == 1
    notices.decide(clock())
    notices.tell_of_reverted(clock())
    told = Notice.objects.filter(kind__contains="access_back").order_by("pk")
    assert [(n.kind, n.subject) for n in told] == [
        ("revoked_access_back", "Contoso: access that was taken away is back"),
        ("access_back", "Adele Vance has access to Kids parties again"),
    ]
    assert "Adele" not in told[0].body and "was removed from Kids parties in Calwarden" in told[1].body


def test_it_is_told_once_however_often_it_is_looked_at(change, night, outside, clock):
    change(None)
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert len(night()) == 1
    assert night() == []
    for _ in range(2):
        notices.tell_of_reverted(clock())
    assert Notice.objects.filter(kind="access_back").count() == 1
    assert AuditEvent.objects.filter(verb="change.reverted").count() == 1


def test_access_that_is_back_under_another_id_is_back(change, night, outside, cloud, clock):
    done = change(None)
    control(cloud, "switches", {"permission_ids": "regenerated"})
    box = mailbox(ALEX)
    client = cloud_client(cloud)
    calendar = permission(ALEX, MEGAN, KIDS).calendar
    client.post(
        f"/users/{box.person.oid}/calendars/{calendar.graph_id.replace('=', '%3D')}/calendarPermissions",
        {"emailAddress": {"address": ADELE, "name": "Adele"}, "role": "read"}, request_id="r", deadline_seconds=5,
    )  # fmt: skip
    assert night() == [done]


@pytest.mark.parametrize(
    ("lowered", "found", "is_undone"),
    [
        ("freeBusyRead", "read", True),  # as before
        ("freeBusyRead", "write", True),  # more than before
        ("freeBusyRead", "limitedRead", False),  # something else, which is the owner's to choose
        ("write", "read", True),  # a raise that was taken back
        ("write", "limitedRead", False),
    ],
)
def test_a_role_is_undone_where_the_former_one_is_back_or_more(change, night, outside, lowered, found, is_undone):
    done = change(lowered)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role=found)
    assert night() == ([done] if is_undone else [])


def test_a_raise_that_was_taken_back_alarms_nobody(change, night, outside, contoso, clock):
    change("write")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert len(night()) == 1
    assert changes.came_back(clock(), contoso) == []


def test_what_we_gave_back_ourselves_is_no_reversal(change, night, alex, do, clock):
    Tenant.objects.update(creates_on=True)
    done = change(None)
    do(changes.undo(change=done, actor=alex, now=clock()))
    assert night() == []


def test_only_the_last_change_of_a_thing_is_watched(change, night, outside):
    change("write")
    last = change("limitedRead")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    assert night() == [last]


def test_after_thirty_days_nobody_watches_any_more(change, night, outside):
    change(None)
    night(days=31)
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert night() == []


def test_what_stays_as_it_was_made_is_left_alone(change, night):
    change("write")
    change(None, who=MEGAN)
    assert night() == night() == []


def test_who_gets_meeting_requests_is_watched_too(alex, do, night, cloud, outside, clock):
    box = mailbox(ALEX)
    done = do(
        changes.request_delivery(
            mailbox=box, option="sendToDelegateAndPrincipal", seen=box.delivery_option, actor=alex, now=clock()
        )
    )
    outside("delivery", mailbox=ALEX, option=box.delivery_option)
    assert night() == [done]


def test_a_later_change_that_mends_it_ends_the_alarm(change, night, outside, contoso, clock):
    change(None)
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    night()
    assert len(changes.came_back(clock(), contoso)) == 1
    change(None)
    assert changes.came_back(clock(), contoso) == []


def undone(clock):
    clock.forward(minutes=2)
    for _ in range(2):
        notices.tell_of_reverted(clock())
    return list(Notice.objects.filter(kind="undone_outside").order_by("pk"))


def test_a_raise_that_was_undone_outside_is_mailed_to_its_owner_once(change, night, outside, clock):
    change("write")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert len(night()) == 1
    (told,) = undone(clock)
    assert told.person == mailbox(ALEX).person
    assert told.subject == "A change on your calendar was undone outside Calwarden"
    assert "Adele Vance on Kids parties: set to “Can edit” here, now “Can view all details”" in told.body
    assert not Notice.objects.filter(kind="access_back").exists()
    night()
    assert len(undone(clock)) == 1


def test_what_one_reading_shows_of_one_mailbox_is_one_mail(change, night, outside, alex, do, clock):
    change("write")
    box = mailbox(ALEX)
    asked = changes.request_delivery(
        mailbox=box, option="sendToDelegateAndPrincipal", seen=box.delivery_option, actor=alex, now=clock()
    )
    before = asked.before
    do(asked)
    outside("delivery", mailbox=ALEX, option=before)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    assert len(night()) == 2
    (told,) = undone(clock)
    assert told.body.count("\n- ") == 2
    assert "Who gets the meeting requests: set to “Both of us” here, now “Only my delegate”" in told.body


def test_what_is_still_being_noted_is_not_mailed_in_parts(change, night, outside, clock):
    change("write")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    night()
    notices.tell_of_reverted(clock())
    assert not Notice.objects.filter(kind="undone_outside").exists()
    assert len(undone(clock)) == 1


def test_what_was_dealt_with_since_is_not_mailed(change, night, outside, clock):
    change("write")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    night()
    change("write")
    assert undone(clock) == []
