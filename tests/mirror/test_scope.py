"""Who of a tenant is read: of the others nothing is asked, and what is known of them ends as out of scope."""

import re
import uuid
from urllib.parse import unquote

import pytest

from sharing.models import (
    AuditEvent,
    CalendarPermission,
    GroupLimit,
    GroupMember,
    Invitation,
    Mailbox,
    PermissionPeriod,
    Person,
    SyncRun,
    Tenant,
    User,
)
from tests.contoso import mailbox, user

ALEX, ADELE, MEGAN, LEE = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com", "LeeG@contoso.com"
GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def scoped(contoso, scope):
    Tenant.objects.filter(pk=contoso.pk).update(scope=scope)
    contoso.refresh_from_db()


def sandbox_user(cloud, contoso, address):
    users = cloud.state.tenants[str(contoso.tid)].users.values()
    return next(u for u in users if u.upn.casefold() == address.casefold())


def account(cloud, contoso, address):
    oid = sandbox_user(cloud, contoso, address).oid
    return User.objects.create(tenant=contoso, oid=oid, name=address, address=address)


def invite(contoso, address, clock, by):
    return Invitation.objects.create(
        tenant=contoso, address=address.casefold(), invited_by=by, invited_at=clock(), state_since=clock()
    )


def asked_about(cloud):
    """Object ids and addresses in every URL that Graph was asked for."""
    urls = [unquote(f"{e.path}?{e.query}").casefold() for e in cloud.log.since() if "/v1.0/" in e.path]
    return {oid for url in urls for oid in GUID.findall(url)}, urls


@pytest.fixture
def limit(contoso, sync, clock):
    """Contoso's mirror, read once; then limited to a group whose members a test names."""
    sync()

    def of(*addresses, read=True):
        scoped(contoso, Tenant.GROUP)
        by = user(contoso, ALEX)
        made = GroupLimit.objects.create(
            tenant=contoso, group_oid=uuid.uuid4(), declared_by=by, declared_at=clock(), changed_at=clock(),
            members_read_at=clock() if read else None,
        )  # fmt: skip
        for address in addresses:
            GroupMember.objects.create(tenant=contoso, limit=made, oid=mailbox(address).person.oid)
        return made

    return of


def test_of_people_known_here_only_they_are_asked_about_and_nobody_else(contoso, cloud, sync, clock):
    alex = account(cloud, contoso, ALEX)
    invite(contoso, ADELE, clock, alex)
    scoped(contoso, Tenant.PEOPLE)
    cloud.log.clear()
    run = sync()
    ids, urls = asked_about(cloud)
    adele = sandbox_user(cloud, contoso, ADELE)
    assert run.outcome == SyncRun.DONE
    assert set(Mailbox.objects.values_list("person__address", flat=True)) == {ALEX, ADELE}
    assert {m.state for m in Mailbox.objects.all()} == {Mailbox.OK}
    assert ids == {str(alex.oid), adele.oid}
    others = [u for u in cloud.state.tenants[str(contoso.tid)].users.values() if u.oid not in ids]
    assert len(others) > 30
    assert [(u.upn, url) for u in others for url in urls if u.upn.casefold() in url] == []
    # No list of the directory either: every question about users names one of the two.
    assert [u for u in urls if re.search(r"/(users|groups|contacts)(/delta)?\?", u) and "$filter=" not in u] == []


def test_the_answer_about_an_invited_address_holds_nobody_else(contoso, cloud, sync, clock):
    invite(contoso, ADELE, clock, account(cloud, contoso, ALEX))
    scoped(contoso, Tenant.PEOPLE)
    sync()
    assert Person.objects.filter(oid__isnull=False).count() == 2


def test_narrowing_to_people_ends_the_rows_of_others_as_out_of_scope(contoso, cloud, sync, clock):
    sync()
    user(contoso, ALEX)
    before = CalendarPermission.objects.open().exclude(mailbox=mailbox(ALEX)).count()
    kept = CalendarPermission.objects.open().filter(mailbox=mailbox(ALEX)).count()
    scoped(contoso, Tenant.PEOPLE)
    clock.forward(hours=1)
    run = sync(kind=SyncRun.HOURLY)
    assert (run.outcome, run.ended) == (SyncRun.DONE, 0)  # the breaker counts what vanished, and nothing did
    assert CalendarPermission.objects.open().exclude(mailbox=mailbox(ALEX)).count() == 0
    assert CalendarPermission.objects.open().filter(mailbox=mailbox(ALEX)).count() == kept
    periods = PermissionPeriod.objects.filter(ended_at=clock())
    assert set(periods.values_list("end", flat=True)) == {PermissionPeriod.OUT_OF_SCOPE}
    assert periods.count() == before
    megan = mailbox(MEGAN)
    assert (megan.state, megan.cause) == (Mailbox.EXCLUDED, "not_matched")
    assert AuditEvent.objects.filter(verb="scope.applied").count() == 1


def test_whoever_signs_in_is_read_with_the_next_listing(contoso, cloud, sync, clock):
    account(cloud, contoso, ALEX)
    scoped(contoso, Tenant.PEOPLE)
    sync()
    account(cloud, contoso, MEGAN)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert mailbox(MEGAN).state == Mailbox.OK


def test_who_is_switched_off_here_is_read_no_more(contoso, cloud, sync, clock):
    alex = account(cloud, contoso, ALEX)
    account(cloud, contoso, MEGAN)
    scoped(contoso, Tenant.PEOPLE)
    sync()
    User.objects.filter(pk=alex.pk).update(is_active=False)
    clock.forward(hours=1)
    cloud.log.clear()
    sync(kind=SyncRun.HOURLY)
    assert (mailbox(ALEX).state, mailbox(ALEX).cause) == (Mailbox.EXCLUDED, "not_matched")
    assert str(alex.oid) not in asked_about(cloud)[0]


