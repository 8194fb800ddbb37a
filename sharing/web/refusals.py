"""The one word that a page has for a refusal of the domain's."""

from sharing import changes

_WORDS: dict[type[changes.Refused], str] = {
    changes.Stale: "stale",
    changes.AlreadyGone: "already_gone",
    changes.BadAddress: "bad_address",
    changes.ChangeOpen: "change_open",
    changes.RoleNotAllowed: "role_not_allowed",
    changes.NothingToDo: "nothing_to_do",
    changes.WouldRaise: "would_raise",
}


def cause_of(refused: changes.Refused) -> str:
    """A key of `words.batches.NOT_POSSIBLE`, or another word, for which that has one sentence."""
    return refused.cause if isinstance(refused, changes.NotNow) else _WORDS.get(type(refused), "")
