"""People come, are renamed, are missed and end; half a listing offboards nobody."""

from datetime import timedelta

from sharing.models import Calendar, CalendarPermission, Mailbox, PermissionPeriod, Person, SyncRun, Tenant
from tests.contoso import mailbox, permission

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"


def person(address):
    return Person.objects.get(address__iexact=address, oid__isnull=False)


def test_everybody_who_can_hold_access_has_a_row(sync):
    sync()
    kinds = set(Person.objects.values_list("kind", flat=True))
    assert {"user", "guest", "group", "outside", "unresolved"} <= kinds
    assert not Mailbox.objects.filter(person__kind="guest").exists()


def test_the_tenant_learns_its_name_and_domains(sync, contoso):
    sync()
    contoso.refresh_from_db()
    assert contoso.name == "Contoso"
    assert "contoso.com" in contoso.domains


def test_a_holder_is_joined_by_any_of_their_addresses(sync):
    sync()
    assert permission(ALEX, MEGAN).grantee == person(MEGAN)


def test_half_a_listing_offboards_nobody(sync, clock, cloud, contoso):
    sync()
    users = cloud.state.tenants[str(contoso.tid)].users
    for oid in [oid for oid in users if not users[oid].upn.casefold().startswith("alexw")][::2]:
        del users[oid]
    clock.forward(days=1)
    run = sync()
    assert (run.outcome, run.cause) == (SyncRun.HELD, "directory_breaker")
    assert not Person.objects.filter(missed_at__isnull=False).exists()


def test_a_listing_that_breaks_off_stops_the_run(sync, clock, cloud):
    sync()
    clock.forward(days=1)
    cloud.faults.set([{"match": {"path": r"/users/delta"}, "do": "truncate"}])
    run = sync()
    assert run.outcome == SyncRun.STOPPED
    assert not Person.objects.filter(missed_at__isnull=False).exists()
    assert Tenant.objects.get().state == Tenant.CONNECTED


def test_a_deleted_account_is_missed_at_once_and_keeps_its_rows(sync, clock, outside):
    sync()
    outside("delete_user", mailbox=ADELE)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert person(ADELE).missed_at == clock()
    assert person(ADELE).ended_at is None
    assert CalendarPermission.objects.open().filter(grantee=person(ADELE)).exists()


def test_a_restored_account_is_there_again(sync, clock, outside):
    sync()
    outside("delete_user", mailbox=ADELE)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    outside("restore_user", mailbox=ADELE)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert person(ADELE).missed_at is None


def test_a_mailbox_removed_for_good_ends_its_rows_after_thirty_unreadable_days(sync, clock, outside):
    sync()
    rows = CalendarPermission.objects.filter(mailbox__person=person(ADELE)).open()
    assert rows.exists()
    outside("delete_user", mailbox=ADELE)
    clock.forward(days=1)
    sync()
    outside("purge_user", mailbox=ADELE)
    clock.forward(days=1)
    sync()
    assert person(ADELE).ended_at is not None
    clock.forward(days=20)
    sync()
    assert rows.all().exists()
    clock.forward(days=15)
    sync()
    assert not rows.all().exists()
    assert mailbox(ADELE).state == Mailbox.EXCLUDED
    ends = PermissionPeriod.objects.filter(permission__mailbox__person=person(ADELE)).values_list("end", flat=True)
    assert set(ends) == {"mailbox_removed"}


def test_a_disabled_account_is_noticed_within_the_hour(sync, clock, outside):
    sync()
    outside("disable_user", mailbox=MEGAN)
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    assert person(MEGAN).enabled is False
    assert person(MEGAN).changed_at == clock()


def test_a_new_account_gets_its_mailbox_read_in_the_same_hourly_run(sync, clock, outside):
    sync()
    outside("add_user", name="Nia New", address="NiaN@contoso.com")
    clock.forward(hours=1)
    run = sync(kind=SyncRun.HOURLY)
    assert run.outcome == SyncRun.DONE
    assert mailbox("NiaN@contoso.com").state == Mailbox.OK


def test_an_expired_delta_link_lists_everybody_again(sync, clock, cloud):
    sync()
    cloud.switches.delta_gone = True
    before = Person.objects.count()
    clock.forward(hours=1)
    assert sync(kind=SyncRun.HOURLY).outcome == SyncRun.DONE
    assert Person.objects.count() == before
    assert not Person.objects.filter(missed_at__isnull=False).exists()


def test_a_bare_address_becomes_the_person_who_turns_out_to_have_it(sync, clock, outside):
    outside("share", mailbox=ALEX, calendar="Kids parties", who="lee.gu@partner.example", role="read")
    sync()
    row = permission(ALEX, "lee.gu@partner.example", "Kids parties")
    assert row.grantee.kind == "outside"
    outside("add_user", name="Lee Gu", address="lee.gu@partner.example")
    clock.forward(hours=1)
    sync(kind=SyncRun.HOURLY)
    row.refresh_from_db()
    assert row.grantee.kind == "user"


def test_thirty_days_count_from_the_last_good_reading(sync, clock, outside):
    sync()
    outside("mailbox_state", mailbox=ADELE, state="unlicensed")
    clock.forward(days=1)
    sync()
    since = mailbox(ADELE).state_since
    clock.forward(days=1)
    sync()
    assert mailbox(ADELE).state_since == since == clock() - timedelta(days=1)


def test_people_and_calendars_are_kept_as_they_are_searched(sync, outside, clock):
    outside("add_user", name="Jürgen Müller", address="jm@contoso.com")
    outside("add_calendar", mailbox=ALEX, name="Fête")
    sync()
    assert person("jm@contoso.com").search.startswith("jurgen muller\njm@contoso.com")
    assert Calendar.objects.get(name="Fête").search == "fete"
    outside("rename_calendar", mailbox=ALEX, calendar="Fête", name="Große Fête")
    clock.forward(days=1)
    sync()
    assert Calendar.objects.get(name="Große Fête").search == "grosse fete"


def test_two_addresses_that_only_look_alike_are_two_people(sync, outside):
    """The Kelvin sign is no k, though lower-casing would make it one."""
    outside("share", mailbox=ALEX, calendar="Kids parties", who="\u212aim@contoso.com", role="read")
    outside("add_user", name="Kim Akers", address="kim@contoso.com")
    sync()
    row = permission(ALEX, "\u212aim@contoso.com", "Kids parties")
    assert row.grantee != person("kim@contoso.com")
