"""Packs on many workers: two dask workers against one, measured, and up to a thousand, simulated.

What is measured: how long each pack trains on a worker, what one process does for a pack (packing, sending,
reading the result, writing it into the store), and the wall time with one worker and with two. The simulation has
these times and nothing else: one process that does its part of a pack after the other, twice as many packs under
way as workers, and workers that take the next one. It is held against both measured wall times, and only then
asked about more workers, with packs that take ten times as long, and workers that are lost.

python benchmarks/scheduler.py [--packs 60]     (with the extra dask; it starts scheduler and workers by itself)
"""

from __future__ import annotations

import argparse
import heapq
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np

from lossbench.backends import CLUSTERS
from lossbench.backends.flow import AHEAD
from lossbench.plan.cluster import parsed_address
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.settings import make_settings
from lossbench.run.packs import train_pack
from lossbench.run.provenance import fingerprint, identity
from lossbench.run.runner import schedule
from lossbench.run.state import Ledger
from lossbench.store import open_store
from lossbench.training.packing import MODELS

LOSSES = ["bce", "mse", "hinge", "focal", "mae"]
ENGINE = "native"
NOTICED, ANEW = 5.0, 30.0  # seconds until a lost worker is missed, and until another is in its place


@dataclass(frozen=True)
class Measured:
    """One run on a cluster.

    Args:
        wall: seconds from the first result to the last.
        packs: seconds of training of each pack, as they came.
        own: seconds of processor of the process that gave the packs, for each.
    """

    wall: float
    packs: np.ndarray
    own: float


