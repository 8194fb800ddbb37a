"""The whole database as one file, and back; what was restored writes nothing until somebody has looked."""

from .archive import Backup, Manifest, open_backup, write_backup
from .databases import load
from .settle import Settled, settle

__all__ = ["Backup", "Manifest", "Settled", "load", "open_backup", "settle", "write_backup"]
