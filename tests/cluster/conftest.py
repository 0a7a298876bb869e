"""Real clusters, as processes that speak TCP on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest

ROOT = Path(__file__).parents[2]
UP = 60.0  # seconds that a process may take to start on a busy machine

Process = subprocess.Popen[bytes]

ENGINES = [name for name, package in (("dask", "distributed"), ("ray", "ray")) if find_spec(package)]
collect_ignore_glob = [f"test_{name}.py" for name in ("dask", "ray") if name not in ENGINES]
if not ENGINES:
    collect_ignore_glob.append("test_every.py")


@dataclass
class Cluster:
    """Processes of one cluster.

    Args:
        folder: where they run, and what they print.
        port: where the scheduler listens.
    """

    folder: Path
    port: int
    processes: list[Process] = field(default_factory=list)
    backend: ClassVar[str]

    @property
    def address(self) -> str:
        """What is given to --address."""
        raise NotImplementedError

    def scheduler(self) -> Process:
        """Start the scheduler, and wait until it listens."""
        raise NotImplementedError

    def worker(self, **environment: str) -> Process:
        """Start a worker; FIRST is a folder whose modules it finds before all others."""
        raise NotImplementedError

    def brain(self) -> int:
        """Return the process that is the scheduler."""
        return self.processes[0].pid

    def hands(self, worker: Process) -> int:
        """Return the process that is the worker."""
        return worker.pid

    def start(self, *arguments: str, **environment: str) -> Process:
        """Start one of its processes, with a log of its own."""
        path = os.pathsep.join(
            filter(None, (environment.pop("FIRST", ""), str(ROOT), os.environ.get("PYTHONPATH")))
        )
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": path} | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def listens(self, process: Process) -> Process:
        """Wait until somebody listens on the port."""
        end = time.monotonic() + UP
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.2)
        raise TimeoutError((self.folder / "0.log").read_text())

    def stop(self) -> None:
        """End all of them, with what they started."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@dataclass
class DaskCluster(Cluster):
    """A dask scheduler and its workers."""

    protocol: str = "tcp"
    backend = "dask"
    plain = ("--no-dashboard",)

    @property
    def address(self) -> str:
        """What is given to --address."""
        return f"{self.protocol}://127.0.0.1:{self.port}"

    @property
    def host(self) -> tuple[str, ...]:
        """Where its processes listen."""
        return "--host", f"{self.protocol}://127.0.0.1"

    def scheduler(self) -> Process:
        """Start it."""
        there = ("--port", str(self.port), *self.host)
        return self.listens(self.start("-m", "dask", "scheduler", *there, *self.plain))

    def worker(self, *options: str, threads: int = 1, **environment: str) -> Process:
        """Start one, without a nanny where nothing else is said."""
        options = options or ("--no-nanny",)
        return self.start(
            *("-m", "dask", "worker", self.address, "--nthreads", str(threads), *self.plain),
            *(*self.host, *options),
            **environment,
        )


class RayCluster(Cluster):
    """A ray head without a CPU, and nodes of one CPU each."""

    backend = "ray"
    plain = ("--node-ip-address", "127.0.0.1", "--object-store-memory", "100000000", "--block")

    @property
    def address(self) -> str:
        """What is given to --address."""
        return f"127.0.0.1:{self.port}"

    @property
    def files(self) -> str:
        """Where ray keeps its sockets, whose paths must be short."""
        return f"{tempfile.gettempdir()}/ray-{self.port}"

    def scheduler(self) -> Process:
        """Start the head."""
        plain = ("--num-cpus", "0", "--include-dashboard", "false", "--temp-dir", self.files, *self.plain)
        there = ("--head", "--port", str(self.port), "--disable-usage-stats")
        return self.listens(self.start("-m", "ray.scripts.scripts", "start", *there, *plain))

    def worker(self, **environment: str) -> Process:
        """Start a node, and wait until it is one."""
        log, end = self.folder / f"{len(self.processes)}.log", time.monotonic() + UP
        there = ("--address", self.address, "--num-cpus", "1")
        process = self.start("-m", "ray.scripts.scripts", "start", *there, *self.plain, **environment)
        while "Ray runtime started" not in log.read_text():  # two that start at once hinder each other
            if time.monotonic() > end or process.poll() is not None:
                raise TimeoutError(log.read_text())
            time.sleep(0.2)
        return process

    def brain(self) -> int:
        """Return the process without which there is no cluster."""
        return started_by(self.processes[0], b"gcs_server")

    def hands(self, worker: Process) -> int:
        """Return the process with which those of the node end."""
        return started_by(worker, b"raylet/raylet")

    def stop(self) -> None:
        """End all, and remove what ray has left."""
        super().stop()
        shutil.rmtree(self.files, ignore_errors=True)


KINDS: dict[str, type[Cluster]] = {kind.backend: kind for kind in (DaskCluster, RayCluster)}


def started_by(process: Process, name: bytes) -> int:
    """Return the process of a name that another one has started, or starts within a minute."""
    end = time.monotonic() + UP
    while time.monotonic() < end:
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == process.pid and name in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        time.sleep(0.2)
    raise TimeoutError(f"{process.pid} has not started {name!r}")


def free_port() -> int:
    """Return a port that nobody has. Ray takes no head port from 10002 to 19999, where its workers listen."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        if not 10002 <= port <= 19999:
            return port


@contextlib.contextmanager
def made(backend: str, folder: Path, **options: str) -> Iterator[Cluster]:
    """Give a cluster with a scheduler, to which a test adds workers."""
    (folder / "cluster").mkdir()
    cluster = KINDS[backend](folder / "cluster", free_port(), **options)
    try:
        cluster.scheduler()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(params=ENGINES)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    """Give a cluster of each kind that is installed."""
    with made(request.param, tmp_path) as one:
        yield one


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Cluster]:
    """Give a dask cluster."""
    with made("dask", tmp_path) as one:
        yield one


@pytest.fixture
def ray(tmp_path: Path) -> Iterator[Cluster]:
    """Give a ray cluster."""
    with made("ray", tmp_path) as one:
        yield one


@dataclass(frozen=True)
class Python:
    """Python in processes of their own, with a store of their own.

    Args:
        folder: where they run.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What they find in their environment."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        return os.environ | {"PYTHONPATH": path, "LOSSBENCH_CACHE": str(self.folder / "cache")}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end; nothing may take longer than three minutes."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def compare(self, cluster: Cluster, *options: str) -> subprocess.CompletedProcess[str]:
        """Give the command, on a cluster."""
        return self(*self.command(cluster, *options))

    def command(self, cluster: Cluster, *options: str) -> list[str]:
        """Return the arguments of the command, on a cluster."""
        there = ("--backend", cluster.backend, "--address", cluster.address)
        return ["-m", "lossbench", "compare", *options, *there]

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it, and go on; what it says is in client.log."""
        with (self.folder / "client.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *arguments], cwd=self.folder, env=self.environment, stderr=log, stdout=log
            )


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """Give Python in processes of their own."""
    return Python(tmp_path)
