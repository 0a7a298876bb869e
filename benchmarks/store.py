"""The store at size: rows a second in and out, what is asked of it, bytes; and the same rows as Parquet.

The rows are those of real trainings, with other seeds. What is read back is spread over the whole file. As Parquet
they are parts of a hundred thousand rows, as workers might write them; curves and outputs are left out there.

python benchmarks/store.py [--trials 1000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from lossbench.plan.experiment import plan
from lossbench.plan.request import Manner
from lossbench.plan.settings import make_settings
from lossbench.run.provenance import fingerprint
from lossbench.run.runner import run
from lossbench.run.scoring import frame_of
from lossbench.run.state import Ledger
from lossbench.store import Done, Store, open_store
from lossbench.store.key import key_of_row

PACK = 512  # rows that a run hands over at a time
LOSSES = ["bce", "mse", "hinge", "focal", "mae"]


def trained(folder: Path) -> list[Done]:
    """Return some real trainings of breast_cancer."""
    settings = make_settings(
        datasets="breast_cancer", losses=LOSSES, models="mlp:16", epochs=20, seeds=4, outliers=[0.0]
    )
    experiment, manner = plan(settings), Manner(1)
    with open_store(folder) as store:
        run(experiment, manner, store=store)
        ledger = Ledger(experiment, fingerprint(manner.engine), None)
        return list(ledger.keeper.recall(experiment.trials, store).values())


def many(some: list[Done], trials: int) -> Iterator[Done]:
    """Yield so many trainings, each of a seed of its own."""
    for number in range(trials):
        one = some[number % len(some)]
        yield Done(one.row | {"seed": number}, one.curve, one.outputs)


class Clock:
    """Seconds of wall time, and of this process's processor, which say more on a machine that is busy."""

    def __init__(self) -> None:
        self.wall = self.own = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the seconds inside."""
        wall, own = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.own += time.process_time() - own

    def say(self, what: str, count: int = 0) -> None:
        """Print the seconds, and for how many rows a second."""
        rate = f"{count / self.wall:10,.0f} rows a second, {count / self.own:,.0f} of processor" if count else ""
        print(f"{what:42} {self.wall:8.2f} s {rate}", flush=True)


def write(store: Store, dones: Iterator[Done], trials: int) -> None:
    """Write trainings as a run does, a transaction a pack."""
    clock = Clock()
    while pack := list(islice(dones, PACK)):
        with clock.running():
            store.put(pack)
    clock.say("trainings written", trials)


def timed(what: str, call: Callable[[], object], count: int = 0) -> None:
    """Print how long something takes."""
    clock = Clock()
    with clock.running():
        call()
    clock.say(what, count)


def parquet(folder: Path, some: list[Done], trials: int) -> None:
    """Say what the same rows take as Parquet, and how long a summary of them."""
    part = min(100_000, trials)
    rows = frame_of([done.row for done in many(some, part)])
    numbers = rows.select_dtypes("float64").columns  # else equal values would be kept once
    rows[numbers] *= 1 + 1e-6 * np.random.default_rng(0).random((part, len(numbers)))
    for number in range(trials // part):
        rows.assign(seed=rows.seed + number * part).to_parquet(folder / f"{number}.parquet")
    total = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    print(f"Parquet: {total / 1e6:,.0f} MB, {total / trials:,.0f} bytes a row")
    columns = ["dataset", "loss", "accuracy"]

    def summary() -> object:
        return pd.read_parquet(folder, columns=columns).groupby(columns[:2], observed=True).accuracy.describe()

    timed("mean and spread by data set and loss", summary, trials)


def main() -> None:
    """Fill a store, ask it, and say what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(f"{options.trials:,} trainings on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        some = trained(Path(place, "some"))
        path = Path(place, "trials.sqlite")
        with Store(path) as store:
            write(store, many(some, options.trials), options.trials)
            print(f"{store.size() / 1e6:,.0f} MB, {store.size() / options.trials:,.0f} bytes a row")
        drawn = random.Random(0).sample(range(options.trials), min(20_000, options.trials))
        keys = [key_of_row(some[n % len(some)].row | {"seed": n}) for n in drawn]
        with Store(path) as store:
            timed("what there is, by data set (cache info)", store.groups)
            timed("the same, once more", store.groups)
            timed("trainings by their keys (a rerun)", lambda: store.get(keys), len(keys))
            timed(
                "keys that are not there (a new run)", lambda: store.get([f"{n:032x}" for n in drawn]), len(keys)
            )
            timed("the same result once more (a merge)", lambda: store.put(many(some, 20_000)), 20_000)
        parts = Path(place, "parts")
        parts.mkdir()
        parquet(parts, some, options.trials)
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
