"""`connect`: from a bare tenant id to a tenant that is read."""

import pytest
from django.core.management.base import CommandError
from django.utils.timezone import now

from sandbox.cast import ADELE, ALEX, ALLAN, PATTI
from sharing.connect import make_certificate
from sharing.models import AuditEvent, RoleAssignment, Tenant, User
from tests.cloud import CONTOSO, FABRIKAM

NOBODY = "00000000-0000-4000-8000-000000000001"


def verbs():
    return list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))


def test_it_lists_the_tenant_makes_its_admin_and_reads_it_from_now_on(run):
    said = run("connect", CONTOSO, admin=ALLAN).splitlines()
    tenant = Tenant.objects.get()
    assert (tenant.name, tenant.state, tenant.cloud, tenant.writes_on) == ("Contoso", "connected", "sandbox", False)
    assert tenant.domains == ["contoso.com", "contoso.onmicrosoft.com"]
    assert tenant.next_full_at <= tenant.next_hourly_at <= now()
    assert "Calendars.ReadWrite" in tenant.roles_held
    held = RoleAssignment.objects.get()
    assert (str(held.user.oid), held.user.name, held.user.address) == (ALLAN, "Allan Deyoung", "AllanD@contoso.com")
    assert (held.role, held.tenant, held.source) == ("admin", tenant, "command")
    assert verbs() == ["tenant.listed", "role.given", "tenant.connected"]
    assert said[-1] == "Contoso is connected, for reading only."


def test_the_admin_may_be_one_of_the_whole_installation(run):
    said = run("connect", CONTOSO, admin=ALLAN, installation=True)
    assert "Allan Deyoung is admin of the whole installation.\n" in said
    assert [held.tenant for held in RoleAssignment.objects.order_by("pk")] == [Tenant.objects.get(), None]
    with pytest.raises(CommandError, match="give both"):
        run("connect", CONTOSO, installation=True)


def test_a_second_time_adds_nothing(run):
    for _ in range(2):
        run("connect", CONTOSO, admin=ALLAN, writes="on")
    assert verbs() == ["tenant.listed", "role.given", "tenant.connected", "tenant.writes_on"]
    assert RoleAssignment.objects.count() == 1


def test_a_lost_tenant_is_taken_up_again(run, connected):
    Tenant.objects.update(state=Tenant.LOST, cause="token_refused", next_full_at=None)
    run("connect", CONTOSO)
    connected.refresh_from_db()
    assert (connected.state, connected.cause) == ("connected", "")
    assert connected.next_full_at <= now()


def test_writing_needs_the_permissions_that_write(run, cloud):
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": "Calendars.ReadWrite"})
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "Calendars.Read"})
    with pytest.raises(CommandError, match="Writing stays off in Contoso: the app lacks Calendars.ReadWrite"):
        run("connect", CONTOSO, writes="on")
    tenant = Tenant.objects.get()
    assert (tenant.state, tenant.writes_on) == ("connected", False)


def test_writing_can_be_stopped_while_nobody_answers(run, cloud):
    run("connect", CONTOSO, writes="on")
    cloud.faults.set([{"match": {"path": "."}, "do": "drop"}])
    assert run("connect", CONTOSO, writes="off") == "Writing is off in Contoso.\n"
    tenant = Tenant.objects.get()
    assert (tenant.state, tenant.writes_on) == ("connected", False)
    assert verbs()[-1] == "tenant.writes_off"


@pytest.mark.parametrize(
    ("revoked", "lacking"),
    [
        (["Calendars.ReadWrite"], "Calendars.Read"),
        (["MailboxSettings.ReadWrite"], "MailboxSettings.Read"),
        (["User.Read.All"], "User.Read.All"),
        (["Organization.Read.All"], "Organization.Read.All"),
    ],
)
def test_a_permission_that_lacks_is_named_and_the_tenant_stays_listed(run, cloud, revoked, lacking):
    for role in revoked:
        cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    with pytest.raises(CommandError, match=f"lacks .*{lacking} ") as refused:
        run("connect", CONTOSO)
    assert "\n" not in str(refused.value)
    assert Tenant.objects.get().state == Tenant.LISTED


