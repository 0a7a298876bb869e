"""How verdicts were made is said where it is not as usual."""

from __future__ import annotations

from stats.synthetic import over

from lossbench import Comparison
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks.verdicts import pairs_left_out
from lossbench.stats.findings import Findings
from results.remarks.about import about


def test_pairs_without_a_row_are_told_of(comparison: Comparison) -> None:
    """How many of how many are kept, where there are more losses than all of whose pairs are; else nothing."""
    assert about(comparison, Topic.PAIRS) == []
    (line,) = map(words, pairs_left_out(Findings(over(2, 32, seeds=3))))
    assert "comparisons.csv has 932 of 992 pairs" in line  # the first loss is among the best 30 of no table
