"""An app limited to a group: Entra's grant and Exchange's are a union, policies limit only the first."""

import pytest

from sandbox import cast
from sandbox.cloud import Cloud
from tests.sandbox.calls import caller, code
from tests.sandbox.steps import app_token, control, graph

SALES = "sales@contoso.com"
MEMBER, OUTSIDER = "TarekH@contoso.com", "MeganB@contoso.com"
# Nested: in “everyone” through “sales”, and not directly.
EVERYONE = "everyone@contoso.com"
READERS = "Calendar Readers (security)"
SCOPED = [{"role": "Calendars.ReadWrite", "group": SALES}, {"role": "MailboxSettings.Read", "group": SALES}]
OK, DENIED, BLOCKED = (200, ""), (403, "ErrorAccessDenied"), (403, "Access to OData is disabled.")


def limit(cloud, **asked):
    answer = control(cloud, "POST", "exchange", asked)
    assert "error" not in answer, answer
    return answer


def probe(cloud, who, path="calendar", token=None):
    response = graph(cloud, f"/users/{who}/{path}", token or app_token(cloud))
    if response.status == 200:
        return OK
    text = response.body.decode()
    return response.status, BLOCKED[1] if BLOCKED[1] in text else code(response)


def probes(cloud):
    """A member, then somebody outside."""
    return probe(cloud, MEMBER), probe(cloud, OUTSIDER)


# RBAC for Applications


def test_a_scope_limits_nothing_while_the_tenant_wide_grant_stands(cloud):
    answer = limit(cloud, assignments=SCOPED)
    assert "Calendars.ReadWrite" in answer["entra_roles"]
    assert probes(cloud) == (OK, OK)


def test_with_the_grant_removed_the_scope_is_all_there_is(cloud):
    assert limit(cloud, assignments=SCOPED, entra="removed")["entra_roles"] == []
    assert probes(cloud) == (OK, DENIED)
    assert probe(cloud, MEMBER, "mailboxSettings") == OK
    assert probe(cloud, OUTSIDER, "mailboxSettings") == DENIED
    assert probe(cloud, "nobody@contoso.com") == (404, "ErrorInvalidUser")
    assert graph(cloud, "/users", app_token(cloud)).status == 200
    assert graph(cloud, f"/users/{MEMBER}/calendar", app_token(cloud), "PATCH", {"name": "Sales"}).status == 200
    assert graph(cloud, f"/users/{OUTSIDER}/calendar", app_token(cloud), "PATCH", {"name": "X"}).status == 403
    limit(cloud, assignments=SCOPED, entra="present")
    assert probes(cloud) == (OK, OK)


def test_a_reading_role_in_exchange_does_not_write(cloud):
    limit(cloud, assignments=[{"role": "Application Calendars.Read", "group": SALES}], entra="removed")
    assert probe(cloud, MEMBER) == OK
    assert graph(cloud, f"/users/{MEMBER}/calendar", app_token(cloud), "PATCH", {"name": "X"}).status == 403


def test_a_token_without_any_role_works_where_exchange_lets_it(cloud):
    control(cloud, "POST", "revoke", {})
    limit(cloud, assignments=SCOPED)
    assert probes(cloud) == (OK, DENIED)


def test_without_a_group_an_assignment_is_tenant_wide(cloud):
    limit(cloud, assignments=[{"role": "Calendars.Read"}], entra="removed")
    assert probes(cloud) == (OK, OK)


def test_several_scopes_add_up(cloud):
    limit(cloud, assignments=[*SCOPED, {"role": "Calendars.Read", "group": "marketing@contoso.com"}], entra="removed")
    assert probe(cloud, "LynneR@contoso.com") == OK
    assert probes(cloud) == (OK, DENIED)


@pytest.mark.parametrize("group", [EVERYONE, READERS])
def test_nested_members_are_not_in_a_scope(cloud, group):
    limit(cloud, assignments=[{"role": "Calendars.Read", "group": group}], entra="removed")
    direct = "AlexW@contoso.com" if group == EVERYONE else "IsaiahL@contoso.com"
    assert (probe(cloud, direct), probe(cloud, MEMBER)) == (OK, DENIED)


