"""An operator tries to see the director's private events, by every way there is, and never does.

Lidia operates Contoso and may read titles of Alex's main calendar. Each way in WAYS is tried as hard as somebody could
who writes the requests by hand; whatever it raises, what counts is who can open what at Microsoft afterwards. Whoever
adds a way to change access adds it here.
"""

from datetime import timedelta

import pytest
import time_machine

from sharing import changes
from sharing.models import (
    BatchItem,
    CalendarPermission,
    Change,
    ChangeBatch,
    Person,
    Proposal,
    RoleAssignment,
    User,
    reach,
)
from tests.contoso import mailbox, permission, user

from .operating import ALEX, ALLAN, CHARLIE, LIDIA, MEGAN, check, operator, work
from .ways import (
    GROUP,
    GROUP_ADDRESS,
    NO,
    PRIVATE,
    SECOND,
    a_cover_for_the_directors_leave,
    a_group_one_may_be_in,
    a_proposal_accepted_by_oneself,
    a_proposal_for_a_new_entry,
    a_proposal_for_oneself,
    a_proposal_that_got_in_and_the_owner_accepts,
    a_proposal_whose_yes_was_forged,
    an_end_date_that_ends_in_more,
    an_end_date_that_got_in,
    as_a_sharee,
    as_the_directors_deputy,
    asking_for_cover_of_ones_own_leave,
    everybody_and_so_oneself,
    making_oneself_a_deputy,
    meeting_requests_of_the_director,
)

pytestmark = pytest.mark.django_db(transaction=True)


class World:
    """What the ways are tried on."""

    def __init__(self, tenant, clock, outside, sync):
        self.tenant, self.clock, self.outside, self.sync = tenant, clock, outside, sync
        self.lidia = operator(tenant, LIDIA, clock())
        self.alex = user(tenant, ALEX)
        self.allan = operator(tenant, ALLAN, clock())
        # The portal lets a person sign in with an account of which the directory says no more than its name.
        self.second = User.objects.create(
            tenant=tenant, oid=Person.objects.get(address=SECOND).oid, name="Lidia Holloway (admin)", address=SECOND
        )
        RoleAssignment.objects.create(user=self.second, tenant=tenant, role="operator", given_at=clock())

    @property
    def own(self):
        return permission(ALEX, LIDIA)

    @property
    def calendar(self):
        return mailbox(ALEX).calendars.get(is_default=True, is_own=True)

    @property
    def me(self):
        return Person.objects.get(oid=self.lidia.oid)

    def role(self, entry, **fields):
        """A change of role, asked for as it stands."""
        wanted = {"actor": self.lidia, "kind": "operator", "role": PRIVATE, "seen": entry.role} | fields
        return changes.request_role(permission=entry, now=self.clock(), **wanted)

    def propose(self, entry=None, **fields):
        wanted = {"actor": self.lidia, "reason": "I need it", "role": PRIVATE, "seen": entry.role if entry else ""}
        wanted |= fields
        return changes.propose(
            kind=wanted.pop("kind", Proposal.ROLE), mailbox=mailbox(ALEX), permission=entry, now=self.clock(), **wanted
        )

    def make_proposal(self, **fields):
        """A row as if it had come into the database by some hole."""
        made = {
            "tenant": self.tenant, "kind": Proposal.ROLE, "target": "x", "mailbox": mailbox(ALEX),
            "calendar": self.calendar, "permission": self.own, "person": self.me, "before": self.own.role,
            "after": PRIVATE, "reason": "I need it", "asked_by": self.lidia, "asked_as": "operator",
            "asked_at": self.clock(), "expires_at": self.clock() + timedelta(days=1),
        }  # fmt: skip
        return Proposal.objects.create(**(made | fields))

    def confirm(self, batch):
        changes.confirm_batch(batch=batch, actor=self.lidia, now=self.clock())


def as_operator(world):
    world.role(world.own)


def as_anything_else(world):
    for kind in ("", "owner", "steward", "sharee", "deputy", "end_date", "admin"):
        try:
            world.role(world.own, kind=kind)
        except NO:
            continue


def with_a_yes_of_ones_own(world):
    for approver in (world.lidia, world.second, user(world.tenant, CHARLIE), None):
        try:
            world.role(world.own, approved_by=approver)
        except NO:
            continue


