"""Sync runs: what one did, how it goes on, "Check now", and the decision about a held one."""

from datetime import timedelta

import pytest

from sharing.models import AuditEvent, Mailbox, SyncRun, Tenant
from tests.web.it import rows


def make_run(tenant, **fields):
    return SyncRun.objects.create(
        **{
            "tenant": tenant, "kind": SyncRun.FULL, "began_at": rows.NOW - timedelta(minutes=5),
            "listed_at": rows.NOW - timedelta(minutes=4), "mailboxes": 200, "mailboxes_read": 200,
            "finished_at": rows.NOW, "outcome": SyncRun.DONE, "ended_limit": 20,
        } | fields
    )  # fmt: skip


@pytest.fixture
def held(contoso):
    """A run that would have ended 40 permissions of Alex's mailbox, and did not."""
    alex = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"), state=Mailbox.INCOMPLETE, cause="breaker")
    for n in range(3):
        rows.give(alex.calendars.get(), rows.make_person(contoso, f"Holder {n}"))
    return make_run(contoso, outcome=SyncRun.HELD, cause="breaker", held_back=40)


def test_runs_are_listed_newest_first(admin, contoso):
    old = make_run(contoso, began_at=rows.NOW - timedelta(days=1), outcome=SyncRun.STOPPED, cause="throttled")
    new = make_run(contoso, ended=7)
    page = admin.get("/setup/sync/").context["page"]
    assert [row["public_id"] for row in page.rows] == [new.public_id, old.public_id]
    assert [row["label"] for row in page.rows] == ["Done", "Stopped"]


def test_a_run_is_named_by_when_it_began_with_a_capital(admin, contoso):
    make_run(contoso, began_at=rows.NOW.replace(hour=9, minute=14))
    assert '">Today 09:14</a></th>' in admin.get("/setup/sync/").content.decode()


def test_a_run_that_goes_on_asks_again_every_three_seconds_and_stops_when_it_is_over(admin, contoso):
    run = make_run(contoso, finished_at=None, outcome="", mailboxes_read=50)
    path = f"/setup/sync/{run.public_id}/"
    page = admin.get(path).content.decode()
    assert 'data-hx-trigger="every 3s"' in page and '<meta http-equiv="refresh"' in page
    part = admin.get(f"{path}progress/")
    assert "50 of 200 mailboxes" in part.content.decode()
    assert "About 12 minutes left" in part.content.decode()
    assert "HX-Refresh" not in part
    SyncRun.objects.filter(pk=run.pk).update(finished_at=rows.NOW, outcome=SyncRun.DONE)
    part = admin.get(f"{path}progress/")
    assert part["HX-Refresh"] == "true" and "every 3s" not in part.content.decode()
    assert "every 3s" not in admin.get(path).content.decode()


def test_mailboxes_that_are_not_read_are_grouped_by_cause_with_what_to_do(admin, contoso):
    for n, (state, cause) in enumerate(
        [("denied", "ErrorAccessDenied"), ("denied", "ErrorAccessDenied"), ("never", "")]
    ):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n}"), state=state, cause=cause)
    run = make_run(contoso)
    causes = admin.get(f"/setup/sync/{run.public_id}/").context["causes"]
    assert [(row["state"], row["count"]) for row in causes] == [("denied", 2), ("never", 1)]
    assert causes[0]["why"].todo == "Check the app’s permissions in Entra."
    assert admin.get(causes[0]["href"]).context["page"].rows[0]["state"] == "denied"


def test_before_the_approval_a_run_counts_no_mailbox_that_somebody_lent(admin, contoso):
    run = make_run(contoso)
    rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"), state="denied", cause="ErrorAccessDenied")
    assert "state=denied" in admin.get(f"/setup/sync/{run.public_id}/").content.decode()
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.LISTED)
    assert "state=denied" not in admin.get(f"/setup/sync/{run.public_id}/").content.decode()


def test_the_newest_whole_run_says_how_many_were_read_and_an_older_one_how_many_were_tried(admin, contoso):
    for n, state in enumerate(("ok", "ok", "denied")):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n}"), state=state)
    began = rows.NOW - timedelta(seconds=1)
    new = make_run(contoso, mailboxes=3, mailboxes_read=3, began_at=began, listed_at=began)
    old = make_run(contoso, began_at=rows.NOW - timedelta(days=1))
    page = admin.get(f"/setup/sync/{new.public_id}/").text
    assert "2 read, 1 could not be read" in page and "Took 1 second<" in page
    assert "200 of 200 mailboxes tried" in admin.get(f"/setup/sync/{old.public_id}/").text


