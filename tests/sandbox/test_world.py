"""The world at reset, its past, and what can be done to it from outside."""

import json
import time
import unicodedata

import pytest

from sandbox import cast
from sandbox.rows import DELEGATE_ROLES, MAILBOX_STATES
from sandbox.world import build


@pytest.fixture
def state():
    return build()


@pytest.fixture
def contoso(state):
    return state.tenants[cast.CONTOSO]


def truth(state):
    """Everything but the counters."""
    dumped = state.dump()
    for tenant in dumped["tenants"].values():
        del tenant["changes"]
    return {"tenants": dumped["tenants"], "invitations": dumped["invitations"]}


def rows(tenant):
    """(owner, calendar, row) of the whole tenant."""
    for user in tenant.users.values():
        for calendar in user.mailbox.calendars.values() if user.mailbox else ():
            for row in calendar.permissions.values():
                yield user, calendar, row


def test_two_builds_are_the_same(state):
    assert truth(state) == truth(build())


def test_the_cast_has_its_ids_addresses_and_tenants(state):
    for oid, name, upn, tid, _ in cast.CAST:
        user = state.tenants[tid].user(upn)
        assert (user.oid, user.display_name) == (oid, name)


def test_the_guest_has_an_outside_address_and_no_mailbox(contoso):
    grace = contoso.users[cast.GRACE]
    assert (grace.user_type, grace.mail, grace.mailbox) == ("Guest", "grace@tailspintoys.com", None)


def test_at_least_forty_more_people_work_at_contoso(contoso):
    people = [user for user in contoso.users.values() if user.mailbox and user.mailbox.purpose == "user"]
    assert len(people) - len(cast.CAST) >= 40


def test_isaiah_owns_an_ordinary_mailbox(contoso):
    isaiah = contoso.users[cast.ISAIAH]
    assert (isaiah.mailbox.purpose, isaiah.mailbox_state) == ("user", "ok")


def test_charlie_shares_nothing_and_is_shared_with_by_nobody(contoso):
    found = [row for user, _, row in rows(contoso) if cast.CHARLIE in (user.oid, row.holder)]
    assert [(row.kind, row.role) for row in found] == [("default", "freeBusyRead")]


def test_one_person_is_the_delegate_of_four_others(contoso):
    owners = {user.oid for user, _, row in rows(contoso) if row.role in DELEGATE_ROLES and row.holder == cast.MEGAN}
    assert len(owners) >= 4


def test_one_calendar_has_sixty_sharees(contoso):
    calendar = next(calendar for _, calendar, _ in rows(contoso) if calendar.name == "Autumn conference")
    assert len([row for row in calendar.permissions.values() if row.kind != "default"]) == 60


@pytest.mark.parametrize("kind", ["default", "user", "group", "outside"])
def test_every_kind_of_sharee_is_there(contoso, kind):
    assert any(row.kind == kind for _, _, row in rows(contoso))


def test_there_is_a_custom_role_and_a_row_of_somebody_who_is_gone(contoso):
    known = {*contoso.users, *contoso.groups}
    assert any(row.role == "custom" for _, _, row in rows(contoso))
    assert any(row.holder and row.holder not in {*known, *contoso.deleted} for _, _, row in rows(contoso))


def test_external_sharees_come_from_three_organisations(contoso):
    domains = {row.address.split("@")[1] for _, _, row in rows(contoso) if row.kind == "outside"}
    assert domains >= {"fabrikam.com", "northwindtraders.com", "tailspintoys.com"}


def test_nobody_but_the_primary_calendar_has_a_delegate(state):
    for tenant in state.tenants.values():
        for _, calendar, row in rows(tenant):
            assert calendar.is_default or row.role not in DELEGATE_ROLES
            assert row.kind == "user" or row.role not in DELEGATE_ROLES


def test_the_rule_of_every_mailbox_names_its_delegates(state):
    for tenant in state.tenants.values():
        for user in tenant.users.values():
            if user.mailbox:
                delegates = [row for row in user.mailbox.primary.permissions.values() if row.role in DELEGATE_ROLES]
                assert user.mailbox.rule == sorted(row.holder for row in delegates)


def test_mailboxes_stand_in_every_state(contoso):
    found = {user.mailbox_state for user in contoso.users.values()}
    found |= {"soft_deleted"} if contoso.deleted else set()
    assert found | {"gone_for_good"} == set(MAILBOX_STATES)
    assert contoso.user("MarkK@contoso.com") is None


