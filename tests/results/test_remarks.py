"""What a reader must know beside the tables is said, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stats.synthetic import over

from lossbench import Comparison, get_loss
from lossbench.remark import Remark, Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks import FEW_SEEDS, across, closing, diverged, notes, shortened, skipped
from lossbench.run.state import Gap
from lossbench.schema import three
from lossbench.stats.findings import Findings
from lossbench.stats.ranks import rank_losses
from lossbench.training.native import fault
from lossbench.training.optimisers import parse_optimiser


def about(comparison: Comparison, topic: Topic, folder: Path | None = None) -> list[str]:
    """Return what is said on one topic."""
    return [words(remark) for remark in made(comparison, folder) if remark.topic is topic]


def made(comparison: Comparison, folder: Path | None) -> list[Remark]:
    """Return all remarks but those on ranks and rates."""
    return [*notes(comparison), *closing(comparison, folder)]


def test_every_skipped_loss_is_named_with_its_reason(comparison: Comparison) -> None:
    """A loss left out of a data set is said once, with data set and reason."""
    lines = list(map(words, skipped(comparison.experiment.skipped)))
    assert lines == about(comparison, Topic.SKIPPED)
    assert len(lines) == len(comparison.experiment.skipped) == 1
    assert "huber:delta=1.35 on iris" in lines[0]


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


def test_few_seeds_are_warned_of(comparison: Comparison) -> None:
    """The warning names the way out; enough seeds are not warned of."""
    (line,) = about(comparison, Topic.FEW_SEEDS)
    assert "--seeds 10" in line
    settings = replace(comparison.experiment.settings, seeds=tuple(range(FEW_SEEDS)))
    enough = replace(comparison, experiment=replace(comparison.experiment, settings=settings))
    assert about(enough, Topic.FEW_SEEDS) == []
    assert about(comparison, Topic.NOT_KEPT) == []


def test_pairs_without_a_row_are_told_of(comparison: Comparison) -> None:
    """How many of how many are kept, where there are more losses than all of whose pairs are; else nothing."""
    assert about(comparison, Topic.PAIRS) == []
    (line,) = map(words, shortened(Findings(over(2, 32, seeds=3))))
    assert "comparisons.csv has 932 of 992 pairs" in line  # the first loss is among the best 30 of no table


def test_a_gpu_is_told_to_be_untried(comparison: Comparison) -> None:
    """Nobody has run the tests on one; who trains there must know."""
    assert about(comparison, Topic.UNTRIED) == []
    manner = replace(comparison.manner, engine="fused", device="cuda")
    (line,) = about(replace(comparison, manner=manner), Topic.UNTRIED)
    assert "experimental: never run on a GPU" in line


def test_the_folder_is_named_where_there_is_one(comparison: Comparison) -> None:
    """Which file to open is said last."""
    assert words(made(comparison, Path("results/x"))[-1]).split()[:2] == ["open", "results/x/report.html"]
    assert about(comparison, Topic.FILES) == []


@pytest.mark.skipif(bool(fault()), reason="the compiled engine is not there to be asked for")
def test_who_trains_without_gradients_is_told(comparison: Comparison) -> None:
    """Where the compiled engine leaves an optimiser, or a head of cosines, to the fused one, and nowhere else."""
    setup, manner = comparison.experiment.setups[0], comparison.manner
    evolving = replace(setup, optimisers={"es": parse_optimiser("es")})
    changed = replace(comparison, experiment=replace(comparison.experiment, setups=(evolving,)))
    for engine, said in (("native", True), ("fused", False)):
        told = [words(one) for one in closing(replace(changed, manner=replace(manner, engine=engine)), None)]
        assert any(line.startswith("engine   es: trained by the fused") for line in told) == said
        turning = replace(setup, losses={"proxy": get_loss("proxy")})
        changed_too = replace(comparison, experiment=replace(comparison.experiment, setups=(turning,)))
        told = [words(one) for one in closing(replace(changed_too, manner=replace(manner, engine=engine)), None)]
        assert any(line.startswith("engine   proxy: trained by the fused") for line in told) == said
        plain = replace(comparison, manner=replace(manner, engine=engine))
        assert not any(words(one).startswith("engine") for one in closing(plain, None))


def test_the_notes_of_the_data_are_handed_on(comparison: Comparison) -> None:
    """What was done to a table on the way in reaches the reader."""
    note = Topic.NO_TARGET(column="y", rows=2)
    first = comparison.experiment.setups[0]
    noted = replace(first, dataset=replace(first.dataset, notes=(note,)))
    experiment = replace(comparison.experiment, setups=(noted,))
    (line,) = about(replace(comparison, experiment=experiment), Topic.DATA)
    assert line == f"data     diabetes: {words(note)}"


def test_what_is_missing_is_said_first(comparison: Comparison) -> None:
    """A run that was cut short says which seeds of which data set are left out."""
    gaps = (Gap("iris", (2, 3), 40),)
    first = words(made(replace(comparison, gaps=gaps), None)[0])
    assert first.startswith("partial  iris: 40 trainings are not done, so seeds 2, 3 are left out")


def test_what_came_from_earlier_runs_is_counted(comparison: Comparison) -> None:
    """The time of a run that took most of its trainings from the store explains itself."""
    (line,) = about(replace(comparison, cached=5), Topic.TIME)
    assert line.endswith("5 of them taken from earlier runs")
    assert "earlier" not in about(comparison, Topic.TIME)[0]


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
