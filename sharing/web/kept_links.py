"""Activation links that this browser may show again: sealed, in its own session, as long as that lives."""

from django.contrib.sessions.backends.base import SessionBase

from sharing.connect import links
from sharing.models import ActivationLink

KEPT = "activation_links"
MOST = 5


def keep(session: SessionBase, link: ActivationLink, token: str) -> None:
    """Remember a token that this browser was just told, or came with."""
    kept = [pair for pair in session.get(KEPT, []) if pair[0] != link.public_id]
    session[KEPT] = [*kept, [link.public_id, links.seal_token(link, token)]][-MOST:]


def kept(session: SessionBase, link: ActivationLink) -> str:
    """The token of the link, or nothing: it was told to another browser, or too long ago."""
    sealed = dict(session.get(KEPT, [])).get(link.public_id, "")
    return links.open_token(link, sealed) if sealed else ""
