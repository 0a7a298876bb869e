"""What is dask's alone: threads, nannies that kill workers which take too much memory, and TLS."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import DaskCluster, Python, made
from .test_every import kept

HUNGRY = """
import os, pathlib, time
held = []


def hungry(raw, target):
    eats = os.environ.get("HUNGRY")
    if eats == "always" or (eats and not pathlib.Path(eats).exists()):
        pathlib.Path(eats).touch()
        time.sleep(5)  # until what was finished before has been fetched
        held.append(b"x" * 2_000_000_000)
        time.sleep(30)
    return (raw - target).square().mean(-1)
"""
ASKED = (
    "-d",
    "breast_cancer,diabetes",
    "-l",
    "bce,mse,hungry.py:hungry:@task=regression",
    "--quick",
    "--seeds",
    "2",
    "--epochs",
    "5",
    "--quiet",
)
LIMITED = ("--nanny", "--memory-limit", "1500MB")


def test_a_worker_with_several_threads_is_refused(dask: DaskCluster, python: Python) -> None:
    """Threads of one process share the state of torch."""
    dask.worker(threads=2)
    done = python.compare(dask, "--quick", "--quiet", "-o", "there")
    assert done.returncode == 2
    assert "has 2 threads; start it with --nthreads 1" in done.stderr


def test_a_worker_out_of_memory_is_started_anew(dask: DaskCluster, python: Python, tmp_path: Path) -> None:
    """The pack that it had is trained again, and nothing else changes."""
    (tmp_path / "hungry.py").write_text(HUNGRY)
    dask.worker(*LIMITED, HUNGRY=str(tmp_path / "eaten"))
    done = python.compare(dask, *ASKED, "-o", "there", "--no-cache")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "eaten").exists()
    assert "exceeded 95% memory budget" in (dask.folder / "1.log").read_text()
    assert python("-m", "lossbench", "compare", *ASKED, "-o", "here", "--no-cache").returncode == 0
    assert (tmp_path / "there" / "trials.csv").read_bytes() == (tmp_path / "here" / "trials.csv").read_bytes()


def test_a_pack_that_no_worker_has_the_memory_for_ends_the_run(
    dask: DaskCluster, python: Python, tmp_path: Path
) -> None:
    """After a bounded number of workers, in one line; what was finished is kept."""
    (tmp_path / "hungry.py").write_text(HUNGRY)
    dask.worker(*LIMITED, HUNGRY="always")
    done = python.compare(dask, *ASKED, "-o", "there")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "a pack was lost on the cluster (KilledWorker" in done.stderr
    assert kept(python) > 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, for certificates")
def test_tls(tmp_path: Path, python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    """With certificates in dask's own configuration, and `tls://` in the address; who has none is not let in."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*asked, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    whole = {"CA_FILE": certificate}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        whole |= {f"{role}__CERT": certificate, f"{role}__KEY": key}
    names = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in whole.items()}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    with made("dask", tmp_path, protocol="tls") as secret:
        secret.worker()
        done = python.compare(secret, "--quick", "-o", "there", "--no-cache", "--quiet")
        assert (done.returncode, done.stderr) == (0, "")
        for name in names:
            monkeypatch.delenv(name)
        refused = python.compare(secret, "--quick", "-o", "other", "--no-cache", "--quiet")
        assert refused.returncode == 2
        assert refused.stderr.count("\n") == 1
        assert "needs certificates" in refused.stderr
