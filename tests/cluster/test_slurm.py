"""The recipes of docs/scale.md on a real SLURM, of which this machine is a node; `slurm.sh` here makes one."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from .conftest import ROOT, Python
from .test_every import SAID, finished, wait_for

HOST = socket.gethostname().partition(".")[0]
CONFIG = """
datasets = ["iris", "moons", "diabetes"]
models = ["linear", "mlp:4", "mlp:8", "mlp:16"]
seeds = 6
epochs = 100
"""
SHARDS = 3


def a_node() -> bool:
    """Say whether this machine is a node of a SLURM that answers."""
    if not shutil.which("sbatch"):
        return False
    said = subprocess.run(["sinfo", "-h", "-o", "%n"], capture_output=True, text=True, check=False, timeout=60)
    return HOST in said.stdout.split()


pytestmark = pytest.mark.skipif(not a_node(), reason="no node of a SLURM here: tests/cluster/slurm.sh up")


def recipe(begin: str) -> str:
    """Return the block of docs/scale.md that begins so, for any kind of processor."""
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"```\w+\n({re.escape(begin)}.*?)```", text, flags=re.DOTALL)
    return re.sub("(?m)^#SBATCH --constraint=.*\n", "", block).replace('"--constraint=skylake"', "")


class Slurm:
    """Jobs in a folder, on this machine alone, since its folders are its own."""

    def __init__(self, python: Python) -> None:
        self.folder, self.python = python.folder, python
        command = self.folder / "bin" / "lossbench"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lossbench "$@"\n')
        command.chmod(0o755)

    def __call__(self, *command: str, code: int = 0) -> str:
        """Give a command to its end, and return what it says."""
        path = f"{self.folder / 'bin'}:{self.python.environment['PATH']}"
        environment = self.python.environment | {"PATH": path}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout

    def submit(self, script: str, *options: str, code: int = 0) -> str:
        """Submit a script, and return the number of its job."""
        (self.folder / "array.sh").write_text(script)
        said = self("sbatch", "--parsable", f"--nodelist={HOST}", *options, "array.sh", code=code)
        return said.split(";")[0].strip()

    def ended(self, job: str) -> None:
        """Wait until nothing of a job is left in the queue."""
        end = time.monotonic() + 300
        while self("squeue", "-h", "-j", job, "-o", "%T"):
            assert time.monotonic() < end, self("squeue")
            time.sleep(0.5)


@pytest.fixture
def slurm(python: Python) -> Slurm:
    """Give a SLURM, and the config of a run."""
    (python.folder / "mine.toml").write_text(CONFIG)
    return Slurm(python)


def test_an_array_is_one_run_though_tasks_are_requeued_and_killed(slurm: Slurm, tmp_path: Path) -> None:
    """A task that goes back into the queue in the middle goes on there; one that is killed is run again."""
    script, stores = recipe("#!/bin/bash"), [tmp_path / f"parts/{n}/trials.sqlite" for n in (1, 2, 3)]
    job = slurm.submit(script, f"--array=1-{SHARDS}")
    wait_for(stores[0])
    slurm("scontrol", "requeue", f"{job}_1")
    kept = finished(stores[0])
    wait_for(stores[2])
    slurm("scancel", "--full", "--signal=KILL", f"{job}_3")
    time.sleep(3)  # in which the first one ends
    slurm("scontrol", "update", f"jobid={job}_1", "starttime=now")  # SLURM would wait for two minutes
    slurm.ended(job)
    assert finished(stores[0]) > kept > 0
    assert "missing  shards 3 of 3" in slurm("lossbench", "merge", *parts(tmp_path), "-o", "some", code=4)
    again = slurm.submit(script.replace("$SLURM_ARRAY_TASK_COUNT", str(SHARDS)), "--array=3", "--wait")
    slurm.ended(again)
    slurm("lossbench", "merge", *parts(tmp_path), "-o", "whole", "--quiet")
    assert_same(slurm, "whole")


def parts(folder: Path) -> list[str]:
    """Return the folders of the parts, as the shell gives them."""
    return sorted(str(path.relative_to(folder)) for path in folder.glob("parts/*"))


def assert_same(slurm: Slurm, name: str) -> None:
    """Hold the files of a run to those of one process, to the byte."""
    slurm("lossbench", "compare", "-c", "mine.toml", "--no-cache", "--quiet", "-o", "here")
    for file in SAID:
        assert (slurm.folder / name / file).read_bytes() == (slurm.folder / "here" / file).read_bytes(), file


@pytest.mark.skipif(not find_spec("dask_jobqueue"), reason="dask-jobqueue is not installed")
def test_workers_that_dask_jobqueue_submits_train_a_run(slurm: Slurm, tmp_path: Path) -> None:
    """Each is a job; the scheduler lives where it was called, and all end with it."""
    (tmp_path / "slurm_cluster.py").write_text(recipe("# slurm_cluster.py"))
    with (tmp_path / "cluster.log").open("wb") as log:
        cluster = subprocess.Popen(
            [sys.executable, "slurm_cluster.py", "2"],
            cwd=tmp_path,
            env=slurm.python.environment,
            stdout=log,
            stderr=log,
        )
    try:
        address = address_in(tmp_path / "cluster.log")
        there = ("--backend", "dask", "--address", address, "-o", "there", "--no-cache", "--quiet")
        slurm("lossbench", "compare", "-c", "mine.toml", *there)
    finally:
        cluster.send_signal(signal.SIGINT)
        assert cluster.wait(60) is not None
    assert_same(slurm, "there")
    assert not slurm("squeue", "-h", "--name", "dask-worker")


def address_in(log: Path) -> str:
    """Wait until a scheduler says where it is."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := re.search(r"^(?:.* )?(tcp://\S+)$", log.read_text(), flags=re.MULTILINE):
            return found[1]
        time.sleep(0.2)
    raise TimeoutError(log.read_text())
