"""Tenants: credentials and clients; who may sign in; connecting, proving and looking after them."""

from .certificates import make_certificate
from .clients import (
    client_for,
    client_for_tid,
    credential,
    endpoints,
    forget_tokens,
    prober_for,
    session_for,
    writer_for,
)
from .onboard import onboard
from .proof import Proof, prove, reach
from .proving import prove_link
from .reaching import NotLent, client_for_mailbox, client_for_meetings, client_for_shard
from .roles import give_role, take_role
from .sentences import NotConnected, sentence_for

__all__ = [
    "NotConnected", "NotLent", "Proof", "client_for", "client_for_mailbox", "client_for_meetings", "client_for_shard",
    "client_for_tid", "credential", "endpoints", "forget_tokens", "give_role", "make_certificate", "onboard",
    "prober_for", "prove", "prove_link", "reach", "sentence_for", "session_for", "take_role", "writer_for",
]  # fmt: skip
