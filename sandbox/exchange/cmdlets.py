"""Exchange's commands about organizations: connection, customization, relationships and sharing policies.

https://learn.microsoft.com/powershell/module/exchangepowershell/
"""

import re
from typing import Any

from sandbox import ids
from sandbox.exchange.cmdlet import Cmdlet
from sandbox.exchange.rows import AUTODISCOVER, NEW, Policy, Relationship
from sandbox.exchange.run import Run
from sandbox.exchange.session import Session, missing
from sandbox.exchange.values import Choice, Guid, Hash, Object, Wrong, moment, text
from sandbox.rows import Group

Given = dict[str, Any]
Piped = list[Any] | None
LONGEST_NAME, MOST_DOMAINS = 64, 238
LEVELS = ("None", "AvailabilityOnly", "LimitedDetails")
CHOICES = {
    "FreeBusyAccessLevel": LEVELS,
    "MailTipsAccessLevel": ("None", "All", "Limited"),
    "MailboxMoveCapability": ("None", "Inbound", "Outbound", "RemoteInbound", "RemoteOutbound"),
}
SCOPES = ("FreeBusyAccessScope", "MailTipsAccessScope")
URIS = ("TargetApplicationUri", "TargetAutodiscoverEpr", "TargetSharingEpr", "TargetOwaURL")
ACTIONS = (
    "CalendarSharingFreeBusySimple", "CalendarSharingFreeBusyDetail", "CalendarSharingFreeBusyReviewer",
    "ContactsSharing",
)  # fmt: skip
# Organizations outside this cloud that answer when they are asked where they are.
PARTNERS = ("adatum.com", "tailspintoys.com", "northwindtraders.com", "litware.com")
DEHYDRATED = (
    "The command you tried to run isn't currently allowed in your organization. To run this command, you first need to "
    "run the command: Enable-OrganizationCustomization."
)
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z", re.I)


# The organization


def connection(run: Run, given: Given, piped: Piped) -> list[Any]:
    session: Session = run.session
    named = {"Name": "ExchangeOnline_1", "State": "Connected", "TokenStatus": "Active", "TenantID": session.tenant.tid}
    admin = f"admin@{session.tenant.domains[-1]}"
    return [Object({**named, "UserPrincipalName": admin, "Organization": session.tenant.domains[-1]}, is_closed=True)]


def config(run: Run, given: Given, piped: Piped) -> list[Any]:
    name = run.session.tenant.domains[-1]
    members = {"Name": name, "DisplayName": run.session.tenant.name, "IsDehydrated": run.session.exchange.is_dehydrated}
    return [Object({**members, "Identity": name}, name, is_closed=True)]


def customize(run: Run, given: Given, piped: Piped) -> list[Any]:
    if run.session.customization == "refused":
        raise Wrong("This operation is not available in current service offer.")
    if not run.session.exchange.is_dehydrated:
        raise Wrong("This operation is not required. Organization is already enabled for customization.")
    if run.session.may(run, given, "enable customization of this organization"):
        run.session.exchange.is_dehydrated = False
    return []


def accepted_domains(run: Run, given: Given, piped: Piped) -> list[Any]:
    return [
        Object(
            {"Name": domain, "DomainName": domain, "DomainType": Choice("Authoritative", 0), "Default": place == 0},
            domain,
            is_closed=True,
        )
        for place, domain in enumerate(run.session.tenant.domains)
    ]


