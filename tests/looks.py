"""What looking more than once is worth: `python tests/looks.py 200`, minutes, with as many replicates.

Each replicate is a fresh table of a law, on which one loss is trained as several arms, that differ in their first
weights and in the order of their batches and in nothing else. So every verdict that tells two arms apart is false.
It is looked as `lossbench choose` does, after 10, 20 and 40 seeds. Printed is on how many tables some verdict was
false: at the last look alone, at any look without a correction, and at any look with it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np

from lossbench.backends import Local
from lossbench.plan.choosing import SEEDS
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.run.contributed import contributions, units
from lossbench.run.packs import train
from lossbench.schema import METRICS
from lossbench.selftest.aa import proportion
from lossbench.stats.answer.looks import correction, planned
from lossbench.stats.estimate import ALPHA
from lossbench.stats.families import gatekept
from lossbench.stats.rows import over_rows
from lossbench.training.packing import make_packs

ARMS = 4
STUDIES = (
    ("moons:rows=200", "bce", "accuracy"),
    ("moons:rows=200", "bce", "log_loss"),
    ("blobs:rows=178", "ce", "brier"),
    ("line:rows=100", "mse", "r2"),
    ("friedman1:rows=200", "huber", "mae"),
)


def false_at(task: tuple[str, str, str, int]) -> list[float]:
    """Return the smallest adjusted p of all pairs of arms on one table, at each look."""
    law, loss, score, number = task
    settings = make_settings(datasets=law, losses=loss, score=score, seeds=SEEDS, epochs=30, outliers=0)
    experiment = plan(settings)
    (setup,) = experiment.setups
    table = replace(setup.dataset.sample(number), draw=None, name=f"table {number}", judged=setup.dataset.judged)
    trials = [replace(trial, dataset=table.name) for trial in experiment.trials]
    cells: dict[tuple[int, int], np.ndarray] = {}
    rows: dict[int, np.ndarray] = {}
    for arm in range(ARMS):
        for made in make_packs(replace(setup, dataset=table), trials):
            pack = replace(made, arm=arm)
            found = contributions(pack, train(pack, "fused", "cpu")[0].last)[score]
            cells |= {(arm, t.seed): values for t, values in zip(pack.trials, found, strict=True)}
            rows |= {t.seed: unit for t, unit in zip(pack.trials, units(pack), strict=True)}
    return [smallest(cells, rows, count, METRICS[score].counts) for count in planned(SEEDS)]


def smallest(
    cells: dict[tuple[int, int], np.ndarray], rows: dict[int, np.ndarray], seeds: int, counts: bool
) -> float:
    """Return the smallest p of all pairs after some seeds, corrected for their number."""
    values = np.array([np.concatenate([cells[arm, seed] for seed in range(seeds)]) for arm in range(ARMS)])
    unit = np.concatenate([rows[seed] for seed in range(seeds)])
    split = np.repeat(np.arange(seeds), [len(rows[seed]) for seed in range(seeds)])
    first, second = map(np.array, zip(*combinations(range(ARMS), 2), strict=True))
    known = over_rows(values[second] - values[first], unit, split, counts).at()
    return float(gatekept(known.p_value(), first == 0).min())


def main() -> None:
    """Print a line for each law and score."""
    replicates, counts = int(sys.argv[1]), planned(SEEDS)
    factors = [correction(*look, most=SEEDS) for look in pairwise((0, *counts))]
    for law, loss, score in STUDIES:
        tasks = [(law, loss, score, number) for number in range(replicates)]
        found = np.array([p for _, p in sorted(Local(2).run(false_at, tasks))])
        rates = {
            "last look": found[:, -1] < ALPHA,
            "any look": (found < ALPHA).any(axis=1),
            "corrected": (found * factors < ALPHA).any(axis=1),
        }
        said = []
        for name, false in rates.items():
            rate, low, high = proportion("false", false).values()
            said.append(f"{name} {rate:.1%} [{low:.1%}, {high:.1%}]")
        print(f"tables of {law}, {loss}, {score}: {', '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
