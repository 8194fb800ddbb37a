"""What happened and who did it, what was so on a day and how sure that is, and what a restore would do, in words."""

from datetime import date, datetime

from .changes import noticed
from .times import day, moment


def between(after_at: datetime, at: datetime, now: datetime) -> str:
    """ "today between 09:00 and 13:00", "between 12 November 2026, 23:00 and today 09:14" """
    if after_at.date() == at.date():
        return f"{moment(after_at, now).replace(f'{after_at:%H:%M}', f'between {after_at:%H:%M}')} and {at:%H:%M}"
    return f"between {moment(after_at, now)} and {moment(at, now)}"


def outside(
    at: datetime, now: datetime, *, place: str = "", after_at: datetime | None = None, by: str = "",
    by_at: datetime | None = None,
) -> str:  # fmt: skip
    """When and by whom something was done that nobody did here: `by` is whom Exchange's own log names."""
    where = f" · {place}" if place else ""
    if by and by_at:
        return f"By {by}, {moment(by_at, now)}, outside Calwarden{where}"
    said = f"{noticed(at, now)}{where}"
    return f"{said} · by whom is unknown, {between(after_at, at, now)}" if after_at else said


def here(at: datetime, now: datetime, by: str) -> str:
    """When and by whom something was done here."""
    said = moment(at, now)
    return f"{said[0].upper()}{said[1:]}, in Calwarden, by {by}"


# End dates ----------------------------------------------------------------------------------------------


def end_set(name: str, calendar: str, ends_on: date, role_after: str) -> str:
    """ "Adele Vance’s access to Kids parties ends 27 November 2026" """
    then = f"goes back to “{role_after}”" if role_after else "ends"
    return f"{name}’s access to {calendar} was set to end: it {then} at the end of {day(ends_on)}"


def end_over(name: str, calendar: str, ends_on: date, is_failed: bool) -> str:
    if is_failed:
        return f"{name}’s access to {calendar} did not end on {day(ends_on)}, as it should have"
    return f"The end date of {name}’s access to {calendar}, {day(ends_on)}, was taken off"


def cover(name: str, starts_on: date, ends_on: date, *, is_off: bool) -> str:
    said = f"{name} covers from {day(starts_on)} to {day(ends_on)}"
    return f"{said}, called off" if is_off else said


# On a day -----------------------------------------------------------------------------------------------

ON_DATE = "On this date"
CERTAIN, BETWEEN, LAST_KNOWN = "Certain", "Between two checks", "Last known"


def certainty(
    kind: str, *, began_after_at: datetime | None, began_at: datetime, ended_after_at: datetime | None,
    ended_at: datetime | None, start: datetime, end: datetime, now: datetime,
) -> tuple[str, str]:  # fmt: skip
    """How sure it is that somebody had a role on a day: a label, and why, with the checks it rests on."""
    parts = []
    if began_after_at and not (began_at < start):
        parts.append(f"It began {between(began_after_at, began_at, now)}")
    elif began_at >= start and began_at < end:
        parts.append(f"First seen {moment(began_at, now)}")
    if ended_at and (ended_after_at is None or ended_after_at < end):
        if ended_after_at:
            parts.append(f"it ended {between(ended_after_at, ended_at, now)}")
        else:
            parts.append(f"it ended before {moment(ended_at, now)}")
    said = "; ".join(parts)
    said = f"{said[:1].upper()}{said[1:]}." if said else ""
    if kind == "certain":
        return CERTAIN, said
    if kind == "last_known":
        return LAST_KNOWN, "Not checked since; nothing shows that it had changed."
    return BETWEEN, said


def why_not(kind: str, *, first: str, kept_from: str, owner: bool = True) -> tuple[str, str]:
    """Why nothing is known of a calendar on a day: a title and a sentence."""
    if kind == "not_kept":
        return "Not known", f"The past is kept since {kept_from}. What was before was let go."
    if kind == "not_there":
        return "Not there yet", "The last check before found no such calendar."
    if kind == "gone":
        return "Not there any more", "The calendar had been deleted."
    if kind == "left_out":
        return "Not known", "On that day Calwarden did not read this mailbox."
    return "Not known", f"The first check was {first}." if first else "This calendar was not read yet."


# Restoring ----------------------------------------------------------------------------------------------

WHY_NOT_RESTORED = {
    "custom": "Set in Outlook in detail; it cannot be written",
    "not_removable": "Microsoft 365 does not allow this row to be removed",
    "role_not_allowed": "Microsoft 365 no longer allows this role for them",
    "creates_off": "Adding people is switched off here",
    "no_address": "No address is known to add them by",
    "between": "Not certain on that day",
    "change_open": "A change of it is underway",
    "would_raise": "This would give more than now, as everyone there has more",
    "needs_yes": "Gives more than now: the owner has to agree",
    "own_access": "Your own access",
    "no_delegate": "They went to delegates only, and there would be no delegate",
    "mailbox_not_ok": "The mailbox cannot be read at the moment",
    "unknown_then": "What they could do that day is not known",
}


def restored(kind: str, before: str, after: str) -> str:
    """What a restore does to one entry."""
    if kind == "create":
        return f"Add again with “{after}”"
    if kind == "remove":
        return f"Remove (now “{before}”)"
    return f"From “{before}” back to “{after}”"


def invitations(count: int, outside: tuple[str, ...]) -> str:
    """How many people Outlook would write to; `outside` are the addresses of other organisations among them."""
    if not count:
        return "Outlook sends no invitation."
    said = f"Outlook sends {count:,} {'invitation' if count == 1 else 'invitations'}"
    if not outside:
        return f"{said}, nobody outside among them."
    named = ", ".join(outside[:5]) + (f" and {len(outside) - 5} more" if len(outside) > 5 else "")
    return f"{said}, {len(outside)} of them outside: {named}."


def restored_until(day: str, org: str) -> str:
    """Beside what is put back where a rule lets it last no longer."""
    return f"Until {day}: {org} lets this access last no longer. Its former end date, if it had one, is not put back."
