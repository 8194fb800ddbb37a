"""What a change may surprise its owner with, in one sentence each."""

import re

from .whose import YOU, Whose

_GUARDS = {  # (icon, sentence)
    "custom_lost": (
        "settings", "{{name}}’s access was set in detail in Outlook. Calwarden cannot put that back once it is changed."
    ),
    "private_granted": ("lock-open", "{{name}} can then open and change {your} private events, too."),
    "outsider_raised": ("world", "{{name}} is outside {{org}} and will see more than now."),
    "disabled_delegate": ("user-off", "{{name}}’s account is disabled: nobody there can answer meeting requests."),
    "disabled_left": ("user-off", "The accounts of all other delegates are disabled."),
    "last_delegate": ("user-check", "{{name}} is {your} only delegate."),
    "last_delegate_only": (
        "user-check", "{{name}} is {your} only delegate, and meeting requests go only to delegates now."
    ),
}  # fmt: skip


def guard_words(guard: str, *, name: str, org: str, whose: Whose = YOU) -> tuple[str, str]:
    """An icon and a sentence. Raises KeyError for what is none of `changes.guards`."""
    icon, sentence = _GUARDS[guard]
    # In one go: braces in a name mean nothing.
    said = {"{name}": name, "{org}": org}
    return icon, re.sub(r"\{(?:name|org)\}", lambda found: said[found[0]], whose.said(sentence))
