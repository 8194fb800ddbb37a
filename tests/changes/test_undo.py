"""A change is taken back by another change, while the world is still as it left it."""

from datetime import timedelta

import pytest

from sharing import changes
from sharing.models import Change, Tenant
from tests.contoso import control, mailbox, permission, user

from .doing import invitations, truth

ALEX, ADELE, MEGAN, CHARLIE = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "CharlieR@contoso.com"
KIDS, MAIN = "Kids parties", "Calendar"
DELEGATE = "delegateWithPrivateEventAccess"
POST = {"path": r"/calendarPermissions$", "method": "POST"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alex(sync, contoso, cloud):
    sync()
    cloud.log.clear()
    return user(contoso, ALEX)


@pytest.fixture
def raised(alex, do, clock):
    """Adele may edit Kids parties, since a moment ago."""
    row = permission(ALEX, ADELE, KIDS)
    return do(changes.request_role(permission=row, role="write", seen="read", actor=alex, now=clock()))


@pytest.fixture
def removed(alex, do, clock):
    """Adele lost Kids parties a moment ago."""
    row = permission(ALEX, ADELE, KIDS)
    return do(changes.request_removal(permission=row, seen="read", actor=alex, now=clock()))


@pytest.fixture
def dismissed(alex, do, clock):
    """Megan, who opened private events, is Alex's delegate no more."""
    row = permission(ALEX, MEGAN)
    return do(changes.request_removal(permission=row, seen=row.role, actor=alex, now=clock()))


@pytest.fixture
def undo(alex, clock):
    return lambda change, **kwargs: changes.undo(change=fresh(change), actor=alex, now=clock(), **kwargs)


def fresh(change):
    return Change.objects.select_related("calendar", "permission", "mailbox__tenant", "mailbox__person").get(
        pk=change.pk
    )


def test_a_role_goes_back_to_what_it_was(raised, undo, do, cloud):
    back = do(undo(raised))
    assert (back.state, back.before, back.after, back.undoes) == ("applied", "write", "read", raised)
    assert truth(cloud, ALEX, KIDS, ADELE) == "read"
    assert not invitations(cloud)


def test_who_was_removed_gets_access_anew_and_one_invitation(removed, undo, do, cloud):
    assert changes.sends_invitation(removed)
    back = do(undo(removed))
    assert (back.state, back.kind, back.after) == ("applied", "create", "read")
    assert truth(cloud, ALEX, KIDS, ADELE) == "read"
    assert invitations(cloud) == [ADELE]
    row = permission(ALEX, ADELE, KIDS)
    assert (back.permission, row.ended_at, row.change) == (row, None, back)


def test_that_needs_no_switch_for_adding_people(removed, undo):
    assert not Tenant.objects.get().creates_on
    assert undo(removed).kind == "create"


def test_a_delegate_comes_back_as_a_delegate(dismissed, undo, do, cloud):
    before = dismissed.before
    assert do(undo(dismissed)).after == before
    assert truth(cloud, ALEX, MAIN, MEGAN) == before


def test_where_no_delegate_can_be_made_anew_the_person_gets_the_most_below_that(dismissed, undo, do, cloud):
    control(cloud, "switches", {"delegate_created": "refused"})
    back = do(undo(dismissed))
    assert (back.state, back.after, back.sent_at) == ("open", "write", None)
    back = do(back)
    assert (back.state, back.after) == ("applied", "write")
    assert (truth(cloud, ALEX, MAIN, MEGAN), invitations(cloud)) == ("write", [MEGAN])


def test_a_role_that_is_no_longer_allowed_becomes_the_nearest_below(dismissed, undo, do, cloud):
    roles = {"value": ["freeBusyRead", "limitedRead"]}
    cloud.faults.set([{"match": {"path": "allowedCalendarSharingRoles"}, "do": "body", "json": roles}])
    back = do(undo(dismissed))
    assert (back.state, back.after) == ("applied", "limitedRead")
    assert truth(cloud, ALEX, MAIN, MEGAN) == "limitedRead"


def test_a_new_id_for_the_same_person_is_the_same_person(removed, undo, do, cloud):
    control(cloud, "switches", {"permission_ids": "regenerated"})
    back = do(undo(removed))
    assert (back.state, back.permission.address, back.permission.ended_at) == ("applied", ADELE, None)
    assert back.permission != removed.permission


def test_who_gets_the_meeting_requests_goes_back(alex, undo, do, clock):
    box = mailbox(ALEX)
    change = do(
        changes.request_delivery(
            mailbox=box, option="sendToDelegateAndPrincipal", seen=box.delivery_option, actor=alex, now=clock()
        )
    )
    assert do(undo(change)).state == "applied"
    assert mailbox(ALEX).delivery_option == box.delivery_option


def test_who_was_added_is_taken_off_again(alex, undo, do, clock, cloud):
    Tenant.objects.update(creates_on=True)
    calendar = permission(ALEX, ADELE, KIDS).calendar
    change = do(
        changes.request_create(calendar=calendar, address=CHARLIE, name="", role="read", actor=alex, now=clock())
    )
    back = do(undo(change))
    assert (back.kind, back.state) == ("remove", "applied")
    assert truth(cloud, ALEX, KIDS, CHARLIE) is None


def test_an_undo_can_be_undone(removed, undo, do, cloud):
    back = do(undo(removed))
    assert do(undo(back)).state == "applied"
    assert truth(cloud, ALEX, KIDS, ADELE) is None
    assert changes.undo_refusal(fresh(removed), back.requested_at) == "undone"


# Where it is too late ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "cause"), [(29, ""), (31, "too_old")])
def test_it_is_possible_for_thirty_days(raised, undo, clock, days, cause):
    clock.forward(days=days)
    assert changes.undo_refusal(fresh(raised), clock()) == cause
    if cause:
        with pytest.raises(changes.CannotUndo) as refused:
            undo(raised)
        assert refused.value.cause == cause


def test_what_somebody_changed_since_is_not_overwritten(raised, undo, outside, sync, clock):
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    clock.forward(days=1)
    sync()
    assert changes.undo_refusal(fresh(raised), clock()) == "moved_on"


def test_what_changed_in_the_very_moment_is_a_conflict(raised, undo, do, outside, cloud):
    back = undo(raised)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    assert do(back).state == "conflict"
    assert truth(cloud, ALEX, KIDS, ADELE) == "limitedRead"


def test_who_was_let_in_again_outside_is_left_alone(removed, undo, outside, sync, clock):
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="freeBusyRead")
    clock.forward(days=1)
    sync()
    assert changes.undo_refusal(fresh(removed), clock()) == "came_back"


