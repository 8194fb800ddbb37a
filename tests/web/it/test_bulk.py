"""An operator ticks rows, chooses what to do, and gets a page with numbers; a reviewer is offered nothing."""

import re

import pytest
import time_machine
from django.urls import reverse

from sharing.models import AuditEvent, BatchItem, ChangeBatch, Tenant

from . import rows


@pytest.fixture
def contoso(db):
    return rows.make_tenant(writes_on=True)


@pytest.fixture
def lidia(contoso):
    return rows.make_user(contoso, "Lidia Holloway", "operator")


@pytest.fixture
def operator(client, lidia):
    """A browser in which Lidia, operator of Contoso, is signed in."""
    client.force_login(lidia)
    return client


@pytest.fixture
def adele(alex):
    return alex.permissions.get(name="Adele Vance")


def send(browser, *permissions, query="", **fields):
    ids = [f"{permission.pk}.{permission.role}" for permission in permissions]
    return browser.post(reverse("it:bulk") + query, {"id": ids, **fields})


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_reviewers_are_offered_nothing_to_tick(it, alex):
    for page in (reverse("it:access"), reverse("it:person", args=[alex.person.public_id])):
        shown = it.get(page).content.decode()
        assert 'name="id"' not in shown
        assert "Remove…" not in shown


def test_operators_tick_rows_and_every_box_names_its_row(operator, alex, adele):
    shown = operator.get(reverse("it:access")).content.decode()
    assert f'name="id" value="{adele.pk}.read"' in shown
    assert "Select Adele Vance on Alex Wilber, Kids parties" in shown
    assert "All 3 results" in shown
    assert "All 3 results" not in operator.get(reverse("it:person", args=[alex.person.public_id])).content.decode()


@pytest.mark.parametrize("fields", [{"writes_on": False}, {"frozen_at": rows.NOW}, {"state": Tenant.LOST}])
def test_where_nothing_may_be_changed_nothing_is_offered(operator, alex, contoso, fields):
    Tenant.objects.filter(pk=contoso.pk).update(**fields)
    assert 'name="id"' not in operator.get(reverse("it:access")).content.decode()


def test_removing_leads_to_a_page_that_checks(operator, adele):
    answer = send(operator, adele, do="remove")
    batch = ChangeBatch.objects.get()
    assert answer["Location"] == reverse("it:job", args=[batch.public_id])
    shown = text_of(operator.get(answer["Location"]))
    assert "Remove 1 entry?" in shown
    assert "Adele Vance" in shown
    assert "each told by one mail" in shown
    assert batch.items.get().before == "read"


def test_lowering_asks_for_the_role_first(operator, adele):
    answer = send(operator, adele, do="lower")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert f'<input type="hidden" name="id" value="{adele.pk}.read">' in shown
    assert not ChangeBatch.objects.exists()
    answer = send(operator, adele, do="lower", chosen="1")
    assert answer.status_code == 422
    assert "Choose what they can do from now on." in answer.content.decode()
    assert send(operator, adele, do="lower", chosen="1", role="limitedRead").status_code == 302
    assert ChangeBatch.objects.get().role == "limitedRead"


@pytest.mark.parametrize("role", ["delegateWithPrivateEventAccess", "custom", "none", "owner", "\0"])
def test_a_role_that_is_not_offered_is_refused(operator, adele, role):
    assert send(operator, adele, do="lower", chosen="1", role=role).status_code == 422


def test_an_end_date_is_after_today_or_a_preset(operator, adele):
    assert send(operator, adele, do="end").status_code == 200
    for day in ("2026-11-21", "2026-11-01", "someday", "", "9999-99-99"):
        assert send(operator, adele, do="end", chosen="1", day=day).status_code == 422
    assert send(operator, adele, do="end", chosen="1", day="2026-12-24").status_code == 302
    assert send(operator, adele, do="end", chosen="1", day="", preset="2027-02-21").status_code == 302
    days = [batch.ends_at.date().isoformat() for batch in ChangeBatch.objects.order_by("pk")]
    assert days == ["2026-12-24", "2027-02-21"]


