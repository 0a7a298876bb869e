"""Where networks are trained: on this machine, or on the workers of a running cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lossbench.errors import BadValue, UnknownName
from lossbench.spoken import option


class Form(NamedTuple):
    """The form of a cluster's address, and the command that prints one."""

    protocols: str
    shown: str
    printed_by: str


FORMS: Mapping[str, Form] = {
    "dask": Form("(?:tcp|tls)://", "tcp://HOST:PORT or tls://HOST:PORT", "dask scheduler"),
    "ray": Form("", "HOST:PORT", "ray start --head"),
}

BACKENDS = ("local", *FORMS)


@dataclass(frozen=True)
class Cluster:
    """A running cluster.

    Args:
        backend: "dask" or "ray".
        address: the address of its scheduler, as it was given.
        host: the host in the address.
        port: the port in the address.
    """

    backend: str
    address: str
    host: str
    port: int


def choose_cluster(backend: str, address: str | None, jobs: int | None) -> Cluster | None:
    """Return the cluster that a backend and an address name; None for this machine.

    Raises:
        UnknownName: no such backend.
        BadValue: the backend takes no address, or lacks one, or a number of processes is given beside it.
    """
    if backend not in BACKENDS:
        raise UnknownName("backend", backend, BACKENDS)
    if backend == "local":
        if address is not None:
            raise BadValue(
                f"address '{address}' names a cluster, but the backend is local; name that of the cluster, "
                f"{option('backend', 'dask')} or ray"
            )
        return None
    if address is None:
        shown = option("address", FORMS[backend].shown)
        raise BadValue(f"backend {backend} needs the address of a cluster; give {shown}")
    if jobs is not None:
        raise BadValue(
            f"{option('jobs', jobs)} is for this machine, but on a {backend} cluster every worker trains; leave "
            f"it out, or give {option('backend', 'local')}"
        )
    return parsed_address(backend, address)


def parsed_address(backend: str, address: str) -> Cluster:
    """Return the cluster at an address.

    Raises:
        BadValue: it is no address.

    Example:
        >>> parsed_address("dask", "tcp://10.0.0.5:8786")
        Cluster(backend='dask', address='tcp://10.0.0.5:8786', host='10.0.0.5', port=8786)
    """
    form = FORMS[backend]
    match = re.fullmatch(rf"{form.protocols}\[?([^\s\[\]/]+?)\]?:(\d{{1,5}})", address)
    if match is None or not 1 <= int(match[2]) <= 65535:
        raise BadValue(
            f"address '{address}' is not of the form {form.shown}; give the one that {form.printed_by} prints "
            "when it starts"
        )
    return Cluster(backend, address, match[1], int(match[2]))
