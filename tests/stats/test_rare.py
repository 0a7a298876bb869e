"""By simulation: intervals of scores that hang on a few positive rows cover as they say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from lossbench.metrics.prediction import predict
from lossbench.metrics.scores import function_of
from lossbench.schema import METRICS
from lossbench.stats.rows import Contributions

TABLES, ROWS, POSITIVES, SPLITS, TEST = 200, 100, 8, 10, 20
SEPARATION, CUTS = 1.2, (2.2, 2.6)


class Seen(NamedTuple):
    """The test rows of all splits of one table, (cells,) each, and what two losses decide of them, (2, cells)."""

    unit: np.ndarray
    split: np.ndarray
    target: np.ndarray
    decision: np.ndarray


@cache
def tables() -> list[Seen]:
    """Draw tables on which the second loss calls fewer rows positive, by what rows and splits have in common."""
    return list(drawn(np.random.default_rng(3)))


def drawn(random: np.random.Generator) -> Iterator[Seen]:
    """Yield tables, each split anew with the two positives a test part that stratifying gives."""
    label = np.arange(ROWS) < POSITIVES
    for _ in range(TABLES):
        seen = SEPARATION * label + random.normal(size=ROWS)
        few, many = np.arange(POSITIVES), np.arange(POSITIVES, ROWS)
        parts = [[random.choice(few, 2, False), random.choice(many, TEST - 2, False)] for _ in range(SPLITS)]
        unit, split = np.concatenate([np.concatenate(part) for part in parts]), np.repeat(np.arange(SPLITS), TEST)
        heard = (
            seen[unit] + random.normal(scale=0.5, size=SPLITS)[split] + random.normal(scale=0.3, size=len(unit))
        )
        yield Seen(unit, split, label[unit].astype(int), np.array([heard > cut for cut in CUTS]).astype(int))


def covered(score: str, uneven: bool) -> float:
    """Return the share of tables whose interval of the difference contains the mean over tables."""
    function, found = function_of(METRICS[score]), []
    target = np.concatenate([np.tile(table.target, 2) for table in tables()]).reshape(-1, TEST)
    decision = np.concatenate([table.decision.ravel() for table in tables()]).reshape(-1, TEST, 1)
    seen = predict(2.0 * decision - 1.0, "margin", "binary")
    values = function.contributions(target, seen)
    steps = np.broadcast_to(function.of_one_row(target, seen)[:, None], values.shape)
    rows, ones = (part.reshape(TABLES, 2, -1) for part in (values, steps))
    for table, scores, one in zip(tables(), rows, ones, strict=True):
        known = Contributions(scores, table.unit, table.split, one if uneven else None)
        found.append(known.difference(np.array([0]), np.array([1]), counted=True).at().interval())
    mean, low, high = (np.array([getattr(one, end)[0] for one in found]) for end in ("mean", "low", "high"))
    return float(np.mean((low <= mean.mean()) & (mean.mean() <= high)))


@pytest.mark.parametrize("score", ["f1", "precision", "recall", "balanced_accuracy"])
def test_few_positives_are_covered(score: str) -> None:
    """With eight positives in a hundred rows, the law's difference is in nine intervals of ten at least.

    As if every row counted alike, it is in eight at most: a table often has no row on which the losses differ.
    """
    assert covered(score, uneven=True) >= 0.9
    assert covered(score, uneven=False) <= 0.8
