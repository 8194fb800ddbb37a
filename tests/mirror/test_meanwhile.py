"""What happens while a shard is being read: nothing is fresher than its question, and nobody's wish is lost."""

from datetime import timedelta

import pytest

from sharing import mirror
from sharing.connect import client_for
from sharing.mirror.compare import CalendarDiff, KnownPermission, ListState
from sharing.mirror.diff import MailboxDiff, SeenCalendar, confirm
from sharing.mirror.known import Slot
from sharing.mirror.read import Reading
from sharing.models import CalendarPermission, Mailbox, Person, SyncRun, SyncShard, Tenant, User
from tests.contoso import mailbox, permission

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"
KIDS = "Kids parties"


@pytest.fixture
def allan(contoso):
    return User.objects.create(tenant=contoso, oid="e8a02cc7-df4d-4778-956d-784cc9506e5a", name="Allan Deyoung")


@pytest.fixture
def read_shard(contoso, clock):
    """Reads what is due of the one shard; `meanwhile` runs after the answers came and before they are stored."""

    def run(meanwhile=lambda count: None):
        mirror.wake_shards(clock())
        shard = SyncShard.objects.select_related("tenant", "run").get()
        return mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock, progress=meanwhile)

    return run


def carry_out(run, contoso, clock):
    mirror.list_directory(run=run, client=client_for(contoso), clock=clock)
    for shard in SyncShard.objects.filter(run=run).select_related("tenant", "run"):
        mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock)


def test_a_reading_is_as_fresh_as_its_question(sync, clock, outside, read_shard):
    sync()
    mirror.ask_to_read(mailbox(ALEX), now=clock.forward(hours=1))
    asked_at = clock()
    read_shard(lambda count: clock.forward(minutes=10))
    assert mailbox(ALEX).read_at == asked_at


def test_who_asks_while_a_mailbox_is_read_is_heard(sync, clock, read_shard):
    sync()
    mirror.ask_to_read(mailbox(ALEX), now=clock())
    later = clock() + timedelta(minutes=30)
    read_shard(lambda count: Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(due_at=later))
    assert mailbox(ALEX).due_at == later


def test_a_thrown_away_reading_makes_nothing_fresh(sync, clock, contoso, outside):
    sync()
    shard_read_at = SyncShard.objects.get().read_at
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    clock.forward(days=1)
    run = mirror.begin_run(tenant=contoso, kind=SyncRun.FULL, now=clock())
    mirror.list_directory(run=run, client=client_for(contoso), clock=clock)
    shard = SyncShard.objects.select_related("tenant", "run").get()

    def overtake(count):
        Mailbox.objects.filter(pk=mailbox(ALEX).pk).update(version=99)

    mirror.sync_shard(shard=shard, client=client_for(contoso), clock=clock, progress=overtake)
    assert SyncShard.objects.get().read_at == shard_read_at


def test_five_mailboxes_that_were_denied_before_say_nothing_of_consent(sync, clock, cloud, read_shard):
    sync()
    boxes = Mailbox.objects.filter(state="ok").select_related("person")[:6]
    denied = {"do": "status", "status": 403, "code": "ErrorAccessDenied", "message": "Access is denied."}
    cloud.faults.set([{"match": {"path": str(box.person.oid)}, **denied} for box in boxes])
    clock.forward(days=1)
    sync()
    clock.forward(minutes=15)
    read_shard()
    assert Tenant.objects.get().state == Tenant.CONNECTED


def test_many_leavers_wait_for_a_yes_and_the_rest_is_read_meanwhile(sync, clock, cloud, contoso, outside, allan):
    sync()
    users = cloud.state.tenants[str(contoso.tid)].users
    staying = ("alexw", "meganb", "adelev")
    for oid in [oid for oid, u in users.items() if u.mailbox and not u.upn.casefold().startswith(staying)][:8]:
        del users[oid]
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    clock.forward(days=1)
    held = sync()
    assert (held.outcome, held.cause) == (SyncRun.HELD, "directory_breaker")
    assert permission(ALEX, MEGAN, KIDS).role == "write"
    assert not Person.objects.filter(missed_at__isnull=False).exists()
    carry_out(mirror.accept_run(run=held, actor=allan, now=clock.forward(hours=1)), contoso, clock)
    assert Person.objects.filter(missed_at__isnull=False).count() >= 8
    clock.forward(days=1)
    assert sync().outcome == SyncRun.DONE


