"""A probe asks once for one person at a partner, keeps what kind of answer came, and nothing of the answer."""

import json

import pytest
from django.core.serializers import serialize

from sandbox import cast as sandbox_cast
from sharing.connect import calls, clients
from sharing.connect.clients import prober_for
from sharing.meetings.probing import ProbeRefused, meaning_of, try_partner
from sharing.models import AuditEvent, CallCount, Probe
from tests.cloud import CONTOSO, FABRIKAM
from tests.contoso import control

from .conftest import federate, relate, take

PATTI = "PattiF@fabrikam.com"


@pytest.fixture
def probe(cloud, alex, fabrikam, allan, clock):
    def run(address=PATTI, **more):
        given = {"volunteer": alex, "partner": fabrikam, "actor": allan, "now": clock(), **more}
        return try_partner(client=prober_for(fabrikam.tenant), address=address, **given)

    return run


def test_times_of_somebody_at_a_partner_are_seen_and_not_kept(cloud, probe):
    federate(cloud)
    take(cloud, PATTI, "2026-11-03T10:00:00Z", "2026-11-03T11:00:00Z", tenant=FABRIKAM, subject="Layoffs")
    tried = probe()
    assert tried.verdict.outcome == Probe.SEEN and not tried.schedule.has_details
    assert [(each.start.hour, each.status) for each in tried.schedule.items] == [(10, "busy")]
    assert "T10:00" not in serialize("json", Probe.objects.all()), "what was seen is for the page alone"


def test_limited_details_are_noticed_and_dropped(cloud, probe):
    federate(cloud, FreeBusyAccessLevel="LimitedDetails")
    patti = cloud.state.tenants[FABRIKAM].users[sandbox_cast.PATTI]
    row = next(each for each in patti.mailbox.primary.permissions.values() if each.kind == "default")
    row.role = "limitedRead"
    take(cloud, PATTI, "2026-11-03T10:00:00Z", "2026-11-03T11:00:00Z", tenant=FABRIKAM, subject="Layoffs",
         place="Room 7")  # fmt: skip
    tried = probe()
    assert tried.verdict.outcome == Probe.SEEN_DETAILS
    assert "Layoffs" not in repr(tried) and "Room 7" not in repr(tried)
    assert "Layoffs" not in serialize("json", [*Probe.objects.all(), *AuditEvent.objects.all()])


def test_a_calendar_with_nothing_in_it_proves_nothing(cloud, probe):
    federate(cloud)
    tried = probe()
    assert tried.verdict.outcome == Probe.FREE_OR_UNREADABLE and set(tried.schedule.view) == {"0"}


@pytest.mark.parametrize("codes", ["numeric", "symbolic"])
@pytest.mark.parametrize("messages", ["short", "full"])
def test_each_side_that_is_missing_is_told_apart(cloud, probe, codes, messages):
    control(cloud, "switches", {"schedule_codes": codes, "schedule_messages": messages})
    assert probe().verdict.outcome == Probe.OURS
    relate(cloud, CONTOSO, "fabrikam.com", TargetAutodiscoverEpr=None)
    assert probe().verdict == ("ours", "unusable")
    relate(cloud, CONTOSO, "fabrikam.com")
    assert probe().verdict == ("theirs", "no_access")
    for theirs in ({"Enabled": False}, {"FreeBusyAccessLevel": "None"}, {"DomainNames": ["northwind.com"]}):
        relate(cloud, FABRIKAM, "contoso.com", **theirs)
        assert probe().verdict == ("theirs", "no_access"), theirs
    federate(cloud)
    assert probe().verdict.outcome == Probe.FREE_OR_UNREADABLE
    assert probe("NobodyX@fabrikam.com").verdict.outcome == Probe.OURS, "a mistyped address looks the same"
    for kept in Probe.objects.all():
        assert meaning_of(kept).outcome == kept.outcome


@pytest.mark.parametrize(("answer", "verdict"), [
    ("not_app_only", ("theirs", "not_allowed")), ("unauthorized", ("either", "endpoint")),
    ("autodiscover_failed", ("either", "endpoint")), ("timed_out", ("either", "transient")),
])  # fmt: skip
def test_what_fails_between_the_two_is_on_nobodys_side(cloud, probe, answer, verdict):
    federate(cloud)
    control(cloud, "switches", {"federation_answer": answer})
    tried = probe()
    assert tried.verdict == verdict and tried.schedule is None
    kept = Probe.objects.get()
    assert (kept.outcome, meaning_of(kept)) == (verdict[0], verdict) and kept.code and kept.message


def test_a_call_that_fails_is_an_outcome_too(cloud, probe, alex):
    control(cloud, "consent", {"client_id": sandbox_cast.PORTAL_APP, "tenant": CONTOSO, "roles": ["User.Read.All"]})
    clients.forget_tokens()
    tried = probe()
    assert tried.verdict.outcome == Probe.FAILED and tried.probe.code and tried.schedule is None
    assert meaning_of(tried.probe).reason == "failed"


def test_a_probe_is_written_down_with_ids_and_its_outcome(cloud, probe, fabrikam, alex, allan):
    tried = probe()
    event = AuditEvent.objects.get(verb="partner.tried")
    assert event.outcome == "ours" and event.actor.endswith(str(allan.oid))
    assert event.subject == {
        "partner": fabrikam.public_id, "probe": tried.probe.public_id, "mailbox": alex.mailbox.public_id,
    }  # fmt: skip
    assert PATTI not in json.dumps(event.subject)
    calls.flush(tried.probe.asked_at)
    made = CallCount.objects.filter(kind__contains="getSchedule").values_list("kind", "calls")
    assert list(made) == [("POST /users/{id}/calendar/getSchedule", 1)]
    assert cloud.log.counts["event_reads"] == 0


@pytest.mark.parametrize(("address", "cause"), [
    ("PattiF@adatum.com", "not_of_partner"), ("AlexW@contoso.com", "not_of_partner"), ("patti", "not_an_address"),
    ("a@b@fabrikam.com", "not_an_address"), ("p@fabrikam.com, q@fabrikam.com", "not_an_address"),
    ("", "not_an_address"), ("x@sub.fabrikam.com", "not_of_partner"), ("p@fabrikam.com\n", ""),
])  # fmt: skip
def test_only_people_of_that_partner_are_asked_about(cloud, probe, address, cause):
    if not cause:
        assert probe(address).probe.address == address.strip()
        return
    with pytest.raises(ProbeRefused) as caught:
        probe(address)
    assert caught.value.cause == cause
    assert not Probe.objects.exists() and not [each for each in cloud.log.since() if "getSchedule" in each.path]


def test_only_a_volunteer_whose_mailbox_is_read_is_asked_through(probe, alex, fabrikam, clock):
    alex.mailbox.disconnected_at = clock()
    with pytest.raises(ProbeRefused) as caught:
        probe()
    assert caught.value.cause == "no_volunteer"
    alex.mailbox.disconnected_at = None
    fabrikam.ended_at = clock()
    with pytest.raises(ProbeRefused) as caught:
        probe()
    assert caught.value.cause == "partner_ended"
