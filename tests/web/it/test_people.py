"""People: one kind at a time, all kinds in a search, and what each reaches and shares."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import Mailbox, Person

from . import rows


@pytest.fixture
def everybody(contoso, alex):
    rows.make_person(contoso, "Grace Hopper", "grace@tailspintoys.com", kind=Person.GUEST)
    rows.make_person(contoso, "Sales team", "sales@contoso.com", kind=Person.GROUP, size=12)
    rows.make_person(contoso, "Piet de Vries", "piet@tailspintoys.com", kind=Person.OUTSIDE)
    rows.make_person(contoso, "Old entry", "old", kind=Person.UNRESOLVED)
    lee = rows.make_person(contoso, "Lee Gu", enabled=False)
    rows.make_mailbox(lee, state=Mailbox.NO_MAILBOX)


def names(response):
    return [row["name"] for row in response.context["page"].rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Adele Vance", "Alex Wilber", "Lee Gu", "Megan Bowen"]),
        ("kind=guest", ["Grace Hopper"]),
        ("kind=group", ["Sales team"]),
        ("kind=outside", ["Piet de Vries"]),
        ("kind=unresolved", ["Old entry"]),
        ("kind=nonsense", ["Adele Vance", "Alex Wilber", "Lee Gu", "Megan Bowen"]),
        ("q=tailspin", ["Grace Hopper", "Piet de Vries"]),
        ("q=BOWEN megan", ["Megan Bowen"]),
        ("mailbox=unread", ["Lee Gu"]),
        ("mailbox=no_mailbox", ["Lee Gu"]),
        ("q=bówen megan", ["Megan Bowen"]),
        ("q=zzzz", []),
        ("account=gone", ["Lee Gu"]),
        ("sort=-person", ["Megan Bowen", "Lee Gu", "Alex Wilber", "Adele Vance"]),
    ],
)
def test_kinds_filters_and_search(it, everybody, query, found):
    assert names(it.get(f"/it/people/?{query}")) == found


def test_each_line_says_what_one_reaches_and_shares(it, everybody):
    lines = {row["name"]: (row["held"], row["given"]) for row in it.get("/it/people/").context["page"].rows}
    assert lines == {"Alex Wilber": (0, 3), "Megan Bowen": (2, 0), "Adele Vance": (1, 0), "Lee Gu": (0, 0)}


def test_a_group_shows_its_size_or_that_it_is_not_known(it, everybody, contoso):
    rows.make_person(contoso, "Team of whom", "whom@contoso.com", kind=Person.GROUP)
    content = it.get("/it/people/?q=team").content.decode()
    assert "Group, 12 members" in content and "Group, size unknown" in content


def test_the_number_of_queries_does_not_grow_with_people(it, contoso):
    it.get("/it/people/")
    counts = []
    for more in (5, 45):
        for n in range(more):
            rows.make_mailbox(rows.make_person(contoso, f"Person {more} {n}"))
        with CaptureQueriesContext(connection) as queries:
            it.get("/it/people/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
