"""Tries whether somebody here sees the free and busy times of somebody at a partner, and remembers what came of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from sharing import graph
from sharing.models import AuditEvent, Partner, Probe, User, Volunteer

from .addresses import domain_of
from .verdicts import Verdict, seen, verdict
from .volunteers import may_lend

AHEAD = timedelta(days=14)
INTERVAL = timedelta(minutes=30)
FAILED = "failed"


class ProbeRefused(Exception):
    """Nothing was asked. `cause` says why: not_an_address, not_of_partner, no_volunteer, partner_ended."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Tried:
    """What is kept, what it means, and for one page the times themselves; None where none came."""

    probe: Probe
    verdict: Verdict
    start: datetime
    end: datetime
    schedule: graph.Schedule | None


def try_partner(
    *, client: graph.Client, volunteer: Volunteer, partner: Partner | None, address: str, actor: User, now: datetime,
    domains: Collection[str] = (),
) -> Tried:  # fmt: skip
    """Asks once for the next 14 days of one person at `partner`, from the mailbox of a volunteer.

    `domains` are those that a relationship names beside the partner's, or where nobody wrote a partner down. It proves
    one direction: what people here see of people there. What went wrong with the call itself is an outcome too. Raises
    ProbeRefused.
    """
    address, tenant = address.strip(), volunteer.tenant
    if not may_lend(volunteer.mailbox) or (partner and partner.tenant_id != tenant.pk):
        raise ProbeRefused("no_volunteer")
    if partner and partner.ended_at:
        raise ProbeRefused("partner_ended")
    if (domain := domain_of(address)) is None:
        raise ProbeRefused("not_an_address")
    if domain not in {*domains, *(partner.domains if partner else ())} - set(tenant.domains):
        raise ProbeRefused("not_of_partner")
    start = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % INTERVAL
    schedule, code, message = None, "", ""
    try:
        schedule = graph.get_schedules(
            client, mailbox_id=str(volunteer.mailbox.person.oid), addresses=[address], start=start, end=start + AHEAD
        )[0]
    except graph.GraphError as error:
        found, code = Verdict(Probe.FAILED, FAILED), error.cause
    else:
        if schedule.error:
            code, message = schedule.error.code, schedule.error.message
            found, schedule = verdict(code, message), None
        else:
            found = seen(has_entries=bool(schedule.items), has_details=schedule.has_details)
    with transaction.atomic():
        probe = Probe.objects.create(
            tenant=tenant, partner=partner, mailbox=volunteer.mailbox, address=address, asked_by=actor,
            asked_at=now, outcome=found.outcome, code=code[:80], message=message[:500],
        )  # fmt: skip
        AuditEvent.objects.record(
            now=now, verb="partner.tried", tenant=tenant, actor=actor, outcome=found.outcome,
            subject={
                "partner": partner.public_id if partner else "", "probe": probe.public_id,
                "mailbox": volunteer.mailbox.public_id,
            },
        )  # fmt: skip
    return Tried(probe, found, start, start + AHEAD, schedule)


def meaning_of(probe: Probe) -> Verdict:
    """What a probe that is remembered means, by what is known of errors today."""
    if probe.outcome == Probe.FAILED:
        return Verdict(Probe.FAILED, FAILED)
    if probe.outcome in (Probe.SEEN, Probe.SEEN_DETAILS, Probe.FREE_OR_UNREADABLE):
        return Verdict(probe.outcome, "")
    return verdict(probe.code, probe.message)
