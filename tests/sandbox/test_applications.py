"""What Graph says about service principals, their grants and Exchange's roles, and to whom."""

import pytest

from sandbox import cast
from tests.sandbox.calls import caller, code
from tests.sandbox.steps import control

GRAPH_APP = "00000003-0000-0000-c000-000000000000"
OURS = f"/v1.0/servicePrincipals(appId='{cast.PORTAL_APP}')"
READER = caller("Application.Read.All")
EXCHANGE = caller("RoleManagement.Read.Exchange")
PATHS = {
    "/v1.0/servicePrincipals": "Application.Read.All",
    OURS: "Application.Read.All",
    f"{OURS}/appRoleAssignments": "Application.Read.All",
    "/v1.0/oauth2PermissionGrants": "DelegatedPermissionGrant.Read.All",
    "/beta/roleManagement/exchange/roleAssignments": "RoleManagement.Read.Exchange",
    "/beta/roleManagement/exchange/roleDefinitions": "RoleManagement.Read.Exchange",
    "/beta/roleManagement/exchange/customAppScopes": "RoleManagement.Read.Exchange",
}


@pytest.mark.parametrize("path", PATHS)
def test_each_needs_its_permission_and_directory_read_all_is_enough_for_all(call, path):
    refused = call("GET", path)
    assert (refused.status, code(refused)) == (403, "Authorization_RequestDenied")
    for role in (PATHS[path], "Directory.Read.All"):
        assert call("GET", path, caller=caller(role)).status == 200


def test_our_own_service_principal_is_found_by_app_id(ask, cloud):
    row = ask("GET", f"{OURS}?$select=id,accountEnabled,appId,displayName", caller=READER)
    found = cloud.state.tenants[cast.CONTOSO].principals[cast.PORTAL_APP]
    del row["@odata.context"]
    assert row == {"id": found.oid, "accountEnabled": True, "appId": cast.PORTAL_APP, "displayName": "Calwarden"}
    assert ask("GET", f"/v1.0/servicePrincipals/{found.oid}", caller=READER)["appId"] == cast.PORTAL_APP
    (only,) = ask("GET", f"/v1.0/servicePrincipals?$filter=appId eq '{cast.PORTAL_APP}'", caller=READER)["value"]
    assert only["id"] == found.oid
    control(cloud, "POST", "principal", {"state": "disabled"})
    assert ask("GET", OURS, caller=READER)["accountEnabled"] is False


def test_an_app_the_tenant_does_not_know_is_not_found(call, cloud):
    control(cloud, "POST", "principal", {"state": "removed"})
    response = call("GET", OURS, caller=READER)
    assert (response.status, code(response)) == (404, "Request_ResourceNotFound")


def test_the_publisher_is_an_object_of_nulls_while_not_verified(ask, cloud):
    assert ask("GET", OURS, caller=READER)["verifiedPublisher"]["displayName"] == "Calwarden (sandbox)"
    control(cloud, "POST", "apps", {"client_id": cast.PORTAL_APP, "publisher": None})
    assert set(ask("GET", OURS, caller=READER)["verifiedPublisher"].values()) == {None}


