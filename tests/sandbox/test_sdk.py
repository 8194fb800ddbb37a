"""Microsoft's own SDK against the sandbox over a socket: a client nobody here wrote meets nothing it does not know."""

import asyncio
import os
import warnings
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import requests

from sandbox import cast, ids
from sandbox.cloud import Cloud
from sandbox.rows import ROLES
from sandbox.server import Server

if not os.environ.get("CI"):
    reason = "left out: sdk tests need Microsoft's SDK (scripts/setup.py --dev --sdk)"
    pytest.importorskip("msgraph", reason=reason)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the SDK warns of parts of itself
    import httpx
    from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider as Bearer
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from kiota_abstractions.serialization import Parsable
    from msgraph import GraphRequestAdapter, GraphServiceClient
    from msgraph.generated.models.calendar import Calendar
    from msgraph.generated.models.calendar_permission import CalendarPermission
    from msgraph.generated.models.calendar_role_type import CalendarRoleType as Role
    from msgraph.generated.models.delegate_meeting_message_delivery_options import (
        DelegateMeetingMessageDeliveryOptions as Delivery,
    )
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.mailbox_settings import MailboxSettings
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.user_purpose import UserPurpose
    from msgraph.generated.users.item.calendars.calendars_request_builder import CalendarsRequestBuilder
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory

