"""Who a change is said to be by: "You", "Megan Bowen for Alex Wilber", "Lidia Holloway (IT)"."""

from sharing import words
from sharing.models import Change, User
from sharing.words import ends


def actor_words(change: Change, reader: User | None = None) -> str:
    """At the beginning of a sentence, for `reader`; whoever acted for somebody is named with them."""
    is_me = reader is not None and change.actor_id == reader.pk
    name = "You" if is_me else words.visible(str(change.actor))
    if change.actor_kind == Change.DEPUTY:
        return words.acting_for(name, str(change.mailbox.person))
    if change.actor_kind == Change.OPERATOR and not is_me:
        return f"{name} (IT)"
    if change.actor_kind == Change.END_DATE:
        return ends.actor(name)
    return name
