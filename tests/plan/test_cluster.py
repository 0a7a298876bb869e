"""Where a cluster is: read once, and refused before anything waits for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.cluster import Cluster, choose_cluster, parsed_address

STARTS = {"dask": ("tcp://", "tls://"), "ray": ("",)}
kinds = st.sampled_from([(backend, start) for backend, starts in STARTS.items() for start in starts])


@given(kinds, st.integers(1, 65535))
def test_an_address_is_a_host_and_a_port(kind: tuple[str, str], port: int) -> None:
    """Names, numbers of both versions of IP; what is read is what was written."""
    backend, start = kind
    for host, written in (("node-7.example", "node-7.example"), ("::1", "[::1]")):
        address = f"{start}{written}:{port}"
        assert parsed_address(backend, address) == Cluster(backend, address, host, port)


@pytest.mark.parametrize(
    "text", ["", "host:1", "tcp://host", "tcp://:1", "ray://h:1", "tcp://h:0", "tcp://h:65536"]
)
def test_what_is_no_address_of_dask_is_refused(text: str) -> None:
    """It is named, with the form that is wanted."""
    with pytest.raises(BadValue, match="is not of the form tcp://HOST:PORT"):
        choose_cluster("dask", text, None)


@pytest.mark.parametrize("text", ["", "host", ":1", "ray://h:10001", "tcp://h:1", "h:0", "h:65536", "h h:1"])
def test_what_is_no_address_of_ray_is_refused(text: str) -> None:
    """That of a ray client too: it is another way to reach a cluster."""
    with pytest.raises(BadValue, match="is not of the form HOST:PORT"):
        choose_cluster("ray", text, None)


def test_backend_address_and_jobs_belong_together() -> None:
    """A cluster needs an address, this machine has none, and processes are counted on this machine alone."""
    assert choose_cluster("local", None, 4) is None
    assert choose_cluster("dask", "tcp://h:1", None) == Cluster("dask", "tcp://h:1", "h", 1)
    assert choose_cluster("ray", "h:1", None) == Cluster("ray", "h:1", "h", 1)
    with pytest.raises(UnknownName, match="unknown backend 'slurm'"):
        choose_cluster("slurm", None, None)
    with pytest.raises(BadValue, match="backend='dask' or ray"):
        choose_cluster("local", "tcp://h:1", None)
    for backend, address in (("dask", "tcp://h:1"), ("ray", "h:1")):
        with pytest.raises(BadValue, match="give address="):
            choose_cluster(backend, None, None)
        with pytest.raises(BadValue, match="leave it out"):
            choose_cluster(backend, address, 2)
