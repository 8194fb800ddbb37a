"""What proves who we are: chosen, made, tried, replaced, erased; and its failure is never blamed on a tenant."""

from datetime import timedelta

import pytest

from portal.keys import token_key
from sharing import graph
from sharing.connect import certificates, client_for, clients, credentials, make_certificate, writer_for
from sharing.connect.sealing import seal
from sharing.models import AppCredential, AuditEvent, CalendarPermission, PermissionPeriod, SyncRun, SyncShard, Tenant
from tests.cloud import CLIENT_ID, CLIENT_SECRET, CONTOSO
from tests.contoso import clock, contoso, control, sync

__all__ = ["clock", "contoso", "sync"]

WRITER_ID = "ca1e4da2-0000-4000-8000-00000000d0de"


def make(clock, app="reader"):
    return credentials.make_certificate(app=app, now=clock(), by="test")


def register(cloud, row, **fields):
    """What an administrator does in Entra with the file from the page."""
    control(cloud, "apps/credential", {"certificate": row.certificate, **fields})


def attempt(row, clock):
    credentials.ask_trial(row=row, now=clock())
    row.refresh_from_db()
    credentials.tend(row=row, clock=clock)
    row.refresh_from_db()
    return row.state


@pytest.fixture
def used(contoso, cloud, clock, settings):
    """A certificate made here that Entra knows and that is in use; there is no other credential."""
    settings.MICROSOFT_CLIENT_SECRET = ""
    row = make(clock)
    register(cloud, row)
    assert attempt(row, clock) == "current"
    return row


# Chosen --------------------------------------------------------------------------------------------------


def test_the_file_wins_over_what_is_kept_here_and_that_over_the_secret(db, settings, clock, tmp_path):
    assert clients.credential().secret == CLIENT_SECRET
    row = make(clock)
    assert clients.credential().secret == CLIENT_SECRET  # the next one is not used where there is another
    AppCredential.objects.update(state="current")
    kept = clients.credential()
    assert certificates.public_part(kept.certificate_pem).thumbprint == row.thumbprint
    make_certificate(tmp_path / "graph.pem", name="File", now=clock())
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(tmp_path / "graph.pem")
    assert clients.credential().certificate_pem == (tmp_path / "graph.pem").read_bytes()
    assert credentials.in_force("reader").source == "file"


def test_a_next_one_is_used_where_there_is_no_other(db, settings, clock):
    settings.MICROSOFT_CLIENT_SECRET = ""
    with pytest.raises(clients.NoCredential, match="Neither MICROSOFT_CLIENT_CERTIFICATE nor"):
        clients.credential()
    make(clock)
    assert clients.credential().certificate_pem


def test_the_key_is_sealed_and_opens_in_no_other_row(db, clock):
    row, other = make(clock), make(clock, "writer")
    assert "PRIVATE" not in row.sealed + row.certificate
    AppCredential.objects.filter(pk=other.pk).update(sealed=row.sealed)
    other.refresh_from_db()
    with pytest.raises(clients.NoCredential) as caught:
        clients.opened(other)
    assert caught.value.cause == "seal_broken"


# Made, tried, replaced, erased ---------------------------------------------------------------------------


def test_a_certificate_is_used_once_entra_gives_a_token_with_it(contoso, cloud, clock):
    row = make(clock)
    assert (attempt(row, clock), row.cause) == ("next", "credential_refused")
    assert clients.credential().secret == CLIENT_SECRET
    register(cloud, row)
    assert (attempt(row, clock), row.cause, row.due_at) == ("current", "", None)
    assert client_for(contoso).renew()
    assert clients.credential().certificate_pem


def test_a_second_certificate_takes_over_and_the_first_is_erased_by_a_click(used, contoso, cloud, clock):
    following = make(clock)
    assert client_for(contoso).renew()  # the first is used until the second was tried
    assert attempt(following, clock) == "next"
    register(cloud, following)
    assert attempt(following, clock) == "current"
    used.refresh_from_db()
    assert (used.state, bool(used.sealed)) == ("previous", True)
    control(cloud, "apps/credential", {"remove": used.thumbprint})
    assert client_for(contoso).renew()
    credentials.erase(row=used, now=clock(), by="test")
    assert (used.state, used.sealed, used.retired_at) == ("retired", "", clock())
    with pytest.raises(credentials.NotPossible):
        credentials.erase(row=following, now=clock(), by="test")


def test_the_one_before_can_be_used_again(used, contoso, cloud, clock):
    following = make(clock)
    register(cloud, following)
    attempt(following, clock)
    used.refresh_from_db()
    credentials.go_back(row=used, now=clock(), by="test")
    following.refresh_from_db()
    assert (used.state, following.state) == ("current", "next")
    assert client_for(contoso).renew()


