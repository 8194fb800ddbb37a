"""Writes down who is to be told what: once for each thing, and again only after it was over."""

from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from sharing import access
from sharing.models import Notice, User
from sharing.words import visible

from .recipients import admins_for, mail_address
from .things import Thing, current

LONGEST_SUBJECT = 200


def decide(now: datetime) -> int:
    """End the notices of what is over, and make those of what is new; how many were made. Safe to repeat."""
    told = [(thing, admins_for(thing.tenant)) for thing in current(now)]
    lasting = Notice.objects.filter(over_at=None, is_lasting=True)
    _end(lasting.exclude(key__in=[thing.key for thing, _ in told]), now)
    for thing, users in told:
        # Mail that waited is not for somebody who lost the role meanwhile.
        _end(lasting.filter(key=thing.key, sent_at=None, user__isnull=False).exclude(user__in=users), now)
    return sum(_tell(thing, user, now) for thing, users in told for user in users)


def _end(notices: QuerySet[Notice], now: datetime) -> None:
    """Somebody may be sending one right now: the fence keeps them from making it due again."""
    notices.update(over_at=now, due_at=None, attempt=F("attempt") + 1)


def _tell(thing: Thing, user: User, now: datetime) -> bool:
    """Make the notice of one thing to one person; False where there is one."""
    known = Notice.objects.filter(key=thing.key, user=user, over_at=None).values_list("address", flat=True).first()
    if known:
        return False
    address, cause = mail_address(user)
    if known is not None:  # nobody knew where to mail it to
        unsent = Notice.objects.filter(key=thing.key, user=user, over_at=None, address="", sent_at=None)
        return bool(address and unsent.update(address=address, cause="", due_at=now))
    try:
        with transaction.atomic():
            Notice.objects.create(
                tenant=thing.tenant, kind=thing.kind, key=thing.key, user=user, address=address,
                subject=one_line(thing.subject)[:LONGEST_SUBJECT], body=_body(thing, user), made_at=now, cause=cause,
                due_at=now if address else None,
            )  # fmt: skip
    except IntegrityError:  # another worker was first
        return False
    return True


def one_line(text: str) -> str:
    """`text` fit for a header: one line in which nothing hides."""
    return visible(" ".join(text.split()))


def link_to(thing: Thing, user: User) -> str:
    """The page where something can be done about it, at the address people reach the portal by."""
    is_theirs = thing.tenant or access.may_list_tenants(user)
    path = reverse(thing.page, args=[thing.of] if thing.of else []) if is_theirs else reverse("setup:connections")
    query = f"?tenant={thing.tenant.public_id}" if thing.tenant else ""
    return f"{settings.PORTAL_URL}{path}{query}"


def _body(thing: Thing, user: User) -> str:
    name = one_line(str(thing.tenant)) if thing.tenant else ""
    facts = {**thing.facts, "tenant": name, "link": link_to(thing, user)}
    return render_to_string(f"mail/{thing.kind}.txt", facts).strip() + "\n"
