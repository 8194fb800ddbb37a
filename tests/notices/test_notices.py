"""Admins are told once of each thing, at the directory's address, and again only after it was over."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from sharing import mirror, notices
from sharing.connect import client_for, clients, credentials
from sharing.models import AppCredential, GroupLimit, Notice, Person, RoleAssignment, SyncRun, Tenant, User
from tests.cloud import CLIENT_SECRET, FABRIKAM
from tests.contoso import control, user

from .conftest import ALLAN, ISAIAH

HOURS = timedelta(hours=1)


def lose(tenant, clock):
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.LOST, cause="consent_missing", state_since=clock())


def find(tenant):
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.CONNECTED, cause="")


def hold(tenant, clock, **fields):
    return SyncRun.objects.create(
        tenant=tenant, kind=SyncRun.FULL, began_at=clock(), finished_at=clock(), outcome=SyncRun.HELD, held_back=60,
        **{"cause": "breaker", **fields},
    )  # fmt: skip


class Refusing(EmailBackend):
    """A mail server that takes nothing."""

    error: Exception = ConnectionRefusedError("nobody there")

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def refusing(settings):
    settings.EMAIL_BACKEND = "tests.notices.test_notices.Refusing"


def test_a_sound_tenant_tells_nothing(read, tick):
    assert tick() == tick(hours=25) == []


def test_lost_access_is_told_once_and_again_after_it_came_back(read, tick, clock):
    lose(read, clock)
    tick()
    tick(minutes=1)
    tick(days=3)
    assert [each.subject for each in mail.outbox] == ["Calwarden lost its access to Contoso"]
    find(read)
    tick(minutes=1)
    assert Notice.objects.get(kind="consent_lost").over_at == clock()
    lose(read, clock)
    tick(minutes=1)
    assert [n.kind for n in Notice.objects.filter(kind="consent_lost")] == ["consent_lost"] * 2
    assert len([each for each in mail.outbox if "lost" in each.subject]) == 2


def test_who_is_no_admin_any_more_gets_no_mail_that_waited(read, tick, clock, settings):
    lose(read, clock)
    settings.EMAIL_BACKEND = "tests.notices.test_notices.Refusing"
    (waiting,) = tick()
    RoleAssignment.objects.create(user=user(read, ISAIAH), tenant=read, role="admin", given_at=clock())
    RoleAssignment.objects.filter(user=user(read, ALLAN)).delete()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    tick(minutes=1)
    assert [each.to for each in mail.outbox] == [[ISAIAH]]
    waiting.refresh_from_db()
    assert (waiting.over_at, waiting.sent_at, waiting.due_at) == (clock(), None, None)


def test_what_was_told_already_is_told_no_second_time_to_who_comes_back_as_admin(read, tick, clock):
    lose(read, clock)
    tick()
    role = RoleAssignment.objects.get(user=user(read, ALLAN))
    role.delete()
    tick(minutes=1)
    role.save()
    tick(minutes=1)
    assert len(mail.outbox) == 1


def test_an_admin_whose_address_becomes_known_is_told_then(read, tick, clock):
    allan = user(read, ALLAN)
    Person.objects.filter(tenant=read, oid=allan.oid).update(address="")
    User.objects.filter(pk=allan.pk).update(address="")
    lose(read, clock)
    (notice,) = tick()
    assert (notice.cause, notice.due_at) == ("no_address", None)
    Person.objects.filter(tenant=read, oid=allan.oid).update(address=ALLAN)
    (notice,) = tick(minutes=1)
    assert (notice.address, notice.cause, notice.sent_at) == (ALLAN, "", clock())
    assert [each.to for each in mail.outbox] == [[ALLAN]]


def test_mail_says_what_since_when_and_where_to_look(read, tick, clock, settings):
    lose(read, clock)
    tick()
    sent = mail.outbox[0]
    assert sent.to == [ALLAN]
    assert "since 2 November 2026, 01:00 UTC" in sent.body
    assert "The app lacks a permission" in sent.body
    assert f"{settings.PORTAL_URL}/setup/connections/?tenant={read.public_id}" in sent.body
    assert "Changes are off." in sent.body
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated" and sent.content_subtype == "plain"
    assert "&" not in sent.body and "<" not in sent.body


def test_a_tenant_not_read_whole_for_26_hours_is_stale_until_it_is(read, tick, clock, sync):
    assert tick(hours=25) == []
    for hour in range(3):  # hourly runs do not read everything
        SyncRun.objects.create(
            tenant=read, kind=SyncRun.HOURLY, began_at=clock() + hour * HOURS, finished_at=clock() + hour * HOURS,
            outcome=SyncRun.DONE,
        )  # fmt: skip
    (notice,) = tick(hours=2)
    assert notice.kind == "sync_stale" and "It last did so on 2 November 2026, 01:" in notice.body
    sync()
    tick()
    notice.refresh_from_db()
    assert notice.over_at == clock()


def test_a_tenant_connected_today_is_not_stale_and_one_read_by_nobody_since_is(contoso, clock):
    clock.forward(hours=20)
    assert not notices.current(clock())
    (thing,) = notices.current(clock.forward(hours=7))
    assert thing.kind == "sync_stale" and thing.facts["last"] is None


def test_every_held_run_is_told_until_somebody_decides(read, tick, clock):
    run = hold(read, clock)
    hold(read, clock, cause="directory_breaker")
    first, second = sorted(tick(), key=lambda notice: "people" in notice.body)
    assert first.kind == second.kind == "run_held"
    assert "60 permissions at least" in first.body and "60 people with a mailbox" in second.body
    assert f"/setup/sync/{run.public_id}/?tenant={read.public_id}" in first.body
    mirror.reject_run(run=run, actor=user(read, ALLAN), now=clock())
    tick()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.over_at and not second.over_at


def test_all_admins_of_the_tenant_are_told_and_nobody_else(read, tick, clock):
    isaiah, alex = user(read, ISAIAH), user(read, "AlexW@contoso.com")
    RoleAssignment.objects.create(user=isaiah, tenant=read, role="admin", given_at=clock())
    RoleAssignment.objects.create(user=alex, tenant=read, role="reviewer", given_at=clock())
    vikram = user(read, "VikramS@contoso.com")
    RoleAssignment.objects.create(user=vikram, tenant=None, role="admin", given_at=clock())
    lose(read, clock)
    assert {notice.address for notice in tick()} == {ALLAN, ISAIAH}


def test_without_an_admin_of_its_own_the_installations_admins_are_told(read, tick, clock):
    RoleAssignment.objects.all().delete()
    vikram = user(read, "VikramS@contoso.com")
    RoleAssignment.objects.create(user=vikram, tenant=None, role="admin", given_at=clock())
    lose(read, clock)
    assert [notice.user for notice in tick()] == [vikram]


def test_the_directorys_address_comes_first_and_a_shown_one_is_used_without_it(read, tick, clock):
    User.objects.filter(address=ALLAN).update(address="elsewhere@example.org")
    lose(read, clock)
    assert [notice.address for notice in tick()] == [ALLAN]
    find(read)
    tick()
    Person.objects.filter(address=ALLAN).update(address="")
    lose(read, clock)
    tick(minutes=1)
    assert Notice.objects.filter(kind="consent_lost", over_at=None).get().address == "elsewhere@example.org"


@pytest.mark.parametrize(
    ("of_user", "of_person", "cause"),
    [
        ({"address": ""}, {"address": ""}, "no_address"),
        ({"address": "a@b.example\nBcc: c@d.example"}, {"address": "no address"}, "no_address"),
        ({}, {"enabled": False}, "account_gone"),
        ({}, {"ended_at": "2026-11-01T00:00:00Z"}, "account_gone"),
    ],
)
def test_who_cannot_be_mailed_to_is_written_down_and_not_tried(read, tick, clock, of_user, of_person, cause):
    User.objects.filter(address=ALLAN).update(**{"address": ALLAN, **of_user})
    Person.objects.filter(address=ALLAN).update(**{"address": ALLAN, **of_person})
    lose(read, clock)
    (notice,) = tick()
    assert (notice.address, notice.cause, notice.due_at, notice.sent_at) == ("", cause, None, None)
    assert not mail.outbox


def test_a_switched_off_admin_is_not_told(read, tick, clock):
    User.objects.filter(address=ALLAN).update(is_active=False)
    lose(read, clock)
    assert tick() == []


def test_names_cannot_write_headers_or_hide(read, tick, clock):
    name = "Contoso\r\nBcc: all@contoso.com\n\n‮gpj.exe" + "x" * 300
    Tenant.objects.update(name=name[:250])
    lose(read, clock)
    (notice,) = tick()
    sent = mail.outbox[0]
    assert sent.subject == notice.subject and "\n" not in sent.subject and "\u202e" not in sent.subject + sent.body
    assert len(sent.subject) <= 200
    assert not any(line.startswith("Bcc") for line in str(sent.message()).splitlines())


def test_what_the_server_does_not_take_is_tried_again_later_each_time_then_shown(read, tick, clock, refusing):
    lose(read, clock)
    (notice,) = tick()
    waits = []
    while notice.due_at:
        waits.append(notice.due_at - clock())
        clock.now = notice.due_at
        notices.send(notice=notice, clock=clock)
        notice.refresh_from_db()
    assert waits == sorted(waits) and waits[0] == timedelta(minutes=1) and waits[-1] == timedelta(hours=12)
    assert (notice.sent_at, notice.cause) == (None, "ConnectionRefusedError")
    tick(days=1)
    assert Notice.objects.filter(kind="consent_lost").count() == 1


def test_the_servers_own_code_is_kept(read, tick, clock, refusing, monkeypatch):
    monkeypatch.setattr(Refusing, "error", smtplib.SMTPDataError(554, b"no"))
    lose(read, clock)
    (notice,) = tick()
    assert notice.cause == "SMTPDataError 554"


def test_two_workers_send_it_once(read, clock):
    lose(read, clock)
    notices.decide(clock())
    one, same = Notice.objects.get(), Notice.objects.get()
    assert notices.send(notice=one, clock=clock)
    assert not notices.send(notice=same, clock=clock)
    assert len(mail.outbox) == 1


def test_what_is_over_before_it_was_sent_is_not_sent(read, clock):
    lose(read, clock)
    notices.decide(clock())
    waiting = Notice.objects.get()
    find(read)
    notices.decide(clock())
    assert not notices.send(notice=waiting, clock=clock)
    assert not mail.outbox and Notice.objects.get().due_at is None


def test_the_sandboxs_people_get_no_mail_over_a_real_server(read, tick, clock, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "mail.example.org"  # would not resolve: nothing asks for it
    lose(read, clock)
    (notice,) = tick()
    notice.refresh_from_db()
    assert notice.sent_at == clock()


def test_our_own_credential_is_told_of_once_not_once_for_every_tenant_and_blames_none(read, tick, clock, cloud, sync):
    Tenant.objects.create(tid=FABRIKAM, cloud="sandbox", state=Tenant.CONNECTED, state_since=clock())
    vikram = user(read, "VikramS@contoso.com")
    RoleAssignment.objects.create(user=vikram, tenant=None, role="admin", given_at=clock())
    control(cloud, "apps/credential", {"remove": CLIENT_SECRET})
    clients.forget_tokens()
    clock.forward(hours=30)
    for tenant in Tenant.objects.all():
        mirror.run_here(tenant=tenant, client=client_for(tenant), clock=clock, wait=lambda s: clock.forward(minutes=30))
    assert {t.state for t in Tenant.objects.all()} == {Tenant.CONNECTED}
    (notice,) = tick()
    assert (notice.kind, notice.tenant, notice.user) == ("credential_broken", None, vikram)
    assert "No tenant is at fault" in notice.body and "/setup/credentials/\n" in notice.body
    assert "&#x27;" not in notice.body


@pytest.mark.parametrize(("days", "told"), [(40, 0), (29, 1), (13, 1), (6, 1), (0.5, 1), (-1, 1)])
def test_a_certificate_that_ends_is_told_at_each_step(read, tick, clock, days, told):
    keep_certificate(clock, days)
    notices_made = [notice for notice in tick() if notice.kind == "credential_expiring"]
    assert len(notices_made) == told
    for notice in notices_made:
        assert ("ended on" if days < 0 else "ends on") in notice.subject and notice.user.address == ALLAN
        assert "/setup/connections/\n" in notice.body, "credentials are a page for admins of the whole installation"


def test_each_step_is_told_once_and_a_new_certificate_ends_it(read, tick, clock):
    row = keep_certificate(clock, 31)
    for _ in range(32 * 2):
        tick(hours=12)
    keys = [n.key.rpartition(":")[2] for n in Notice.objects.filter(kind="credential_expiring").order_by("pk")]
    assert keys == ["30", "14", "7", "1", "0"]
    AppCredential.objects.filter(pk=row.pk).update(expires_at=clock() + timedelta(days=365))
    tick(minutes=1)
    assert not Notice.objects.filter(kind="credential_expiring", over_at=None).exists()


@pytest.fixture
def limited(read, clock):
    """Contoso, limited to a group three hours ago; `limited(verdict, …)` says what the last test found."""
    Tenant.objects.filter(pk=read.pk).update(scope=Tenant.GROUP)
    limit = GroupLimit.objects.create(
        tenant=read, group_oid="0d1e2f3a-0000-4000-8000-000000000001", group_name="Executives", verdict="verified",
        declared_by=user(read, ALLAN), declared_at=clock() - 3 * HOURS, changed_at=clock(), tested_at=clock(),
    )  # fmt: skip

    def judge(verdict, **fields):
        changed = {"changed_at": clock(), "tested_at": clock()} | fields
        GroupLimit.objects.filter(pk=limit.pk).update(verdict=verdict, **changed)

    return judge


@pytest.mark.parametrize("verdict", ["not_limited", "ineffective", "inverted", "no_access"])
def test_a_limit_that_does_not_hold_is_told_once_and_over_once_it_does(limited, tick, clock, verdict, read):
    assert tick() == []
    limited(verdict)
    (notice,) = tick(minutes=1)
    assert notice.kind == "limit_broken" and notice.address == ALLAN
    assert f"/setup/limit/?tenant={read.public_id}" in notice.body
    limited("ineffective" if verdict != "ineffective" else "no_access")
    assert tick(hours=1) == [notice], "another bad verdict is the same thing"
    limited("verified")
    tick(minutes=1)
    notice.refresh_from_db()
    assert notice.over_at == clock() and len(mail.outbox) == 1
    limited(verdict)
    tick(minutes=1)
    assert len(mail.outbox) == 2


def test_what_exchange_may_still_be_taking_in_is_no_alarm(limited, tick, clock):
    limited("ineffective", declared_at=clock())
    assert tick(hours=2) == []
    assert len(tick(minutes=20)) == 1


@pytest.mark.parametrize("verdict", ["untested", "pending"])
def test_a_limit_that_is_not_known_yet_is_no_alarm(limited, tick, verdict):
    limited(verdict)
    assert tick() == []


@pytest.mark.parametrize("how", ["the test did not tell", "nobody tested", "never tested", "a test that waits"])
def test_a_test_that_could_not_be_made_for_three_days_is_told(limited, tick, clock, sync, how):
    match how:
        case "the test did not tell":
            limited("inconclusive")
        case "never tested":
            limited("untested", tested_at=None, declared_at=clock())
        case "a test that waits":
            limited("verified", tested_at=None, due_at=clock(), changed_at=clock() - 90 * 24 * HOURS)
    for hours in (24, 24, 23):
        clock.forward(hours=hours)
        if how == "the test did not tell":
            GroupLimit.objects.update(tested_at=clock())
        assert [n for n in tick() if n.kind == "limit_broken"] == []
    clock.forward(hours=2)
    (notice,) = [n for n in tick() if n.kind == "limit_broken"]
    assert "could not be tested since 2 November 2026, 01:" in notice.body
    limited("verified")
    tick()
    notice.refresh_from_db()
    assert notice.over_at == clock()


def test_a_limit_that_was_lifted_is_told_of_no_more(limited, tick, read):
    limited("no_access")
    (notice,) = tick()
    Tenant.objects.filter(pk=read.pk).update(scope=Tenant.EVERYBODY)
    tick()
    notice.refresh_from_db()
    assert notice.over_at


def keep_certificate(clock, days):
    """Ours, made here, which ends in so many days."""
    made = credentials.make_certificate(app="reader", now=clock(), by="test")
    AppCredential.objects.filter(pk=made.pk).update(state="current", expires_at=clock() + timedelta(days=days))
    return made
