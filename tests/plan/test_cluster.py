"""Where a cluster is: read once, and refused before anything waits for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName
from lossbench.plan.cluster import choose_address, parsed_address


@given(st.sampled_from(["tcp", "tls"]), st.integers(1, 65535))
def test_an_address_is_a_host_and_a_port(protocol: str, port: int) -> None:
    """Names, numbers of both versions of IP; what is read is what was written."""
    assert parsed_address(f"{protocol}://node-7.example:{port}") == ("node-7.example", port)
    assert parsed_address(f"{protocol}://[::1]:{port}") == ("::1", port)


@pytest.mark.parametrize(
    "text", ["", "host:1", "tcp://host", "tcp://:1", "ray://h:1", "tcp://h:0", "tcp://h:65536"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """It is named, with the form that is wanted."""
    with pytest.raises(BadValue, match="is not of the form tcp://HOST:PORT"):
        choose_address("dask", text, None)


def test_backend_address_and_jobs_belong_together() -> None:
    """A cluster needs an address, this machine has none, and processes are counted on this machine alone."""
    assert choose_address("local", None, 4) is None
    assert choose_address("dask", "tcp://h:1", None) == "tcp://h:1"
    with pytest.raises(UnknownName, match="unknown backend 'slurm'"):
        choose_address("slurm", None, None)
    with pytest.raises(BadValue, match="give --address"):
        choose_address("dask", None, None)
    with pytest.raises(BadValue, match="add --backend dask"):
        choose_address("local", "tcp://h:1", None)
    with pytest.raises(BadValue, match="leave it out"):
        choose_address("dask", "tcp://h:1", 2)