def test_one_that_is_discarded_while_it_is_tried_is_never_used(used, cloud, clock):
    row = make(clock)
    register(cloud, row)
    credentials.ask_trial(row=row, now=clock())
    row.refresh_from_db()
    asked = []

    def discard():
        """Between the token and what is written down of it."""
        asked.append(clock())
        if len(asked) == 2:
            credentials.erase(row=AppCredential.objects.get(pk=row.pk), now=clock(), by="test")
        return clock()

    credentials.tend(row=row, clock=discard)
    row.refresh_from_db()
    used.refresh_from_db()
    assert (row.state, row.sealed, used.state) == ("retired", "", "current")
    assert clients.credential().certificate_pem


def test_the_one_before_is_erased_at_its_end(used, cloud, clock):
    following = make(clock)
    register(cloud, following)
    attempt(following, clock)
    used.refresh_from_db()
    assert used.due_at == used.expires_at
    clock.now = used.expires_at
    credentials.tend(row=used, clock=clock)
    assert (used.state, used.sealed) == ("retired", "")


def test_of_one_app_only_one_is_next(db, clock):
    make(clock)
    with pytest.raises(credentials.NotPossible):
        make(clock)
    make(clock, "writer")


def test_a_trial_that_cannot_be_made_says_why_and_changes_nothing(contoso, cloud, clock):
    row = make(clock)
    register(cloud, row)
    control(cloud, "principal", {"tenant": CONTOSO, "state": "removed"})
    assert (attempt(row, clock), row.cause) == ("next", "consent_missing")
    Tenant.objects.update(state=Tenant.ENDED)
    assert (attempt(row, clock), row.cause) == ("next", "no_tenant")


def test_a_secret_is_tried_like_a_certificate(contoso, cloud, clock, settings):
    settings.MICROSOFT_CLIENT_SECRET = ""
    row = credentials.keep_secret(app="reader", secret="a-new-secret", expires_at=None, now=clock(), by="test")
    assert (attempt(row, clock), row.cause) == ("next", "credential_refused")
    control(cloud, "apps/credential", {"secret": "a-new-secret"})
    assert attempt(row, clock) == "current"
    assert client_for(contoso).renew() and "a-new-secret" not in row.sealed


def test_every_step_is_in_the_activity_log_without_a_secret(used, cloud, clock):
    following = make(clock)
    register(cloud, following)
    attempt(following, clock)
    used.refresh_from_db()
    credentials.erase(row=used, now=clock(), by="test")
    events = list(AuditEvent.objects.order_by("seq"))
    assert [event.verb for event in events] == [
        "credential.made", "credential.current", "credential.made", "credential.current", "credential.erased"
    ]  # fmt: skip
    assert all(set(event.subject) == {"app", "credential", "kind", "thumbprint"} for event in events)
    assert not any("PRIVATE" in str(vars(event)) for event in events)


# Ends soon -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "step"),
    [
        (400, None),
        (30.1, None),
        (30, 30),
        (20, 30),
        (14, 14),
        (8, 14),
        (7, 7),
        (2, 7),
        (1, 1),
        (0.2, 1),
        (0, 0),
        (-3, 0),
    ],
)
def test_its_end_is_said_30_14_7_and_1_days_before(used, clock, left, step):
    expires_at = clock() + timedelta(days=left)
    AppCredential.objects.update(expires_at=expires_at)
    wanted = [] if step is None else [("reader", expires_at, step)]
    assert list(credentials.expiring(clock())) == wanted


def test_the_end_of_a_file_is_said_too(db, settings, clock, tmp_path):
    make_certificate(tmp_path / "graph.pem", name="File", now=clock(), lifetime=timedelta(days=10))
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(tmp_path / "graph.pem")
    assert [(found.app, found.days) for found in credentials.expiring(clock())] == [("reader", 14)]


@pytest.mark.parametrize("content", ["", "no certificate", None])
def test_a_file_that_is_none_is_a_sentence(db, settings, tmp_path, clock, content):
    if content is not None:
        (tmp_path / "graph.pem").write_text(content)
    settings.MICROSOFT_CLIENT_CERTIFICATE = str(tmp_path / "graph.pem")
    assert "MICROSOFT_CLIENT_CERTIFICATE" in credentials.in_force("reader").trouble
    assert list(credentials.expiring(clock())) == []


# The second registration ---------------------------------------------------------------------------------


@pytest.fixture
def second(cloud, settings):
    """A registration for changes beside the one that reads, approved in Contoso, with a secret of its own."""
    settings.MICROSOFT_WRITER_CLIENT_ID, settings.MICROSOFT_WRITER_SECRET = WRITER_ID, "the-writers-secret"
    roles = ["Calendars.ReadWrite", "MailboxSettings.ReadWrite"]
    control(cloud, "apps", {"client_id": WRITER_ID, "name": "Writer", "home": CONTOSO, "multi_tenant": True,
                            "app_roles": roles, "secrets": ["the-writers-secret"], "certificates": []})  # fmt: skip
    control(cloud, "consent", {"client_id": WRITER_ID, "tenant": CONTOSO, "roles": roles})


