"""Registers a tenant, proves that it can be read, and switches reading and writing on."""

from django.core.management.base import CommandError
from django.utils.timezone import now as clock

from sharing.connect import onboard
from sharing.management.plain import PlainCommand, typed_by


class Command(PlainCommand):
    help = "List a tenant, make its admin, prove that its calendars can be read, and read it from now on."

    def add_arguments(self, parser):
        parser.add_argument("tenant_id", metavar="TENANT_ID", help="the directory (tenant) id in Entra, a GUID")
        parser.add_argument("--admin", metavar="OID", default="", help="object id of the tenant's admin in this portal")
        parser.add_argument(
            "--installation", action="store_true",
            help="that admin may also connect further tenants and replace certificates",
        )  # fmt: skip
        parser.add_argument("--writes", choices=("on", "off"), default="", help="let owners change their sharing")
        parser.add_argument("--name", default="", help="what to call the tenant until Microsoft has said its name")

    def handle(self, *, tenant_id, admin, installation, writes, name, **options):
        if installation and not admin:
            raise CommandError("--installation says what --admin OID may do: give both.")
        by = typed_by()
        for sentence in onboard(
            tid=tenant_id, admin=admin, everywhere=installation, writes=writes, name=name, now=clock(), by=by
        ):
            self.stdout.write(sentence)
