"""One person's page: both directions, their requests, their history, and that looking is written down."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sharing.models import AuditEvent, Change, DeliveryPeriod, Mailbox, PermissionPeriod, Person, Role

from . import rows


def path(name):
    return f"/it/people/{Person.objects.get(name=name).public_id}/"


def test_megan_reaches_alexs_calendars(it, alex):
    context = it.get(path("Megan Bowen")).context
    assert [(row.owner, row.calendar, row.is_delegate) for row in context["held"]] == [
        ("Alex Wilber", "Calendar", True), ("Alex Wilber", "Kids parties", False),
    ]  # fmt: skip
    assert [figure["figure"] for figure in context["figures"]] == ["1 person", "1 person", "0 calendars", "0 people"]
    assert context["mailbox"] is None


def test_alex_is_reached_by_people_and_by_everyone(it, alex):
    response = it.get(path("Alex Wilber"))
    assert [row.name for row in response.context["owned"]] == [
        "Everyone at Contoso", "Megan Bowen", "Adele Vance", "Megan Bowen",
    ]  # fmt: skip
    assert response.context["delivery"] == "Delegates and owner"
    assert "2 people" in response.content.decode()


def test_the_requests_of_the_owners_one_serves_are_shown(it, alex):
    Mailbox.objects.update(delivery_option="sendToDelegateOnly")
    assert "Delegates only" in it.get(path("Megan Bowen")).content.decode()


def test_looking_at_a_person_is_written_into_the_activity_log(it, alex):
    megan = Person.objects.get(name="Megan Bowen")
    it.get(path("Megan Bowen"))
    event = AuditEvent.objects.get(verb="person.viewed")
    assert event.subject == {"person": megan.public_id}
    assert event.actor.endswith(rows.CAST["Isaiah Langer"][1])


def test_a_mailbox_that_could_not_be_read_shows_what_was_known_last(it, alex):
    Mailbox.objects.update(state=Mailbox.DENIED, cause="ErrorAccessDenied")
    content = it.get(path("Alex Wilber")).content.decode()
    assert "Last known access" in content and "Microsoft 365 refused" in content
    assert "ErrorAccessDenied" in content


@pytest.mark.parametrize("name", ["Charlie Reed", "Allan Deyoung"])
def test_those_without_the_role_do_not_learn_that_the_person_exists(client, alex, name):
    client.force_login(rows.make_user(alex.tenant, name, *(["admin"] if name == "Allan Deyoung" else [])))
    there = client.get(path("Megan Bowen"))
    nobody = client.get("/it/people/AAAAAAAAAAAAAAAA/")
    assert there.status_code == nobody.status_code == 404
    assert not AuditEvent.objects.filter(verb="person.viewed").exists()


def test_a_person_of_another_tenant_is_shown_in_that_tenant_only(client, alex):
    fabrikam = rows.make_tenant(rows.FABRIKAM, "Fabrikam")
    isaiah = rows.make_user(alex.tenant, "Isaiah Langer", "reviewer")
    rows.RoleAssignment.objects.create(user=isaiah, tenant=fabrikam, role="reviewer", given_at=rows.NOW)
    client.force_login(isaiah)
    assert client.get(f"{path('Megan Bowen')}?tenant={fabrikam.public_id}").status_code == 404
    assert client.get(f"{path('Megan Bowen')}?tenant={alex.tenant.public_id}").status_code == 200


def test_the_csv_of_a_person_has_both_directions_and_says_whose_it_was(it, alex):
    megan = Person.objects.get(name="Megan Bowen")
    hers = rows.make_mailbox(megan)
    rows.give(hers.calendars.get(), Person.objects.get(name="Adele Vance"))
    href = it.get(path("Megan Bowen")).context["csv_href"]
    lines = b"".join(it.get(href).streaming_content).decode().splitlines()
    assert len(lines) == 1 + 3
    assert AuditEvent.objects.get(verb="list.exported").subject["person"] == megan.public_id


def test_all_rows_of_a_person_are_one_filtered_list(it, alex):
    page = it.get(it.get(path("Megan Bowen")).context["all_href"])
    assert [row.name for row in page.context["page"].rows] == ["Megan Bowen", "Megan Bowen"]
    assert "To and from Megan Bowen" in page.content.decode()


def test_history_tells_what_was_noticed_and_what_was_done_here(it, alex, contoso):
    megan, adele = (Person.objects.get(name=name) for name in ("Megan Bowen", "Adele Vance"))
    day = rows.NOW - timedelta(days=2)
    parties = adele.permissions.get()
    owner = rows.make_user(contoso, "Alex Wilber")
    change = Change.objects.create(
        tenant=contoso, kind=Change.ROLE, target="t", mailbox=alex, permission=parties, before="read", after="write",
        calendar=parties.calendar, name=parties.name, actor=owner,
        actor_kind=Change.OWNER, state=Change.APPLIED, requested_at=day,
    )  # fmt: skip
    PermissionPeriod.objects.create(
        tenant=contoso, permission=parties, role=Role.READ, began_at=rows.FIRST, ended_at=day, after=Role.WRITE,
        change=change,
    )  # fmt: skip
    type(parties).objects.filter(pk=parties.pk).update(role=Role.WRITE, began_at=day, began_after_at=day, change=change)
    DeliveryPeriod.objects.create(
        tenant=contoso, mailbox=alex, delivery_option="sendToDelegateOnly", after="sendToDelegateAndPrincipal",
        ended_at=rows.NOW,
    )  # fmt: skip
    told = [(entry.sentence, entry.when) for entry in it.get(path("Alex Wilber")).context["history"]]
    assert told == [
        (
            "Alex Wilber: meeting requests changed from “Delegates only” to “Delegates and owner”",
            "Noticed today 10:00, outside Calwarden",
        ),
        (
            "Alex Wilber, Kids parties: Adele Vance changed from All details to Can edit",
            "19 November 2026, 10:00, in Calwarden, by Alex Wilber",
        ),
        (
            "Alex Wilber, Kids parties: Megan Bowen got access: All details",
            "Noticed 18 November 2026, 10:00, outside Calwarden · by whom is unknown, "
            "between 17 November 2026, 10:00 and 18 November 2026, 10:00",
        ),
    ]
    assert len(it.get(path("Megan Bowen")).context["history"]) == 1
    assert megan.permissions.count() == 2


def test_ended_access_stays_in_the_history(it, alex, contoso):
    adele = Person.objects.get(name="Adele Vance")
    parties = adele.permissions.get()
    adele.permissions.update(ended_at=rows.NOW)
    PermissionPeriod.objects.create(
        tenant=contoso, permission=parties, role=Role.READ, began_at=rows.FIRST, ended_at=rows.NOW,
        end=PermissionPeriod.REMOVED,
    )  # fmt: skip
    context = it.get(path("Adele Vance")).context
    assert context["held"] == []
    assert "no longer has access (was All details)" in context["history"][0].sentence


@pytest.mark.parametrize("name", ["Alex Wilber", "Megan Bowen"])
def test_the_number_of_queries_does_not_grow_with_rows(it, alex, name):
    megan = Person.objects.get(name="Megan Bowen")
    it.get(path(name))
    counts = []
    for more in (5, 45):
        for n in range(more):
            other = rows.make_mailbox(rows.make_person(alex.tenant, f"Owner {more} {n}"))
            rows.give(other.calendars.get(), megan, Role.WRITE, began_at=rows.NOW)
            rows.give(alex.calendars.get(name="Calendar"), other.person, began_at=rows.NOW)
        with CaptureQueriesContext(connection) as queries:
            it.get(path(name))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_name_of_a_calendar_is_cut_where_it_is_too_long_and_kept_on_a_phone(it, alex):
    page = it.get(f"/it/people/{alex.person.public_id}/").text
    kids = alex.calendars.get(name="Kids parties")
    link = f'<a class="plain" href="/it/calendars/{kids.public_id}/">Kids parties</a>'
    assert f'<td class="from"><span class="who-line">{link}</span></td>' in page
    megan = Person.objects.get(name="Megan Bowen")
    assert '<span class="calendar sub">Calendar</span>' in it.get(f"/it/people/{megan.public_id}/").text


def test_a_mailbox_that_was_never_read_shows_no_last_known_access(it, contoso):
    lee = rows.make_person(contoso, "Lee Gu", ended_at=rows.NOW)
    rows.make_mailbox(lee, state="no_mailbox", cause="ResourceNotFound", read_at=None)
    page = it.get(f"/it/people/{lee.public_id}/").text
    assert "Never read" in page and "Last known access" not in page
    assert "The account is deleted" in page
