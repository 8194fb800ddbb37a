"""Partners: who may write one down, what is refused, and when people are reminded that it ends."""

from datetime import date, timedelta

import pytest

from sharing.federation import partners, refusals
from sharing.models import AuditEvent, FederationPlan, Partner, Tenant
from sharing.words.partners import ends
from tests.federation.planning import NOW, World


@pytest.fixture
def world(db):
    return World()


def make(world, name="Fabrikam", domains=("Fabrikam.com", "fabrikam.co.uk"), actor=None, **given):
    return partners.make_partner(
        tenant=world.tenant, name=name, domains=domains, actor=actor or world.lidia, now=NOW, **given
    )


def test_a_partner_is_written_down_with_all_of_its_domains(world):
    partner = make(world, purpose="Joint venture", contact="alexw@contoso.com", ends_on=date(2027, 3, 31))
    partner.refresh_from_db()
    assert (partner.name, partner.domains) == ("Fabrikam", ["fabrikam.com", "fabrikam.co.uk"])
    assert (partner.level, partner.ends_on, partner.ended_at) == ("AvailabilityOnly", date(2027, 3, 31), None)
    event = AuditEvent.objects.get(verb="partner.made")
    assert event.subject == {"partner": partner.public_id} and event.after == "AvailabilityOnly 2027-03-31"


@pytest.mark.parametrize(
    ("refusal", "given"),
    [
        (refusals.BadText, {"name": " "}),
        (refusals.BadText, {"name": "x" * 65}),
        (refusals.BadText, {"name": "Fab\u202erikam"}),
        (refusals.NoDomains, {"domains": []}),
        (refusals.BadDomain, {"domains": ["fabrikam"]}),
        (refusals.BadDomain, {"domains": ["münchen.example"]}),
        (refusals.OwnDomain, {"domains": ["fabrikam.com", "CONTOSO.com"]}),
        (refusals.OwnDomain, {"domains": ["contoso.net"]}),  # Exchange knows more of ours than Entra
        (refusals.TooManyDomains, {"domains": [f"d{n}.example" for n in range(239)]}),
        (refusals.BadContact, {"contact": "Alex"}),
        (refusals.DayPassed, {"ends_on": date(2026, 11, 20)}),
        (refusals.DomainTaken, {"name": "Other", "domains": ["woodgrove.example"]}),
        (refusals.NameTaken, {"name": "wOODGROVE"}),
    ],
)
def test_what_cannot_be_a_partner_is_refused_by_name(world, refusal, given):
    world.exported()
    make(world, "Woodgrove", ["woodgrove.example"])
    with pytest.raises(refusal):
        make(world, **given)
    assert Partner.objects.count() == 1


def test_an_export_without_our_domains_does_not_unknow_them(world):
    world.exported()
    world.exported(domains=(), sections={"acceptedDomains": "cut"})
    with pytest.raises(refusals.OwnDomain):
        make(world, domains=["contoso.net"])


def test_nobody_is_a_partner_of_themselves(world):
    with pytest.raises(refusals.OwnOrganization):
        make(world, partner_tid=world.tenant.tid)


def test_only_operators_write_partners_down(world):
    partner = make(world)
    for verb in (
        lambda: make(world, "Other", ["other.example"], actor=world.isaiah),
        lambda: partners.change_partner(partner=partner, actor=world.isaiah, now=NOW, purpose="x"),
        lambda: partners.end_partner(partner=partner, actor=world.isaiah, now=NOW),
    ):
        with pytest.raises(refusals.NotOperator):
            verb()
    partner.refresh_from_db()
    assert partner.ended_at is None and not partner.purpose


def test_a_partner_that_ended_takes_its_opening_plans_along_and_lets_its_name_go(world):
    partner = make(world)
    new, suspend = (
        FederationPlan.objects.create(
            tenant=world.tenant, kind=kind, partner=partner, made_by=world.lidia, made_at=NOW, state_since=NOW
        )
        for kind in (FederationPlan.NEW, FederationPlan.SUSPEND)
    )
    for _ in range(2):
        partners.end_partner(partner=partner, actor=world.lidia, now=NOW)
    new.refresh_from_db()
    suspend.refresh_from_db()
    assert (new.state, new.cause) == (FederationPlan.CANCELLED, "partner_over")
    assert suspend.state == FederationPlan.OPEN
    assert AuditEvent.objects.filter(verb="partner.ended").count() == 1
    assert AuditEvent.objects.filter(verb="federation.cancelled").count() == 1
    with pytest.raises(refusals.PartnerOver):
        partners.change_partner(partner=partner, actor=world.lidia, now=NOW, name="x")
    make(world)


def test_reminders_come_14_days_and_one_day_before_and_once_it_passed_each_once(world):
    partner = make(world, ends_on=date(2026, 12, 20))
    told = []
    for day in range(35):
        now = NOW + timedelta(days=day)
        for reminder in partners.reminders(now) + partners.reminders(now):
            told.append((now.date().isoformat(), reminder.stage, reminder.days))
        for reminder in partners.reminders(now):
            partners.mark_reminded(reminder)
    assert told == [
        ("2026-12-06", 14, 14), ("2026-12-06", 14, 14), ("2026-12-19", 1, 1), ("2026-12-19", 1, 1),
        ("2026-12-21", 0, -1), ("2026-12-21", 0, -1),
    ]  # fmt: skip
    partners.change_partner(partner=partner, actor=world.lidia, now=NOW, ends_on=date(2027, 1, 10))
    assert partners.reminders(NOW + timedelta(days=34)) == []
    assert [reminder.stage for reminder in partners.reminders(NOW + timedelta(days=38))] == [14]
    partners.end_partner(partner=partner, actor=world.lidia, now=NOW)
    assert partners.reminders(NOW + timedelta(days=60)) == []


def test_nobody_is_reminded_in_a_tenant_that_was_disconnected(world):
    make(world, ends_on=date(2026, 12, 20))
    Tenant.objects.update(state=Tenant.ENDED)
    assert partners.reminders(NOW + timedelta(days=40)) == []


def test_nothing_else_of_a_partner_can_be_changed(world):
    partner = make(world)
    with pytest.raises(TypeError):
        partners.change_partner(partner=partner, actor=world.lidia, now=NOW, ended_at=NOW)


def test_a_worker_that_was_away_tells_of_the_last_stage_only(world):
    make(world, ends_on=date(2026, 12, 20))
    assert [reminder.stage for reminder in partners.reminders(NOW + timedelta(days=29))] == [1]


def test_a_reminder_says_when(world):
    day = date(2026, 12, 20)
    assert ends("Fabrikam", day, 14) == "The partnership with Fabrikam ends on 20 December 2026"
    assert ends("Fabrikam", day, 1) == "The partnership with Fabrikam ends tomorrow"
    assert ends("Fabrikam", day, 0) == "The partnership with Fabrikam ends today"
    assert ends("Fabrikam", day, -1) == "The partnership with Fabrikam was to end on 20 December 2026"
