"""The page where a person pastes a script into the PowerShell of an organization; plain HTML, no script of its own."""

import base64
from html import escape
from typing import Any

from sandbox.entra_pages import page, refusal
from sandbox.exchange.cmdlet import Result
from sandbox.exchange.shell import POWERSHELLS, run_script
from sandbox.http import Request, Response


def answer(cloud: Any, request: Request) -> Response:
    """The empty form, or what a script that was posted did."""
    if request.method != "POST":
        return shown(cloud, "", None, "", {})
    # The page of somebody else must not run anything here.
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return refusal("Scripts are run from this sandbox's own page only.", status=403)
    asked = request.form
    tenant = cloud.state.tenants.get(asked.get("tenant", ""))
    if tenant is None or asked.get("powershell", "7") not in POWERSHELLS:
        return refusal("There is no such organization or PowerShell.")
    script = asked.get("script", "")
    found = run_script(
        cloud, tenant.tid, script, confirm=asked.get("confirm") == "yes", powershell=asked.get("powershell")
    )
    return shown(cloud, script, found, tenant.name, asked)


def shown(cloud: Any, script: str, found: Result | None, name: str, asked: dict[str, str]) -> Response:
    version = asked.get("powershell", cloud.switches.powershell)
    versions = "".join(
        f'<option value="{each}"{" selected" if each == version else ""}>PowerShell {each}</option>'
        for each in POWERSHELLS
    )
    buttons = "\n".join(
        f'<button class="send" name="tenant" value="{tenant.tid}">'
        f"Run in Exchange Online PowerShell of {escape(tenant.name)}</button>"
        for tenant in cloud.state.tenants.values()
    )
    yes, no = (" checked" if (asked.get("confirm") == "yes") is wanted else "" for wanted in (True, False))
    # The line end behind <textarea> is none of the text.
    return page(
        "Exchange Online PowerShell",
        f"""<h1>Exchange Online PowerShell</h1>
<p class="quiet">Scripts run as an Exchange administrator of the organization you choose. Only what scripts for sharing
need is known here; everything else is refused with its line.</p>
{results(found, name) if found else ""}
<form method="post" action="/exchange/">
<label for="script">Script</label>
<textarea id="script" name="script" rows="14" required autocomplete="off" autocapitalize="none" spellcheck="false">
{escape(script)}</textarea>
<fieldset>
<legend>If a command asks before it does something</legend>
<label class="choice"><input type="radio" name="confirm" value="no"{no}> Answer no</label>
<label class="choice"><input type="radio" name="confirm" value="yes"{yes}> Answer yes</label>
</fieldset>
<label for="powershell">Version</label>
<div class="row"><select id="powershell" name="powershell">{versions}</select></div>
<div class="row actions">{buttons}</div>
</form>
<p><a href="/">All people and apps of this sandbox</a></p>""",
    )


def results(found: Result, name: str) -> str:
    ended = "There were errors." if found.errors else "It ran to its end, without an error."
    parts = [f'<h2 id="result">What the script did in {escape(name)}</h2>\n<p role="status">{ended}</p>']
    for each in found.errors:
        line = f"Line {each['line']}: " if not each["text"].startswith("Line ") else ""
        parts.append(f'<p class="problem" role="alert">{escape(line + each["text"])}</p>')
    parts += [f'<p class="warning">Warning: {escape(each)}</p>' for each in found.warnings]
    if found.output:
        said = escape("\n".join(found.output).strip("\n"))
        parts.append(f'<pre tabindex="0" role="region" aria-label="Output">{said}</pre>')
    parts += [file(place, name, held) for place, (name, held) in enumerate(found.files.items())]
    return "\n".join(parts)


def file(place: int, name: str, held: bytes) -> str:
    """One file the script wrote: to take as it is, byte by byte, and to copy as text."""
    packed = base64.b64encode(held).decode()
    link = (
        f'<a download="{escape(name)}" href="data:application/octet-stream;base64,{packed}">Download {escape(name)}</a>'
    )
    return (
        f"<p>{link} ({len(held):,} bytes)</p>\n"
        f'<label for="file{place}">{escape(name)} as text</label>\n'
        f'<textarea id="file{place}" rows="8" readonly>\n{escape(as_text(held))}</textarea>'
    )


def as_text(held: bytes) -> str:
    """The text of a file by the mark in front of it."""
    if held[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return held.decode("utf-16", "replace")
    return held.decode("utf-8-sig", "replace")


def plain(found: Result) -> dict[str, Any]:
    """The result as JSON; each file as text and, byte by byte, in base64."""
    files = {
        name: {"text": as_text(held), "base64": base64.b64encode(held).decode()} for name, held in found.files.items()
    }
    output = "\n".join(found.output)
    return {"output": output, "warnings": found.warnings, "errors": found.errors, "files": files}
