"""The pretend Exchange Online: sharing with other organizations, policies, publishing, and a small PowerShell."""

from sandbox.exchange.rows import Organization, Relationship, relationship_between, start

__all__ = ["Organization", "Relationship", "relationship_between", "start"]