def names(ask):
    graph = ask("GET", f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')", caller=READER)
    return graph["id"], {role["id"]: role["value"] for role in graph["appRoles"]}


def test_the_grants_are_named_by_the_roles_of_graph(ask, cloud):
    graph_id, values = names(ask)
    rows = ask("GET", f"{OURS}/appRoleAssignments?$filter=resourceId eq {graph_id}", caller=READER)["value"]
    held = cloud.state.tenants[cast.CONTOSO].granted_roles
    assert {values[row["appRoleId"]] for row in rows} == held
    assert {row["principalType"] for row in rows} == {"ServicePrincipal"}
    assert len({row["id"] for row in rows}) == len(held)
    control(cloud, "POST", "revoke", {"role": "Calendars.ReadWrite"})
    rows = ask("GET", f"{OURS}/appRoleAssignments", caller=READER)["value"]
    assert "Calendars.ReadWrite" not in {values[row["appRoleId"]] for row in rows}


def test_every_app_that_holds_a_role_of_graph_is_listed_there(ask, cloud):
    other = control(cloud, "POST", "apps", {"name": "Other", "app_roles": ["Mail.Read"]})["client_id"]
    control(cloud, "POST", "consent", {"client_id": other})
    rows = ask("GET", f"/v1.0/servicePrincipals(appId='{GRAPH_APP}')/appRoleAssignedTo", caller=READER)["value"]
    assert {row["principalDisplayName"] for row in rows} == {"Calwarden", "Other"}


def test_delegated_grants_tell_everybody_from_one_person(ask, cloud):
    control(cloud, "POST", "consent", {"user": cast.MEGAN, "scopes": ["Calendars.ReadWrite"]})
    reader = caller("Directory.Read.All")
    rows = ask("GET", "/v1.0/oauth2PermissionGrants", caller=reader)["value"]
    assert [(row["consentType"], row["principalId"], row["scope"]) for row in rows] == [
        ("AllPrincipals", None, "openid profile User.Read"),
        ("Principal", cast.MEGAN, "Calendars.ReadWrite"),
    ]
    wanted = f"clientId eq '{rows[0]['clientId']}' and consentType eq 'Principal'"
    (only,) = ask("GET", f"/v1.0/oauth2PermissionGrants?$filter={wanted}", caller=reader)["value"]
    assert only["principalId"] == cast.MEGAN


def test_roles_of_exchange_are_shown_with_their_scope(ask, cloud):
    assignments = [
        {"role": "Calendars.ReadWrite", "group": "sales@contoso.com"},
        {"role": "Calendars.Read", "group": "sales@contoso.com", "custom": True},
        {"role": "MailboxSettings.Read"},
    ]
    control(cloud, "POST", "exchange", {"assignments": assignments, "delay_seconds": 3600})
    tenant = cloud.state.tenants[cast.CONTOSO]
    oid = tenant.principals[cast.PORTAL_APP].oid
    group = next(each.oid for each in tenant.groups.values() if each.mail == "sales@contoso.com")
    definitions = ask("GET", "/beta/roleManagement/exchange/roleDefinitions", caller=EXCHANGE)["value"]
    called = {each["id"]: each["displayName"] for each in definitions}
    path = f"/beta/roleManagement/exchange/roleAssignments?$filter=principalId eq '/ServicePrincipals/{oid}'"
    rows = ask("GET", path, caller=EXCHANGE)["value"]
    (scope,) = ask("GET", "/beta/roleManagement/exchange/customAppScopes", caller=EXCHANGE)["value"]
    assert [(called[row["roleDefinitionId"]], row["directoryScopeId"], row["appScopeId"]) for row in rows] == [
        ("Application Calendars.ReadWrite", f"/Groups/{group}", None),
        ("Application Calendars.Read", None, scope["id"]),
        ("Application MailboxSettings.Read", "/", None),
    ]
    nobody = path.replace(oid, cast.ALEX)
    assert ask("GET", nobody, caller=EXCHANGE)["value"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1.0/roleManagement/exchange/roleAssignments", 400),
        ("/beta/roleManagement/exchange/nothing", 400),
        (f"{OURS}/owners", 400),
        ("/v1.0/servicePrincipals?$filter=startswith(displayName,'C')", 400),
        ("/v1.0/servicePrincipals/11111111-0000-4000-8000-000000000000", 404),
    ],
)
def test_what_is_not_there_is_refused(call, path, status):
    everything = caller("Directory.Read.All")
    assert call("GET", path, caller=everything).status == status


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_it_is_written(call, path):
    assert call("POST", path, {}, caller=caller("Directory.Read.All")).status == 405
