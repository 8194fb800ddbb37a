"""The whole truth of the pretend Microsoft: tenants, invitations, the past, and every way to change them."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import changes
from sandbox.apps import App
from sandbox.exchange.rows import Organization, organization_of
from sandbox.rows import (
    DELEGATE_ROLES,
    DELIVERY,
    DELIVERY_OPTIONS,
    MAILBOX_STATES,
    ROLES,
    Calendar,
    Group,
    Mailbox,
    Permission,
    Tenant,
    User,
    plain,
    tenant_of,
)

__all__ = [
    "DELEGATE_ROLES",
    "DELIVERY",
    "DELIVERY_OPTIONS",
    "MAILBOX_STATES",
    "ROLES",
    "Calendar",
    "Entry",
    "Group",
    "Mailbox",
    "Permission",
    "State",
    "Tenant",
    "User",
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of the past: what was done, how many days before today, and the change that takes it back."""

    days_ago: float
    change: dict[str, Any]
    back: dict[str, Any]


class State:
    """Mutable, behind one lock. `version` counts mutations, whoever made them; `epoch` is another after every reset.

    `make` builds the tenants of the reset world, `apps` its registrations, `exchange` what Exchange knows of them;
    `past` lists (days ago, what takes the entry back), newest first.
    """

    def __init__(
        self,
        make: Callable[[], dict[str, Tenant]],
        past: list[tuple[float, dict[str, Any]]] | None = None,
        apps: Callable[[], dict[str, App]] = dict,
        exchange: Callable[[dict[str, Tenant]], dict[str, Organization]] = lambda tenants: {},
    ) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self._make = make
        self._past = past or []
        self._apps = apps
        self._exchange = exchange
        self._journal: list[Entry] | None = None
        self.tenants: dict[str, Tenant] = {}
        self.apps: dict[str, App] = {}
        self.exchange: dict[str, Organization] = {}
        self.invitations: list[dict[str, Any]] = []
        self.reset()

    def reset(self) -> None:
        """The world as it is today."""
        with self.lock:
            self.tenants = self._make()
            self.apps = self._apps()
            self.exchange = self._exchange(self.tenants)
            self.invitations = []
            self.epoch = uuid.uuid4().hex
            self.version += 1

    def apply(self, change: dict[str, Any]) -> dict[str, Any] | None:
        """Make an out-of-band change (see `sandbox.changes`); gives what takes it back, None where nothing does.

        Raises ValueError with a sentence where the change makes no sense; nothing is changed then.
        """
        with self.lock:
            back = changes.apply(self.tenants, change)
            self.version += 1
            return back

    @property
    def journal(self) -> list[Entry]:
        """Twelve weeks of changes, oldest first; the world after the last one is the reset world."""
        with self.lock:
            if self._journal is None:
                tenants = self._make()
                newest_first = []
                for days_ago, back in self._past:
                    forth = changes.apply(tenants, back)
                    if forth is None:
                        raise ValueError(f"This entry of the past cannot be played again: {back}")
                    newest_first.append(Entry(days_ago, forth, back))
                self._journal = newest_first[::-1]
            return self._journal

    def rewind(self, to: int) -> None:
        """The world before entry `to` of the journal; the journal's length gives the reset world.

        Registrations, consents and Exchange's settings stay: the journal is about mailboxes.
        """
        with self.lock:
            journal = self.journal
            if not 0 <= to <= len(journal):
                raise ValueError(f"The journal has entries 0 to {len(journal) - 1}; {to} is none of them.")
            apps, exchange = self.apps, self.exchange
            kept = {tid: (each.principals, each.removed) for tid, each in self.tenants.items()}
            self.reset()
            self.apps, self.exchange = apps, exchange
            for tid, (principals, removed) in kept.items():
                self.tenants[tid].principals, self.tenants[tid].removed = principals, removed
            for entry in reversed(journal[to:]):
                changes.apply(self.tenants, entry.back)

    def play(self, entry: int) -> None:
        """Do what entry number `entry` of the journal did. Raises ValueError where there is none."""
        with self.lock:
            if not 0 <= entry < len(self.journal):
                raise ValueError(f"The journal has no entry {entry}.")
            self.apply(self.journal[entry].change)

    def dump(self) -> dict[str, Any]:
        """Everything as JSON: {"version", "epoch", "tenants": {tid: …}, "apps": {id: …}, "exchange": {tid: …}, …}.

        `load` reads it back.
        """
        with self.lock:
            tenants = {tid: plain(tenant) for tid, tenant in self.tenants.items()}
            return {
                "version": self.version,
                "epoch": self.epoch,
                "tenants": tenants,
                "apps": {id: plain(app) for id, app in self.apps.items()},
                "exchange": {tid: plain(each) for tid, each in self.exchange.items()},
                "invitations": list(self.invitations),
            }

    def load(self, dumped: dict[str, Any]) -> None:
        with self.lock:
            self.tenants = {tid: tenant_of(value) for tid, value in dumped["tenants"].items()}
            self.apps = {id: App(**value) for id, value in dumped["apps"].items()}
            kept = {tid: organization_of(value) for tid, value in dumped.get("exchange", {}).items()}
            self.exchange = kept or self._exchange(self.tenants)  # none in a state of an older sandbox
            self.invitations = list(dumped["invitations"])
            self.version, self.epoch = dumped["version"], dumped["epoch"]
