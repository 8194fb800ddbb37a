"""The list of calls is whole: whatever leaves for Graph is one of its kinds, and only one."""

import io
import json

import pytest
from django.core.management import call_command

from sharing import changes, tasks
from sharing.connect import proof
from sharing.graph import IdRefused, Malformed, calls
from sharing.models import Tenant
from tests.cloud import CONTOSO
from tests.contoso import mailbox, permission, user

from .conftest import ALEX, PATH, ROOT, WRITE, Answer

NOT_LISTED = [
    "/me", "/users/x/contacts", "/users/x/drive", "/users/x/calendars/y", "/users/x/mailboxSettings/userPurpose",
    "/applications", "/directoryRoles", "/users/x/calendar/calendarPermissions/y/z", "/usersx", "/",
]  # fmt: skip


def test_every_kind_says_what_it_needs_and_what_comes_back():
    assert len({kind.name for kind in calls.KINDS}) == len(calls.KINDS)
    for kind in calls.KINDS:
        known = {*proof.KNOWN_ROLES, "Application.Read.All", "Calendars.Read.Shared"}
        assert kind.permission in known or kind.path == "/$batch"
        assert kind.purpose.endswith(".") and len(kind.name) <= 80
        if kind.sample not in (calls.samples.NOTHING, calls.samples.ACCEPTED):
            assert json.loads(kind.sample)
        assert kind.is_change == kind.permission.endswith("ReadWrite")


@pytest.mark.django_db(transaction=True)
def test_connecting_reading_and_changing_a_tenant_makes_listed_calls_only(cloud):
    call_command("connect", CONTOSO, "--writes", "on", stdout=io.StringIO(), stderr=io.StringIO())
    call_command("sync", stdout=io.StringIO(), stderr=io.StringIO())
    alex = user(Tenant.objects.get(), "AlexW@contoso.com")
    row = permission("AlexW@contoso.com", "AdeleV@contoso.com", "Kids parties")
    row.calendar.mailbox = mailbox("AlexW@contoso.com")
    asked = [changes.request_role(permission=row, role="write", seen=row.role, actor=alex, now=tasks.clock())]
    box = row.calendar.mailbox
    asked.append(
        changes.request_delivery(
            mailbox=box, option="sendToDelegateAndPrincipal", seen=box.delivery_option, actor=alex, now=tasks.clock()
        )
    )
    for change in asked:
        tasks.apply_change(change.pk)
    seen = {}
    for entry in cloud.log.since():
        if not entry.path.startswith("/v1.0/"):
            assert "/oauth2/" in entry.path or "/.well-known/" in entry.path or "/discovery/" in entry.path
            continue
        kinds = calls.all_kinds_of(entry.method, entry.path.removeprefix("/v1.0"))
        assert len(kinds) == 1, (entry.method, entry.path, kinds)
        assert kinds[0] is calls.kind_of(entry.method, entry.path.removeprefix("/v1.0"))
        seen[kinds[0].name] = seen.get(kinds[0].name, 0) + 1
    assert {
        "GET /organization",
        "GET /users",
        "GET /users/delta",
        "POST /$batch",
        "GET /users/{id}/mailboxSettings",
    } < set(seen)
    assert seen["PATCH /users/{id}/calendars/{id}/calendarPermissions/{id}"] == 1
    assert seen["PATCH /users/{id}/mailboxSettings"] == 1


@pytest.mark.parametrize("path", NOT_LISTED)
@pytest.mark.parametrize("verb", ["get", "batch", "patch", "post", "delete"])
def test_what_is_not_listed_is_never_sent(client, fake, verb, path):
    send = {
        "get": lambda: client.get(path),
        "batch": lambda: client.batch([PATH, path], deadline=1e9),
        "patch": lambda: client.patch(path, {}, **WRITE),
        "post": lambda: client.post(path, {}, **WRITE),
        "delete": lambda: client.delete(path, **WRITE),
    }
    with pytest.raises(IdRefused):
        send[verb]()
    assert not fake.sent


def test_what_may_be_read_may_not_be_written_for_that(client, fake):
    for path in (f"/users/{ALEX}", PATH, f"{PATH}s/AAMkAA", "/organization"):
        for send in (client.patch, client.delete, client.post):
            with pytest.raises(IdRefused):
                send(path, None, **WRITE)
    assert not fake.sent


def test_a_next_page_of_another_kind_is_not_followed(client, fake):
    fake.script(Answer({"value": [], "@odata.nextLink": f"{ROOT}/users/{ALEX}/contacts?$skip=10"}))
    with pytest.raises((IdRefused, Malformed)):
        list(client.pages("/users"))
    assert len(fake.sent) == 1


def test_both_spellings_of_a_key_are_one_kind():
    plain, quoted = f"/users/{ALEX}/calendars", f"/users('{ALEX}')/calendars?$skip=10"
    assert calls.kind_of("GET", plain) is calls.kind_of("GET", quoted) is calls.BY_NAME["GET /users/{id}/calendars"]


def test_whoever_asked_hears_that_a_call_was_refused_here_and_not_which(client, fake):
    heard = []
    client._on_call = heard.append
    refused = (
        lambda: client.get(f"/users/{ALEX}/events"),
        lambda: client.ask(f"/users/{ALEX}/calendar/getSchedule", {}),
        lambda: client.patch(f"/users/{ALEX}/calendars/AAAA", {}, request_id="", deadline_seconds=1),
        lambda: client.batch([PATH, f"/users/{ALEX}/messages"], deadline=1e9),
    )
    for number, call in enumerate(refused, 1):
        with pytest.raises(IdRefused):
            call()
        assert len(heard) == number
    assert {(call.kind.name, call.path, call.status) for call in heard} == {("NONE /refused-here", "", 0)}
    assert fake.sent == []


def test_whoever_asked_hears_what_a_batch_held(client, fake):
    heard = []
    client._on_call = heard.append
    fake.script(Answer({"responses": [{"id": "1", "status": 403, "body": {}}, {"id": "0", "status": 200, "body": {}}]}))
    client.batch([PATH, f"{PATH}/calendarPermissions", "/users"], deadline=1e9)
    assert [(call.kind.name, call.status, call.is_part) for call in heard] == [
        ("POST /$batch", 200, False),
        ("GET /users/{id}/calendar", 200, True),
        ("GET /users/{id}/calendar/calendarPermissions", 403, True),
        ("GET /users", 0, True),
    ]
