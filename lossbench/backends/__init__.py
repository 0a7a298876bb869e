"""Where packs are trained: behind one interface, in this process, in one process a core, or on a cluster."""

from lossbench.backends.backend import Backend
from lossbench.backends.dask import Dask
from lossbench.backends.local import Local, available_cores

__all__ = ["Backend", "Dask", "Local", "available_cores"]
