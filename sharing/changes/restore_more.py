"""What goes with putting a calendar back: who gets the meeting requests, and the days that access must end on."""

from collections.abc import Sequence
from datetime import date, datetime

from sharing.models import (
    DELEGATE_ROLES,
    DELIVERY_OPTIONS,
    BatchItem,
    Calendar,
    CalendarPermission,
    Change,
    DeliveryPeriod,
    EndDate,
    reach,
)

from .end_policy import limit_for, limit_of
from .holders import holder_at
from .refusals import BadAddress

BETWEEN, NO_DELEGATE, CHANGE_OPEN = "between", "no_delegate", "change_open"
TO_DELEGATES_ONLY = "sendToDelegateOnly"


def is_delivery(item: BatchItem) -> bool:
    """Is this line about who gets the meeting requests? Their words are no roles."""
    return item.after in DELIVERY_OPTIONS


def delivery_item(calendar: Calendar, as_of: datetime, others: Sequence[BatchItem]) -> BatchItem | None:
    """The line that puts the option back, or says why not; None where the calendar is not the main one, or it is so.

    `others` are the lines about access: requests go to delegates only where one is there once those are done.
    """
    mailbox = calendar.mailbox
    if not calendar.is_default or mailbox.delivery_option not in DELIVERY_OPTIONS:
        return None
    period = DeliveryPeriod.objects.filter(mailbox=mailbox, ended_at__gt=as_of).order_by("ended_at", "pk").first()
    if period is None or period.delivery_option == mailbox.delivery_option:
        return None
    if period.delivery_option not in DELIVERY_OPTIONS:
        return None
    item = BatchItem(before=mailbox.delivery_option, after=period.delivery_option)
    # A change of ours looked right before: what it replaced had been so until then.
    if period.change_id is None and (period.ended_after_at is None or period.ended_after_at < as_of):
        item.skipped = BETWEEN
    elif item.after == TO_DELEGATES_ONLY and not _has_delegate_after(calendar, others):
        item.skipped = NO_DELEGATE
    elif Change.objects.open().filter(mailbox=mailbox, kind=Change.DELIVERY).exists():
        item.skipped = CHANGE_OPEN
    return item


def has_delegate(calendar: Calendar) -> bool:
    """Is there a delegate now, as last read?"""
    return CalendarPermission.objects.open().delegates().filter(mailbox=calendar.mailbox_id).exists()


def _has_delegate_after(calendar: Calendar, others: Sequence[BatchItem]) -> bool:
    todo = [item for item in others if not item.skipped]
    if any(item.after in DELEGATE_ROLES for item in todo):
        return True
    lowered = [item.permission_id for item in todo if item.permission_id]
    rows = CalendarPermission.objects.open().delegates().filter(mailbox=calendar.mailbox_id)
    return rows.exclude(pk__in=lowered).exists()


def last_day(calendar: Calendar, item: BatchItem, now: datetime) -> date | None:
    """The longest that the tenant lets what this line gives last; None where it may last, or a date is set that does.

    `now` is the moment the list was made, so that the day is the one that was shown.
    """
    if not item.after or is_delivery(item) or (item.before and reach(item.after) <= reach(item.before)):
        return None
    tenant = calendar.mailbox.tenant
    if tenant.longest_days_outside is None and tenant.longest_days_delegate is None:
        return None  # as most tenants: nothing is looked up for a list of thousands
    if item.permission:
        item.permission.mailbox = calendar.mailbox
        limit = limit_of(item.permission, item.after)
    else:
        try:
            limit = limit_for(tenant, item.after, holder_at(calendar.mailbox, item.address, item.name).is_inside)
        except BadAddress:
            return None
    if limit is None:
        return None
    latest = limit.latest(calendar.mailbox, now)
    entry = item.permission or (item.change.permission if item.change else None)
    live = EndDate.objects.filter(permission=entry, state=EndDate.LIVE, ends_on__lte=latest) if entry else None
    return None if live is not None and live.exists() else latest