pytestmark = [pytest.mark.sdk, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
ALEX = "AlexW@contoso.com"
EVERYTHING = [
    "id,displayName,userPrincipalName,mail,accountEnabled,userType,proxyAddresses,assignedPlans,jobTitle,department",
    "createdDateTime,onPremisesSyncEnabled,identities,usageLocation,companyName,deletedDateTime,externalUserState",
]


class Tokens(AccessTokenProvider):
    """The portal's own token, as Entra gives it."""

    def __init__(self, origin):
        form = {
            "grant_type": "client_credentials",
            "client_id": cast.PORTAL_APP,
            "client_secret": "sandbox-secret-of-the-portal",
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = requests.post(f"{origin}/{cast.CONTOSO}/oauth2/v2.0/token", data=form, timeout=10)
        self._token = answer.json()["access_token"]

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self._token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator(["127.0.0.1"])


@pytest.fixture(scope="module")
def place():
    """The cloud, its origin, and `run`, which gives an SDK client to a coroutine function and runs it."""
    cloud = Cloud()
    with Server(cloud) as server:
        tokens = Tokens(server.origin)

        def run(act):
            async def within():
                # The SDK's own transport does not close the one it wraps.
                async with httpx.AsyncHTTPTransport() as wire:
                    http = httpx.AsyncClient(transport=wire, timeout=30)
                    http = GraphClientFactory.create_with_default_middleware(client=http, options=options)
                    adapter = GraphRequestAdapter(Bearer(tokens), http)
                    adapter.base_url = f"{server.origin}/v1.0"
                    return await act(GraphServiceClient(request_adapter=adapter))

            return asyncio.run(within())

        yield SimpleNamespace(cloud=cloud, origin=server.origin, run=run)


@pytest.fixture(autouse=True)
def as_at_reset(place):
    place.cloud.state.reset()


def unknown(value, path="answer"):
    """Every property below `value` that the SDK's models do not have; annotations are no properties."""
    if isinstance(value, list):
        return [each for place, member in enumerate(value) for each in unknown(member, f"{path}[{place}]")]
    if not isinstance(value, Parsable):
        return []
    extra = getattr(value, "additional_data", None) or {}
    found = [f"{path}.{name}" for name in extra if "@odata" not in name]
    store = getattr(value, "backing_store", None)
    members = dict(store.enumerate_()) if store else vars(value)
    for name, member in members.items():
        if name != "additional_data":
            found += unknown(member, f"{path}.{name}")
    return found


def permissions(client, calendar=cast.ALEX_KIDS_PARTIES):
    return client.users.by_user_id(ALEX).calendars.by_calendar_id(calendar).calendar_permissions


def test_the_search_for_unknown_properties_finds_one():
    row = CalendarPermission(email_address=EmailAddress(additional_data={"surprise": 1}))
    assert unknown([row]) == ["answer[0].email_address.surprise"]


def test_the_sdk_lists_the_permissions_of_a_primary_calendar(place):
    async def act(client):
        return await client.users.by_user_id(ALEX).calendar.calendar_permissions.get()

    answer = place.run(act)
    assert unknown(answer) == []
    megan, everyone = answer.value
    assert (megan.id, megan.role, megan.email_address.address) == (
        cast.MEGANS_ROW,
        Role.DelegateWithPrivateEventAccess,
        "MeganB@contoso.com",
    )
    assert (everyone.role, everyone.is_removable) == (Role.FreeBusyRead, False)
    assert [role.value for role in everyone.allowed_roles] == list(ROLES[:5])


def test_the_sdk_changes_a_role(place):
    async def act(client):
        row = permissions(client).by_calendar_permission_id(cast.ADELES_ROW)
        changed = await row.patch(CalendarPermission(role=Role.Write))
        return changed, await row.get()

    for answer in place.run(act):
        assert unknown(answer) == []
        assert answer.role == Role.Write
        assert answer.email_address.name == "Adele Vance"


def test_the_sdk_removes_a_sharee(place):
    async def act(client):
        await permissions(client).by_calendar_permission_id(cast.MEGANS_ROW).delete()
        return await permissions(client).get()

    answer = place.run(act)
    assert unknown(answer) == []
    assert [row.email_address.name for row in answer.value] == ["Adele Vance", "My Organization"]


def test_the_sdk_shares_a_calendar(place):
    async def act(client):
        address = EmailAddress(address="LeeG@contoso.com", name="Lee Gu")
        return await permissions(client).post(CalendarPermission(email_address=address, role=Role.Read))

    answer = place.run(act)
    assert unknown(answer) == []
    assert (answer.role, answer.is_inside_organization) == (Role.Read, True)


def test_the_sdk_lists_every_calendar_of_everybody_page_by_page(place):
    async def act(client):
        found = {}
        page = await client.users.get()
        for user in page.value:
            calendars = client.users.by_user_id(user.id).calendars
            names = []
            try:
                listed = await calendars.get()
            except ODataError:
                continue
            while True:
                assert unknown(listed) == []
                names += [each.name for each in listed.value]
                if not listed.odata_next_link:
                    break
                listed = await calendars.with_url(listed.odata_next_link).get()
            found[user.display_name] = names
        return found

    found = place.run(act)
    assert found["Alex Wilber"] == ["Calendar", "Kids parties"]
    assert len(found["Delia Dennis"]) == len(set(found["Delia Dennis"])) == 14
    assert sum(map(len, found.values())) > 100


def test_the_sdk_lists_every_permission_of_a_crowded_calendar(place):
    async def act(client):
        calendars = client.users.by_user_id("LynneR@contoso.com").calendars
        query = CalendarsRequestBuilder.CalendarsRequestBuilderGetQueryParameters(select=["id", "name"], top=100)
        listed = await calendars.get(RequestConfiguration(query_parameters=query))
        assert unknown(listed) == []
        crowded = next(each for each in listed.value if each.name == "Autumn conference")
        return await calendars.by_calendar_id(crowded.id).calendar_permissions.get()

    answer = place.run(act)
    assert unknown(answer) == []
    assert len(answer.value) == 61


def test_the_sdk_reads_and_renames_calendars_and_reads_the_groups(place):
    async def act(client):
        alex = client.users.by_user_id(ALEX)
        primary = await alex.calendar.get()
        renamed = await alex.calendars.by_calendar_id(cast.ALEX_KIDS_PARTIES).patch(Calendar(name="Parties"))
        return primary, renamed, await alex.calendar_groups.get()

    primary, renamed, groups = place.run(act)
    assert unknown([primary, renamed, groups]) == []
    assert (primary.id, primary.is_default_calendar) == (cast.ALEX_PRIMARY, True)
    assert (renamed.name, renamed.is_default_calendar) == ("Parties", False)
    assert [group.name for group in groups.value] == ["My Calendars"]


def test_the_sdk_deletes_a_calendar(place):
    async def act(client):
        await client.users.by_user_id(ALEX).calendars.by_calendar_id(cast.ALEX_KIDS_PARTIES).delete()
        return await client.users.by_user_id(ALEX).calendars.get()

    assert [each.name for each in place.run(act).value] == ["Calendar"]


def test_the_sdk_asks_which_roles_may_be_given(place):
    async def act(client):
        calendar = client.users.by_user_id(ALEX).calendar
        return await calendar.allowed_calendar_sharing_roles_with_user("LeeG@contoso.com").get()

    answer = place.run(act)
    assert unknown(answer) == []
    assert [role.value for role in answer.value] == list(ROLES[1:7])


def test_the_sdk_reads_and_changes_mailbox_settings(place):
    async def act(client):
        settings = client.users.by_user_id(ALEX).mailbox_settings
        before = await settings.get()
        wanted = MailboxSettings(delegate_meeting_message_delivery_options=Delivery.SendToDelegateAndPrincipal)
        return before, await settings.patch(wanted), await settings.get()

    before, changed, after = answers = place.run(act)
    assert unknown(list(answers)) == []
    assert before.user_purpose == UserPurpose.User
    assert before.delegate_meeting_message_delivery_options == Delivery.SendToDelegateOnly
    assert changed.delegate_meeting_message_delivery_options == Delivery.SendToDelegateAndPrincipal
    assert after.delegate_meeting_message_delivery_options == Delivery.SendToDelegateAndPrincipal
    assert after.working_hours.start_time.hour == 8


def test_the_sdk_reads_every_property_of_every_user(place):
    async def act(client):
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(select=EVERYTHING, top=20)
        page = await client.users.get(RequestConfiguration(query_parameters=query))
        users = []
        while True:
            assert unknown(page) == []
            users += page.value
            if not page.odata_next_link:
                return users
            page = await client.users.with_url(page.odata_next_link).get()

    users = place.run(act)
    assert {user.id for user in users} == set(place.cloud.state.tenants[cast.CONTOSO].users)
    alex = next(user for user in users if user.id == cast.ALEX)
    assert alex.proxy_addresses == ["SMTP:AlexW@contoso.com"]
    assert "exchange" in {plan.service for plan in alex.assigned_plans}
    assert alex.created_date_time < datetime.now(UTC)


def test_the_sdk_follows_the_directory_by_delta(place):
    async def act(client):
        first = await client.users.delta.get()
        assert unknown(first) == []
        place.cloud.state.apply({"do": "rename_user", "mailbox": cast.ADELE, "name": "Adele Lee"})
        place.cloud.state.apply({"do": "delete_user", "mailbox": cast.CHARLIE})
        second = await client.users.delta.with_url(first.odata_delta_link).get()
        return first, second

    first, second = place.run(act)
    assert len(first.value) > 60
    assert unknown([user for user in second.value if user.id == cast.ADELE]) == []
    assert {user.id: user.additional_data.get("@removed") for user in second.value} == {
        cast.ADELE: None,
        cast.CHARLIE: {"reason": "changed"},
    }


def test_the_sdk_reads_the_organization_and_the_groups(place):
    async def act(client):
        return await client.organization.get(), await client.groups.get()

    organization, groups = place.run(act)
    assert unknown([organization, groups]) == []
    assert organization.value[0].id == cast.CONTOSO
    assert {domain.name for domain in organization.value[0].verified_domains} >= {"contoso.com"}
    assert "launch@contoso.com" in {group.mail for group in groups.value}


def test_the_sdk_reads_contacts_and_who_is_in_a_group(place):
    async def act(client):
        group = client.groups.by_group_id(ids.object_id("group", "Marketing"))
        return await client.contacts.get(), await group.members.get(), await group.transitive_members.get()

    contacts, direct, everybody = place.run(act)
    assert unknown([contacts, direct, everybody]) == []
    assert "agency@tailspintoys.com" in {contact.mail for contact in contacts.value}
    assert (len(direct.value), len(everybody.value)) == (4, 6)


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("nobody@contoso.com", 404, "ErrorInvalidUser"),
        (cast.GRACE, 404, "MailboxNotEnabledForRESTAPI"),
        ("BiancaP@contoso.com", 403, "ErrorAccessDenied"),
    ],
)
def test_the_sdk_understands_a_refusal(place, who, status, code):
    async def act(client):
        return await client.users.by_user_id(who).calendars.get()

    with pytest.raises(ODataError) as refused:
        place.run(act)
    assert refused.value.response_status_code == status
    assert refused.value.error.code == code
    assert refused.value.error.inner_error.request_id
    assert unknown(refused.value) == []
