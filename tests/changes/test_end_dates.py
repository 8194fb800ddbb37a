"""Access ends with the day somebody chose, once; who may choose it, and what is refused."""

from datetime import UTC, date, datetime

import pytest

from sharing import changes
from sharing.models import AuditEvent, Change, Deputy, EndDate, Notice, RoleAssignment, Tenant
from tests.contoso import mailbox, user

from .dated import DAY, FRIDAY, LIDIA, OVER, berlin, dated, ended, raise_
from .ends import ADELE, ALEX, KIDS, MEGAN, alex, live, told, truth, verbs, work

__all__ = ["alex", "berlin", "dated", "live", "work"]
pytestmark = pytest.mark.django_db(transaction=True)


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


def test_the_owner_is_told_two_weeks_and_a_day_before_and_once_it_came_true(dated, live, clock):
    dated(reason="Her project")
    live(days=11, hours=5)
    assert clock() == datetime(2026, 11, 13, 6, tzinfo=UTC) and not told()  # seven in the morning
    live(hours=3)
    assert told() == ["Adele Vance’s access to Kids parties ends on 27 November 2026"]
    live(days=20)
    assert told()[1:] == [
        "Adele Vance’s access to Kids parties ends on 27 November 2026",
        "Adele Vance’s access to Kids parties ended as planned",
    ]
    body = Notice.objects.get(kind="end_done").body
    assert "was 27 November 2026. Now it is removed, as planned" in body and "Her project" in body


def test_what_ended_by_other_hands_before_the_day_is_not_told_as_ours(dated, live, outside, sync, clock):
    dated()
    live(days=20)
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    sync()
    live(days=30)
    assert not Notice.objects.filter(kind="end_done").exists()


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
    assert truth(cloud, ADELE) is None and len(told()) == 4


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


def test_what_a_deputy_decides_about_a_day_is_written_down_for_whom(dated, contoso, clock, alex):
    lidia = user(contoso, LIDIA)
    Tenant.objects.update(deputies_on=True)
    Deputy.objects.create(tenant=contoso, mailbox=mailbox(ALEX), oid=lidia.oid, given_by=alex, given_at=clock())
    row = dated(actor=lidia)
    said = AuditEvent.objects.get(verb="end_date.set")
    assert (row.by_kind, said.subject["as"]) == ("deputy", "deputy")
    assert said.on_behalf == f"{contoso.tid}.{alex.oid}"
