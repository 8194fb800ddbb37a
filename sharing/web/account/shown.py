"""What the page of a person's own connection shows."""

from dataclasses import dataclass
from typing import Any

from sharing import access
from sharing.connect import erasing_own
from sharing.meetings import volunteers
from sharing.models import BOOKER, READER, Grant, Mailbox, Tenant, User
from sharing.words import connecting, probes
from sharing.words import lending as said


@dataclass(frozen=True, slots=True)
class Lent:
    """One account that the person connected."""

    grant: Grant
    is_own: bool
    may: list[said.ScopeWords]
    is_read_by_app: bool

    @property
    def is_connected(self) -> bool:
        return self.grant.state == Grant.CONNECTED

    @property
    def is_private(self) -> bool:
        return self.grant.tenant.state == Tenant.PRIVATE

    @property
    def was_given_up(self) -> bool:
        return self.grant.cause == "disconnected"

    @property
    def is_erasing(self) -> bool:
        return self.grant.cause == erasing_own.ERASING

    @property
    def may_be_erased(self) -> bool:
        return erasing_own.may_be_erased(self.grant) and not self.is_erasing

    @property
    def why_ended(self) -> str:
        return said.ended_words(self.grant.cause)

    @property
    def code(self) -> str:
        return self.grant.cause if self.grant.cause.startswith("AADSTS") else ""

    @property
    def has_shared(self) -> bool:
        return said.SHARED in self.grant.scopes

    @property
    def is_waiting(self) -> bool:
        """Connected, and not read yet."""
        mailbox = self.grant.mailbox
        return self.is_connected and (mailbox is None or mailbox.state == Mailbox.NEVER)


def page_of(user: User) -> dict[str, Any]:
    lent = [
        Lent(
            grant=grant,
            is_own=(grant.tenant_id, grant.account_oid) == (user.tenant_id, user.oid),
            may=said.scope_words(grant.scopes),
            is_read_by_app=grant.mailbox is not None and not grant.mailbox.is_lent and grant.mailbox.is_read,
        )
        for grant in access.grants_of(user)
        if grant.app == READER
    ]
    mailbox = access.mailboxes_of(user).filter(tenant=user.tenant_id, person__oid=user.oid).first()
    own = next((each for each in lent if each.is_own), None)
    return {
        "title": "Your connection",
        "lead": "What lets Calwarden read your mailbox, and what you can do about it.",
        "own": own,
        "others": [each for each in lent if not each.is_own],
        "mailbox": mailbox,
        "by_organization": mailbox is not None and not mailbox.is_lent and mailbox.is_read
        and mailbox.state != Mailbox.EXCLUDED,
        "has_left": mailbox is not None and not mailbox.is_lent and mailbox.state == Mailbox.EXCLUDED
        and mailbox.cause == "disconnected",
        "may_leave": user.tenant.people_may_disconnect,
        "may_connect_others": user.tenant.people_may_connect_others,
        "reading": said.scope_words(("Calendars.Read", "MailboxSettings.Read")),
        "shared": said.SCOPES[said.SHARED],
        "meetings": _meetings(user),
        "tests": _tests(user),
        "is_waiting": any(each.is_waiting for each in lent),
        "never_read": connecting.NEVER_READ,
    }  # fmt: skip


def _meetings(user: User) -> dict[str, Any] | None:
    """What the person lent for finding times and booking, where each does so for themselves; None where not."""
    if not user.tenant.bookings_on or user.tenant.mode != Tenant.INDIVIDUAL:
        return None
    lent = access.grants_of(user).filter(app=BOOKER, state=Grant.CONNECTED).first()
    return {"grant": lent, "may": said.OF_MEETINGS}


def _tests(user: User) -> dict[str, Any] | None:
    """Whether the person lends their mailbox to tests with partners; None where they cannot and do not."""
    mailbox, volunteer = access.own_mailbox(user), access.volunteer_of(user)
    if volunteer is None and (mailbox is None or not volunteers.may_lend(mailbox)):
        return None
    return {"volunteer": volunteer, "what": probes.LEND, "never": probes.NEVER_USED}
