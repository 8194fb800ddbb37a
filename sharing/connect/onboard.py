"""One tenant from unknown to read, and to written to: what the command `connect` does, sentence by sentence."""

from collections.abc import Iterator
from datetime import datetime

from sharing import graph
from sharing.models import RoleAssignment, Tenant

from . import tenants
from .clients import client_for_tid
from .proof import Proof, prove
from .roles import give_role
from .sentences import NotConnected, sentence_for


def onboard(
    *, tid: str, now: datetime, by: str, admin: str = "", everywhere: bool = False, writes: str = "", name: str = ""
) -> Iterator[str]:
    """List the tenant, make `admin` (an object id) its admin, prove it, read it; `writes` is "on", "off" or nothing.

    With `everywhere` that person is admin of the whole installation as well.

    Yields what was done, in sentences. Raises NotConnected with the sentence that says why it went no further; what
    was yielded before stays done. A tenant that Microsoft does not know is not listed.
    """
    tid = tenants.checked_id(tid, what="a tenant id")
    admin = tenants.checked_id(admin, what="an object id") if admin else ""
    known = Tenant.objects.filter(tid=tid).first()
    if writes == "off" and known:
        tenants.writes_off(tenant=known, now=now, by=by)
        yield f"Writing is off in {known}."
        if not admin:
            return
    proof, person, failure = _ask(tid, admin, now)
    tenant = tenants.enlist(tid=tid, now=now, by=by, name=name)
    if proof and proof.organization and not tenant.name:
        tenant.name = proof.organization.name
    if admin:
        given, _ = give_role(tenant=tenant, oid=admin, role=RoleAssignment.ADMIN, now=now, by=by, person=person)
        yield f"{given.user.name or admin} is admin of {tenant}."
        if everywhere:
            give_role(
                tenant=tenant, oid=admin, role=RoleAssignment.ADMIN, now=now, by=by, person=person, everywhere=True
            )
            yield f"{given.user.name or admin} is admin of the whole installation."
    if proof is None:
        how = "did not let us in this time" if tenant.is_read else "is listed but not connected"
        raise NotConnected(f"{tenant} {how}. {failure}")
    tenants.connect(tenant=tenant, proof=proof, now=now, by=by)
    if proof.probed:
        yield f"{tenant} answers: the calendars of {proof.probed} could be read."
    else:
        yield (
            f"{tenant} answers. No mailbox was tried: nobody who has an account here or was invited has one, and nobody"
            " else is asked about."
        )
        yield "People are read once they sign in or are invited."
    if proof.excess:
        yield f"The app holds more than Calwarden needs: {', '.join(proof.excess)}. Take that away in Entra."
    if writes == "on":
        tenants.writes_on(tenant=tenant, proof=proof, now=now, by=by)
    yield f"{tenant} is connected, for reading{' and writing' if tenant.writes_on else ' only'}."


def _ask(tid: str, admin: str, now: datetime) -> tuple[Proof | None, graph.User | None, str]:
    """The proof and the admin's directory entry, or the sentence that says why there are none.

    Raises NotConnected where nothing should be kept either: wrong settings, no such tenant, nobody with this id.
    """
    try:
        client = client_for_tid(tid)
        proof = prove(client=client, tid=tid, now=now, approver=admin)
        return proof, tenants.find_person(client=client, oid=admin) if admin else None, ""
    except (graph.ConfigurationRefused, graph.TenantNotFound) as error:
        raise NotConnected(sentence_for(error, tid=tid)) from None
    except graph.GraphError as error:
        return None, None, sentence_for(error, tid=tid)
