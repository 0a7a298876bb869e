"""Where packs are trained: behind one interface, in this process or in one process a core."""

from lossbench.backends.backend import Backend
from lossbench.backends.local import Local, available_cores

__all__ = ["Backend", "Local", "available_cores"]
