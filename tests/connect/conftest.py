"""A connected Contoso, a clock set by hand, and a limit to a group."""

from tests.connect.limiting import again, allan, declare, test, verified
from tests.contoso import clock, contoso, sync

__all__ = ["again", "allan", "clock", "contoso", "declare", "sync", "test", "verified"]
