"""PowerShell for Exchange Online: what an administrator runs to export, and to carry out a plan."""

from .export import export_script
from .ours import NotApproved, plan_script, script_hash
from .parts import as_file
from .theirs import partner_script

__all__ = ["NotApproved", "as_file", "export_script", "partner_script", "plan_script", "script_hash"]