@dataclass
class Simulation:
    """A run on workers that there are not.

    Args:
        packs: seconds of each pack on a worker.
        workers: how many.
        own: seconds of the one process for each pack.
        lifetime: mean seconds until a worker is lost; infinite where none is.
    """

    packs: Sequence[float]
    workers: int
    own: float
    lifetime: float = np.inf
    events: list[tuple[float, int, str, int, int]] = field(default_factory=list)
    waiting: deque[int] = field(default_factory=deque)
    busy: dict[int, int] = field(default_factory=dict)
    idle: set[int] = field(default_factory=set)
    number: Iterator[int] = field(default_factory=count)
    free: float = 0.0
    sent: int = 0

    def wall(self, seed: int = 0) -> float:
        """Return the seconds that it takes."""
        draw, left = np.random.default_rng(seed), len(self.packs)
        self.idle = set(range(self.workers))
        for worker in range(self.workers if np.isfinite(self.lifetime) else 0):
            self.at(draw.exponential(self.lifetime), "lost", worker)
        for _ in range(min(AHEAD * self.workers, left)):
            self.send(0.0)
        while left:
            now, _, kind, worker, pack = heapq.heappop(self.events)
            if kind == "sent":
                self.waiting.append(pack)
            elif kind == "done" and self.busy.get(worker) == pack:
                del self.busy[worker]
                self.idle.add(worker)
                left -= 1
                self.send(now)
            elif kind == "lost":
                self.lose(now, worker)
                self.at(now + ANEW + draw.exponential(self.lifetime), "lost", worker)
            elif kind == "anew":
                self.idle.add(worker)
            self.begin(now)
        return max(now, self.free)

    def at(self, when: float, kind: str, worker: int = -1, pack: int = -1) -> None:
        """Let something happen."""
        heapq.heappush(self.events, (when, next(self.number), kind, worker, pack))

    def send(self, now: float) -> None:
        """Let the one process read a result and send the next pack, once it has time."""
        self.free = max(self.free, now) + self.own
        if self.sent < len(self.packs):
            self.at(self.free, "sent", pack=self.sent)
            self.sent += 1

    def begin(self, now: float) -> None:
        """Let workers that have nothing to do begin what waits."""
        while self.waiting and self.idle:
            worker, pack = self.idle.pop(), self.waiting.popleft()
            self.busy[worker] = pack
            self.at(now + self.packs[pack], "done", worker, pack)

    def lose(self, now: float, worker: int) -> None:
        """Lose a worker: its pack is begun anew elsewhere, and another worker comes."""
        self.idle.discard(worker)
        if worker in self.busy:
            self.at(now + NOTICED, "sent", pack=self.busy.pop(worker))
        self.at(now + ANEW, "anew", worker)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """Give the address of a dask scheduler with so many workers, on loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    plain = ("--host", "127.0.0.1", "--no-dashboard")
    address = f"tcp://127.0.0.1:{port}"
    commands = [
        ("scheduler", "--port", str(port)),
        *[("worker", address, "--nthreads", "1", "--no-nanny")] * workers,
    ]
    processes = []
    try:
        for command in commands:
            with Path(folder, f"{len(processes)}.log").open("wb") as log:
                started = [sys.executable, "-m", "dask", *command, *plain]
                processes.append(subprocess.Popen(started, cwd=folder, stdout=log, stderr=log))
            time.sleep(3.0)  # the scheduler listens before the first worker asks for it
        yield address
    finally:
        for process in processes:
            process.kill()
            process.wait()


def study(packs: int) -> Experiment:
    """Return an experiment of about so many full packs."""
    settings = make_settings(
        datasets="breast_cancer",
        losses=LOSSES,
        models="mlp:16",
        epochs=20,
        outliers=[0.0],
        seeds=packs * MODELS // len(LOSSES),
    )
    return plan(settings)


def measured(experiment: Experiment, workers: int) -> Measured:
    """Train an experiment on a cluster, into a store of its own."""
    packs = schedule(experiment, list(experiment.trials))
    with tempfile.TemporaryDirectory() as place, cluster(Path(place), workers) as address:
        there, mine = parsed_address("dask", address), partial(identity, ENGINE)
        with open_store(place) as store:
            ledger, seconds = Ledger(experiment, fingerprint(ENGINE), store), []
            train = partial(train_pack, engine=ENGINE, device="cpu")
            with closing(CLUSTERS["dask"](there, mine).run(train, packs)) as results:
                for index, result in results:
                    ledger.add(packs[index].trials, result)
                    seconds.append(result.seconds)
                    if len(seconds) == workers:  # every worker has imported what it needs
                        began, own = time.perf_counter(), time.process_time()
    wall, own = time.perf_counter() - began, (time.process_time() - own) / (len(packs) - workers)
    return Measured(wall, np.array(seconds[workers:]), own)


def simulated(one: Measured, packs: int, dearer: float) -> None:
    """Print what the simulation says of more workers, for trainings that take so many times as long."""
    each = dearer * np.median(one.packs)
    print(f"\nsimulated, {packs} packs a worker, of {each:.1f} s: the share of time that trains")
    print(f"{'workers':>7} {'':>6} {'one in fifty ten times':>24} {'workers lost once an hour':>28}")
    for workers in (10, 30, 100, 300, 1000):
        draw = np.random.default_rng(workers)
        plain = dearer * draw.choice(one.packs, packs * workers)
        tailed = plain * np.where(draw.random(len(plain)) < 0.02, 10.0, 1.0)
        cases = ((plain, np.inf), (tailed, np.inf), (plain, 3600.0))
        walls = [Simulation(times.tolist(), workers, one.own, lifetime).wall() for times, lifetime in cases]
        busy = [times.sum() / workers / wall for (times, _), wall in zip(cases, walls, strict=True)]
        print(f"{workers:7} {busy[0]:6.1%} {busy[1]:24.1%} {busy[2]:28.1%}")


def main() -> None:
    """Measure, hold the simulation against it, and simulate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packs", type=int, default=60)
    options = parser.parse_args()
    experiment = study(options.packs)
    print(f"{len(experiment.trials)} trainings on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    runs, busy = {workers: measured(experiment, workers) for workers in (1, 2)}, {}
    for workers, run in runs.items():
        guess = Simulation(run.packs.tolist(), workers, run.own).wall()
        busy[workers] = run.packs.sum() / workers / run.wall
        print(
            f"{workers} dask workers: {run.wall:.1f} s, simulated {guess:.1f} s; packs of "
            f"{np.median(run.packs):.2f} s train {busy[workers]:.1%} of it; for each, "
            f"{1000 * run.own:.0f} ms of the process that gives them"
        )
    each = {workers: run.wall / len(run.packs) for workers, run in runs.items()}
    print(
        f"two workers against one: {each[1] / each[2]:.2f} by the clock, {2 * busy[2] / busy[1]:.2f} by the share "
        "of time that trains, as with a core for each"
    )
    for dearer in (1.0, 50.0):
        simulated(runs[1], 50, dearer)


if __name__ == "__main__":
    main()
