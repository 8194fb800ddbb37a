"""A cover begins on its first day and ends after its last: back to what there was, and nothing is left over."""

from datetime import date, timedelta

import pytest

from sharing import changes
from sharing.models import Change, Cover, EndDate, Notice, Person, RoleAssignment, Tenant
from sharing.notices import tell_of_cover
from tests.contoso import mailbox, permission, user

from .ends import ADELE, ALEX, KIDS, MEGAN, alex, live, told, truth, verbs, work

__all__ = ["alex", "live", "work"]
pytestmark = pytest.mark.django_db(transaction=True)

FIRST, LAST = date(2026, 12, 7), date(2026, 12, 18)
CHARLIE, LIDIA = "CharlieR@contoso.com", "LidiaH@contoso.com"
BEFORE, DURING, AFTER = {"days": 34}, {"days": 3}, {"days": 14}


@pytest.fixture
def planned(alex, clock):
    """`planned(who, **wish)`: somebody covers Kids parties for Alex in December, with “Can edit”."""

    def plan(who=ADELE, actor=None, **wish):
        wish = {"role": "write", "starts_on": FIRST, "ends_on": LAST, **wish}
        calendar = permission(ALEX, ADELE, KIDS).calendar
        return changes.plan_cover(
            calendar=calendar, person=mailbox(who).person, actor=actor or alex, now=clock(), **wish
        )

    return plan


def state(row):
    row.refresh_from_db()
    return row.state, row.cause


def test_it_begins_on_its_first_day_and_goes_back_after_its_last(planned, live, cloud):
    row = planned()
    live(**BEFORE)
    assert truth(cloud, ADELE) == "read" and state(row) == ("waiting", "")
    live(**DURING)
    assert truth(cloud, ADELE) == "write" and state(row) == ("begun", "")
    assert row.end_date.role_after == "read" and row.end_date.ends_on == LAST
    live(**AFTER)
    assert truth(cloud, ADELE) == "read" and state(row) == ("over", "")
    assert [w.method for w in cloud.log.writes()] == ["PATCH", "PATCH"]
    assert verbs("cover") == ["planned", "begun", "over"]


def test_who_had_no_access_is_added_and_removed(planned, live, cloud):
    with pytest.raises(changes.NotNow):
        planned(CHARLIE)
    Tenant.objects.update(creates_on=True)
    row = planned(CHARLIE)
    live(**BEFORE)
    live(**DURING)
    assert truth(cloud, CHARLIE) == "write"
    live(**AFTER)
    assert truth(cloud, CHARLIE) is None and state(row) == ("over", "")
    assert [w.method for w in cloud.log.writes()] == ["POST", "DELETE"]


def test_the_owner_is_told_once_that_a_cover_is_over(planned, live):
    Tenant.objects.update(creates_on=True)
    planned(who=CHARLIE)
    live(days=60)
    over = Notice.objects.filter(kind__in=["cover_over", "end_done"]).get()
    assert (over.kind, over.subject) == ("cover_over", "Charlie Reed no longer covers Kids parties")
    assert "the access is removed, as planned" in over.body


def test_one_that_begins_today_begins_at_once(planned, live, cloud, clock):
    planned(starts_on=None, starts_at=clock())
    live(minutes=5)
    assert truth(cloud, ADELE) == "write"


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"starts_on": date(2026, 10, 1)}, changes.EndsTooSoon),
        ({"ends_on": date(2026, 12, 6)}, changes.EndsTooSoon),
        ({"ends_on": date(2126, 12, 6)}, changes.EndsTooLate),
        ({"role": "read"}, changes.NothingToDo),
        ({"role": "custom"}, changes.RoleNotAllowed),
        ({"role": "delegateWithPrivateEventAccess"}, changes.RoleNotAllowed),  # not on this calendar
        ({"who": ALEX}, changes.BadAddress),
    ],
)
def test_a_cover_that_cannot_be_is_refused(planned, wish, refusal):
    with pytest.raises(refusal):
        planned(**wish)
    assert not Cover.objects.exists()


def test_it_lasts_no_longer_than_the_tenant_lets_it(planned, alex, clock):
    Tenant.objects.update(longest_days_delegate=7, creates_on=True)
    main = permission(ALEX, MEGAN).calendar
    wish = {"person": mailbox(ADELE).person, "role": "delegateWithoutPrivateEventAccess", "actor": alex}
    with pytest.raises(changes.EndsTooLate):
        changes.plan_cover(calendar=main, starts_on=FIRST, ends_on=LAST, now=clock(), **wish)
    changes.plan_cover(calendar=main, starts_on=FIRST, ends_on=FIRST + timedelta(days=7), now=clock(), **wish)


def test_an_operator_covers_nobodys_calendar_alone(planned, contoso, clock):
    lidia = user(contoso, LIDIA)
    RoleAssignment.objects.create(user=lidia, tenant=contoso, role="operator", given_at=clock())
    with pytest.raises(changes.NotNow):
        planned(actor=lidia, kind=Change.OPERATOR)
    with pytest.raises(changes.NotNow):
        planned(actor=user(contoso, CHARLIE))


