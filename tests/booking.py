"""The registration for meetings as a tenant has it that approved it and switched it on."""

from sandbox import cast as sandbox_cast
from sandbox.world import BOOKER_SECRET
from sharing.connect import clients
from sharing.models import Tenant
from tests.contoso import control


def let_people_book(tenant, cloud, settings):
    """The tenant, loaded anew: its administrator approved the app for meetings, and its admin switched them on."""
    settings.MICROSOFT_BOOKER_CLIENT_ID, settings.MICROSOFT_BOOKER_SECRET = sandbox_cast.BOOKER_APP, BOOKER_SECRET
    given = {"client_id": sandbox_cast.BOOKER_APP, "tenant": str(tenant.tid), "roles": ["Calendars.ReadWrite"]}
    control(cloud, "consent", given)
    Tenant.objects.filter(pk=tenant.pk).update(has_booker=True, bookings_on=True)
    clients.forget_tokens()
    return Tenant.objects.get(pk=tenant.pk)
