"""Owners are told what operators did on their calendars, one mail a list, and what they are asked for."""

import pytest
import time_machine
from django.core import mail

from sharing import changes, notices, tasks
from sharing.models import ChangeBatch, Notice, Proposal
from tests.changes.operating import ADELE, ALEX, ALLAN, LIDIA, MEGAN, check, operator, work
from tests.contoso import clock, contoso, outside, permission, sync, user

__all__ = ["clock", "contoso", "outside", "sync"]
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


def told(clock):
    """All mail that is due, sent: (address, subject, text)."""
    mail.outbox.clear()
    notices.tell_of_operators(clock())
    for notice in Notice.objects.due(clock()):
        tasks.send_notice(notice.pk)
    return [(message.to[0], message.subject, message.body) for message in mail.outbox]


def test_an_owner_gets_one_mail_for_a_list_once_their_part_is_done(contoso, lidia, clock):
    theirs = [permission(ALEX, who, "Kids parties") for who in (ADELE, MEGAN)]
    batch = check(contoso, lidia, clock(), theirs)
    changes.confirm_batch(batch=batch, actor=lidia, now=clock(), reason="Party is over")
    assert told(clock) == []
    changes.step(batch=batch, now=clock())
    assert told(clock) == []  # underway
    work(clock, 4)
    [(to, subject, text)] = told(clock)
    assert to.casefold() == ALEX.casefold()
    assert subject == "IT changed who has access to your calendar"
    assert "Adele Vance on Kids parties: “Can view all details”, now no access" in text
    assert "Megan Bowen on Kids parties" in text
    assert "Why: Party is over" in text
    assert "Lidia Holloway (IT)" in text
    assert told(clock) == []


def test_nothing_done_is_nothing_told(contoso, lidia, clock, outside, sync):
    adele = permission(ALEX, ADELE, "Kids parties")
    batch = check(contoso, lidia, clock(), [adele])
    outside("role", mailbox=ALEX, calendar="Kids parties", who=ADELE, role="write")
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 4)
    assert told(clock) == []


def test_what_was_done_before_a_job_was_cancelled_is_told(contoso, lidia, clock, monkeypatch):
    monkeypatch.setattr("sharing.changes.batch_steps.AT_ONCE", 1)
    batch = check(contoso, lidia, clock(), [permission(ALEX, who, "Kids parties") for who in (ADELE, MEGAN)])
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    changes.step(batch=batch, now=clock())
    changes.cancel_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 4)
    [(_, _, text)] = told(clock)
    assert "Adele Vance" in text
    assert "Megan Bowen" not in text


def test_an_end_date_for_many_is_told_with_its_day(contoso, lidia, clock):
    day = clock.now.replace(day=30, hour=0)
    batch = check(
        contoso, lidia, clock(), [permission(ALEX, ADELE, "Kids parties")], ChangeBatch.END_DATE, ends_at=day
    )  # fmt: skip
    changes.confirm_batch(batch=batch, actor=lidia, now=clock())
    work(clock, 2)
    [(_, _, text)] = told(clock)
    assert "Adele Vance on Kids parties: ends on 30 November 2026" in text


@pytest.fixture
def proposal(contoso, lidia, clock):
    return changes.propose(
        kind=Proposal.ROLE, mailbox=permission(ALEX, ADELE, "Kids parties").mailbox, role="write", seen="read",
        permission=permission(ALEX, ADELE, "Kids parties"), actor=lidia, reason="Books the rooms", now=clock(),
    )  # fmt: skip


def test_an_owner_is_asked_once(clock, proposal):
    [(to, subject, text)] = told(clock)
    assert to.casefold() == ALEX.casefold()
    assert subject == "Lidia Holloway (IT) asks: “Can edit” for Adele Vance on Kids parties"
    assert "Why: Books the rooms" in text
    assert f"/asked/{proposal.public_id}/" in text
    assert told(clock) == []


def test_an_owner_is_told_when_a_second_operator_agreed_and_who_asked_reads_it_too(contoso, clock, proposal):
    told(clock)
    changes.accept(proposal=proposal, by=operator(contoso, ALLAN, clock()), now=clock())
    work(clock, 3)
    found = {to.casefold(): (subject, text) for to, subject, text in told(clock)}
    subject, text = found[ALEX.casefold()]
    assert "Allan Deyoung agreed" in text
    assert "Adele Vance on Kids parties: “Can view all details”, now “Can edit”" in text
    assert found[LIDIA.casefold()][0].startswith("Agreed: ")
    assert told(clock) == []


def test_who_asked_reads_that_it_was_declined(contoso, clock, proposal):
    told(clock)
    changes.decline(proposal=proposal, by=user(contoso, ALEX), now=clock())
    [(to, subject, _)] = told(clock)
    assert (to.casefold(), subject[:9]) == (LIDIA.casefold(), "Declined:")


def test_an_undo_of_an_operators_is_told_too(contoso, lidia, clock):
    """Whatever an operator changes, by whichever page."""
    change = changes.request_role(
        permission=permission(ALEX, ADELE, "Kids parties"), role="limitedRead", seen="read", actor=lidia,
        kind="operator", now=clock(),
    )  # fmt: skip
    work(clock, 3)
    change.refresh_from_db()
    assert change.state == "applied"
    [(_, _, text)] = told(clock)
    assert "now “Can view titles and locations”" in text
