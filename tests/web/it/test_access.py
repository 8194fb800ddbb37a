"""The access table: what it lists, how it is narrowed, and that its pages fit together."""

import csv

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import AuditEvent, Mailbox, Person, Role

from . import rows


def names(response):
    return [row.name for row in response.context["page"].rows]


def test_people_are_listed_without_organisation_rows(it, alex):
    response = it.get("/it/access/")
    assert sorted(names(response)) == ["Adele Vance", "Megan Bowen", "Megan Bowen"]
    assert response.context["page"].total == 3


def test_the_tab_of_wide_organisation_rows_lists_those_above_busy(it, alex):
    lee = rows.make_mailbox(rows.make_person(alex.tenant, "Lee Gu"))
    rows.share_with_everyone(lee.calendars.get(), Role.LIMITED_READ)
    response = it.get("/it/access/?rows=everyone")
    assert [(row.name, row.owner) for row in response.context["page"].rows] == [("Everyone at Contoso", "Lee Gu")]


def test_newest_change_comes_first_and_first_readings_say_before(it, alex):
    page = it.get("/it/access/").context["page"]
    assert [(row.calendar, row.since) for row in page.rows][0] == ("Kids parties", "18 Nov 2026")
    assert page.rows[1].since == "Before 29 Aug 2026"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=delegate", ["Megan Bowen"]),
        ("role=write", ["Megan Bowen"]),
        ("role=read", ["Adele Vance", "Megan Bowen", "Megan Bowen", "Piet de Vries"]),
        ("where=outside", ["Piet de Vries"]),
        ("where=inside&role=read", ["Adele Vance", "Megan Bowen", "Megan Bowen"]),
        ("flag=gone", ["Adele Vance"]),
        ("since=7", ["Megan Bowen"]),
        ("q=vance", ["Adele Vance"]),
        ("q=wilber alexw", ["Adele Vance", "Megan Bowen", "Megan Bowen", "Piet de Vries"]),
        ("q=nobody", []),
        ("role=nonsense&where=nowhere", ["Adele Vance", "Megan Bowen", "Megan Bowen", "Piet de Vries"]),
    ],
)
def test_filters_and_search_narrow_the_list(it, alex, query, found):
    Person.objects.filter(name="Adele Vance").update(enabled=False)
    piet = rows.make_person(alex.tenant, "Piet de Vries", "piet@tailspintoys.com", kind=Person.OUTSIDE)
    rows.give(alex.calendars.get(name="Kids parties"), piet, Role.READ)
    assert sorted(names(it.get(f"/it/access/?{query}"))) == found


def test_what_is_new_is_marked_beside_what_is_outside(it, contoso, alex):
    piet = rows.make_person(contoso, "Piet de Vries", "piet@tailspintoys.com", kind=Person.OUTSIDE)
    rows.give(alex.calendars.get(is_default=True), piet, began_at=rows.NOW - rows.timedelta(days=1))
    row = it.get("/it/access/?q=piet").context["page"].rows[0]
    assert row.flags.index("Outside") < row.flags.index("New this week")


def test_a_first_reading_is_no_change(it, alex):
    """On the day a tenant is connected everything is new to us; nothing of it changed as far as anybody knows."""
    rows.CalendarPermission.objects.update(began_at=rows.NOW, began_after_at=None)
    assert names(it.get("/it/access/?since=7")) == []


def test_rows_of_a_mailbox_that_could_not_be_read_are_marked_as_last_known(it, alex):
    Mailbox.objects.update(state=Mailbox.DENIED)
    response = it.get("/it/access/?flag=unread")
    assert all("Last known" in row.flags for row in response.context["page"].rows)
    assert len(names(response)) == 3
    assert b"1 could not be read" in response.content


def test_every_list_says_what_was_not_checked(it, alex):
    assert b"Full access, Send on behalf and apps: not checked." in it.get("/it/access/").content


@pytest.mark.parametrize("sort", ["person", "-person", "owner", "-owner", "role", "-role", "changed", "-changed"])
def test_pages_in_every_order_hold_every_row_once_forwards_and_backwards(it, contoso, sort):
    calendars = [rows.make_mailbox(rows.make_person(contoso, f"Owner {n % 3}", f"o{n}@contoso.com")).calendars.get()
                 for n in range(5)]  # fmt: skip
    for n in range(230):
        holder = rows.make_person(contoso, f"Holder {n % 7}", f"h{n}@contoso.com")
        role = list(Role)[n % 6 + 1]
        rows.give(calendars[n % 5], holder, role, began_at=rows.NOW - rows.timedelta(days=n % 11))
    seen, links, query = [], [], f"?sort={sort}"
    for first in (1, 101, 201):
        page = it.get(f"/it/access/{query}").context["page"]
        assert page.first == first
        seen.append([row.id for row in page.rows])
        links.append(page)
        query = f"?sort={sort}&after={page.after}"
    assert page.after == "" and page.last == 230
    flat = [pk for pks in seen for pk in pks]
    assert len(flat) == len(set(flat)) == 230
    for place in (2, 1):
        back = it.get(f"/it/access/?sort={sort}&before={links[place].before}").context["page"]
        assert [row.id for row in back.rows] == seen[place - 1]
        assert back.first == links[place - 1].first
    assert back.before == ""


