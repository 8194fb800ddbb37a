"""Gives and takes roles in a tenant; by an admin on a page or by a command, and always audited."""

from datetime import datetime

from django.db import transaction

from sharing import access, graph
from sharing.models import AuditEvent, Person, RoleAssignment, Tenant, User


def give_role(
    *, tenant: Tenant, oid: str, role: str, now: datetime, person: Person | graph.User | None = None,
    actor: User | None = None, by: str = "", everywhere: bool = False,
) -> tuple[RoleAssignment, bool]:  # fmt: skip
    """Give somebody of the tenant a role in it, before they ever signed in; and whether that is new. Safe to repeat.

    `actor` is the admin who gives it, whose right to do so is checked: raises access.OwnRole. A command has none, and
    `by` names it. `person` is who that is in the directory, where it is known. `everywhere` is for admins: of the
    whole installation, who may connect further tenants and replace what the app proves itself with.
    """
    shown = {"name": person.name[:256], "address": (person.address or "")[:320]} if person else {}
    with transaction.atomic():
        user, _ = User.objects.update_or_create(tenant=tenant, oid=oid, defaults=shown)
        where = None if everywhere else tenant
        wanted = RoleAssignment(user=user, tenant=where, role=role)
        if actor:
            access.check_role_change(actor, wanted, removing=False)
        assignment, is_new = RoleAssignment.objects.get_or_create(
            user=user, tenant=where, role=role,
            defaults={"source": "page" if actor else "command", "given_by": actor, "given_at": now},
        )  # fmt: skip
        if is_new:
            AuditEvent.objects.record(
                now=now, verb="role.given", tenant=where, actor=actor, actor_name=by, subject={"oid": str(user.oid)},
                after=role,
            )  # fmt: skip
    return assignment, is_new


def take_role(*, assignment: RoleAssignment, actor: User, now: datetime) -> None:
    """Take a role away. Raises access.OwnRole, access.LastAdmin; what was written is then undone."""
    with transaction.atomic():
        # Writing the event first takes the chain's row, so that of two admins removing each other one is refused.
        AuditEvent.objects.record(
            now=now, verb="role.taken", tenant=assignment.tenant, actor=actor,
            subject={"oid": str(assignment.user.oid)}, before=assignment.role,
        )  # fmt: skip
        access.check_role_change(actor, assignment, removing=True)
        assignment.delete()
