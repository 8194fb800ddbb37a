"""Deputies in words: what they may, and in whose name something was done."""

MAY = (
    "A deputy changes for {you} who sees {your} calendars and who gets {your} meeting requests, never their own access."
)
PRIVATE = "May give access to private events, too."
NOT_PRIVATE = "May not give access to private events."
NOBODY = "Choose somebody of your organization whose account is not disabled."
OFF = "Your organization does not use deputies in Calwarden. Your IT can switch them on."


def acting_for(actor: str, owner: str) -> str:
    """Who did it where it was done by a deputy: "Megan Bowen for Alex Wilber"."""
    return f"{actor} for {owner}"


def why_not(cause: str) -> str:
    """Why somebody could not be made a deputy."""
    return {"deputies_off": OFF, "not_allowed": "Only the owner does this."}.get(cause, NOBODY)
