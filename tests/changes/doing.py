"""What a worker does with a change, and what the sandbox holds afterwards."""

from sharing import changes
from sharing.connect import client_for
from sharing.models import Change
from tests.cloud import CONTOSO

RELATED = ("tenant", "actor", "approved_by", "mailbox__person", "mailbox__tenant", "calendar", "permission", "undoes",
           "follows")  # fmt: skip


def carry_out(change, tenant, clock, **kwargs):
    """One step of one change, now, as a task does it; the row as it is then."""
    row = Change.objects.select_related(*RELATED).get(pk=change.pk)
    if row.calendar:
        row.calendar.mailbox = row.mailbox
    changes.apply(client=client_for(tenant), change=row, clock=clock, **kwargs)
    return Change.objects.select_related(*RELATED).get(pk=change.pk)


def truth(cloud, owner, calendar, who):
    """The role that the sandbox holds for an address on a calendar ("Calendar" is the main one), or None."""
    box = cloud.state.tenants[CONTOSO].user(owner).mailbox
    found = box.primary if calendar == "Calendar" else next(c for c in box.calendars.values() if c.name == calendar)
    rows = found.permissions.values()
    return next((row.role for row in rows if (row.address or "").casefold() == who.casefold()), None)


def invitations(cloud):
    """To whom Exchange would have sent invitations, in order."""
    return [mail["to"] for mail in cloud.state.invitations if mail["what"] == "invited"]
