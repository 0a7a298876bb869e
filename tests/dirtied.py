"""What intervals are worth after contaminated training: `python tests/dirtied.py 60`, minutes, of so many tables.

Each replicate is a fresh table of a law, split ten times, with its training rows contaminated anew in every split.
The mean over replicates of a difference is the truth. Printed is how often the 95 % intervals contain it, over the
rows of the table and over its splits alone (Nadeau and Bengio 2003), and how wide they are. With 60 tables the
three laws have 93.1 to 96.7 % over rows (88.3 % for the worst pair), and 99.4 to 100 % over splits, where they
are 1.5 to 1.9 times as wide.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from tuned import on_a_table

from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.request import Manner
from lossbench.plan.settings import make_settings
from lossbench.results.comparison import execute
from lossbench.stats.groups import comparison_groups
from lossbench.stats.pairs import pairs_of

STUDIES = (
    ("moons:rows=400", ("bce", "mse", "mae", "hinge"), 0.01),
    ("blobs:rows=178", ("ce", "mse", "mae", "label_smoothing"), 0.01),
    ("friedman1:rows=300", ("mse", "mae", "huber", "log_cosh"), 0.01),
)
SHARES = (0.1, 0.4)


def study(law: str, losses: tuple[str, ...], rate: float, share: float) -> Experiment:
    """Plan one replicate on a law."""
    axes = {"losses": losses, "lr": rate, "epochs": 30, "outliers": share, "seeds": 10}
    return plan(make_settings(datasets=law, **axes))


def intervals(experiment: Experiment) -> Iterator[np.ndarray]:
    """Yield mean and half width of every pair, (2, pairs), over rows and over splits."""
    done = execute(experiment, Manner(1), 0.0, lambda dataset, trials: None)
    (group,) = comparison_groups(done.trials, None, done.contributed)
    for contributed in (group.contributed, None):
        known = replace(group, contributed=contributed).difference(*pairs_of(group)).at().interval()
        yield np.array([known.mean, known.high - known.mean])


def main() -> None:
    """Print a line for each law, share and unit."""
    replicates = int(sys.argv[1])
    for (law, losses, rate), share in ((one, share) for one in STUDIES for share in SHARES):
        planned = study(law, losses, rate, share)
        found = np.array([list(intervals(on_a_table(planned, number))) for number in range(replicates)])
        apart = np.abs(found[:, :, 0] - found[:, :, 0].mean(axis=0))
        held, half = (apart <= found[:, :, 1]).mean(axis=0), found[:, :, 1].mean(axis=(0, 2))
        for unit, pairs, width in zip(("rows", "splits"), held, half, strict=True):
            said = f"coverage {pairs.mean():.1%}, worst pair {pairs.min():.1%}, half width {width:.4f}"
            print(f"tables of {law}, {share:.0%} contaminated, over {unit}: {said}", flush=True)


if __name__ == "__main__":
    main()
