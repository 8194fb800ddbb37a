"""What Exchange knows of the two organizations, and that it outlives the process and a rewind."""

import json

import pytest

from sandbox.cast import CONTOSO, FABRIKAM
from sandbox.cloud import Cloud
from sandbox.exchange import relationship_between
from tests.sandbox.steps import control


def test_contoso_begins_with_two_partners_and_fabrikam_with_none(cloud):
    contoso, fabrikam = cloud.state.exchange[CONTOSO], cloud.state.exchange[FABRIKAM]
    assert [(each.name, each.is_enabled) for each in contoso.relationships] == [
        ("Adatum", True),
        ("Tailspin Toys", False),
    ]
    assert not contoso.is_dehydrated
    assert fabrikam.is_dehydrated
    assert fabrikam.relationships == []
    for each in (contoso, fabrikam):
        (policy,) = each.policies
        assert policy.domains == ["Anonymous:CalendarSharingFreeBusyReviewer", "*:CalendarSharingFreeBusySimple"]


def test_a_relationship_is_found_by_its_domain_in_any_case(cloud):
    found = relationship_between(cloud.state, CONTOSO, "ADATUM.com")
    assert (found.name, found.level, found.scope_group) == ("Adatum", "AvailabilityOnly", None)


@pytest.mark.parametrize("domain", ["tailspintoys.com", "sub.adatum.com", "fabrikam.com", ""])
def test_a_disabled_relationship_or_another_domain_is_none(cloud, domain):
    assert relationship_between(cloud.state, CONTOSO, domain) is None


def test_a_tenant_outside_this_cloud_has_no_relationship(cloud):
    assert relationship_between(cloud.state, "00000000-0000-4000-8000-000000000000", "adatum.com") is None


def test_a_relationship_without_free_busy_shows_nothing(cloud):
    found = relationship_between(cloud.state, CONTOSO, "adatum.com")
    found.values["FreeBusyAccessEnabled"] = False
    assert not found.has_free_busy
    assert found.level == "None"


def test_every_hundredth_generated_mailbox_publishes_its_calendar():
    few, many = (Cloud(mailboxes=count).state.exchange[CONTOSO].published for count in (99, 300))
    assert [each.detail for each in few.values()] == ["AvailabilityOnly", "LimitedDetails", "FullDetails"]
    assert len(many) == len(few) + 3


def test_exchange_outlives_the_process(tmp_path):
    file = tmp_path / "world.json"
    cloud = Cloud(state_file=file)
    cloud.state.exchange[CONTOSO].relationships[1].values["Enabled"] = True
    cloud.state.exchange[CONTOSO].assignments["somebody"] = "a policy"
    control(cloud, "POST", "clock", {"offset_seconds": 1})
    later = Cloud(state_file=file)
    assert later.state.exchange == cloud.state.exchange
    assert json.dumps(later.state.dump()["exchange"]) == json.dumps(cloud.state.dump()["exchange"])


def test_a_state_of_before_there_was_an_exchange_is_still_good(cloud):
    kept = cloud.state.dump()
    began = kept.pop("exchange")
    cloud.state.exchange.clear()
    cloud.state.load(kept)
    assert cloud.state.dump()["exchange"] == began


def test_a_rewind_of_the_mailboxes_leaves_exchange_alone_and_a_reset_does_not(cloud):
    cloud.state.exchange[CONTOSO].relationships.clear()
    control(cloud, "POST", "rewind", {"to": 0})
    assert cloud.state.exchange[CONTOSO].relationships == []
    control(cloud, "POST", "reset")
    assert len(cloud.state.exchange[CONTOSO].relationships) == 2
