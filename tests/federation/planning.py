"""Contoso with two operators and a reviewer, and exports of its Exchange as rows; nothing of the mirror."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta

from sharing.models import (
    ExchangeSnapshot,
    OrganizationRelationship,
    RoleAssignment,
    SharingPolicy,
    Tenant,
    User,
)
from tests.cloud import CONTOSO

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
FABRIKAM_GUID = uuid.UUID("1062cb0b-c477-4378-a111-ff7b920163f0")
POLICY_GUID = uuid.UUID("137df5c0-4fe4-49bb-923c-e2bdfd89f448")
WITH_FABRIKAM = {
    "guid": FABRIKAM_GUID, "name": "Fabrikam", "domains": ["fabrikam.com"], "is_enabled": True, "has_free_busy": True,
    "level": "AvailabilityOnly", "scope_group": "",
}  # fmt: skip
DEFAULT_POLICY = {
    "guid": POLICY_GUID, "name": "Default Sharing Policy", "is_enabled": True, "is_default": True,
    "entries": [
        {"domain": "*", "actions": "CalendarSharingFreeBusySimple", "level": "freeBusyRead"},
        {"domain": "fabrikam.com", "actions": "CalendarSharingFreeBusyDetail", "level": "limitedRead"},
    ],
}  # fmt: skip
READ = dict.fromkeys(ExchangeSnapshot.SECTIONS[:4], ExchangeSnapshot.READ)


class World:
    """Everybody, and a way to say what Exchange held when it was exported next, an hour after the last time."""

    def __init__(self):
        self.now = NOW
        self.tenant = Tenant.objects.create(
            tid=CONTOSO,
            name="Contoso",
            domains=["contoso.com"],
            cloud="sandbox",
            state=Tenant.CONNECTED,
            state_since=NOW,
        )
        self.lidia, self.miriam = self.operator("Lidia Holloway"), self.operator("Miriam Graham")
        self.isaiah = self.user("Isaiah Langer")
        self._hours = itertools.count(1)

    def user(self, name, tenant=None):
        address = f"{name.split()[0]}@contoso.com"
        return User.objects.create(tenant=tenant or self.tenant, oid=uuid.uuid4(), name=name, address=address)

    def operator(self, name):
        user = self.user(name)
        RoleAssignment.objects.create(user=user, role=RoleAssignment.OPERATOR, tenant=self.tenant, given_at=NOW)
        return user

    def exported(self, relationships=(), policies=(), sections=None, domains=("contoso.com", "contoso.net")):
        at = self.now + timedelta(hours=next(self._hours))
        snapshot = ExchangeSnapshot.objects.create(
            tenant=self.tenant, exported_at=at, taken_at=at, taken_by=self.isaiah, digest=uuid.uuid4().hex,
            sections={**READ, **(sections or {})}, is_dehydrated=False, domains=list(domains),
        )  # fmt: skip
        for row in relationships:
            OrganizationRelationship.objects.create(tenant=self.tenant, snapshot=snapshot, **row)
        for row in policies:
            SharingPolicy.objects.create(tenant=self.tenant, snapshot=snapshot, **row)
        return snapshot