def test_only_members_of_the_group_are_read(limit, cloud, contoso, sync, clock):
    limit(ALEX, MEGAN)
    clock.forward(days=1)
    cloud.log.clear()
    sync()
    assert set(Mailbox.objects.covered().values_list("person__address", flat=True)) == {ALEX, MEGAN}
    assert set(Mailbox.objects.filter(state=Mailbox.EXCLUDED).values_list("cause", flat=True)) == {"outside_group"}
    inside = {str(mailbox(a).person.oid) for a in (ALEX, MEGAN)}
    urls = asked_about(cloud)[1]
    asked = {oid for url in urls if re.search("/calendar|/mailboxsettings", url) for oid in GUID.findall(url)}
    assert asked == inside


def test_who_joins_the_group_is_read_and_their_rows_open_again(limit, sync, clock):
    made = limit(ALEX)
    before = set(CalendarPermission.objects.open().filter(mailbox=mailbox(MEGAN)).values_list("pk", flat=True))
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert not CalendarPermission.objects.open().filter(mailbox=mailbox(MEGAN)).exists()
    GroupMember.objects.create(tenant=made.tenant, limit=made, oid=mailbox(MEGAN).person.oid)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert mailbox(MEGAN).state == Mailbox.OK
    open_now = CalendarPermission.objects.open().filter(mailbox=mailbox(MEGAN))
    assert set(open_now.values_list("pk", flat=True)) == before


def test_while_the_members_are_not_known_nobody_is_read_and_nothing_ends(limit, cloud, sync, clock):
    limit(read=False)
    open_rows = CalendarPermission.objects.open().count()
    clock.forward(days=1)
    cloud.log.clear()
    run = sync()
    assert (run.outcome, run.mailboxes) == (SyncRun.DONE, 0)
    assert not [url for url in asked_about(cloud)[1] if "/calendar" in url]
    assert CalendarPermission.objects.open().count() == open_rows


def test_widening_to_everybody_reads_everybody_again(limit, contoso, sync, clock):
    limit(ALEX)
    before = mailbox(MEGAN).permissions.open().count()
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    scoped(contoso, Tenant.EVERYBODY)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert not Mailbox.objects.filter(cause="outside_group").exists()
    assert mailbox(MEGAN).permissions.open().count() == before


# Invited people


def test_an_invited_address_is_the_one_person_of_the_directory_who_has_it(contoso, sync, clock):
    sync()
    made = invite(contoso, ADELE, clock, user(contoso, ALEX))
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    made.refresh_from_db()
    assert (made.state, made.person, made.state_since) == (Invitation.MATCHED, mailbox(ADELE).person, clock())


def test_an_address_that_two_people_have_is_ambiguous_and_never_guessed(contoso, cloud, sync, clock):
    sandbox_user(cloud, contoso, LEE).proxy_addresses.append(f"smtp:{ADELE}")
    made = invite(contoso, ADELE, clock, account(cloud, contoso, ALEX))
    scoped(contoso, Tenant.PEOPLE)
    sync()
    made.refresh_from_db()
    assert (made.state, made.person) == (Invitation.AMBIGUOUS, None)
    assert {mailbox(a).cause for a in (ADELE, LEE)} == {"not_matched"}


def test_an_address_outside_the_verified_domains_is_never_matched_nor_asked_about(contoso, cloud, sync, clock):
    sandbox_user(cloud, contoso, ADELE).proxy_addresses.append("smtp:adele@elsewhere.example")
    made = invite(contoso, "adele@elsewhere.example", clock, account(cloud, contoso, ALEX))
    scoped(contoso, Tenant.PEOPLE)
    cloud.log.clear()
    sync()
    made.refresh_from_db()
    assert made.state == Invitation.WAITING
    assert not [url for url in asked_about(cloud)[1] if "elsewhere" in url]


def test_an_address_given_to_somebody_else_does_not_move_the_match(contoso, cloud, sync, clock):
    made = invite(contoso, ADELE, clock, account(cloud, contoso, ALEX))
    scoped(contoso, Tenant.PEOPLE)
    sync()
    adele, lee = (sandbox_user(cloud, contoso, a) for a in (ADELE, LEE))
    adele.mail = adele.upn = "adele.old@contoso.com"
    adele.proxy_addresses[:] = ["SMTP:adele.old@contoso.com"]
    lee.proxy_addresses.append(f"smtp:{ADELE}")
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    made.refresh_from_db()
    assert (made.state, str(made.person.oid)) == (Invitation.MATCHED, adele.oid)


def test_who_leaves_ends_and_so_does_their_invitation(contoso, cloud, sync, clock, outside):
    made = invite(contoso, ADELE, clock, account(cloud, contoso, ALEX))
    scoped(contoso, Tenant.PEOPLE)
    sync()
    outside("delete_user", mailbox=ADELE)
    for _ in range(3):
        clock.forward(hours=1)
        sync(kind=SyncRun.HOURLY)
    made.refresh_from_db()
    assert made.state == Invitation.ENDED
    assert Person.objects.get(address=ADELE).ended_at


def test_a_refused_question_about_people_ends_nobody(contoso, cloud, sync, clock):
    account(cloud, contoso, ALEX)
    scoped(contoso, Tenant.PEOPLE)
    sync()
    rows = CalendarPermission.objects.open().count()
    clock.forward(days=1)
    cloud.faults.set([{"match": {"path": r"/users/[0-9a-f-]+$"}, "do": "status", "status": 503, "times": 50}])
    run = sync()
    assert run.outcome == SyncRun.STOPPED
    assert CalendarPermission.objects.open().count() == rows > 0
