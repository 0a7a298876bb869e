"""What an interval over rows leaves out: `python tests/other_rows.py 400`, two minutes, with as many tables.

Linear models start at zero and take the same steps on all training rows, so nothing but the rows differs, and what
a model scores on the whole law, two normal clouds, is known in closed form. Each table is split as in a run. The
variance of a mean over splits has a part of the rows as tested, which `lossbench.stats.rows` measures, and
parts that hang on the rows as trained on, which it takes to be as large: how large they are, no table can show.
Printed are, by law and score and over the pairs of losses, the least and the greatest

- coverage of the mean over tables, as verdicts have it;
- coverage of what the very models that were trained score on the law, by the rows as tested alone;
- the parts, as multiples of the rows as tested: the rows as trained on, and twice the covariance of both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtr

from lossbench.data.split import deal
from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of
from lossbench.schema import METRICS, UNEVEN
from lossbench.stats.rows import TRAINED_AND_TESTED, Contributions, RowSpread

APART, COLUMNS, SPLITS, RATE, STEPS = 1.5, 5, 10, 0.5, 60
LAWS = ((2000, 0.5, ("accuracy", "precision", "recall", "roc_auc")), (200, 0.09, ("roc_auc",)))
"""Rows, the share of positives, and scores."""

SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "bce": lambda margin: -expit(-margin),
    "mse": lambda margin: -2.0 * expit(margin) * expit(-margin) ** 2,
    "hinge": lambda margin: np.where(margin < 1.0, -1.0, 0.0),
    "mae": lambda margin: -expit(margin) * expit(-margin),
}
"""The derivative of each loss by the margin, the output times 1 or -1."""

FIRST, SECOND = map(np.array, zip(*combinations(range(len(SLOPES)), 2), strict=True))


class Seen(NamedTuple):
    """The pairs of losses on one table, (pairs,) each: their spread, and what their models score on the law."""

    spread: RowSpread
    law: np.ndarray
    law_by_split: np.ndarray


def fitted(rows: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Return the weights of each loss on each split, (losses, splits, columns).

    Args:
        rows: (splits, n, columns) the training rows, the last column 1.
        sign: (splits, n) 1 or -1.
    """
    found = np.zeros((len(SLOPES), len(rows), COLUMNS))
    for weights, slope in zip(found, SLOPES.values(), strict=True):
        for _ in range(STEPS):
            push = sign * slope(sign * (rows @ weights[..., None])[..., 0])
            weights -= RATE * (push[:, None] @ rows)[:, 0] / rows.shape[1]
    return found


def on_law(weights: np.ndarray, share: float) -> dict[str, np.ndarray]:
    """Return what models with these weights (..., columns) score on the law."""
    with np.errstate(invalid="ignore", divide="ignore"):
        length = np.linalg.norm(weights[..., :-1], axis=-1)
        found = ndtr((weights[..., 0] * APART + weights[..., -1]) / length)
        false = ndtr(weights[..., -1] / length)
        hits = share * found
        called = hits + (1.0 - share) * false
        return {
            "accuracy": hits + (1.0 - share) * (1.0 - false),
            "precision": np.where(called > 0.0, hits / called, 0.0),
            "recall": found,
            "roc_auc": ndtr(weights[..., 0] * APART / length / np.sqrt(2.0)),
        }


def table(rows: int, share: float, scores: tuple[str, ...], number: int) -> dict[str, Seen]:
    """Draw and split a table, fit every loss, and return each score."""
    random = np.random.default_rng([rows, number])
    target = (random.random(rows) < share).astype(np.int64)
    features = random.normal(size=(rows, COLUMNS))
    features[:, 0] += APART * target
    features[:, -1] = 1.0
    parts = [deal(np.arange(rows), target, random) for _ in range(SPLITS)]
    learnt, tested = (np.array([each[place] for each in parts]) for place in (0, 2))
    weights = fitted(features[learnt], 2.0 * target[learnt] - 1.0)
    raw = features[tested] @ weights[..., None]
    split, law = np.repeat(np.arange(SPLITS), tested.shape[1]), on_law(weights, share)
    found = {}
    for score in scores:
        values, one = contributed(score, target[tested], raw)
        known = Contributions(values, tested.ravel(), split, one)
        gaps = law[score][SECOND] - law[score][FIRST]
        spread = known.difference(FIRST, SECOND, METRICS[score].counts)
        found[score] = Seen(spread, gaps.mean(axis=1), gaps.var(axis=1, ddof=1))
    return found


def contributed(score: str, target: np.ndarray, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what rows contribute to a score, (losses, cells), and how much one may count; see `Contributions`."""
    function, seen = function_of(METRICS[score]), predict(raw.reshape(-1, *raw.shape[2:]), "margin", "binary")
    goal = np.tile(target, (len(SLOPES), 1))
    values = function.contributions(goal, seen).reshape(len(SLOPES), -1)
    if score not in UNEVEN:
        return values, None
    ones = function.of_one_row(goal, seen)[:, None]
    return values, np.broadcast_to(ones, goal.shape).reshape(values.shape)


def figures(tables: list[Seen]) -> dict[str, np.ndarray]:
    """Return what is printed, (pairs,) each."""
    spreads, laws = [seen.spread for seen in tables], np.array([seen.law for seen in tables])
    means, lasting = (np.array([getattr(one, name) for one in spreads]) for name in ("mean", "lasting"))
    tested = lasting.mean(axis=0) / TRAINED_AND_TESTED
    by_split = np.mean([seen.law_by_split for seen in tables], axis=0)
    both = ((means - laws) * (laws - laws.mean(axis=0))).sum(axis=0) / (len(tables) - 1)
    alone = [replace(one, lasting=one.lasting / TRAINED_AND_TESTED) for one in spreads]
    return {
        "mean over tables": covered(spreads, np.broadcast_to(means.mean(axis=0), laws.shape)),
        "these models": covered(alone, laws),
        "trained": (laws.var(axis=0, ddof=1) - by_split / SPLITS) / tested,
        "covariance": 2.0 * both / tested,
    }


def covered(spreads: list[RowSpread], truths: np.ndarray) -> np.ndarray:
    """Return the share of tables whose intervals contain the truths (tables, pairs), (pairs,)."""
    found = [spread.at().interval() for spread in spreads]
    return np.mean(
        [(one.low <= truth) & (truth <= one.high) for one, truth in zip(found, truths, strict=True)], axis=0
    )


def main() -> None:
    """Print a line for each law and score."""
    count = int(sys.argv[1])
    for rows, share, scores in LAWS:
        drawn = [table(rows, share, scores, number) for number in range(count)]
        for score in scores:
            found = figures([each[score] for each in drawn]).items()
            said = ", ".join(f"{name} {values.min():.2f} to {values.max():.2f}" for name, values in found)
            print(f"{rows} rows, {share:.0%} positive, {score}: {said}", flush=True)


if __name__ == "__main__":
    main()
