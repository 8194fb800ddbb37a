"""Every way in which Microsoft's answers can go wrong: the state it must lead to, and nothing ended by mistake."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from sharing.models import CalendarPermission, Mailbox, PermissionPeriod, Person, SyncRun, Tenant
from tests.contoso import control, mailbox

ALEX = "AlexW@contoso.com"
OID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
PRIMARY = rf"/users/{OID}/calendar/calendarPermissions$"
NAMED = rf"/users/{OID}/calendars/.*/calendarPermissions$"
CALENDARS = rf"/users/{OID}/calendars(\?|$)"
SETTINGS = rf"/users/{OID}/mailboxSettings"
ANY = "any cause"


@dataclass(frozen=True)
class Case:
    """One way to go wrong, and what Alex's mailbox is then; `settings` where only they suffer."""

    name: str
    faults: list[dict[str, Any]] = field(default_factory=list)
    state: str = "ok"
    cause: str = ""
    outside: dict[str, Any] | None = None
    switches: dict[str, Any] | None = None
    settings: str = "ok"


def fault(path, do, **more):
    return [{"match": {"path": path}, "do": do, **more}]


def answer(status, code, message="", path=rf"/users/{OID}/", **more):
    return fault(path, "status", status=status, code=code, message=message, **more)


def mailbox_answers(status, code, state, message="", cause=None, name=""):
    settings = "denied" if state == "denied" else state
    return Case(
        name or f"{status} {code}",
        answer(status, code, message),
        state,
        code if cause is None else cause,
        settings=settings,
    )


