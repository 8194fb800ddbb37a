"""Stewards: every shared and room mailbox with who answers for it, and those that nobody answers for."""

import re

from sharing.models import Stewardship, Tenant
from tests.web.it import rows
from tests.web.it.rows import NOW


def names(response):
    return [row["name"] for row in response.context["page"].rows]


def make(contoso):
    shard = rows.make_shard(contoso)
    megan = rows.make_person(contoso, "Megan Bowen")
    found = {"Megan Bowen": rows.make_mailbox(megan, shard=shard)}
    for name, purpose in (("Sales", "shared"), ("Room 12", "room"), ("Beamer", "equipment")):
        found[name] = rows.make_mailbox(rows.make_person(contoso, name), shard=shard, purpose=purpose)
    gone = rows.make_person(contoso, "Old room", ended_at=NOW)
    rows.make_mailbox(gone, shard=shard, purpose="room")
    for oid in (megan.oid, "11111111-2222-4333-8444-555555555555"):
        Stewardship.objects.create(tenant=contoso, mailbox=found["Sales"], oid=oid, given_at=NOW)
    return found


def test_every_shared_and_room_mailbox_is_listed_with_its_stewards(admin, contoso):
    mailboxes = make(contoso)
    response = admin.get("/setup/stewards/")
    assert names(response) == ["Beamer", "Room 12", "Sales"]
    page = response.content.decode()
    assert f"/setup/users/{mailboxes['Sales'].public_id}/" in page
    sales = re.search(r"<tr>(?:(?!</tr>).)*Sales.*?</tr>", page, re.DOTALL)[0]
    assert "Megan Bowen" in sales and "Not in the directory any more" in sales and "Shared mailbox" in sales


def test_those_that_nobody_answers_for_are_a_list_of_their_own(admin, contoso):
    make(contoso)
    response = admin.get("/setup/stewards/?show=without")
    assert names(response) == ["Beamer", "Room 12"]
    assert [(label, count, is_on) for label, _, count, is_on in response.context["tabs"]] == [
        ("All", 3, False), ("Without a steward", 2, True),
    ]  # fmt: skip


def test_it_says_so_where_there_is_none(admin, contoso):
    assert "No shared or room mailbox is known." in admin.get("/setup/stewards/").content.decode()


def test_nothing_of_another_organization_is_listed(admin, contoso):
    make(Tenant.objects.create(tid="22222222-2222-4333-8444-555555555555", name="Other", state_since=NOW))
    assert names(admin.get("/setup/stewards/")) == []