def test_some_names_are_nasty(contoso):
    names = [user.display_name for user in contoso.users.values()]
    assert any(name.startswith("=") for name in names)
    assert any(name.startswith("+") for name in names)
    assert any("<script>" in name for name in names)
    assert any('"' in name and "'" in name for name in names)
    assert any(len(name) > 200 for name in names)
    assert any(unicodedata.bidirectional(name[0]) in ("R", "AL") for name in names)
    assert any(ord(letter) > 0xFFFF for name in names for letter in name)
    assert any(unicodedata.combining(letter) for name in names for letter in name)
    assert max(len(name) for name in names) <= 256


def test_a_dump_is_json_and_brings_the_same_world_back(state):
    dumped = json.loads(json.dumps(state.dump()))
    other = build()
    other.apply({"do": "delivery", "mailbox": cast.ALEX, "option": "sendToDelegateAndPrincipal"})
    other.load(dumped)
    assert other.dump() == state.dump()
    assert other.tenants[cast.CONTOSO].user("alexw@CONTOSO.com").oid == cast.ALEX


def test_the_world_after_the_last_entry_of_the_journal_is_the_reset_world(state):
    today = truth(state)
    state.rewind(0)
    assert truth(state) != today
    for entry in range(len(state.journal)):
        state.play(entry)
    assert truth(state) == today


def test_the_journal_covers_twelve_weeks_in_order(state):
    days = [entry.days_ago for entry in state.journal]
    assert days == sorted(days, reverse=True)
    assert 77 < days[0] <= 84
    assert days[-1] < 7
    assert len(days) >= 40


def test_rewinding_half_way_and_playing_the_rest_ends_today(state):
    today, middle = truth(state), len(state.journal) // 2
    state.rewind(middle)
    for entry in range(middle, len(state.journal)):
        state.play(entry)
    assert truth(state) == today


@pytest.mark.parametrize("entry", [-1, 10_000])
def test_the_journal_refuses_an_entry_it_does_not_have(state, entry):
    with pytest.raises(ValueError, match="journal"):
        state.play(entry)
    with pytest.raises(ValueError, match="journal"):
        state.rewind(entry)


