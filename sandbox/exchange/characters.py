"""Goes through a script character by character: blanks, comments, line ends and texts in single quotes."""

import re

# PowerShell takes the typographic twins for quotes, too.
SINGLE, DOUBLE = "'\u2018\u2019\u201a\u201b", '"\u201c\u201d\u201e'
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPACE = re.compile(r"(?:[ \t\u00a0]|`\n|#[^\n]*|<#.*?#>)+", re.S)
_TOKEN = re.compile(r"[^\s(){};|]+|\S|\Z")


class Unreadable(Exception):
    """The script holds something that is not known here, or is not PowerShell: its line and the token."""

    def __init__(self, line: int, token: str, text: str) -> None:
        super().__init__(f"Line {line}: {text}: {token}" if token else f"Line {line}: {text}")
        self.line, self.token = line, token


class Characters:
    """`at` is where it stands in `text`; a byte order mark and the kind of line end do not matter."""

    def __init__(self, script: str) -> None:
        self.text = script.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.at = 0
        self.depth = 0

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def wrong(self, text: str) -> Unreadable:
        token = _TOKEN.search(self.text, self.at)
        return Unreadable(self.line, token[0][:40] if token else "", text)

    def skip(self, also: str = "") -> None:
        """Past blanks and comments, and past every character of `also`."""
        while True:
            if blank := _SPACE.match(self.text, self.at):
                self.at = blank.end()
            elif self.next and self.next in also:
                self.at += 1
            else:
                break
        if self.text.startswith("<#", self.at):
            raise self.wrong("this comment does not end")

    def takes(self, text: str) -> bool:
        """Whether `text` comes right here; then it is read."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def needs(self, text: str) -> None:
        self.skip("\n")
        if not self.takes(text):
            raise self.wrong(f"{text} is missing here" if self.next else f"the script ends, and {text} is missing")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()
        return found

    def word(self) -> str:
        """The name that comes next, in lower case; `if-something` is none."""
        found = NAME.match(self.text, self.at)
        return found[0].lower() if found and self.text[found.end() : found.end() + 1] not in ("-", ".") else ""

    def takes_word(self, word: str) -> bool:
        if self.word() != word:
            return False
        self.at += len(word)
        return True

    def single(self) -> str:
        """A text in single quotes: two quotes within are one of them, nothing else means anything."""
        start, found = self.at, []
        self.at += 1
        while self.next:
            if self.next in SINGLE:
                self.at += 1
                if not self.next or self.next not in SINGLE:
                    return "".join(found)
            found.append(self.next)
            self.at += 1
        self.at = start
        raise self.wrong("this text does not end")
