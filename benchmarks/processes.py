"""Two processes against one, on the same trainings; and what a large run takes in memory.

The processes are started before the clock is, as they are once a run has begun.

python benchmarks/processes.py [--models 2000] [--epochs 50]
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Manner
from lossbench.plan.settings import make_settings
from lossbench.run.runner import run
from lossbench.selftest.bench import LOSSES, SHARES

ROUNDS = 7


def study(models: int, epochs: int) -> Experiment:
    """Return an experiment on breast_cancer of about so many models."""
    seeds = -(-models // (len(LOSSES) * len(SHARES)))
    wanted = {"datasets": "breast_cancer", "losses": LOSSES, "models": "mlp:16"}
    return plan(make_settings(**wanted, epochs=epochs, seeds=seeds, outliers=SHARES))


def seconds(experiment: Experiment, jobs: int) -> float:
    """Return the wall time of a run."""
    start = time.perf_counter()
    run(experiment, Manner(jobs))
    return time.perf_counter() - start


def main() -> None:
    """Measure in turns, so that a drift of the machine hits both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=50)
    options = parser.parse_args()
    experiment = study(options.models, options.epochs)
    run(study(options.models, 1), Manner(2))
    ratios = [seconds(experiment, 1) / seconds(experiment, 2) for _ in range(ROUNDS)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(experiment.trials)} models   two processes against one: {np.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})   peak memory {memory:.0f} MB"
    )


if __name__ == "__main__":
    main()
