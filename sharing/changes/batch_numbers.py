"""What a batch comes to in numbers, for the page on which it is confirmed and for the one that shows its outcome."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from sharing.models import DELEGATE_ROLES, BatchItem, CalendarPermission, ChangeBatch, Mailbox, reach

NAMED = 6
DELEGATES_ONLY = "sendToDelegateOnly"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of the lines that are not left out: how many there are by role, whom they concern, and what may surprise."""

    count: int
    by_role: tuple[tuple[str, int], ...]  # the role each has now, the farthest reaching first
    owners: int
    owner_names: tuple[str, ...]  # some of them, those with most lines first
    outside: int
    delegates: int
    last_delegates: int  # mailboxes that would have no delegate any more
    to_nobody: int  # of these, mailboxes whose meeting requests go to delegates only
    left_out: tuple[tuple[str, int], ...]  # why, most first


def numbers(batch: ChangeBatch) -> Numbers:
    items = BatchItem.objects.filter(batch=batch)
    wanted = items.filter(skipped="")
    roles = wanted.values_list("before").annotate(count=Count("pk"))
    causes = items.exclude(skipped="").filter(handed_out_at=None)
    found = wanted.aggregate(
        count=Count("pk"), owners=Count("permission__mailbox", distinct=True),
        outside=Count("pk", filter=Q(permission__inside=False)),
        delegates=Count("pk", filter=Q(before__in=DELEGATE_ROLES) & ~Q(after__in=DELEGATE_ROLES)),
    )  # fmt: skip
    bare = without_delegate(batch)
    named = wanted.filter(permission__isnull=False).values_list("permission__mailbox__person__name")
    named = named.annotate(count=Count("pk")).order_by("-count", "permission__mailbox__person__name")
    return Numbers(
        owner_names=tuple(row[0] for row in named[:NAMED]),
        by_role=tuple(sorted(roles, key=lambda found: -reach(found[0]))),
        left_out=tuple(causes.values_list("skipped").annotate(count=Count("pk")).order_by("-count", "skipped")),
        last_delegates=bare.count(),
        to_nobody=bare.filter(delivery_option=DELEGATES_ONLY).count(),
        **found,
    )


def without_delegate(batch: ChangeBatch) -> QuerySet[Mailbox]:
    """Mailboxes that have a delegate now and would have none after this batch; none where a day is only set."""
    if batch.kind == ChangeBatch.END_DATE:
        return Mailbox.objects.none()
    taken = BatchItem.objects.filter(batch=batch, skipped="", before__in=DELEGATE_ROLES)
    taken = taken.exclude(after__in=DELEGATE_ROLES)
    staying = CalendarPermission.objects.open().delegates().filter(mailbox=OuterRef("pk"))
    staying = staying.exclude(pk__in=taken.values("permission"))
    return Mailbox.objects.filter(pk__in=taken.values("permission__mailbox")).filter(~Exists(staying))
