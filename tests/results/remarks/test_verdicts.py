"""How verdicts were made is said where it is not as usual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from stats.synthetic import over

from lossbench import Comparison
from lossbench.data import load_dataset
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks.verdicts import FEW_POSITIVES, pairs_left_out, too_narrow
from lossbench.stats.findings import Findings
from results.remarks.about import about


def test_pairs_without_a_row_are_told_of(comparison: Comparison) -> None:
    """How many of how many are kept, where there are more losses than all of whose pairs are; else nothing."""
    assert about(comparison, Topic.PAIRS) == []
    (line,) = map(words, pairs_left_out(Findings(over(2, 32, seeds=3))))
    assert "comparisons.csv has 932 of 992 pairs" in line  # the first loss is among the best 30 of no table


@pytest.mark.parametrize(
    ("score", "positives", "unit", "topics"),
    [
        ("roc_auc", FEW_POSITIVES - 1, "row", [Topic.FEW_POSITIVES]),
        ("recall", FEW_POSITIVES - 1, "row", [Topic.FEW_POSITIVES]),
        ("recall", FEW_POSITIVES, "group", [Topic.THRESHOLD_MOVES]),
        ("roc_auc", FEW_POSITIVES, "row", []),
        ("accuracy", FEW_POSITIVES - 1, "row", []),
        ("recall", FEW_POSITIVES - 1, "seed", []),
    ],
)
def test_an_interval_that_may_be_too_narrow_is_told_of(
    score: str, positives: int, unit: str, topics: list[Topic]
) -> None:
    """Over rows, where a score hangs on few positives or on the threshold; over seeds intervals are wide."""
    table = load_dataset("breast_cancer")
    rare = replace(table, target=(np.arange(table.rows) < positives).astype(int))
    summary = pd.DataFrame({"dataset": [table.name], "score": [score], "unit": [unit]})
    assert [remark.topic for remark in too_narrow([rare, load_dataset("iris")], summary)] == topics
