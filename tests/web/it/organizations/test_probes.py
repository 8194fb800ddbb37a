"""Tests of what a partner lets us see: Contoso and Fabrikam with and without relationships, through the pages."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sandbox import cast as sandbox_cast
from sharing.connect import calls, clients
from sharing.meetings import volunteers
from sharing.models import (
    AuditEvent,
    CallCount,
    ExchangeSnapshot,
    FederationPlan,
    Mailbox,
    OrganizationRelationship,
    Partner,
    Probe,
    Volunteer,
)
from sharing.web import limits
from tests.cast import ALEX, ISAIAH, LIDIA, PATTI
from tests.cloud import FABRIKAM
from tests.contoso import control
from tests.meetings.conftest import federate, relate, take

NOBODY_THERE = "NobodyX@fabrikam.com"


@pytest.fixture
def fabrikam(cast, cloud):
    cloud.switches.appointments = "none"
    return Partner.objects.create(
        tenant=cast.contoso, name="Fabrikam", domains=["fabrikam.com"], made_by=cast.users[LIDIA], made_at=cast.now
    )


@pytest.fixture
def alex(cast):
    mailbox = Mailbox.objects.get(person__address=ALEX)
    volunteers.lend(mailbox=mailbox, actor=cast.users[ALEX], now=cast.now)
    return mailbox


@pytest.fixture
def lidia(cast):
    return cast.browser(LIDIA)


def page(browser, name, key, status=200):
    answer = browser.get(reverse(f"it:{name}", args=[key]))
    assert answer.status_code == status, (name, answer.status_code)
    return " ".join(answer.content.decode().split())


def ask(browser, partner, alex, one=PATTI, other="", status=200, name="test_partner"):
    sent = {"volunteer": alex.public_id, "one": one, "other": other}
    answer = browser.post(reverse(f"it:{name}", args=[getattr(partner, "public_id", partner)]), sent)
    assert answer.status_code == status, answer.status_code
    return " ".join(answer.content.decode().split())


def relationship(cast, **fields):
    """As an export of Contoso's Exchange shows it."""
    snapshot = ExchangeSnapshot.objects.create(
        tenant=cast.contoso, exported_at=cast.now, taken_at=cast.now, taken_by=cast.users[LIDIA], digest="d",
        sections={ExchangeSnapshot.RELATIONSHIPS: ExchangeSnapshot.READ}, domains=["contoso.com"],
    )  # fmt: skip
    return OrganizationRelationship.objects.create(
        tenant=cast.contoso, snapshot=snapshot, guid=uuid.uuid4(), is_enabled=True, has_free_busy=True,
        level="AvailabilityOnly", **{"name": "Fabrikam", "domains": ["fabrikam.com"], **fields},
    )  # fmt: skip


def test_the_times_of_somebody_there_are_drawn_and_stand_beside_it_in_words(cloud, fabrikam, alex, lidia):
    federate(cloud)
    take(cloud, PATTI, "2026-11-23T10:00:00Z", "2026-11-23T11:30:00Z", tenant=FABRIKAM, subject="Layoffs")
    take(cloud, PATTI, "2026-11-23T11:30:00Z", "2026-11-23T12:00:00Z", tenant=FABRIKAM)
    take(cloud, PATTI, "2026-11-24T22:00:00Z", "2026-11-26T01:00:00Z", tenant=FABRIKAM, status="oof")
    shown = ask(lidia, fabrikam, alex)
    assert "Free and busy times seen" in shown and "contoso.com was tried" in shown
    assert '<th scope="row" class="whole">Mon 23 Nov</th>' in shown and "10:00–12:00 busy" in shown
    assert '<rect class="c-add" x="600" y="4" width="120" height="16"/>' in shown
    assert "22:00–24:00 away" in shown and "All day away" in shown and "00:00–01:00 away" in shown
    assert "These times are on this page only" not in shown and "these times are on this page only" in shown
    assert "Layoffs" not in shown and " style=" not in shown
    later = page(lidia, "partner_tests", fabrikam.public_id)
    assert "Free and busy times seen" in later and "10:00" not in re.sub("today 10:00", "", later, flags=re.I)


