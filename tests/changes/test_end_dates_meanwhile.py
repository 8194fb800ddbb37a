"""A last day comes while the world moved on, and while workers die: from whatever is true by then, and once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from sharing import changes
from sharing.models import Change, EndDate, Mailbox, Tenant
from sharing.notices import tell_of_end
from tests.contoso import mailbox, permission

from .dated import FRIDAY, berlin, dated, ended, raise_
from .ends import ADELE, ALEX, KIDS, MEGAN, alex, live, told, truth, work

__all__ = ["alex", "berlin", "dated", "live", "work"]
pytestmark = pytest.mark.django_db(transaction=True)


# Meanwhile ------------------------------------------------------------------------------------------------


def test_access_raised_in_outlook_meanwhile_ends_all_the_same(dated, live, outside, sync, cloud):
    row = dated()
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    sync()
    live(days=30)
    assert truth(cloud, ADELE) is None and ended(row) == ("done", "")


def test_access_raised_in_outlook_that_no_reading_has_seen_ends_from_what_it_is(dated, live, outside, cloud):
    row = dated()
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="write")
    live(days=30)
    assert truth(cloud, ADELE) is None and ended(row) == ("done", "")
    # The first one sent nothing: it found something else than it had been told.
    assert [c.state for c in Change.objects.order_by("pk")] == ["conflict", "applied"]
    assert [w.method for w in cloud.log.writes()] == ["DELETE"]


def test_access_that_ended_before_is_done_and_nothing_is_sent(dated, live, outside, sync, cloud):
    row = dated()
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    live(days=30)
    assert ended(row) == ("done", "already_gone")
    assert not Change.objects.exists() and not told()


def test_access_removed_unseen_is_done_too(dated, live, outside, cloud):
    row = dated()
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    live(days=30)
    assert ended(row) == ("done", "") or ended(row) == ("done", "already_gone")
    assert not cloud.log.writes()


def test_less_than_the_former_role_is_never_raised_to_it(dated, live, alex, clock, work, cloud, outside, sync):
    raise_(alex, clock, work)
    row = dated(role_after="read")
    outside("role", mailbox=ALEX, calendar=KIDS, who=ADELE, role="freeBusyRead")
    sync()
    live(days=30)
    assert truth(cloud, ADELE) == "freeBusyRead" and ended(row) == ("done", "already_less")


def test_who_was_given_access_anew_keeps_it(dated, live, outside, sync, cloud):
    row = dated()
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    outside("share", mailbox=ALEX, calendar=KIDS, who=ADELE, role="read")
    sync()
    live(days=30)
    assert ended(row)[0] == "done" and truth(cloud, ADELE) == "read"


@pytest.mark.parametrize("field", ["writes_on", "frozen_at", "state"])
def test_what_cannot_be_changed_on_the_day_ends_when_it_can_and_the_owner_hears(dated, live, clock, cloud, field):
    row = dated()
    off = {"writes_on": False, "frozen_at": clock(), "state": Tenant.LOST}[field]
    on = {"writes_on": True, "frozen_at": None, "state": Tenant.CONNECTED}[field]
    live(days=25)
    before = len(told())
    Tenant.objects.update(**{field: off})
    live(days=1, hours=21)
    assert truth(cloud, ADELE) == "read" and ended(row)[0] == "live" and len(told()) == before
    live(hours=12)  # a whole day late
    assert told()[before:] == ["Adele Vance’s access to Kids parties should have ended"]
    live(days=3)
    assert len(told()) == before + 1
    Tenant.objects.update(**{field: on})
    live(hours=1, minutes=5)
    assert truth(cloud, ADELE) is None and ended(row) == ("done", "")


def test_a_mailbox_that_is_left_out_is_not_said_to_have_ended_anything(dated, live, clock, cloud):
    row = dated()
    Mailbox.objects.filter(pk=row.mailbox_id).update(state=Mailbox.EXCLUDED, cause="outside_group")
    live(days=30)
    assert ended(row) == ("live", "left_out") and truth(cloud, ADELE) == "read"
    Mailbox.objects.filter(pk=row.mailbox_id).update(state=Mailbox.OK, cause="")
    live(hours=1, minutes=5)
    assert ended(row) == ("done", "")


@pytest.fixture
def unknown(dated, live, work, clock):
    """The change was sent, its worker died, and hours later the old role still stands: nobody knows."""
    row = dated()
    live(days=25, hours=21)
    clock.forward(hours=2)
    changes.step_end_date(end_date=EndDate.objects.get(pk=row.pk), now=clock(), tell=tell_of_end)
    Change.objects.update(sent_at=clock())
    clock.forward(hours=2)
    work()
    assert Change.objects.get().state == "unknown"
    return row


def test_an_outcome_nobody_knows_is_no_end(unknown, live):
    live(hours=3)
    assert ended(unknown) == ("live", "not_confirmed")


def test_an_outcome_nobody_knows_is_decided_by_the_next_reading(unknown, live, clock, sync, cloud):
    clock.forward(minutes=5)
    sync()
    live(hours=1)
    assert ended(unknown) == ("failed", "not_confirmed")
    assert told()[2:] == ["Adele Vance’s access to Kids parties could not be ended"]
    assert not cloud.log.writes()


def test_an_outcome_nobody_knows_is_done_where_the_next_reading_shows_it(unknown, live, sync, outside):
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    live(hours=1)
    assert ended(unknown) == ("done", "already_gone") and Change.objects.count() == 1


def test_a_removal_undone_here_keeps_its_date(dated, live, alex, clock, work, cloud):
    row = dated()
    removal = changes.request_removal(permission=permission(ALEX, ADELE, KIDS), seen="read", actor=alex, now=clock())
    work()
    live(days=3)
    changes.undo(change=Change.objects.get(pk=removal.pk), actor=alex, now=clock())
    live(hours=1)
    assert truth(cloud, ADELE) == "read" and ended(row)[0] == "live"
    live(days=30)
    assert truth(cloud, ADELE) is None and ended(row) == ("done", "")


def test_a_mailbox_that_moves_east_ends_there(dated, live, clock, cloud):
    row = dated()
    live(days=20)
    box = mailbox(ALEX)
    box.settings["time_zone"] = "Tokyo Standard Time"
    box.save(update_fields=["settings"])
    live(days=5, hours=13, minutes=59)
    assert clock() < datetime(2026, 11, 27, 15, tzinfo=UTC) and truth(cloud, ADELE) == "read"
    live(hours=1, minutes=5)
    assert truth(cloud, ADELE) is None
    assert row.ends_on == FRIDAY


def test_a_mailbox_that_moves_west_keeps_its_day(dated, live, clock, cloud):
    dated()
    box = mailbox(ALEX)
    box.settings["time_zone"] = "Pacific Standard Time"
    box.save(update_fields=["settings"])
    live(days=26, hours=6)
    assert truth(cloud, ADELE) == "read"
    live(hours=2)
    assert truth(cloud, ADELE) is None


# A delegate -----------------------------------------------------------------------------------------------


def test_about_a_delegate_the_day_asks_and_ends_nothing(dated, live, cloud):
    row = dated(MEGAN, "Calendar")
    assert row.asks
    live(days=60)
    assert truth(cloud, MEGAN, "Calendar").startswith("delegate")
    assert ended(row)[0] == "live" and not Change.objects.exists()
    assert told()[2:] == ["Megan Bowen’s access to your main calendar: let it end?"] * 4


def test_the_answer_after_the_day_ends_it_at_once(dated, live, alex, clock, cloud):
    row = dated(MEGAN, "Calendar")
    live(days=32, hours=20)  # a Friday night
    changes.accept_end(end_date=row, actor=alex, now=clock())
    live(minutes=5)
    assert truth(cloud, MEGAN, "Calendar") is None and ended(row) == ("done", "")


def test_a_delegate_whose_end_was_chosen_goes_in_the_owners_working_hours(dated, live, clock, cloud):
    dated(MEGAN, "Calendar", asks=False)
    live(days=28, hours=6, minutes=59)
    assert clock() == datetime(2026, 11, 30, 7, 59, tzinfo=UTC)  # Monday, before nine in Berlin
    assert truth(cloud, MEGAN, "Calendar").startswith("delegate")
    live(minutes=5)
    assert truth(cloud, MEGAN, "Calendar") is None
    assert not [subject for subject in told() if "should have" in subject]  # the weekend is not late


def test_who_became_a_delegate_meanwhile_is_asked_about(dated, live, outside, sync, cloud):
    row = dated(MEGAN, "Calendar", asks=False)
    EndDate.objects.filter(pk=row.pk).update(role="write")  # as if it had been set when Megan could edit
    live(days=40)
    assert truth(cloud, MEGAN, "Calendar").startswith("delegate") and ended(row)[0] == "live"


# Whoever dies ---------------------------------------------------------------------------------------------


def test_a_worker_that_dies_after_each_write_leaves_one_change_in_the_end(dated, live, clock, cloud, monkeypatch):
    """Whatever the worker had just done when it died, the next one ends it with one change and one DELETE."""
    row = dated()
    live(days=25, hours=21)
    clock.forward(hours=2)
    for _ in range(3):  # dies between the claim and all else
        stale = EndDate.objects.get(pk=row.pk)
        assert stale.claim(now=clock(), lease=timedelta(minutes=2))
        clock.forward(minutes=3)
    with pytest.raises(RuntimeError):  # dies inside the transaction that writes the change down
        changes.step_end_date(end_date=_dying(row), now=clock(), tell=tell_of_end)
    assert not Change.objects.exists()
    live(minutes=10)
    assert Change.objects.count() == 1 and truth(cloud, ADELE) is None
    assert [w.method for w in cloud.log.writes()] == ["DELETE"]


def _dying(row):
    from sharing.changes import end_steps

    fresh = EndDate.objects.get(pk=row.pk)

    class Dying(end_steps._Step):
        def _link(self, change):
            super()._link(change)
            raise RuntimeError

    original, end_steps._Step = end_steps._Step, Dying
    try:
        changes.step_end_date(end_date=fresh, now=fresh.due_at, tell=tell_of_end)
    finally:
        end_steps._Step = original
    return fresh


def test_a_worker_that_slept_through_its_lease_changes_nothing(dated, live, clock):
    row = dated()
    slow = EndDate.objects.get(pk=row.pk)
    live(days=26, hours=3)
    assert not changes.step_end_date(end_date=slow, now=clock(), tell=tell_of_end)
    assert Change.objects.count() == 1


def test_mail_and_its_mark_are_one_transaction(dated, live, clock):
    dated()

    def refuses(end_date, kind, now):
        tell_of_end(end_date, kind, now)
        raise RuntimeError

    clock.forward(days=12)
    with pytest.raises(RuntimeError), transaction.atomic():
        changes.step_end_date(end_date=EndDate.objects.get(), now=clock(), tell=refuses)
    assert not told() and EndDate.objects.get().notices_sent == 0
    live(minutes=5)
    assert len(told()) == 1


def test_who_decides_while_a_worker_holds_it_wins(dated, live, alex, clock, cloud):
    row = dated()
    clock.forward(days=26)
    held = EndDate.objects.get(pk=row.pk)

    def decides(end_date, kind, now):
        raise AssertionError("nothing is told")

    held.claim(now=clock(), lease=timedelta(minutes=2))
    changes.cancel_end_date(end_date=row, actor=alex, now=clock())
    from sharing.changes.end_steps import Superseded, _Step

    with pytest.raises(Superseded):
        _Step(held, clock(), decides).take()
    assert not Change.objects.exists()
    live(days=5)
    assert truth(cloud, ADELE) == "read"


def test_after_a_restore_a_day_that_is_over_asks_and_one_to_come_stays(dated, live, clock, cloud, contoso):
    """The backup was made before the day; it is put back after it, and nobody knows what Alex decided between."""
    over, to_come = dated(), dated(MEGAN, KIDS, ends_on=date(2027, 1, 29))
    clock.forward(days=40)
    assert changes.ask_anew(tenant=contoso, now=clock()) == 1
    live(days=2)
    assert truth(cloud, ADELE) == "read" and ended(over)[0] == "live"
    assert told()[-1] == "Adele Vance’s access to Kids parties: let it end?"
    live(days=50)
    assert truth(cloud, MEGAN) is None and ended(to_come) == ("done", "")
