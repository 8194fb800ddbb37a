"""Judges from two probes, one inside the group and one outside, whether Exchange keeps the app to the group."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sharing.models import GroupLimit

# What a probe met; any other word is the cause why nothing is known.
READ, REFUSED, POLICY = "read", "refused", "policy"
# Exchange keeps what it decided for up to two hours; the rest is margin.
PROPAGATION = timedelta(hours=2, minutes=15)
_MAILBOX = ("Calendars.", "MailboxSettings.", "Mail.", "MailboxFolder.", "MailboxItem.", "Contacts.")
# No policy covers it: https://learn.microsoft.com/graph/auth-limit-mailbox-access
_UNCOVERED = "Calendars.ReadBasic.All"


@dataclass(frozen=True, slots=True)
class Seen:
    """What both probes met, and the mailbox roles that Entra grants tenant-wide (None: not to be had)."""

    inside: str
    outside: str
    granted: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One of GroupLimit's verdicts; `is_legacy` where a policy does the limiting and not a role of Exchange's."""

    word: str
    cause: str = ""
    is_legacy: bool = False


def mailbox_roles(roles: Iterable[str]) -> frozenset[str]:
    """Those of Graph's app roles that open mailboxes."""
    return frozenset(role for role in roles if role.startswith(_MAILBOX))


def judge(*, seen: Seen, was: str, since: datetime, was_legacy: bool, now: datetime) -> Verdict:
    """The verdict; `was` is the one before, `since` when it became so.

    Exchange's roles and Entra's grants add up, so a tenant-wide grant makes any scope of Exchange's ineffective; only
    an application access policy, which is recognised by its refusal, limits such a grant.
    https://learn.microsoft.com/exchange/permissions-exo/application-rbac
    """
    probes = (seen.inside, seen.outside)
    if seen.granted is None:
        return Verdict(GroupLimit.INCONCLUSIVE, "grants_unknown", was_legacy)
    is_legacy = bool(seen.granted) and (was_legacy or POLICY in probes)
    if seen.granted and (not is_legacy or _UNCOVERED in seen.granted):
        return Verdict(GroupLimit.INEFFECTIVE, "tenant_wide_grant", is_legacy)
    unknown = [probe for probe in probes if probe not in (READ, REFUSED, POLICY)]
    if unknown:
        return Verdict(GroupLimit.INCONCLUSIVE, unknown[0], is_legacy)
    match [probe == READ for probe in probes]:
        case [True, False]:
            return Verdict(GroupLimit.VERIFIED, "", is_legacy)
        case [True, True]:
            return Verdict(_open_to_all(was, since, now), "", is_legacy)
        case [False, False]:
            return Verdict(GroupLimit.NO_ACCESS, "", is_legacy)
    return Verdict(GroupLimit.INVERTED, "", is_legacy)


def _open_to_all(was: str, since: datetime, now: datetime) -> str:
    """A change takes up to two hours to count, so everything open is an alarm only after that."""
    if was == GroupLimit.NOT_LIMITED:
        return was
    waited = now - since if was == GroupLimit.PENDING else timedelta(0)
    return GroupLimit.NOT_LIMITED if waited > PROPAGATION else GroupLimit.PENDING
