"""More for somebody on a calendar that is not one's own: asked for, and done only after the right person's yes."""

import pytest
import time_machine

from sharing import changes
from sharing.models import AuditEvent, Change, Proposal, RoleAssignment, Stewardship, User
from tests.contoso import permission, user

from .operating import ADELE, ALEX, ALLAN, CHARLIE, LIDIA, MEGAN, operator, rows_of, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def time(clock):
    with time_machine.travel(clock.now, tick=False) as machine:
        forward = clock.forward

        def move(**span):
            machine.move_to(forward(**span))
            return clock.now

        clock.forward = move
        yield


@pytest.fixture
def lidia(contoso, sync, clock):
    sync()
    contoso.refresh_from_db()
    return operator(contoso, LIDIA, clock())


@pytest.fixture
def adele(lidia):
    return permission(ALEX, ADELE, "Kids parties")


@pytest.fixture
def ask(lidia, adele, clock):
    def propose(**fields):
        wanted = {"permission": adele, "role": "write", "seen": "read", "actor": lidia, "reason": "Books the rooms"}
        wanted |= fields
        return changes.propose(
            kind=Proposal.ROLE, mailbox=wanted["permission"].mailbox, now=clock(), **wanted
        )  # fmt: skip

    return propose


def test_asking_changes_nothing(ask, clock, adele):
    proposal = ask()
    work(clock, 2)
    adele.refresh_from_db()
    assert (proposal.state, adele.role) == (Proposal.WAITING, "read")
    assert not Change.objects.exists()
    assert AuditEvent.objects.filter(verb="proposal.asked").count() == 1


def test_the_owners_yes_makes_the_change_and_both_names_stand_on_it(ask, contoso, clock, adele, lidia):
    alex = user(contoso, ALEX)
    proposal = changes.accept(proposal=ask(), by=alex, now=clock())
    work(clock, 2)
    adele.refresh_from_db()
    proposal.refresh_from_db()
    assert adele.role == "write"
    made = proposal.change
    assert (made.actor, made.approved_by, made.actor_kind, made.reason) == (
        lidia, alex, "operator", "Books the rooms"
    )  # fmt: skip
    assert (proposal.state, proposal.decided_as) == (Proposal.ACCEPTED, "owner")
    assert AuditEvent.objects.filter(verb="proposal.accepted", actor__endswith=str(alex.oid)).count() == 1


def test_a_second_operator_may_say_yes(ask, contoso, clock, adele):
    proposal = changes.accept(proposal=ask(), by=operator(contoso, ALLAN, clock()), now=clock())
    work(clock, 2)
    adele.refresh_from_db()
    assert (proposal.decided_as, adele.role) == ("operator", "write")


def test_nobody_else_may(ask, contoso, clock, lidia):
    proposal = ask()
    reviewer = user(contoso, CHARLIE)
    RoleAssignment.objects.create(user=reviewer, tenant=contoso, role="reviewer", given_at=clock())
    for who in (lidia, reviewer, user(contoso, ADELE), user(contoso, MEGAN)):
        for answer in (changes.accept, changes.decline):
            with pytest.raises(changes.NotYours):
                answer(proposal=proposal, by=who, now=clock())
    proposal.refresh_from_db()
    assert proposal.state == Proposal.WAITING


def test_an_operator_who_would_gain_may_not_say_yes(ask, contoso, clock):
    with pytest.raises(changes.NotYours):
        changes.accept(proposal=ask(), by=operator(contoso, ADELE, clock()), now=clock())


def test_a_second_account_of_who_asked_may_not_say_yes(ask, contoso, clock, lidia):
    proposal = ask()
    for number, (name, address) in enumerate(
        [("Holloway, Lidia (admin)", "x1@contoso.com"), ("Somebody", "adm-lidiah@contoso.com")]
    ):
        oid = f"00000000-0000-4000-8000-{number:012}"
        other = User.objects.create(tenant=contoso, oid=oid, name=name, address=address)
        RoleAssignment.objects.create(user=other, tenant=contoso, role="operator", given_at=clock())
        with pytest.raises(changes.NotYours):
            changes.accept(proposal=proposal, by=other, now=clock())


def test_a_steward_who_asked_as_operator_does_not_answer_themselves(ask, contoso, clock, lidia, adele):
    Stewardship.objects.create(tenant=contoso, mailbox=adele.mailbox, oid=lidia.oid, given_at=clock())
    with pytest.raises(changes.NotYours):
        changes.accept(proposal=ask(), by=lidia, now=clock())


def test_the_first_answer_counts(ask, contoso, clock):
    proposal = ask()
    changes.decline(proposal=proposal, by=user(contoso, ALEX), now=clock())
    with pytest.raises(changes.Answered) as answered:
        changes.accept(proposal=proposal, by=operator(contoso, ALLAN, clock()), now=clock())
    assert answered.value.proposal.state == Proposal.DECLINED
    assert not Change.objects.exists()


def test_who_asked_may_withdraw(ask, contoso, clock, lidia):
    proposal = ask()
    with pytest.raises(changes.NotYours):
        changes.withdraw(proposal=proposal, actor=user(contoso, ALEX), now=clock())
    assert changes.withdraw(proposal=proposal, actor=lidia, now=clock()).state == Proposal.WITHDRAWN
    with pytest.raises(changes.Answered):
        changes.accept(proposal=proposal, by=user(contoso, ALEX), now=clock())


