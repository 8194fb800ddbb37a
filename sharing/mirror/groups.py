"""Counts the people behind the groups that hold access."""

import logging
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from sharing import graph
from sharing.models import CalendarPermission, Person, Tenant

log = logging.getLogger(__name__)


def count_groups(*, tenant: Tenant, client: graph.Client, now: datetime, is_whole: bool) -> None:
    """Ask how many people are in the groups that hold access; a number that cannot be had becomes unknown.

    Only groups that hold access somewhere: a tenant may have thousands of others, and each costs a question. `is_whole`
    asks for all of them; otherwise those are asked for that never were.
    """
    held = Exists(CalendarPermission.objects.open().filter(grantee=OuterRef("pk")))
    groups = Person.objects.filter(tenant=tenant, kind=Person.GROUP, ended_at=None).annotate(holds_access=held)
    if is_whole:
        groups = groups.filter(Q(holds_access=True) | Q(size__isnull=False))
    else:
        groups = groups.filter(holds_access=True, size_at=None)
    found = list(groups.order_by("pk"))
    try:
        sizes = graph.count_members(client, [str(group.oid) for group in found if group.holds_access])
    except graph.GraphError as error:
        log.warning("groups could not be counted", extra={"tenant": str(tenant.tid), "cause": error.cause})
        sizes = {}
    for group in found:
        size = sizes.get(str(group.oid))
        size_at = now if group.holds_access else None
        if group.size != size or (group.size_at is None) != (size_at is None):
            Person.objects.filter(pk=group.pk).update(size=size, size_at=size_at)
