"""A sharee's own copy is renamed or left, and a calendar of one's own is never touched."""

import pytest

from sharing import changes, graph
from sharing.changes.copy_targets import CopyTarget
from sharing.models import AuditEvent, Calendar, Change
from tests.cloud import CONTOSO, cloud_client
from tests.contoso import mailbox, user

from .doing import truth

ALEX, MEGAN, CHARLIE = "AlexW@contoso.com", "MeganB@contoso.com", "CharlieR@contoso.com"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def megan(sync, contoso, cloud):
    sync()
    cloud.log.clear()
    return user(contoso, MEGAN)


@pytest.fixture
def copy(megan):
    """Alex's calendar as Megan has it in her list."""
    rows = Calendar.objects.filter(mailbox=mailbox(MEGAN), is_own=False, owner_address__iexact=ALEX, ended_at=None)
    return rows.select_related("mailbox").order_by("pk").first()


def listed(cloud, who=MEGAN):
    """Ids and names of the copies in somebody's list, at Microsoft."""
    box = cloud.state.tenants[CONTOSO].user(who).mailbox
    return {c.id: c.name for c in box.calendars.values() if c.is_copy}


def test_a_copy_is_renamed_for_its_reader_alone(megan, copy, do, cloud, clock):
    owners = [c.name for c in cloud.state.tenants[CONTOSO].user(ALEX).mailbox.calendars.values()]
    change = do(changes.request_copy_name(calendar=copy, name="  The  boss ", actor=megan, now=clock()))
    assert (change.state, change.actor_kind, change.after) == ("applied", "sharee", "The boss")
    assert listed(cloud)[copy.graph_id] == "The boss"
    copy.refresh_from_db()
    assert copy.name == "The boss"
    assert [c.name for c in cloud.state.tenants[CONTOSO].user(ALEX).mailbox.calendars.values()] == owners
    assert [w.method for w in cloud.log.writes()] == ["PATCH"]


def test_a_copy_is_left_and_what_was_granted_stays(megan, copy, do, cloud, clock):
    role = truth(cloud, ALEX, "Calendar", MEGAN)
    change = do(changes.request_copy_removal(calendar=copy, actor=megan, now=clock()))
    assert change.state == "applied"
    assert copy.graph_id not in listed(cloud)
    assert truth(cloud, ALEX, "Calendar", MEGAN) == role is not None
    copy.refresh_from_db()
    assert copy.ended_at == clock()


def test_a_name_can_be_undone(megan, copy, do, cloud, clock):
    change = do(changes.request_copy_name(calendar=copy, name="The boss", actor=megan, now=clock()))
    change = Change.objects.select_related("calendar", "permission", "mailbox").get(pk=change.pk)
    assert do(changes.undo(change=change, actor=megan, now=clock())).state == "applied"
    assert listed(cloud)[copy.graph_id] == copy.name


def test_names_of_calendars_stay_out_of_the_audit(megan, copy, do, clock):
    do(changes.request_copy_name(calendar=copy, name="The boss", actor=megan, now=clock()))
    rows = AuditEvent.objects.filter(verb__startswith="change")
    assert {(row.before, row.after) for row in rows} == {("", "")}


def test_a_copy_that_is_gone_already_needs_nothing(megan, copy, do, cloud, clock):
    change = changes.request_copy_removal(calendar=copy, actor=megan, now=clock())
    del cloud.state.tenants[CONTOSO].user(MEGAN).mailbox.calendars[copy.graph_id]
    assert do(change).state == "applied"
    assert not cloud.log.writes()


@pytest.mark.parametrize("lost", [{"do": "drop_after"}, {"do": "status", "status": 500, "code": "", "applied": True}])
def test_a_lost_answer_is_settled_by_the_list(megan, copy, do, cloud, clock, lost):
    cloud.faults.set([{"match": {"method": "DELETE"}, **lost, "times": 1}])
    assert do(changes.request_copy_removal(calendar=copy, actor=megan, now=clock())).state == "applied"
    assert len(cloud.log.writes()) == 1


def test_an_own_calendar_is_not_asked_for(megan, clock):
    own = Calendar.objects.filter(mailbox=mailbox(MEGAN), is_own=True).select_related("mailbox")
    for calendar in own:
        for ask in (
            lambda calendar=calendar: changes.request_copy_removal(calendar=calendar, actor=megan, now=clock()),
            lambda calendar=calendar: changes.request_copy_name(calendar=calendar, name="x", actor=megan, now=clock()),
        ):
            with pytest.raises(changes.NotACopy):
                ask()


