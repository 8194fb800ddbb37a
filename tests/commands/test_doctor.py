"""`doctor`: one sentence for everything that must be right, and an exit code that means it."""

import json
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.utils.timezone import now

from portal.keys import token_key
from sandbox.cast import ALEX
from sharing.connect import clients, credentials, health, make_certificate
from sharing.models import Change, Mailbox, SyncShard, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM
from tests.contoso import control

WRITER_ID = "ca1e4da2-0000-4000-8000-00000000d0de"


@pytest.fixture
def doctor(run):
    """What was looked at, by name (the worst of each), and whether all was well."""

    def look():
        try:
            said = run("doctor", json=True)
        except CommandError:
            said = None
        checks = list(health.examine(now=now()))
        worst_last = sorted(checks, key=lambda check: (health.OK, health.NOTE, health.PROBLEM).index(check.state))
        return {check.name: check for check in worst_last}, said is not None

    return look


def test_it_prints_one_object_and_says_that_all_is_well(run, synced):
    report = json.loads(run("doctor", json=True))
    assert report["ok"] is True
    assert {check["name"] for check in report["checks"]} >= {
        "settings", "certificate", "database", "tenancy", "queue", "clockwork", "token", "permissions", "scope", "clock"
    }  # fmt: skip
    assert all(check["sentence"].endswith((".", ")")) for check in report["checks"])
    assert run("doctor").splitlines()[-1] == "All is well."


def test_what_the_app_holds_and_what_it_need_not_hold(doctor, connected, cloud):
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "Mail.Read"})
    sentences = [check.sentence for check in health.examine(now=now()) if check.name == "permissions"]
    assert "Contoso: the app holds Calendars.ReadWrite" in sentences[0]
    assert any("is held while writing is off: only our own switch stops it" in sentence for sentence in sentences)
    assert "Contoso: the app needs none of Mail.Read: take it away." in sentences
    assert doctor()[1] is True


@pytest.mark.parametrize(
    ("change", "name", "sentence"),
    [
        ({"do": "revoke", "role": "Calendars.ReadWrite"}, "permissions", "lacks Calendars.Read"),
        ({"do": "revoke", "role": "User.Read.All"}, "permissions", "lacks User.Read.All"),
    ],
)
def test_a_permission_that_went_is_a_problem(doctor, connected, cloud, change, name, sentence):
    cloud.state.apply({"tenant": CONTOSO, **change})
    checks, is_well = doctor()
    assert sentence in checks[name].sentence
    assert not is_well


def test_writing_without_the_permission_is_a_problem(doctor, run, cloud):
    run("connect", CONTOSO, writes="on")
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": "MailboxSettings.ReadWrite"})
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "MailboxSettings.Read"})
    checks, is_well = doctor()
    assert "writing is on, but the app lacks MailboxSettings.ReadWrite" in checks["permissions"].sentence
    assert not is_well


@pytest.mark.parametrize(
    ("setting", "value", "name", "sentence"),
    [
        ("MICROSOFT_CLIENT_SECRET", "wrong", "certificate", "does not accept our client secret"),
        ("MICROSOFT_CLIENT_SECRET", "", "certificate", "Neither MICROSOFT_CLIENT_CERTIFICATE nor"),
        ("MICROSOFT_CLIENT_CERTIFICATE", __file__, "certificate", "is not a PEM file"),
        ("MICROSOFT_LOGIN_URL", "http://login.example.org", "settings", "only be an address of this machine"),
        ("MICROSOFT_CLIENT_ID", "00000000-0000-4000-8000-000000000001", "token", "does not know the app"),
    ],
)
def test_a_wrong_setting_is_a_problem_in_one_sentence(doctor, connected, settings, setting, value, name, sentence):
    setattr(settings, setting, value)
    checks, is_well = doctor()
    assert sentence in checks[name].sentence
    assert "\n" not in checks[name].sentence
    assert not is_well


def test_an_optional_permission_that_lacks_is_worth_a_note(doctor, connected, cloud):
    for role in ("GroupMember.Read.All", "OrgContact.Read.All"):
        cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    assert doctor()[1]
    notes = [check.sentence for check in health.examine(now=now()) if check.state == health.NOTE]
    lacking = next(note for note in notes if "GroupMember.Read.All (its groups" in note)
    assert "OrgContact.Read.All (the contacts" in lacking


