"""Every row of the table of verdicts, and what stands above and beside it."""

from datetime import UTC, datetime, timedelta

import pytest

from sharing.connect.verdicts import POLICY, READ, REFUSED, Seen, Verdict, judge, mailbox_roles
from sharing.models import GroupLimit

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
LONG_AGO, JUST_NOW = NOW - timedelta(days=9), NOW - timedelta(minutes=90)
NONE, WIDE = frozenset(), frozenset({"Calendars.Read", "MailboxSettings.Read"})
VERIFIED, PENDING, NOT_LIMITED = GroupLimit.VERIFIED, GroupLimit.PENDING, GroupLimit.NOT_LIMITED
NO_ACCESS, INVERTED, UNTESTED = GroupLimit.NO_ACCESS, GroupLimit.INVERTED, GroupLimit.UNTESTED
INCONCLUSIVE, INEFFECTIVE = GroupLimit.INCONCLUSIVE, GroupLimit.INEFFECTIVE

# inside, outside, granted, verdict before, since, verdict, cause, by a policy
ROWS = [
    (READ, REFUSED, NONE, UNTESTED, LONG_AGO, VERIFIED, "", False),
    (READ, REFUSED, NONE, NOT_LIMITED, LONG_AGO, VERIFIED, "", False),
    (READ, POLICY, NONE, UNTESTED, LONG_AGO, VERIFIED, "", False),
    (READ, READ, NONE, UNTESTED, LONG_AGO, PENDING, "", False),
    (READ, READ, NONE, INEFFECTIVE, LONG_AGO, PENDING, "", False),
    (READ, READ, NONE, VERIFIED, LONG_AGO, PENDING, "", False),
    (READ, READ, NONE, PENDING, JUST_NOW, PENDING, "", False),
    (READ, READ, NONE, PENDING, NOW - timedelta(hours=2), PENDING, "", False),
    (READ, READ, NONE, PENDING, NOW - timedelta(hours=3), NOT_LIMITED, "", False),
    (READ, READ, NONE, NOT_LIMITED, JUST_NOW, NOT_LIMITED, "", False),
    (REFUSED, REFUSED, NONE, UNTESTED, LONG_AGO, NO_ACCESS, "", False),
    (REFUSED, READ, NONE, UNTESTED, LONG_AGO, INVERTED, "", False),
    (READ, "not_found", NONE, VERIFIED, LONG_AGO, INCONCLUSIVE, "not_found", False),
    (READ, "no_mailbox", NONE, VERIFIED, LONG_AGO, INCONCLUSIVE, "no_mailbox", False),
    (READ, "throttled", NONE, VERIFIED, LONG_AGO, INCONCLUSIVE, "throttled", False),
    ("unreachable", REFUSED, NONE, VERIFIED, LONG_AGO, INCONCLUSIVE, "unreachable", False),
    ("nobody_inside", "nobody_outside", NONE, UNTESTED, LONG_AGO, INCONCLUSIVE, "nobody_inside", False),
    (READ, "mailbox_unproved", NONE, UNTESTED, LONG_AGO, INCONCLUSIVE, "mailbox_unproved", False),
    # A grant in Entra makes a scope of Exchange's ineffective, whatever the probes say
    (READ, REFUSED, WIDE, VERIFIED, LONG_AGO, INEFFECTIVE, "tenant_wide_grant", False),
    (READ, READ, WIDE, UNTESTED, LONG_AGO, INEFFECTIVE, "tenant_wide_grant", False),
    (REFUSED, REFUSED, WIDE, UNTESTED, LONG_AGO, INEFFECTIVE, "tenant_wide_grant", False),
    (READ, "throttled", WIDE, VERIFIED, LONG_AGO, INEFFECTIVE, "tenant_wide_grant", False),
    # unless a policy limits that grant
    (READ, POLICY, WIDE, UNTESTED, LONG_AGO, VERIFIED, "", True),
    (POLICY, READ, WIDE, UNTESTED, LONG_AGO, INVERTED, "", True),
    (POLICY, POLICY, WIDE, UNTESTED, LONG_AGO, NO_ACCESS, "", True),
    (READ, POLICY, WIDE | {"Calendars.ReadBasic.All"}, UNTESTED, LONG_AGO, INEFFECTIVE, "tenant_wide_grant", True),
    (READ, REFUSED, None, VERIFIED, LONG_AGO, INCONCLUSIVE, "grants_unknown", False),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}-{row[1]}-{len(row[2] or ())}-after-{row[3]}" for row in ROWS])
def test_the_table_of_verdicts(row):
    inside, outside, granted, was, since, word, cause, is_legacy = row
    seen = Seen(inside, outside, granted)
    assert judge(seen=seen, was=was, since=since, was_legacy=False, now=NOW) == Verdict(word, cause, is_legacy)


def test_a_policy_once_recognised_is_waited_for_and_then_missed():
    def verdict(was, since):
        return judge(seen=Seen(READ, READ, WIDE), was=was, since=since, was_legacy=True, now=NOW)

    assert verdict(VERIFIED, LONG_AGO) == Verdict(PENDING, "", True)
    assert verdict(PENDING, LONG_AGO) == Verdict(NOT_LIMITED, "", True)


def test_a_policy_is_forgotten_with_the_grant_that_it_limited():
    seen = Seen(READ, REFUSED, NONE)
    assert judge(seen=seen, was=VERIFIED, since=LONG_AGO, was_legacy=True, now=NOW) == Verdict(VERIFIED)


def test_only_roles_that_open_mailboxes_count():
    roles = {"User.Read.All", "Calendars.ReadWrite", "MailboxSettings.Read", "Mail.Send", "GroupMember.Read.All"}
    assert mailbox_roles(roles) == {"Calendars.ReadWrite", "MailboxSettings.Read", "Mail.Send"}
