"""Where networks are trained: on this machine, or on the workers of a cluster that is there already."""

from __future__ import annotations

import re

from lossbench.errors import BadValue, UnknownName

BACKENDS = ("local", "dask")


def choose_address(backend: str, address: str | None, jobs: int | None) -> str | None:
    """Return the address of the cluster; None for this machine.

    Raises:
        UnknownName: no such backend.
        BadValue: an address that the backend has not, or lacks, or a number of processes beside it.
    """
    if backend not in BACKENDS:
        raise UnknownName("backend", backend, BACKENDS)
    if backend == "local" and address is not None:
        raise BadValue(f"address '{address}' is of a cluster, and the backend is local; add --backend dask")
    if backend == "dask" and address is None:
        raise BadValue("backend dask needs its scheduler; give --address tcp://HOST:PORT")
    if backend == "dask" and jobs is not None:
        raise BadValue(f"--jobs {jobs} is of this machine; on a dask cluster every worker trains: leave it out")
    if address is not None:
        parsed_address(address)
    return address


def parsed_address(address: str) -> tuple[str, int]:
    """Return host and port of a scheduler.

    Raises:
        BadValue: it is no address.

    Example:
        >>> parsed_address("tcp://10.0.0.5:8786")
        ('10.0.0.5', 8786)
    """
    match = re.fullmatch(r"(?:tcp|tls)://\[?([^\s\[\]/]+?)\]?:(\d{1,5})", address)
    if match is None or not 1 <= int(match[2]) <= 65535:
        raise BadValue(
            f"address '{address}' is not of the form tcp://HOST:PORT or tls://HOST:PORT; give the one that the "
            "dask scheduler prints when it starts"
        )
    return match[1], int(match[2])
