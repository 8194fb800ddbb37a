"""What the reader makes of a script: one small class per thing that can be written."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Node:
    line: int


@dataclass(slots=True)
class Literal(Node):
    value: Any


@dataclass(slots=True)
class Text(Node):
    """A double-quoted text: pieces of text and expressions."""

    pieces: list["str | Node"]


@dataclass(slots=True)
class Variable(Node):
    name: str


@dataclass(slots=True)
class Member(Node):
    """`of.name`, with brackets behind it where `arguments` is a list."""

    of: Node
    name: str
    arguments: list[Node] | None = None


@dataclass(slots=True)
class Static(Node):
    """`[type]::name(arguments)`."""

    type: str
    name: str
    arguments: list[Node] | None


@dataclass(slots=True)
class Index(Node):
    of: Node
    at: Node


@dataclass(slots=True)
class Cast(Node):
    type: str
    of: Node


@dataclass(slots=True)
class Unary(Node):
    operator: str
    of: Node


@dataclass(slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Commas(Node):
    members: list[Node]


@dataclass(slots=True)
class Paren(Node):
    inner: Node


@dataclass(slots=True)
class Block(Node):
    """Statements in braces; as a value a script block."""

    statements: list[Node]


@dataclass(slots=True)
class Collect(Node):
    """`$(…)`, and with `is_array` `@(…)`: everything the statements put out."""

    block: Block
    is_array: bool


@dataclass(slots=True)
class HashLiteral(Node):
    pairs: list[tuple[Node, Node]]


@dataclass(slots=True)
class Argument(Node):
    """Of a command: `-Name value`, a value alone (no name), a switch (no value), or with `is_splat` `@name`."""

    name: str | None
    value: Node | None
    is_splat: bool = False


@dataclass(slots=True)
class Command(Node):
    name: str
    arguments: list[Argument]


@dataclass(slots=True)
class Pipeline(Node):
    """Commands, or one expression first."""

    elements: list[Node]


@dataclass(slots=True)
class Assign(Node):
    target: Node
    operator: str
    value: Node


@dataclass(slots=True)
class If(Node):
    branches: list[tuple[Node, Block]]
    otherwise: Block | None


@dataclass(slots=True)
class Try(Node):
    body: Block
    caught: Block | None
    finally_: Block | None


@dataclass(slots=True)
class Throw(Node):
    value: Node | None


@dataclass(slots=True)
class Return(Node):
    """`return`, and with `is_exit` `exit`."""

    value: Node | None
    is_exit: bool = False


@dataclass(slots=True)
class ForEach(Node):
    variable: str
    over: Node
    body: Block


@dataclass(slots=True)
class Param(Node):
    """The parameters of the script: name and what it is if nobody gives it."""

    defaults: list[tuple[str, Node | None]] = field(default_factory=list)
