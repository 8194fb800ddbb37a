"""An export of Contoso's Exchange as the script writes it, and the fixtures that real cmdlets gave."""

import copy
import json
from datetime import UTC, datetime

from tests.cloud import CONTOSO

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SCHEMA = "calwarden/exchange-export/1"
FABRIKAM_GUID, DEFAULT_GUID = "1062cb0b-c477-4378-a111-ff7b920163f0", "137df5c0-4fe4-49bb-923c-e2bdfd89f448"
EPR = "https://autodiscover-s.outlook.com/autodiscover/autodiscover.svc/WSSecurity"

# From ScubaGear's sample report: what the cmdlets really give, with the names changed.
RELATIONSHIP = {
    "DomainNames": ["fabrikam.com"], "FreeBusyAccessEnabled": True, "FreeBusyAccessLevel": "LimitedDetails",
    "FreeBusyAccessScope": None, "MailboxMoveEnabled": False, "MailboxMoveCapability": "None",
    "MailboxMovePublishedScopes": [], "IdentityMoveEnabled": False, "IdentityMoveCapability": "None",
    "IdentityMovePublishedScopes": [], "PeopleSearchEnabled": False, "PeopleSearchCapability": "None",
    "PeopleSearchPublishedScopes": [], "OAuthApplicationId": None, "DeliveryReportEnabled": False,
    "MailTipsAccessEnabled": False, "MailTipsAccessLevel": "None", "MailTipsAccessScope": None, "PhotosEnabled": False,
    "TargetApplicationUri": "outlook.com", "TargetSharingEpr": None, "TargetOwaURL": None,
    "TargetAutodiscoverEpr": EPR, "OrganizationContact": "", "Enabled": True, "ArchiveAccessEnabled": False,
    "AdminDisplayName": "", "ExchangeVersion": "0.10 (14.0.100.0)", "Name": "Fabrikam",
    "DistinguishedName": "CN=Fabrikam,CN=Federation,CN=Configuration,…", "Identity": "Fabrikam",
    "ObjectCategory": "…/ms-Exch-Fed-Sharing-Relationship", "ObjectClass": ["top", "msExchFedSharingRelationship"],
    "WhenChanged": "/Date(1776320086000)/", "WhenCreated": "/Date(1776320077000)/",
    "WhenChangedUTC": "/Date(1776320086000)/", "WhenCreatedUTC": "/Date(1776320077000)/",
    "ExchangeObjectId": FABRIKAM_GUID, "OrganizationalUnitRoot": "contoso.onmicrosoft.com", "OrganizationId": "…",
    "Id": "Fabrikam", "Guid": FABRIKAM_GUID, "OriginatingServer": "…", "IsValid": True, "ObjectState": "Changed",
}  # fmt: skip
POLICY = {
    "Domains": ["fabrikam.com:CalendarSharingFreeBusySimple", "Anonymous:CalendarSharingFreeBusyReviewer"],
    "Enabled": False, "Default": True, "AdminDisplayName": "", "ExchangeVersion": "0.10 (14.0.100.0)",
    "Name": "Default Sharing Policy", "Identity": "Default Sharing Policy",
    "ObjectClass": ["top", "msExchSharingPolicy"],
    "WhenChanged": "/Date(1742335678000)/", "ExchangeObjectId": "2d52a1ae-4c17-42e0-925e-919b2bf68a18",
    "Id": "Default Sharing Policy", "Guid": DEFAULT_GUID, "IsValid": True, "ObjectState": "Changed",
}  # fmt: skip


def relationship(name="Northwind", guid="00000000-0000-4000-8000-000000000001", **fields):
    """A row as the script writes it."""
    return {
        "Name": name, "Guid": guid, "Enabled": True, "DomainNames": [f"{name.lower()}.com"],
        "FreeBusyAccessEnabled": True, "FreeBusyAccessLevel": "AvailabilityOnly", "FreeBusyAccessScope": None,
        "MailTipsAccessEnabled": True, "MailTipsAccessLevel": "Limited", "ArchiveAccessEnabled": False,
        "DeliveryReportEnabled": False, "MailboxMoveEnabled": False, "MailboxMoveCapability": "None",
        "TargetApplicationUri": "outlook.com", "TargetAutodiscoverEpr": EPR, "TargetSharingEpr": "",
        "WhenChangedUTC": "2026-11-02T08:15:30.1234567Z",
    } | fields  # fmt: skip


def policy(name="Managers", guid="00000000-0000-4000-8000-00000000000a", **fields):
    domains = ["*:CalendarSharingFreeBusySimple", "fabrikam.com: CalendarSharingFreeBusyDetail, ContactsSharing"]
    return {"Name": name, "Guid": guid, "Enabled": True, "Default": False, "Domains": domains} | fields


def whole(**fields):
    """An export of every section, with its counts; a section given as None is left out."""
    export = {
        "schema": SCHEMA, "tenant": CONTOSO, "exportedAt": "2026-11-21T09:30:00.1234567Z",
        "organizationConfig": {"Name": "contoso.onmicrosoft.com", "IsDehydrated": False},
        "acceptedDomains": [
            {"DomainName": "contoso.com", "DomainType": "Authoritative", "Default": True},
            {"DomainName": "contoso.onmicrosoft.com", "DomainType": "Authoritative", "Default": False},
        ],
        "organizationRelationships": [RELATIONSHIP, relationship()],
        "sharingPolicies": [POLICY, policy()],
        "sharingPolicyAssignments": [{"Address": "AlexW@contoso.com", "Policy": "Managers"}],
        "publishedCalendars": [
            {"mailbox": "AdeleV@contoso.com", "folder": "Calendar", "detail": "LimitedDetails", "searchable": False,
             "from": "ThreeMonths", "to": "ThreeMonths"},
        ],
    } | fields  # fmt: skip
    export = copy.deepcopy({key: value for key, value in export.items() if value is not None})
    sections = [key for key in export if key not in ("schema", "tenant", "exportedAt")]
    counts = {key: len(export[key]) if isinstance(export[key], list) else 1 for key in sections}
    return export | {"counts": counts, "end": SCHEMA}


def encoded(export, coding="utf-8"):
    return json.dumps(export, ensure_ascii=False, indent=2).encode(coding)
