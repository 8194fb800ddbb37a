"""getSchedule: when people are free, of this organization and of others through organization relationships."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.appointments import Appointment, appointments
from sandbox.exchange import relationship_between
from sandbox.graph import reach
from sandbox.graph.call import Call, collection
from sandbox.graph.errors import Refusal
from sandbox.graph.needs import NEEDS
from sandbox.graph.times import applied, preferred_zone, time_in, time_out
from sandbox.http import Response
from sandbox.rows import DELEGATE_ROLES, Group, Tenant, User

# What is seen of an appointment: only when, its title and place unless private, or all of it.
TIMES, DETAILS, EVERYTHING = range(3)
_SEEN = {"freeBusyRead": TIMES, "custom": TIMES, "limitedRead": DETAILS, "read": DETAILS, "write": DETAILS,
         DELEGATE_ROLES[0]: DETAILS, DELEGATE_ROLES[1]: EVERYTHING}  # fmt: skip
# Where two overlap, the later one in this row is shown.
STATUSES = ("free", "workingElsewhere", "tentative", "busy", "oof")
DIGITS = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
# Symbolic code: its number where one was seen, the message, and what a fuller message adds.
ERRORS = {
    "ErrorMailRecipientNotFound": ("5009", "Unable to resolve e-mail address {} to an Active Directory object.", ""),
    "ErrorNoFreeBusyAccess": ("5037", "The caller does not have access to free/busy data.", ", LID: 47652"),
    "ErrorInvalidOrganizationRelationshipForFreeBusy": (
        None,
        "The organization relationship {} can't be used. Microsoft.Exchange.InfoWorker.Common.Availability."
        "InvalidOrganizationRelationshipForRequestDispatcherException",
        "",
    ),
    "ErrorProxyRequestNotAllowed": (None, "Proxy request is not allowed.", ", LID: 55328"),
    "ErrorMailboxLogonFailed": (None, "The mailbox of {} could not be opened.", ""),
    "ErrorAutodiscoverFailed": (None, "Autodiscover failed for e-mail address {}: InvalidUser.", ", LID: 33676"),
    "ErrorProxyRequestProcessingFailed": (None, "Proxy web request failed. , inner exception: {}", ""),
}  # fmt: skip
UNAUTHORIZED = "The request failed with HTTP status 401: Unauthorized."
TIMED_OUT = "The operation has timed out."


class NoSchedule(Exception):
    """Of this one nothing is said: the answer's row carries the error."""

    def __init__(self, code: str, about: str = "", *, message: str | None = None) -> None:
        super().__init__(code)
        self.code, self.about, self.message = code, about, message


