"""Where packs are trained: in this process, in one process per core, or on a cluster, behind one interface."""

from collections.abc import Callable, Mapping

from lossbench.backends.backend import Backend
from lossbench.backends.dask import Dask
from lossbench.backends.handshake import Identity
from lossbench.backends.local import Local, available_cores
from lossbench.backends.ray import Ray
from lossbench.plan.cluster import Cluster

CLUSTERS: Mapping[str, Callable[[Cluster, Identity], Backend]] = {"dask": Dask, "ray": Ray}
"""The backends for running clusters, by name."""

__all__ = ["CLUSTERS", "Backend", "Dask", "Local", "Ray", "available_cores"]
