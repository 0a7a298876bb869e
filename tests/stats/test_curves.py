"""Curves are averages over the seeds that have a score, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from lossbench.stats.findings import average_curves, average_shares
from lossbench.stats.paired import corrected_interval

from .synthetic import SHARES, score_tables, table

few = settings(max_examples=settings.default.max_examples // 10, deadline=None)
Scores = Mapping[str, np.ndarray]


@pytest.mark.parametrize(("sampling", "ratio"), [("resplit", 32 / 128), ("redrawn", 0.0)])
@few
@given(scores=score_tables(("bce", "mse")))
def test_curves_are_means_by_epoch(scores: Scores, sampling: str, ratio: float) -> None:
    """A curve is the plain mean over the seeds defined at that epoch, with the interval of those values."""
    trials = table(scores, sampling=sampling)
    values = np.random.default_rng(len(trials)).integers(0, 65, (len(trials), 4)) / 64
    curves = np.where(trials.status.to_numpy()[:, None] == "diverged", np.nan, values)
    long = pd.DataFrame(curves, columns=range(1, 5)).join(trials[["loss", "outlier_fraction"]])
    long = long.melt(["loss", "outlier_fraction"], var_name="epoch", value_name="value")
    found = average_curves(trials, list(curves)).set_index(["loss", "outlier_fraction", "epoch"])
    assert len(found) == 2 * len(SHARES) * 4
    for key, group in long.groupby(["loss", "outlier_fraction", "epoch"]).value:
        expected = corrected_interval(group.to_numpy(), ratio).of_score("accuracy")
        row = found.loc[key]
        assert row.n == group.count() == expected.n
        np.testing.assert_allclose(row["mean"], group.mean(), atol=1e-12)
        np.testing.assert_allclose([row.low, row.high], [expected.low, expected.high], atol=1e-12)


def test_curves_may_differ_in_length() -> None:
    """Every setting's curves have its own number of epochs."""
    short, long = table({"bce": np.full((2, 3), 0.5)}), table({"bce": np.full((2, 3), 0.5)}, epochs=5)
    trials = pd.concat([short.assign(epochs=2), long], ignore_index=True)
    curves = average_curves(trials, [np.zeros(epochs) for epochs in trials.epochs])
    assert curves.groupby("epochs").epoch.max().to_dict() == {2: 2, 5: 5}


@pytest.mark.parametrize(("score", "least"), [("accuracy", 0.0), ("r2", -9.0)])
def test_a_band_lies_within_what_its_score_can_be(score: str, least: float) -> None:
    """A few seeds that scatter widely have a band cut at the ends of the score; one without an end is not cut."""
    trials = table({"bce": np.full((3, 1), 0.5)}, [0.0], score=score)
    found = average_curves(trials, [np.array([0.0, 0.9]), np.array([0.5, 1.0]), np.array([1.0, 1.0])])
    assert found.high.tolist() == [1.0, 1.0]
    assert (found.low[0] == 0.0) == (least == 0.0)
    assert found.low.min() > least - 1e-9
    assert found["mean"].tolist() == pytest.approx([0.5, 2.9 / 3])


def test_a_share_of_the_gradient_lies_between_zero_and_one() -> None:
    """So does its band, whatever the score of the run can be."""
    trials = table({"sum": np.full((2, 1), 0.5)}, [0.0], score="rmse").copy()
    slopes = [np.array([[1.0], [99.0]]), np.array([[98.0], [2.0]])]
    found = average_shares(trials, slopes, [("mse", "mae")] * 2)
    assert (found.low.tolist(), found.high.tolist()) == ([0.0, 0.0], [1.0, 1.0])
