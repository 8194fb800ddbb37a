"""Access ends with the day somebody chose, once, from whatever it is by then; what keeps it from that is said."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from sharing import changes
from sharing.models import Change, Deputy, EndDate, Mailbox, RoleAssignment, Tenant
from sharing.notices import tell_of_end
from tests.contoso import mailbox, permission, user

from .ends import ADELE, ALEX, KIDS, MEGAN, alex, live, told, truth, verbs, work

__all__ = ["alex", "live", "work"]
pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
FRIDAY = date(2026, 11, 27)  # the clock begins on Monday 2 November, 01:00 UTC; Alex's mailbox is in Berlin
OVER = datetime(2026, 11, 27, 23, tzinfo=UTC)
LIDIA = "LidiaH@contoso.com"


@pytest.fixture(autouse=True)
def berlin(alex):
    row = mailbox(ALEX)
    hours = {"days": ["monday", "tuesday"], "start": "09:00:00", "end": "17:00:00", "time_zone": "Europe/Berlin"}
    row.settings = {**row.settings, "time_zone": "W. Europe Standard Time", "working_hours": hours}
    row.save(update_fields=["settings"])


@pytest.fixture
def dated(alex, clock):
    """`dated(who, **wish)`: Alex gives somebody's access a last day, Friday 27 November if nothing else is said."""

    def set_it(who=ADELE, calendar=KIDS, actor=None, **wish):
        row = permission(ALEX, who, calendar)
        wish = {"ends_on": FRIDAY, **wish}
        return changes.set_end_date(permission=row, actor=actor or alex, now=clock(), **wish)

    return set_it


def ended(row):
    row.refresh_from_db()
    return row.state, row.cause


def raise_(alex, clock, work, who=ADELE, role="write"):
    changes.request_role(permission=permission(ALEX, who, KIDS), role=role, seen="read", actor=alex, now=clock())
    work()


# The plain course of things -------------------------------------------------------------------------------


def test_access_is_removed_at_the_end_of_its_last_day_where_the_mailbox_is(dated, live, clock, cloud):
    row = dated()
    assert (row.ends_at, row.role, row.asks) == (OVER, "read", False)
    live(days=25, hours=21, minutes=59)
    assert clock() < OVER and truth(cloud, ADELE) == "read" and not Change.objects.exists()
    live(minutes=5)
    assert truth(cloud, ADELE) is None
    change = Change.objects.get()
    assert (change.kind, change.actor_kind, change.state) == ("remove", "end_date", "applied")
    assert ended(row) == ("done", "") and row.change == change
    assert [w.method for w in cloud.log.writes()] == ["DELETE"]


def test_the_owner_is_told_two_weeks_and_a_day_before_and_of_nothing_else(dated, live, clock):
    dated(reason="Her project")
    live(days=11, hours=5)
    assert clock() == datetime(2026, 11, 13, 6, tzinfo=UTC) and not told()  # seven in the morning
    live(hours=3)
    assert told() == ["Adele Vance’s access to Kids parties ends on 27 November 2026"]
    live(days=20)
    assert len(told()) == 2


def test_a_date_can_lower_to_a_former_role(dated, live, alex, clock, work, cloud):
    raise_(alex, clock, work)
    dated(role_after="read")
    live(days=30)
    assert truth(cloud, ADELE) == "read"
    assert [(c.kind, c.before, c.after) for c in Change.objects.filter(actor_kind="end_date")] == [
        ("role", "write", "read")
    ]


def test_each_step_is_in_the_activity_log(dated, live, alex, clock):
    row = dated()
    moved = changes.extend_end_date(end_date=row, ends_on=FRIDAY + DAY, actor=alex, now=clock())
    changes.accept_end(end_date=moved, actor=alex, now=clock())
    live(days=30)
    assert verbs("end_date") == ["set", "moved", "accepted", "ended"]
    assert ended(row) == ("replaced", "") and ended(moved) == ("done", "")


def test_the_last_day_is_later_after_an_extension_and_the_mail_comes_again(dated, live, alex, clock, cloud):
    row = dated()
    live(days=12)
    assert len(told()) == 1
    changes.extend_end_date(end_date=row, ends_on=FRIDAY + 30 * DAY, actor=alex, now=clock())
    live(days=20)
    assert truth(cloud, ADELE) == "read" and len(told()) == 1
    live(days=40)
    assert truth(cloud, ADELE) is None and len(told()) == 3


def test_let_it_end_means_no_more_mail(dated, live, alex, clock, cloud):
    row = dated()
    live(days=12)
    changes.accept_end(end_date=row, actor=alex, now=clock())
    live(days=30)
    assert len(told()) == 1 and truth(cloud, ADELE) is None