def federation(run: Run, given: Given, piped: Piped) -> list[Any]:
    """Where another organization answers; of its domains only the one that was asked for."""
    domain = given.get("domainname", "").lower()
    here = [known.lower() for tenant in run.session.state.tenants.values() for known in tenant.domains]
    if domain not in (*here, *PARTNERS):
        raise Wrong(f"Federation information could not be received from the external organization. ({domain})")
    members = {
        "TargetApplicationUri": "outlook.com",
        "DomainNames": [domain],
        "TargetAutodiscoverEpr": AUTODISCOVER,
        "TokenIssuerUris": ["urn:federation:MicrosoftOnline"],
        "Identity": "",
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
    return [Object(members, is_closed=True)]


# Relationships


def shown(session: Session, each: Relationship) -> Object:
    """A relationship as Get-OrganizationRelationship gives it."""
    members: dict[str, Any] = dict(each.values)
    for name, choices in CHOICES.items():
        members[name] = Choice(members[name], choices.index(members[name]))
    for name in SCOPES:
        group = session.tenant.groups.get(members[name] or "")
        members[name] = group.name if group else None
    members |= {"Identity": each.name, "Id": each.name, "Guid": Guid(each.guid), "ExchangeObjectId": Guid(each.guid)}
    members["DistinguishedName"] = f"CN={each.name},CN=Federation,CN=Configuration,CN={session.tenant.domains[-1]}"
    members |= {"WhenCreatedUTC": moment(each.created_at), "WhenChangedUTC": moment(each.changed_at)}
    members |= {"WhenCreated": moment(each.created_at), "WhenChanged": moment(each.changed_at)}
    return Object({**members, "IsValid": True, "ObjectState": "Unchanged"}, each.name, is_closed=True)


def relationships(run: Run, given: Given, piped: Piped) -> list[Any]:
    """One, or all of them where the identity is empty, whether that was meant or not."""
    found = run.session.exchange.relationships
    name = given.get("identity", "")
    if name:
        found = [named(run, name)]
    return [shown(run.session, each) for each in found]


def named(run: Run, name: str) -> Relationship:
    if not name:
        raise Wrong("Cannot bind argument to parameter 'Identity' because it is null or empty.")
    for each in run.session.exchange.relationships:
        if name.lower() in (each.name.lower(), each.guid):
            return each
    raise missing(run.session, name)


def meant(given: Given, piped: Piped) -> list[str]:
    """Whom a command is about: its -Identity, or what came through the pipeline."""
    if piped is None or "identity" in given:
        return [given.get("identity", "")]
    return [text(each.get("Guid") or each.get("Identity")) if isinstance(each, Hash) else text(each) for each in piped]


def wanted(run: Run, given: Given, before: dict[str, Any], own_guid: str = "") -> dict[str, Any]:
    """The members a relationship has with what was given. Raises Wrong."""
    found = dict(before)
    for name in NEW:
        if name.lower() not in given:
            continue
        value = given[name.lower()]
        if name == "DomainNames":
            found[name] = domains(value, before[name])
        elif name in CHOICES:
            found[name] = chosen(name, text(value))
        elif name in SCOPES:
            found[name] = group(run, text(value)).oid if text(value) else None
        elif name in URIS:
            found[name] = text(value) or None
        else:
            found[name] = value
    if not found["Name"] or len(found["Name"]) > LONGEST_NAME:
        raise Wrong(f"The length of the property Name is to be between 1 and {LONGEST_NAME}.")
    for each in run.session.exchange.relationships:
        if each.guid != own_guid and each.name.lower() == found["Name"].lower():
            raise Wrong(f'The organization relationship "{found["Name"]}" already exists.')
    return found


def domains(value: Any, before: list[str]) -> list[str]:
    """The new list: what was given, or the old one with @{Add=…; Remove=…} carried out."""
    if isinstance(value, Hash):
        less = [text(each).lower() for each in listed(value.get("Remove"))]
        more = [text(each) for each in listed(value.get("Add"))]
        if odd := [name for name, _ in value.pairs() if name.lower() not in ("add", "remove")]:
            raise Wrong(f"A hash table for DomainNames has Add and Remove; not {odd[0]}.")
        value = [each for each in before if each.lower() not in less] + more
    if len(value) > MOST_DOMAINS:
        raise Wrong(f"The request has more than {MOST_DOMAINS} domain names.")
    if odd := [each for each in value if not _DOMAIN.match(each)]:
        raise Wrong(f'"{odd[0]}" isn\'t a valid SMTP domain.')
    return list({each.lower(): each for each in value}.values())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def chosen(name: str, value: str) -> str:
    for each in CHOICES[name]:
        if each.lower() == value.lower():
            return each
    raise Wrong(f'Cannot convert value "{value}" to {name}. Possible values: {", ".join(CHOICES[name])}.')


def group(run: Run, name: str) -> Group:
    """A mail-enabled security group by name, address or id."""
    for each in run.session.tenant.groups.values():
        known = (each.name, each.mail, each.oid, (each.mail or "").partition("@")[0])
        if name.lower() in [text(one).lower() for one in known]:
            if not (each.mail_enabled and each.security_enabled):
                raise Wrong(f'"{name}" isn\'t a mail-enabled security group.')
            found: Group = each
            return found
    raise missing(run.session, name)


def new_relationship(run: Run, given: Given, piped: Piped) -> list[Any]:
    if not given.get("domainnames"):
        raise Wrong("Cannot process command because of one or more missing mandatory parameters: DomainNames.")
    values = wanted(run, given, NEW)
    if not run.session.may(run, given, f'create the organization relationship "{values["Name"]}"'):
        return []
    at = run.session.stamp()
    made = Relationship(ids.object_id("relationship", run.session.tenant.tid, values["Name"], at), values, at, at)
    run.session.exchange.relationships.append(made)
    return [shown(run.session, made)]


def set_relationship(run: Run, given: Given, piped: Piped) -> list[Any]:
    for name in meant(given, piped):
        each = named(run, name)
        values = wanted(run, given, each.values, each.guid)
        if run.session.may(run, given, f'set the organization relationship "{each.name}"'):
            each.values, each.changed_at = values, run.session.stamp()
    return []


def remove_relationship(run: Run, given: Given, piped: Piped) -> list[Any]:
    for name in meant(given, piped):
        each = named(run, name)
        if run.session.may(run, given, f'remove the organization relationship "{each.name}"', asks=True):
            run.session.exchange.relationships.remove(each)
    return []


def try_relationship(run: Run, given: Given, piped: Piped) -> list[Any]:
    """Test-OrganizationRelationship looks at the configuration only: nothing is tried."""
    each = named(run, given.get("identity", ""))
    run.session.mailbox(given.get("useridentity", ""))
    if not each.values["TargetApplicationUri"] or not each.values["TargetOwaURL"]:
        raise Wrong("TargetApplicationUri and TargetOwaURL of the organization relationship must be set.")
    said = "The configuration allows free/busy." if each.level != "None" else "The configuration allows no free/busy."
    status = "Success" if each.is_enabled and each.level != "None" else "Error"
    return [Object({"Id": "OrganizationRelationship", "Status": status, "Description": said}, is_closed=True)]


# Sharing policies


def shown_policy(each: Policy) -> Object:
    members = {"Domains": list(each.domains), "Enabled": each.is_enabled, "Default": each.is_default}
    members |= {"Name": each.name, "Identity": each.name, "Id": each.name, "Guid": Guid(each.guid)}
    members |= {
        "ExchangeObjectId": Guid(ids.object_id("exchange", each.guid)),
        "WhenChangedUTC": moment(each.changed_at),
    }
    members["DistinguishedName"] = f"CN={each.name},CN=Federation,CN=Configuration"
    return Object({**members, "IsValid": True, "ObjectState": "Unchanged"}, each.name, is_closed=True)


def policies(run: Run, given: Given, piped: Piped) -> list[Any]:
    name = given.get("identity", "")
    found = [policy(run.session, name)] if name else run.session.exchange.policies
    return [shown_policy(each) for each in found]


def policy(session: Session, name: str) -> Policy:
    if not name:
        raise Wrong("Cannot bind argument to parameter 'Identity' because it is null or empty.")
    for each in session.exchange.policies:
        if name.lower() in (each.name.lower(), each.guid):
            return each
    raise missing(session, name)


def entries(value: Any, before: list[str]) -> list[str]:
    """The entries of a policy, one per domain, as Exchange writes them: no space behind the colon."""
    if isinstance(value, Hash):
        less = [text(each).partition(":")[0].lower() for each in listed(value.get("Remove"))]
        value = [each for each in before if each.partition(":")[0].lower() not in less] + [
            text(each) for each in listed(value.get("Add"))
        ]
    found: dict[str, str] = {}
    for each in value:
        domain, _, said = each.partition(":")
        actions = [action.strip() for action in said.split(",")]
        known = {action.lower(): action for action in ACTIONS}
        domain = domain.strip()
        if not (domain in ("*", "Anonymous") or _DOMAIN.match(domain)) or {a.lower() for a in actions} - known.keys():
            raise Wrong(f'The sharing policy domain "{each}" isn\'t valid.')
        if domain.lower() in found:
            raise Wrong(f'The sharing policy already has an entry for "{domain}".')
        found[domain.lower()] = f"{domain}:{', '.join(known[action.lower()] for action in actions)}"
    return list(found.values())


def new_policy(run: Run, given: Given, piped: Piped) -> list[Any]:
    if run.session.exchange.is_dehydrated:
        raise Wrong(DEHYDRATED)
    name = given.get("name", "")
    if not name or name.lower() in [each.name.lower() for each in run.session.exchange.policies]:
        raise Wrong(f'The sharing policy "{name}" has no name or already exists.')
    at = run.session.stamp()
    guid = ids.object_id("policy", run.session.tenant.tid, name, at)
    made = Policy(guid, name, entries(given.get("domains", []), []), given.get("enabled", True), changed_at=at)
    if not run.session.may(run, given, f'create the sharing policy "{name}"'):
        return []
    run.session.exchange.policies.append(made)
    if given.get("default"):
        make_default(run.session, made)
    return [shown_policy(made)]


def set_policy(run: Run, given: Given, piped: Piped) -> list[Any]:
    if run.session.exchange.is_dehydrated:
        raise Wrong(DEHYDRATED)
    for name in meant(given, piped):
        each = policy(run.session, name)
        changed = entries(given["domains"], each.domains) if "domains" in given else each.domains
        if run.session.may(run, given, f'set the sharing policy "{each.name}"'):
            each.domains, each.changed_at = changed, run.session.stamp()
            each.is_enabled, each.name = given.get("enabled", each.is_enabled), given.get("name", each.name)
            if given.get("default"):
                make_default(run.session, each)
    return []


def make_default(session: Session, chosen: Policy) -> None:
    for each in session.exchange.policies:
        each.is_default = each is chosen


_ASKED = {"Confirm": "switch", "WhatIf": "switch"}
_KINDS = {bool: "bool", list: "list"}
_MEMBERS = {name: _KINDS.get(type(value), "text") for name, value in NEW.items()}
_POLICY = {"Name": "text", "Domains": "list", "Enabled": "bool", "Default": "switch", **_ASKED}
_IDENTITY = {"Identity": "text"}
_FEDERATION = {"DomainName": "text", "BypassAdditionalDomainValidation": "switch", "Force": "switch"}
_CONNECT = {"UserPrincipalName": "text", "ShowBanner": "bool", "Device": "switch", "Organization": "text"}
COMMANDS = (
    Cmdlet("Connect-ExchangeOnline", lambda run, given, piped: [], _CONNECT),
    Cmdlet("Disconnect-ExchangeOnline", lambda run, given, piped: [], {"Confirm": "switch"}),
    Cmdlet("Get-ConnectionInformation", connection),
    Cmdlet("Get-OrganizationConfig", config),
    Cmdlet("Enable-OrganizationCustomization", customize, _ASKED),
    Cmdlet("Get-AcceptedDomain", accepted_domains),
    Cmdlet("Get-FederationInformation", federation, _FEDERATION, ("DomainName",)),
    Cmdlet("Get-OrganizationRelationship", relationships, _IDENTITY, ("Identity",)),
    Cmdlet("New-OrganizationRelationship", new_relationship, {**_MEMBERS, **_ASKED}, ("Name",)),
    Cmdlet(
        "Set-OrganizationRelationship",
        set_relationship,
        {**_MEMBERS, **_IDENTITY, **_ASKED, "Force": "switch"},
        ("Identity",),
    ),
    Cmdlet("Remove-OrganizationRelationship", remove_relationship, {**_IDENTITY, **_ASKED}, ("Identity",)),
    Cmdlet("Test-OrganizationRelationship", try_relationship, {**_IDENTITY, "UserIdentity": "text"}, ("Identity",)),
    Cmdlet("Get-SharingPolicy", policies, _IDENTITY, ("Identity",)),
    Cmdlet("New-SharingPolicy", new_policy, _POLICY, ("Name",)),
    Cmdlet("Set-SharingPolicy", set_policy, {**_POLICY, **_IDENTITY}, ("Identity",)),
)
