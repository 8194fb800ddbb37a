"""Users: every mailbox with its state and cause, one mailbox read on request, and stewards of shared ones."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing import access
from sharing.models import AuditEvent, Mailbox, SyncShard
from tests.web.it import rows


@pytest.fixture
def mailboxes(contoso):
    """Alex is read, Lee has no licence, a room was throttled, a shared mailbox is fine."""
    people = {name: rows.make_person(contoso, name) for name in ("Alex Wilber", "Lee Gu", "Room 4", "Sales")}
    return {
        "alex": rows.make_mailbox(people["Alex Wilber"]),
        "lee": rows.make_mailbox(
            people["Lee Gu"], state=Mailbox.NO_MAILBOX, cause="MailboxNotEnabledForRESTAPI", read_at=None
        ),
        "room": rows.make_mailbox(people["Room 4"], state=Mailbox.INCOMPLETE, cause="throttled", purpose="room"),
        "sales": rows.make_mailbox(people["Sales"], purpose="shared"),
    }


def names(response):
    return [row["name"] for row in response.context["page"].rows]


def test_every_mailbox_is_listed_with_state_cause_and_last_reading(admin, mailboxes):
    response = admin.get("/setup/users/")
    assert names(response) == ["Alex Wilber", "Lee Gu", "Room 4", "Sales"]
    content = response.content.decode()
    assert "No Exchange Online mailbox" in content and "Microsoft asked us to slow down" in content
    assert "today 07:00" in content and "Never" in content


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=no_mailbox", ["Lee Gu"]),
        ("state=ok&q=sal", ["Sales"]),
        ("purpose=room", ["Room 4"]),
        ("cause=throttled", ["Room 4"]),
        ("q=alexw@", ["Alex Wilber"]),
        ("state=nonsense", ["Alex Wilber", "Lee Gu", "Room 4", "Sales"]),
        ("q=álexw@", ["Alex Wilber"]),
        ("q=nobody", []),
    ],
)
def test_states_filters_and_search_narrow_the_list(admin, mailboxes, query, found):
    assert names(admin.get(f"/setup/users/?{query}")) == found


def test_states_are_counted(admin, mailboxes):
    tabs = admin.get("/setup/users/").context["tabs"]
    assert [(label, count) for label, _, count, _ in tabs] == [
        ("All", 4), ("Read", 2), ("Partly read", 1), ("No mailbox", 1),
    ]  # fmt: skip


def test_no_page_of_set_up_shows_who_shares_what(admin, mailboxes, contoso):
    mallory = rows.make_person(contoso, "Mallory Holder")
    rows.give(mailboxes["alex"].calendars.get(), mallory)
    for path in ("users/", f"users/{mailboxes['alex'].public_id}/", "sync/", "connections/", "roles/"):
        assert b"Mallory" not in admin.get(f"/setup/{path}").content


def test_check_now_makes_one_mailbox_due(admin, mailboxes):
    lee = mailboxes["lee"]
    path = f"/setup/users/{lee.public_id}/"
    assert admin.post(f"{path}check/").url == path
    lee.refresh_from_db()
    assert lee.due_at == rows.NOW
    assert b"Waiting to be read" in admin.get(path).content
    assert SyncShard.objects.get().due_at is None  # the worker wakes it


def test_a_mailbox_of_another_tenant_is_not_there(admin):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    theirs = rows.make_mailbox(rows.make_person(fabrikam, "Patti Fernandez"), purpose="shared")
    for path in (f"users/{theirs.public_id}/", f"users/{theirs.public_id}/check/"):
        assert admin.post(f"/setup/{path}", {"address": "x"}).status_code == 404


def test_a_steward_opens_the_shared_mailbox_as_its_owner_until_removed(admin, mailboxes, contoso):
    rows.make_person(contoso, "Megan Bowen")
    megan = rows.make_user(contoso, "Megan Bowen")
    sales = mailboxes["sales"]
    path = f"/setup/users/{sales.public_id}/"
    assert admin.post(path, {"address": "meganb@contoso.com"}).url == path
    assert list(access.mailboxes_of(megan)) == [sales]
    assert b"Megan Bowen" in admin.get(path).content
    assert AuditEvent.objects.get(verb="steward.given").subject["oid"] == rows.CAST["Megan Bowen"][1]
    admin.post(f"{path}stewards/{sales.stewardships.get().pk}/end/")
    assert list(access.mailboxes_of(megan)) == []
    assert AuditEvent.objects.filter(verb="steward.taken").exists()


@pytest.mark.parametrize(
    ("mailbox", "address", "said"),
    [
        ("alex", "MeganB@contoso.com", "its owner alone answers for it"),
        ("sales", "AllanD@contoso.com", "Nobody makes themselves a steward"),
        ("sales", "nobody@contoso.com", "Nobody in the directory"),
    ],
)
def test_a_steward_that_cannot_be_is_refused_with_a_reason(admin, mailboxes, contoso, mailbox, address, said):
    rows.make_person(contoso, "Megan Bowen")
    response = admin.post(f"/setup/users/{mailboxes[mailbox].public_id}/", {"address": address})
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not mailboxes[mailbox].stewardships.exists()


def test_pages_by_name_hold_every_mailbox_once(admin, contoso):
    for n in range(130):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n % 9}", f"p{n}@contoso.com"))
    first = admin.get("/setup/users/").context["page"]
    second = admin.get(f"/setup/users/?after={first.after}").context["page"]
    ids = [row["id"] for page in (first, second) for row in page.rows]
    assert len(ids) == len(set(ids)) == 130


def test_the_number_of_queries_does_not_grow_with_mailboxes(admin, contoso):
    admin.get("/setup/users/")
    counts = []
    for more in (5, 45):
        for n in range(more):
            rows.make_mailbox(rows.make_person(contoso, f"Person {more} {n}"), purpose="room")
        with CaptureQueriesContext(connection) as queries:
            admin.get("/setup/users/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_empty_list_offers_to_clear_filters_only_where_there_are_some(admin):
    assert "Clear all" not in admin.get("/setup/users/").text
    assert "Clear all" in admin.get("/setup/users/?q=zzzz").text
