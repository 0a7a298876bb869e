"""What is dask's alone."""

from __future__ import annotations

from .conftest import DaskCluster, Python


def test_a_worker_with_several_threads_is_refused(dask: DaskCluster, python: Python) -> None:
    """Threads of one process share the state of torch."""
    dask.worker(threads=2)
    done = python.compare(dask, "--quick", "--quiet", "-o", "there")
    assert done.returncode == 2
    assert "has 2 threads; start it with --nthreads 1" in done.stderr
