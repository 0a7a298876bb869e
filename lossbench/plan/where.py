"""Where an experiment is trained: as the caller says, else as its config says."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from lossbench.plan.cluster import Cluster, choose_cluster
from lossbench.plan.config import at, read_config


def cluster_for(
    config: str | Path | None, backend: str | None, address: str | None, jobs: int | None
) -> Cluster | None:
    """Return the cluster that an experiment is trained on; None for this machine.

    The address in a config belongs to the backend in that config: another backend does not use it.

    Raises:
        UnknownName: there is no such backend.
        BadValue: the backend takes no address, or lacks one, or a number of processes is given beside it.

    Example:
        >>> cluster_for("quick", "dask", "tcp://10.0.0.5:8786", None)
        Cluster(backend='dask', address='tcp://10.0.0.5:8786', host='10.0.0.5', port=8786)
    """
    place, stated = read_config(config)
    chosen = stated.get("backend", "local") if backend is None else backend
    from_config = [] if backend else ["backend"]
    if address is None and (backend is None or backend == stated.get("backend", backend) != "local"):
        address, from_config = stated.get("address"), ["address", *from_config]
    key = next((key for key in from_config if key in stated), None)
    with at(place.inside(key)) if key else nullcontext():
        return choose_cluster(chosen, address, jobs)
