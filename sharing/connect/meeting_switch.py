"""Whether people of a tenant may find times and book meetings here: its own registration, and its own switch."""

from datetime import datetime

from django.db import transaction

from sharing.models import BOOKER, AuditEvent, Grant, Tenant, User

from . import clients, grants
from .sentences import NotConnected


def is_set_up() -> bool:
    """Whether this installation has a registration for meetings."""
    return bool(clients.client_id_of(BOOKER))


def let_people_book(*, tenant: Tenant, on: bool, actor: User, now: datetime) -> None:
    """The switch; off ends what people lent for it, too. Safe to repeat.

    Raises NotConnected where there is no registration for it or, domain-wide, the tenant did not approve it.
    """
    if on and not is_set_up():
        raise NotConnected("No registration for meetings is set up: MICROSOFT_BOOKER_CLIENT_ID names it.")
    if on and tenant.mode == Tenant.DOMAIN_WIDE and not (tenant.is_read and tenant.has_booker):
        raise NotConnected("The registration for meetings is not approved yet: make a link that asks for it.")
    with transaction.atomic():
        if not Tenant.objects.filter(pk=tenant.pk, bookings_on=not on).update(bookings_on=on):
            return
        verb = "tenant.bookings_on" if on else "tenant.bookings_off"
        AuditEvent.objects.record(now=now, verb=verb, tenant=tenant, actor=actor)
        if not on:
            lent = Grant.objects.filter(tenant=tenant, app=BOOKER).exclude(cause=grants.DISCONNECTED)
            for grant in lent.select_related("tenant", "user__tenant"):
                grants.disconnect(grant=grant, now=now, actor=actor)
    tenant.bookings_on = on
