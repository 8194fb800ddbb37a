"""Deputies in words: what they may, and in whose name something was done."""

MAY = (
    "A deputy changes for {you} who sees {your} calendars and who gets {your} meeting requests, never their own access."
)
PRIVATE = "May give access to private events, too."
NOT_PRIVATE = "May not give access to private events."
NOBODY = "Choose somebody of your organization whose account is not disabled."
OFF_FOR_IT = "Deputies are switched off here, so nobody acts for anybody at the moment."
OFF = "Your organization does not use deputies in Calwarden. Your IT can switch them on."


def terms(*, lets_grant_private: bool) -> str:
    return PRIVATE if lets_grant_private else NOT_PRIVATE


def begun(since: str, owner: str, asked_by: str) -> str:
    """ "Since 3 March 2026, given by Alex Wilber; Lidia Holloway (IT) asked" """
    asked = f"; {asked_by} (IT) asked" if asked_by else ""
    return f"Since {since}, given by {owner}{asked}"


def acting_for(actor: str, owner: str) -> str:
    """Who did it where it was done by a deputy: "Megan Bowen for Alex Wilber"."""
    return f"{actor} for {owner}"


def why_not(cause: str) -> str:
    """Why somebody could not be made a deputy."""
    return {"deputies_off": OFF, "not_allowed": "Only the owner does this."}.get(cause, NOBODY)
