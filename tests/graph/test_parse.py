"""Strict parsers: what they take, what they refuse, and what they make storable."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing.graph import Malformed, ResyncRequired, fold_address, parse
from sharing.graph.answers import parse_json, retry_after
from sharing.graph.errors import GraphError
from sharing.graph.resources import DELIVERY_OPTIONS, ROLES

# Anything that json.loads can give back, lone surrogates and NUL included.
TEXTS = st.text(st.characters(codec=None), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def near(sample):
    """Values close to a good sample: some members replaced by anything, some left out."""
    members = {key: st.just(value) | JSON for key, value in sample.items()}
    return st.fixed_dictionaries({}, optional=members)


PERMISSION = {
    "id": "RGVmYXVsdA==",
    "isRemovable": False,
    "isInsideOrganization": True,
    "role": "freeBusyRead",
    "allowedRoles": ["none", "freeBusyRead", "limitedRead", "read", "write"],
    "emailAddress": {"name": "My Organization"},
}
CALENDAR = {
    "id": "AAMkAGI2TGuLAAA=",
    "name": "Calendar",
    "canShare": True,
    "canViewPrivateItems": True,
    "canEdit": True,
    "isRemovable": False,
    "isDefaultCalendar": True,
    "owner": {"name": "Samantha Booth", "address": "samanthab@adatum.onmicrosoft.com"},
}
USER = {
    "id": "64339082-ed84-4b0b-b4ab-004ae54f3747",
    "displayName": "Alex Wilber",
    "mail": "AlexW@contoso.com",
    "userPrincipalName": "alex@contoso.onmicrosoft.com",
    "proxyAddresses": ["SMTP:AlexW@contoso.com", "smtp:A.Wilber@contoso.com", "X500:/o=x", "sip:alexw@contoso.com"],
    "userType": "Member",
    "accountEnabled": True,
    "jobTitle": None,
    "department": "Board",
    "assignedPlans": [{"service": "exchange", "capabilityStatus": "Enabled"}],
    "createdDateTime": "2021-03-01T08:00:00Z",
}
SETTINGS = {
    "archiveFolder": "AQMk",
    "timeZone": "Pacific Standard Time",
    "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
    "dateFormat": "M/d/yyyy",
    "timeFormat": "h:mm tt",
    "userPurpose": {"value": "user"},
    "automaticRepliesSetting": {
        "status": "Scheduled",
        "externalAudience": "all",
        "internalReplyMessage": "I am in hospital.",
        "externalReplyMessage": "Secret words.",
        "scheduledStartDateTime": {"dateTime": "2019-12-24T05:00:00.0000000", "timeZone": "UTC"},
        "scheduledEndDateTime": {"dateTime": "2019-12-25T05:00:00", "timeZone": "Pacific Standard Time"},
    },
    "language": {"locale": "en-US", "displayName": "English (United States)"},
    "workingHours": {
        "daysOfWeek": ["monday", "Friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": "Pacific Standard Time"},
    },
}
PARSERS = [
    (parse.permission, PERMISSION),
    (parse.calendar, CALENDAR),
    (parse.user, USER),
    (parse.group, USER),
    (parse.contact, USER),
    (parse.organization, {"id": "x", "displayName": "Contoso", "verifiedDomains": [{"name": "contoso.com"}]}),
    (parse.settings, SETTINGS),
    (parse.removed, {"id": "x", "@removed": {"reason": "changed"}}),
]
by_name = pytest.mark.parametrize(("parser", "sample"), PARSERS, ids=[parser.__name__ for parser, _ in PARSERS])


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_in(pair)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_in(each)


@by_name
@given(items=st.data())
def test_whatever_graph_says_is_a_storable_value_or_malformed(parser, sample, items):
    item = items.draw(near(sample) | JSON)
    try:
        parsed = parser(item)
    except Malformed:
        return
    for text in texts_in(parsed if isinstance(parsed, tuple) else asdict(parsed)):
        assert "\x00" not in text
        assert len(text.encode("utf-8")) <= 4 * parse.LONGEST_NAME
    hash(parsed)


@given(items=JSON | st.lists(near(PERMISSION), max_size=4))
def test_a_list_is_whole_or_malformed(items):
    try:
        parsed = parse.permissions(items)
    except Malformed:
        return
    assert len(parsed) == len(items)
    assert len({permission.id for permission in parsed}) == len(parsed)


@by_name
def test_a_good_sample_is_taken(parser, sample):
    assert parser(sample)


@pytest.mark.parametrize("items", [None, {}, "[]", 1, True, [None], [[]], ["x"], [{}]])
def test_a_list_of_anything_else_is_malformed(items):
    for parser in (parse.permissions, parse.calendars, parse.users, parse.groups, parse.contacts):
        with pytest.raises(Malformed):
            parser(items)


@given(body=JSON | st.fixed_dictionaries({"@odata.count": JSON, "value": st.just([]) | JSON}))
def test_a_count_is_a_whole_number_that_can_be_stored_or_malformed(body):
    try:
        number = parse.count(body)
    except Malformed:
        return
    assert type(number) is int
    assert 0 <= number <= parse.MOST_MEMBERS


@pytest.mark.parametrize("number", [None, -1, True, 1.0, "7", 2**31, [7]])
def test_a_count_of_anything_else_is_malformed(number):
    with pytest.raises(Malformed):
        parse.count({"@odata.count": number, "value": []})
    assert parse.count({"@odata.count": 7, "value": []}) == 7


def test_the_same_id_twice_is_malformed():
    with pytest.raises(Malformed):
        parse.permissions([PERMISSION, PERMISSION])
    assert len(parse.permissions([PERMISSION, {**PERMISSION, "id": "rgvmyxvsda=="}])) == 2


def test_a_list_of_a_hundred_thousand_entries_and_one_is_malformed():
    with pytest.raises(Malformed) as caught:
        parse.permissions([PERMISSION] * 100_001)
    assert caught.value.cause == "too_large"


@pytest.mark.parametrize("role", ROLES)
def test_known_roles_come_back_in_graphs_casing(role):
    assert parse.permission({**PERMISSION, "role": role.upper()}).role == role


@pytest.mark.parametrize("role", ["superDelegate", "Read ", "réad", "unknownFutureValue"])
def test_unknown_roles_are_kept_and_never_mapped(role):
    permission = parse.permission({**PERMISSION, "role": role, "allowedRoles": [role, "READ"]})
    assert permission.role == role and permission.allowed_roles == (role, "read")


@pytest.mark.parametrize(
    "change",
    [
        {"role": None},
        {"role": ""},
        {"role": 3},
        {"role": ["read"]},
        {"role": "x" * 65},
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 513},
        {"id": "a\x00b"},
        {"id": "a\ud800b"},
        {"allowedRoles": "read"},
        {"allowedRoles": [None] * 33},
        {"allowedRoles": [{}]},
        {"emailAddress": "a@b"},
        {"emailAddress": {"address": "x" * 321}},
        {"emailAddress": {"name": {}}},
        {"isRemovable": "true"},
        {"isInsideOrganization": 1},
    ],
    ids=str,
)
def test_a_permission_of_the_wrong_shape_is_malformed(change):
    parse.permission(PERMISSION)
    with pytest.raises(Malformed):
        parse.permission({**PERMISSION, **change})


def test_what_graph_leaves_out_is_none():
    permission = parse.permission({"id": "x", "role": "read"})
    assert (permission.address, permission.inside, permission.removable, permission.allowed_roles) == (
        None,
        None,
        None,
        (),
    )
    nulls = dict.fromkeys(PERMISSION) | {"id": "x", "role": "read"}
    assert parse.permission(nulls) == permission


def test_names_are_made_storable_and_cut_where_one_can_see_it():
    name = parse.permission({**PERMISSION, "emailAddress": {"name": "a\x00b\ud800c" + "d" * 600}}).name
    assert name.startswith("a\ufffdb\ufffdcd") and len(name) == 512 and name.endswith("…")


def test_a_user_is_joined_by_all_its_addresses():
    user = parse.user(USER)
    assert user.addresses == ("a.wilber@contoso.com", "alex@contoso.onmicrosoft.com", "alexw@contoso.com")
    assert user.address == "AlexW@contoso.com" and user.kind == "user" and user.has_exchange is True
    assert user.created_at == datetime(2021, 3, 1, 8, tzinfo=UTC)


def test_a_guest_has_no_address_in_its_principal_name():
    guest = parse.user({**USER, "userType": "guest", "mail": None, "userPrincipalName": "g_x.com#EXT#@contoso.com"})
    assert guest.kind == "guest" and guest.address is None


@pytest.mark.parametrize(
    ("plans", "has_exchange"),
    [
        (None, None),
        ([], False),
        ([{"service": "exchange", "capabilityStatus": "Deleted"}], False),
        ([{"service": "SharePoint", "capabilityStatus": "Enabled"}], False),
        ([{"service": "exchange", "capabilityStatus": "Warning"}], True),
    ],
)
def test_an_exchange_plan_is_seen(plans, has_exchange):
    assert parse.user({**USER, "assignedPlans": plans}).has_exchange is has_exchange


@pytest.mark.parametrize("when", ["yesterday", "2021-03-01", "2021-13-01T08:00:00Z", "2021-03-01T08:00:00+02:00", 5])
def test_a_time_that_is_none_is_malformed(when):
    with pytest.raises(Malformed):
        parse.user({**USER, "createdDateTime": when})


def test_settings_hold_no_reply_text():
    settings = parse.settings(SETTINGS)
    assert "hospital" not in repr(settings) and "Secret" not in repr(settings)
    assert settings.automatic_replies_status == "scheduled"
    assert settings.automatic_replies_from == "2019-12-24T05:00:00Z"
    assert settings.automatic_replies_until == "2019-12-25T05:00:00 Pacific Standard Time"
    assert settings.working_hours == {
        "days": ["monday", "friday"],
        "start": "08:00:00",
        "end": "17:00:00",
        "time_zone": "Pacific Standard Time",
    }


@pytest.mark.parametrize("purpose", ["shared", {"value": "Shared"}])
def test_a_purpose_comes_plain_or_nested(purpose):
    assert parse.settings({**SETTINGS, "userPurpose": purpose}).purpose == "shared"


@pytest.mark.parametrize("option", [*DELIVERY_OPTIONS, "sendToNobody"])
def test_delivery_options_come_in_graphs_casing_or_as_they_are(option):
    said = option if option == "sendToNobody" else option.upper()
    assert parse.settings({"delegateMeetingMessageDeliveryOptions": said}).delivery_option == option


def test_settings_that_a_cloud_lacks_are_none():
    settings = parse.settings({"timeZone": "UTC"})
    assert settings.delivery_option is None and settings.purpose is None and settings.working_hours == {}


def test_the_default_domain_comes_first():
    domains = [{"name": "B.com"}, {"name": "A.com", "isDefault": True}]
    assert parse.organization({"id": "x", "displayName": "x", "verifiedDomains": domains}).domains == ("a.com", "b.com")


def test_addresses_fold_letters_of_ascii_only():
    assert fold_address("AlexW@Contoso.COM") == "alexw@contoso.com"
    assert fold_address("\u212aelvin@contoso.com") == "\u212aelvin@contoso.com"
    assert fold_address("Ä@X.com") == "Ä@x.com"


@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_json_is_read_or_malformed(body):
    try:
        value = parse_json(body)
    except Malformed:
        return
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1", 1.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("0.249", 0.249),
        ("2.", 2.0),
        (5, 5.0),
        (2.128, 2.128),
        ("-3", 0.0),
        ("99999999999", 86400.0),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e3", None),
        ("١٢", None),
        ("1" * 400, None),
        (True, None),
        ([1], None),
    ],
)
def test_every_form_of_retry_after(said, seconds):
    assert retry_after(said, date="Sat, 21 Nov 2026 10:00:00 GMT") == seconds


@given(said=JSON, date=st.none() | TEXTS)
def test_no_retry_after_breaks_the_reader(said, date):
    seconds = retry_after(said, date=date)
    assert seconds is None or 0 <= seconds <= 86400


def test_every_error_has_a_cause_and_a_text():
    def kinds(kind):
        yield kind
        for under in kind.__subclasses__():
            yield from kinds(under)

    assert len(list(kinds(GraphError))) >= 14
    for kind in kinds(GraphError):
        assert kind().cause and str(kind()).startswith(kind.__name__) and kind.__doc__
    assert ResyncRequired(code="syncStateNotFound").cause == "syncStateNotFound"