def test_an_older_run_says_what_it_found_itself(admin, contoso):
    rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"), state="ok")
    make_run(contoso, mailboxes=1, mailboxes_read=1)
    found = [["ok", "", False, 180], ["denied", "ErrorAccessDenied", False, 15], ["no_mailbox", "x", True, 5]]
    old = make_run(contoso, began_at=rows.NOW - timedelta(days=1), totals={"found": found})
    response = admin.get(f"/setup/sync/{old.public_id}/")
    assert "180 read, 20 could not be read<" in response.text
    assert "Not fully read in this run" in response.text and "Not fully read now" not in response.text
    causes = [(row["state"], row["why"].what, row["count"]) for row in response.context["causes"]]
    assert causes == [
        ("denied", "Microsoft 365 refused", 15), ("no_mailbox", "The account is deleted", 5)
    ]  # fmt: skip
    assert 'class="link"' not in response.text.partition('id="er"')[2]  # the list of users is as it is now


def test_a_run_that_stopped_says_how_many_it_did_not_try(admin, contoso):
    stopped = {"outcome": SyncRun.STOPPED, "cause": "throttled", "mailboxes_read": 50}
    run = make_run(contoso, **stopped, totals={"found": [["ok", "", False, 48], ["unreachable", "timeout", False, 2]]})
    assert "48 read, 2 could not be read, 150 not tried<" in admin.get(f"/setup/sync/{run.public_id}/").text


def test_counts_that_do_not_add_up_to_what_was_tried_are_not_shown(admin, contoso):
    make_run(contoso)
    old = make_run(contoso, began_at=rows.NOW - timedelta(days=1), totals={"found": [["ok", "", False, 199]]})
    page = admin.get(f"/setup/sync/{old.public_id}/").text
    assert "200 of 200 mailboxes tried" in page and "Not fully read" not in page


def test_a_list_of_runs_shows_added_and_changed_on_a_phone_too(admin, contoso):
    make_run(contoso, added=3, changed=5)
    page = admin.get("/setup/sync/").text
    assert '<span class="only-s">added </span>3' in page and '<span class="only-s">changed </span>5' in page
    assert "hide-s" not in page


def test_causes_are_grouped_by_what_is_said_of_them_with_all_codes_in_one_cell(admin, contoso):
    for n, cause in enumerate(("MailboxNotEnabledForRESTAPI", "ResourceNotFound", "ResourceNotFound")):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n}"), state="no_mailbox", cause=cause)
    gone = rows.make_person(contoso, "Gone", ended_at=rows.NOW)
    rows.make_mailbox(gone, state="no_mailbox", cause="ResourceNotFound")
    response = admin.get(f"/setup/sync/{make_run(contoso).public_id}/")
    causes = response.context["causes"]
    assert [(row["why"].what, row["codes"], row["count"]) for row in causes] == [
        ("No Exchange Online mailbox: on-premises, unlicensed or deleted",
         ["ResourceNotFound", "MailboxNotEnabledForRESTAPI"], 3),
        ("The account is deleted", ["ResourceNotFound"], 1),
    ]  # fmt: skip
    assert [len(admin.get(row["href"]).context["page"].rows) for row in causes] == [3, 1]
    assert "licence" not in response.text


def test_check_now_begins_a_whole_run_once(admin, allan, contoso):
    first = admin.post("/setup/sync/check/")
    run = SyncRun.objects.get()
    assert (run.kind, run.asked_by, run.due_at) == (SyncRun.FULL, allan, rows.NOW)
    assert first.url == f"/setup/sync/{run.public_id}/"
    assert admin.post("/setup/sync/check/").url == first.url
    assert SyncRun.objects.count() == 1


def test_a_tenant_that_is_not_connected_is_not_checked(admin, contoso):
    contoso.state = "lost"
    contoso.save()
    assert admin.post("/setup/sync/check/").url == "/setup/sync/"
    assert not SyncRun.objects.exists()


def test_a_tenant_that_is_not_connected_is_not_said_to_be_read_every_night(admin, contoso):
    assert "read whole every night" in admin.get("/setup/sync/").text
    contoso.state = "listed"
    contoso.save()
    page = admin.get("/setup/sync/").text
    assert "read whole every night" not in page and "Contoso is not connected" in page


def test_a_held_run_shows_its_numbers_and_the_mailboxes_it_concerns(admin, held):
    response = admin.get(f"/setup/sync/{held.public_id}/")
    content = response.content.decode()
    assert "would have ended at least" in content and ">40<" in content
    assert [(str(m.person), m.known) for m in response.context["held"]] == [("Alex Wilber", 3)]
    assert "Holder 0" not in content


