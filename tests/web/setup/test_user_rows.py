"""The list of users: whoever was invited and is nobody's stands among the mailboxes, counted, found and exported."""

import csv
import io
from datetime import timedelta
from itertools import product

import pytest

from sharing.models import Grant, Invitation, Mailbox, Person, SyncShard, Tenant
from sharing.words.users import USER_STATUSES
from tests.web.it import rows

HERE = "/setup/users/"


@pytest.fixture
def invite(contoso, allan):
    def make(address, *, state=Invitation.WAITING, name="", ago=0, tenant=contoso):
        at = rows.NOW - timedelta(days=ago)
        return Invitation.objects.create(
            tenant=tenant, address=address, name=name, state=state, invited_by=allan, invited_at=at, state_since=at
        )

    return make


@pytest.fixture
def alex(contoso):
    return rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))


@pytest.fixture
def both(alex, invite, contoso):
    """Two mailboxes, and three invitations of which one was matched."""
    rows.make_mailbox(rows.make_person(contoso, "Megan Bowen"), purpose="shared")
    invite("brian@contoso.com", name="Brian Ångström", ago=3)
    invite("zoe@contoso.com", state=Invitation.AMBIGUOUS, ago=1)
    invite("alexw@contoso.com", state=Invitation.MATCHED)


def names(response):
    return [row["name"] for row in response.context["page"].rows]


def exported(admin, query=""):
    text = b"".join(admin.get(f"{HERE}csv/?{query}")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Alex Wilber", "Brian Ångström", "Megan Bowen", "zoe@contoso.com"]),
        ("sort=-person", ["zoe@contoso.com", "Megan Bowen", "Brian Ångström", "Alex Wilber"]),
        ("status=unmatched", ["Brian Ångström"]),
        ("status=ambiguous", ["zoe@contoso.com"]),
        ("status=admin", ["Alex Wilber", "Megan Bowen"]),
        ("q=contoso.com", ["Alex Wilber", "Brian Ångström", "Megan Bowen", "zoe@contoso.com"]),
        ("q=brian", ["Brian Ångström"]),
        ("q=brian&status=ambiguous", []),
        ("q=alexw", ["Alex Wilber"]),
        ("state=ok", ["Alex Wilber", "Megan Bowen"]),
        ("purpose=shared", ["Megan Bowen"]),
        ("purpose=shared&status=unmatched", []),
        ("cause=throttled", []),
        ("cause=,", ["Alex Wilber", "Megan Bowen"]),
    ],
)
def test_they_stand_in_the_list_and_in_the_file_unless_a_mailbox_is_asked_for(admin, both, query, found):
    response = admin.get(f"{HERE}?{query}")
    assert names(response) == found
    assert response.context["page"].total == len(found)
    assert [row["name"] or row["address"] for row in exported(admin, query)] == found


def test_each_says_what_it_is_and_leads_to_the_invitations(admin, both):
    page = admin.get(HERE).text
    assert "Nobody" not in page and "nobody in the directory has this address yet" in page
    assert "1 is unmatched and 1 ambiguous" in page
    assert 'href="/setup/invitations/?state=waiting"' in page
    assert "Unmatched (1)" in page and "Ambiguous (1)" in page
    assert [(label, count) for label, _, count, _ in admin.get(HERE).context["tabs"]] == [("All", 4), ("Read", 2)]


def test_the_file_leaves_empty_what_only_a_mailbox_has(admin, both):
    alex, brian, *_ = exported(admin)
    assert (alex["status"], alex["mailbox_state"], alex["kind"]) == ("admin", "ok", "user")
    assert {name for name, value in brian.items() if value} == {"name", "address", "status", "since"}
    assert (brian["address"], brian["status"]) == ("brian@contoso.com", "unmatched")


def test_pages_of_a_hundred_hold_both_once_forwards_and_backwards(admin, contoso, invite):
    for n in range(130):
        rows.make_mailbox(rows.make_person(contoso, f"Person {n % 7}", f"p{n}@contoso.com"))
        if n % 2:
            invite(f"i{n}@contoso.com", name=f"Person {n % 7}", ago=n)
    for sort in ("person", "-person", "since", "-since"):
        seen, query = [], f"sort={sort}"
        while query:
            page = admin.get(f"{HERE}?{query}").context["page"]
            seen += [(row["status"], row["id"]) for row in page.rows]
            assert (page.first, page.last) == (len(seen) - len(page.rows) + 1, len(seen))
            query = f"sort={sort}&after={page.after}" if page.after else ""
        assert len(seen) == len(set(seen)) == page.total == 195
        before, query = [], f"sort={sort}&before={page.before}"
        while query:
            page = admin.get(f"{HERE}?{query}").context["page"]
            before = [(row["status"], row["id"]) for row in page.rows] + before
            query = f"sort={sort}&before={page.before}" if page.before else ""
        assert before == seen[: len(before)] and len(before) == 100


