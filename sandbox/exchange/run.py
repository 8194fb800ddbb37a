"""Carries out a script that was read: statements, values, pipelines and commands, with every step counted."""

from typing import Any

from sandbox.exchange import nodes as n
from sandbox.exchange import types
from sandbox.exchange.characters import Unreadable
from sandbox.exchange.cmdlet import Cmdlet, Result
from sandbox.exchange.values import (
    NOTHING,
    Hash,
    Object,
    Unknown,
    Wrong,
    compare,
    limited,
    members,
    text,
    truth,
    unwrapped,
)

MOST_STEPS = 20_000_000
DEEPEST = 40


class Stop(Exception):
    """A terminating error: it ends the script unless a try catches it."""

    def __init__(self, record: Object, line: int) -> None:
        super().__init__(text(record))
        self.record, self.line = record, line


class Returned(Exception):
    """`return` ends a script block, `exit` the script."""

    def __init__(self, is_exit: bool) -> None:
        super().__init__()
        self.is_exit = is_exit


class Run:
    """One script at work. `session` is what the commands of Exchange need to know, `confirms` answers questions."""

    def __init__(self, commands: dict[str, Cmdlet], session: Any, *, powershell: str, confirms: bool) -> None:
        self.commands, self.session = commands, session
        self.powershell, self.confirms = powershell, confirms
        self.result = Result()
        version = Object({"Major": int(powershell[0]), "Minor": int(powershell[2:] or 0)}, powershell)
        self.scopes: list[dict[str, Any]] = [
            {"true": True, "false": False, "null": None, "erroractionpreference": "Continue",
             "psversiontable": Hash({"PSVersion": version})}
        ]  # fmt: skip
        self.line = 1
        self.steps = 0
        self.depth = 0
        self.trying = 0

    def script(self, block: n.Block) -> None:
        """All of it, or up to the first terminating error. Raises Unreadable for what is not known here."""
        self.check(block)
        try:
            self.statements(block, self.result)
        except Returned:
            pass
        except Stop as stop:
            self.result.errors.append({"line": stop.line, "text": str(stop)})
        except (Unknown, RecursionError) as wrong:
            what = str(wrong) if isinstance(wrong, Unknown) else "this is nested too deeply"
            self.result.errors.append({"line": self.line, "text": f"Not known in the sandbox: {what}."})

    def check(self, node: Any) -> None:
        """Refuse a script before anything of it is done, if one of its commands or parameters is not known."""
        if isinstance(node, n.Command):
            cmdlet = self.commands.get(node.name.lower())
            if cmdlet is None:
                raise Unreadable(node.line, node.name, "this command is not known here")
            for each in node.arguments:
                if each.name and cmdlet.kind(each.name) is None:
                    raise Unreadable(each.line, f"-{each.name}", f"this parameter of {cmdlet.name} is not known here")
        if isinstance(node, n.Node):
            for name in node.__dataclass_fields__:
                self.check(getattr(node, name))
        elif isinstance(node, list | tuple):
            for each in node:
                self.check(each)

    # Variables

    def look_up(self, name: str) -> Any:
        for scope in reversed(self.scopes):
            if name.lower() in scope:
                return scope[name.lower()]
        return None

    def store(self, name: str, value: Any) -> None:
        if name.lower() in ("true", "false", "null"):
            if name.lower() != "null":
                raise Wrong(f"Cannot overwrite variable {name} because it is read-only or constant.")
            return
        self.scopes[-1][name.lower()] = value

    # Statements

    def statements(self, block: n.Block, out: Any) -> None:
        for each in block.statements:
            self.step(each)
            try:
                self.statement(each, out)
            except Wrong as wrong:
                # A statement that cannot go on is caught by a try, whatever $ErrorActionPreference says.
                self.fail(str(wrong), {"erroraction": "Stop"} if self.trying else {})

    def step(self, node: n.Node) -> None:
        self.line = node.line
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Unknown("a script of so many steps")

    def fail(self, message: str, given: dict[str, Any]) -> None:
        """An error that goes on, or not, as -ErrorAction or $ErrorActionPreference says."""
        action = text(given.get("erroraction", self.look_up("ErrorActionPreference"))).lower()
        if action not in ("stop", "continue", "silentlycontinue", "ignore"):
            raise Unknown(f"the error action {action}")
        if action == "stop":
            raise Stop(record(message), self.line)
        if action == "continue":
            self.result.errors.append({"line": self.line, "text": message})

    def statement(self, node: n.Node, out: Any) -> None:
        match node:
            case n.Assign():
                self.assign(node)
            case n.If():
                for condition, body in node.branches:
                    if truth(self.value(condition)):
                        return self.statements(body, out)
                if node.otherwise:
                    self.statements(node.otherwise, out)
            case n.Try():
                self.try_(node, out)
            case n.ForEach():
                for each in members(self.value(node.over)):
                    self.store(node.variable, each)
                    self.statements(node.body, out)
            case n.Throw():
                value = self.value(node.value) if node.value else self.look_up("_")
                self.line = node.line
                raise Stop(value if isinstance(value, Object) else record(text(value)), node.line)
            case n.Return():
                if node.value:
                    emit(self.value(node.value), out)
                raise Returned(node.is_exit)
            case n.Param():
                for name, default in node.defaults:
                    self.store(name, self.value(default) if default else None)
            case n.Pipeline():
                self.pipeline(node, out)
            case _:
                emit(self.value(node), out)

    def try_(self, node: n.Try, out: Any) -> None:
        try:
            stop = self.attempt(node.body, out)
            if stop and node.caught is None:
                raise stop
            if stop and node.caught:
                before = self.scopes[-1].get("_")
                self.scopes[-1]["_"] = stop.record
                self.statements(node.caught, out)
                self.scopes[-1]["_"] = before
        finally:
            if node.finally_:
                self.statements(node.finally_, out)

    def attempt(self, body: n.Block, out: Any) -> Stop | None:
        """What ended the statements, None where they came to their end."""
        self.trying += 1
        try:
            self.statements(body, out)
        except Stop as stop:
            return stop
        finally:
            self.trying -= 1
        return None

    def assign(self, node: n.Assign) -> None:
        value = self.value(node.value)
        target, kind = (node.target.of, node.target.type) if isinstance(node.target, n.Cast) else (node.target, None)
        if node.operator == "+=":
            value = types.added(self.value(target), value)
        if kind:
            value = types.cast(kind, value)
        match target:
            case n.Variable():
                self.store(target.name, value)
            case n.Member():
                types.put(self.value(target.of), target.name, value)
            case n.Index():
                types.put(self.value(target.of), self.value(target.at), value)

    # Pipelines

    def pipeline(self, node: n.Pipeline, out: Any) -> None:
        piped: list[Any] | None = None
        for place, each in enumerate(node.elements):
            sink: Any = out if place == len(node.elements) - 1 else []
            if isinstance(each, n.Command):
                for value in self.command(each, piped):
                    sink.append(value)
            else:
                emit(self.value(each), sink)
            piped = sink

    def command(self, node: n.Command, piped: list[Any] | None) -> list[Any]:
        cmdlet = self.commands[node.name.lower()]
        try:
            given = self.bind(cmdlet, node)
        except Wrong:
            self.line = node.line
            raise  # what cannot be bound ends the whole statement
        self.step(node)
        try:
            if cmdlet.name.lower() == self.session.refused:
                raise Wrong(f"You don't have sufficient permissions to run {cmdlet.name}.")
            return cmdlet.act(self, given, piped)
        except Wrong as wrong:
            self.line = node.line
            self.fail(str(wrong), given)
            return []

    def bind(self, cmdlet: Cmdlet, node: n.Command) -> dict[str, Any]:
        """What each parameter got, names in lower case."""
        given: dict[str, Any] = {}
        loose: list[Any] = []
        waiting: str | None = None

        def put(name: str, value: Any) -> None:
            kind = cmdlet.kind(name)
            if kind is None:
                raise Wrong(f"A parameter cannot be found that matches parameter name '{name}'.")
            if name.lower() in given:
                raise Wrong(f"Cannot bind parameter because parameter '{name}' is specified more than once.")
            given[name.lower()] = types.taken(name, kind, value)

        for each in node.arguments:
            value = self.value(each.value) if each.value else NOTHING
            if waiting and (each.name or each.is_splat):
                break
            if waiting:
                put(waiting, value)
                waiting = None
            elif each.is_splat:
                if not isinstance(value, Hash):
                    raise Unknown("a splatted value that is no hash table")
                for name, member in value.pairs():
                    put(name, member)
            elif each.name and (each.value or cmdlet.kind(each.name) == "switch"):
                put(each.name, value if each.value else True)
            elif each.name:
                waiting = each.name
            else:
                loose.append(value)
        if waiting:
            raise Wrong(f"Missing an argument for parameter '{waiting}'.")
        free = [name for name in cmdlet.positional if name.lower() not in given]
        for value in loose:
            if not free:
                raise Wrong(f"A positional parameter cannot be found that accepts argument '{text(value)}'.")
            put(free.pop(0), value)
        return given

    def call(self, block: Any, item: Any = NOTHING, *, is_own_scope: bool = False) -> list[Any]:
        """What a script block puts out, with `item` as `$_`."""
        if not isinstance(block, n.Block):
            raise Wrong("A script block was expected.")
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unknown("script blocks nested so deeply")
        out: list[Any] = []
        if is_own_scope:
            self.scopes.append({})
        scope, before = self.scopes[-1], self.scopes[-1].get("_", NOTHING)
        if item is not NOTHING:
            scope["_"] = item
        try:
            self.statements(block, out)
        except Returned as returned:
            if returned.is_exit:
                raise
        finally:
            self.depth -= 1
            if is_own_scope:
                self.scopes.pop()
            elif before is NOTHING:
                scope.pop("_", None)
            else:
                scope["_"] = before
        return out

    # Values

    def value(self, node: n.Node) -> Any:
        self.step(node)
        match node:
            case n.Literal():
                return node.value
            case n.Variable():
                return self.look_up("_" if node.name.lower() == "psitem" else node.name)
            case n.Text():
                return limited(
                    "".join(each if isinstance(each, str) else text(self.value(each)) for each in node.pieces)
                )
            case n.Paren():
                return self.value(node.inner)
            case n.Pipeline() if len(node.elements) == 1 and not isinstance(node.elements[0], n.Command):
                return self.value(node.elements[0])
            case n.Block():
                return node
            case n.Collect():
                found: list[Any] = []
                self.statements(node.block, found)
                return found if node.is_array else unwrapped(found)
            case n.HashLiteral():
                return self.hash(node)
            case n.Member() if node.arguments is None:
                return types.member(self.value(node.of), node.name)
            case n.Member():
                return types.method(self.value(node.of), node.name, [self.value(each) for each in node.arguments])
            case n.Static():
                return types.static(
                    self.session.now(), node.type, node.name, [self.value(e) for e in node.arguments or []]
                )
            case n.Index():
                return types.indexed(self.value(node.of), self.value(node.at))
            case n.Cast():
                return types.cast(node.type, self.value(node.of))
            case n.Commas():
                return [self.value(each) for each in node.members]
            case n.Unary():
                return types.unary(node.operator, self.value(node.of))
            case n.Binary():
                return self.binary(node)
        out: list[Any] = []
        self.statement(node, out)
        return unwrapped(out)

    def hash(self, node: n.HashLiteral) -> Hash:
        found = Hash()
        for key, value in node.pairs:
            name = text(self.value(key))
            if name in found:
                raise Wrong(f"Duplicate keys '{name}' are not allowed in hash literals.")
            found.set(name, self.value(value))
        return found

    def binary(self, node: n.Binary) -> Any:
        left = self.value(node.left)
        if node.operator == "and":
            return truth(left) and truth(self.value(node.right))
        if node.operator == "or":
            return truth(left) or truth(self.value(node.right))
        right = self.value(node.right)
        if node.operator in types.ARITHMETIC:
            return types.calculated(node.operator, left, right)
        return compare(node.operator, left, right)


def emit(value: Any, out: Any) -> None:
    for each in members(value):
        out.append(each)


def record(message: str) -> Object:
    """What `$_` is in a catch."""
    return Object({"Exception": Object({"Message": message}, message)}, message, is_closed=True)
