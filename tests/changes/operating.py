"""Lidia operates Contoso, Allan is a second operator; who has what at Alex's is read by the real mirror."""

import time_machine

from sharing import changes, tasks
from sharing.models import CalendarPermission, Change, ChangeBatch, RoleAssignment
from tests.contoso import user

ALEX, ADELE, MEGAN = "AlexW@contoso.com", "AdeleV@contoso.com", "MeganB@contoso.com"
LIDIA, ALLAN, CHARLIE = "LidiaH@contoso.com", "AllanD@contoso.com", "CharlieR@contoso.com"


def operator(tenant, address, now):
    found = user(tenant, address)
    RoleAssignment.objects.get_or_create(user=found, tenant=tenant, role="operator", defaults={"given_at": now})
    return found


def rows_of(*permissions):
    return CalendarPermission.objects.filter(pk__in=[permission.pk for permission in permissions])


def check(tenant, actor, now, permissions, kind=ChangeBatch.REMOVE, **fields):
    return changes.check_batch(
        tenant=tenant, kind=kind, permissions=rows_of(*permissions), actor=actor, now=now, **fields
    )


def work(clock, steps=1):
    """A worker does what is due, a few times, a little later each time."""
    for _ in range(steps):
        with time_machine.travel(clock.now, tick=False):
            for task, pk in list(tasks.due_changes(clock.now)):
                task(pk)
        clock.forward(seconds=5)
    return list(Change.objects.order_by("pk"))
