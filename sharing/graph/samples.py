"""What Microsoft documents as the answer to each kind of call, for people who decide whether we may make it."""

ORGANIZATION = """{ "value": [ { "id": "84841066-274d-4ec0-a5c1-276be684bdd3", "displayName": "Contoso",
  "verifiedDomains": [ { "name": "contoso.com", "isDefault": true, "type": "Managed" } ] } ] }"""

USER = """{ "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd", "displayName": "Adele Vance",
  "mail": "AdeleV@contoso.com", "userPrincipalName": "AdeleV@contoso.com",
  "proxyAddresses": [ "SMTP:AdeleV@contoso.com" ], "userType": "Member", "accountEnabled": true,
  "jobTitle": "Product Marketing Manager", "department": "Marketing", "createdDateTime": "2019-08-01T08:00:00Z",
  "assignedPlans": [ { "service": "exchange", "capabilityStatus": "Enabled" } ] }"""

USERS = f"""{{ "value": [ {USER} ] }}"""

USERS_DELTA = """{ "@odata.deltaLink": "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=MF1LuFYbK6Lw4DtZ4o9PDrc",
  "value": [ { "displayName": "Testuser7", "id": "25dcffff-959e-4ece-9973-e5d9b800e8cc" },
             { "id": "8ffff70c-1c63-4860-b963-e34ec660931d", "@removed": { "reason": "changed" } } ] }"""

GROUP = """{ "id": "02bd9fd6-8f93-4758-87c3-1fb73740a315", "displayName": "HR Taskforce",
  "mail": "HRTaskforce@contoso.com", "mailEnabled": true, "proxyAddresses": [ "SMTP:HRTaskforce@contoso.com" ] }"""

ALLOWED_ROLES = """{ "value": [ "freeBusyRead", "limitedRead", "read", "write" ] }"""

GROUPS = f"""{{ "value": [ {GROUP} ] }}"""

MEMBERS = """{ "@odata.count": 2, "value": [ { "id": "4d0ef681-e88f-42a3-a2db-e6bf1e249e10" } ] }"""

PRINCIPALS = """{ "value": [ { "id": "8e881353-1735-45af-af21-ee1344582a4d",
  "appRoles": [ { "id": "798ee544-9d2d-430c-a058-570e29e34338", "value": "Calendars.Read" } ] } ] }"""

ASSIGNMENTS = """{ "value": [ { "appRoleId": "798ee544-9d2d-430c-a058-570e29e34338",
  "principalId": "df4ad8f1-3da0-4448-bb05-3a61f3cb2d74", "principalType": "ServicePrincipal",
  "resourceDisplayName": "Microsoft Graph", "resourceId": "8e881353-1735-45af-af21-ee1344582a4d" } ] }"""

CONTACTS = """{ "value": [ { "id": "25caf6a2-d5cb-470d-8940-20ba795ef62d", "displayName": "Samantha Booth",
  "mail": "samanthab@adatum.com", "proxyAddresses": [ "SMTP:samanthab@adatum.com" ] } ] }"""

CALENDAR = """{ "id": "AAMkAGI2TGuLAAA=", "name": "Calendar", "isDefaultCalendar": true, "canShare": true,
  "canViewPrivateItems": true, "canEdit": true, "isRemovable": false,
  "owner": { "name": "Samantha Booth", "address": "samanthab@adatum.onmicrosoft.com" } }"""

CALENDARS = f"""{{ "value": [ {CALENDAR} ] }}"""

PERMISSION = """{ "id": "L289RXhjaGFuZ2VMYWJQWRlbGVW", "isRemovable": true, "isInsideOrganization": true,
  "role": "write", "allowedRoles": [ "freeBusyRead", "limitedRead", "read", "write" ],
  "emailAddress": { "name": "Adele Vance", "address": "AdeleV@contoso.OnMicrosoft.com" } }"""

PERMISSIONS = """{ "value": [
  { "id": "RXhjaGFuZ2VQdWJsaXNoZWRVc2VyLmFkbWluQE0zNjVCODc3NzE5Lm9ubWljcm9zb2Z0LmNvbQ==",
    "isRemovable": true, "isInsideOrganization": false, "role": "read",
    "allowedRoles": [ "freeBusyRead", "limitedRead", "read" ],
    "emailAddress": { "name": "admin@M365B877719.onmicrosoft.com", "address": "admin@M365B877719.onmicrosoft.com" } },
  { "id": "RGVmYXVsdA==", "isRemovable": false, "isInsideOrganization": true, "role": "freeBusyRead",
    "allowedRoles": [ "none", "freeBusyRead", "limitedRead", "read", "write" ],
    "emailAddress": { "name": "My Organization" } } ] }"""

SETTINGS = """{ "archiveFolder": "AQMkADAwAGVQAAAAKfowAAAA==", "timeZone": "Pacific Standard Time",
  "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly", "dateFormat": "M/d/yyyy", "timeFormat": "h:mm tt",
  "automaticRepliesSetting": { "status": "disabled", "externalAudience": "all",
    "internalReplyMessage": "", "externalReplyMessage": "",
    "scheduledStartDateTime": { "dateTime": "2019-12-24T05:00:00.0000000", "timeZone": "UTC" },
    "scheduledEndDateTime": { "dateTime": "2019-12-25T05:00:00.0000000", "timeZone": "UTC" } },
  "language": { "locale": "en-US", "displayName": "English (United States)" },
  "workingHours": { "daysOfWeek": [ "monday", "tuesday", "wednesday", "thursday", "friday" ],
    "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
    "timeZone": { "name": "Pacific Standard Time" } } }"""