def test_a_date_taken_away_ends_nothing(dated, live, alex, clock, cloud):
    row = dated()
    changes.cancel_end_date(end_date=row, actor=alex, now=clock())
    live(days=60)
    assert truth(cloud, ADELE) == "read" and ended(row) == ("cancelled", "") and not told()


def test_a_moment_names_the_day_that_is_over_then(dated):
    assert dated(ends_on=None, ends_at=OVER).ends_on == FRIDAY


# What is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "calendar", "wish", "refusal"),
    [
        (ADELE, KIDS, {"ends_on": date(2026, 11, 2)}, changes.EndsTooSoon),  # today
        (ADELE, KIDS, {"ends_on": date(2026, 11, 1)}, changes.EndsTooSoon),
        (ADELE, KIDS, {"ends_on": date(2126, 1, 1)}, changes.EndsTooLate),
        (ADELE, KIDS, {"role_after": "write"}, changes.RoleNotAllowed),  # more than now
        (ADELE, KIDS, {"role_after": "read"}, changes.RoleNotAllowed),  # the same
        (ADELE, KIDS, {"role_after": "custom"}, changes.RoleNotAllowed),
        ("Default", "Calendar", {}, changes.NotRemovable),
    ],
)
def test_a_date_that_cannot_be_is_refused(dated, who, calendar, wish, refusal):
    with pytest.raises(refusal):
        dated(who, calendar, **wish)
    assert not EndDate.objects.exists()


def test_the_same_date_twice_is_nothing_to_do(dated):
    dated()
    with pytest.raises(changes.NothingToDo):
        dated()
    assert EndDate.objects.count() == 1


def test_only_who_may_change_the_calendar_sets_moves_or_takes_away(dated, contoso, clock):
    row = dated()
    charlie = user(contoso, "CharlieR@contoso.com")
    for verb in (
        lambda: dated(actor=charlie, ends_on=FRIDAY + DAY),
        lambda: changes.extend_end_date(end_date=row, ends_on=FRIDAY + DAY, actor=charlie, now=clock()),
        lambda: changes.cancel_end_date(end_date=row, actor=charlie, now=clock()),
        lambda: changes.accept_end(end_date=row, actor=charlie, now=clock()),
    ):
        with pytest.raises(changes.NotNow):
            verb()
    assert ended(row) == ("live", "")


def test_while_changes_are_off_no_date_is_set_but_one_that_is_set_can_be_moved_away(dated, alex, clock):
    row = dated()
    Tenant.objects.update(writes_on=False)
    with pytest.raises(changes.NotNow):
        dated(MEGAN)
    changes.cancel_end_date(end_date=row, actor=alex, now=clock())
    assert ended(row) == ("cancelled", "")


def test_an_operator_brings_the_end_nearer_and_never_moves_it_away(dated, contoso, clock):
    lidia = user(contoso, LIDIA)
    RoleAssignment.objects.create(user=lidia, tenant=contoso, role="operator", given_at=clock())
    as_lidia = {"actor": lidia, "kind": Change.OPERATOR}
    row = dated()
    for wish in ({"ends_on": FRIDAY + DAY}, {"asks": True}):
        with pytest.raises(changes.OwnersOnly):
            dated(**as_lidia, **wish)
    with pytest.raises(changes.OwnersOnly):
        changes.cancel_end_date(end_date=row, now=clock(), **as_lidia)
    assert dated(**as_lidia, ends_on=FRIDAY - DAY).by == lidia


def test_a_deputy_who_may_not_give_private_events_keeps_nobody_in_them_either(dated, contoso, clock, alex):
    lidia = user(contoso, LIDIA)
    Tenant.objects.update(deputies_on=True)
    Deputy.objects.create(tenant=contoso, mailbox=mailbox(ALEX), oid=lidia.oid, given_by=alex, given_at=clock())
    as_lidia = {"actor": lidia, "kind": Change.DEPUTY}
    row = dated(MEGAN, "Calendar")
    with pytest.raises(changes.NotNow):
        changes.cancel_end_date(end_date=row, now=clock(), **as_lidia)
    with pytest.raises(changes.NotNow):
        dated(MEGAN, "Calendar", ends_on=FRIDAY + DAY, **as_lidia)
    assert dated(MEGAN, "Calendar", ends_on=FRIDAY - DAY, **as_lidia).by == lidia
    Deputy.objects.update(lets_grant_private=True)
    assert dated(MEGAN, "Calendar", ends_on=FRIDAY + DAY, **as_lidia).by == lidia


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
