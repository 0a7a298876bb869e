"""Trainings that did not go well are counted, and nothing is said of others."""

from __future__ import annotations

from lossbench import Comparison
from lossbench.report.words.remark import words
from lossbench.results.remarks.training import diverged


def test_divergences_are_counted_by_data_set_and_loss(comparison: Comparison) -> None:
    """A data set with divergence has one line, which names each loss and how many of its trainings went."""
    gone = comparison.trials[comparison.trials.status == "diverged"]
    lines = list(map(words, diverged(comparison.trials)))
    assert len(lines) == gone.dataset.nunique()
    for (dataset, loss), rows in gone.groupby(["dataset", "loss"]):
        (line,) = (line for line in lines if dataset in line)
        assert f" {loss} {len(rows)}" in line


def test_nothing_is_said_where_nothing_diverged(comparison: Comparison) -> None:
    """A clean run has no note of divergence."""
    assert list(diverged(comparison.trials[comparison.trials.status == "ok"])) == []
