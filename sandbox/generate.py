"""Many mailboxes, the same on every run: 3 calendars of 5 permission rows each."""

import random

from sandbox import ids
from sandbox.cast import CAST
from sandbox.changes import new_user, organization_row
from sandbox.rows import Calendar, Permission, Tenant, User

FIRST = (
    "Ada Amir Bea Boris Chloe Dario Elena Emre Farah Felix Gita Hugo Ines Ivan Jana Jamal Keiko Kofi Lara Leon "
    "Maja Marco Nadia Nils Olga Omar Paula Quentin Rosa Ruben Selma Sven Tara Tomas Uma Victor Wanda Yusuf Zara Zeno"
).split()
LAST = (
    "Abel Baker Costa Diaz Eklund Ferrari Garcia Haas Ito Jansen Kowalski Lund Moreau Nagy Okoye Petrov Quist Rossi "
    "Sato Tamm Ueda Vogel Weber Xu Yilmaz Zeman"
).split()
JOBS = ("Analyst", "Engineer", "Buyer", "Planner", "Clerk", "Manager", "Designer", "Technician")
DEPARTMENTS = ("Operations", "Engineering", "Finance", "Sales", "Marketing", "Retail", "Manufacturing")
ROLES = ("freeBusyRead", "limitedRead", "read", "write")
CALENDARS = ("Team", "Projects")
SHAREES = 4


def add_mailboxes(tenant: Tenant, count: int) -> None:
    """Add `count` users; nobody took a calendar of theirs into the own list, so each list has exactly three."""
    chance = random.Random(count)
    cast = {oid for oid, *_ in CAST}
    before = [user for user in tenant.users.values() if user.mailbox and user.oid not in cast]
    users = [_user(tenant, number) for number in range(1, count + 1)]
    pool = [*users, *before]
    for place, user in enumerate(users):
        assert user.mailbox is not None
        calendars = user.mailbox.calendars
        for name in CALENDARS:
            id = ids.calendar_id(user.oid, name)
            calendar = calendars[id] = Calendar(id, name, change_key=user.mailbox.primary.change_key)
            calendar.permissions[ids.ORGANIZATION_ROW] = organization_row("none")
        for shift, calendar in enumerate(calendars.values()):
            # Neighbours in the pool: four different people, never the owner.
            step = chance.randrange(1, max(2, len(pool) // (SHAREES * 3) - 1))
            for turn in range(1, SHAREES + 1):
                sharee = pool[(place + step * (shift * SHAREES + turn)) % len(pool)]
                role = ROLES[(place + shift + turn) % 4]
                if turn == 1 and calendar.is_default and place % 10 == 0:
                    role = "delegateWithoutPrivateEventAccess"
                    user.mailbox.rule = [sharee.oid]
                address = sharee.mail or sharee.upn
                calendar.permissions[sharee.holder_id] = Permission(
                    sharee.holder_id, role, "user", sharee.display_name, address, sharee.oid
                )


def _user(tenant: Tenant, number: int) -> User:
    first, last = FIRST[number % len(FIRST)], LAST[number // len(FIRST) % len(LAST)]
    alias = f"{first}.{last}{number}".lower()
    user = new_user(f"{first} {last}", f"{alias}@{tenant.domains[0]}")
    user.job_title = JOBS[number % len(JOBS)]
    user.department = DEPARTMENTS[number % len(DEPARTMENTS)]
    return tenant.add(user)
