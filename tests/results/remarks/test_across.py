"""Several data sets say in three lines how losses rank, and too few of them decide nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from stats.synthetic import over

from lossbench import Comparison
from lossbench.report.words.remark import words
from lossbench.results.remarks.across import across
from lossbench.schema import three
from lossbench.stats.findings import Findings
from lossbench.stats.ranks import rank_losses


def ranks_of(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the ranks of a summary, of whose trainings no skill is known."""
    return rank_losses(summary).assign(**dict.fromkeys((*three("skill"), "runs"), np.nan))


def test_ranks_over_few_data_sets_decide_nothing(comparison: Comparison) -> None:
    """Each task with several data sets has a line, which says that a few are too few."""
    summary = pd.concat([comparison.summary[comparison.summary.lr == 0.01].assign(dataset=name) for name in "abc"])
    lines = list(map(words, across(ranks_of(summary[summary.task == "regression"]))))
    assert len(lines) == 1
    assert lines[0].startswith("ranks    regression, mean over 3 data sets: ")
    assert "too few data sets to tell" in lines[0]
    assert lines[0].endswith("; 3 more for a picture")
    assert list(across(comparison.ranks)) == []


def test_a_loss_without_a_rank_is_named_and_given_none(comparison: Comparison) -> None:
    """One that does not run on every data set cannot be ranked over them."""
    regression = comparison.summary[(comparison.summary.lr == 0.01) & (comparison.summary.task == "regression")]
    gone = regression.loss.iloc[-1]
    summary = pd.concat([regression.assign(dataset="a"), regression.iloc[:-1].assign(dataset="b")])
    (line,) = map(words, across(ranks_of(summary)))
    assert "nan" not in line
    assert line.endswith(f"; left out, since not on every data set: {gone}")


@pytest.mark.parametrize("data_sets", [2, 5, 6, 20])
def test_what_data_sets_say_takes_three_lines_at_most(data_sets: int) -> None:
    """Beside the ranks stand the skill of the best and the first loss, and from six data sets on a picture."""
    ranks = Findings(over(data_sets, 9)).ranks
    first, *more = map(words, across(ranks))
    assert first.startswith(f"ranks    binary, mean over {data_sets} data sets: ")
    assert ("for a picture" in first) == (data_sets < 6)
    assert len(more) == (1 if data_sets < 6 else 2)
    assert max(map(len, more)) <= 100
    assert more[-1].startswith(f"skill    binary, middle half of {10 * data_sets} trainings: best ")
    assert "first loss0 " in more[-1]
