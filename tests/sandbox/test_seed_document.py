"""The requests printed in Microsoft's article about sharing, replayed: the answers are the printed ones."""

import json
from types import SimpleNamespace

import pytest

from sandbox.http import Request

ARTICLE = """
GET https://graph.microsoft.com/beta/users/AlexW@contoso.com/calendar/calendarPermissions

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('64339082-ed84-4b0b-b4ab-004ae54f3747')/calendar/calendarPermissions",
    "value": [
        {
            "id": "L289RXhjaGFuZ2VMYWJTWVnYW5C",
            "isRemovable": true,
            "isInsideOrganization": true,
            "role": "delegateWithPrivateEventAccess",
            "allowedRoles": [
                "freeBusyRead",
                "limitedRead",
                "read",
                "write",
                "delegateWithoutPrivateEventAccess",
                "delegateWithPrivateEventAccess"
            ],
            "emailAddress": {
                "name": "Megan Bowen",
                "address": "MeganB@contoso.com"
            }
        },
        {
            "id": "RGVmYXVsdA==",
            "isRemovable": false,
            "isInsideOrganization": true,
            "role": "freeBusyRead",
            "allowedRoles": [
                "none",
                "freeBusyRead",
                "limitedRead",
                "read",
                "write"
            ],
            "emailAddress": {
                "name": "My Organization"
            }
        }
    ]
}
====
PATCH https://graph.microsoft.com/beta/users/AlexW@contoso.com/calendars/AAMkADAwAABf02bAAAA=/calendarPermissions/L289RXhjaGFuZ2VMYWJQWRlbGVW
Content-type: application/json

{
  "role": "write"
}

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('64339082-ed84-4b0b-b4ab-004ae54f3747')/calendars('AAMkADAwAABf02bAAAA%3D')/calendarPermissions/$entity",
    "id": "L289RXhjaGFuZ2VMYWJQWRlbGVW",
    "isRemovable": true,
    "isInsideOrganization": true,
    "role": "write",
    "allowedRoles": [
        "freeBusyRead",
        "limitedRead",
        "read",
        "write"
    ],
    "emailAddress": {
        "name": "Adele Vance",
        "address": "AdeleV@contoso.com"
    }
}
====
GET https://graph.microsoft.com/beta/users/AlexW@contoso.com/calendar

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('64339082-ed84-4b0b-b4ab-004ae54f3747')/calendar/$entity",
    "id": "AQMkADAw7QAAAJfygAAAA==",
    "name": "Calendar",
    "color": "auto",
    "hexColor": "",
    "changeKey": "NEXywgsVrkeNsFsyVyRrtAAAAAACOg==",
    "canShare": true,
    "canViewPrivateItems": true,
    "isShared": true,
    "isSharedWithMe": false,
    "canEdit": true,
    "allowedOnlineMeetingProviders": [
        "teamsForBusiness"
    ],
    "defaultOnlineMeetingProvider": "teamsForBusiness",
    "isTallyingResponses": true,
    "isRemovable": false,
    "owner": {
        "name": "Alex Wilber",
        "address": "AlexW@contoso.com"
    }
}
====
GET https://graph.microsoft.com/beta/users/meganb@contoso.com/calendars/AAMkADlAABhbftjAAA=

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('meganb%40contoso.com')/calendars/$entity",
    "id": "AAMkADlAABhbftjAAA=",
    "name": "Alex Wilber",
    "color": "auto",
    "hexColor": "",
    "changeKey": "E6LznKWmX0KTsAD9qRJjeAAAYWo3EQ==",
    "canShare": false,
    "canViewPrivateItems": true,
    "isShared": false,
    "isSharedWithMe": true,
    "canEdit": true,
    "allowedOnlineMeetingProviders": [
        "teamsForBusiness"
    ],
    "defaultOnlineMeetingProvider": "teamsForBusiness",
    "isTallyingResponses": true,
    "isRemovable": true,
    "owner": {
        "name": "Alex Wilber",
        "address": "AlexW@contoso.com"
    }
}
====
GET https://graph.microsoft.com/beta/users/AlexW@contoso.com/mailboxsettings

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('64339082-ed84-4b0b-b4ab-004ae54f3747')/mailboxSettings",
    "archiveFolder": "AQMkADAwAGVQAAAAKfowAAAA==",
    "timeZone": "Pacific Standard Time",
    "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
    "dateFormat": "M/d/yyyy",
    "timeFormat": "h:mm tt",
    "automaticRepliesSetting": {
        "status": "disabled",
        "externalAudience": "all",
        "internalReplyMessage": "",
        "externalReplyMessage": "",
        "scheduledStartDateTime": {
            "dateTime": "2019-12-24T05:00:00.0000000",
            "timeZone": "UTC"
        },
        "scheduledEndDateTime": {
            "dateTime": "2019-12-25T05:00:00.0000000",
            "timeZone": "UTC"
        }
    },
    "language": {
        "locale": "en-US",
        "displayName": "English (United States)"
    },
    "workingHours": {
        "daysOfWeek": [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday"
        ],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {
            "name": "Pacific Standard Time"
        }
    }
}
====
PATCH https://graph.microsoft.com/beta/users/AlexW@contoso.com/mailboxsettings
Content-type: application/json

{
  "delegateMeetingMessageDeliveryOptions": "sendToDelegateAndPrincipal"
}

HTTP/1.1 200 OK
Content-type: application/json

{
    "@odata.context": "https://graph.microsoft.com/beta/$metadata#users('64339082-ed84-4b0b-b4ab-004ae54f3747')/mailboxSettings",
    "delegateMeetingMessageDeliveryOptions": "sendToDelegateAndPrincipal"
}
====
DELETE https://graph.microsoft.com/beta/users/AlexW@contoso.com/calendars/AAMkADAwAABf02bAAAA=/calendarPermissions/L289RXhjaGFuZ2VMYWJTWVnYW5C

HTTP/1.1 204 No Content
"""


