"""Where packs are trained: in this process, or in one process a core."""

from lossbench.backends.local import available_cores, run_all

__all__ = ["available_cores", "run_all"]
