"""Delegates: owner, delegate, private events, who gets the requests."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import AuditEvent, Mailbox, Role

from . import rows


@pytest.fixture
def lee(contoso, alex):
    """Lee has a delegate whose account was disabled, and keeps the requests for delegates alone."""
    mailbox = rows.make_mailbox(rows.make_person(contoso, "Lee Gu"), delivery_option="sendToDelegateOnly")
    emily = rows.make_person(contoso, "Emily Braun", enabled=False)
    rows.give(mailbox.calendars.get(), emily, Role.DELEGATE, began_at=rows.NOW - rows.timedelta(days=2))
    return mailbox


def found(response):
    return [(row.owner, row.name, row.sees_private, row.delivery) for row in response.context["page"].rows]


def test_delegates_are_listed_by_owner_with_who_gets_the_requests(it, lee):
    assert found(it.get("/it/delegates/")) == [
        ("Alex Wilber", "Megan Bowen", True, "Delegates and owner"),
        ("Lee Gu", "Emily Braun", False, "Delegates only"),
    ]


@pytest.mark.parametrize(
    ("query", "owners"),
    [
        ("role=private", ["Alex Wilber"]),
        ("role=delegate", ["Lee Gu"]),
        ("requests=sendToDelegateOnly", ["Lee Gu"]),
        ("requests=sendToDelegateAndInformationToPrincipal", []),
        ("flag=gone", ["Lee Gu"]),
        ("since=7", ["Lee Gu"]),
        ("q=megan", ["Alex Wilber"]),
        ("sort=-owner", ["Lee Gu", "Alex Wilber"]),
        ("sort=person", ["Lee Gu", "Alex Wilber"]),
    ],
)
def test_filters_search_and_order(it, lee, query, owners):
    assert [owner for owner, *_ in found(it.get(f"/it/delegates/?{query}"))] == owners


def test_the_csv_is_the_filtered_list(it, lee):
    response = it.get("/it/delegates/csv/?flag=gone")
    (line,) = csv.DictReader(b"".join(response.streaming_content).decode("utf-8-sig").splitlines())
    assert (line["owner"], line["name"], line["account"]) == ("Lee Gu", "Emily Braun", "disabled")
    assert line["delivery_option"] == "sendToDelegateOnly"
    assert AuditEvent.objects.get(verb="list.exported").subject["list"] == "delegates"


def test_a_mailbox_whose_setting_was_never_read_says_so(it, alex):
    Mailbox.objects.update(delivery_option="")
    assert found(it.get("/it/delegates/"))[0][-1] == "Not known"


def test_the_number_of_queries_does_not_grow_with_rows(it, alex):
    it.get("/it/delegates/")
    counts = []
    for more in (5, 45):
        for n in range(more):
            person = rows.make_person(alex.tenant, f"Holder {more} {n}")
            rows.give(alex.calendars.get(name="Calendar"), person, Role.DELEGATE)
        with CaptureQueriesContext(connection) as queries:
            it.get("/it/delegates/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
