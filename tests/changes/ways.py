"""The roundabout ways to the director's private events: questions, groups, deputies, dates, covers."""

from datetime import timedelta

from sharing import changes
from sharing.models import CalendarPermission, Deputy, EndDate, Person, Proposal
from tests.contoso import mailbox, permission

from .operating import ALEX

PRIVATE = "delegateWithPrivateEventAccess"
SECOND = "adm-lidiah@contoso.com"  # her second account
GROUP, GROUP_ADDRESS = "Launch Project", "launch@contoso.com"  # of which she is a member, as Microsoft knows
NO = (changes.Refused, changes.NotYours, changes.Answered, changes.NoBatch, changes.AlreadyAsked)


def a_proposal_for_oneself(world):
    changes.accept(proposal=world.propose(world.own), by=world.second, now=world.clock())


def a_proposal_that_got_in_and_the_owner_accepts(world):
    """The owner is asked in good faith and agrees; it is still for who asked."""
    changes.accept(proposal=world.make_proposal(), by=world.alex, now=world.clock())


def a_proposal_accepted_by_oneself(world):
    proposal = world.make_proposal(asked_by=world.allan)
    for by in (world.lidia, world.second):
        try:
            changes.accept(proposal=proposal, by=by, now=world.clock())
        except NO:
            continue


def a_proposal_whose_yes_was_forged(world):
    world.make_proposal(
        state=Proposal.ACCEPTED, decided_by=world.second, decided_as="operator",
        decided_at=world.clock() - timedelta(minutes=5),
    )  # fmt: skip


def a_proposal_for_a_new_entry(world):
    for person in (world.me, Person.objects.get(address=SECOND), Person.objects.get(name=GROUP)):
        try:
            proposal = world.propose(kind=Proposal.CREATE, calendar=world.calendar, person=person)
            changes.accept(proposal=proposal, by=world.alex, now=world.clock())
        except NO:
            continue


def a_group_one_may_be_in(world):
    group = CalendarPermission.objects.open().get(mailbox=mailbox(ALEX), grantee__name=GROUP)
    for approver in (None, world.allan, world.alex):
        try:
            world.role(group, role="write", approved_by=approver)
        except NO:
            continue
    changes.accept(proposal=world.propose(group, role="write"), by=world.alex, now=world.clock())


def everybody_and_so_oneself(world):
    everyone = permission(ALEX, "Default")
    for approver in (None, world.allan, world.alex):
        try:
            world.role(everyone, role="write", approved_by=approver)
        except NO:
            continue
    changes.accept(proposal=world.propose(everyone, role="write"), by=world.allan, now=world.clock())


def as_the_directors_deputy(world):
    """Alex made her his deputy, with all that a deputy may have."""
    Deputy.objects.create(
        tenant=world.tenant, mailbox=mailbox(ALEX), oid=world.lidia.oid, lets_grant_private=True,
        given_by=world.alex, given_at=world.clock(),
    )  # fmt: skip
    for entry in (world.own, permission(ALEX, SECOND)):
        try:
            world.role(entry, kind="deputy")
        except NO:
            continue
    changes.request_create(
        calendar=world.calendar, address=SECOND, name="Lidia", role=PRIVATE, actor=world.lidia, kind="deputy",
        now=world.clock(),
    )  # fmt: skip


def an_end_date_that_ends_in_more(world):
    for kind in ("operator", "", "end_date"):
        try:
            changes.set_end_date(
                permission=world.own, role_after=PRIVATE, ends_on=(world.clock() + timedelta(days=2)).date(),
                asks=False, actor=world.lidia, kind=kind, now=world.clock(),
            )  # fmt: skip
        except NO:
            continue


def an_end_date_that_got_in(world):
    """A row as if it had come into the database by some hole; its day came."""
    at = world.clock() - timedelta(days=1)
    EndDate.objects.create(
        tenant=world.tenant, mailbox=mailbox(ALEX), permission=world.own, role=world.own.role, ends_at=at,
        ends_on=at.date(),
        role_after=PRIVATE, by=world.lidia, by_kind="operator", made_at=at, due_at=at, is_accepted=True,
    )  # fmt: skip


def a_cover_for_the_directors_leave(world):
    today = world.clock().date()
    for person in (world.me, Person.objects.get(address=SECOND), Person.objects.get(name=GROUP)):
        for kind in ("operator", "", "end_date"):
            for approver in (None, world.second, world.alex):
                try:
                    changes.plan_cover(
                        calendar=world.calendar, person=person, role=PRIVATE, starts_on=today,
                        ends_on=today + timedelta(days=3), actor=world.lidia, kind=kind, approved_by=approver,
                        now=world.clock(),
                    )  # fmt: skip
                except NO:
                    continue


def meeting_requests_of_the_director(world):
    """Not private events, but near: the requests go to whoever is a delegate."""
    changes.request_delivery(
        mailbox=mailbox(ALEX), option="sendToDelegateOnly", seen=mailbox(ALEX).delivery_option, actor=world.lidia,
        kind="operator", approved_by=world.second, now=world.clock(),
    )  # fmt: skip


def making_oneself_a_deputy(world):
    """By oneself, and by a proposal that one accepts oneself or with a second account."""
    for by in (world.lidia, world.second):
        try:
            changes.give_deputy(
                mailbox=mailbox(ALEX), person=world.me, lets_grant_private=True, by=by, now=world.clock()
            )
        except NO:
            pass
        asked = Proposal.objects.create(
            tenant=world.tenant, kind=Proposal.DEPUTY, target=f"deputy:{by.pk}", mailbox=mailbox(ALEX),
            person=world.me, lets_grant_private=True, reason="Helps", asked_by=world.lidia, asked_as="operator",
            asked_at=world.clock(), expires_at=world.clock() + timedelta(days=1),
        )  # fmt: skip
        try:
            changes.accept(proposal=asked, by=by, now=world.clock())
        except NO:
            continue


def asking_for_cover_of_ones_own_leave(world):
    """She serves nobody; the question is put all the same, and answered by her second account."""
    at = world.clock()
    for asked_as in ("deputy", "sharee", "operator"):
        try:
            asked = changes.propose(
                kind=Proposal.COVER, mailbox=mailbox(ALEX), calendar=world.calendar, person=world.me, role=PRIVATE,
                actor=world.lidia, now=at, reason="Leave", asked_as=asked_as, starts_at=at,
                ends_at=at + timedelta(days=3),
            )  # fmt: skip
            changes.accept(proposal=asked, by=world.second, now=at)
        except NO:
            continue


def as_a_sharee(world):
    """Only to give up what is hers: anything else in that name is refused."""
    changes.request_role(
        permission=world.own, role=PRIVATE, seen=world.own.role, actor=world.lidia, now=world.clock(), kind="sharee"
    )
