"""The past as the export shows it is what the export showed then: a history made by chance, read by the real sync."""

import json
import random
from collections import Counter

import pytest

from sharing import changes, exports
from sharing.connect import client_for
from sharing.models import CalendarPermission, Mailbox, Role
from tests.contoso import user

ROUNDS, DATES = 40, 100
ROLES = [role.value for role in Role]
OPTIONS = ("sendToDelegateOnly", "sendToDelegateAndPrincipal", "sendToDelegateAndInformationToPrincipal")
STATES = ("ok", "ok", "ok", "unlicensed", "on_premises", "store_error", "policy_blocked", "provisioning")
OWNERS = [f"{alias}@contoso.com" for alias in ("AlexW", "LeeG", "JoniS", "LynneR", "NestorW", "MeganB", "AllanD")]
HOLDERS = [*OWNERS, "AdeleV@contoso.com", "sam.okafor@northwindtraders.com", "executives@contoso.com"]


class History:
    """Edits made in Outlook and in the admin centre by chance, and what the export said after each reading."""

    def __init__(self, seed, *, cloud, tenant, clock, sync):
        self.chance = random.Random(seed)
        self.cloud, self.tenant, self.clock, self.sync = cloud, tenant, clock, sync
        self.taken = []
        self.done = []

    def snapshot(self):
        self.tenant.refresh_from_db()
        self.taken.append((self.clock(), plain(exports.access_rows(tenants=[self.tenant]))))

    def edit(self):
        """One edit; what makes no sense just now is no edit."""
        pick, owner = self.chance.choice, self.chance.choice(OWNERS)
        calendar = {"calendar": pick(self.calendars(owner))} if self.chance.random() < 0.4 else {}
        number = self.chance.randrange(10_000)
        do, fields = self.chance.choices(
            [
                ("role", {"role": pick(ROLES)}),
                ("share", {"who": pick(HOLDERS), "role": pick(ROLES)}),
                ("unshare", {}),
                ("delivery", {"option": pick(OPTIONS)}),
                ("rename_calendar", {"name": f"Renamed {number}"}),
                ("add_calendar", {"name": f"New {number}"}),
                ("delete_calendar", {}),
                ("mailbox_state", {"state": pick(STATES)}),
                ("rename_user", {"name": f"Renamed {number}", "mail": f"renamed{number}@contoso.com"}),
                ("add_user", {"name": f"Person {number}", "address": f"person{number}@contoso.com"}),
                ("delete_user", {}),
                ("restore_user", {}),
                ("purge_user", {}),
            ],
            weights=[8, 8, 8, 3, 2, 2, 1, 3, 2, 1, 0.4, 2, 0.2],
        )[0]
        if do in ("share", "rename_calendar", "delete_calendar"):
            fields |= calendar
        if do in ("role", "unshare"):
            fields |= self.entry()
        try:
            self.cloud.state.apply({"do": do, "tenant": str(self.tenant.tid), "mailbox": owner, **fields})
        except ValueError:
            return
        self.done.append(do)

    def calendars(self, owner):
        rows = Mailbox.objects.filter(person__address__iexact=owner).values_list("calendars__graph_id", flat=True)
        return [graph_id for graph_id in rows if graph_id] or ["none"]

    def entry(self):
        """One entry that was there when it was last read."""
        rows = CalendarPermission.objects.open().order_by("pk")
        owner, calendar, entry = self.chance.choice(
            list(rows.values_list("mailbox__person__oid", "calendar__graph_id", "graph_id"))
        )
        return {"mailbox": str(owner), "calendar": calendar, "who": entry}

    def ours(self):
        """A change of ours, where one can be made now."""
        rows = CalendarPermission.objects.open().of_people().filter(
            mailbox__state=Mailbox.OK, mailbox__person__ended_at=None, mailbox__person__missed_at=None
        )  # fmt: skip
        for permission in self.chance.sample(list(rows.order_by("pk")), 12):
            roles = [role for role in permission.choices() if role != permission.role]
            if not roles or permission.mailbox.person.address.lower() not in map(str.lower, OWNERS):
                continue
            actor = user(self.tenant, permission.mailbox.person.address)
            try:
                change = changes.request_role(
                    permission=permission, role=self.chance.choice(roles), seen=permission.role, actor=actor,
                    now=self.clock(),
                )  # fmt: skip
            except changes.Refused:
                continue
            changes.apply(client=client_for(self.tenant), change=change, clock=self.clock)
            change.refresh_from_db()
            self.done.append(f"ours {change.state}")
            return

    def play(self):
        self.run()
        self.snapshot()
        self.clock.forward(days=1)
        for _ in range(ROUNDS):
            for _ in range(self.chance.randrange(1, 9)):
                self.edit()
            kind = self.chance.random()
            if kind < 0.2:
                self.ours()
            elif kind < 0.35:
                some = Mailbox.objects.filter(person__address__in=OWNERS).values_list("pk", flat=True)
                self.run(mailboxes=list(some)[:3])
            else:
                self.run()
            self.snapshot()
            self.clock.forward(hours=self.chance.choice([1, 5, 24, 24, 24 * 7, 24 * 31]))

    def run(self, **kwargs):
        run = self.sync(**kwargs)
        self.done.append(f"{run.kind} {run.outcome} {run.cause}")
        return run


def differing(then, now, at):
    """What the two say differently; a reading may be said to be older than it was, never newer."""
    keys = [{(row["owner_oid"], row["calendar_id"], row["permission_id"]): row for row in rows} for rows in (then, now)]
    assert len(then) == len(keys[0])
    wrong = [(at, key, "only then" if key in keys[0] else "only now") for key in keys[0].keys() ^ keys[1].keys()]
    for key in keys[0].keys() & keys[1].keys():
        before, after = keys[0][key], keys[1][key]
        wrong += [
            (at, key, name, before[name], after[name])
            for name in before
            if not is_same(name, before[name], after[name])
        ]
    return wrong


def is_same(name, then, now):
    return then == now or (name == "read_at" and then is not None and (now is None or now < then))


def plain(rows):
    """As a file would have it: so that nothing is the same that only looks it."""
    return [json.loads(json.dumps(row, default=str)) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [4, 20261121])
def test_the_export_as_of_a_past_day_is_what_it_was_on_that_day(cloud, contoso, clock, sync, seed):
    history = History(seed, cloud=cloud, tenant=contoso, clock=clock, sync=sync)
    history.play()
    begin, end = history.taken[0][0], clock()
    wrong: list[tuple] = []
    for _ in range(DATES):
        moment = begin + (end - begin) * history.chance.random()
        at, then = next((at, rows) for at, rows in reversed(history.taken) if at <= moment)
        wrong += differing(then, plain(exports.access_rows(tenants=[contoso], as_of=moment)), at)
    for at, then in history.taken:
        wrong += differing(then, plain(exports.access_rows(tenants=[contoso], as_of=at)), at)
    assert len(set(history.done)) > 8, Counter(history.done)  # chance did a little of everything
    assert wrong == []
