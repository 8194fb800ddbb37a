"""An owner's calendar on a day of the past, its history, and putting it back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from sharing import access
from sharing.models import Calendar, CalendarPermission, Change, ChangeBatch, Mailbox, OutsideAct, Tenant
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