def test_a_cursor_from_another_tenant_tells_nothing(it, alex):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    theirs = rows.make_mailbox(rows.make_person(fabrikam, "Bo")).calendars.get()
    foreign = rows.give(theirs, rows.make_person(fabrikam, "Zed"))
    page = it.get(f"/it/access/?sort=person&after={foreign.pk}.100").context["page"]
    assert page.first == 1 and len(page.rows) == 3


@pytest.mark.parametrize(
    "query", ["after=x", "after=9999999999999999999999", "after=1.%00", "q=%00", "tenant=%00", "sort=pk"]
)
def test_nonsense_in_the_address_is_no_error(it, alex, query):
    assert it.get(f"/it/access/?{query}").status_code in (200, 404)


def test_a_reviewer_of_another_tenant_sees_none_of_it(client, alex):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    client.force_login(rows.make_user(fabrikam, "Patti Fernandez", "reviewer"))
    assert client.get(f"/it/access/?tenant={alex.tenant.public_id}").status_code == 404
    assert client.get("/it/access/").context["page"].rows == []


@pytest.mark.parametrize("path", ["/it/access/", "/it/access/csv/"])
def test_admins_and_owners_do_not_read_the_sharing_of_the_tenant(client, alex, path):
    client.force_login(rows.make_user(alex.tenant, "Allan Deyoung", "admin"))
    assert client.get(path).status_code == 404


def test_with_several_tenants_the_address_names_the_one_shown(client, alex):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    isaiah = rows.make_user(alex.tenant, "Isaiah Langer", "reviewer")
    rows.RoleAssignment.objects.create(user=isaiah, tenant=fabrikam, role="reviewer", given_at=rows.NOW)
    client.force_login(isaiah)
    response = client.get("/it/access/?role=read")
    assert response.url == f"/it/access/?role=read&tenant={alex.tenant.public_id}"
    page = client.get(response.url)
    assert f"?role=delegate&amp;tenant={alex.tenant.public_id}".encode() in page.content
    assert names(client.get(f"/it/access/?tenant={fabrikam.public_id}")) == []


@pytest.mark.parametrize("q", ["muller", "Müller", "MULLER", "mu\u0308ller jurgen"])
@pytest.mark.parametrize("name", ["Jürgen Müller", "Jurgen Muller"])
def test_a_search_sees_no_accents(it, alex, name, q):
    rows.give(alex.calendars.get(is_default=True), rows.make_person(alex.tenant, name, "jm@contoso.com"))
    assert names(it.get("/it/access/", {"q": q})) == [name]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("parties", ["Kids parties", "Kids parties"]),
        ("PÁRTIES kids", ["Kids parties", "Kids parties"]),
        ("calendar", ["Calendar"]),
        ("megan", ["Calendar", "Kids parties"]),
    ],
)
def test_a_search_finds_calendars_by_name_and_every_row_once(it, alex, q, found):
    assert sorted(row.calendar for row in it.get("/it/access/", {"q": q}).context["page"].rows) == found


def test_a_row_found_by_holder_owner_and_calendar_at_once_stands_there_once(it, alex):
    rows.give(rows.make_calendar(alex, "Wilber family"), rows.make_person(alex.tenant, "Ann Wilber"))
    found = names(it.get("/it/access/?q=wilber"))
    assert sorted(found) == ["Adele Vance", "Ann Wilber", "Megan Bowen", "Megan Bowen"]


def test_calendars_that_ended_or_are_of_others_or_another_tenant_are_not_found(it, alex):
    rows.Calendar.objects.filter(name="Kids parties").update(ended_at=rows.NOW)
    assert names(it.get("/it/access/?q=parties")) == []
    rows.Calendar.objects.filter(name="Kids parties").update(ended_at=None, is_own=False)
    assert names(it.get("/it/access/?q=parties")) == []
    theirs = rows.make_mailbox(rows.make_person(rows.make_tenant(rows.FABRIKAM, "Fabrikam"), "Bo"))
    rows.give(rows.make_calendar(theirs, "Garden parties"), rows.make_person(theirs.tenant, "Zed"))
    assert names(it.get("/it/access/?q=parties")) == []


