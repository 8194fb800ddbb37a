"""What all commands share: whatever goes wrong for a reason of the person's is one sentence, never a traceback."""

import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.db.models import Q
from django.utils.timezone import now as clock

from sharing.connect import NotConnected, calls
from sharing.models import AuditEvent, Tenant, coming_from


def typed_by() -> str:
    """Who typed the command, for the activity log; the account's number where it has no name, as in a container."""
    try:
        return f"cli:{getpass.getuser()}"[:80]
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"


class PlainCommand(BaseCommand):
    # A wrong setting is said in one sentence where it matters; `doctor` runs all checks.
    requires_system_checks: Any = []
    source: Callable[[], str] = staticmethod(typed_by)  # of whatever it records

    def execute(self, *args, **options):
        try:
            with coming_from(self.source):
                return super().execute(*args, **options)
        except NotConnected as refused:
            raise CommandError(str(refused)) from None
        except DatabaseError as error:
            text = str(error).strip().splitlines()[0]
            raise CommandError(
                f"The database does not answer as it should ({text}): run `manage.py migrate`, then `manage.py doctor`."
            ) from error
        finally:
            calls.flush(clock())


class Recorded(BaseCommand):
    """A command of Django's in which anything may be done: the log says first who opened it, and what is done in it
    says that it came from there.

    Whoever has this account can do without it, so where nothing can be recorded it opens all the same, and says so.
    """

    def execute(self, *args, **options):
        try:
            name = type(self).__module__.rpartition(".")[2]
            AuditEvent.objects.record(now=clock(), verb="command.run", actor_name=typed_by(), outcome=name)
        except DatabaseError as error:
            self.stderr.write(f"This is not in the activity log: {type(error).__name__}.")
        with coming_from(typed_by):
            return super().execute(*args, **options)


def new_file(path: Path, *, mode: int) -> BinaryIO:
    """The new file `path`, open for writing; never one that is there, nor what a link leads to. Raises CommandError."""
    try:
        return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
    except FileExistsError:
        raise CommandError(f"{path} is there already, and nothing is ever overwritten.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None


def tenants_named(name: str, *, states: tuple[str, ...], lent: bool = False) -> list[Tenant]:
    """The tenant with this id, domain or name, or, where none is named, all in one of `states`.

    With `lent` also those where people connect their own mailbox; what somebody has in a tenant that nobody listed is
    theirs alone. Raises CommandError where that is nobody.
    """
    person_by_person = Q(mode=Tenant.INDIVIDUAL, state=Tenant.LISTED) if lent else Q(pk=None)
    if not name:
        found = list(Tenant.objects.filter(Q(state__in=states) | person_by_person).order_by("pk"))
        if not found:
            raise CommandError("No tenant is connected: `manage.py connect TENANT_ID` does that.")
        return found
    wanted = name.casefold()
    for tenant in Tenant.objects.order_by("pk"):
        if wanted in (str(tenant.tid), tenant.name.casefold(), *tenant.domains):
            if tenant.state not in states and not Tenant.objects.filter(person_by_person, pk=tenant.pk).exists():
                raise CommandError(f"{tenant} is {tenant.state}, not connected: `manage.py connect` does that.")
            return [tenant]
    raise CommandError(f"There is no tenant {name!r} here.")