def test_groups_and_contacts_are_optional_and_what_is_too_much_is_said(run, cloud):
    for role in ("GroupMember.Read.All", "OrgContact.Read.All"):
        cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    cloud.state.apply({"do": "grant", "tenant": CONTOSO, "role": "Mail.ReadWrite"})
    said = run("connect", CONTOSO)
    assert "The app holds more than Calwarden needs: Mail.ReadWrite." in said
    assert Tenant.objects.get().state == Tenant.CONNECTED


def certificate(tmp_path, name="Somebody"):
    path = tmp_path / f"{name}.pem"
    make_certificate(path, name=name, now=now())
    return path


def another_key(tmp_path):
    """A PEM file with the key of one certificate and another certificate."""
    first, second = certificate(tmp_path, "first").read_text(), certificate(tmp_path, "second").read_text()
    mixed = tmp_path / "mixed.pem"
    mixed.write_text(
        first.split("-----BEGIN CERTIFICATE")[0] + "-----BEGIN CERTIFICATE" + second.split("-----BEGIN CERTIFICATE")[1]
    )
    return mixed


WRONG_SETTINGS = {
    "a certificate that is not registered": (
        lambda path: {"MICROSOFT_CLIENT_CERTIFICATE": str(certificate(path))}, "does not accept our certificate", True
    ),
    "a secret that is wrong": (
        lambda path: {"MICROSOFT_CLIENT_SECRET": "wrong"}, "does not accept our client secret", True
    ),
    "a file that is no certificate": (
        lambda path: {"MICROSOFT_CLIENT_CERTIFICATE": __file__}, "is not a PEM file", True
    ),
    "a key of another certificate": (
        lambda path: {"MICROSOFT_CLIENT_CERTIFICATE": str(another_key(path))}, "does not belong to the cert", True
    ),
    "a file that is not there": (
        lambda path: {"MICROSOFT_CLIENT_CERTIFICATE": str(path / "none.pem")}, "cannot be read", False
    ),
    "no credential": (lambda path: {"MICROSOFT_CLIENT_SECRET": ""}, "Neither MICROSOFT_CLIENT_CERTIFICATE", False),
    "an app nobody knows": (lambda path: {"MICROSOFT_CLIENT_ID": NOBODY}, "does not know the app", True),
    "an address that is not this machine": (
        lambda path: {"MICROSOFT_LOGIN_URL": "http://login.example.org"}, "only be an address of this machine", False
    ),
    "a cloud that does not exist": (
        lambda path: {"MICROSOFT_CLOUD": "mars", "MICROSOFT_LOGIN_URL": "", "MICROSOFT_GRAPH_URL": ""}, "'mars'", False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_a_wrong_setting_is_one_plain_sentence(run, settings, tmp_path, name):
    make, sentence, is_listed = WRONG_SETTINGS[name]
    for setting, value in make(tmp_path).items():
        setattr(settings, setting, value)
    with pytest.raises(CommandError, match=sentence) as refused:
        run("connect", CONTOSO)
    assert "\n" not in str(refused.value)
    assert Tenant.objects.exists() is is_listed
    assert not Tenant.objects.filter(state=Tenant.CONNECTED)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"match": {"path": "openid-configuration"}, "do": "drop"}, "does not answer at"),
        ({"match": {"path": "token$"}, "do": "status", "status": 503, "html": True}, "is not Microsoft 365|does not"),
        ({"match": {"path": "openid-configuration"}, "do": "html_200"}, "is not Microsoft 365"),
        ({"match": {"path": "organization"}, "do": "html_200"}, "is not Microsoft 365"),
        (
            {"match": {"path": "organization"}, "do": "status", "status": 429, "retry_after": "120"},
            "wait for 120 seconds",
        ),
    ],
)
def test_an_answer_that_is_none_is_one_plain_sentence(run, cloud, fault, sentence):
    cloud.faults.set([fault])
    with pytest.raises(CommandError, match=sentence) as refused:
        run("connect", CONTOSO)
    assert "\n" not in str(refused.value)
    assert Tenant.objects.get().state == Tenant.LISTED


@pytest.mark.parametrize("tid", [NOBODY, "contoso.com", ""])
def test_a_tenant_that_is_none_is_not_listed(run, tid):
    with pytest.raises(CommandError, match="There is no tenant|is not a tenant id"):
        run("connect", tid, admin=ALLAN)
    assert not Tenant.objects.exists()


