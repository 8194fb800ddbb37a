"""Where a sharing policy and a relationship let the same organization see different things: pure.

They are two mechanisms: a relationship shows everybody there when people here are busy; a policy says how far people
here may share their own calendar with one person there. Neither limits the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sharing.models import OrganizationRelationship, SharingPolicy, reach

from .export import UNKNOWN
from .opens import open_role

EVERYBODY = "*"
MORE, LESS, NONE, OFF, UNCLEAR = "policy_more", "policy_less", "policy_none", "policy_off", "policy_unclear"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One policy that disagrees with a relationship on `domains`; levels are roles, `allowed` empty for no calendar.

    code: policy_more | policy_less (people may share more, or less, than the relationship shows) | policy_none (they
    may share nothing) | policy_off (the policy is disabled) | policy_unclear (nobody can say which entry holds).
    """

    code: str
    policy: SharingPolicy
    domains: tuple[str, ...]
    allowed: str
    shown: str


def disagreements(
    relationship: OrganizationRelationship, policies: Iterable[SharingPolicy], used: Mapping[str, int | None]
) -> list[Disagreement]:
    """Of every policy; `used` is `flags.mailboxes_of`, and one that no mailbox has disagrees with nothing."""
    found: list[Disagreement] = []
    for policy in policies:
        if used.get(str(policy.guid)) != 0:
            found += _of_policy(relationship, policy)
    return found


def _of_policy(relationship: OrganizationRelationship, policy: SharingPolicy) -> Iterator[Disagreement]:
    shown = open_role(relationship)
    if shown is None:
        return
    by_code: dict[tuple[str, str], list[str]] = {}
    for domain in relationship.domains:
        levels = {entry["level"] for entry in policy.entries if entry["domain"] in (domain, EVERYBODY)}
        code, allowed = _verdict(levels or {""}, shown, policy.is_enabled)
        if code:
            by_code.setdefault((code, allowed), []).append(domain)
    for (code, allowed), domains in by_code.items():
        yield Disagreement(code, policy, tuple(domains), allowed, shown)


def _verdict(levels: set[str], shown: str, is_enabled: bool) -> tuple[str, str]:
    """`levels` are of its own entry and of the one for every organization: which of two holds, nobody documents."""
    if not is_enabled:
        return (OFF, "") if reach(shown) else ("", "")
    if UNKNOWN in levels:
        return UNCLEAR, UNKNOWN
    sides = {(_reach(level) > reach(shown)) - (_reach(level) < reach(shown)) for level in levels}
    allowed = max(levels, key=_reach)
    if sides == {0}:
        return "", ""
    if sides == {1}:
        return MORE, allowed
    if sides == {-1}:
        return (LESS if allowed else NONE), allowed
    return UNCLEAR, allowed


def _reach(level: str) -> int:
    return reach(level) if level else 0