def test_more_than_was_agreed_is_said(cloud, fabrikam, alex, lidia):
    federate(cloud, FreeBusyAccessLevel="LimitedDetails")
    patti = cloud.state.tenants[FABRIKAM].users[sandbox_cast.PATTI]
    next(each for each in patti.mailbox.primary.permissions.values() if each.kind == "default").role = "limitedRead"
    take(cloud, PATTI, "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", tenant=FABRIKAM, subject="Layoffs", place="R7")
    shown = ask(lidia, fabrikam, alex)
    assert "Times with titles and places seen" in shown and "They show more than agreed" in shown
    assert "Layoffs" not in shown and "R7" not in shown
    Partner.objects.update(level="LimitedDetails")
    assert "They show more than agreed" not in ask(lidia, fabrikam, alex)


def test_less_than_was_agreed_is_said_too(cloud, fabrikam, alex, lidia):
    federate(cloud)
    take(cloud, PATTI, "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", tenant=FABRIKAM)
    Partner.objects.update(level="LimitedDetails")
    assert "They show less than agreed" in ask(lidia, fabrikam, alex)


def test_an_empty_calendar_proves_nothing(cloud, fabrikam, alex, lidia):
    federate(cloud)
    shown = ask(lidia, fabrikam, alex)
    assert "Nothing taken in two weeks" in shown and "put a test meeting" in shown


@pytest.mark.parametrize(("prepare", "label", "next_step"), [
    (lambda cloud: None, "Refused: our side", "Plan a change of our side"),
    (lambda cloud: relate(cloud, sandbox_cast.CONTOSO, "fabrikam.com", TargetAutodiscoverEpr=None),
     "Refused: our side", "Plan a change of our side"),
    (lambda cloud: relate(cloud, sandbox_cast.CONTOSO, "fabrikam.com"), "Refused: their side", "Script for their side"),
    (lambda cloud: federate(cloud, Enabled=False), "Refused: their side", "Script for their side"),
    (lambda cloud: federate(cloud, FreeBusyAccessLevel="None"), "Refused: their side", "Script for their side"),
    (lambda cloud: answered(cloud, "not_app_only"), "Refused: their side", "Script for their side"),
    (lambda cloud: answered(cloud, "unauthorized"), "Refused: either side", ""),
    (lambda cloud: answered(cloud, "autodiscover_failed"), "Refused: either side", ""),
    (lambda cloud: answered(cloud, "timed_out"), "Refused: either side", ""),
], ids=["no relationship", "no endpoint", "nothing there", "switched off there", "level none there", "not for apps",
        "401", "autodiscover", "timed out"])  # fmt: skip
@pytest.mark.parametrize("codes", ["numeric", "symbolic"])
def test_every_refusal_says_whose_side_it_is_and_what_is_next(
    cloud, fabrikam, alex, lidia, prepare, label, next_step, codes
):
    control(cloud, "switches", {"schedule_codes": codes, "schedule_messages": "full"})
    prepare(cloud)
    shown = ask(lidia, fabrikam, alex)
    assert label in shown and "Whose side" in shown and "Microsoft’s code" in shown
    assert (next_step in shown) if next_step else ("Script for" not in shown and "Plan a change" not in shown)
    assert f"<code>{Probe.objects.get().code}</code>" in shown
    assert '<svg class="drawn"' not in shown


def answered(cloud, answer):
    federate(cloud)
    control(cloud, "switches", {"federation_answer": answer})


def test_two_people_are_asked_about_once_each(cloud, fabrikam, alex, lidia):
    federate(cloud)
    shown = ask(lidia, fabrikam, alex, one=PATTI, other=NOBODY_THERE)
    assert "Nothing taken in two weeks" in shown and "Refused: our side" in shown
    assert "this address is mistyped" in shown and "Plan a change" not in shown
    assert Probe.objects.count() == 2
    ask(lidia, fabrikam, alex, one=PATTI, other=PATTI.upper())
    assert Probe.objects.count() == 3


@pytest.mark.parametrize(("address", "told"), [
    ("", "That is not a mail address."), ("patti", "That is not a mail address."),
    (ALEX, "not of one of the partner’s domains"), ("x@adatum.com", "not of one of the partner’s domains"),
])  # fmt: skip
def test_nobody_else_is_asked_about(cloud, fabrikam, alex, lidia, address, told):
    shown = ask(lidia, fabrikam, alex, one=address, status=422)
    assert told in shown and 'href="#id_one"' in shown
    assert not Probe.objects.exists() and not asked_of(cloud)


def asked_of(cloud):
    return [each for each in cloud.log.since() if each.kind == "schedule"]