def with_anybodys_yes(world):
    """Even the owner’s and another operator’s: IT gives itself nothing."""
    for approver in (world.alex, world.allan):
        try:
            world.role(world.own, approved_by=approver)
        except NO:
            continue


def a_second_account_asks_for_the_first(world):
    world.role(world.own, actor=world.second, approved_by=world.lidia)


def the_first_account_asks_for_the_second(world):
    world.role(permission(ALEX, SECOND), approved_by=world.second)


def the_second_account_with_another_operators_yes(world):
    world.role(permission(ALEX, SECOND), approved_by=world.allan)


def a_new_entry(world):
    """Alex took hers away, and her second account’s; under every writing of the address."""
    for entry in (world.own, permission(ALEX, SECOND)):
        changes.request_removal(permission=entry, seen=entry.role, actor=world.alex, now=world.clock())
    work(world.clock, 2)
    for address in (LIDIA, LIDIA.upper(), f" {LIDIA} ", SECOND, "lidiah@contoso.onmicrosoft.com"):
        for approver in (None, world.second, world.alex, world.allan):
            try:
                changes.request_create(
                    calendar=world.calendar, address=address, name="Somebody", role=PRIVATE, actor=world.lidia,
                    kind="operator", approved_by=approver, now=world.clock(),
                )  # fmt: skip
            except NO:
                continue


def removed_and_added_anew(world):
    """Alex removes her; she puts it back with more."""
    changes.request_removal(permission=world.own, seen=world.own.role, actor=world.alex, now=world.clock())
    work(world.clock, 2)
    changes.request_create(
        calendar=world.calendar, address=LIDIA, name="Lidia", role=PRIVATE, actor=world.lidia, kind="operator",
        approved_by=world.alex, now=world.clock(),
    )  # fmt: skip


def in_place_of_somebody_else(world):
    """Megan, who has it, is replaced by Lidia."""
    first = changes.request_removal(
        permission=permission(ALEX, MEGAN), seen=permission(ALEX, MEGAN).role, actor=world.lidia, kind="operator",
        now=world.clock(),
    )  # fmt: skip
    world.role(world.own, follows=first, approved_by=world.second)


def undoing_what_the_owner_took_away(world):
    """She had it once; the owner lowered it. Undo would give it back."""
    world.outside("role", mailbox=ALEX, who=LIDIA, role=PRIVATE)
    world.sync()
    changes.request_role(
        permission=world.own, role="limitedRead", seen=PRIVATE, actor=world.alex, now=world.clock()
    )  # fmt: skip
    work(world.clock, 2)
    taken = Change.objects.get(permission=world.own, state=Change.APPLIED)
    for kind in ("operator", "", "steward", "sharee", "end_date"):
        for approver in (None, world.second):
            try:
                changes.undo(change=taken, actor=world.lidia, kind=kind, approved_by=approver, now=world.clock())
            except NO:
                continue


def a_list_that_raises(world):
    batch = check(
        world.tenant, world.lidia, world.clock(), [world.own], ChangeBatch.LOWER, role=PRIVATE
    )  # fmt: skip
    world.confirm(batch)


def a_list_with_lines_of_ones_own(world):
    """Lines as a restore makes them, or as a hole would: raised, created, not left out."""
    batch = check(world.tenant, world.lidia, world.clock(), [])
    ChangeBatch.objects.filter(pk=batch.pk).update(kind=ChangeBatch.RESTORE, calendar=world.calendar)
    lines = [
        BatchItem(permission=world.own, name="Lidia", address=LIDIA, before=world.own.role, after=PRIVATE),
        BatchItem(name="Lidia", address=SECOND, before="", after=PRIVATE),
    ]
    changes.add_items(batch=batch, items=lines)
    batch.items.update(skipped="")
    batch.refresh_from_db()
    world.confirm(batch)


def a_list_that_says_it_is_the_owners(world):
    batch = check(world.tenant, world.lidia, world.clock(), [])
    fields = {"kind": ChangeBatch.RESTORE, "calendar": world.calendar, "actor_kind": "owner"}
    ChangeBatch.objects.filter(pk=batch.pk).update(**fields)
    line = BatchItem(permission=world.own, name="Lidia", address=LIDIA, before=world.own.role, after=PRIVATE)
    batch.refresh_from_db()
    changes.add_items(batch=batch, items=[line])
    world.confirm(batch)