def test_the_whole_list_is_what_the_address_asks_for(operator, alex, adele):
    send(operator, adele, query="?q=megan", do="remove", all="1")
    names = set(BatchItem.objects.values_list("name", flat=True))
    assert names == {"Megan Bowen"}
    assert BatchItem.objects.count() == 2


def test_the_whole_list_of_organisations_can_be_lowered(operator, alex):
    rows.CalendarPermission.objects.filter(is_organization=True).update(role="read", reach=3)
    send(operator, query="?rows=everyone", do="lower", chosen="1", role="freeBusyRead", all="1")
    assert BatchItem.objects.get().skipped == ""


def test_what_changed_since_the_page_was_loaded_is_left_out(operator, adele):
    operator.post(reverse("it:bulk"), {"id": [f"{adele.pk}.write"], "do": "remove"})
    assert BatchItem.objects.get().skipped == "changed_since"
    shown = text_of(operator.get(reverse("it:job", args=[ChangeBatch.objects.get().public_id])))
    assert "Changed in between, outside this list" in shown
    assert "Remove 1 entry" not in shown


@pytest.mark.parametrize("ids", [[], ["x"], ["9" * 30], ["1e5.read"], ["-1.read"], ["\0"]])
def test_nonsense_selects_nothing(operator, alex, ids):
    assert operator.post(reverse("it:bulk"), {"id": ids, "do": "remove"}).status_code == 302
    assert not ChangeBatch.objects.exists()


def test_rows_of_another_tenant_are_not_in_the_list(operator, adele):
    fabrikam = rows.make_tenant(tid=rows.FABRIKAM, name="Fabrikam", writes_on=True)
    other = rows.give(
        rows.make_mailbox(rows.make_person(fabrikam, "Patti Fernandez")).calendars.get(),
        rows.make_person(fabrikam, "Garth Fort"),
    )  # fmt: skip
    send(operator, other, adele, do="remove")
    assert [item.permission for item in BatchItem.objects.all()] == [adele]


def test_too_many_at_once_are_refused(operator, alex, monkeypatch):
    monkeypatch.setattr("sharing.changes.batches.MOST_ITEMS", 2)
    answer = operator.post(reverse("it:bulk"), {"do": "remove", "all": "1"})
    assert answer.status_code == 409
    assert "Choose fewer" in answer.content.decode()
    assert not ChangeBatch.objects.exists()


def test_cancelling_the_choice_leads_back_to_where_it_was_made(operator, alex, adele):
    shown = send(operator, adele, query="?where=inside", do="lower").content.decode()
    assert f'href="{reverse("it:access")}?where=inside"' in shown
    person = alex.person.public_id
    shown = send(operator, adele, do="lower", **{"from": person}).content.decode()
    assert f'href="{reverse("it:person", args=[person])}"' in shown
    send(operator, adele, do="lower", **{"from": "//evil.example"})  # is no person


def test_a_persons_page_is_noted_once_an_hour(it, alex):
    page = reverse("it:person", args=[alex.person.public_id])
    for _ in range(3):
        it.get(page)
    assert AuditEvent.objects.filter(verb="person.viewed").count() == 1
    megan = alex.permissions.filter(name="Megan Bowen").first().grantee
    it.get(reverse("it:person", args=[megan.public_id]))
    assert AuditEvent.objects.filter(verb="person.viewed").count() == 2


def test_who_looks_again_after_an_hour_is_noted_again(it, alex, client):
    page = reverse("it:person", args=[alex.person.public_id])
    it.get(page)
    AuditEvent.objects.get(verb="person.viewed")
    with rows_later(minutes=61):
        client.force_login(rows.User.objects.get(name="Isaiah Langer"))
        it.get(page)
    assert AuditEvent.objects.filter(verb="person.viewed").count() == 2


def rows_later(**span):
    return time_machine.travel(rows.NOW + rows.timedelta(**span), tick=False)


def test_every_file_is_noted(it, alex):
    for _ in range(2):
        b"".join(it.get(reverse("it:access_csv")))
    assert AuditEvent.objects.filter(verb="list.exported").count() == 2
