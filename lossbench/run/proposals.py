"""Proposals of an adaptive search, by Optuna's tree-structured Parzen estimator.

Bergstra, Bardenet, Bengio and Kégl 2011, Algorithms for hyper-parameter optimization, section 4; both coordinates
at once (Falkner, Klein and Hutter 2018, BOHB, section 3.2). Several points are proposed at a time, so that many
networks train together. A point that is not trained yet is assumed to be bad, which keeps the next ones away from
it.
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
    """Yield points to try next, without end; the same ones for the same random stream.

    Args:
        points: the points tried so far.
        worth: what each is worth, greater is better; minus infinity for one that could not be trained.
        random: draws the seed of the estimator.
        values: whether there is a parameter to tune; otherwise only rates are proposed.
    """
    from optuna.distributions import FloatDistribution  # here, since it is an extra and slow to import
    from optuna.trial import create_trial

    space = dict.fromkeys(AXES[: 1 + values], FloatDistribution(0.0, BELOW_ONE))
    study = study_of(int(random.integers(2**31)))
    for point, value in zip(points, worth, strict=True):
        shares = dict(zip(space, point, strict=False))  # without a parameter, only the share among the rates
        study.add_trial(create_trial(params=shares, distributions=space, value=value))
    while True:
        found = study.ask(space).params
        yield found["along"], found.get("across", MIDDLE[1])


def study_of(seed: int) -> Study:
    """Return an empty study of Optuna, created without its log message."""
    from optuna import create_study, logging
    from optuna.samplers import TPESampler

    sampler = TPESampler(seed=seed, n_startup_trials=1, multivariate=True, constant_liar=True)
    before = logging.get_verbosity()
    logging.set_verbosity(logging.WARNING)
    try:
        return create_study(sampler=sampler, direction="maximize")
    finally:
        logging.set_verbosity(before)