def test_the_same_is_not_asked_twice_at_a_time(ask, contoso, clock):
    first = ask()
    with pytest.raises(changes.AlreadyAsked) as again:
        ask()
    assert again.value.proposal == first
    changes.decline(proposal=first, by=user(contoso, ALEX), now=clock())
    assert ask().pk != first.pk


def test_a_question_ends_after_two_weeks(ask, contoso, clock):
    proposal = ask()
    clock.forward(days=14, seconds=1)
    with pytest.raises(changes.Answered):
        changes.accept(proposal=proposal, by=user(contoso, ALEX), now=clock())
    proposal.refresh_from_db()
    assert proposal.state == Proposal.EXPIRED


def test_why_it_is_asked_must_be_said(ask):
    with pytest.raises(changes.NeedsReason):
        ask(reason="  ")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"seen": "limitedRead"}, changes.Stale),
        ({"role": "read"}, changes.NothingToDo),
        ({"role": "limitedRead"}, changes.RoleNotAllowed),  # less is no question
        ({"role": "custom"}, changes.RoleNotAllowed),
    ],
)
def test_what_is_no_question_is_not_asked(ask, fields, refusal):
    with pytest.raises(refusal):
        ask(**fields)
    assert not Proposal.objects.exists()


def test_a_yes_to_what_has_moved_on_does_nothing(ask, contoso, clock, outside, sync, adele):
    proposal = ask()
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="limitedRead")
    sync()
    with pytest.raises(changes.Stale):
        changes.accept(proposal=proposal, by=user(contoso, ALEX), now=clock())
    assert not Change.objects.exists()


def test_a_yes_waits_while_changes_are_stopped(ask, contoso, clock):
    proposal = ask()
    contoso.frozen_at = clock()
    contoso.save(update_fields=["frozen_at"])
    with pytest.raises(changes.NotNow):
        changes.accept(proposal=proposal, by=user(contoso, ALEX), now=clock())
    proposal.refresh_from_db()
    assert proposal.state == Proposal.WAITING


def test_a_yes_is_worth_nothing_once_its_giver_may_not_give_it(ask, contoso, clock, adele):
    allan = operator(contoso, ALLAN, clock())
    changes.accept(proposal=ask(), by=allan, now=clock())
    RoleAssignment.objects.filter(user=allan).delete()  # before it was sent
    work(clock, 2)
    adele.refresh_from_db()
    assert adele.role == "read"
    assert Change.objects.get().state in (Change.FAILED, Change.CANCELLED)


def test_a_crash_between_the_yes_and_its_change_loses_and_doubles_nothing(ask, contoso, clock, adele):
    alex, proposal = user(contoso, ALEX), ask()
    at = clock()
    mine = Proposal.objects.filter(pk=proposal.pk)
    mine.update(state=Proposal.ACCEPTED, decided_by=alex, decided_as="owner", decided_at=at)
    work(clock)
    assert not Change.objects.exists()  # whoever said yes may be doing it right now
    clock.forward(minutes=2)
    work(clock, 3)
    made = Change.objects.get()
    assert (made.state, made.requested_at, made.approved_by) == ("applied", at, alex)
    mine.update(change=None)  # died before it noted the change
    work(clock, 3)
    proposal.refresh_from_db()
    assert proposal.change == made
    assert Change.objects.count() == 1


def test_after_a_backup_was_put_back_nothing_agreed_to_is_done(ask, contoso, clock):
    """What was answered since then is not known."""
    waiting = ask()
    alex = user(contoso, ALEX)
    changes.cancel_open(tenant=contoso, cause=changes.RESTORED, now=clock())
    waiting.refresh_from_db()
    assert waiting.state == Proposal.EXPIRED
    agreed = ask()
    fields = {"state": Proposal.ACCEPTED, "decided_by": alex, "decided_as": "owner", "decided_at": clock()}
    Proposal.objects.filter(pk=agreed.pk).update(**fields)
    changes.cancel_open(tenant=contoso, cause=changes.RESTORED, now=clock())
    clock.forward(minutes=5)
    work(clock, 2)
    assert not Change.objects.exists()


def test_somebody_is_added_only_where_that_is_switched_on(contoso, clock, lidia, adele):
    charlie = rows_of(adele).get().mailbox.tenant.people.get(address__iexact=CHARLIE)
    wanted = {
        "kind": Proposal.CREATE, "mailbox": adele.mailbox, "calendar": adele.calendar, "person": charlie,
        "role": "read", "actor": lidia, "reason": "New in the team",
    }  # fmt: skip
    with pytest.raises(changes.NotNow):
        changes.propose(**wanted, now=clock())
    contoso.creates_on = True
    contoso.save(update_fields=["creates_on"])
    proposal = changes.propose(**wanted, now=clock())
    changes.accept(proposal=proposal, by=user(contoso, ALEX), now=clock())
    work(clock, 3)
    assert permission(ALEX, CHARLIE, "Kids parties").role == "read"
