"""Training on a dask cluster: the same bits as here, whatever happens to its processes."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Cluster

Python = Callable[..., "subprocess.CompletedProcess[str]"]

SAID = ("trials.csv", "rows.npz", "curves.csv", "summary.csv", "comparisons.csv", "report.md")

ENDING = """
import os, signal, sys
import lossbench
address, victim = sys.argv[1], int(sys.argv[2])
ended = []

def progress(dataset, trials):
    if not ended:
        os.kill(victim, signal.SIGKILL)
        ended.append(victim)

result = lossbench.compare(
    "iris,moons,diabetes".split(","), models=["linear", "mlp:4", "mlp:8", "mlp:16"], seeds=3, epochs=100,
    batch_size=8, backend="dask", address=address, cache=True, progress=progress,
)
result.save("out")
"""

PATCHED = """
import importlib.metadata as metadata
usual = metadata.version
metadata.version = lambda name: "0.0.1" if name == "{name}" else usual(name)
"""


def compare(python: Python, cluster: Cluster, *options: str) -> subprocess.CompletedProcess[str]:
    """Give the command, on a cluster."""
    return python("-m", "lossbench", "compare", *options, "--backend", "dask", "--address", cluster.address)


def test_a_cluster_returns_what_one_process_does(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """The quick config on two workers leaves the files of a run here, to the byte."""
    for _ in range(2):
        cluster.worker()
    done = compare(python, cluster, "--quick", "-o", "there", "--no-cache", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert python("-m", "lossbench", "compare", "--quick", "-o", "here", "--no-cache", "--quiet").returncode == 0
    for name in SAID:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name
    manifest = (tmp_path / "there" / "manifest.json").read_text()
    assert '"backend": "dask"' in manifest


def test_a_worker_may_be_killed(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """Its packs are trained by the other, and nothing else changes."""
    victim = cluster.worker()
    cluster.worker()
    done = python("-c", ENDING, cluster.address, str(victim.pid))
    assert done.returncode == 0, done.stderr
    assert victim.wait(10) != 0
    here = ENDING.replace('backend="dask", address=address, cache=True, progress=progress', "jobs=1")
    assert python("-c", here.replace('"out"', '"here"'), "", "0").returncode == 0
    assert (tmp_path / "out" / "trials.csv").read_bytes() == (tmp_path / "here" / "trials.csv").read_bytes()


def test_a_scheduler_may_be_killed(cluster: Cluster, python: Python) -> None:
    """The run ends within its bounds, says so, and what was finished is in the store."""
    cluster.worker()
    done = python("-c", ENDING, cluster.address, str(cluster.processes[0].pid))
    assert done.returncode == 1
    assert "LossbenchError" in done.stderr
    assert "what was finished before is kept" in done.stderr
    kept = python("-m", "lossbench", "cache", "info").stdout
    assert int(kept.split()[0]) > 0


@pytest.mark.parametrize("name", ["lossbench", "torch"])
def test_a_worker_with_another_version_is_refused(
    cluster: Cluster, python: Python, tmp_path: Path, name: str
) -> None:
    """The worker is named, with its version and the one here; nothing is trained."""
    (tmp_path / "sitecustomize.py").write_text(PATCHED.format(name=name))
    other = cluster.worker(FIRST=str(tmp_path))
    done = compare(python, cluster, "--quick", "-o", "there", "--quiet")
    assert other.poll() is None
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"is refused: {name} 0.0.1 there and " in done.stderr
    assert "worker tcp://127.0.0.1:" in done.stderr


def test_a_worker_with_several_threads_is_refused(cluster: Cluster, python: Python) -> None:
    """Threads of one process share the state of torch."""
    cluster.worker(threads=2)
    done = compare(python, cluster, "--quick", "--quiet", "-o", "there")
    assert done.returncode == 2
    assert "has 2 threads; start it with --nthreads 1" in done.stderr


def test_where_nobody_listens(python: Python) -> None:
    """It takes seconds, not minutes, and the message says what to start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        began = time.monotonic()
        done = python("-m", "lossbench", "compare", "--quick", "--backend", "dask", "--address", address)
    assert time.monotonic() - began < 40
    assert done.returncode == 2
    assert f"no dask scheduler answers at '{address}'" in done.stderr


def test_where_somebody_else_listens(python: Python) -> None:
    """A port that takes connections and never answers is given up within a bound."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        done = python("-m", "lossbench", "compare", "--quick", "--backend", "dask", "--address", address)
        assert time.monotonic() - began < 60
    assert done.returncode == 2
    assert f"no dask scheduler answers at '{address}'" in done.stderr