# Meanwhile ------------------------------------------------------------------------------------------------


def test_a_date_that_was_set_before_counts_again_after_it(planned, live, alex, clock, cloud):
    changes.set_end_date(permission=permission(ALEX, ADELE, KIDS), ends_on=date(2027, 1, 29), actor=alex, now=clock())
    planned()
    live(**BEFORE)
    live(**DURING)
    assert EndDate.objects.get(state="live").ends_on == LAST
    live(**AFTER)
    assert truth(cloud, ADELE) == "read"
    assert EndDate.objects.get(state="live").ends_on == date(2027, 1, 29)
    live(days=50)
    assert truth(cloud, ADELE) is None


def test_a_date_that_comes_during_the_leave_comes_with_its_end(planned, live, alex, clock, cloud):
    changes.set_end_date(permission=permission(ALEX, ADELE, KIDS), ends_on=date(2026, 12, 10), actor=alex, now=clock())
    planned()
    live(days=45)
    assert truth(cloud, ADELE) == "write"
    live(days=5)
    assert truth(cloud, ADELE) is None


def test_who_got_as_much_meanwhile_keeps_it_and_the_owner_hears(planned, live, outside, sync, cloud):
    row = planned()
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    sync()
    live(days=60)
    assert truth(cloud, ADELE) == "write" and state(row) == ("failed", "already_so")
    assert told() == ["Adele Vance does not cover Kids parties"]


def test_who_lost_the_account_does_not_begin(planned, live):
    row = planned()
    Person.objects.filter(pk=mailbox(ADELE).person_id).update(enabled=False)
    live(days=60)
    assert state(row) == ("failed", "person_gone") and not Change.objects.exists()


def test_while_changes_are_off_it_waits_and_begins_late(planned, live, cloud):
    row = planned()
    Tenant.objects.update(writes_on=False)
    live(days=40)
    assert state(row) == ("waiting", "writes_off")
    Tenant.objects.update(writes_on=True)
    live(hours=1, minutes=5)
    assert truth(cloud, ADELE) == "write" and state(row) == ("begun", "")


def test_one_that_could_not_begin_until_it_was_over_never_does(planned, live, cloud):
    row = planned()
    Tenant.objects.update(writes_on=False)
    live(days=50)
    Tenant.objects.update(writes_on=True)
    live(days=1)
    assert state(row) == ("failed", "too_late") and truth(cloud, ADELE) == "read"


def test_a_role_that_changed_unseen_before_its_start_is_what_it_goes_back_to(planned, live, outside, cloud):
    planned()
    live(**BEFORE)
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="limitedRead")
    live(**DURING)
    assert truth(cloud, ADELE) == "write"
    live(**AFTER)
    assert truth(cloud, ADELE) == "limitedRead"


def test_a_removal_during_the_leave_is_final(planned, live, outside, sync, cloud):
    row = planned()
    live(**BEFORE)
    live(**DURING)
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    live(**AFTER)
    assert truth(cloud, ADELE) is None and state(row) == ("over", "")


def test_a_worker_that_dies_while_it_begins_begins_it_once(planned, live, clock, cloud, monkeypatch):
    from sharing.changes import cover_steps

    row = planned()
    live(**BEFORE)
    clock.forward(days=2)

    class Dying(cover_steps._Step):
        def _link(self, change):
            super()._link(change)
            raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(cover_steps, "_Step", Dying)
        with pytest.raises(RuntimeError):
            changes.step_cover(cover=Cover.objects.get(pk=row.pk), now=clock(), tell=tell_of_cover)
    assert not Change.objects.exists()
    live(days=1)
    assert state(row)[0] == "begun" and Change.objects.count() == 1


# Called off -----------------------------------------------------------------------------------------------


def test_called_off_before_its_start_nothing_happens(planned, live, alex, clock):
    row = planned()
    changes.cancel_cover(cover=row, actor=alex, now=clock())
    live(days=60)
    assert state(row) == ("cancelled", "") and not Change.objects.exists()


def test_called_off_during_the_leave_it_goes_back_at_once(planned, live, alex, clock, cloud):
    row = planned()
    live(**BEFORE)
    live(**DURING)
    changes.cancel_cover(cover=Cover.objects.get(pk=row.pk), actor=alex, now=clock())
    live(hours=2)
    assert truth(cloud, ADELE) == "read" and state(row) == ("over", "")


def test_what_is_over_is_not_called_off_and_a_stranger_calls_nothing_off(planned, alex, contoso, clock, live):
    row = planned()
    with pytest.raises(changes.NotNow):
        changes.cancel_cover(cover=row, actor=user(contoso, CHARLIE), now=clock())
    changes.cancel_cover(cover=row, actor=alex, now=clock())
    with pytest.raises(changes.AlreadyGone):
        changes.cancel_cover(cover=row, actor=alex, now=clock())
