"""One person is told one thing once; whoever answers for a mailbox is found, or it is said that nobody does."""

import pytest
from django.core import mail
from django.db import transaction

from sharing import notices
from sharing.models import Notice, Person, Stewardship
from tests.contoso import mailbox, user

from .conftest import ALLAN, ISAIAH

ALEX, RECEPTION = "AlexW@contoso.com", "reception@contoso.com"
KIND = "plain"


@pytest.fixture(autouse=True)
def words(settings, tmp_path):
    """A mail of the tests' own, so that no real one need be quoted here."""
    (tmp_path / "mail").mkdir()
    text = "{% autoescape off %}Dear {{ name }} at {{ tenant }}: {{ what }} {{ link }}{% endautoescape %}"
    (tmp_path / "mail" / f"{KIND}.txt").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]


def told(contoso, clock, key="plain:1", **whom):
    return notices.tell(
        tenant=contoso, kind=KIND, key=key, subject="A thing", path="/history/", facts={"what": "R&D <1>"},
        now=clock(), **whom,
    )  # fmt: skip


def to_owner(box, clock, key="plain:1"):
    return notices.tell_owner(mailbox=box, kind=KIND, key=key, subject="A thing", facts={"what": "x"}, now=clock())


def test_a_person_who_never_signed_in_is_told_once_at_the_directorys_address(read, clock, tick, settings):
    alex = mailbox(ALEX).person
    assert told(read, clock, person=alex)
    assert not told(read, clock, person=alex)
    tick()
    (sent,) = mail.outbox
    assert sent.to == [ALEX]
    assert sent.body == f"Dear Alex Wilber at Contoso: R&D <1> {settings.PORTAL_URL}/history/\n"


def test_what_was_told_once_is_not_told_again_after_a_look_at_what_lasts(read, clock, tick):
    told(read, clock, user=user(read, ALLAN))
    tick()
    tick(days=400)
    assert not told(read, clock, user=user(read, ALLAN))
    assert Notice.objects.get(kind=KIND).over_at is None
    assert [sent.subject for sent in mail.outbox].count("A thing") == 1


def test_another_key_is_another_thing(read, clock, tick):
    assert told(read, clock, user=user(read, ALLAN)) and told(read, clock, key="plain:2", user=user(read, ALLAN))
    tick()
    assert len(mail.outbox) == 2


def test_it_is_told_with_what_it_tells_of_or_not_at_all(read, clock):
    with pytest.raises(RuntimeError), transaction.atomic():
        told(read, clock, person=mailbox(ALEX).person)
        raise RuntimeError
    assert not Notice.objects.exists()


def test_neither_nobody_nor_two_people_are_told(read, clock):
    with pytest.raises(ValueError):
        told(read, clock)
    with pytest.raises(ValueError):
        told(read, clock, person=mailbox(ALEX).person, user=user(read, ALEX))


def test_the_owner_of_a_mailbox_is_told(read, clock):
    assert to_owner(mailbox(ALEX), clock) == 1
    assert Notice.objects.get().address == ALEX


def test_the_stewards_of_a_mailbox_nobody_signs_in_to_are_told_each(read, clock):
    for who in (ALLAN, ISAIAH):
        oid = mailbox(who).person.oid
        Stewardship.objects.create(tenant=read, mailbox=mailbox(RECEPTION), oid=oid, given_at=clock())
    assert to_owner(mailbox(RECEPTION), clock) == 2
    assert set(Notice.objects.values_list("address", flat=True)) == {ALLAN, ISAIAH}


def test_where_nobody_answers_for_a_mailbox_a_notice_says_so(read, clock):
    Person.objects.filter(address__iexact=RECEPTION).update(enabled=False)
    assert to_owner(mailbox(RECEPTION), clock) == 1
    notice = Notice.objects.get()
    assert (notice.address, notice.cause, notice.due_at) == ("", "account_gone", None)