def test_a_token_of_before_keeps_its_roles_to_its_end(cloud):
    held = app_token(cloud)
    limit(cloud, assignments=SCOPED, entra="removed")
    assert probe(cloud, OUTSIDER, token=held) == OK
    assert probe(cloud, OUTSIDER) == DENIED


# Application Access Policies


def test_a_policy_restricts_to_a_group_with_nested_members(cloud):
    tenant = cloud.state.tenants[cast.CONTOSO]
    executives = next(group for group in tenant.groups.values() if group.mail == "executives@contoso.com")
    executives.members.append(next(group.oid for group in tenant.groups.values() if group.mail == SALES))
    limit(cloud, policies=[{"right": "RestrictAccess", "group": executives.oid}])
    assert probes(cloud) == (OK, BLOCKED)
    assert probe(cloud, "NestorW@contoso.com") == OK


def test_a_policy_that_denies_leaves_everybody_else(cloud):
    limit(cloud, policies=[{"right": "DenyAccess", "group": SALES}])
    assert probes(cloud) == (BLOCKED, OK)
    assert probe(cloud, MEMBER, "mailboxSettings") == BLOCKED


def test_a_policy_limits_only_what_entra_granted(cloud):
    limit(cloud, policies=[{"right": "RestrictAccess", "group": SALES}], assignments=[{"role": "Calendars.Read"}])
    assert probes(cloud) == (OK, OK)


def test_whether_a_policy_covers_the_basic_permission_is_a_switch(cloud):
    control(cloud, "POST", "consent", {"roles": ["Calendars.ReadBasic.All", "User.Read.All"]})
    limit(cloud, policies=[{"right": "RestrictAccess", "group": SALES}])
    assert probe(cloud, OUTSIDER, "calendar/calendarPermissions") == OK
    control(cloud, "POST", "switches", {"policy_covers_read_basic": True})
    assert probe(cloud, OUTSIDER, "calendar/calendarPermissions") == BLOCKED


# Time, and other apps


def test_what_exchange_was_told_takes_its_time(cloud):
    limit(cloud, assignments=SCOPED, entra="removed")
    answer = limit(cloud, delay_seconds=5400)
    assert (answer["assignments"], len(answer["in_force"]["assignments"])) == ([], 2)
    assert probes(cloud) == (OK, DENIED)
    cloud.advance(5401)
    assert control(cloud, "GET", "exchange")["in_force_in_seconds"] == 0
    assert probes(cloud) == (DENIED, DENIED)


def test_a_limit_is_of_one_app_in_one_tenant(cloud):
    limit(cloud, assignments=SCOPED, entra="removed")
    other = {"client_id": control(cloud, "POST", "apps", {"app_roles": ["Calendars.Read"]})["client_id"]}
    control(cloud, "POST", "consent", other)
    assert control(cloud, "GET", f"exchange?client_id={other['client_id']}")["assignments"] == []
    assert graph(cloud, f"/users/{cast.PATTI}/calendar", app_token(cloud, cast.FABRIKAM)).status == 200


def test_removing_the_service_principal_takes_the_assignments_along(cloud):
    limit(cloud, assignments=SCOPED, entra="removed")
    control(cloud, "POST", "principal", {"state": "removed"})
    control(cloud, "POST", "consent", {"roles": ["User.Read.All"]})
    assert control(cloud, "GET", "exchange")["assignments"] == []
    assert probe(cloud, MEMBER) == DENIED


def test_a_persons_token_is_none_of_exchanges_business_with_apps(cloud, call):
    limit(cloud, policies=[{"right": "RestrictAccess", "group": SALES}])
    me = caller("Calendars.Read", oid=cast.MEGAN)
    assert call("GET", "/v1.0/me/calendar", caller=me).status == 200


def test_a_limit_outlives_the_process(tmp_path):
    file = tmp_path / "state.json"
    limit(Cloud(state_file=file), assignments=SCOPED, entra="removed")
    assert probes(Cloud(state_file=file)) == (OK, DENIED)
