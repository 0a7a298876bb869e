"""Where packs are trained: behind one interface, in this process, in one process a core, or on a cluster."""

from collections.abc import Callable, Mapping

from lossbench.backends.backend import Backend
from lossbench.backends.dask import Dask
from lossbench.backends.handshake import Identity
from lossbench.backends.local import Local, available_cores
from lossbench.backends.ray import Ray
from lossbench.plan.cluster import Cluster

CLUSTERS: Mapping[str, Callable[[Cluster, Identity], Backend]] = {"dask": Dask, "ray": Ray}
"""The backends of clusters that are there already, by their names."""

__all__ = ["CLUSTERS", "Backend", "Dask", "Local", "Ray", "available_cores"]