@dataclass(frozen=True, slots=True)
class Window:
    start: datetime
    end: datetime
    minutes: int
    zone: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose time is asked about, and how much of it is shown."""

    users: list[User]
    level: int


def answer(call: Call, user_key: str) -> Response:
    call.only("POST")
    user = call.mailbox_user(user_key, "schedules")
    schedules, window = _asked(call, call.body())
    rows = [row(call, user, address, window) for address in schedules]
    return applied(call, collection(call.context("Collection(microsoft.graph.scheduleInformation)"), rows))


def _asked(call: Call, body: dict[str, Any]) -> tuple[list[str], Window]:
    schedules = body.get("schedules")
    if not isinstance(schedules, list) or not schedules or not all(isinstance(each, str) for each in schedules):
        raise Refusal("ErrorInvalidArgument", message="The parameter 'Schedules' needs at least one address.")
    most = call.switches.schedule_most
    if sum(_count(call, each) for each in schedules) > most:
        message = f"The request failed because it exceeded the maximum number of mailboxes. Allowed: {most}."
        raise Refusal("ErrorMailboxDataArrayTooBig", status=400, message=message)
    minutes = body.get("availabilityViewInterval", 30)
    if minutes is None:
        raise Refusal("ErrorInternalServerError")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 5 <= minutes <= 1440:
        message = "The merged free/busy interval must be from 5 to 1440 minutes."
        raise Refusal("ErrorInvalidMergedFreeBusyInterval", status=400, message=message)
    start, end = time_in(body.get("startTime")), time_in(body.get("endTime"))
    if not start < end < start + timedelta(days=call.switches.schedule_days):
        message = "The requested time window is not valid: it ends before it starts, or it is too long."
        raise Refusal("ErrorInvalidTimeInterval", status=400, message=message)
    return schedules, Window(start, end, minutes, preferred_zone(call))


def _count(call: Call, address: str) -> int:
    """A group counts as everybody in it."""
    holder = call.tenant.holder(address)
    return len(reach.everybody_in(call.tenant, holder.oid)) if isinstance(holder, Group) else 1


def row(call: Call, asker: User, address: str, window: Window) -> dict[str, Any]:
    try:
        seen = find(call, asker, address)
    except NoSchedule as no:
        empty = {"availabilityView": ""} if call.switches.failed_schedule == "empty_view" else {}
        return {"scheduleId": address, **empty, "error": _error(call, no)}
    usual = call.switches.appointments == "usual"
    found = sorted(
        each for user in seen.users for each in appointments(user, window.start, window.end, with_usual=usual)
    )
    value: dict[str, Any] = {
        "scheduleId": address,
        "availabilityView": view(found, window, call.switches.working_elsewhere_digit),
        "scheduleItems": [_item(each, seen.level, window.zone) for each in found],
    }
    if len(seen.users) == 1 and (mailbox := seen.users[0].mailbox):
        value["workingHours"] = mailbox.settings["workingHours"]
    return value


def view(found: list[Appointment], window: Window, elsewhere: str = "4") -> str:
    """One digit for each interval, the last one perhaps cut short."""
    digits, at = [], window.start
    while at < window.end:
        until = min(at + timedelta(minutes=window.minutes), window.end)
        inside = [each.status for each in found if each.start < until and at < each.end]
        digits.append({**DIGITS, "workingElsewhere": elsewhere}[max(inside, key=STATUSES.index, default="free")])
        at = until
    return "".join(digits)


def _item(each: Appointment, level: int, zone: str) -> dict[str, Any]:
    value: dict[str, Any] = {"isPrivate": each.is_private} if level > TIMES else {}
    value["status"] = each.status
    if level == EVERYTHING or level == DETAILS and not each.is_private:
        value |= {"subject": each.subject, "location": each.place}
    return {**value, "start": time_out(each.start, zone), "end": time_out(each.end, zone)}


def _error(call: Call, no: NoSchedule) -> dict[str, str]:
    number, message, more = ERRORS[no.code]
    full = call.switches.schedule_messages == "full"
    text = no.message if no.message and full else message.format(no.about) + (more if full else "")
    return {
        "message": text,
        "responseCode": number if number and call.switches.schedule_codes == "numeric" else no.code,
    }


def find(call: Call, asker: User, address: str) -> Seen:
    """Whom an address means, and what the caller sees of them. Raises NoSchedule."""
    domain = address.rpartition("@")[2].lower()
    holder = call.tenant.holder(address) or call.tenant.user(address)
    if isinstance(holder, Group):
        members = [call.tenant.users.get(oid) for oid in reach.everybody_in(call.tenant, holder.oid)]
        return Seen([each for each in members if each and each.mailbox], TIMES)
    if domain not in call.tenant.domains:
        return _elsewhere(call, asker, address, domain)
    if holder is None or holder.mailbox is None:
        raise NoSchedule("ErrorMailRecipientNotFound", address)
    mind_state(holder, address)
    return Seen([holder], _level(call, holder))


def mind_state(user: User, address: str) -> None:
    if user.mailbox_state == "on_premises":
        raise NoSchedule("ErrorProxyRequestProcessingFailed", UNAUTHORIZED)
    if user.mailbox_state not in ("ok", "policy_blocked"):
        raise NoSchedule("ErrorMailboxLogonFailed", address)


def _level(call: Call, user: User) -> int:
    """What the caller sees of a colleague."""
    if call.caller.oid == user.oid:
        return EVERYTHING
    if call.caller.oid is None and call.switches.app_schedules == "everything":
        assignments = reach.limits_of(call).assignments
        scoped = [each for each in assignments if reach.is_in_scope(call.tenant, each["group"], user)]
        reads = call.may("read calendars") or any(each["role"] in NEEDS["read calendars"] for each in scoped)
        if call.switches.schedules_in_scope_only and not (scoped or NEEDS["schedules"] & call.caller.roles):
            raise NoSchedule("ErrorNoFreeBusyAccess")
        return EVERYTHING if reads else TIMES
    return seen_by(user, call.caller.oid)


def seen_by(user: User, holder: str | None) -> int:
    """What the rows of the primary calendar show to this holder: their own row, else the one of the organization.

    None is everybody. Raises NoSchedule.
    """
    assert user.mailbox is not None
    rows = user.mailbox.primary.permissions.values()
    own = next((row for row in rows if holder and row.holder == holder), None)
    row = own or next((row for row in rows if row.kind == "default"), None)
    if row is None or row.role not in _SEEN:
        raise NoSchedule("ErrorNoFreeBusyAccess")
    return _SEEN[row.role]


def _elsewhere(call: Call, asker: User, address: str, domain: str) -> Seen:
    """Somebody of another organization: our relationship lets us ask, theirs says what we see. Raises NoSchedule."""
    ours = relationship_between(call.state, call.tenant.tid, domain)
    if ours is None or not ours.has_free_busy:
        lacks = f"Configuration information for forest/domain {domain} could not be found in Active Directory."
        raise NoSchedule("ErrorMailRecipientNotFound", address, message=f"{lacks}, LID: 47932")
    if not (ours.values["TargetAutodiscoverEpr"] or ours.values["TargetSharingEpr"]):
        raise NoSchedule("ErrorInvalidOrganizationRelationshipForFreeBusy", ours.name)
    _mind_endpoint(call, address)
    partner: Tenant | None = next((each for each in call.state.tenants.values() if domain in each.domains), None)
    from_us = (asker.mail or asker.upn).rpartition("@")[2]
    theirs = relationship_between(call.state, partner.tid, from_us) if partner else None
    if partner is None or theirs is None or theirs.level == "None":
        raise NoSchedule("ErrorNoFreeBusyAccess")
    user = partner.holder(address)
    if not isinstance(user, User) or user.mailbox is None:
        raise NoSchedule("ErrorMailRecipientNotFound", address)
    if theirs.scope_group and user.oid not in reach.everybody_in(partner, theirs.scope_group):
        raise NoSchedule("ErrorNoFreeBusyAccess")
    mind_state(user, address)
    most = DETAILS if theirs.level == "LimitedDetails" else TIMES
    return Seen([user], min(most, seen_by(user, None)))


def _mind_endpoint(call: Call, address: str) -> None:
    """What a switch puts between the two organizations. Raises NoSchedule."""
    kind = call.switches.federation_answer
    if kind == "not_app_only" and call.caller.oid is None:
        raise NoSchedule("ErrorProxyRequestNotAllowed")
    if kind in ("unauthorized", "timed_out"):
        reason = UNAUTHORIZED if kind == "unauthorized" else TIMED_OUT
        raise NoSchedule("ErrorProxyRequestProcessingFailed", reason)
    if kind == "autodiscover_failed":
        raise NoSchedule("ErrorAutodiscoverFailed", address)