DELIVERY = """{ "delegateMeetingMessageDeliveryOptions": "sendToDelegateAndPrincipal" }"""

BATCH = """{ "responses": [ { "id": "1", "status": 200, "body": { "value": [] } },
  { "id": "3", "status": 403, "body": { "error": { "code": "Forbidden", "message": "…" } } } ] }"""

SCHEDULE = """{ "value": [ { "scheduleId": "adelev@contoso.com", "availabilityView": "000220000",
  "scheduleItems": [ { "isPrivate": false, "status": "busy", "subject": "Let's go for lunch",
    "location": "Harry's Bar", "start": { "dateTime": "2019-03-15T12:00:00.0000000", "timeZone": "UTC" },
    "end": { "dateTime": "2019-03-15T14:00:00.0000000", "timeZone": "UTC" } } ],
  "workingHours": { "daysOfWeek": [ "monday", "tuesday", "wednesday", "thursday", "friday" ],
    "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
    "timeZone": { "name": "Pacific Standard Time" } } } ] }"""

MEETING_TIMES = """{ "emptySuggestionsReason": "", "meetingTimeSuggestions": [ { "confidence": 100, "order": 1,
  "organizerAvailability": "free", "attendeeAvailability": [ { "availability": "free",
    "attendee": { "emailAddress": { "address": "alexw@contoso.onmicrosoft.com" } } } ],
  "meetingTimeSlot": { "start": { "dateTime": "2019-04-18T16:00:00.0000000", "timeZone": "UTC" },
    "end": { "dateTime": "2019-04-18T17:00:00.0000000", "timeZone": "UTC" } } } ] }"""

_BOOKED = """"id": "AAMkAGI1AAAoZCfHAAA=", "iCalUId": "040000008200E00074C5B7101A82E00800000000",
  "createdDateTime": "2017-04-10T09:00:00.0000000Z", "isCancelled": false, "isOrganizer": true,
  "start": { "dateTime": "2017-04-15T12:00:00.0000000", "timeZone": "UTC" },
  "end": { "dateTime": "2017-04-15T14:00:00.0000000", "timeZone": "UTC" },
  "attendees": [ { "type": "required", "status": { "response": "none", "time": "0001-01-01T00:00:00Z" },
    "emailAddress": { "name": "Samantha Booth", "address": "samanthab@contoso.onmicrosoft.com" } } ]"""

EVENT = f"""{{ {_BOOKED}, "subject": "Let's go for lunch" }}"""

MARKED_EVENT = f"""{{ "value": [ {{ {_BOOKED},
  "singleValueExtendedProperties": [ {{
    "id": "String {{8f1b1c52-6f0e-4a1f-9a55-3c6d6a2f7b10}} Name CalwardenBooking",
    "value": "5c4d6c0e-9b0c-4b7e-8b52-6d2d2f6f0f3b" }} ] }} ] }}"""

# https://learn.microsoft.com/graph/api/security-auditlogquery-get
AUDIT_QUERY = """{ "id": "168ec429-084b-a489-90d8-504a87846305", "displayName": "Calwarden", "status": "succeeded",
  "filterStartDateTime": "2026-11-01T01:00:00Z", "filterEndDateTime": "2026-11-02T01:00:00Z",
  "operationFilters": [ "UpdateFolderPermissions" ], "isRecordCountLimitExceeded": false }"""

# https://learn.microsoft.com/graph/api/security-auditlogquery-list-records
AUDIT_RECORDS = """{ "value": [ { "id": "40706737-7eca-f9a1-97a5-dedd3260e24a", "operation": "UpdateFolderPermissions",
  "createdDateTime": "2026-11-01T09:30:00Z", "auditLogRecordType": "exchangeItem", "service": "Exchange",
  "userPrincipalName": "alexw@contoso.com", "auditData": {
    "@odata.type": "#microsoft.graph.security.auditData", "Id": "40706737-7eca-f9a1-97a5-dedd3260e24a",
    "CreationTime": "2026-11-01T09:30:00", "Operation": "UpdateFolderPermissions", "UserId": "alexw@contoso.com",
    "OrganizationId": "72f988bf-86f1-41af-91ab-2d7cd011db47", "MailboxOwnerUPN": "alexw@contoso.com",
    "Item": { "ParentFolder": { "Path": "\\\\Calendar", "MemberUpn": "meganb@contoso.com",
      "MemberRights": "ReadAny, Visible" } } } } ] }"""

NOTHING = "204 No Content"

ACCEPTED = "202 Accepted"

# Entra's: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#successful-response-1
BEARER_ANSWER = """{ "token_type": "Bearer", "expires_in": 3599, "access_token": "eyJ0eXAiOiJKV1QiLCJhbGci…" }"""

DISCOVERY = """{ "token_endpoint": "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
  "jwks_uri": "https://login.microsoftonline.com/contoso.onmicrosoft.com/discovery/v2.0/keys",
  "issuer": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0" }"""

KEYS = """{ "keys": [ { "kty": "RSA", "use": "sig", "kid": "nOo3ZDrODXEK1jKWhXslHR_KXEg", "n": "oaLLT9hkcSj2tGfZsj…",
  "e": "AQAB", "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" } ] }"""

SIGN_IN_PAGE = "A page of Microsoft’s, in that person’s browser. What it sends back is a code, or that it was approved."
