"""Lets go of what is older than each tenant keeps, for whoever owns the tables."""

from django.utils.timezone import now as clock

from sharing import audit
from sharing.management.plain import PlainCommand


class Command(PlainCommand):
    help = "Delete history and activity that is older than each tenant keeps. Workers do it too, if their role may."

    def handle(self, **options):
        tenants = list(audit.retention.due(clock()).order_by("pk"))
        for tenant in tenants:
            while not audit.prune(tenant=tenant, now=clock()):
                pass
        self.stdout.write(f"Nothing older than is kept is left in {len(tenants)} tenants.")
