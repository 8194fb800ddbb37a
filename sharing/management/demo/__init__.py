"""Everything on one machine against the sandbox: its place, its processes, its past."""

from .children import Child, Children
from .history import replay
from .place import Place, Taken, choose_port
from .plans import make_plans
from .sandbox import Sandbox, wait_until

__all__ = ["Child", "Children", "Place", "Sandbox", "Taken", "choose_port", "make_plans", "replay", "wait_until"]
