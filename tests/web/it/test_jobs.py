"""A list is confirmed on its page and becomes a job, whose progress, outcome and every line can be read."""

import re

import pytest
from django.urls import reverse

from sharing import changes
from sharing.models import BatchItem, CalendarPermission, Change, ChangeBatch

from . import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant(writes_on=True)


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(client, lidia):
    client.force_login(lidia)
    return client


@pytest.fixture
def batch(alex, contoso, lidia):
    """Everybody on Alex's calendars is to be removed: Megan, who is his only delegate, twice, and Adele."""
    everybody = alex.permissions.filter(is_organization=False)
    return changes.check_batch(
        tenant=contoso, kind=ChangeBatch.REMOVE, permissions=everybody, actor=lidia, now=rows.NOW
    )  # fmt: skip


def url(batch, name="job"):
    return reverse(f"it:{name}", args=[batch.public_id])


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_page_says_in_numbers_what_will_happen(operator, batch):
    BatchItem.objects.filter(name="Adele Vance").update(skipped="mailbox_not_ok")
    shown = text_of(operator.get(url(batch)))
    assert "Remove 2 entries?" in shown
    assert "1 owner will have no delegate then" in shown
    assert "The mailbox could not be read, so what is known may be old" in shown
    assert "Owners are told by mail, one mail each, once their part is done. That is: Alex Wilber." in shown
    left_out = text_of(operator.get(url(batch) + "?show=left_out"))
    assert "Adele Vance" in left_out


def test_the_page_shows_what_is_sent_for_the_first_entry(operator, batch):
    first = batch.items.order_by("pk").first().permission_id
    CalendarPermission.objects.filter(pk=first).update(graph_id="RXhjaGFuZ2VQdWJsaXNoZWRVc2Vy")
    page = operator.get(url(batch)).text
    assert "DELETE /users/" in page and "Remove-MailboxFolderPermission" in page


def test_a_list_that_is_only_checked_is_its_makers(client, batch, contoso):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    assert client.get(url(batch)).status_code == 404
    client.force_login(rows.make_user(contoso, "Allan Deyoung", "operator"))
    assert client.get(url(batch)).status_code == 404
    assert client.post(url(batch, "confirm_job")).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_confirming_twice_is_one_job(operator, batch):
    for _ in range(2):
        answer = operator.post(url(batch, "confirm_job"), {"reason": "They left"})
        assert answer["Location"] == url(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.reason) == (ChangeBatch.RUNNING, "They left")


def test_from_a_hundred_on_the_number_is_typed(operator, batch):
    lines = [BatchItem(name=f"Person {n}", before="read", tenant=batch.tenant, batch=batch) for n in range(97)]
    BatchItem.objects.bulk_create(lines)
    assert "Type the number of entries, 100" in text_of(operator.get(url(batch)))
    answer = operator.post(url(batch, "confirm_job"), {"typed": "10"})
    assert answer.status_code == 422
    assert "Type the number of entries, 100." in text_of(answer)
    assert operator.post(url(batch, "confirm_job"), {"typed": "100"}).status_code == 302


def test_an_old_list_is_not_confirmed(operator, batch):
    ChangeBatch.objects.update(made_at=rows.NOW - rows.timedelta(minutes=61))
    assert "This list is more than an hour old" in text_of(operator.get(url(batch)))
    answer = operator.post(url(batch, "confirm_job"))
    assert answer.status_code == 409
    assert "Nothing was done" in text_of(answer)


def test_a_list_that_was_given_up_is_gone(operator, batch):
    assert operator.post(url(batch, "cancel_job"))["Location"] == reverse("it:access")
    assert operator.post(url(batch, "confirm_job")).status_code == 409


@pytest.fixture
def running(batch, lidia):
    """One line is done, one failed, one waits."""
    changes.confirm_batch(batch=batch, actor=lidia, now=rows.NOW)
    for item, state in zip(batch.items.order_by("pk"), ("applied", "failed"), strict=False):
        permission = item.permission
        change = Change.objects.create(
            tenant=batch.tenant, kind=Change.REMOVE, target=f"permission:{permission.pk}", mailbox=permission.mailbox,
            calendar=permission.calendar, permission=permission, before=permission.role, actor=lidia,
            actor_kind="operator", state=state, requested_at=rows.NOW, finished_at=rows.NOW,
            cause="" if state == "applied" else "ErrorAccessDenied",
        )  # fmt: skip
        BatchItem.objects.filter(pk=item.pk).update(change=change, handed_out_at=rows.NOW)
    batch.refresh_from_db()
    return batch


def test_a_running_job_shows_how_far_it_is_and_asks_again(operator, running):
    page = operator.get(url(running))
    assert "2 of 3 entries" in text_of(page)
    assert "1 done, 1 waiting, 1 not made." in text_of(page)
    assert 'data-hx-trigger="every 3s"' in page.content.decode()
    assert 'http-equiv="refresh"' in page.content.decode()
    part = operator.get(url(running, "job_progress"))
    assert "HX-Refresh" not in part.headers
    ChangeBatch.objects.update(state=ChangeBatch.DONE, finished_at=rows.NOW)
    assert operator.get(url(running, "job_progress"))["HX-Refresh"] == "true"


def test_each_line_says_what_became_of_it(operator, running):
    assert "ErrorAccessDenied" not in text_of(operator.get(url(running) + "?show=done"))
    failed = text_of(operator.get(url(running) + "?show=not_made"))
    assert "Not made 1" in failed
    assert "refused" in failed.casefold() or "not let" in failed.casefold() or "denied" in failed.casefold()
    assert operator.get(url(running) + "?show=nonsense&after=x").status_code == 200


def test_any_operator_stops_a_job_and_a_reviewer_only_looks(client, running, contoso):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    assert "Cancel what is left" not in text_of(client.get(url(running)))
    assert client.post(url(running, "cancel_job")).status_code == 404
    client.force_login(rows.make_user(contoso, "Allan Deyoung", "operator"))
    assert client.post(url(running, "cancel_job"))["Location"] == url(running)
    running.refresh_from_db()
    assert running.state == ChangeBatch.CANCELLED
    assert "What was not handed out stays as it was" in text_of(client.get(url(running)))


def test_a_job_that_waits_says_why(operator, running):
    ChangeBatch.objects.update(cause="frozen")
    assert "Changes are stopped. The job goes on" in text_of(operator.get(url(running)))


def test_all_jobs_are_listed_with_who_began_them(operator, running):
    shown = text_of(operator.get(reverse("it:jobs")))
    assert "Remove 3 entries" in shown
    assert "1 of 3" in shown
    assert "Lidia Holloway" in shown


def test_a_list_nobody_confirmed_is_not_listed_for_others(client, batch, contoso):
    client.force_login(rows.make_user(contoso, "Isaiah Langer", "reviewer"))
    assert "Remove 3 entries" not in text_of(client.get(reverse("it:jobs")))
