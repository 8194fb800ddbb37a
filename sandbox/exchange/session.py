"""What the commands of Exchange know: whose organization it is, the clock, and how questions are answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox import ids
from sandbox.exchange.rows import Organization
from sandbox.exchange.values import Wrong
from sandbox.rows import Calendar, User
from sandbox.state import State


class Session:
    """`enums` is how ConvertTo-Json writes enumerations, `customization` whether it can be enabled.

    `refused` is a command that the role of who runs this does not hold.
    """

    def __init__(
        self, state: State, tid: str, now: Callable[[], datetime], *, enums: str, customization: str, refused: str = ""
    ) -> None:
        self.state, self.tenant, self.now = state, state.tenants[tid], now
        self.enums, self.customization, self.refused = enums, customization, refused.lower()
        self.has_changed = False
        self._mailboxes: dict[str, User] | None = None

    @property
    def exchange(self) -> Organization:
        return self.state.exchange[self.tenant.tid]

    def stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def may(self, run: Any, given: dict[str, Any], what: str, *, asks: bool = False) -> bool:
        """Whether to do it: not with -WhatIf, and where it asks (or -Confirm says so) only after a yes."""
        if given.get("whatif"):
            run.result.output.append(f"What if: {what}.")
            return False
        if given.get("confirm", asks):
            answer = "Y" if run.confirms else "N"
            run.result.output += ["Confirm", f"Are you sure you want to {what}?", f"[Y] Yes [N] No: {answer}"]
            if not run.confirms:
                return False
        self.has_changed = True
        return True

    # Mailboxes

    def mailboxes(self) -> list[User]:
        """Everybody whose mailbox is here and works."""
        return [user for user in self.tenant.users.values() if user.mailbox and user.mailbox_state == "ok"]

    def mailbox(self, name: str) -> User:
        """By address, UPN, alias, object id or Exchange's own id. Raises Wrong."""
        if not name:
            raise Wrong("Cannot bind argument to parameter 'Identity' because it is null or empty.")
        if self._mailboxes is None:
            self._mailboxes = {}
            for user in self.mailboxes():
                known = {exchange_guid(user), user.oid, user.upn.partition("@")[0].lower(), *user.addresses}
                self._mailboxes |= dict.fromkeys(known, user)
        if name.lower() not in self._mailboxes:
            raise missing(self, name)
        return self._mailboxes[name.lower()]

    def folders(self, user: User) -> list[Calendar]:
        """The calendars that are the mailbox's own: what others shared are no folders of it."""
        calendars = user.mailbox.calendars.values() if user.mailbox else ()
        return [each for each in calendars if not each.is_copy]

    def folder(self, identity: str) -> tuple[User, Calendar]:
        """`mailbox:folder id` or `mailbox:\\name`. Raises Wrong."""
        name, _, folder = identity.partition(":")
        user = self.mailbox(name)
        for each in self.folders(user):
            if folder in (folder_id(each), f"\\{each.name}") or folder.lower() == f"\\{each.name}".lower():
                return user, each
        raise missing(self, identity)


def exchange_guid(user: User) -> str:
    return ids.object_id("mailbox", user.oid)


def folder_id(calendar: Calendar) -> str:
    """Exchange's own id of a folder, which is not Graph's."""
    return f"LgAAAA{ids.digest('folder', calendar.id, size=32).hex().upper()}AAAB"


def missing(session: Session, name: str) -> Wrong:
    where = session.tenant.domains[-1]
    return Wrong(f"The operation couldn't be performed because object '{name}' couldn't be found on '{where}'.")