def test_what_turns_out_to_be_an_own_calendar_is_never_deleted(megan, copy, do, cloud, clock):
    """The mirror is wrong, or was tampered with: the row of a copy carries the id of Megan's own calendar."""
    own = Calendar.objects.get(mailbox=mailbox(MEGAN), is_own=True, name="Office moves")
    wish = changes.request_copy_removal(calendar=copy, actor=megan, now=clock())
    Calendar.objects.filter(pk=own.pk).update(graph_id="x" + own.graph_id[1:])
    Calendar.objects.filter(pk=copy.pk).update(graph_id=own.graph_id)
    change = do(wish)
    assert change.state == "failed" and change.sent_at is None
    assert not cloud.log.writes()
    assert own.graph_id in cloud.state.tenants[CONTOSO].user(MEGAN).mailbox.calendars


def test_a_list_without_any_own_calendar_is_no_list(megan, copy, do, cloud, clock):
    change = changes.request_copy_removal(calendar=copy, actor=megan, now=clock())
    cloud.faults.set([{"match": {"path": "/calendars$"}, "do": "empty_list"}])
    change = do(change)
    assert (change.state, change.sent_at) == ("open", None)


def test_only_their_reader_may(copy, contoso, clock):
    for other in (ALEX, CHARLIE):
        with pytest.raises(changes.NotNow):
            changes.request_copy_removal(calendar=copy, actor=user(contoso, other), now=clock())


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\u202eb"])
def test_some_names_are_none(megan, copy, clock, name):
    with pytest.raises(changes.BadName):
        changes.request_copy_name(calendar=copy, name=name, actor=megan, now=clock())


# The door ------------------------------------------------------------------------------------------------

WRITE = {"request_id": "00000000-0000-4000-8000-000000000001", "deadline_seconds": 5.0}


@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_the_door_lets_no_calendar_through_without_proof(megan, copy, cloud, verb):
    client, oid = cloud_client(cloud), str(mailbox(MEGAN).person.oid)
    own = Calendar.objects.get(mailbox=mailbox(MEGAN), is_own=True, name="Office moves")
    proof = graph.Copy(oid, copy.graph_id)
    for path, shown in (
        (f"/users/{oid}/calendars/{own.graph_id.replace('=', '%3D')}", None),
        (f"/users/{oid}/calendars/{own.graph_id.replace('=', '%3D')}", proof),
        (proof.path, None),
        (f"/users/{oid}/calendars/..", proof),
        (f"/users/{oid}/calendar", proof),
    ):
        with pytest.raises(graph.IdRefused):
            getattr(client, verb)(path, {"name": "x"} if verb == "patch" else None, proof=shown, **WRITE)
    assert not cloud.log.writes()


def seen(**fields):
    face = {
        "id": "AAMkAD-copy", "name": "Alex Wilber", "is_default": False, "can_share": False, "can_edit": True,
        "can_view_private": False, "owner_name": "Alex Wilber", "owner_address": ALEX, "is_removable": True,
    }  # fmt: skip
    return graph.Calendar(**{**face, **fields})


def test_a_proof_wants_every_sign():
    oid, mine = str(CONTOSO), {"meganb@contoso.com", "megan.bowen@contoso.com"}
    assert graph.proved_copy(seen(), mailbox_id=oid, addresses=mine).calendar_id == "AAMkAD-copy"
    for doubt in (
        {"owner_address": "Megan.Bowen@contoso.com"}, {"owner_address": None}, {"owner_address": ""},
        {"can_share": True}, {"can_share": None}, {"is_default": True}, {"is_removable": False},
    ):  # fmt: skip
        with pytest.raises(graph.IdRefused):
            graph.proved_copy(seen(**doubt), mailbox_id=oid, addresses=mine)
    with pytest.raises(graph.IdRefused):
        graph.proved_copy(seen(), mailbox_id=oid, addresses=set())


def test_nothing_is_written_without_a_look(megan, copy, cloud, clock):
    change = changes.request_copy_removal(calendar=copy, actor=megan, now=clock())
    with pytest.raises(graph.IdRefused):
        CopyTarget(change, copy).write(cloud_client(cloud))
    assert not cloud.log.writes()
