"""PowerShell's own commands, as far as scripts for Exchange need them: they pick, count, show and write files."""

from collections.abc import Callable
from typing import Any

from sandbox.exchange import types
from sandbox.exchange.cmdlet import Cmdlet
from sandbox.exchange.run import Run
from sandbox.exchange.values import (
    NOTHING,
    Hash,
    Object,
    Unknown,
    Wrong,
    compare,
    members,
    text,
    to_json,
    truth,
    unwrapped,
)

Given = dict[str, Any]
Piped = list[Any] | None
ENCODINGS = {
    # Name: of PowerShell 7, of 5.1.
    "": ("utf-8", "cp1252"),
    "utf8": ("utf-8", "utf-8-sig"),
    "utf8bom": ("utf-8-sig", "utf-8-sig"),
    "utf8nobom": ("utf-8", ""),
    "unicode": ("utf-16", "utf-16"),
    "ascii": ("ascii", "ascii"),
}
_COMPARING = ("eq", "ne", "like", "notlike", "contains", "notcontains", "in", "notin", "gt", "ge", "lt", "le")


def where(run: Run, given: Given, piped: Piped) -> list[Any]:
    asked = [name for name in _COMPARING if name in given]
    if "filterscript" in given and hasattr(given["filterscript"], "statements"):
        return [each for each in piped or [] if truth(unwrapped(run.call(given["filterscript"], each)))]
    if len(asked) > 1:
        raise Wrong("Parameter set cannot be resolved using the specified named parameters.")
    name = text(given.get("filterscript", given.get("property")))
    if not asked:
        return [each for each in piped or [] if truth(types.member(each, name))]
    operator = asked[0]
    return [each for each in piped or [] if truth(compare(operator, types.member(each, name), given[operator]))]


def for_each(run: Run, given: Given, piped: Piped) -> list[Any]:
    found = []
    for each in piped or []:
        found += run.call(given["process"], each)
    return found


def called(run: Run, given: Given, piped: Piped) -> list[Any]:
    return run.call(given["block"], is_own_scope=True)


def select(run: Run, given: Given, piped: Piped) -> list[Any]:
    found = list(piped or [])
    if "property" in given:
        columns = [column(each) for each in members(given["property"])]
        found = [Object({name: value(run, each) for name, value in columns}) for each in found]
    if "expandproperty" in given:
        found = [one for each in found for one in members(types.member(each, given["expandproperty"]))]
    if given.get("unique"):
        found = list({text(each): each for each in reversed(found)}.values())[::-1]
    if "first" in given:
        found = found[: given["first"]]
    if "last" in given:
        found = found[-given["last"] :] if given["last"] else []
    return found


def column(asked: Any) -> tuple[str, Callable[[Run, Any], Any]]:
    """A property by its name, or a calculated one: @{n='Name'; e={…}}."""
    if not isinstance(asked, Hash):
        name = text(asked)
        if "*" in name or "?" in name:
            raise Unknown(f"the pattern {name} of Select-Object")
        return name, lambda run, each: types.member(each, name)
    pairs = {key.lower(): value for key, value in asked.pairs()}
    names = {key for key in pairs if key and ("name".startswith(key) or "label".startswith(key))}
    expressions = {key for key in pairs if key and "expression".startswith(key)}
    if len(names) != 1 or len(expressions) != 1 or len(pairs) != 2:
        raise Wrong("A calculated property has a name and an expression.")
    expression = pairs[expressions.pop()]
    name = text(pairs[names.pop()])
    if not hasattr(expression, "statements"):
        return name, lambda run, each: types.member(each, text(expression))
    # One value is itself and no list, even out of @(…): so it is in PowerShell.
    return name, lambda run, each: unwrapped(run.call(expression, each, is_own_scope=True))


def sort(run: Run, given: Given, piped: Piped) -> list[Any]:
    names = [text(each) for each in members(given.get("property", []))]

    def key(value: Any) -> list[str]:
        return [text(types.member(value, name) if name else value).lower() for name in names or [""]]

    found = sorted(piped or [], key=key, reverse=bool(given.get("descending")))
    return list({text(each).lower(): each for each in reversed(found)}.values())[::-1] if given.get("unique") else found


def measure(run: Run, given: Given, piped: Piped) -> list[Any]:
    return [Object({"Count": len(piped or [])})]


def json(run: Run, given: Given, piped: Piped) -> list[Any]:
    if "inputobject" in given:
        value = given["inputobject"]
    else:
        value = unwrapped(piped or [])
    is_new = run.powershell == "7"
    if not is_new and (given.get("asarray") or given.get("enumsasstrings")):
        raise Wrong("A parameter cannot be found that matches parameter name 'AsArray' or 'EnumsAsStrings'.")
    if value is NOTHING:
        return ["[]"] if given.get("asarray") else []
    if given.get("asarray") and not isinstance(value, list):
        value = [value]
    enums = "names" if given.get("enumsasstrings") else run.session.enums
    depth = given.get("depth", 2)
    return [to_json(value, depth=depth, powershell=run.powershell, enums=enums, is_short=bool(given.get("compress")))]


