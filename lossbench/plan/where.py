"""Where an experiment is trained: as whoever asks for it says, else as its config does."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from lossbench.plan.cluster import Cluster, choose_cluster
from lossbench.plan.config import at, read_config


def where(config: str | Path | None, backend: str | None, address: str | None, jobs: int | None) -> Cluster | None:
    """Return the cluster that an experiment is trained on; None for this machine.

    The address of a config is one of the backend that it names, and another backend does not get it.

    Args:
        config: as for `lossbench.plan.settings.make_settings`, which has read it.
        backend: as it was asked for; None for what the config says, and where it says nothing, this machine.
        address: likewise.
        jobs: processes on this machine, if a number was asked for.

    Raises:
        UnknownName: no such backend.
        BadValue: an address that the backend has not, or lacks, or a number of processes beside it.

    Example:
        >>> where("quick", "dask", "tcp://10.0.0.5:8786", None)
        Cluster(backend='dask', address='tcp://10.0.0.5:8786', host='10.0.0.5', port=8786)
    """
    place, stated = read_config(config)
    chosen = stated.get("backend", "local") if backend is None else backend
    taken = [] if backend else ["backend"]
    if address is None and (backend is None or backend == stated.get("backend", backend) != "local"):
        address, taken = stated.get("address"), ["address", *taken]
    said = next((key for key in taken if key in stated), None)
    with at(place.inside(said)) if said else nullcontext():
        return choose_cluster(chosen, address, jobs)
