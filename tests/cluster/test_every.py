"""Training on a cluster of any kind: the same bits as here, whatever happens to its processes."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import time
from pathlib import Path

import pytest

from .conftest import ENGINES, Cluster, Python, free_port

SAID = ("trials.csv", "rows.npz", "curves.csv", "summary.csv", "comparisons.csv", "report.md")

ENDING = """
import os, signal, sys
import lossbench
backend, address, victim = sys.argv[1], sys.argv[2], int(sys.argv[3])
ended = []

def progress(dataset, trials):
    if not ended:
        os.kill(victim, signal.SIGKILL)
        ended.append(victim)

result = lossbench.compare(
    "iris,moons,diabetes".split(","), models=["linear", "mlp:4", "mlp:8", "mlp:16"], seeds=3, epochs=100,
    batch_size=8, backend=backend, address=address, cache=True, progress=progress,
)
result.save("out")
"""
HERE = ENDING.replace("backend=backend, address=address, cache=True, progress=progress", "jobs=1").replace(
    '"out"', '"here"'
)
LONG = (
    "-d",
    "iris,moons,diabetes",
    "-m",
    "linear,mlp:4,mlp:8,mlp:16",
    "--seeds",
    "4",
    "--epochs",
    "100",
    "--quiet",
)

PATCHED = """
import importlib.metadata as metadata
usual = metadata.version
metadata.version = lambda name: "0.0.1" if name == "{name}" else usual(name)
"""

MINE = """
import torch
from helpers import power


def mine(raw, target):
    return (raw - target).abs().pow(power).mean(-1)
"""

METRIC = """
import numpy as np
from weights import late


def pinball(y_true, y_pred):
    error = y_true - y_pred
    return np.mean(np.maximum(late * error, (late - 1) * error))