def test_a_tenant_that_is_not_there_any_more(doctor, connected):
    Tenant.objects.update(tid="00000000-0000-4000-8000-000000000001")
    checks, is_well = doctor()
    assert "There is no tenant 00000000" in checks["token"].sentence
    assert not is_well


@pytest.mark.parametrize(("days", "state"), [(400, "ok"), (20, "note"), (-1, "problem")])
def test_the_end_of_the_certificate(db, settings, tmp_path, days, state):
    path = tmp_path / "portal.pem"
    begins = now() - timedelta(days=500)
    make_certificate(path, name="Portal", now=begins, lifetime=timedelta(days=500 + days))
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(path)
    check = next(check for check in health.examine(now=now()) if check.name == "certificate")
    assert check.state == state
    assert f"{begins + timedelta(days=500 + days):%Y-%m-%d}" in check.sentence


def test_a_queue_that_nobody_works_on(doctor, synced):
    assert doctor()[0]["queue"].sentence == "Nothing that is due waits."
    mailbox = Mailbox.objects.get(person__oid=ALEX)
    actor = User.objects.create(tenant=mailbox.tenant, oid=ALEX)
    Change.objects.create(
        tenant=mailbox.tenant, kind="delivery", target="delivery:1", mailbox=mailbox, before="a", after="b",
        actor=actor, actor_kind="owner", requested_at=now(), due_at=now() - timedelta(minutes=1),
    )  # fmt: skip
    checks, is_well = doctor()
    assert (checks["queue"].sentence, is_well) == ("The oldest thing that is due has waited 60 seconds.", True)
    SyncShard.objects.update(due_at=now() - timedelta(hours=3))
    checks, is_well = doctor()
    assert checks["queue"].sentence == "Something has waited 3 hours: nobody works. Start `manage.py work`."
    assert not is_well


def test_a_clock_that_nobody_ticks(doctor, synced):
    Tenant.objects.update(next_hourly_at=now() - timedelta(minutes=30))
    checks, is_well = doctor()
    assert "The hourly look at Contoso is 30 minutes late: nobody ticks." in checks["clockwork"].sentence
    assert not is_well


def test_a_broker_that_does_not_answer(doctor, connected, settings):
    settings.EMBEDDED, settings.CELERY_BROKER_URL = False, "redis://127.0.0.1:1/0"
    checks, is_well = doctor()
    assert checks["broker"].state == "problem"
    assert not is_well


def test_a_clock_that_is_off(doctor, connected, sandbox, monkeypatch):
    monkeypatch.undo()  # over a socket, because only a server sends a Date
    sandbox.cloud.offset_seconds = 200.0
    checks, is_well = doctor()
    assert checks["clock"].sentence.startswith("This machine’s clock is 3 minutes off Microsoft’s")
    assert not is_well


def test_a_row_that_refers_to_another_tenant(doctor, synced):
    other = Tenant.objects.create(tid=FABRIKAM, state_since=now(), cloud="sandbox")
    Mailbox.objects.filter(person__oid=ALEX).update(tenant=other)
    checks, is_well = doctor()
    assert "rows refer to a row of another tenant" in checks["tenancy"].sentence
    assert not is_well


@pytest.mark.sqlite
def test_sqlite_must_run_as_changes_need_it(doctor, connected, settings):
    assert doctor()[0]["sqlite"].state == "ok"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
    try:
        checks, is_well = doctor()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert checks["sqlite"].state == "problem"
    assert not is_well


def test_a_tenant_that_lost_us(doctor, connected):
    Tenant.objects.update(state=Tenant.LOST, cause="token_refused")
    checks, is_well = doctor()
    assert "access was lost (token_refused)" in checks["state"].sentence
    assert not is_well


def test_nothing_connected_is_worth_a_note(db, cloud, run):
    report = json.loads(run("doctor", json=True))
    assert report["ok"] is True
    assert report["checks"][-1]["sentence"].startswith("No tenant is connected")


def test_no_event_is_read_and_nothing_is_written(run, synced, cloud):
    run("doctor")
    assert cloud.log.stats()["event_reads"] == 0
    assert cloud.log.writes() == []


def told(name):
    return [(check.state, check.sentence, check.tenant_id) for check in health.examine(now=now()) if check.name == name]


