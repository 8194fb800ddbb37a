"""Credentials of the app registrations in words: where they come from, what state they are in, how a trial ended."""

from datetime import datetime

APPS = {"reader": "Reading", "writer": "Changing", "booker": "Meetings"}
USES = {
    "reader": "Proves to Microsoft that it is this portal that reads, and that signs people in.",
    "writer": "Proves to Microsoft that it is this portal that changes sharing, through the second registration.",
    "booker": "Proves to Microsoft that it is this portal that finds times and books meetings, through a registration"
    " of its own.",
}
KINDS = {"certificate": "Certificate", "secret": "Client secret"}
STATES = {  # label, tone, icon
    "next": ("Next", "accent", "hourglass"),
    "current": ("In use", "good", "circle-check"),
    "previous": ("The one before", "", "history"),
    "retired": ("Erased", "", "trash"),
}
UPLOAD = (
    "Download the certificate. It holds no key; the key stays here, sealed, and is never shown.",
    "In the Microsoft Entra admin center, open App registrations, then this app, then Certificates & secrets.",
    "Under Certificates, choose Upload certificate and give it the file. Leave the certificate that is there.",
    "Compare the thumbprint, wait a minute, then try it here. Only then does Calwarden use it.",
    "Afterwards, delete the old certificate in Entra, and erase its key here.",
)
WHY_CERTIFICATE = (
    "A secret is one text that is copied by hand: whoever reads it on its way, in a mail or a ticket, has what the app "
    "has, in every organization that approved it. A certificate’s key is made here and never leaves."
)

_TRIALS = {
    "credential_refused": "Entra does not know it yet. Was it uploaded to this app? New ones may need some minutes.",
    "seal_broken": "It does not open with TOKEN_KEYS: put back the key that sealed it, or discard it and make another.",
    "certificate_unreadable": "It cannot be read: discard it and make another.",
    "certificate_key_mismatch": "Its key does not belong to it: discard it and make another.",
    "no_tenant": "No organization is listed yet that could be asked. It is used all the same, if there is no other.",
    "consent_missing": "No organization that is listed has approved this app yet, so Entra gives no token.",
    "tenant_not_found": "Entra does not know the organization that was asked.",
    "unreachable": "Microsoft did not answer. Try again.",
    "throttled": "Microsoft asked us to wait. Try again later.",
    "malformed": "What answered was not Microsoft: check the address and any proxy.",
}


def trial_sentence(cause: str) -> str:
    """Why what was tried is not in use."""
    return _TRIALS.get(cause, f"Microsoft gave no token ({cause}).")


def ends(expires_at: datetime, days: int, app: str) -> tuple[str, str]:
    """A title and a sentence for a credential that ends soon (`days` is a step) or has ended (0)."""
    what = f"The credential for {APPS[app].lower()}"
    if not days:
        return f"{what} has ended", "Microsoft accepts it no more. Make a new one."
    return (
        f"{what} ends on {expires_at:%-d %B %Y}",
        f"In {'a day' if days == 1 else f'{days} days'} or less. Make a new one and upload it before then.",
    )


def cannot_change(*, is_ours: bool) -> tuple[str, str]:
    """A title and a sentence where the second registration gets no token: for our own fault, or without an approval."""
    if is_ours:
        return (
            "Microsoft does not accept Calwarden’s credential for changing",
            "You can look at everything. Changes wait until it is replaced.",
        )
    return "Microsoft 365 lets Calwarden change nothing", "You can look at everything. Your IT has to approve it again."


def thumbprint(value: str) -> str:
    """In groups of eight, as people compare them."""
    return " ".join(value[at : at + 8] for at in range(0, len(value), 8))
