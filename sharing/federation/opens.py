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
    everyone shows nothing, `unknown` those that were not read, or whose row nobody can rank. With `off` nothing is
    open, and why. With `group` only its members' calendars are open and none are counted; `size` is how many people
    are in it, None where that is unknown. Calendars that Calwarden doesn't read at all are in no number.
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
    if off := why_off(relationship):
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
    """Why a relationship shows nothing of us to anybody; empty where it shows something."""
    if not relationship.is_enabled:
        return DISABLED
    if not relationship.has_free_busy:
        return FREE_BUSY_OFF
    if relationship.level == OrganizationRelationship.NONE:
        return LEVEL_NONE
    return "" if relationship.domains else NO_DOMAINS


def open_role(relationship: OrganizationRelationship) -> str:
    """The most that a relationship shows of a calendar, as the role it is comparable to; `none` where it is off."""
    return Role.NONE.value if why_off(relationship) else ROLES[relationship.level]