def test_our_own_credential_is_one_alarm_and_no_tenant_is_blamed(run, connected, settings):
    run("connect", FABRIKAM)
    settings.MICROSOFT_CLIENT_SECRET = "wrong"
    alarms = [told_of for told_of in told("certificate") if told_of[0] == "problem"]
    assert [sentence for _, sentence, _ in alarms] == [
        "Microsoft does not accept our client secret: the app ca1e4da2-0000-4000-8000-00000000c0de has no such secret."
    ]
    assert [tenant_id for _, _, tenant_id in alarms] == [""]
    blamed = told("token")
    assert {(state, tenant_id) for state, _, tenant_id in blamed} == {("note", CONTOSO), ("note", FABRIKAM)}
    assert all("the tenant is not at fault" in sentence for _, sentence, _ in blamed)


def test_the_tenants_own_refusal_is_told_of_the_tenant(run, connected, cloud):
    run("connect", FABRIKAM)
    control(cloud, "principal", {"tenant": FABRIKAM, "state": "removed"})
    clients.forget_tokens()
    assert {(state, tenant_id) for state, _, tenant_id in told("token")} == {("ok", CONTOSO), ("problem", FABRIKAM)}
    assert not [told_of for told_of in told("certificate") if told_of[0] == "problem"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(7000222, "it has expired, so make a new one"), (7000218, "none was sent"), (700027, "it is not registered for")],
)
def test_why_entra_does_not_take_it_is_said(connected, cloud, number, sentence):
    message = f"AADSTS{number}: The provided client secret keys are expired. Trace ID: 1"
    cloud.faults.set([{"do": "aadsts", "number": number, "error": "invalid_client", "message": message}])
    clients.forget_tokens()
    assert any(sentence in said for _, said, _ in told("certificate"))


def test_a_lost_key_is_a_sentence(doctor, connected, settings):
    settings.MICROSOFT_CLIENT_SECRET = ""
    credentials.make_certificate(app="reader", now=now(), by="test")
    settings.TOKEN_KEYS = [token_key()]
    checks, is_well = doctor()
    assert checks["certificate"].sentence == (
        "The certificate kept here does not open with TOKEN_KEYS: put back the key that sealed it, or make a new one."
    )
    assert checks["secrets"].sentence == (
        "1 secret that is kept here opens with none of TOKEN_KEYS: put back the key that sealed it."
    )
    assert not is_well and len([state for state, _, _ in told("certificate") if state == "problem"]) == 1


def test_secrets_under_an_older_key_are_worth_a_note(doctor, connected, settings):
    credentials.make_certificate(app="reader", now=now(), by="test")
    assert doctor()[0]["secrets"].state == "ok"
    settings.TOKEN_KEYS = [token_key(), *settings.TOKEN_KEYS]
    checks, is_well = doctor()
    assert "run `rotate_secrets`" in checks["secrets"].sentence and is_well


def test_the_second_registration_is_looked_at_too(doctor, run, connected, cloud, settings):
    settings.MICROSOFT_WRITER_CLIENT_ID = WRITER_ID
    settings.MICROSOFT_WRITER_SECRET = "the-writers-secret"
    Tenant.objects.update(has_writer=True)
    app = {"client_id": WRITER_ID, "name": "Writer", "home": CONTOSO, "multi_tenant": True, "certificates": []}
    control(cloud, "apps", {**app, "app_roles": ["Calendars.ReadWrite"], "secrets": ["the-writers-secret"]})
    assert "does not know the app" in doctor()[0]["writer"].sentence
    with pytest.raises(CommandError, match="does not know the app ca1e4da2-0000-4000-8000-00000000d0de"):
        run("connect", CONTOSO, writes="on")
    control(cloud, "consent", {"client_id": WRITER_ID, "tenant": CONTOSO, "roles": ["Calendars.ReadWrite"]})
    clients.forget_tokens()
    assert "lacks MailboxSettings.ReadWrite" in doctor()[0]["writer"].sentence
    roles = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]
    control(cloud, "apps", {**app, "app_roles": roles})
    control(cloud, "consent", {"client_id": WRITER_ID, "tenant": CONTOSO, "roles": roles})
    clients.forget_tokens()
    assert doctor()[0]["writer"].state == "ok"
    run("connect", CONTOSO, writes="on")
    assert Tenant.objects.get().writes_on
    settings.MICROSOFT_WRITER_SECRET = "wrong"
    checks, is_well = doctor()
    assert "app ca1e4da2-0000-4000-8000-00000000d0de has no such secret" in checks["certificate"].sentence
    assert not is_well