def test_a_colleague_s_time_is_not_found_out_through_a_relationship_that_names_our_own_domain(cast, cloud, alex, lidia):
    row = relationship(cast, name="On-premises", domains=["contoso.com", "fabrikam.com"])
    assert "At fabrikam.com." in page(lidia, "test_relationship", row.guid)
    ask(lidia, row.guid, alex, one=ALEX, status=422, name="test_relationship")
    assert not Probe.objects.exists() and not asked_of(cloud)


def test_a_relationship_that_nobody_agreed_on_can_be_tried(cast, cloud, alex, lidia):
    cloud.switches.appointments = "none"
    row = relationship(cast)
    federate(cloud)
    shown = ask(lidia, row.guid, alex, name="test_relationship")
    assert "Nothing taken in two weeks" in shown and "Nothing is written down" in shown
    assert Probe.objects.get().partner is None
    assert PATTI in page(lidia, "relationship_tests", row.guid)
    other = relationship_of_other(cast, row)
    assert PATTI not in page(lidia, "relationship_tests", other.guid)


def relationship_of_other(cast, row):
    return OrganizationRelationship.objects.create(
        tenant=cast.contoso, snapshot=row.snapshot, guid=uuid.uuid4(), is_enabled=True, has_free_busy=True,
        level="AvailabilityOnly", name="Adatum", domains=["adatum.com"],
    )  # fmt: skip


def test_what_was_seen_is_noted_with_the_plan_that_waits_for_it(cast, cloud, fabrikam, alex, lidia):
    plan = FederationPlan.objects.create(
        tenant=cast.contoso, partner=fabrikam, kind=FederationPlan.NEW, made_by=cast.users[LIDIA], made_at=cast.now,
        state_since=cast.now, wanted={},
    )  # fmt: skip
    federate(cloud)
    take(cloud, PATTI, "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z", tenant=FABRIKAM)
    ask(lidia, fabrikam, alex)
    plan.refresh_from_db()
    assert (plan.state, plan.cause) == (FederationPlan.OPEN, "probe_seen")


def test_only_who_lends_is_asked_from_and_without_them_it_is_said_how_they_do(cast, cloud, fabrikam, lidia):
    shown = page(lidia, "test_partner", fabrikam.public_id)
    assert "Nobody lends their mailbox for this yet" in shown and reverse("account:home") in shown
    assert "Ask now" not in shown
    somebody = Mailbox.objects.get(person__address=ALEX)
    assert "not lent for this" in ask(lidia, fabrikam, somebody, status=422)
    Volunteer.objects.create(tenant=cast.contoso, mailbox=somebody, since=cast.now)
    Mailbox.objects.filter(pk=somebody.pk).update(state=Mailbox.EXCLUDED, cause="outside_group")
    assert "not lent for this" in ask(lidia, fabrikam, somebody, status=422)
    assert not asked_of(cloud)


def test_which_of_our_domains_was_tried_is_kept_apart(cast, cloud, fabrikam, alex, lidia):
    cast.contoso.domains = ["contoso.com", "contoso.co.uk"]
    cast.contoso.save()
    before = page(lidia, "partner_tests", fabrikam.public_id)
    assert before.count("Not yet") == 2
    ask(lidia, fabrikam, alex)
    after = page(lidia, "partner_tests", fabrikam.public_id)
    assert "contoso.com</dt><dd>Today 10:00" in after and "contoso.co.uk</dt><dd>Not yet" in after


def test_reviewers_read_what_came_of_tests_and_try_nothing(cast, fabrikam, alex, lidia):
    ask(lidia, fabrikam, alex)
    isaiah = cast.browser(ISAIAH)
    assert PATTI in page(isaiah, "partner_tests", fabrikam.public_id)
    assert "Test now" not in page(isaiah, "partner_tests", fabrikam.public_id)
    page(isaiah, "test_partner", fabrikam.public_id, status=404)
    ask(isaiah, fabrikam, alex, status=404)
    assert Probe.objects.count() == 1


def test_a_partner_of_another_organization_is_not_there(cast, fabrikam, alex):
    patti = cast.browser(PATTI)
    page(patti, "partner_tests", fabrikam.public_id, status=404)
    ask(patti, fabrikam, alex, status=404)


