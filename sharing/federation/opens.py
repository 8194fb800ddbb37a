"""How many calendars a relationship really opens: the lower of its level and what everyone here may see; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sharing.access.organizations import MainCalendars
from sharing.models import OrganizationRelationship, Person, Role, reach

# What a relationship lets the others see at most, as the role it is comparable to.
ROLES = {
    OrganizationRelationship.NONE: Role.NONE.value,
    OrganizationRelationship.AVAILABILITY: Role.FREE_BUSY_READ.value,
    OrganizationRelationship.LIMITED: Role.LIMITED_READ.value,
}
DISABLED, FREE_BUSY_OFF, LEVEL_NONE, NO_DOMAINS = "disabled", "free_busy_off", "level_none", "no_domains"


@dataclass(frozen=True, slots=True)
class Opening:
    """What people of the other organization get to see of main calendars here, by Microsoft's rule.

    `by_role` counts calendars by what is open of each (`freeBusyRead`, `limitedRead`), `closed` those whose row for
    everyone shows nothing, `unknown` those that were not read, or whose row nobody can rank. `off` is why nothing is
    open; with `free_busy_off` all are unknown, because Microsoft documents it both ways. With `group` only its members'
    calendars are open and none are counted; `size` is how many people are in it, None where that is unknown. Calendars
    that Calwarden doesn't read at all are in no number.
    """

    by_role: Mapping[str, int] = field(default_factory=dict)
    closed: int = 0
    unknown: int = 0
    off: str = ""
    group: str = ""
    size: int | None = None

    @property
    def opened(self) -> int:
        return sum(self.by_role.values())

    @property
    def is_counted(self) -> bool:
        return not self.group


def opening(
    relationship: OrganizationRelationship, calendars: MainCalendars, groups: Mapping[str, Person] | None = None
) -> Opening:
    """What `relationship` opens; `calendars` and `groups` come from `access.organizations`, once for a page of many."""
    off = why_off(relationship)
    if off == FREE_BUSY_OFF:
        return Opening(unknown=calendars.total, off=off)
    if off:
        return Opening(closed=calendars.total, off=off)
    if relationship.scope_group:
        group = (groups or {}).get(relationship.scope_group)
        return Opening(group=relationship.scope_group, size=group.size if group else None)
    most = ROLES[relationship.level]
    by_role: dict[str, int] = {}
    closed, unknown = 0, calendars.unknown
    for role, number in calendars.by_role.items():
        if role == Role.NONE:
            closed += number
        elif reach(role) >= reach(Role.CUSTOM):
            unknown += number
        else:
            lower = min(most, role, key=reach)
            by_role[lower] = by_role.get(lower, 0) + number
    return Opening(by_role, closed, unknown)


def why_off(relationship: OrganizationRelationship) -> str:
    """Why a relationship shows nothing of us to anybody; empty where it shows something.

    `free_busy_off` is less sure: FreeBusyAccessEnabled is documented as what lets people here look there.
    https://learn.microsoft.com/powershell/module/exchangepowershell/set-organizationrelationship
    """
    if not relationship.is_enabled:
        return DISABLED
    if relationship.level == OrganizationRelationship.NONE:
        return LEVEL_NONE
    if not relationship.domains:
        return NO_DOMAINS
    return "" if relationship.has_free_busy else FREE_BUSY_OFF


def open_role(relationship: OrganizationRelationship) -> str | None:
    """The most that a relationship shows of a calendar, as the role it is comparable to; None where nobody can say."""
    off = why_off(relationship)
    if off == FREE_BUSY_OFF:
        return None
    return Role.NONE.value if off else ROLES[relationship.level]