def test_a_held_run_shows_what_it_would_end_to_whoever_decides(admin, held):
    permissions = rows.CalendarPermission.objects.of_people()
    held.totals = {"held_back": [p.pk for p in permissions]}
    held.save()
    permissions.filter(name="Holder 1").update(ended_at=rows.NOW)  # it ended some other way meanwhile
    permissions.filter(name="Holder 2").update(name="<b>Holder</b>\u202e")
    path = f"/setup/sync/{held.public_id}/"
    response = admin.get(path)
    shown = [(row.owner, row.calendar, row.name) for row in response.context["would_end"]]
    assert shown == [("Alex Wilber", "Calendar", "Holder 0"), ("Alex Wilber", "Calendar", "<b>Holder</b>\\u202e")]
    assert "What it would end" in response.text and "2 of 40 permissions are shown" in response.text
    assert "&lt;b&gt;Holder" in response.text and "<b>Holder" not in response.text
    admin.post(f"{path}reject/")
    assert "Holder 0" not in admin.get(path).text


def test_a_run_held_for_people_who_are_missing_speaks_of_people_and_not_of_permissions(admin, contoso):
    run = make_run(contoso, outcome=SyncRun.HELD, cause="directory_breaker", held_back=31)
    page = admin.get(f"/setup/sync/{run.public_id}/").text
    assert '<strong class="num">31</strong> people are missing from the directory' in page
    assert "would have ended" not in page and "limit 20" not in page
    assert "31</strong> people" in admin.get(f"/setup/sync/{run.public_id}/accept/").text
    assert "0 mailboxes" not in admin.get(f"/setup/sync/{run.public_id}/reject/").text


def test_a_run_held_for_mailboxes_that_are_gone_names_no_other_mailboxes(admin, contoso):
    run = make_run(contoso, outcome=SyncRun.HELD, cause="removed_mailboxes", held_back=31)
    for part in ("", "accept/"):
        page = admin.get(f"/setup/sync/{run.public_id}/{part}").text
        assert "gone for good hold" in page and "as last known, and say so" not in page


def test_what_a_run_would_end_is_the_tenants_own(admin, held):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    patti = rows.make_mailbox(rows.make_person(fabrikam, "Patti Fernandez"))
    other = rows.give(patti.calendars.get(), rows.make_person(fabrikam, "Somebody Else"))
    held.totals = {"held_back": [other.pk]}
    held.save()
    assert not admin.get(f"/setup/sync/{held.public_id}/").context["would_end"]


def test_accepting_asks_first_and_then_reads_again_without_the_breaker(admin, allan, held):
    path = f"/setup/sync/{held.public_id}/accept/"
    assert admin.get(path).status_code == 200
    assert SyncRun.objects.count() == 1
    response = admin.post(path)
    new = SyncRun.objects.get(kind=SyncRun.ACCEPTED)
    assert response.url == f"/setup/sync/{new.public_id}/"
    assert (new.accepts, new.ended_limit, new.asked_by) == (held, None, allan)
    assert Mailbox.objects.get().due_at == rows.NOW
    assert AuditEvent.objects.get(verb="run.accepted").subject == {"run": held.public_id}
    assert admin.post(path).status_code == 409


def test_rejecting_keeps_everything_as_last_known(admin, held):
    admin.post(f"/setup/sync/{held.public_id}/reject/")
    held.refresh_from_db()
    assert held.settled_as == "rejected"
    assert SyncRun.objects.count() == 1
    assert rows.CalendarPermission.objects.open().count() == 3
    assert "Waits for a decision" not in admin.get(f"/setup/sync/{held.public_id}/").content.decode()


def test_a_held_run_is_not_accepted_while_another_goes_on(admin, held, contoso):
    make_run(contoso, finished_at=None, outcome="", began_at=rows.NOW)
    response = admin.post(f"/setup/sync/{held.public_id}/accept/")
    assert response.status_code == 409
    assert "being read right now" in response.content.decode()
    held.refresh_from_db()
    assert held.settled_at is None


def test_a_run_that_stopped_says_why(admin, contoso):
    run = make_run(contoso, outcome=SyncRun.STOPPED, cause="directory_cut_off")
    content = admin.get(f"/setup/sync/{run.public_id}/").content.decode()
    assert "While listing the directory: The answer was cut off" in content


def test_a_run_of_another_tenant_is_not_there(admin):
    run = make_run(rows.make_tenant(rows.FABRIKAM, "Fabrikam"), outcome=SyncRun.HELD)
    for path in ("", "progress/", "accept/", "reject/"):
        assert admin.get(f"/setup/sync/{run.public_id}/{path}").status_code == 404
    assert admin.post(f"/setup/sync/{run.public_id}/accept/").status_code == 404


def test_with_several_tenants_a_button_names_its_tenant(client, contoso):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    allan = rows.make_user(contoso, "Allan Deyoung", "admin")
    rows.RoleAssignment.objects.create(user=allan, tenant=fabrikam, role="admin", given_at=rows.NOW)
    client.force_login(allan)
    assert client.post("/setup/sync/check/").status_code == 404
    client.post(f"/setup/sync/check/?tenant={fabrikam.public_id}")
    assert SyncRun.objects.get().tenant == fabrikam
