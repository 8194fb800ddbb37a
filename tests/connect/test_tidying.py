"""What was made for a while only is deleted after it; what the activity log and the pages need is kept."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache

from sharing import tasks
from sharing.connect import links, tidying
from sharing.models import ActivationLink, AuditEvent, CallCount, ConsentAttempt, Notice, User
from tests.contoso import clock, contoso

__all__ = ["clock", "contoso"]
DAY = timedelta(days=1)


@pytest.fixture
def allan(contoso):
    return User.objects.create(tenant=contoso, oid="e8a02cc7-df4d-4778-956d-784cc9506e5a", name="Allan Deyoung")


@pytest.fixture
def made(contoso, allan, clock):
    """`made(ago)`: one row of each kind that was over so long ago; by name."""

    def make(ago, **link):
        then = clock() - ago
        row = ActivationLink.objects.create(
            tenant=contoso, token_hash=f"{ActivationLink.objects.count()}", made_by=allan, made_at=then,
            expires_at=then, state_since=then, **{"state": ActivationLink.REVOKED, **link},
        )  # fmt: skip
        number = ConsentAttempt.objects.count()
        ConsentAttempt.objects.create(
            tenant=contoso, link=row, step="consent", state_hash=f"s{number}", browser_hash="b", began_at=then,
            expires_at=then,
        )  # fmt: skip
        CallCount.objects.create(tenant=contoso, day=then.date(), kind="GET /users", calls=1)
        Notice.objects.create(
            tenant=contoso, kind="run_held", key=f"k{number}", user=allan, address="a@contoso.com", subject="s",
            body="b", made_at=then, sent_at=then, over_at=then,
        )  # fmt: skip
        Session.objects.create(session_key=f"k{number}", session_data="", expire_date=then)
        return row

    return make


def left():
    models = (ConsentAttempt, ActivationLink, CallCount, Notice, Session)
    return [model._default_manager.count() for model in models]


def test_what_is_long_over_goes_and_what_is_not_stays(made, clock, caplog):
    made(100 * DAY)
    made(80 * DAY)
    with caplog.at_level("INFO"):
        counts = tidying.tidy(clock())
    assert counts == {"trips": 2, "links": 1, "counts": 1, "notices": 1, "sessions": 2}
    assert left() == [0, 1, 1, 1, 0]
    (record,) = [each for each in caplog.records if "deleted" in each.message]
    assert (record.trips, record.links) == (2, 1)
    assert tidying.tidy(clock()) == {} and not tidying.is_untidy(clock())


def test_what_is_fresh_is_not_looked_for(made, clock):
    made(DAY)
    assert left() == [1, 1, 1, 1, 1]
    assert tidying.tidy(clock()) == {"sessions": 1}
    Session.objects.create(session_key="live", session_data="", expire_date=clock() + DAY)
    assert not tidying.is_untidy(clock())


@pytest.mark.parametrize("state", ["confirmed", "approved", "proved"])
def test_a_link_that_led_somewhere_stays_however_old(made, clock, state):
    kept = made(400 * DAY, state=state)
    made(200 * DAY)
    made(100 * DAY)
    tidying.tidy(clock())
    assert list(ActivationLink.objects.values_list("pk", flat=True)[:1]) == [kept.pk]
    assert ActivationLink.objects.count() == 2, "and the newest, which says how it stands"


def test_a_link_that_was_never_opened_goes_too(made, clock):
    made(100 * DAY, state=ActivationLink.ISSUED)
    made(DAY)
    assert tidying.tidy(clock())["links"] == 1


def test_a_notice_that_is_not_over_keeps_anybody_from_being_told_twice(made, clock, contoso):
    made(500 * DAY)
    Notice.objects.update(over_at=None)
    assert "notices" not in tidying.tidy(clock())
    Notice.objects.update(is_lasting=False)
    assert tidying.tidy(clock())["notices"] == 1


def test_the_activity_log_keeps_all_of_it(contoso, allan, clock):
    link, _ = links.make_link(tenant=contoso, permissions=["User.Read.All"], actor=allan, now=clock())
    links.revoke_link(link=link, actor=allan, now=clock())
    links.make_link(tenant=contoso, permissions=["User.Read.All"], actor=allan, now=clock.forward(days=200))
    before = list(AuditEvent.objects.values_list("verb", "subject"))
    assert tidying.tidy(clock())["links"] == 1
    assert list(AuditEvent.objects.values_list("verb", "subject")) == before
    assert any(subject.get("link") == link.public_id for _, subject in before)


def test_many_rows_go_piece_by_piece(made, clock, monkeypatch):
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    monkeypatch.setattr(tidying, "MOST", 4)
    for number in range(7):
        Session.objects.create(session_key=f"x{number}", session_data="", expire_date=clock() - DAY)
    assert tidying.tidy(clock()) == {"sessions": 4}
    assert tidying.tidy(clock()) == {"sessions": 3}


def test_a_worker_does_it_once_an_hour_where_there_is_anything(made, clock):
    def due():
        return [(task, pk) for task, pk in tasks.due_reads(clock()) if task is tasks.tidy]

    assert due() == []
    made(100 * DAY)
    assert due() == [], "it was looked at within the hour"
    cache.clear()
    ((task, pk),) = due()
    task(pk)
    assert Session.objects.count() == 0
    cache.clear()
    assert due() == []
