"""Which permissions let a call through."""

_DIRECTORY = {"Directory.Read.All", "Directory.ReadWrite.All"}
_CALENDARS = {"Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared"}
# What a call needs: any one of these app roles (app-only) or scopes (on behalf of a person).
NEEDS: dict[str, set[str]] = {
    "users": {"User.ReadBasic.All", "User.Read.All", *_DIRECTORY},
    "users in full": {"User.Read.All", *_DIRECTORY},
    "self": {"User.Read", "User.ReadBasic.All", "User.Read.All", *_DIRECTORY},
    "groups": {"GroupMember.Read.All", "Group.Read.All", *_DIRECTORY},
    "hidden members": {"Member.Read.Hidden"},
    "applications": {"Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY},
    "delegated grants": {"DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY},
    "exchange roles": {
        "RoleManagement.Read.Exchange",
        "RoleManagement.ReadWrite.Exchange",
        "RoleManagement.Read.All",
        "Directory.Read.All",
    },
    "audit log": {"AuditLogsQuery-Exchange.Read.All", "AuditLogsQuery.Read.All"},
    "contacts": {"OrgContact.Read.All", *_DIRECTORY},
    "organization": {"Organization.Read.All", "User.Read", *_DIRECTORY},
    "list calendars": {"Calendars.ReadBasic", "Calendars.ReadBasic.All", *_CALENDARS},
    "read calendars": _CALENDARS,
    "write calendars": {"Calendars.ReadWrite", "Calendars.ReadWrite.Shared"},
    "schedules": {"Calendars.ReadBasic", "Calendars.ReadBasic.All", *_CALENDARS},
    "meeting times": {"Calendars.Read.Shared", "Calendars.ReadWrite.Shared"},
    "read events": {"Calendars.Read", "Calendars.ReadWrite"},
    "write events": {"Calendars.ReadWrite"},
    "read settings": {"MailboxSettings.Read", "MailboxSettings.ReadWrite"},
    "write settings": {"MailboxSettings.ReadWrite"},
}
