"""Mail to admins and owners: what is told, to whom, once; a room above changes that asks Microsoft nothing."""

from .decide import decide, one_line
from .deputies import tell_of_deputy, tell_of_deputy_ended
from .ends import tell_of_cover, tell_of_end
from .operated import tell_of_operators
from .partners import tell_of_partners
from .recipients import admins_for, mail_address, person_address
from .reverted import tell_of_reverted
from .send import may_leave, send
from .tell import owners_of, tell, tell_owner
from .things import STALE_AFTER, Thing, current, last_complete

__all__ = [
    "STALE_AFTER",
    "Thing",
    "admins_for",
    "current",
    "decide",
    "last_complete",
    "mail_address",
    "may_leave",
    "one_line",
    "owners_of",
    "person_address",
    "send",
    "tell",
    "tell_of_cover",
    "tell_of_deputy",
    "tell_of_deputy_ended",
    "tell_of_end",
    "tell_of_operators",
    "tell_of_partners",
    "tell_of_reverted",
    "tell_owner",
]
