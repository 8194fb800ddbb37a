"""What giving somebody access comes to, before it is given."""

from .whose import YOU, Whose

ROLE_NOT_FOR_THEM = "Microsoft 365, or your IT’s policy, does not allow this role for this person."
ALREADY_ASKED = "This was asked for already. The calendar’s page shows what comes of it."
END_TOO_SOON = "The end date must be after today."


def adding(
    *, name: str, is_inside: bool, org: str, acts: bool, private: bool, instead: str = "", whose: Whose = YOU
) -> list[tuple[str, str]]:
    """What happens next, as (icon, sentence)."""
    said = [("mail", f"Outlook sends {name} an invitation, which Calwarden cannot keep back.")]
    if not is_inside:
        said.append(("world", f"{name} is not in the directory of {org}: somebody outside, as far as is known."))
    if acts:
        said.append(("user-check", f"{name} {whose.said('can answer invitations for {you}')}."))
    if private:
        said.append(("lock-open", f"{name} {whose.said('can open and change {your} private events, too')}."))
    if instead:
        said.append(("x", f"Once Microsoft 365 confirmed it, {instead} loses access. If it does not, nothing ends."))
    return said


def has_access_already(calendar: str) -> str:
    return f"This person has access to {calendar} already. Change it on the calendar’s page."


def replaced_changed(name: str, label: str) -> str:
    """Why a replacement was not saved: whoever is replaced has another role by now."""
    return f"{name} has “{label}” by now, changed while this page was open. Look again, then save."


def end_too_late(day: str) -> str:
    return f"The end date must be {day} or before."