def test_changes_go_through_the_second_registration_only_where_the_tenant_has_one(second, contoso):
    assert writer_for(contoso).renew().roles == client_for(contoso).renew().roles
    contoso.has_writer = True
    assert writer_for(contoso).renew().roles == {"Calendars.ReadWrite", "MailboxSettings.ReadWrite"}
    assert "User.Read.All" in client_for(contoso).renew().roles


def test_the_writers_certificate_is_tried_in_a_tenant_that_has_it(second, contoso, cloud, clock):
    row = make(clock, "writer")
    register(cloud, row, client_id=WRITER_ID)
    assert attempt(row, clock) == "current"
    contoso.has_writer = True
    assert writer_for(contoso).renew()
    assert clients.credential("reader").secret == CLIENT_SECRET


def test_a_writer_that_is_not_set_up_is_no_app(db, settings, second):
    assert credentials.apps() == ["reader", "writer"]
    settings.MICROSOFT_WRITER_CLIENT_ID = ""
    assert credentials.apps() == ["reader"]


# Ours, not the tenant's ----------------------------------------------------------------------------------


def as_it_is():
    rows = [model.objects.order_by("pk") for model in (CalendarPermission, PermissionPeriod)]
    return [list(each.values_list("pk", "role", "ended_at")) for each in rows]


def test_a_certificate_removed_in_the_middle_of_a_sync_ends_nothing_and_blames_nobody(used, contoso, cloud, sync):
    assert sync().outcome == SyncRun.DONE
    before = as_it_is()
    control(cloud, "apps/credential", {"remove": used.thumbprint})
    # The directory is listed with the token that still lives; then Graph wants another one.
    cloud.faults.set(
        [{"match": {"path": r"/\$batch$"}, "do": "status", "status": 401, "code": "InvalidAuthenticationToken"}]
    )
    run = sync()
    assert (run.outcome, run.cause) == (SyncRun.STOPPED, "credential_refused")
    contoso.refresh_from_db()
    assert (contoso.state, contoso.cause) == (Tenant.CONNECTED, "")
    assert as_it_is() == before
    assert credentials.broken(contoso) == credentials.Broken("credential_refused", run.finished_at)
    assert not SyncShard.objects.filter(due_at__isnull=False).exists()


def test_a_refused_credential_at_the_listing_stops_the_run_only(used, contoso, cloud, sync):
    sync()
    before = as_it_is()
    control(cloud, "apps/credential", {"remove": used.thumbprint})
    clients.forget_tokens()
    runs = [sync(), sync()]
    assert [(run.outcome, run.cause) for run in runs] == [(SyncRun.STOPPED, "credential_refused")] * 2
    contoso.refresh_from_db()
    assert contoso.state == Tenant.CONNECTED and as_it_is() == before
    assert credentials.broken(contoso).since == runs[0].finished_at
    register(cloud, used)
    assert sync().outcome == SyncRun.DONE
    assert credentials.broken(contoso) is None


def test_the_tenants_own_refusal_loses_the_tenant(used, contoso, cloud, sync):
    control(cloud, "principal", {"tenant": CONTOSO, "state": "removed"})
    clients.forget_tokens()
    assert sync().cause != "credential_refused"
    contoso.refresh_from_db()
    assert contoso.state == Tenant.LOST
    assert credentials.broken(contoso) is None


@pytest.mark.parametrize("lost", ["key", "row"])
def test_a_seal_that_does_not_open_stops_runs_with_a_cause_and_no_traceback(used, contoso, settings, sync, lost):
    if lost == "key":
        settings.TOKEN_KEYS = [token_key()]
    else:
        AppCredential.objects.update(sealed=seal("x", purpose="app:reader:other"))
    run = sync()
    assert (run.outcome, run.cause) == (SyncRun.STOPPED, "seal_broken")
    contoso.refresh_from_db()
    assert contoso.state == Tenant.CONNECTED
    assert credentials.in_force("reader").trouble.startswith("The certificate kept here does not open with TOKEN_KEYS")


def test_a_client_without_a_credential_sends_nothing(contoso, cloud, settings):
    settings.MICROSOFT_CLIENT_SECRET = ""
    sent = len(list(cloud.log.since()))
    with pytest.raises(graph.CredentialRefused) as caught:
        client_for(contoso).renew()
    assert caught.value.cause == "no_credential"
    assert len(list(cloud.log.since())) == sent
    assert CLIENT_ID == clients.client_id_of("reader")
