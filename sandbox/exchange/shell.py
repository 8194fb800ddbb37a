"""Exchange Online PowerShell of one organization: a script goes in as text, and what it left behind comes out."""

from typing import Any

from sandbox.changes import find_tenant
from sandbox.exchange import cmdlets, mailbox_cmdlets, pipes
from sandbox.exchange.characters import Unreadable
from sandbox.exchange.cmdlet import Result
from sandbox.exchange.reader import read
from sandbox.exchange.run import Run
from sandbox.exchange.session import Session

POWERSHELLS = ("7", "5.1")
COMMANDS = {
    **pipes.COMMANDS,
    **{each.name.lower(): each for each in (*cmdlets.COMMANDS, *mailbox_cmdlets.COMMANDS)},
}


def run_script(cloud: Any, tenant: str, script: str, *, confirm: bool = False, powershell: str | None = None) -> Result:
    """Carry out a script as an Exchange administrator of `tenant` (a tid or a domain) would.

    `confirm` is the answer to every question, `powershell` is 5.1 or 7 where it is not what the switch says. A script
    that cannot be read, or uses what is not known here, changes nothing. Raises ValueError for another tenant.
    """
    if not isinstance(script, str) or powershell not in (None, *POWERSHELLS):
        raise ValueError(f"A script is a text, and PowerShell is one of {POWERSHELLS}.")
    switches, state = cloud.switches, cloud.state
    with state.lock:
        tid = find_tenant(state.tenants, tenant).tid
        session = Session(
            state,
            tid,
            cloud.now,
            enums=switches.enums_in_json,
            customization=switches.customization,
            refused=switches.refused_command,
        )
        run = Run(COMMANDS, session, powershell=powershell or switches.powershell, confirms=confirm)
        try:
            run.script(read(script))
        except Unreadable as no:
            return Result(errors=[{"line": no.line, "text": str(no)}])
        if session.has_changed:
            state.version += 1
    kept = switches.file_kept_percent
    run.result.files = {name: held[: len(held) * kept // 100] for name, held in run.result.files.items()}
    return run.result
