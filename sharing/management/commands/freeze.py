"""Stops every change at Microsoft at once, in one tenant or in all; and lifts that."""

from django.utils.timezone import now as clock

from sharing.connect import freezing
from sharing.management.plain import PlainCommand, tenants_named, typed_by
from sharing.models import Tenant

STATES = (Tenant.LISTED, Tenant.CONNECTED, Tenant.LOST)


class Command(PlainCommand):
    help = (
        "Stop every change at Microsoft at once; reading goes on. What was not sent yet is cancelled. "
        "With --lift changes are possible again, once everything was read after the stop. "
        "Exit code 0: it is so for every tenant named."
    )

    def add_arguments(self, parser):
        parser.add_argument("--tenant", default="", help="id, domain or name; all, if it is not given")
        parser.add_argument("--lift", action="store_true", help="let changes happen again")

    def handle(self, *, tenant, lift, **options):
        for each in tenants_named(tenant, states=STATES, lent=True):
            if lift:
                freezing.thaw(tenant=each, now=clock(), by=typed_by())
                self.stdout.write(f"{each}: changes are possible again.")
            elif each.frozen_at:
                self.stdout.write(f"{each}: stopped since {each.frozen_at:%Y-%m-%d %H:%M} UTC already.")
            else:
                freezing.freeze(tenant=each, cause="command", now=clock(), by=typed_by())
                self.stdout.write(f"{each}: every change is stopped.")