def set_content(run: Run, given: Given, piped: Piped) -> list[Any]:
    return write(run, given, given["value"] if "value" in given else piped, encoding="")


def out_file(run: Run, given: Given, piped: Piped) -> list[Any]:
    return write(run, given, piped, encoding="unicode" if run.powershell == "5.1" else "")


def write(run: Run, given: Given, value: Any, *, encoding: str) -> list[Any]:
    """A file of the run; it goes by the last part of its path."""
    path = text(given.get("literalpath", given.get("path", given.get("filepath"))))
    name = path.replace("\\", "/").rpartition("/")[2]
    if not name:
        raise Wrong("Cannot bind argument to parameter 'Path' because it is an empty string.")
    asked = text(given.get("encoding", encoding)).lower()
    if asked not in ENCODINGS or not ENCODINGS[asked][run.powershell == "5.1"]:
        raise Wrong(f"Cannot process argument transformation on parameter 'Encoding'. '{asked}' is no encoding.")
    lines = [text(each) for each in members([] if value is None else value)]
    written = "".join(f"{line}\r\n" for line in lines)
    if given.get("nonewline"):
        written = "".join(lines)
    run.result.files[name] = written.encode(ENCODINGS[asked][run.powershell == "5.1"], "replace")
    return []


def shown(run: Run, given: Given, piped: Piped) -> list[Any]:
    """Format-Table, Format-List: objects as texts, with these members."""
    for each in select(run, {"property": given["property"]} if "property" in given else {}, piped):
        run.result.append(each)
    return []


def host(run: Run, given: Given, piped: Piped) -> list[Any]:
    for each in piped if piped is not None else [given.get("object", "")]:
        run.result.output.append(text(each))
    return []


def output(run: Run, given: Given, piped: Piped) -> list[Any]:
    return piped if piped is not None else members(given.get("inputobject", NOTHING))


def warning(run: Run, given: Given, piped: Piped) -> list[Any]:
    for each in piped if piped is not None else [given.get("message", "")]:
        run.result.warnings.append(text(each))
    return []


def error(run: Run, given: Given, piped: Piped) -> list[Any]:
    raise Wrong(text(given.get("message")))


def nothing(run: Run, given: Given, piped: Piped) -> list[Any]:
    return []


_PATHS = {"Path": "text", "LiteralPath": "text", "FilePath": "text", "Encoding": "text", "NoNewline": "switch"}
_PICKED = {"Property": "any", "AutoSize": "switch", "Wrap": "switch"}
COMMANDS = {
    cmdlet.name.lower(): cmdlet
    for cmdlet in (
        Cmdlet("&", called, {"Block": "any"}, ("Block",)),
        Cmdlet(
            "Where-Object",
            where,
            {"FilterScript": "any", "Property": "text", **dict.fromkeys(_COMPARING, "any")},
            ("FilterScript",),
        ),
        Cmdlet("ForEach-Object", for_each, {"Process": "any"}, ("Process",)),
        Cmdlet(
            "Select-Object",
            select,
            {"Property": "any", "ExpandProperty": "text", "Unique": "switch", "First": "number", "Last": "number"},
            ("Property",),
        ),
        Cmdlet("Sort-Object", sort, {"Property": "any", "Unique": "switch", "Descending": "switch"}, ("Property",)),
        Cmdlet("Measure-Object", measure),
        Cmdlet(
            "ConvertTo-Json",
            json,
            {"InputObject": "any", "Depth": "number", "Compress": "switch", "AsArray": "switch",
             "EnumsAsStrings": "switch"},
            ("InputObject",),
        ),
        Cmdlet("Set-Content", set_content, {**_PATHS, "Value": "any", "Force": "switch"}, ("Path", "Value")),
        Cmdlet("Out-File", out_file, {**_PATHS, "Force": "switch", "Width": "number"}, ("FilePath", "Encoding")),
        Cmdlet("Format-Table", shown, _PICKED, ("Property",)),
        Cmdlet("Format-List", shown, _PICKED, ("Property",)),
        Cmdlet("Write-Host", host, {"Object": "any", "ForegroundColor": "text"}, ("Object",)),
        Cmdlet("Write-Output", output, {"InputObject": "any"}, ("InputObject",)),
        Cmdlet("Write-Warning", warning, {"Message": "any"}, ("Message",)),
        Cmdlet("Write-Error", error, {"Message": "any"}, ("Message",)),
        Cmdlet("Out-Null", nothing),
        Cmdlet("Import-Module", nothing, {"Name": "text"}, ("Name",)),
        Cmdlet("Get-Date", lambda run, given, piped: [types.now_local(run.session.now())]),
    )
}  # fmt: skip
for short, name in {
    "?": "where-object", "where": "where-object", "%": "foreach-object", "foreach": "foreach-object",
    "select": "select-object", "sort": "sort-object", "ft": "format-table", "fl": "format-list",
}.items():  # fmt: skip
    COMMANDS[short] = COMMANDS[name]
