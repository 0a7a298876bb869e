"""A real dask scheduler and its workers, as processes that speak TCP on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UP = 60.0  # seconds that a process may take to start on a busy machine

collect_ignore_glob = [] if find_spec("distributed") else ["test_*.py"]


@dataclass
class Cluster:
    """Processes of one cluster."""

    folder: Path
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start one of its processes, with a log of its own."""
        path = os.pathsep.join(
            filter(None, (environment.pop("FIRST", ""), str(ROOT), os.environ.get("PYTHONPATH")))
        )
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": path} | environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler, and wait until it listens."""
        process = self.start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        end = time.monotonic() + UP
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.2)
        raise TimeoutError((self.folder / "0.log").read_text())

    def worker(self, threads: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        plain = ("--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        return self.start("worker", self.address, "--nthreads", str(threads), *plain, **environment)

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Give a cluster with a scheduler, to which a test adds workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster", port)
    try:
        made.scheduler()
        yield made
    finally:
        made.stop()


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give Python in a process of its own, with a store of its own; nothing may take longer than two minutes."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {"PYTHONPATH": path, "LOSSBENCH_CACHE": str(tmp_path / "cache")}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    return call
