"""What a command is, and what a run of a script leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.exchange.values import Hash, text

COMMON = {"erroraction": "text", "warningaction": "text", "verbose": "switch", "debug": "switch"}


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """A command: what carries it out, its parameters (name to kind, see `types.taken`), and those that need no name.

    `act` gets the run, what was given (names in lower case) and what came through the pipeline (None: nothing did),
    and gives what it puts out.
    """

    name: str
    act: Callable[[Any, dict[str, Any], list[Any] | None], list[Any]]
    parameters: dict[str, str] = field(default_factory=dict)
    positional: tuple[str, ...] = ()

    def kind(self, parameter: str) -> str | None:
        known = {name.lower(): kind for name, kind in self.parameters.items()}
        return {**COMMON, **known}.get(parameter.lower())


@dataclass(slots=True)
class Result:
    """What a run left behind; an error is {"line", "text"}, the files are as they were written, byte by byte."""

    output: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def append(self, value: Any) -> None:
        """Show a value as the window of PowerShell does."""
        if isinstance(value, Hash):
            pairs = list(value.pairs())
            width = max((len(name) for name, _ in pairs), default=0)
            self.output += ["", *(f"{name:<{width}} : {text(member)}" for name, member in pairs)]
        elif value is not None:
            self.output.append(text(value))