def test_where_the_partnership_ended_its_tests_stay_and_none_is_added(cast, fabrikam, alex, lidia):
    ask(lidia, fabrikam, alex)
    Partner.objects.update(ended_at=cast.now)
    assert "Test now" not in page(lidia, "partner_tests", fabrikam.public_id)
    assert "The partnership has ended" in page(lidia, "test_partner", fabrikam.public_id)
    assert "has ended" in ask(lidia, fabrikam, alex, status=422)
    assert Probe.objects.count() == 1


def test_there_are_fifty_tests_on_a_page(cast, fabrikam, alex, lidia):
    for number in range(53):
        Probe.objects.create(
            tenant=cast.contoso, partner=fabrikam, mailbox=alex, address=f"p{number:03}@fabrikam.com",
            asked_by=cast.users[LIDIA], asked_at=cast.now - timedelta(minutes=number), outcome=Probe.SEEN,
        )  # fmt: skip
    first = page(lidia, "partner_tests", fabrikam.public_id)
    assert "p049@" in first and "p050@" not in first
    after = re.search(r'href="([^"]+after=[^"]+)"', first)[1].replace("&amp;", "&")
    second = lidia.get(reverse("it:partner_tests", args=[fabrikam.public_id]) + after).content.decode()
    assert "p050@" in second and "p049@" not in second


def test_more_tests_and_more_volunteers_take_no_more_queries(cast, fabrikam, alex, lidia):
    def queries(number):
        for n in range(number):
            Probe.objects.create(
                tenant=cast.contoso, partner=fabrikam, mailbox=alex, address=f"p{n:03}@fabrikam.com",
                asked_by=cast.users[LIDIA], asked_at=cast.now, outcome=Probe.SEEN,
            )  # fmt: skip
        for mailbox in Mailbox.objects.filter(tenant=cast.contoso, volunteer=None).order_by("pk")[:number]:
            Volunteer.objects.create(tenant=cast.contoso, mailbox=mailbox, since=cast.now)
        found = []
        for name in ("partner_tests", "test_partner"):
            page(lidia, name, fabrikam.public_id)
            with CaptureQueriesContext(connection) as captured:
                page(lidia, name, fabrikam.public_id)
            found.append(len(captured))
        return found

    assert queries(3) == queries(20)


def test_whoever_asks_again_and_again_waits(cloud, fabrikam, alex, lidia):
    federate(cloud)
    for _ in range(limits.MOST["probing"]):
        ask(lidia, fabrikam, alex)
    ask(lidia, fabrikam, alex, status=429)
    assert Probe.objects.count() == limits.MOST["probing"]


def test_a_question_that_microsoft_does_not_answer_is_an_outcome(cast, cloud, fabrikam, alex, lidia):
    control(
        cloud, "consent",
        {"client_id": sandbox_cast.PORTAL_APP, "tenant": sandbox_cast.CONTOSO, "roles": ["User.Read.All"]},
    )  # fmt: skip
    clients.forget_tokens()
    shown = ask(lidia, fabrikam, alex)
    assert "Not asked" in shown and "It says nothing of the relationship" in shown


def test_names_from_outside_are_text(cast, cloud, alex, lidia):
    nasty = Partner.objects.create(
        tenant=cast.contoso, name="<b>Fab\u202erikam</b>", domains=["fabrikam.com"], made_by=cast.users[LIDIA],
        made_at=cast.now,
    )  # fmt: skip
    Probe.objects.create(
        tenant=cast.contoso, partner=nasty, mailbox=alex, address="<script>@fabrikam.com", asked_by=cast.users[LIDIA],
        asked_at=cast.now, outcome=Probe.UNKNOWN, code="<i>1", message="<i>",
    )  # fmt: skip
    for name in ("partner_tests", "test_partner"):
        shown = page(lidia, name, nasty.public_id)
        assert "<b>Fab" not in shown and "<script>@" not in shown and "<i>1" not in shown and "\u202e" not in shown


def test_every_question_is_counted_and_written_down(cast, cloud, fabrikam, alex, lidia):
    federate(cloud)
    ask(lidia, fabrikam, alex, other=NOBODY_THERE)
    made = CallCount.objects.filter(tenant=cast.contoso, kind="POST /users/{id}/calendar/getSchedule")
    assert made.get().calls == len(asked_of(cloud)) == 2
    assert calls.events_read(calls.made_in(cast.contoso, cast.now)) == 0
    events = AuditEvent.objects.filter(verb="partner.tried")
    assert [event.actor for event in events] == [cast.users[LIDIA].username] * 2
