"""IT's page of one calendar, its history, and who could see what on a day."""

from datetime import timedelta

import pytest
from django.urls import reverse

from sharing.models import AuditEvent, Calendar, CalendarPermission, PermissionPeriod, Person
from tests.cast import ALEX, CHARLIE, FIRST_READING, ISAIAH, KIDS, MEGAN, NOW, PATTI, SECOND_READING, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def it(cast):
    return cast.browser(ISAIAH)


@pytest.fixture
def kids(cast):
    return Calendar.objects.get(name=KIDS, mailbox__person__address=ALEX, is_own=True)


def page(browser, name, *args, **query):
    answer = browser.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def day(ago):
    return (NOW - ago).date().isoformat()


def test_the_page_of_a_calendar_shows_who_has_access_and_what_happened(it, kids):
    shown = page(it, "it:calendar", kids.public_id)
    assert "Alex Wilber: Kids parties" in shown
    assert "Adele Vance" in shown and "Megan Bowen" in shown
    assert "by whom is unknown, between" in shown


def test_looking_at_a_calendar_is_written_down_once_an_hour(it, kids):
    for _ in range(2):
        page(it, "it:calendar", kids.public_id)
        page(it, "it:calendar_on", kids.public_id, date=day(timedelta(days=2)))
    assert AuditEvent.objects.filter(verb="calendar.viewed").count() == 2


def test_before_the_first_check_nothing_is_known(it, kids):
    shown = page(it, "it:calendar_on", kids.public_id, date=day(FIRST_READING + timedelta(days=3)))
    assert "Not known" in shown
    assert "Adele Vance" not in shown


def test_access_given_between_two_checks_is_not_certain_on_a_day_between_them(it, cast, cloud):
    alex = Calendar.objects.get(mailbox__person__address=ALEX, is_own=True, is_default=True)
    cloud.state.apply({"do": "share", "tenant": str(cast.contoso.tid), "mailbox": ALEX, "who": CHARLIE, "role": "read"})
    read(cast.contoso, NOW - timedelta(seconds=10))
    row = CalendarPermission.objects.get(calendar=alex, address__iexact=CHARLIE)
    CalendarPermission.objects.filter(pk=row.pk).update(began_after_at=NOW - timedelta(days=6))
    then = page(it, "it:calendar_on", alex.public_id, date=day(timedelta(days=3)))
    assert "Charlie" in then and "Between two checks" in then
    before = page(it, "it:calendar_on", alex.public_id, date=day(timedelta(days=8)))
    assert "Charlie" not in before
    after = page(it, "it:calendar_on", alex.public_id, date=NOW.date().isoformat())
    assert "Charlie" in after


def test_a_day_of_a_person_shows_both_directions(it, cast):
    megan = Person.objects.get(address=MEGAN, tenant=cast.contoso, oid__isnull=False)
    shown = page(it, "it:person_on", megan.public_id, date=day(timedelta(days=10)))
    assert "What Megan Bowen could reach" in shown
    assert "Alex Wilber" in shown and "Certain" in shown
    assert "Alex Wilber" in page(it, "it:person_history", megan.public_id)


def test_a_day_of_a_person_shows_what_ended_since(it, cast, kids):
    megan = Person.objects.get(address=MEGAN, tenant=cast.contoso, oid__isnull=False)
    rows = CalendarPermission.objects.open().filter(grantee=megan, mailbox=kids.mailbox)
    for row in rows:
        PermissionPeriod.objects.create(
            tenant=cast.contoso, permission=row, role=row.role, began_at=row.began_at, ended_after_at=NOW,
            ended_at=NOW, end=PermissionPeriod.REMOVED,
        )  # fmt: skip
    assert rows.update(ended_at=NOW)
    shown = page(it, "it:person_on", megan.public_id, date=day(timedelta(days=10)))
    assert "Alex Wilber" in shown and "Certain" in shown
    assert "Alex Wilber" in page(it, "it:person_history", megan.public_id)


def test_the_history_of_one_entry_is_its_own(it, kids):
    adele = CalendarPermission.objects.get(calendar=kids, name="Adele Vance")
    PermissionPeriod.objects.create(
        tenant=kids.tenant, permission=adele, role="write", began_at=NOW - timedelta(days=9),
        began_after_at=NOW - timedelta(days=10), ended_at=NOW - timedelta(days=8),
        ended_after_at=NOW - timedelta(days=8, hours=4), after="read",
    )  # fmt: skip
    shown = page(it, "it:permission_history", adele.pk)
    assert "changed from Can edit to All details" in shown
    assert "Megan Bowen" not in shown


@pytest.mark.parametrize("date", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2027-01-01", "\0"])
def test_a_day_that_is_none_or_not_yet_breaks_nothing(it, kids, date):
    assert "Adele Vance" not in page(it, "it:calendar_on", kids.public_id, date=date)


@pytest.mark.parametrize("before", ["", "x", "a~b~c", "2026-11-01~0~1", f"{NOW.isoformat()}~99~1", "~~", "9" * 300])
def test_a_cursor_that_is_none_shows_the_newest(it, kids, before):
    assert "Adele Vance" in page(it, "it:calendar_history", kids.public_id, before=before)


def test_every_page_of_a_history_is_there_once_and_in_order(it, cast, kids):
    adele = CalendarPermission.objects.get(calendar=kids, name="Adele Vance")
    at = NOW - timedelta(days=1)
    for number in range(130):
        begin = at - timedelta(hours=1) if number % 3 else at  # some at one moment
        PermissionPeriod.objects.create(
            tenant=kids.tenant, permission=adele, role=f"role{number}", began_at=begin, ended_at=at, after="read"
        )
        at = begin
    seen, url = [], reverse("it:permission_history", args=[adele.pk])
    while url:
        shown = it.get(url).content.decode()
        seen += [int(part.partition(" ")[0]) for part in shown.replace("</strong>", "").split("from role")[1:]]
        older = shown.partition('<a class="btn end" href="')[2].partition('"')[0].replace("&amp;", "&")
        url = reverse("it:permission_history", args=[adele.pk]) + older if older else ""
    assert sorted(seen) == list(range(130)) and len(set(seen)) == 130


def test_a_mailbox_that_could_not_be_read_then_says_so(it, cast, cloud):
    cloud.state.apply(
        {"do": "mailbox_state", "tenant": str(cast.contoso.tid), "mailbox": MEGAN, "state": "store_error"}
    )
    calendar = Calendar.objects.get(mailbox__person__address=MEGAN, is_own=True, is_default=True)
    read(cast.contoso, NOW - timedelta(seconds=10))
    shown = page(it, "it:calendar_on", calendar.public_id, date=NOW.date().isoformat())
    assert "could not be read at the end of that day" in shown
    then = page(it, "it:calendar_on", calendar.public_id, date=day(SECOND_READING - timedelta(days=1)))
    assert "could not be read" not in then


def test_nobody_else_sees_any_of_it(cast, kids):
    for who in (ALEX, CHARLIE, PATTI):
        for name in ("it:calendar", "it:calendar_history", "it:calendar_on"):
            assert cast.browser(who).get(reverse(name, args=[kids.public_id])).status_code == 404
