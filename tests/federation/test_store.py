"""What is kept of an export, and what all exports together say."""

from datetime import timedelta

import pytest

from sharing.access import organizations
from sharing.federation import plans
from sharing.federation.export import parse_export
from sharing.federation.store import OlderThanKnown, differences_of, last_export
from sharing.federation.uploaded import ExportRefused
from sharing.models import (
    AuditEvent,
    ExchangeSnapshot,
    OrganizationRelationship,
    PolicyAssignment,
    PublishedCalendar,
    SharingPolicy,
    Tenant,
)
from tests.cloud import CONTOSO
from tests.federation.exports import NOW, RELATIONSHIP, encoded, relationship, whole
from tests.web.it import rows

pytestmark = pytest.mark.django_db


def test_an_export_is_kept_row_by_row(contoso, lidia, take):
    alex = rows.make_mailbox(rows.make_person(contoso, "Alex Wilber"))
    taken = take(whole())
    snapshot = taken.snapshot
    assert (taken.is_known, taken.is_old, taken.differences) == (False, False, [])
    assert (snapshot.taken_by, snapshot.taken_at, snapshot.is_complete) == (lidia, NOW, True)
    assert (snapshot.is_dehydrated, snapshot.domains) == (False, ["contoso.com", "contoso.onmicrosoft.com"])
    fabrikam = OrganizationRelationship.objects.get(snapshot=snapshot, name="Fabrikam")
    assert (fabrikam.level, fabrikam.domains, fabrikam.has_mailbox_move) == ("LimitedDetails", ["fabrikam.com"], False)
    default = SharingPolicy.objects.get(snapshot=snapshot, is_default=True)
    assert default.entries[1] == {
        "domain": "Anonymous", "actions": "CalendarSharingFreeBusyReviewer", "level": "read",
    }  # fmt: skip
    assert PolicyAssignment.objects.get(snapshot=snapshot).mailbox == alex
    assert PublishedCalendar.objects.get(snapshot=snapshot).mailbox is None
    event = AuditEvent.objects.get(verb="exchange.taken")
    assert event.subject == {
        "snapshot": snapshot.public_id, "differences": 0, "relationships": 2, "policies": 2, "assignments": 1,
        "published": 1,
    }  # fmt: skip
    assert (event.actor, event.after) == (lidia.username, "2026-11-21T09:30:00.123456+00:00")


def test_what_was_kept_reads_back_as_it_was_exported(contoso, lidia, take):
    take(whole())
    known = last_export(organizations.last_known(lidia, contoso))
    assert known == parse_export(encoded(whole()), tid=CONTOSO, now=NOW)


def test_the_same_file_twice_is_one_snapshot(take):
    first = take(whole())
    again = take(whole(), now=NOW + timedelta(hours=1))
    assert (again.snapshot, again.is_known) == (first.snapshot, True)
    assert (ExchangeSnapshot.objects.count(), AuditEvent.objects.filter(verb="exchange.taken").count()) == (1, 1)


def test_an_older_export_is_refused_and_one_of_long_ago_says_so(take):
    assert take(whole(exportedAt="2026-10-01T00:00:00Z")).is_old
    take(whole())
    with pytest.raises(OlderThanKnown):
        take(whole(exportedAt="2026-11-20T00:00:00Z"))
    assert ExchangeSnapshot.objects.count() == 2


def test_of_a_refused_export_nothing_is_kept(take):
    with pytest.raises(ExportRefused):
        take(whole(organizationRelationships=[RELATIONSHIP, relationship(FreeBusyAccessLevel=2)]))
    assert not ExchangeSnapshot.objects.exists()
    assert not AuditEvent.objects.filter(verb="exchange.taken").exists()


def test_an_address_that_two_people_have_is_nobodys(contoso, take):
    for name in ("Alex Wilber", "Alex Wilber the Second"):
        rows.make_mailbox(rows.make_person(contoso, name, "AlexW@contoso.com"))
    take(whole())
    assert PolicyAssignment.objects.get().mailbox is None


def test_what_a_cut_section_lacks_is_gone_only_once_a_whole_one_lacks_it_too(take):
    take(whole(exportedAt="2026-11-19T09:00:00Z"))
    cut = whole(exportedAt="2026-11-20T09:00:00Z", organizationRelationships=[RELATIONSHIP])
    cut["counts"]["organizationRelationships"] = None
    assert take(cut).differences == []
    taken = take(whole(organizationRelationships=[RELATIONSHIP]))
    assert [(d.section, d.kind, d.name) for d in taken.differences] == [
        ("organizationRelationships", "gone", "Northwind")
    ]
    assert differences_of(taken.snapshot) == taken.differences


def test_differences_are_read_again_in_few_queries(take, django_assert_max_num_queries):
    take(whole(exportedAt="2026-11-19T09:00:00Z"))
    taken = take(whole(organizationRelationships=[relationship(Enabled=False)]))
    with django_assert_max_num_queries(9):
        assert differences_of(taken.snapshot) == taken.differences
    assert [(d.kind, d.name) for d in taken.differences] == [("changed", "Northwind"), ("gone", "Fabrikam")]


def test_an_export_that_shows_what_was_planned_settles_it(contoso, lidia, take):
    taken = take(whole(exportedAt="2026-11-20T09:00:00Z"))
    northwind = taken.snapshot.relationships.get(name="Northwind")
    plan = plans.suspend(relationship=northwind, actor=lidia, now=NOW)
    cut = whole(exportedAt="2026-11-20T10:00:00Z", organizationRelationships=[relationship(Enabled=False)])
    cut["counts"]["organizationRelationships"] = None
    take(cut)
    plan.refresh_from_db()
    assert plan.state == "open"
    taken = take(whole(organizationRelationships=[relationship(Enabled=False)]))
    plan.refresh_from_db()
    assert (plan.state, plan.shown_by) == ("shown", taken.snapshot)


def test_nothing_is_kept_of_an_organization_that_was_disconnected_while_it_was_read(contoso, take):
    Tenant.objects.filter(pk=contoso.pk).update(state=Tenant.ENDED, cause="erased")
    with pytest.raises(ExportRefused) as refused:
        take(whole())
    assert refused.value.cause == "ended" and not ExchangeSnapshot.objects.exists()
