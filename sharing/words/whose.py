"""To whom a sentence speaks: the owner of a mailbox, or somebody who looks after one that nobody signs in to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Whose:
    """A mailbox in sentences; `name` is empty where it is the reader's own."""

    name: str = ""

    def said(self, text: str) -> str:
        """`text` with {you}, {your}, {you_are}, {you_have}, {me}, and {im} before "busy", for this mailbox.

        `text` is one of our own: names are put in with an f-string afterwards.
        """
        name = self.name
        if not name:
            return text.format(you="you", your="your", you_are="you’re", you_have="you have", me="me", im="I’m ")
        return text.format(you=name, your=f"{name}’s", you_are=f"{name} is", you_have=f"{name} has", me=name, im="")

    def begun(self, text: str) -> str:
        """The same at the beginning of a sentence."""
        said = self.said(text)
        return said if self.name else said[:1].upper() + said[1:]


YOU = Whose()
