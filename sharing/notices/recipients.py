"""Who is told, and where: the directory's address comes before the one that a sign-in showed."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from sharing.models import Person, RoleAssignment, Tenant, User


def admins_for(tenant: Tenant | None) -> list[User]:
    """The admins of `tenant`, or of the installation; where there are none, those who could act in their place."""
    rows = RoleAssignment.objects.filter(role=RoleAssignment.ADMIN, user__is_active=True)
    own, others = rows.filter(tenant=tenant), rows.filter(tenant=None) if tenant else rows
    pks = set((own if own.exists() else others).values_list("user", flat=True))
    return list(User.objects.filter(pk__in=pks).select_related("tenant").order_by("pk"))


def mail_address(user: User) -> tuple[str, str]:
    """Where to mail to, or an empty address and why not."""
    person = Person.objects.filter(tenant=user.tenant, oid=user.oid).order_by("pk").first()
    return _first_of([user.address]) if person is None else person_address(person, user.address)


def person_address(person: Person, *others: str) -> tuple[str, str]:
    """The same for somebody who may never have signed in; `others` are tried after the directory's address."""
    if person.ended_at or person.enabled is False:
        return "", "account_gone"
    return _first_of([person.address, *others])


def _first_of(addresses: list[str]) -> tuple[str, str]:
    for address in addresses:
        if address and _is_address(address):
            return address, ""
    return "", "no_address"


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
