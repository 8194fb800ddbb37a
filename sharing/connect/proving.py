"""Proves an approved link at Microsoft: a token from that tenant, its own id, and one mailbox that can be read."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sharing import graph
from sharing.models import BOOKER, READER, ActivationLink, AuditEvent

from .proof import MEETINGS, WRITES, Proof, is_let_in_by_group, prove
from .sentences import NotConnected

LEASE = timedelta(minutes=3)
# Approval needs some minutes to arrive everywhere at Microsoft.
LAG = timedelta(minutes=15)
# Trouble of ours or of the network is waited out until the link would have ended, and a day at least.
PATIENCE = timedelta(days=1)
SOON, LATER = timedelta(seconds=15), timedelta(seconds=60)


def prove_link(*, link: ActivationLink, client: graph.Client, clock: Callable[[], datetime]) -> None:
    """Try once what the link was approved for: it is then proved, failed, or tried again later. Safe to repeat."""
    now = clock()
    if link.state != ActivationLink.APPROVED or not link.claim(now=now, lease=LEASE):
        return
    patient_until = max(link.expires_at, link.state_since + PATIENCE) + LAG
    if link.attempt > 1 and now >= patient_until:
        # Whoever tried before never came back to say what happened.
        _end(link, now, ActivationLink.FAILED, link.cause or "unreachable")
        return
    try:
        if link.app != READER and is_let_in_by_group(link.tenant, client):
            _end(link, clock(), ActivationLink.PROVED, "", organization=_found_by_group(link))
            return
        proof = prove(client=client, tid=str(link.tenant.tid), now=now, approver=str(link.approved_by_oid or ""))
    except NotConnected:
        _end(link, clock(), ActivationLink.FAILED, "other_organization")
    except graph.TenantNotFound as error:
        _end(link, clock(), ActivationLink.FAILED, error.cause)
    except graph.ConsentMissing as error:
        _wait(link, clock(), error.cause, until=link.state_since + LAG)
    except graph.GraphError as error:
        # Trouble of ours or of the network takes nothing from the approval.
        _wait(link, clock(), error.cause, until=patient_until)
    else:
        _judge(link, clock(), proof)


def _judge(link: ActivationLink, now: datetime, proof: Proof) -> None:
    """What was found is shown to an admin; what lacks may still be on its way."""
    cause = _lack(link, proof)
    if cause and now < link.state_since + LAG:
        _wait(link, now, cause, until=link.state_since + LAG)
    else:
        state = ActivationLink.FAILED if cause else ActivationLink.PROVED
        _end(link, now, state, cause, organization=_found(proof))


def _lack(link: ActivationLink, proof: Proof) -> str:
    """What stands in the way, as a cause word; nothing where the tenant can be read, or written to."""
    if link.app != READER:
        needs = MEETINGS if link.app == BOOKER else WRITES
        return "consent_missing" if {need.role for need in needs} - (proof.roles or frozenset()) else ""
    if proof.missing or not proof.organization:
        return "consent_missing"
    return "" if proof.probed or proof.nobody_to_try else "no_mailbox_read"


def _found(proof: Proof) -> dict[str, Any]:
    """What an admin is shown and `confirm_link` stores."""
    organization = proof.organization
    return {
        "name": organization.name[:256] if organization else "",
        "domains": list(organization.domains) if organization else [],
        "roles": sorted(proof.roles or ()),
        "lacking": [need.role for need in proof.missing],
        "probed": proof.probed,
    }


def _found_by_group(link: ActivationLink) -> dict[str, Any]:
    """The same of the second registration where Exchange alone lets it in: nothing more can be said of it."""
    tenant = link.tenant
    return {
        "name": tenant.name, "domains": tenant.domains, "roles": [], "lacking": [], "probed": "", "by_group": True,
    }  # fmt: skip


def _wait(link: ActivationLink, now: datetime, cause: str, *, until: datetime) -> None:
    """Again soon while the approval is fresh, then every minute, at most until `until`."""
    if now >= until:
        _end(link, now, ActivationLink.FAILED, cause)
        return
    pause = SOON if now < link.state_since + timedelta(minutes=2) else LATER
    link.let_go(due_at=min(now + pause, until), cause=cause[:80])


def _end(link: ActivationLink, now: datetime, state: str, cause: str, **fields: Any) -> None:
    with transaction.atomic():
        if not link.let_go(state=state, cause=cause[:80], state_since=now, **fields):
            return
        # What an earlier proof found stands on the link: one that is repeated is told apart from the first.
        proved = "link.proved_again" if link.organization else "link.proved"
        verb = proved if state == ActivationLink.PROVED else "link.failed"
        AuditEvent.objects.record(
            now=now, verb=verb, tenant=link.tenant, subject={"link": link.public_id, "app": link.app},
            outcome=cause[:80],
        )  # fmt: skip