@pytest.mark.parametrize("oid", [NOBODY, "AllanD@contoso.com", PATTI])
def test_an_admin_who_is_nobody_there_is_refused(run, oid):
    with pytest.raises(CommandError, match="Nobody in the tenant|is not an object id"):
        run("connect", CONTOSO, admin=oid)
    assert not RoleAssignment.objects.exists()
    assert not Tenant.objects.exists()


def test_an_admin_can_exist_before_the_app_is_approved(run, cloud):
    for role in list(cloud.state.tenants[CONTOSO].granted_roles):
        cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": role})
    with pytest.raises(CommandError, match="lacks"):
        run("connect", CONTOSO, admin=ALLAN, name="Contoso Ltd")
    assert Tenant.objects.get().name == "Contoso Ltd"
    assert str(RoleAssignment.objects.get().user.oid) == ALLAN


def test_a_sandbox_tenant_never_joins_real_ones(run):
    Tenant.objects.create(tid=FABRIKAM, state_since=now(), cloud="global")
    with pytest.raises(CommandError, match="give each cloud its own DATABASE_URL"):
        run("connect", CONTOSO)
    assert Tenant.objects.count() == 1


def test_the_probe_passes_over_people_without_a_mailbox(run, cloud):
    for oid in (ALEX, ADELE):
        cloud.state.apply({"do": "mailbox_state", "tenant": CONTOSO, "mailbox": oid, "state": "on_premises"})
    assert "calendars of" in run("connect", CONTOSO)


def test_no_event_is_read_and_nothing_is_written_while_connecting(run, cloud):
    run("connect", CONTOSO, admin=ALLAN, writes="on")
    assert cloud.log.stats()["event_reads"] == 0
    assert cloud.log.writes() == []


@pytest.fixture
def for_people(run, cloud):
    """Contoso as it was chosen on the page: only people known here are read, and so far nobody is."""
    return Tenant.objects.create(tid=CONTOSO, name="Contoso", state_since=now(), cloud="sandbox", scope=Tenant.PEOPLE)


def asked_about(cloud):
    told = [f"{each.path}?{each.query}" for each in cloud.log.since(0) if each.caller and each.kind != "batch"]
    return [path for path in told if any(f"/{what}" in path for what in ("users", "groups", "contacts"))]


def test_where_only_people_known_here_are_read_nobody_need_be_known_yet(run, cloud, for_people):
    said = run("connect", CONTOSO).splitlines()
    assert said == [
        "Contoso answers. No mailbox was tried: nobody who has an account here or was invited has one, and nobody else"
        " is asked about.",
        "People are read once they sign in or are invited.",
        "Contoso is connected, for reading only.",
    ]
    for_people.refresh_from_db()
    assert (for_people.state, for_people.scope) == ("connected", "people")
    assert asked_about(cloud) == []


def test_there_its_admin_is_tried_and_nobody_else(run, cloud, for_people):
    said = run("connect", CONTOSO, admin=ALLAN)
    assert "Contoso answers: the calendars of AllanD@contoso.com could be read.\n" in said
    assert asked_about(cloud) and all(ALLAN in path for path in asked_about(cloud))


def test_there_a_mailbox_that_does_not_open_still_refuses(run, cloud, for_people):
    User.objects.create(tenant=for_people, oid=ALEX, name="Alex Wilber")
    cloud.faults.set([{"match": {"path": "/calendar/calendarPermissions$"}, "do": "drop_default_row"}])
    with pytest.raises(CommandError, match="Not one mailbox of Contoso could be read"):
        run("connect", CONTOSO)
    for_people.refresh_from_db()
    assert for_people.state == "listed"


def test_there_writing_needs_the_permissions_though_no_mailbox_was_tried(run, cloud, for_people):
    run("connect", CONTOSO, writes="on")
    for_people.refresh_from_db()
    assert for_people.writes_on
    cloud.state.apply({"do": "revoke", "tenant": CONTOSO, "role": "MailboxSettings.ReadWrite"})
    with pytest.raises(CommandError, match="lacks MailboxSettings.ReadWrite"):
        run("connect", CONTOSO, writes="on")
