"""Mailbox settings: reading them, and setting who gets a delegated owner's meeting requests."""

from . import parse
from .client import Client
from .ids import settings_path
from .resources import DELIVERY_OPTIONS, MailboxSettings


def read_settings(client: Client, mailbox_id: str) -> MailboxSettings:
    """The settings, without the texts of automatic replies. https://learn.microsoft.com/graph/api/user-get-mailboxsettings"""
    return parse.settings(client.get(settings_path(mailbox_id)))


def update_delivery(client: Client, mailbox_id: str, option: str, *, request_id: str, deadline_seconds: float) -> None:
    """Sets `delegateMeetingMessageDeliveryOptions` for the whole mailbox, once. Read the settings back.

    Raises GraphError, ValueError for an unknown option.
    https://learn.microsoft.com/graph/api/user-update-mailboxsettings
    """
    if option not in DELIVERY_OPTIONS:
        raise ValueError(f"{option!r} is not a delivery option")
    body = {"delegateMeetingMessageDeliveryOptions": option}
    client.patch(settings_path(mailbox_id), body, request_id=request_id, deadline_seconds=deadline_seconds)
