"""`sync`: the whole tenant in the foreground, an object for machines, an exit code that can be relied on."""

import json
from datetime import datetime

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import now

from sharing import mirror
from sharing.models import CalendarPermission, Mailbox, SyncRun, Tenant
from tests.cloud import CONTOSO, FABRIKAM

EVERY_CALENDAR = {"match": {"path": "/calendars", "batched": True, "mailbox": "AlexW@contoso.com"}}


def test_the_object_has_exactly_the_promised_names(synced):
    assert list(synced) == [
        "tenant_id", "run_id", "state", "mailboxes", "not_ok", "permissions", "requests", "sub_requests", "throttled",
        "seconds",
    ]  # fmt: skip
    assert list(synced["permissions"]) == ["added", "changed", "ended", "total"]
    assert all(list(row) == ["address", "state", "code", "since"] for row in synced["not_ok"])


def test_it_agrees_with_the_mirror_and_with_what_was_sent(synced, cloud):
    run = SyncRun.objects.get()
    assert (synced["tenant_id"], synced["run_id"], synced["state"]) == (CONTOSO, run.public_id, "done")
    assert sum(synced["mailboxes"].values()) == Mailbox.objects.count()
    assert synced["mailboxes"]["ok"] == Mailbox.objects.filter(state="ok").count() > 40
    assert synced["permissions"]["added"] == synced["permissions"]["total"] == CalendarPermission.objects.count()
    assert len(synced["not_ok"]) == sum(synced["mailboxes"].values()) - synced["mailboxes"]["ok"]
    assert all(datetime.fromisoformat(row["since"]).tzinfo for row in synced["not_ok"])
    assert synced["sub_requests"] == cloud.log.stats()["sub_requests"]


def test_what_the_listing_asked_counts_too(run, synced, cloud):
    """The groups that turned out to hold access are counted, in one batch that no mailbox shares."""
    cloud.log.clear()
    again = json.loads(run("sync", json=True))
    sent = cloud.log.stats()
    assert (again["requests"], again["sub_requests"]) == (sent["by_kind"]["batch"] + 4, sent["sub_requests"])
    listed = [name for name in ("organization", "users_delta", "groups", "contacts") if name in sent["by_kind"]]
    assert len(listed) == 4


def test_a_second_sync_finds_nothing_new(run, synced):
    again = json.loads(run("sync", json=True))
    assert again["permissions"] == {"added": 0, "changed": 0, "ended": 0, "total": synced["permissions"]["total"]}


def test_a_person_reads_the_same_in_sentences(run, synced):
    said = run("sync")
    assert said.splitlines()[-1] == "Every mailbox is in a known state."
    assert "NoorA@contoso.com: no mailbox." in said


def test_one_mailbox_is_read_alone(run, synced, cloud):
    cloud.log.clear()
    report = json.loads(run("sync", mailbox="alexw@CONTOSO.com", json=True))
    assert report["mailboxes"] == {"ok": 1}
    assert {entry.path.split("/")[3] for entry in cloud.log.since() if entry.batched} == {
        str(Mailbox.objects.get(person__address="AlexW@contoso.com").person.oid)
    }


def test_a_change_seen_is_counted(run, synced, cloud):
    share = {"tenant": CONTOSO, "mailbox": "AlexW@contoso.com", "calendar": "Kids parties", "who": "AdeleV@contoso.com"}
    cloud.state.apply({"do": "role", "role": "write", **share})
    report = json.loads(run("sync", json=True))
    assert (report["permissions"]["changed"], report["permissions"]["added"]) == (1, 0)


@pytest.mark.parametrize(
    "fault",
    [
        {**EVERY_CALENDAR, "do": "status", "status": 429, "retry_after": "600"},
        {"match": {"path": "/calendarPermissions", "batched": True, "mailbox": "AlexW@contoso.com"}, "do": "status",
         "status": 429, "retry_after": "600"},
    ],
)  # fmt: skip
def test_a_list_that_we_put_off_is_not_a_known_state(run, connected, cloud, fault):
    cloud.faults.set([fault])
    with pytest.raises(CommandError, match="Not everything could be read in Contoso"):
        run("sync", json=True)
    assert SyncRun.objects.get().outcome == "done"


@pytest.mark.parametrize(
    "fault",
    [
        {**EVERY_CALENDAR, "do": "status", "status": 403, "code": "ErrorAccessDenied"},
        {**EVERY_CALENDAR, "do": "empty_list"},
        {**EVERY_CALENDAR, "do": "truncate"},
    ],
)
def test_an_answer_that_microsoft_spoiled_is_a_known_state_and_shown(run, connected, cloud, fault):
    cloud.faults.set([fault])
    report = json.loads(run("sync", json=True))
    assert "AlexW@contoso.com" in {row["address"] for row in report["not_ok"]}


def test_a_held_run_is_a_failure(run, synced, cloud):
    for user in cloud.state.tenants[CONTOSO].users.values():
        for calendar in user.mailbox.calendars.values() if user.mailbox else ():
            for key in [key for key, row in calendar.permissions.items() if row.kind != "default"]:
                del calendar.permissions[key]
    with pytest.raises(CommandError, match="Not everything"):
        run("sync")
    assert SyncRun.objects.order_by("-pk").first().outcome == "held"
    assert CalendarPermission.objects.open().count() == synced["permissions"]["total"]


def test_a_tenant_that_is_read_already_is_left_to_who_reads_it(run, connected):
    mirror.begin_run(tenant=connected, kind=SyncRun.FULL, now=now())
    with pytest.raises(CommandError, match="Contoso is being read already, since 20"):
        run("sync")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mailbox": "nobody@contoso.com"}, "Contoso has no mailbox 'nobody@contoso.com'"),
        ({"tenant": "nowhere.example"}, "There is no tenant 'nowhere.example' here"),
        ({"tenant": FABRIKAM}, "Fabrikam is listed, not connected"),
    ],
)
def test_what_is_not_there_is_said(run, connected, options, sentence):
    Tenant.objects.create(tid=FABRIKAM, name="Fabrikam", state_since=now(), cloud="sandbox")
    with pytest.raises(CommandError, match=sentence):
        run("sync", **options)


@pytest.mark.parametrize("name", [CONTOSO, "contoso.com", "CONTOSO"])
def test_a_tenant_is_known_by_id_domain_and_name(run, connected, name):
    assert "Contoso: run" in run("sync", tenant=name)


def test_without_a_tenant_or_a_token_it_says_so(run, connected, settings):
    settings.MICROSOFT_CLIENT_SECRET = "wrong"
    with pytest.raises(CommandError, match="does not accept our client secret"):
        run("sync")
    Tenant.objects.update(state=Tenant.LISTED)
    with pytest.raises(CommandError, match="No tenant is connected"):
        run("sync")


def test_a_tenant_of_another_cloud_is_not_asked(run, connected):
    Tenant.objects.update(cloud="china")
    with pytest.raises(CommandError, match="lives in the cloud 'china'"):
        run("sync")


def test_two_tenants_make_two_objects(run, connected):
    run("connect", FABRIKAM)
    reports = [json.loads(line) for line in run("sync", json=True).splitlines()]
    assert [report["tenant_id"] for report in reports] == [CONTOSO, FABRIKAM]
    with pytest.raises(CommandError, match="name the mailbox's with --tenant"):
        run("sync", mailbox="AlexW@contoso.com")
