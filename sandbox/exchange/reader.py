"""Reads the part of PowerShell that scripts for Exchange need; what it does not know is an error, never a guess.

https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_parsing
"""

import re
from collections.abc import Callable

from sandbox.exchange import nodes as n
from sandbox.exchange.characters import DOUBLE, NAME, SINGLE, Characters, Unreadable

MOST_CHARACTERS = 200_000
DEEPEST = 50
COMPARING = (
    "eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "contains", "notcontains", "in", "notin",
)  # fmt: skip
# Operator to how firmly it binds.
BINDS = {
    **dict.fromkeys(("and", "or", "xor"), 1),
    **dict.fromkeys((f"{sense}{each}" for sense in ("", "c", "i") for each in COMPARING), 2),
    **dict.fromkeys("+-", 3),
    "join": 2,
    "f": 4,
}
_OPERATOR = re.compile(r"-([A-Za-z]+)(?![A-Za-z0-9_-])|([+*/%-])(?![=A-Za-z])")
_ASSIGNING = re.compile(r"(\+?=)(?!=)")
_COMMAND = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)?(?![A-Za-z0-9_.\\/:*-])|[?%](?=[ \t{])")
_PARAMETER = re.compile(r"-([A-Za-z_][A-Za-z0-9_]*)(:?)")
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?(?![A-Za-z0-9_])")
_TYPE = re.compile(r"\[([A-Za-z][A-Za-z0-9_.]*(?:\[\])?)\]")
_WORD = re.compile(r"[^\s|;(){}\[\]'\"`$@,#&<>\u2018-\u201e][^\s|;(){}'\"`$,&<>\u2018-\u201e]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_REFUSED = (
    "while", "for", "do", "until", "switch", "function", "filter", "class", "enum", "using", "trap", "break",
    "continue", "begin", "process", "end", "data", "workflow", "else", "elseif", "catch", "finally", "in",
)  # fmt: skip


def read(script: str) -> n.Block:
    """The statements of a script. Raises Unreadable."""
    if len(script) > MOST_CHARACTERS:
        raise Unreadable(1, "", f"a script has at most {MOST_CHARACTERS} characters here")
    reader = Reader(script)
    try:
        return reader.script()
    except RecursionError:
        raise reader.wrong("this is nested too deeply") from None


class Reader(Characters):
    """Expressions and arguments of commands are read by different rules, as in PowerShell."""

    # Statements

    def script(self) -> n.Block:
        block = n.Block(1, self.statements())
        if self.next:
            raise self.wrong("this closes nothing")
        return block

    def statements(self) -> list[n.Node]:
        found = []
        self.skip("\n;")
        while self.next and self.next not in ")}":
            found.append(self.statement())
            self.skip()
            if self.next and self.next not in "\n;)}":
                raise self.wrong("this was not expected here")
            self.skip("\n;")
        return found

    def nested(self, close: str) -> n.Block:
        """Statements up to the bracket that closes them; the opening one is read."""
        line = self.line
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong("this is nested too deeply")
        block = n.Block(line, self.statements())
        self.needs(close)
        self.depth -= 1
        return block

    def block(self) -> n.Block:
        self.needs("{")
        return self.nested("}")

    def condition(self) -> n.Node:
        self.needs("(")
        self.skip("\n")
        found = self.pipeline()
        self.needs(")")
        return found

    def statement(self) -> n.Node:
        line, word = self.line, self.word()
        if word in _REFUSED:
            raise self.wrong("this is not known here")
        if word in ("if", "try", "throw", "return", "exit", "foreach", "param"):
            self.at += len(word)
            reads = {"if": self.if_, "try": self.try_, "foreach": self.foreach, "param": self.param}
            if word in reads:
                return reads[word](line)
            self.skip()
            value = self.pipeline() if self.next and self.next not in "\n;)}" else None
            return n.Throw(line, value) if word == "throw" else n.Return(line, value, word == "exit")
        found = self.pipeline()
        first = found.elements[0]
        if len(found.elements) == 1 and (operator := self.match(_ASSIGNING)):
            target = first.of if isinstance(first, n.Cast) else first
            if not isinstance(target, n.Variable | n.Member | n.Index):
                raise self.wrong("nothing can be assigned to what stands before")
            self.skip("\n")
            return n.Assign(line, first, operator[1], self.statement())
        return found

    def if_(self, line: int) -> n.Node:
        branches = [(self.condition(), self.block())]
        while True:
            before = self.at
            self.skip("\n")
            if self.takes_word("elseif"):
                branches.append((self.condition(), self.block()))
            elif self.takes_word("else"):
                return n.If(line, branches, self.block())
            else:
                self.at = before
                return n.If(line, branches, None)

    def try_(self, line: int) -> n.Node:
        body, caught, at_last = self.block(), None, None
        before = self.at
        self.skip("\n")
        if self.takes_word("catch"):
            caught = self.block()
            before = self.at
            self.skip("\n")
        if self.takes_word("finally"):
            at_last = self.block()
        else:
            self.at = before
        if caught is None and at_last is None:
            raise self.wrong("a try needs a catch or a finally")
        return n.Try(line, body, caught, at_last)

    def foreach(self, line: int) -> n.Node:
        self.needs("(")
        self.skip("\n")
        variable = self.primary()
        self.skip()
        if not isinstance(variable, n.Variable) or not self.takes_word("in"):
            raise self.wrong("foreach needs ($one in $many)")
        self.skip()
        over = self.pipeline()
        self.needs(")")
        return n.ForEach(line, variable.name, over, self.block())

    def param(self, line: int) -> n.Node:
        """Only the types and defaults of parameters; attributes are not known."""
        found: list[tuple[str, n.Node | None]] = []
        self.needs("(")
        self.skip("\n")
        while not self.takes(")"):
            while self.match(_TYPE):
                self.skip("\n")
            variable = self.primary()
            if not isinstance(variable, n.Variable):
                raise self.wrong("the name of a parameter was expected")
            self.skip("\n")
            found.append((variable.name, self.expression() if self.takes("=") else None))
            self.skip("\n,")
        return n.Param(line, found)

    def pipeline(self) -> n.Pipeline:
        self.skip()
        line = self.line
        starts = "$@([{!+-," + SINGLE + DOUBLE
        elements = [self.expression() if self.next in starts or self.next.isdigit() else self.command()]
        self.skip()
        while self.next == "|":
            self.at += 1
            self.skip("\n")
            elements.append(self.command())
            self.skip()
        return n.Pipeline(line, elements)

    # Commands

    def command(self) -> n.Command:
        line = self.line
        if self.takes("&"):
            return n.Command(line, "&", [n.Argument(line, None, self.block())])
        name = self.match(_COMMAND)
        if name is None:
            raise self.wrong("a command was expected" if self.next else "the script ends where a command was expected")
        arguments = []
        self.skip()
        while self.next and self.next not in "\n|;)}":
            arguments.append(self.argument())
            if self.next and self.next not in " \t\u00a0\n|;)}`":
                raise self.wrong("this was not expected in an argument")
            self.skip()
        return n.Command(line, name[0], arguments)

    def argument(self) -> n.Argument:
        line = self.line
        if parameter := self.match(_PARAMETER):
            if parameter[2]:
                self.skip()
            return n.Argument(line, parameter[1], self.with_commas(self.argument_value) if parameter[2] else None)
        if self.next == "@" and NAME.match(self.text, self.at + 1):
            self.at += 1
            name = self.match(NAME)
            return n.Argument(line, None, n.Variable(line, name[0] if name else ""), is_splat=True)
        return n.Argument(line, None, self.with_commas(self.argument_value))

    def with_commas(self, one: Callable[[], n.Node]) -> n.Node:
        """One value, or several with commas between them."""
        line, members = self.line, [one()]
        while True:
            before = self.at
            self.skip()
            if not self.takes(","):
                self.at = before
                return members[0] if len(members) == 1 else n.Commas(line, members)
            self.skip("\n")
            members.append(one())

    def argument_value(self) -> n.Node:
        line = self.line
        if self.next and self.next in "$@({" + SINGLE + DOUBLE:
            return self.postfix(self.primary())
        if number := self.match(_NUMBER):
            return n.Literal(line, float(number[0]) if "." in number[0] else int(number[0]))
        word = self.match(_WORD)
        if word is None:
            raise self.wrong("this is no argument known here" if self.next else "the script ends within a command")
        return n.Literal(line, word[0])

    # Expressions

    def expression(self, weakest: int = 1) -> n.Node:
        left = self.with_commas(self.unary)
        while True:
            before = self.at
            self.skip()
            line, found = self.line, self.match(_OPERATOR)
            name = (found[1] or found[2]).lower() if found else ""
            if found and name not in BINDS:
                self.at = found.start()
                raise self.wrong("this operator is not known here")
            if not found or BINDS[name] < weakest:
                self.at = before
                self.skip()
                return left
            self.skip("\n")
            left = n.Binary(line, name, left, self.expression(BINDS[name] + 1))

    def unary(self) -> n.Node:
        line = self.line
        if self.next and self.next in "!,+-":
            found = re.compile(r"!|,|-(?:not|join|split)(?![A-Za-z])|[+-](?=[\d$(])", re.I).match(self.text, self.at)
            if found is None:
                raise self.wrong("a value was expected")
            self.at = found.end()
            self.skip("\n")
            operand = self.unary()
            if found[0] == ",":
                return n.Commas(line, [operand])
            return n.Unary(line, {"!": "not"}.get(found[0], found[0].lower().removeprefix("-") or "-"), operand)
        if kind := self.match(_TYPE):
            if self.takes("::"):
                name = self.match(NAME)
                if name is None:
                    raise self.wrong("a name was expected")
                return self.postfix(n.Static(line, kind[1], name[0], self.brackets() if self.takes("(") else None))
            self.skip()
            return n.Cast(line, kind[1], self.unary())
        return self.postfix(self.primary())

    def postfix(self, found: n.Node) -> n.Node:
        """What stands right behind a value: `.Name`, `.Name(…)`, `[…]`."""
        while True:
            line = self.line
            if self.next == "." and NAME.match(self.text, self.at + 1):
                self.at += 1
                name = self.match(NAME)
                assert name is not None
                found = n.Member(line, found, name[0], self.brackets() if self.takes("(") else None)
            elif self.takes("["):
                self.skip("\n")
                found = n.Index(line, found, self.expression())
                self.needs("]")
            else:
                return found

    def brackets(self) -> list[n.Node]:
        """The arguments of a method; the opening bracket is read."""
        self.skip("\n")
        if self.takes(")"):
            return []
        found = self.expression()
        self.needs(")")
        return found.members if isinstance(found, n.Commas) else [found]

    def primary(self) -> n.Node:
        line, first = self.line, self.next
        if first and first in SINGLE:
            return n.Literal(line, self.single())
        if first and first in DOUBLE:
            return self.double()
        if first == "$" or first == "@":
            for opening, make in (
                ("$(", lambda: n.Collect(line, self.nested(")"), False)),
                ("@(", lambda: n.Collect(line, self.nested(")"), True)),
                ("@{", lambda: self.hash(line)),
            ):
                if self.takes(opening):
                    return make()
            if first == "$":
                return self.variable()
        if self.takes("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.wrong("this is nested too deeply")
            self.skip("\n")
            inner = n.Paren(line, self.pipeline())
            self.needs(")")
            self.depth -= 1
            return inner
        if self.takes("{"):
            return self.nested("}")
        if number := self.match(_NUMBER):
            return n.Literal(line, float(number[0]) if "." in number[0] else int(number[0]))
        raise self.wrong("a value was expected" if first else "the script ends where a value was expected")

    def variable(self) -> n.Node:
        line, start = self.line, self.at
        self.at += 1
        braced = self.takes("{")
        name = self.match(NAME)
        if name is None or (braced and not self.takes("}")) or self.next == ":":
            self.at = start
            raise self.wrong("this is no variable known here")
        return n.Variable(line, name[0])

    def hash(self, line: int) -> n.Node:
        pairs = []
        self.skip("\n;")
        while not self.takes("}"):
            if not self.next:
                raise self.wrong("the script ends within @{")
            name = NAME.match(self.text, self.at)
            key = n.Literal(self.line, name[0]) if name else self.primary()
            self.at = name.end() if name else self.at
            self.skip()
            if not self.takes("="):
                raise self.wrong("= is missing here")
            self.skip("\n")
            pairs.append((key, self.statement()))
            self.skip()
            if self.next not in ("\n", ";", "}"):
                raise self.wrong("this was not expected here")
            self.skip("\n;")
        return n.HashLiteral(line, pairs)

    # Texts

    def double(self) -> n.Node:
        """A text in double quotes, with `$name`, `$(…)` and what stands behind a backtick."""
        line, start = self.line, self.at
        found: list[str | n.Node] = [""]
        self.at += 1
        while self.next:
            before = self.text[self.at : self.at + 2]
            piece: str | n.Node
            if before[0] in DOUBLE:
                self.at += 1
                if not self.next or self.next not in DOUBLE:
                    return n.Text(line, found)
                piece = self.next
                self.at += 1
            elif before[0] == "`" and before[1:]:
                if before[1] == "u":
                    raise self.wrong("this is not known in a text")
                piece = _ESCAPES.get(before[1], before[1])
                self.at += 2
            elif re.match(r"\$[A-Za-z_({]", before):
                piece = self.primary()
            else:
                piece = before[0]
                self.at += 1
            found.append(piece)
        self.at = start
        raise self.wrong("this text does not end")
