"""The overview: coverage first, exact figures, and what changed week by week."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sharing.models import Mailbox, PermissionPeriod, Person, Role
from sharing.web.it import figures

from . import rows


def period(permission, *, end, began_at=None, ended_at, role=Role.READ):
    return PermissionPeriod.objects.create(
        tenant=permission.tenant, permission=permission, role=role, end=end, ended_at=ended_at,
        began_at=began_at or rows.FIRST, began_after_at=began_at and began_at - timedelta(days=1),
    )  # fmt: skip


def test_coverage_says_what_could_not_be_read_and_links_to_it(it, alex, contoso):
    rows.make_mailbox(rows.make_person(contoso, "Lee Gu"), state=Mailbox.DENIED)
    rows.make_mailbox(rows.make_person(contoso, "Pradeep Gupta"), state=Mailbox.NEVER)
    rows.make_mailbox(rows.make_person(contoso, "Left Out"), state=Mailbox.EXCLUDED)
    response = it.get("/it/")
    covered = response.context["covered"]
    assert (covered.read, covered.unread, covered.total) == (1, 1, 3)
    gap = next(gap for gap in response.context["gaps"] if gap["state"] == Mailbox.DENIED)
    assert [row["name"] for row in it.get(gap["href"]).context["page"].rows] == ["Lee Gu"]
    assert "Oldest reading today 07:00" in response.content.decode()


def test_people_and_organisation_rows_are_counted_apart(it, alex):
    rows.share_with_everyone(alex.calendars.get(name="Kids parties"), Role.LIMITED_READ)
    response = it.get("/it/")
    assert {role: count for role, count, _ in response.context["bars"]} == {
        Role.FREE_BUSY_READ: 0, Role.LIMITED_READ: 0, Role.READ: 2, Role.WRITE: 0, Role.DELEGATE: 0,
        Role.PRIVATE_DELEGATE: 1,
    }  # fmt: skip
    assert [figure["figure"] for figure in response.context["figures"]] == ["1", "0", "0", "1"]


def test_every_figure_is_the_number_of_rows_its_link_leads_to(it, alex, contoso):
    piet = rows.make_person(contoso, "Piet de Vries", "piet@tailspintoys.com", kind=Person.OUTSIDE)
    emily = rows.make_person(contoso, "Emily Braun", enabled=False)
    rows.give(alex.calendars.get(name="Kids parties"), piet)
    rows.give(alex.calendars.get(name="Calendar"), emily, Role.DELEGATE)
    rows.share_with_everyone(alex.calendars.get(name="Kids parties"), Role.READ)
    for figure in it.get("/it/").context["figures"]:
        assert figure["figure"] == str(len(it.get(figure["href"]).context["page"].rows)), figure["label"]


def test_roles_we_do_not_know_are_counted_and_not_hidden(it, alex):
    rows.give(alex.calendars.get(name="Kids parties"), rows.make_person(alex.tenant, "New"), "readAndForward")
    assert it.get("/it/").context["bars"][-1][:2] == ("", 1)


def test_a_week_counts_what_was_given_removed_and_changed(contoso, alex):
    tuesday = rows.NOW - timedelta(days=4)
    parties = alex.calendars.get(name="Kids parties")
    changed = rows.give(parties, rows.make_person(contoso, "Changed"), Role.WRITE, began_at=tuesday)
    period(changed, end=PermissionPeriod.CHANGED, ended_at=tuesday)
    gone = rows.give(parties, rows.make_person(contoso, "Gone"), ended_at=tuesday)
    period(gone, end=PermissionPeriod.REMOVED, ended_at=tuesday)
    brief = rows.give(parties, rows.make_person(contoso, "Brief"), ended_at=rows.NOW)
    period(brief, end=PermissionPeriod.REMOVED, began_at=tuesday, ended_at=rows.NOW)
    everyone = rows.share_with_everyone(parties, began_at=tuesday, began_after_at=tuesday - timedelta(days=1))
    period(everyone, end=PermissionPeriod.CHANGED, ended_at=tuesday)
    *before, this = figures.weeks(contoso, rows.NOW)
    # Given: Megan on Kids parties three days ago (conftest), and Brief; what was there at the first reading is not.
    assert (this.given, this.removed, this.changed) == (2, 2, 1)
    assert all((week.given, week.removed, week.changed) == (0, 0, 0) for week in before)
    assert len(before) == 11
    assert "2 given, 2 removed, 1 changed to another role" in figures.in_words([*before, this])


def test_a_week_begins_with_its_first_moment(contoso, alex):
    monday = timezone.localtime(rows.NOW - timedelta(days=5)).replace(hour=0, minute=0, second=0, microsecond=0)
    parties = alex.calendars.get(name="Kids parties")
    for name, at in (("Last", monday - timedelta(microseconds=1)), ("This", monday)):
        gone = rows.give(parties, rows.make_person(contoso, name), ended_at=at)
        period(gone, end=PermissionPeriod.REMOVED, ended_at=at)
    last, this = figures.weeks(contoso, rows.NOW)[-2:]
    assert (last.removed, this.removed) == (1, 1)
    assert this.monday == monday.date()


def test_nothing_read_yet_is_said(it, contoso):
    content = it.get("/it/").content.decode()
    assert "0 of 0 mailboxes read" in content and "Nothing was read yet" in content


def test_the_number_of_queries_does_not_grow_with_rows(it, alex):
    it.get("/it/")
    counts = []
    for more in (5, 45):
        for n in range(more):
            rows.give(alex.calendars.get(name="Calendar"), rows.make_person(alex.tenant, f"Holder {more} {n}"))
        with CaptureQueriesContext(connection) as queries:
            it.get("/it/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