def test_one_large_removed_mailbox_waits_for_a_yes_and_holds_back_nobody_else(sync, clock, contoso, outside, allan):
    for n in range(22):
        outside("share", mailbox=ADELE, calendar="Calendar", who=f"p{n}@partner.example", role="read")
    sync()
    outside("delete_user", mailbox=ADELE)
    clock.forward(days=1)
    sync()
    outside("purge_user", mailbox=ADELE)
    clock.forward(days=1)
    sync()
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    clock.forward(days=35)
    held = sync()
    assert (held.outcome, held.cause) == (SyncRun.HELD, "removed_mailboxes")
    assert permission(ALEX, MEGAN, KIDS).role == "write"
    carry_out(mirror.accept_run(run=held, actor=allan, now=clock.forward(hours=1)), contoso, clock)
    assert not CalendarPermission.objects.open().filter(mailbox=mailbox(ADELE)).exists()
    clock.forward(days=1)
    assert sync().outcome == SyncRun.DONE


def test_who_comes_back_after_their_mailbox_was_removed_is_read_again(sync, clock, outside):
    sync()
    outside("delete_user", mailbox=ADELE)
    for _ in range(3):
        clock.forward(days=1)
        sync()
    clock.forward(days=40)
    sync()
    assert mailbox(ADELE).state == Mailbox.EXCLUDED
    outside("restore_user", mailbox=ADELE)
    clock.forward(days=1)
    sync()
    assert mailbox(ADELE).state == Mailbox.OK
    assert CalendarPermission.objects.open().filter(mailbox=mailbox(ADELE)).exists()


def test_two_short_lists_that_lack_different_people_end_nobody(clock):
    slot = Slot(
        1, 0, "oid", "alex", frozenset(), "ok", "", clock(), None, "", None, 0, "", "", {}, "ok", "", None, False
    )
    rows = {pk: KnownPermission(pk, str(pk), "read", (), "", "", True, True, True) for pk in (1, 2)}

    def lacking(*pks):
        diff = CalendarDiff(ended=[rows[pk] for pk in pks])
        seen = SeenCalendar(None, "c", (), True, ListState("ok"), diff)
        reading = Reading("oid", calendars_state=ListState("ok"))
        return MailboxDiff(slot, reading, ListState("ok"), calendars=[seen], digest="d")

    assert confirm(lacking(1), lacking(1)).ended == 1
    short = confirm(lacking(1), lacking(2))
    assert (short.ended, short.state, short.digest) == (0, ListState("incomplete", "cut_off"), "")


def test_a_reading_underway_stores_nothing_of_somebody_who_is_switched_off(contoso, sync, clock, outside, read_shard):
    for who in (ALEX, MEGAN):
        User.objects.create(tenant=contoso, oid=person_of(sync, who).oid, name=who)
    Tenant.objects.filter(pk=contoso.pk).update(scope=Tenant.PEOPLE)
    sync(kind=SyncRun.HOURLY)
    outside("role", mailbox=ALEX, calendar=KIDS, who=MEGAN, role="write")
    outside("role", mailbox=MEGAN, who="Default", role="write")
    for who in (ALEX, MEGAN):
        mirror.ask_to_read(mailbox(who), now=clock.forward(hours=1))
    before = permission(ALEX, MEGAN, KIDS).role
    read_shard(lambda count: User.objects.filter(name=ALEX).update(is_active=False))
    assert permission(ALEX, MEGAN, KIDS).role == before
    assert permission(MEGAN, "Default").role == "write"


def test_nobody_who_was_switched_off_is_asked_about_before_the_next_listing_says_so(
    contoso, sync, clock, cloud, read_shard
):
    for who in (ALEX, MEGAN):
        User.objects.create(tenant=contoso, oid=person_of(sync, who).oid, name=who)
    Tenant.objects.filter(pk=contoso.pk).update(scope=Tenant.PEOPLE)
    sync(kind=SyncRun.HOURLY)
    for who in (ALEX, MEGAN):
        mirror.ask_to_read(mailbox(who), now=clock.forward(hours=1))
    User.objects.filter(name=ALEX).update(is_active=False)
    cloud.log.clear()
    read_shard()
    assert [e.path for e in cloud.log.since() if str(mailbox(ALEX).person.oid) in e.path] == []
    assert [e.path for e in cloud.log.since() if str(mailbox(MEGAN).person.oid) in e.path] != []
    assert (mailbox(ALEX).state, mailbox(ALEX).cause) == (Mailbox.EXCLUDED, "not_matched")


def person_of(sync, address):
    """Somebody of the directory, which is read where it was not."""
    if not Person.objects.filter(address__iexact=address).exists():
        sync()
    return Person.objects.get(address__iexact=address, oid__isnull=False)
