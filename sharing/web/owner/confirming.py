"""What a person is told before a change that takes something away, or gives much."""

from dataclasses import dataclass
from datetime import datetime

from sharing import access, changes, words
from sharing.changes.guards import LAST_DELEGATE, LAST_DELEGATE_ONLY
from sharing.models import DELEGATE_ROLES, CalendarPermission, User

from .rows import PersonRow, choices_of, holder, named_inside, person_row, whose, words_for


@dataclass(frozen=True, slots=True)
class Confirm:
    """One question with what follows; where `stops`, it is not asked and `stops` says why."""

    title: str
    row: PersonRow
    role: str  # what it would be; empty for a removal
    happens: list[tuple[str, str]]  # (icon, sentence)
    stops: str
    everyone: int | None  # the organisation row, where it stops
    warning: str
    then: str  # what the warning comes to
    offer_label: str
    offer: str  # the delivery option now, where a second change is offered
    button: str


def asks_once_more(permission: CalendarPermission, role: str) -> bool:
    """A delegate role, more for somebody outside, showing everybody more than busy times, and what may surprise.

    Lowering is done at once, and can be undone.
    """
    if changes.guards(permission, role) or changes.would_raise(permission, role):
        return True
    if words.rank(role) < words.rank(permission.role):
        return False
    if permission.is_organization:
        return words.rank(role) > words.rank("freeBusyRead")
    return role in DELEGATE_ROLES or permission.inside is not True


def confirm_removal(permission: CalendarPermission, *, user: User, now: datetime) -> Confirm:
    org, name, calendar, of = _said(permission, user)
    inside = named_inside(permission, org)
    happens = [("x", _fall_back(permission, name, org, of))]
    if permission.is_delegate:
        happens.append(("x", _no_longer_answers(name, of)))
    if words.rank(permission.role) >= words.rank("write"):
        happens.append(("check", f"Events that {inside} made stay."))
    happens += _guarded(permission, None, inside, org, of)
    elsewhere = _elsewhere(permission, user)
    if elsewhere:
        happens.append(("check", f"Access to {words.listed(elsewhere)} doesn’t change."))
    return Confirm(
        title=f"Remove {inside} from {calendar}?",
        row=person_row(permission, org=org, now=now, whose=of),
        role="",
        happens=happens,
        stops=_stop(permission, None, inside, org, of),
        everyone=_everyone(permission, user),
        warning=_warning(name, of) if changes.is_last_delegate(permission) else "",
        then=_then(of),
        offer_label=_offer_label(of),
        offer=_offer(permission, ""),
        button=f"Remove {inside}",
    )


def confirm_role(permission: CalendarPermission, role: str, *, user: User, now: datetime) -> Confirm:
    org, name, calendar, of = _said(permission, user)
    inside = named_inside(permission, org)
    label = words.role_label(role, words.OWNER, is_organization=permission.is_organization, whose=of)
    happens = []
    if permission.is_delegate and role not in DELEGATE_ROLES:
        happens.append(("x", _no_longer_answers(name, of)))
    if not permission.is_delegate and role in DELEGATE_ROLES:
        option = words.delivery_words(permission.mailbox.delivery_option, whose=of)
        can = of.said("can answer invitations for {you}")
        happens.append(("mail", f"{name} {can}. Who gets them: “{option.title}”."))
    guarded = _guarded(permission, role, name, org, of)
    happens += guarded
    if permission.inside is False and "world" not in dict(guarded):
        happens.append(("world", f"{name} is outside {org}."))
    elif permission.inside is None:
        happens.append(("world", f"Microsoft 365 doesn’t say whether {inside} is inside {org}."))
    if permission.is_organization and words.rank(role) > words.rank("freeBusyRead"):
        happens.append(("building", f"This is for everyone at {org}, without exception."))
    last = permission.is_delegate and role not in DELEGATE_ROLES and changes.is_last_delegate(permission)
    return Confirm(
        title=f"Change {inside} to “{label}” on {calendar}?",
        row=person_row(permission, org=org, now=now, whose=of),
        role=role,
        happens=happens,
        stops=_stop(permission, role, inside, org, of),
        everyone=_everyone(permission, user),
        warning=_warning(name, of) if last else "",
        then=_then(of),
        offer_label=_offer_label(of),
        offer=_offer(permission, role),
        button="Change access",
    )


def _guarded(
    permission: CalendarPermission, role: str | None, name: str, org: str, of: words.Whose
) -> list[tuple[str, str]]:
    """What may surprise, save for the last delegate: that is a warning of its own."""
    found = [each for each in changes.guards(permission, role) if each not in (LAST_DELEGATE, LAST_DELEGATE_ONLY)]
    return [words.guard_words(each, name=name, org=org, whose=of) for each in found]


def may_become(permission: CalendarPermission, role: str) -> bool:
    return role in choices_of(permission) and role != permission.role


def _said(permission: CalendarPermission, user: User) -> tuple[str, str, str, words.Whose]:
    org, of = str(user.tenant), whose(permission.mailbox, user)
    return org, holder(permission, org), words_for(permission.calendar, user), of


def _no_longer_answers(name: str, of: words.Whose) -> str:
    stops = of.said("stops getting {your} meeting requests and can’t answer invitations for {you}")
    return f"{name} {stops}. {words.separate_rights(of)}"


def _warning(name: str, of: words.Whose) -> str:
    return f"{name} is {of.said('{your}')} only delegate"


def _then(of: words.Whose) -> str:
    return of.begun("{you} will have no delegate then.")


def _offer_label(of: words.Whose) -> str:
    return of.said("Send meeting requests to {me} from now on")


def _fall_back(permission: CalendarPermission, name: str, org: str, of: words.Whose) -> str:
    everyone = changes.fall_back(permission)
    if everyone is None:
        return f"{name} loses this access. What everyone at {org} sees on this calendar is not known."
    inside = permission.inside is not False
    return words.falls_back_to(
        name=name, role=permission.role, everyone=everyone, org=org, inside=inside, whose=of
    ).sentence


def _stop(permission: CalendarPermission, role: str | None, name: str, org: str, of: words.Whose) -> str:
    if not changes.would_raise(permission, role):
        return ""
    everyone = changes.fall_back(permission) or ""
    return words.falls_back_to(name=name, role=permission.role, everyone=everyone, org=org, whose=of).sentence


def _everyone(permission: CalendarPermission, user: User) -> int | None:
    rows = access.permissions_of(user).filter(calendar=permission.calendar_id, is_organization=True)
    return rows.values_list("pk", flat=True).first()


def _offer(permission: CalendarPermission, role: str) -> str:
    """The delivery option as it is, where "to me from now on" would change it and no delegate is left."""
    option = permission.mailbox.delivery_option
    if role in DELEGATE_ROLES or option in ("", words.TO_OWNER_TOO) or not changes.is_last_delegate(permission):
        return ""
    return option


def _elsewhere(permission: CalendarPermission, user: User) -> list[str]:
    """Other calendars of this mailbox that the same person has access to."""
    if permission.grantee_id is None:
        return []
    others = access.permissions_of(user).filter(mailbox=permission.mailbox_id, grantee=permission.grantee_id)
    others = others.exclude(pk=permission.pk).select_related("calendar__mailbox__person")
    return sorted(words_for(other.calendar, user) for other in others)
