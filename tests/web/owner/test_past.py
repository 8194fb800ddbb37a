"""An owner's calendar on a day of the past, its history, and putting it back."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sharing import access
from sharing.models import (
    Calendar,
    CalendarPermission,
    Change,
    ChangeBatch,
    Mailbox,
    OutsideAct,
    PermissionPeriod,
    Tenant,
)
from tests.contoso import mailbox, permission, user

from .cast import ADELE, ALEX, CHARLIE, KIDS, MEGAN


@pytest.fixture
def kids(alex):
    return Calendar.objects.get(name=KIDS, is_own=True, mailbox__person__address=ALEX)


@pytest.fixture
def changed(alex, kids, later, sync, outside):
    """Read twice on 2 November; the day after Adele was removed and Charlie came; read again then and a day later."""
    Tenant.objects.update(creates_on=True)
    later(hours=8)
    sync()
    later(days=1)
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=ADELE)
    outside("share", mailbox=ALEX, calendar=KIDS, who=CHARLIE, role="read")
    sync()
    later(days=1)
    sync()


def day(owner, kids, date):
    return owner.get(reverse("on_date", args=[kids.public_id]), {"date": date}).text


def test_a_day_is_shown_in_the_time_zone_of_the_mailbox(owner, kids, changed, client, alex):
    """Both readings of 2 November were on the 1st where Alex is, before five in the afternoon."""
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    shown = day(client, kids, "2026-11-01")
    assert "America/Los Angeles" in shown
    assert "Adele Vance" in shown and "Certain" in shown and "Charlie Reed" not in shown


def test_the_day_on_which_it_changed_shows_both_and_how_sure_it_is(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "UTC"})
    shown = day(client, kids, "2026-11-03")
    assert "Adele Vance" in shown and "It ended between 2 November 2026, 09:00 and yesterday 09:00." in shown
    assert "Charlie Reed" in shown and "It began between 2 November 2026, 09:00 and yesterday 09:00." in shown
    before = day(client, kids, "2026-11-02")
    assert before.count("Between two checks") == 1 + 1  # Charlie, who may have come that evening; and the words below


def test_before_the_first_check_it_says_that_nothing_is_known(owner, kids, changed, client, alex):
    client.force_login(alex)
    shown = day(client, kids, "2026-10-01")
    assert "Not known" in shown and "The first check was 1 November 2026" in shown
    assert "Adele Vance" not in shown


def test_what_was_let_go_is_not_called_nobody(kids, changed, clock):
    """Of the day before the past is kept nothing is said, whatever rows are still there."""
    span = {"start": clock.now - timedelta(days=2), "end": clock.now - timedelta(days=1)}
    kept = access.calendar_on(kids, **span, kept_from=span["start"])
    assert kept.why_not == "" and kept.held
    gone = access.calendar_on(kids, **span, kept_from=clock.now)
    assert (gone.why_not, gone.held) == ("not_kept", [])


def test_a_mailbox_left_out_then_is_not_called_shared_with_nobody(owner, kids, changed, client, alex, later):
    client.force_login(alex)
    CalendarPermission.objects.filter(calendar=kids).update(ended_at=kids.first_seen_at)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(state=Mailbox.EXCLUDED)
    shown = day(client, kids, "2026-11-04")
    assert "did not read this mailbox" in shown and "Shared with nobody" not in shown


def test_history_names_who_did_it_where_exchange_said_so(owner, kids, changed, client, alex, clock):
    client.force_login(alex)
    OutsideAct.objects.create(
        tenant=kids.tenant, record_id="1", at=clock.now - timedelta(days=1, hours=2), actor="meganb@contoso.com",
        operation="RemoveFolderPermissions", mailbox=kids.mailbox, holder=ADELE.casefold(), taken_at=clock.now,
    )  # fmt: skip
    for name in ("calendar", "calendar_history"):
        shown = client.get(reverse(name, args=[kids.public_id])).text
        assert "By meganb@contoso.com, 2 November 2026" in shown
        assert "by whom is unknown, between" in shown  # Charlie’s, of which no line was given


def test_the_history_of_one_person_is_theirs_alone(owner, kids, changed, client, alex):
    client.force_login(alex)
    charlie = permission(ALEX, CHARLIE, KIDS)
    shown = client.get(reverse("permission_history", args=[kids.public_id, charlie.pk])).text
    assert "Charlie Reed" in shown and "Adele Vance" not in shown


def restore(client, kids, date="2026-11-02"):
    return client.get(reverse("restore", args=[kids.public_id]), {"date": date})


def test_every_change_is_shown_before_it_is_made_and_what_outlook_sends(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    shown = restore(client, kids, "2026-11-01").text
    assert "2 changes" in shown
    assert "Outlook sends 1 invitation, nobody outside among them." in shown
    assert not ChangeBatch.objects.exists() and not Change.objects.exists()


def confirm(client, kids, date, shown):
    mark = shown.partition('name="shown" value="')[2].partition('"')[0]
    return client.post(reverse("restore", args=[kids.public_id]), {"date": date, "shown": mark})


def test_a_confirmed_list_becomes_a_job_and_its_page_shows_each_line(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    answer = confirm(client, kids, "2026-11-01", restore(client, kids, "2026-11-01").text)
    batch = ChangeBatch.objects.get()
    assert answer.status_code == 302 and answer["Location"] == reverse("restored", args=[batch.public_id])
    assert (batch.state, batch.actor_kind, batch.actor) == (ChangeBatch.RUNNING, Change.OWNER, alex)
    page = client.get(answer["Location"]).text
    assert "Adele Vance" in page and "Charlie Reed" in page and "0 of 2 done" in page
    client.force_login(user(kids.tenant, MEGAN))
    assert client.get(answer["Location"]).status_code == 404


def test_a_list_that_moved_on_is_shown_again_and_nothing_is_done(owner, kids, changed, client, alex, outside, sync):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    shown = restore(client, kids, "2026-11-01").text
    outside("unshare", mailbox=ALEX, calendar=KIDS, who=CHARLIE)
    sync()
    answer = confirm(client, kids, "2026-11-01", shown)
    assert answer.status_code == 409 and "The list changed" in answer.text
    assert not ChangeBatch.objects.filter(state=ChangeBatch.RUNNING).exists()


@pytest.mark.parametrize("date", ["", "x", "2026-02-30", "9999-12-31", "2020-01-01"])
def test_a_day_that_cannot_be_put_back_does_nothing(owner, kids, date):
    for answer in (restore(owner, kids, date), confirm(owner, kids, date, "")):
        assert answer.status_code in (200, 409)
    assert not ChangeBatch.objects.exists()


def test_it_is_nobody_elses(client, kids):
    client.force_login(user(kids.tenant, CHARLIE))
    assert mailbox(CHARLIE)
    for name in ("on_date", "restore", "calendar_history"):
        assert client.get(reverse(name, args=[kids.public_id])).status_code == 404
    assert client.post(reverse("restore", args=[kids.public_id]), {"date": "2026-11-02"}).status_code == 404


def crowd(kids, count):
    """So many more on the calendar since its first reading, a third of them with a role before that ended one day."""
    first = kids.permissions.get(name="Adele Vance")
    made = [
        CalendarPermission(
            tenant=kids.tenant, mailbox=kids.mailbox, calendar=kids, graph_id=f"many {n}", name=f"Visitor {n:03}",
            name_sort=f"visitor {n:03}", address=f"visitor{n}@contoso.com", role="read", reach=3, inside=True,
            removable=True, allowed_roles=["read", "write"], first_seen_at=first.first_seen_at,
            began_at=first.began_at + (timedelta(days=1) if n % 3 == 0 else timedelta()),
        )
        for n in range(count)
    ]  # fmt: skip
    CalendarPermission.objects.bulk_create(made)
    PermissionPeriod.objects.bulk_create(
        PermissionPeriod(
            tenant=kids.tenant, permission=row, calendar=kids, mailbox=kids.mailbox, is_first=True, role="write",
            began_at=first.began_at, ended_after_at=row.began_at - timedelta(hours=1), ended_at=row.began_at,
            after="read",
        )
        for row in made[::3]
    )  # fmt: skip


def links(page):
    """Where "Next" and "Previous" lead."""
    found = {rel: re.search(rf'rel="{rel}" href="([^"]+)"', page) for rel in ("next", "prev")}
    return {rel: html.unescape(match[1]) for rel, match in found.items() if match}


def test_the_pages_of_a_day_hold_everybody_once_forwards_and_backwards(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    crowd(kids, 250)
    url = reverse("on_date", args=[kids.public_id])
    there = "?date=2026-11-01"
    seen, pages = [], []
    while there:
        page = client.get(url + there).text
        seen += re.findall(r"<h3>(.*?)</h3>", page)
        pages.append(page)
        there = links(page).get("next", "")
    assert [len(re.findall(r"<h3>", page)) for page in pages] == [100, 100, len(seen) - 200]
    assert len(seen) == len(set(seen)) == 250 + 3  # Adele, Megan and everyone
    assert seen[-1] == "Everyone at Contoso"
    assert "101 to 200 of 253" in pages[1]
    assert client.get(url + links(pages[2])["prev"]).text.partition("<h3>")[2] == pages[1].partition("<h3>")[2]


def test_a_day_on_which_many_changed_shows_both_roles_of_each(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    crowd(kids, 30)
    shown = day(client, kids, "2026-11-02")
    assert [shown.count(f"<h3>Visitor {n:03}</h3>") for n in (0, 1, 2, 3)] == [2, 1, 1, 2]


@pytest.mark.parametrize(
    "place", ["after=still.1.9999", "after=x", "before=over.9999999.9", "after=..", "before=\0.1.1"]
)
def test_a_place_on_a_day_that_is_none_breaks_nothing(owner, kids, changed, client, alex, place):
    client.force_login(alex)
    shown = client.get(f"{reverse('on_date', args=[kids.public_id])}?date=2026-11-01&{place}")
    assert shown.status_code == 200 and "Adele Vance" in shown.text


def newcomers(kids, count):
    """So many who came after the day that the calendar is put back to."""
    crowd(kids, count)
    came = kids.permissions.get(name="Charlie Reed")
    rows = kids.permissions.filter(graph_id__startswith="many")
    PermissionPeriod.objects.filter(permission__in=rows).delete()
    rows.update(began_at=came.began_at, began_after_at=came.began_after_at)


def test_of_a_long_list_a_hundred_are_shown_and_all_are_put_back(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    newcomers(kids, 120)
    shown = restore(client, kids, "2026-11-01").text
    assert "122 changes" in shown and "The first 100 are shown. All 122 are put back." in shown
    assert shown.count("<h3>") == 100
    mark = shown.partition('name="shown" value="')[2].partition('"')[0]
    form = {"date": "2026-11-01", "shown": mark, "typed": "122"}
    assert client.post(reverse("restore", args=[kids.public_id]), form).status_code == 302
    assert ChangeBatch.objects.get().items.filter(skipped="").count() == 122


def test_a_longer_list_takes_no_more_queries(owner, kids, changed, client, alex):
    client.force_login(alex)
    Mailbox.objects.filter(pk=kids.mailbox_id).update(settings={"time_zone": "Pacific Standard Time"})
    counts = []
    for count in (4, 40):
        kids.permissions.filter(graph_id__startswith="many").delete()
        crowd(kids, count)
        gone = kids.permissions.filter(graph_id__startswith="many")
        PermissionPeriod.objects.filter(permission__in=gone).delete()
        now = kids.permissions.get(name="Charlie Reed").began_at
        periods = [
            PermissionPeriod(
                tenant=kids.tenant, permission=row, calendar=kids, mailbox=kids.mailbox, is_first=True, role="read",
                began_at=row.first_seen_at, ended_after_at=now - timedelta(hours=1), ended_at=now, end="removed",
            )
            for row in gone
        ]  # fmt: skip
        PermissionPeriod.objects.bulk_create(periods)
        gone.update(ended_at=now)
        with CaptureQueriesContext(connection) as queries:
            assert f"{count + 2} changes" in restore(client, kids, "2026-11-01").text
        counts.append(len(queries))
        PermissionPeriod.objects.filter(permission__in=gone).delete()
    assert counts[1] <= counts[0]