DEFAULT = {
    "id": "RGVmYXVsdA==", "isRemovable": False, "isInsideOrganization": True, "role": "freeBusyRead",
    "allowedRoles": ["none", "freeBusyRead", "limitedRead", "read", "write"],
    "emailAddress": {"name": "My Organization"},
}  # fmt: skip
POLICY = "Access to OData is disabled."
BODIES = [
    *(Case(f"{do} on the primary list", fault(PRIMARY, do), "incomplete", ANY)
      for do in ("truncate", "empty_body", "drop_default_row", "loop", "foreign_link")),
    *(Case(f"{do} on a named list", fault(NAMED, do), "incomplete", ANY)
      for do in ("truncate", "empty_body", "empty_list", "loop", "foreign_link")),
    *(Case(f"{do} on the list of calendars", fault(CALENDARS, do), "incomplete", ANY)
      for do in ("truncate", "empty_body", "empty_list", "loop", "foreign_link")),
    Case("an empty primary list", fault(PRIMARY, "empty_list"), "incomplete", "empty"),
    Case("no organisation row", fault(PRIMARY, "drop_default_row"), "incomplete", "no_default_row"),
    Case("half a list, once", fault(PRIMARY, "lose_last_page", times=1), "incomplete", "no_default_row"),
    Case("a shorter list with an organisation row, once", fault(PRIMARY, "body", json={"value": [DEFAULT]}, times=1)),
    Case("half the calendars, once", fault(CALENDARS, "lose_last_page", times=1), "ok"),
    Case("a page that repeats itself", fault(PRIMARY, "repeat_page"), "incomplete", ANY),
    Case("a list of strings", fault(PRIMARY, "body", json={"value": ["x"]}), "incomplete", "malformed"),
    Case("a list that is none", fault(PRIMARY, "body", json={"value": {"id": "x"}}), "incomplete", "malformed"),
    Case("a row without an id", fault(PRIMARY, "body", json={"value": [{"role": "read"}]}), "incomplete", "malformed"),
    Case("settings of another shape", fault(SETTINGS, "body", json={"workingHours": 8}), settings="incomplete"),
]  # fmt: skip
OUTER = r"/\$batch$"
TRANSPORT = [
    Case("an outer 429, once", [{"do": "outer_429", "times": 1, "retry_after": "0"}]),
    Case("a throttled item, once", answer(429, "ApplicationThrottled", retry_after="0.2", times=1)),
    Case(
        "a throttled item without Retry-After",
        answer(429, "ApplicationThrottled", retry_after=None),
        "incomplete",
        "throttled",
        settings="incomplete",
    ),
    Case(
        "a throttled item for an hour",
        answer(429, "ApplicationThrottled", retry_after="3600"),
        "incomplete",
        "throttled",
        settings="incomplete",
    ),
    Case("a dependency failed", [{"match": {"path": rf"/users/{OID}/"}, "do": "item_424", "times": 1}]),
    Case("an expired token, once", fault(OUTER, "expired_token", times=1)),
    Case("the connection drops, once", fault(OUTER, "drop", times=1)),
    Case("HTML with 200, once", fault(OUTER, "html_200", times=1), ANY),
    Case("answers in another order", [{"do": "shuffle"}]),
    Case("a 500 that passes", answer(500, "ErrorInternalServerTransientError", times=1)),
    Case("a 503 that passes", answer(503, "serviceNotAvailable", retry_after="0.1", times=1)),
    Case("a 504 that passes", answer(504, "UnknownError", times=1)),
]
# graph-contract.md 7.3
CODES = [
    mailbox_answers(404, "MailboxNotEnabledForRESTAPI", "no_mailbox"),
    mailbox_answers(403, "MailboxNotEnabledForRESTAPI", "no_mailbox"),
    mailbox_answers(404, "MailboxNotSupportedForRESTAPI", "no_mailbox"),
    mailbox_answers(404, "ResourceNotFound", "no_mailbox"),
    mailbox_answers(404, "ErrorInvalidUser", "no_mailbox"),
    mailbox_answers(404, "Request_ResourceNotFound", ANY),
    mailbox_answers(404, "ErrorItemNotFound", "unreachable"),
    mailbox_answers(400, "ErrorInvalidIdMalformed", "unreachable"),
    mailbox_answers(400, "ErrorNotSupported", "unreachable"),
    mailbox_answers(403, "ErrorAccessDenied", "denied", "Access is denied. Check credentials and try again."),
    mailbox_answers(403, "ErrorAccessDenied", "denied", POLICY, cause="out_of_scope", name="403 by policy"),
    mailbox_answers(403, "extensionError", "denied", cause="out_of_scope"),
    mailbox_answers(403, "Authorization_RequestDenied", "denied"),
    mailbox_answers(401, "InvalidAuthenticationToken", "unreachable", "Lifetime validation failed."),
    mailbox_answers(403, "Forbidden", "denied"),
    mailbox_answers(403, "DelegatedCalendarAccessDenied", "denied"),
    mailbox_answers(400, "ErrorGroupIsUsedInNonGroupURI", "unreachable"),
    mailbox_answers(412, "ErrorIrresolvableConflict", "unreachable"),
    mailbox_answers(400, "RequestBodyRead", "unreachable"),
    mailbox_answers(405, "Request_BadRequest", "unreachable"),
    mailbox_answers(400, "ExpandNotSupported", "unreachable"),
    mailbox_answers(501, "NotImplemented", "unreachable"),
    mailbox_answers(500, "ErrorInternalServerError", "unreachable"),
    mailbox_answers(500, "ErrorInternalServerTransientError", "unreachable"),
    mailbox_answers(503, "ErrorMailboxStoreUnavailable", "unreachable"),
    mailbox_answers(503, "ResourceUnhealthy", "unreachable"),
    mailbox_answers(503, "ErrorMailboxMoveInProgress", "unreachable"),
    mailbox_answers(503, "ErrorServerBusy", "unreachable"),
    mailbox_answers(500, "UnknownError", "unreachable"),
]
# graph-contract.md 7.4
STATES = [
    Case(f"a mailbox that is {state}", [], expected, ANY, outside={"do": "mailbox_state", "state": state}, settings=ANY)
    for state, expected in [
        ("unlicensed", "no_mailbox"), ("on_premises", "no_mailbox"), ("soft_deleted", "no_mailbox"),
        ("provisioning", "no_mailbox"), ("policy_blocked", "denied"), ("store_error", "unreachable"),
    ]
]  # fmt: skip
# graph-contract.md Appendix A: what nobody knows must not matter
SWITCHES = [
    Case(f"{name} = {value}", switches={name: value}, state=state, cause=cause)
    for name, value, state, cause in [
        ("organization_row_on_named_calendars", "absent", ANY, ANY),
        ("custom_in_allowed_roles", True, "ok", ""),
        ("anonymous_row", True, "ok", ""),
        ("permission_pages", "tens", "ok", ""),
        ("calendar_page_size", 0, "ok", ""),
        ("organization_name", "Mi organización", "ok", ""),
        ("permissions_of_a_copy", "ErrorNotSupported", "ok", ""),
        ("user_purpose", "object", "ok", ""),
        ("user_purpose", "absent", "ok", ""),
        ("is_default_calendar", "absent", "ok", ""),
        ("is_default_calendar", "never_true", "ok", ""),
        ("is_default_calendar", "always_true", "ok", ""),
        ("batch_order", "reversed", "ok", ""),
        ("batch_order", "shuffled", "ok", ""),
        ("delta_gone", True, "ok", ""),
        ("delta_empty_pages", True, "ok", ""),
        ("delta_replays", True, "ok", ""),
        ("on_premises_answer", "extensionError", "ok", ""),
        ("store_error_answer", "ErrorAccessDenied", "ok", ""),
        ("resource_owner_delegates", False, "ok", ""),
    ]
]
CASES = [*BODIES, *TRANSPORT, *CODES, *STATES, *SWITCHES]