def printed(exchange: str) -> SimpleNamespace:
    """A request and its answer as the article prints them."""
    asked, _, answered = exchange.strip().partition("HTTP/1.1 ")
    line, _, rest = asked.strip().partition("\n")
    method, url = line.split(" ", 1)
    path = url.removeprefix("https://graph.microsoft.com")
    body = rest.partition("\n\n")[2].strip().encode()
    head, _, answer = answered.partition("\n\n")
    request = Request(method, path, headers={"content-type": "application/json"}, body=body)
    status = int(head.split(" ", 1)[0])
    return SimpleNamespace(request=request, status=status, body=json.loads(answer) if answer else None)


EXCHANGES = [printed(exchange) for exchange in ARTICLE.split("====")]


def test_the_article_has_seven_exchanges():
    assert [each.request.method for each in EXCHANGES] == ["GET", "PATCH", "GET", "GET", "GET", "PATCH", "DELETE"]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda each: f"{each.request.method} {each.request.path[6:]}")
def test_every_printed_request_is_answered_as_printed_at_reset(cloud, portal, exchange):
    response = cloud.graph.answer(portal, exchange.request)
    assert response.status == exchange.status
    assert (json.loads(response.body) if response.body else None) == exchange.body


def test_the_whole_article_can_be_played_in_its_order(cloud, portal):
    for exchange in EXCHANGES:
        response = cloud.graph.answer(portal, exchange.request)
        assert response.status == exchange.status
        assert (json.loads(response.body) if response.body else None) == exchange.body


def test_alex_shares_nothing_beyond_the_article(ask):
    calendars = ask("GET", "/v1.0/users/AlexW@contoso.com/calendars")["value"]
    assert [each["name"] for each in calendars] == ["Calendar", "Kids parties"]
    rows = ask("GET", f"/v1.0/users/AlexW@contoso.com/calendars/{calendars[1]['id']}/calendarPermissions")["value"]
    assert [(row["emailAddress"].get("address"), row["role"]) for row in rows] == [
        ("AdeleV@contoso.com", "read"),
        ("MeganB@contoso.com", "read"),
        (None, "none"),
    ]