@pytest.mark.parametrize("cursor", ["i", "ix.3", "i999999999999999999.5", "ii1.2", "-1", "i²"])
def test_a_cursor_that_is_none_begins_at_the_first_page(admin, both, cursor):
    assert names(admin.get(f"{HERE}?after={cursor}"))[0] == "Alex Wilber"


def test_nothing_of_another_tenant_is_found_counted_or_begun_beside(admin, both, invite):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam", domains=("fabrikam.com",))
    theirs = invite("patti@fabrikam.com", tenant=fabrikam)
    assert admin.get(f"{HERE}?q=patti").context["page"].total == 0
    assert names(admin.get(f"{HERE}?after=i{theirs.pk}.1"))[0] == "Alex Wilber"
    assert admin.get(HERE).context["tabs"][0][2] == 4
    assert "patti" not in str(exported(admin))


def test_a_person_who_became_a_guest_stays_in_the_list(admin, both):
    Person.objects.filter(name="Megan Bowen").update(kind=Person.GUEST)
    response = admin.get(HERE)
    assert names(response) == ["Alex Wilber", "Brian Ångström", "Megan Bowen", "zoe@contoso.com"]


@pytest.fixture
def every_kind(contoso, allan, invite):
    """Mailboxes of every state, cause and kind there is, of people here, gone and disabled, lent and not."""
    states = [
        (Mailbox.OK, ""), (Mailbox.NEVER, ""), (Mailbox.NO_MAILBOX, "MailboxNotEnabledForRESTAPI"),
        (Mailbox.DENIED, "access_denied"), (Mailbox.INCOMPLETE, "throttled"), (Mailbox.EXCLUDED, "disconnected"),
        (Mailbox.EXCLUDED, "outside_group"), (Mailbox.EXCLUDED, "not_matched"), (Mailbox.EXCLUDED, "gone"),
    ]  # fmt: skip
    people = [{}, {"enabled": False}, {"ended_at": rows.NOW}, {"enabled": None}]
    lent_shards = 1000
    for n, ((state, cause), fields, purpose, lent) in enumerate(
        product(states, people, ("user", "room", ""), ("", "both", "own"))
    ):
        person = rows.make_person(contoso, f"Somebody {n}", f"s{n}@contoso.com")
        Person.objects.filter(pk=person.pk).update(**fields)
        mailbox = rows.make_mailbox(person, state=state, cause=cause, purpose=purpose)
        if lent:
            grant = Grant.objects.create(
                user=allan, tenant=contoso, mailbox=mailbox, account_oid=person.oid, state_since=rows.NOW,
                connected_at=rows.NOW,
            )  # fmt: skip
        if lent == "own":
            shard = SyncShard.objects.create(tenant=contoso, number=lent_shards + n, grant=grant)
            Mailbox.objects.filter(pk=mailbox.pk).update(shard=shard)
    invite("a@contoso.com")
    invite("b@contoso.com", state=Invitation.AMBIGUOUS)


NARROWED = (
    "state=excluded", "state=ok&status=left", "purpose=room&status=disabled", "purpose=room", "cause=deleted",
    "cause=throttled,access_denied", "cause=throttled&status=error&purpose=user",
)  # fmt: skip


@pytest.mark.parametrize("may_disconnect", [True, False])
def test_what_is_counted_is_what_is_listed(admin, every_kind, contoso, may_disconnect):
    Tenant.objects.filter(pk=contoso.pk).update(people_may_disconnect=may_disconnect)
    everybody = exported(admin)
    assert {row["status"] for row in everybody} == set(USER_STATUSES)
    response = admin.get(HERE)
    assert response.context["page"].total == len(everybody)
    shown = dict(response.context["statuses"])
    for status in (*USER_STATUSES, "locked"):
        meant = ("admin", "both") if status == "locked" else (status,)
        wanted = [row for row in everybody if row["status"] in meant]
        if status == "locked" and may_disconnect:
            wanted = []
        assert exported(admin, f"status={status}") == wanted
        assert admin.get(f"{HERE}?status={status}").context["page"].total == len(wanted)
        assert (f"({len(wanted)})" in shown[status]) if wanted else status not in shown
    for query in NARROWED:
        assert admin.get(f"{HERE}?{query}").context["page"].total == len(exported(admin, query)), query


def test_the_counts_come_with_one_statement_and_rows_with_three(admin, both, django_assert_max_num_queries):
    admin.get(HERE)
    with django_assert_max_num_queries(30) as queries:
        admin.get(HERE)
    about = [query["sql"] for query in queries.captured_queries if 'FROM "sharing_mailbox"' in query["sql"]]
    assert len(about) == 3  # counts, keys, rows