KIDS = {"mailbox": "AlexW@contoso.com", "calendar": "Kids parties"}
CHANGES = [
    {"do": "role", **KIDS, "who": "AdeleV@contoso.com", "role": "write"},
    {"do": "role", **KIDS, "who": "Default", "role": "read"},
    {"do": "role", "mailbox": cast.ALEX, "who": "meganb@contoso.com", "role": "read"},
    {"do": "share", **KIDS, "who": "LeeG@contoso.com", "role": "read"},
    {"do": "share", **KIDS, "who": "launch@contoso.com", "role": "write"},
    {"do": "share", **KIDS, "who": "aunt@example.com", "role": "read"},
    {"do": "unshare", **KIDS, "who": "MeganB@contoso.com"},
    {"do": "unshare", "mailbox": cast.ALEX, "who": "MeganB@contoso.com"},
    {"do": "delivery", "mailbox": cast.ALEX, "option": "sendToDelegateAndPrincipal"},
    {"do": "settings", "mailbox": cast.ALEX, "timeZone": "UTC"},
    {"do": "rename_calendar", **KIDS, "name": "Parties"},
    {"do": "add_calendar", "mailbox": cast.ALEX, "name": "Board travel"},
    {"do": "delete_calendar", **KIDS},
    {"do": "mailbox_state", "mailbox": cast.ADELE, "state": "unlicensed"},
    {"do": "mailbox_state", "mailbox": cast.ADELE, "state": "soft_deleted"},
    {"do": "mailbox_state", "mailbox": cast.ADELE, "state": "gone_for_good"},
    {"do": "mailbox_state", "mailbox": "BrianJ@contoso.com", "state": "ok"},
    {"do": "disable_user", "mailbox": cast.MEGAN},
    {"do": "enable_user", "mailbox": "EmilyB@contoso.com"},
    {"do": "delete_user", "mailbox": cast.MEGAN},
    {"do": "restore_user", "mailbox": "BrianJ@contoso.com"},
    {"do": "purge_user", "mailbox": cast.MEGAN},
    {"do": "add_user", "name": "New Person", "address": "new@contoso.com", "job_title": "Clerk"},
    {"do": "rename_user", "mailbox": cast.ADELE, "name": "Adele Lee", "mail": "AdeleL@contoso.com"},
    {"do": "grant", "role": "Directory.Read.All"},
    {"do": "revoke", "role": "Calendars.ReadWrite"},
    {"do": "role", "tenant": cast.FABRIKAM, "mailbox": cast.PATTI, "who": "Default", "role": "none"},
    {"do": "role", "tenant": "fabrikam.com", "mailbox": cast.PATTI, "who": "Default", "role": "none"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: f"{each['do']} {each.get('state', '')}")
def test_every_change_changes_the_world_and_can_be_taken_back(state, change):
    before, version = truth(state), state.version
    back = state.apply(change)
    assert truth(state) != before
    assert state.version > version
    state.apply(json.loads(json.dumps(back)))
    assert truth(state) == before


@pytest.mark.parametrize(
    "change",
    [
        {"do": "dance"},
        {},
        {"do": "role", "mailbox": "nobody@contoso.com", "who": "Default", "role": "read"},
        {"do": "role", "mailbox": cast.ALEX, "who": "Default", "role": "boss"},
        {"do": "role", "mailbox": cast.ALEX, "who": "LeeG@contoso.com", "role": "read"},
        {"do": "role", "mailbox": cast.ALEX, "calendar": "Nowhere", "who": "Default", "role": "read"},
        {"do": "role", "mailbox": cast.ALEX, "role": "read"},
        {"do": "role", "tenant": "nowhere.example", "mailbox": cast.ALEX, "who": "Default", "role": "read"},
        {"do": "share", **KIDS, "who": "AdeleV@contoso.com", "role": "read"},
        {"do": "unshare", **KIDS, "who": "Default"},
        {"do": "delete_calendar", "mailbox": cast.ALEX},
        {"do": "delivery", "mailbox": cast.ALEX, "option": "nobody"},
        {"do": "delivery", "mailbox": cast.GRACE, "option": "sendToDelegateOnly"},
        {"do": "mailbox_state", "mailbox": cast.ALEX, "state": "asleep"},
        {"do": "restore_user", "mailbox": cast.ALEX},
        {"do": "add_user", "name": "Second Alex", "address": "alexw@contoso.com"},
        {"do": "rename_user", "mailbox": cast.ADELE, "upn": "AlexW@contoso.com"},
    ],
    ids=lambda each: each.get("do", "nothing"),
)
def test_a_change_that_makes_no_sense_changes_nothing(state, change):
    before = truth(state)
    with pytest.raises(ValueError, match="."):
        state.apply(change)
    assert truth(state) == before


def test_sharing_gives_the_sharee_a_copy_and_ending_it_takes_the_copy_away(state, contoso):
    lee = contoso.user("LeeG@contoso.com").mailbox
    before = len(lee.calendars)
    state.apply({"do": "share", **KIDS, "who": "LeeG@contoso.com", "role": "read"})
    assert [each.original for each in lee.calendars.values()][before:] == [(cast.ALEX, cast.ALEX_KIDS_PARTIES)]
    state.apply({"do": "unshare", **KIDS, "who": "LeeG@contoso.com"})
    assert len(lee.calendars) == before


def test_a_renamed_person_has_the_new_name_in_every_row(state, contoso):
    state.apply({"do": "rename_user", "mailbox": cast.MEGAN, "name": "Megan Wilber", "mail": "MeganW@contoso.com"})
    held = {(row.name, row.address) for _, _, row in rows(contoso) if row.holder == cast.MEGAN}
    assert held == {("Megan Wilber", "MeganW@contoso.com")}
    assert contoso.holder("meganb@contoso.com").oid == cast.MEGAN


def test_ten_thousand_mailboxes_are_made_in_five_seconds_with_three_calendars_of_five_rows():
    began = time.process_time()
    tenant = build(mailboxes=10_000).tenants[cast.CONTOSO]
    assert time.process_time() - began < 5
    made = [user for user in tenant.users.values() if user.upn.split("@")[0][-1].isdigit()]
    assert len(made) == 10_000
    assert all(len(user.mailbox.calendars) == 3 for user in made)
    assert {len(each.permissions) for user in made for each in user.mailbox.calendars.values()} == {5}


@pytest.mark.parametrize("count", [1, 7, 60, 333])
def test_generated_mailboxes_are_the_same_on_every_run_and_share_with_others(count):
    first, second = build(mailboxes=count), build(mailboxes=count)
    assert truth(first) == truth(second)
    for user, calendar, row in rows(first.tenants[cast.CONTOSO]):
        assert row.holder != user.oid
        assert row.holder != cast.CHARLIE
        assert len(calendar.permissions) == len({each.address for each in calendar.permissions.values()})


def test_generated_mailboxes_leave_the_rest_of_the_world_alone(state):
    small, large = truth(state), truth(build(mailboxes=40))
    for oid, user in small["tenants"][cast.CONTOSO]["users"].items():
        assert large["tenants"][cast.CONTOSO]["users"][oid] == user