WAYS = [
    as_operator, as_anything_else, with_a_yes_of_ones_own, with_anybodys_yes, a_second_account_asks_for_the_first,
    the_first_account_asks_for_the_second, the_second_account_with_another_operators_yes, a_new_entry,
    removed_and_added_anew, in_place_of_somebody_else, undoing_what_the_owner_took_away, a_list_that_raises,
    a_list_with_lines_of_ones_own, a_list_that_says_it_is_the_owners, a_proposal_for_oneself,
    a_proposal_that_got_in_and_the_owner_accepts, a_proposal_accepted_by_oneself, a_proposal_whose_yes_was_forged,
    a_proposal_for_a_new_entry, a_group_one_may_be_in, everybody_and_so_oneself, as_the_directors_deputy,
    an_end_date_that_ends_in_more, an_end_date_that_got_in, a_cover_for_the_directors_leave,
    meeting_requests_of_the_director, making_oneself_a_deputy, asking_for_cover_of_ones_own_leave, as_a_sharee,
]  # fmt: skip


@pytest.fixture
def world(contoso, sync, outside, clock):
    """Lidia may see titles of Alex's main calendar; so may her second account, and a group that she may be in."""
    contoso.creates_on = contoso.deputies_on = True
    contoso.save(update_fields=["creates_on", "deputies_on"])
    outside("add_user", mailbox=ALEX, name="Lidia Holloway (admin)", address=SECOND)
    outside("share", mailbox=ALEX, who=LIDIA, role="limitedRead")
    outside("share", mailbox=ALEX, who=SECOND, role="limitedRead")
    outside("share", mailbox=ALEX, who=GROUP_ADDRESS, role="limitedRead")
    sync()
    contoso.refresh_from_db()
    forward = clock.forward
    with time_machine.travel(clock.now, tick=False) as machine:

        def move(**span):
            machine.move_to(forward(**span))
            return clock.now

        clock.forward = move
        yield World(contoso, clock, outside, sync)


def reachable(world):
    """How far each of the entries reaches that is, or may be, Lidia's; also those that came anew."""
    rows = CalendarPermission.objects.open().filter(mailbox=mailbox(ALEX)).select_related("grantee")
    mine = {world.lidia.oid, world.second.oid}
    theirs = [r for r in rows if r.is_organization or (r.grantee and r.grantee.oid in mine) or r.name == GROUP]
    return {(r.calendar.name, r.name): r.reach for r in theirs if r.reach}


def look(world):
    """What Microsoft shows of Alex's mailbox."""
    world.sync(mailboxes=[mailbox(ALEX).pk])
    return reachable(world)


def gained(before, after):
    return {key: value for key, value in after.items() if value > before.get(key, reach("none"))}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nobody_gives_themselves_the_directors_private_events(world, way):
    before = look(world)
    try:
        way(world)
    except NO:
        pass
    work(world.clock, 3)
    world.clock.forward(days=1)
    work(world.clock, 3)
    assert gained(before, look(world)) == {}


def test_the_test_would_notice(world):
    before = look(world)
    assert {name for _, name in before} >= {"Lidia Holloway", "Lidia Holloway (admin)", GROUP}
    for who in (LIDIA, SECOND, GROUP_ADDRESS):
        world.outside("role", mailbox=ALEX, who=who, role="write")
    assert len(gained(before, look(world))) == 3


def test_the_same_ways_work_for_somebody_else(world):
    """So that what stops Lidia is that it is she."""
    charlie = Person.objects.get(address__iexact=CHARLIE)
    changes.request_create(
        calendar=world.calendar, address=CHARLIE, name="", role="read", actor=world.lidia, kind="operator",
        approved_by=world.allan, now=world.clock(),
    )  # fmt: skip
    work(world.clock, 3)
    entry = permission(ALEX, CHARLIE)
    assert (entry.role, entry.grantee) == ("read", charlie)
    world.role(entry, approved_by=world.alex)
    work(world.clock, 3)
    assert permission(ALEX, CHARLIE).role == PRIVATE