"""

ADDRESSES = {"dask": "tcp://127.0.0.1:{}", "ray": "127.0.0.1:{}"}


def kept(python: Python) -> int:
    """Return how many trainings are in the store."""
    return int(python("-m", "lossbench", "cache", "info").stdout.split()[0])


def test_a_cluster_returns_what_one_process_does(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """The quick config on two workers leaves the files of a run here, to the byte."""
    for _ in range(2):
        cluster.worker()
    done = python.compare(cluster, "--quick", "-o", "there", "--no-cache", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert python("-m", "lossbench", "compare", "--quick", "-o", "here", "--no-cache", "--quiet").returncode == 0
    for name in SAID:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name
    manifest = (tmp_path / "there" / "manifest.json").read_text()
    assert f'"backend": "{cluster.backend}"' in manifest


def test_a_worker_may_be_killed(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """Its packs are trained by the other, and nothing else changes."""
    worker = cluster.worker()
    cluster.worker()
    done = python("-c", ENDING, cluster.backend, cluster.address, str(cluster.hands(worker)))
    assert done.returncode == 0, done.stderr
    assert python("-c", HERE, "", "", "0").returncode == 0
    assert (tmp_path / "out" / "trials.csv").read_bytes() == (tmp_path / "here" / "trials.csv").read_bytes()


def test_a_scheduler_may_be_killed(cluster: Cluster, python: Python) -> None:
    """The run ends within its bounds, says so in one line, and what was finished is in the store."""
    cluster.worker()
    done = python("-c", ENDING, cluster.backend, cluster.address, str(cluster.brain()))
    assert done.returncode == 1
    assert "TrainingLost" in done.stderr
    assert "what was finished before is kept" in done.stderr
    assert kept(python) > 0


def test_a_client_may_be_killed(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """What was finished is not trained again, and the results are those of a run that nobody killed."""
    cluster.worker()
    client = python.begin(*python.command(cluster, *LONG, "-o", "there"))
    store = tmp_path / "cache" / "trials.sqlite"
    wait_for(store)
    client.send_signal(signal.SIGKILL)
    client.wait()
    before = finished(store)
    assert before > 0
    done = python.compare(cluster, *LONG, "-o", "there")
    assert (done.returncode, done.stderr) == (0, "")
    manifest = (tmp_path / "there" / "manifest.json").read_text()
    assert f'"cached": {before}' in manifest
    assert python("-m", "lossbench", "compare", *LONG, "--no-cache", "-o", "here").returncode == 0
    assert (tmp_path / "there" / "trials.csv").read_bytes() == (tmp_path / "here" / "trials.csv").read_bytes()


def wait_for(store: Path) -> None:
    """Wait until the first training is in a store."""
    end = time.monotonic() + 120
    while not finished(store):
        assert time.monotonic() < end, "nothing was finished in two minutes"
        time.sleep(0.1)


def finished(store: Path) -> int:
    """Return how many trainings a store has; none where there is no store yet."""
    try:
        with sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_worker_may_be_late(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """A run waits a while for the first worker; one that comes in the middle is used, and changes nothing."""
    client = python.begin(*python.command(cluster, *LONG, "-o", "there", "--no-cache"))
    cluster.worker()
    cluster.worker()
    assert client.wait(180) == 0
    assert python("-m", "lossbench", "compare", *LONG, "--no-cache", "-o", "here").returncode == 0
    assert (tmp_path / "there" / "trials.csv").read_bytes() == (tmp_path / "here" / "trials.csv").read_bytes()


def test_a_users_loss_metric_and_table_travel(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """A worker has neither the files of loss and metric, nor the modules beside them, nor the table.

    Where the cluster is stands in the config.
    """
    (tmp_path / "metrics.py").write_text(METRIC)
    (tmp_path / "weights.py").write_text("late = 0.8\n")
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "helpers.py").write_text("power = 1.5\n")
    rows = "\n".join(
        f"{n * 0.37 % 1:.3f},{n * 0.61 % 1:.3f},{n * 0.37 % 1 + 2 * (n * 0.61 % 1):.3f}" for n in range(60)
    )
    (tmp_path / "table.csv").write_text(f"a,b,y\n{rows}\n")
    asked = ("-d", "table.csv:target=y", "-l", "mse,mine.py:mine", "--score", "metrics.py:pinball:lower")
    asked += ("--seeds", "3", "--epochs", "5", "--quiet", "--no-cache")
    for _ in range(2):
        cluster.worker()
    (tmp_path / "there.toml").write_text(f'backend = "{cluster.backend}"\naddress = "{cluster.address}"\n')
    done = python("-m", "lossbench", "compare", "-c", "there.toml", *asked, "-o", "there")
    assert (done.returncode, done.stderr) == (0, "")
    assert python("-m", "lossbench", "compare", *asked, "-o", "here").returncode == 0
    for name in SAID:
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes(), name
    assert f'"backend": "{cluster.backend}"' in (tmp_path / "there" / "manifest.json").read_text()
    assert "pinball:lower" in (tmp_path / "there" / "trials.csv").read_text().partition("\n")[0]


@pytest.mark.parametrize("name", ["lossbench", "torch"])
def test_a_worker_with_another_version_is_refused(
    cluster: Cluster, python: Python, tmp_path: Path, name: str
) -> None:
    """The worker is named, with its version and the one here; nothing is trained."""
    (tmp_path / "sitecustomize.py").write_text(PATCHED.format(name=name))
    other = cluster.worker(FIRST=str(tmp_path))
    done = python.compare(cluster, "--quick", "-o", "there", "--quiet")
    assert other.poll() is None
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert re.search(rf"worker \S+:\d+ is refused: {name} 0.0.1 there and ", done.stderr)


def test_a_late_worker_with_another_version_is_refused(cluster: Cluster, python: Python, tmp_path: Path) -> None:
    """It says with its first pack that it differs; the run, of minutes, ends there; what was finished is kept."""
    folder, store = tmp_path / "other", tmp_path / "cache" / "trials.sqlite"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(PATCHED.format(name="numpy"))
    cluster.worker()
    client = python.begin(*python.command(cluster, *LONG, "--seeds", "60", "--epochs", "400", "-o", "there"))
    wait_for(store)
    cluster.worker(FIRST=str(folder))
    assert client.wait(150) == 2
    assert "is refused: numpy 0.0.1 there and " in (tmp_path / "client.log").read_text()
    assert finished(store) > 0


@pytest.mark.parametrize("backend", ENGINES)
def test_where_nobody_listens(backend: str, python: Python) -> None:
    """It takes seconds, not minutes, and the message says what to start."""
    address = ADDRESSES[backend].format(free_port())
    began = time.monotonic()
    done = python("-m", "lossbench", "compare", "--quick", "--backend", backend, "--address", address)
    assert time.monotonic() - began < 40
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"answers at '{address}'" in done.stderr


@pytest.mark.parametrize("backend", ENGINES)
def test_where_somebody_else_listens(backend: str, python: Python) -> None:
    """A port that takes connections and never answers is given up within a bound."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = ADDRESSES[backend].format(server.getsockname()[1])
        began = time.monotonic()
        done = python("-m", "lossbench", "compare", "--quick", "--backend", backend, "--address", address)
        assert time.monotonic() - began < 60
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"answers at '{address}'" in done.stderr