@pytest.fixture
def read(sync, clock):
    """Alex's mailbox as a full read knows it, with everything that was known before."""
    sync()
    clock.forward(days=1)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_answer_leads_to_its_state_and_ends_nothing(case, read, sync, cloud, outside, clock):
    open_before = CalendarPermission.objects.open().count()
    periods_before = PermissionPeriod.objects.count()
    if case.outside:
        outside(**case.outside, mailbox=ALEX)
    if case.switches:
        cloud.switches.change(case.switches)
    cloud.faults.set(case.faults)
    run = sync()
    assert run.outcome == SyncRun.DONE
    row = mailbox(ALEX)
    assert case.state in (ANY, row.state)
    assert case.cause in (ANY, row.cause) or row.state == "ok"
    assert case.settings in (ANY, row.settings_state)
    ended = PermissionPeriod.objects.exclude(end="changed").count()
    assert ended == 0
    assert CalendarPermission.objects.open().count() >= open_before
    assert PermissionPeriod.objects.count() == periods_before or case.switches
    others = Mailbox.objects.exclude(pk=row.pk)
    assert others.filter(state="ok").count() > 40


@pytest.mark.parametrize("case", [*BODIES, *TRANSPORT, *CODES], ids=lambda case: case.name)
def test_the_next_clean_reading_puts_it_right(case, read, sync, cloud, clock):
    cloud.faults.set(case.faults)
    sync()
    cloud.faults.set([])
    control(cloud, "clock", {"offset_seconds": 86400})
    clock.forward(days=1)
    sync()
    row = mailbox(ALEX)
    assert (row.state, row.settings_state, bool(row.digest)) == ("ok", "ok", True)


DIRECTORY = [
    ("truncate", {}), ("empty_body", {}), ("loop", {}), ("foreign_link", {}), ("html_200", {}),
    ("status", {"status": 500, "code": "UnknownError"}),
    ("status", {"status": 403, "code": "Authorization_RequestDenied"}),
    ("status", {"status": 400, "code": "Request_UnsupportedQuery"}),
    ("status", {"status": 429, "code": "TooManyRequests", "retry_after": "3600"}),
    ("empty_list", {}), ("lose_last_page", {}),
]  # fmt: skip


@pytest.mark.parametrize(("do", "more"), DIRECTORY, ids=[f"{do} {more.get('status', '')}" for do, more in DIRECTORY])
def test_a_listing_that_goes_wrong_offboards_nobody(do, more, read, sync, cloud):
    cloud.faults.set([{"match": {"path": "/users/delta"}, "do": do, **more}])
    run = sync()
    assert run.outcome in (SyncRun.STOPPED, SyncRun.HELD)
    assert not Person.objects.filter(missed_at__isnull=False).exists()
    assert not PermissionPeriod.objects.exists()


def test_a_token_that_is_refused_for_good_stops_the_run_and_marks_the_tenant(read, sync, cloud):
    cloud.faults.set([{"match": {"path": OUTER}, "do": "expired_token"}])
    run = sync()
    assert run.outcome == SyncRun.STOPPED
    assert Tenant.objects.get().state == Tenant.LOST
    assert not PermissionPeriod.objects.exists()
    assert mailbox(ALEX).state == "ok"


def test_everybody_denied_is_consent_and_not_seventy_mailboxes(read, sync, cloud):
    denied = "Access is denied. Check credentials and try again."
    cloud.faults.set(answer(403, "ErrorAccessDenied", denied, path="/users/.*/(calendar|mailboxSettings)"))
    run = sync()
    assert run.outcome == SyncRun.STOPPED
    assert Tenant.objects.get().state == Tenant.LOST
    assert mailbox(ALEX).state == "ok"


def test_no_link_is_followed_to_another_host_and_no_request_comes_early(read, sync, cloud):
    for path in (PRIMARY, CALENDARS):
        cloud.faults.set(fault(path, "foreign_link"))
        sync()
    cloud.faults.set(answer(429, "ApplicationThrottled", retry_after="0.3", times=3))
    sync()
    assert cloud.throttle.early_retries == 0