def test_a_later_change_of_ours_stands_in_the_way(raised, alex, do, undo, clock):
    row = permission(ALEX, ADELE, KIDS)
    later = changes.request_role(
        permission=row, role="limitedRead", seen="write", actor=alex, now=clock.forward(days=1)
    )
    assert changes.undo_refusal(fresh(raised), clock()) == "underway"
    do(later)
    assert changes.undo_refusal(fresh(raised), clock()) == "moved_on"


def test_it_is_undone_once(raised, undo, do, clock):
    back = undo(raised)
    assert changes.undo_refusal(fresh(raised), clock()) == "underway"
    do(back)
    assert changes.undo_refusal(fresh(raised), clock()) == "undone"
    with pytest.raises(changes.CannotUndo):
        undo(raised)


def test_an_undo_that_failed_can_be_tried_again(removed, undo, do, cloud):
    cloud.faults.set([{"match": POST, "do": "status", "status": 400, "code": "ErrorInvalidRequest", "times": 1}])
    assert do(undo(removed)).state == "failed"
    assert do(undo(removed)).state == "applied"


def test_a_calendar_that_is_gone_takes_nobody_back(removed, undo, outside, sync, clock):
    outside("delete_calendar", mailbox=ALEX, calendar=KIDS)
    clock.forward(days=1)
    sync()
    assert changes.undo_refusal(fresh(removed), clock()) == "calendar_gone"


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"before": "custom"}, "custom"),
        ({"before": "somethingNew"}, "custom"),
        ({"address": ""}, "no_address"),
        ({"state": "failed"}, "not_applied"),
        ({"state": "open"}, "not_applied"),
        ({"state": "unknown"}, "not_applied"),
    ],
)
def test_some_changes_have_no_way_back(removed, clock, fields, cause):
    Change.objects.filter(pk=removed.pk).update(**fields)
    assert changes.undo_refusal(fresh(removed), clock()) == cause


def test_only_who_may_change_may_undo(raised, contoso, clock):
    with pytest.raises(changes.NotNow) as refused:
        changes.undo(change=fresh(raised), actor=user(contoso, ADELE), now=clock())
    assert refused.value.cause == "not_allowed"


def test_a_removal_brings_nobody_else_and_nothing_more(removed, alex, clock):
    calendar = permission(ALEX, ADELE, KIDS).calendar
    for address, role in ((CHARLIE, "read"), (ADELE, "write")):
        with pytest.raises(changes.RoleNotAllowed):
            changes.request_create(
                calendar=calendar, address=address, name="", role=role, actor=alex, now=clock(), undoes=removed
            )


def test_many_are_judged_at_once_with_few_questions(raised, dismissed, clock, django_assert_num_queries):
    rows = [fresh(change) for change in (raised, dismissed)]
    with django_assert_num_queries(3):
        found = changes.undo_refusals(rows, clock() + timedelta(minutes=1))
    assert found == {raised.pk: "", dismissed.pk: ""}
