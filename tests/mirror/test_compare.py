"""What a reading says against what was known, with nothing but values."""

import pytest

from sharing import graph
from sharing.mirror.compare import (
    ORGANIZATION_ID,
    KnownPermission,
    ListState,
    compare_calendar,
    default_calendar_id,
    is_own,
    mailbox_state,
    state_of,
    trust_permissions,
)

OK = ListState("ok")


def permission(graph_id="a", role="read", **values):
    fields = {"allowed_roles": ("read", "write"), "name": "Adele Vance", "address": "AdeleV@contoso.com"}
    return graph.Permission(id=graph_id, role=role, inside=True, removable=True, **{**fields, **values})


def known(graph_id="a", role="read", is_open=True, **values):
    fields = {"allowed_roles": ("read", "write"), "name": "Adele Vance", "address": "AdeleV@contoso.com"}
    return KnownPermission(
        id=1, graph_id=graph_id, role=role, inside=True, removable=True, is_open=is_open, **{**fields, **values}
    )


DEFAULT = permission(ORGANIZATION_ID, "freeBusyRead", name="My Organization", address=None)


def calendar(**values):
    fields = {
        "id": "c", "name": "Calendar", "is_default": True, "can_share": True, "can_edit": True,
        "can_view_private": True, "owner_name": "Alex Wilber", "owner_address": "AlexW@contoso.com",
        "is_removable": False,
    }  # fmt: skip
    return graph.Calendar(**{**fields, **values})


@pytest.mark.parametrize(
    ("rows", "is_default", "had_row", "expected"),
    [
        ([DEFAULT, permission()], True, True, OK),
        ([], True, False, ListState("incomplete", "empty")),
        ([permission()], True, False, ListState("incomplete", "no_default_row")),
        ([], False, True, ListState("incomplete", "empty")),
        ([permission()], False, True, ListState("incomplete", "no_default_row")),
        ([], False, False, OK),
        ([permission()], False, False, OK),
    ],
)
def test_a_list_is_trusted_only_with_its_organisation_row(rows, is_default, had_row, expected):
    assert trust_permissions(rows, is_default=is_default, had_organization_row=had_row) == expected


def test_a_missing_row_ends_only_where_the_list_is_trusted():
    before = {"a": known("a"), "b": known("b")}
    assert [row.graph_id for row in compare_calendar(before, [permission("a")], may_end=True).ended] == ["b"]
    assert compare_calendar(before, [permission("a")], may_end=False).ended == []


def test_every_kind_of_difference_is_told_apart():
    before = {
        "same": known("same"),
        "raised": known("raised"),
        "renamed": known("renamed"),
        "back": known("back", is_open=False),
        "gone": known("gone"),
        "long gone": known("long gone", is_open=False),
    }
    seen = [
        permission("same"),
        permission("raised", "write"),
        permission("renamed", name="Adele V."),
        permission("back"),
        permission("new"),
    ]
    diff = compare_calendar(before, seen, may_end=True)
    assert [p.id for p in diff.new] == ["new"]
    assert [row.graph_id for row, _ in diff.reopened] == ["back"]
    assert [row.graph_id for row, _ in diff.role_changed] == ["raised"]
    assert [row.graph_id for row, _ in diff.retouched] == ["renamed"]
    assert [row.graph_id for row in diff.ended] == ["gone"]


def test_an_equal_list_is_no_difference():
    assert not compare_calendar({"a": known("a")}, [permission("a")], may_end=True)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"owner_address": "meganb@contoso.com", "can_share": False}, False),
        ({"owner_address": "old-name@contoso.com", "can_share": True}, True),
        ({"owner_address": None, "can_share": None}, True),
        ({"owner_address": None, "can_share": False}, False),
    ],
)
def test_somebody_elses_calendar_names_another_owner_and_cannot_be_shared_on(values, expected):
    assert is_own(calendar(**values), frozenset({"alexw@contoso.com"})) is expected


@pytest.mark.parametrize(
    ("marks", "expected"), [([True, False], "c0"), ([False, False], None), ([True, True], None), ([None], None)]
)
def test_the_default_calendar_is_known_only_where_exactly_one_says_so(marks, expected):
    calendars = [calendar(id=f"c{i}", is_default=mark) for i, mark in enumerate(marks)]
    assert default_calendar_id(calendars) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (graph.Throttled(), ListState("incomplete", "throttled")),
        (graph.MailboxMissing(code="ErrorInvalidUser"), ListState("no_mailbox", "ErrorInvalidUser")),
        (graph.Denied(code="ErrorAccessDenied"), ListState("denied", "ErrorAccessDenied")),
        (graph.OutOfScope(code="ErrorAccessDenied"), ListState("denied", "out_of_scope")),
        (graph.Malformed(cause="loop"), ListState("incomplete", "loop")),
        (graph.Unreachable(cause="timeout"), ListState("unreachable", "timeout")),
        (graph.NotFound(code="ErrorItemNotFound"), ListState("unreachable", "ErrorItemNotFound")),
    ],
)
def test_each_error_is_a_state_with_its_cause(error, expected):
    assert state_of(error) == expected


def test_a_mailbox_is_as_good_as_its_lists():
    bad = ListState("denied", "ErrorAccessDenied")
    assert mailbox_state([OK, OK]) == OK
    assert mailbox_state([bad]) == bad
    assert mailbox_state([OK, bad]) == bad
    assert mailbox_state([OK, OK, bad]) == ListState("incomplete", "ErrorAccessDenied")