def test_main_calendars_are_looked_through_last(it, alex, monkeypatch):
    monkeypatch.setattr("sharing.web.it.tables.FIND_CAP", 1)
    rows.give(rows.make_calendar(alex, "Team calendar"), rows.make_person(alex.tenant, "Lee Gu"))
    response = it.get("/it/access/?q=calendar")
    assert names(response) == ["Lee Gu"]
    assert b"people or calendars match" in response.content


def test_a_search_that_finds_too_many_people_says_so(it, contoso, monkeypatch):
    monkeypatch.setattr("sharing.web.it.tables.FIND_CAP", 2)
    calendar = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber")).calendars.get()
    for n in range(3):
        rows.give(calendar, rows.make_person(contoso, f"Twin {n}"))
    response = it.get("/it/access/?q=twin")
    assert b"Type more of the name." in response.content
    assert len(names(response)) == 2


def test_more_than_a_thousand_rows_are_not_counted_out(it, contoso, monkeypatch):
    monkeypatch.setattr("sharing.web.it.tables.COUNT_CAP", 2)
    calendar = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber")).calendars.get()
    for n in range(3):
        rows.give(calendar, rows.make_person(contoso, f"Twin {n}"))
    assert b"2+ results" in it.get("/it/access/").content


def test_the_csv_is_the_whole_filtered_list_and_runs_nothing(it, alex):
    mallory = rows.make_person(alex.tenant, "=HYPERLINK(1)", "mallory@example.com", kind=Person.OUTSIDE)
    rows.give(alex.calendars.get(name="Kids parties"), mallory)
    response = it.get("/it/access/csv/?where=outside&sort=person")
    assert response["Content-Disposition"] == 'attachment; filename="access-2026-11-21.csv"'
    (line,) = csv.DictReader(b"".join(response.streaming_content).decode("utf-8-sig").splitlines())
    assert line["name"] == "'=HYPERLINK(1)"
    assert (line["owner"], line["calendar"], line["role"]) == ("Alex Wilber", "Kids parties", "read")


def test_an_export_is_written_into_the_activity_log_without_what_was_searched_for(it, alex):
    b"".join(it.get("/it/access/csv/?role=read&q=Adele").streaming_content)
    event = AuditEvent.objects.get(verb="list.exported")
    assert event.subject == {"list": "access", "filters": {"role": "read"}, "searched": True}
    assert event.actor.endswith(rows.CAST["Isaiah Langer"][1])


def test_names_from_outside_are_shown_as_text(it, alex):
    mallory = rows.make_person(alex.tenant, "<script>alert(1)</script>", "m@example.com", kind=Person.OUTSIDE)
    rows.give(alex.calendars.get(name="Kids parties"), mallory)
    content = it.get("/it/access/?where=outside").content
    assert b"&lt;script&gt;" in content and b"<script>alert" not in content


@pytest.mark.parametrize("query", ["", "?q=holder", "?role=read&where=inside", "?flag=gone"])
def test_the_number_of_queries_does_not_grow_with_rows(it, contoso, query):
    calendar = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber")).calendars.get()
    it.get("/it/access/")  # the first request of a session also writes it
    counts = []
    for more in (5, 45):
        for n in range(more):
            rows.give(calendar, rows.make_person(contoso, f"Holder {more} {n}", enabled=n % 2 == 0))
        with CaptureQueriesContext(connection) as queries:
            assert it.get(f"/it/access/{query}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("query", "said"), [("", "No access is known yet."), ("?role=read", "No access matches")])
def test_an_empty_list_says_why_it_is_empty(it, contoso, query, said):
    assert said in it.get(f"/it/access/{query}").content.decode()


def test_a_number_is_shown_behind_the_words_and_hidden_characters_as_escapes(it, contoso, alex):
    calendar = alex.calendars.get(is_default=True)
    sid = "NT:S-1-5-21-1-2-3"
    rows.give(calendar, rows.make_person(contoso, sid, "gone", kind=Person.UNRESOLVED))
    rows.give(calendar, rows.make_person(contoso, "Piet\u202eseirV", "piet@contoso.com"))
    found = {row.name: row.who for row in it.get("/it/access/").context["page"].rows}
    assert f'<span class="sub">{sid}</span>' in found["Not found in the directory"]
    assert "Piet\\u202eseirV" in found
