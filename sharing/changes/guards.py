"""What somebody should know before a change: dangers that Microsoft would not mention. Asks nobody, refuses nothing."""

from sharing.models import DELEGATE_ROLES, CalendarPermission, Role, reach

from .request import is_last_delegate

CUSTOM_LOST = "custom_lost"
PRIVATE_GRANTED = "private_granted"
OUTSIDER_RAISED = "outsider_raised"
DISABLED_DELEGATE = "disabled_delegate"
DISABLED_LEFT = "disabled_left"
LAST_DELEGATE = "last_delegate"
LAST_DELEGATE_ONLY = "last_delegate_only"


def guards(permission: CalendarPermission, role: str | None) -> tuple[str, ...]:
    """What a change to `role` (None: removal) may surprise with, as words of this file, the gravest first."""
    found = []
    stays_delegate = role in DELEGATE_ROLES
    if permission.is_delegate and not stays_delegate:
        if is_last_delegate(permission):
            only = permission.mailbox.delivery_option == "sendToDelegateOnly"
            found.append(LAST_DELEGATE_ONLY if only else LAST_DELEGATE)
        elif not _others(permission).exclude(grantee__enabled=False).exists():
            found.append(DISABLED_LEFT)
    if permission.role not in set(Role) - {Role.CUSTOM}:
        found.append(CUSTOM_LOST)
    if role == Role.PRIVATE_DELEGATE and permission.role != role:
        found.append(PRIVATE_GRANTED)
    if role and permission.inside is False and reach(role) > reach(permission.role):
        found.append(OUTSIDER_RAISED)
    if stays_delegate and permission.grantee and permission.grantee.enabled is False:
        found.append(DISABLED_DELEGATE)
    return tuple(found)


def _others(permission: CalendarPermission):
    others = CalendarPermission.objects.open().delegates().filter(mailbox_id=permission.mailbox_id)
    return others.exclude(pk=permission.pk)
