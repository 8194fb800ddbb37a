"""Tells IT, and who answers for it, that a partnership ends: 14 days and a day before, and once the day passed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from sharing import words
from sharing.federation import partners
from sharing.models import Partner, Person, RoleAssignment, Tenant, User
from sharing.words import partners as said

from .recipients import admins_for
from .tell import tell

KIND = "partner_ends"
PAGE = "/it/organizations/"


def tell_of_partners(now: datetime) -> int:
    """Mail each admin and operator of a tenant, and the partnership's contact, once at each stage; how many mails.

    Nothing is suspended by it: the mail says where that can be planned. Safe to repeat.
    """
    made = 0
    for reminder in partners.reminders(now):
        with transaction.atomic():
            made += _tell(reminder, now)
            partners.mark_reminded(reminder)
    return made


def _tell(reminder: partners.Reminder, now: datetime) -> int:
    partner = reminder.partner
    tenant, day = partner.tenant, partner.ends_on
    assert day is not None
    name = words.visible(partner.name)
    common: dict[str, Any] = {
        "tenant": tenant, "kind": KIND, "key": f"{KIND}:{partner.public_id}:{day}:{reminder.stage}", "now": now,
        "subject": said.ends(name, day, reminder.days),
    }  # fmt: skip
    facts = {
        "partner": name, "day": words.day(day), "is_over": reminder.days < 0, "contact": partner.contact,
        "purpose": words.visible(partner.purpose), "domains": ", ".join(partner.domains),
    }  # fmt: skip
    users = _users(tenant)
    path = f"{PAGE}?tenant={tenant.public_id}"
    made = sum(tell(user=user, path=path, facts={**facts, "is_it": True}, **common) for user in users)
    contact = _contact(partner)
    if contact and (contact.tenant_id, contact.oid) not in {(user.tenant_id, user.oid) for user in users}:
        made += tell(person=contact, facts={**facts, "is_it": False}, **common)
    return made


def _users(tenant: Tenant) -> list[User]:
    """Admins, and operators: it is they who plan."""
    held = RoleAssignment.objects.filter(tenant=tenant, role=RoleAssignment.OPERATOR, user__is_active=True)
    operators = User.objects.filter(pk__in=held.values("user")).select_related("tenant").order_by("pk")
    return list({user.pk: user for user in (*admins_for(tenant), *operators)}.values())


def _contact(partner: Partner) -> Person | None:
    """The person here with that address; None where nobody, or more than one, has it."""
    address = partner.contact.casefold()
    if not address:
        return None
    rows = Person.objects.filter(Q(address__iexact=address) | Q(addresses__address=address), tenant=partner.tenant)
    found = list(rows.filter(ended_at=None).distinct()[:2])
    return found[0] if len(found) == 1 else None
