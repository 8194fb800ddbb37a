"""The next step of a change, for every truth that Microsoft may show."""

import pytest

from sharing.changes.decide import Decision, Do, Truth, Wish, decide

RAISE = Wish("read", "write", before_rank=3, after_rank=4)
REMOVE = Wish("read", None, before_rank=3)
GIVE = Wish("", "read", after_rank=3, is_new=True)
DELIVERY = Wish("sendToDelegateOnly", "sendToDelegateAndPrincipal")
ALL = ("freeBusyRead", "limitedRead", "read", "write")


@pytest.mark.parametrize(
    ("wish", "truth", "seconds", "refusal", "expected"),
    [
        (RAISE, Truth("read", ALL), None, "", Decision(Do.WRITE)),
        (RAISE, Truth("write", ALL), None, "", Decision(Do.APPLIED)),
        (RAISE, Truth("limitedRead", ALL), None, "", Decision(Do.CONFLICT, "changed_outside")),
        (RAISE, Truth(None), None, "", Decision(Do.CONFLICT, "already_gone")),
        (RAISE, Truth("read", ("freeBusyRead", "read")), None, "", Decision(Do.FAILED, "role_not_allowed")),
        (REMOVE, Truth(None), None, "", Decision(Do.APPLIED)),
        (REMOVE, Truth("read", ALL), None, "", Decision(Do.WRITE)),
        (REMOVE, Truth("write", ALL), None, "", Decision(Do.CONFLICT, "changed_outside")),
        (REMOVE, Truth("read", ALL, removable=False), None, "", Decision(Do.FAILED, "not_removable")),
        (REMOVE, Truth("read", ALL, organization_rank=4), None, "", Decision(Do.FAILED, "would_raise")),
        (REMOVE, Truth("read", ALL, organization_rank=3), None, "", Decision(Do.WRITE)),
        (DELIVERY, Truth("sendToDelegateOnly"), None, "", Decision(Do.WRITE)),
        (DELIVERY, Truth(""), None, "", Decision(Do.CONFLICT, "changed_outside")),
        # Under another id, the same person.
        (REMOVE, Truth("read", is_other=True), None, "", Decision(Do.CONFLICT, "changed_outside")),
        (REMOVE, Truth("read", is_other=True), 1.0, "", Decision(Do.CONFLICT, "changed_outside")),
        (RAISE, Truth("read", is_other=True), None, "", Decision(Do.CONFLICT, "changed_outside")),
        (RAISE, Truth("write", is_other=True), 1.0, "", Decision(Do.APPLIED)),
        # Somebody new: never asked for twice.
        (GIVE, Truth(None, ALL), None, "", Decision(Do.WRITE)),
        (GIVE, Truth(None), None, "", Decision(Do.WRITE)),
        (GIVE, Truth(None, ("freeBusyRead",)), None, "", Decision(Do.FAILED, "role_not_allowed")),
        (GIVE, Truth("read"), None, "", Decision(Do.APPLIED)),
        (GIVE, Truth("write"), None, "", Decision(Do.CONFLICT, "changed_outside")),
        (GIVE, Truth("freeBusyRead"), 1.0, "", Decision(Do.CONFLICT, "other_role")),
        (GIVE, Truth("freeBusyRead"), 1.0, "ErrorInvalidRequest", Decision(Do.CONFLICT, "changed_outside")),
        (GIVE, Truth(None), 1.0, "", Decision(Do.WAIT, "not_confirmed")),
        (GIVE, Truth(None), 60.0, "", Decision(Do.WAIT, "not_confirmed")),
        (GIVE, Truth(None), 181.0, "", Decision(Do.UNKNOWN, "not_confirmed")),
        (GIVE, Truth(None), 1.0, "ErrorInvalidRequest", Decision(Do.FAILED, "ErrorInvalidRequest")),
        # After sending: only what is read counts.
        (RAISE, Truth("write", ALL), 1.0, "ErrorAccessDenied", Decision(Do.APPLIED)),
        (RAISE, Truth("read", ALL), 1.0, "ErrorAccessDenied", Decision(Do.FAILED, "ErrorAccessDenied")),
        (RAISE, Truth("read", ALL), 1.0, "", Decision(Do.WAIT, "not_confirmed")),
        (RAISE, Truth("read", ALL), 60.0, "", Decision(Do.WAIT, "not_confirmed")),
        (RAISE, Truth("read", ALL), 181.0, "", Decision(Do.UNKNOWN, "not_confirmed")),
        (REMOVE, Truth(None), 181.0, "", Decision(Do.APPLIED)),
    ],
)
def test_the_truth_decides(wish, truth, seconds, refusal, expected):
    assert decide(wish, truth, seconds_since_sent=seconds, refusal=refusal) == expected


@pytest.mark.parametrize(("wish", "again"), [(RAISE, Do.WRITE), (REMOVE, Do.WRITE), (GIVE, Do.WAIT)])
def test_what_was_not_carried_out_is_sent_again_between_the_quiet_period_and_three_minutes(wish, again):
    truth = Truth(None if wish.is_new else "read", ALL)
    steps = [decide(wish, truth, seconds_since_sent=at, may_send_again=True).do for at in (29.0, 60.0, 181.0)]
    assert steps == [Do.WAIT, again, Do.UNKNOWN]


def test_an_owner_who_reverted_after_a_crash_is_not_overruled():
    assert decide(RAISE, Truth("read", ALL), seconds_since_sent=600.0).do is Do.UNKNOWN


def test_raising_is_never_stopped_by_what_everybody_has():
    assert decide(RAISE, Truth("read", ALL, organization_rank=4), seconds_since_sent=None).do is Do.WRITE
