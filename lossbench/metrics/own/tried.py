"""Trying a user's own metric on a few rows before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from lossbench.apart import Ended, apart
from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, ScoreFailed
from lossbench.losses.custom.endless import TRIAL, ticking
from lossbench.metrics.own.called import OwnScore, quiet
from lossbench.metrics.own.influence import shares
from lossbench.metrics.own.locate import locate
from lossbench.metrics.own.made_up import MadeUp, made_up
from lossbench.metrics.own.named import Named, read_named
from lossbench.metrics.score import Asked
from lossbench.randomness import stream
from lossbench.schema import TABLES, own_metric

SAMPLES, RESAMPLES, EXPLAINED = 3, 60, 0.8
"""Made-up samples, bootstrap resamples of each, and how much of the variance of these rows must explain."""


def own_score(spec: str, dataset: Dataset) -> Asked:
    """Return the metric that a spec names, checked and ready to judge trainings on a data set.

    Args:
        spec: as the user wrote it, see `lossbench.metrics.own.named`.
        dataset: the metric is tried on targets like those of this data set.

    Raises:
        ScoreFailed: there is no such function, or it is no metric: it raises, returns no number or a random one,
            changes its inputs, ignores the prediction, or has the other direction.
        UsageError: a spec that cannot be read, or that does not fit the task.
    """
    named, task = read_named(spec), dataset.task
    if task not in TABLES:
        raise BadValue(
            f"score '{spec}' is of rows with a target each, and data set '{dataset.name}' is {task}; name another "
            "--score, or leave the data set out"
        )
    if task == "regression" and named.needs != "decision":
        raise BadValue(f"score '{spec}': regression has nothing but values; leave @of={named.needs} out")
    score = OwnScore(named, locate(named))
    samples = [made_up(dataset, named.needs, number) for number in range(SAMPLES)]
    try:
        by_rows = apart(partial(tried, score, samples), silence=TRIAL)
    except Ended as error:
        raise ScoreFailed(f"score '{spec}' {error}; let it give a number, or NaN where it is undefined") from None
    known = replace(own_metric(named.column), needs=named.needs)
    return Asked(**vars(known), function=score, code=score.found.code, by_rows=by_rows)


def tried(score: OwnScore, samples: Sequence[MadeUp]) -> bool:
    """Refuse what is no metric, and say whether contributions of rows explain it; see `own_score`."""
    rows = samples[0]
    with ticking(TRIAL), quiet():
        value = score.call(rows.target, rows.good)
        refuse_undefined(score.named, value)
        refuse_random(score, rows, value)
        refuse_changes(score, rows)
        others = [score.call(rows.target, seen) for seen in (rows.bad, rows.constant, rows.perfect)]
        refuse_idle(score.named, [value, *others])
        refuse_other_way(score.named, value, others[0])
        return in_any_order(score, rows) and bool(np.mean([explained(score, one) for one in samples]) > EXPLAINED)


def refuse_undefined(named: Named, value: float) -> None:
    """Refuse a metric that has no value for good predictions."""
    if not np.isfinite(value):
        raise ScoreFailed(
            f"score '{named.spec}' returned {value} for made-up predictions that are mostly right; let it give a "
            "finite number"
        )


def refuse_random(score: OwnScore, rows: MadeUp, value: float) -> None:
    """Refuse a metric that scores the same predictions differently."""
    again = score.call(rows.target, rows.good)
    if again != value:
        raise ScoreFailed(
            f"score '{score.named.spec}' gave {value:g} and then {again:g} for the same predictions; let it draw "
            "nothing at random and remember nothing"
        )


def refuse_changes(score: OwnScore, rows: MadeUp) -> None:
    """Refuse a metric that changes its inputs."""
    inputs = {"target": rows.target.copy(), "prediction": rows.good.copy()}
    score.found.function(*inputs.values(), **score.found.arguments)
    for name, before in (("target", rows.target), ("prediction", rows.good)):
        if not np.array_equal(inputs[name], before):
            raise ScoreFailed(f"score '{score.named.spec}' changes the {name} that it is given; let it copy that")


def refuse_idle(named: Named, values: Sequence[float]) -> None:
    """Refuse a metric that ignores the prediction."""
    if len(set(values)) == 1:
        raise ScoreFailed(
            f"score '{named.spec}' gave {values[0]:g} for right, wrong and constant predictions alike; let it "
            "look at its second argument"
        )


def refuse_other_way(named: Named, good: float, bad: float) -> None:
    """Refuse a metric without a stated direction that is lower for better predictions."""
    if named.better is None and not good > bad:
        raise ScoreFailed(
            f"score '{named.spec}' gave {good:g} for made-up predictions that are mostly right and {bad:g} for "
            f"wrong ones; say which way is the better: {named.spec}:lower, or {named.spec}:higher"
        )


def in_any_order(score: OwnScore, rows: MadeUp) -> bool:
    """Say whether the order of rows does not matter, up to rounding."""
    mixed = stream("own score", "order", 0).permutation(len(rows.target))
    values = [score.call(rows.target[each], rows.good[each]) for each in (slice(None), mixed)]
    return math.isclose(*values, rel_tol=1e-9)


def explained(score: OwnScore, rows: MadeUp) -> float:
    """Return the share of a metric's variance over bootstrap resamples that contributions of rows explain.

    1 for a mean over rows, and nearly 1 for any smooth function of such means. A maximum depends on one row, and a
    median moves in steps: their contributions cannot be tested. NaN where a resample has no value.
    """
    n = len(rows.target)
    drawn = stream("own score", "resamples", 0).integers(n, size=(RESAMPLES, n))
    try:
        found = np.array([score.call(rows.target[each], rows.good[each]) for each in drawn])
    except ScoreFailed:  # a resample may lack a class; no test part does
        return np.nan
    told = shares(score.call, rows.target, rows.good, np.arange(n))[drawn].mean(axis=1)
    return float(1.0 - np.var(found - told) / np.var(found))
