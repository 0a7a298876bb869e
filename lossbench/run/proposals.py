"""Where a search that learns tries next: the tree-structured Parzen estimator of Optuna.

Bergstra, Bardenet, Bengio and Kégl 2011, Algorithms for hyper-parameter optimization, section 4; both coordinates
at once (Falkner, Klein and Hutter 2018, BOHB, section 3.2). Several points are proposed at a time, so that many
networks train together: until it is trained each is taken for a bad one, which keeps the next ones away from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossbench.plan.search import MIDDLE, Point

if TYPE_CHECKING:
    from optuna import Study

AXES = ("along", "across")
"""The two shares of a point."""

BELOW_ONE = math.nextafter(1.0, 0.0)


def propose(
    points: Sequence[Point], worth: Sequence[float], random: np.random.Generator, values: bool
) -> Iterator[Point]:
    """Yield points to try next, as many as are asked for; the same ones for the same random stream.

    Args:
        points: that were tried.
        worth: of each, the greater the better; minus infinity where it is worth nothing.
        random: draws the seed of the estimator.
        values: whether there is a parameter to be tuned; without one only rates are looked at.
    """
    from optuna.distributions import FloatDistribution  # an extra, and it takes a while
    from optuna.trial import create_trial

    space = dict.fromkeys(AXES[: 1 + values], FloatDistribution(0.0, BELOW_ONE))
    study = study_of(int(random.integers(2**31)))
    for point, value in zip(points, worth, strict=True):
        shares = dict(zip(space, point, strict=False))  # without a parameter, only where among the rates
        study.add_trial(create_trial(params=shares, distributions=space, value=value))
    while True:
        found = study.ask(space).params
        yield found["along"], found.get("across", MIDDLE[1])


def study_of(seed: int) -> Study:
    """Return a study of Optuna that knows nothing yet, without its telling so."""
    from optuna import create_study, logging
    from optuna.samplers import TPESampler

    sampler = TPESampler(seed=seed, n_startup_trials=1, multivariate=True, constant_liar=True)
    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        return create_study(sampler=sampler, direction="maximize")
    finally:
        logging.set_verbosity(before)
