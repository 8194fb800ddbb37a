"""The permissions of Graph that the sandbox knows: their ids and how a consent page calls them."""

from sandbox import ids

# Value: (id, display name). Every app role needs an administrator.
APP_ROLES = {
    "Application.Read.All": ("9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "Read all applications"),
    "AppRoleAssignment.ReadWrite.All": (
        "06b708a9-e830-4db3-a914-8e69da51d44f",
        "Manage app permission grants and app role assignments",
    ),
    "AuditLog.Read.All": ("b0afded3-3588-46d8-8b3d-9842eff778da", "Read all audit log data"),
    "Calendars.Read": ("798ee544-9d2d-430c-a058-570e29e34338", "Read calendars in all mailboxes"),
    "Calendars.ReadBasic.All": (
        "8ba4a692-bc31-4128-9094-475872af8a53",
        "Read basic details of calendars in all mailboxes",
    ),
    "Calendars.ReadWrite": ("ef54d2bf-783f-4e0f-bca1-3210c0444d99", "Read and write calendars in all mailboxes"),
    "CrossTenantInformation.ReadBasic.All": (
        "cac88765-0581-4025-9725-5ebc13f729ee",
        "Read cross-tenant basic information",
    ),
    "DelegatedPermissionGrant.Read.All": (
        "81b4724a-58aa-41c1-8a55-84ef97466587",
        "Read all delegated permission grants",
    ),
    "Directory.Read.All": ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Read directory data"),
    "Domain.Read.All": ("dbb9058a-0e50-45d7-ae91-66909b5d4664", "Read domains"),
    "Group.Read.All": ("5b567255-7703-4780-807c-7be8301ae99b", "Read all groups"),
    "GroupMember.Read.All": ("98830695-27a2-44f7-8c18-0c3ebc9698f6", "Read all group memberships"),
    "MailboxSettings.Read": ("40f97065-369a-49f4-947c-6a255697ae91", "Read all user mailbox settings"),
    "MailboxSettings.ReadWrite": (
        "6931bccd-447a-43d1-b442-00a195474933",
        "Read and write all user mailbox settings",
    ),
    "Member.Read.Hidden": ("658aa5d8-239f-45c4-aa12-864f4fc7e490", "Read all hidden memberships"),
    "OrgContact.Read.All": ("e1a88a34-94c4-4418-be12-c87b00e26bea", "Read organizational contacts"),
    "Organization.Read.All": ("498476ce-e0fe-48b0-b801-37ba7e2685c6", "Read organization information"),
    "Place.Read.All": ("913b9306-0ce1-42b8-9137-6a7df690a760", "Read all company places"),
    "Policy.Read.All": ("246dd0d5-5bd0-4def-940b-0421030a5b68", "Read your organization's policies"),
    "RoleManagement.Read.Exchange": (
        "c769435f-f061-4d0b-8ff1-3d39870e5f85",
        "Read Exchange Online RBAC configuration",
    ),
    "RoleManagement.ReadWrite.Exchange": (
        "025d3225-3f02-4882-b4c0-cd5b541a4e80",
        "Read and write Exchange Online RBAC configuration",
    ),
    "User.Read.All": ("df021288-bdef-4463-88db-98f22de89214", "Read all users' full profiles"),
    "User.ReadBasic.All": ("97235f07-e226-4f63-ace3-39588e11d3a1", "Read all users' basic profiles"),
}
# Value: (id, display name, whether only an administrator may consent).
SCOPES = {
    "Application.Read.All": ("c79f8feb-a9db-4090-85f9-90d820caa0eb", "Read applications", True),
    "Calendars.Read": ("465a38f9-76ea-45b9-9f34-9e8b0d4b0b42", "Read your calendars", False),
    "Calendars.Read.Shared": (
        "2b9c4092-424d-4249-948d-b43879977640",
        "Read calendars you can access",
        False,
    ),
    "Calendars.ReadBasic": ("662d75ba-a364-42ad-adee-f5f880ea4878", "Read basic details of your calendars", True),
    "Calendars.ReadWrite": ("1ec239c2-d7c9-4623-a91a-a9775856bb36", "Have full access to your calendars", False),
    "Calendars.ReadWrite.Shared": (
        "12466101-c9b8-439a-8589-dd09ee67e8e9",
        "Read and write to your and shared calendars",
        False,
    ),
    "Directory.Read.All": ("06da0dbc-49e2-44d2-8312-53f166ab848a", "Read directory data", True),
    "Domain.Read.All": ("2f9ee017-59c1-4f1d-9472-bd5529a7b311", "Read domains", True),
    "Group.Read.All": ("5f8c59db-677d-491f-a6b8-5f174b11ec1d", "Read all groups", True),
    "GroupMember.Read.All": ("bc024368-1153-4739-b217-4326f2e966d0", "Read group memberships", True),
    "MailboxSettings.Read": ("87f447af-9fa4-4c32-9dfa-4a57a73d18ce", "Read your mailbox settings", False),
    "MailboxSettings.ReadWrite": (
        "818c620a-27a9-40bd-a6a5-d96f7d610b4b",
        "Read and write to your mailbox settings",
        False,
    ),
    "Member.Read.Hidden": ("f6a3db3e-f7e8-4ed2-a414-557c8c9830be", "Read hidden memberships", True),
    "Organization.Read.All": ("4908d5b9-3fb2-4b1e-9336-1888b7937185", "Read organization information", True),
    "Place.Read.All": ("cb8f45a0-5c2e-4ea1-b803-84b870a7d7ec", "Read all company places", True),
    "User.Read": ("e1fe6dd8-ba31-4d61-89e7-88639da4683d", "View your basic profile", False),
    "User.Read.All": ("a154be20-db9c-4678-8ab7-66f6cc099a59", "Read all users' full profiles", True),
    "User.ReadBasic.All": ("b340eb25-3456-403f-be2f-af7a0d370277", "Read all users' basic profiles", False),
    "email": ("64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", "View your email address", False),
    "offline_access": (
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
        "Maintain access to data you have given it access to",
        False,
    ),
    "openid": ("37f7f235-527c-4136-accd-4a02d197296e", "Sign you in", False),
    "profile": ("14dad69e-099b-42c9-810b-d002981feec1", "View your basic profile", False),
}
# Directory role: its template id, as `wids` carries it.
DIRECTORY_ROLES = {
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Privileged Role Administrator": "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "Cloud Application Administrator": "158c047a-c907-4556-b7ef-446551a6b5f7",
}
# What a sign-in alone asks for: risk-based step-up leaves it alone.
SIGN_IN = {"openid", "profile", "email", "offline_access", "User.Read"}


def app_role_id(value: str) -> str:
    return APP_ROLES[value][0] if value in APP_ROLES else ids.object_id("app role", value)


def app_role_name(value: str) -> str:
    return APP_ROLES[value][1] if value in APP_ROLES else value


def scope_name(value: str) -> str:
    return SCOPES[value][1] if value in SCOPES else value


def needs_an_administrator(scope: str) -> bool:
    """Also of a scope nobody knows here."""
    return SCOPES[scope][2] if scope in SCOPES else True
