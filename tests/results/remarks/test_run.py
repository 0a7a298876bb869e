"""What a reader must know beside the tables is said, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lossbench import Comparison
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks.run import FEW_SEEDS
from lossbench.run.state import Gap
from results.remarks.about import about, made


def test_few_seeds_are_warned_of(comparison: Comparison) -> None:
    """The warning names the way out; enough seeds are not warned of."""
    (line,) = about(comparison, Topic.FEW_SEEDS)
    assert "10 seeds" in line
    settings = replace(comparison.experiment.settings, seeds=tuple(range(FEW_SEEDS)))
    enough = replace(comparison, experiment=replace(comparison.experiment, settings=settings))
    assert about(enough, Topic.FEW_SEEDS) == []
    assert about(comparison, Topic.NOT_KEPT) == []


def test_a_gpu_is_told_to_be_untried(comparison: Comparison) -> None:
    """Nobody has run the tests on one; who trains there must know."""
    assert about(comparison, Topic.UNTRIED) == []
    manner = replace(comparison.manner, engine="fused", device="cuda")
    (line,) = about(replace(comparison, manner=manner), Topic.UNTRIED)
    assert "experimental: lossbench was never run on a GPU" in line


def test_the_folder_is_named_where_there_is_one(comparison: Comparison) -> None:
    """Which file to open is said last."""
    assert words(made(comparison, Path("results/x"))[-1]).split()[:2] == ["open", "results/x/report.html"]
    assert about(comparison, Topic.FILES) == []


def test_what_is_missing_is_said_first(comparison: Comparison) -> None:
    """A run that was cut short says which seeds of which data set are left out."""
    gaps = (Gap("iris", (2, 3), 40),)
    first = words(made(replace(comparison, gaps=gaps), None)[0])
    assert first.startswith("partial  iris: 40 trainings are not done, so seeds 2-3 are left out")


def test_what_came_from_earlier_runs_is_counted(comparison: Comparison) -> None:
    """The time of a run that took trainings from the store is that of the others, to tune and left out too."""
    count = len(comparison.trials)

    def time(**changes: object) -> str:
        (line,) = about(replace(comparison, **changes), Topic.TIME)
        return line

    assert time().startswith(f"time     {count} trainings in ")
    assert "earlier" not in time()
    assert time(cached=5).startswith(f"time     {count - 5} trainings in ")
    assert time(cached=5).endswith("a second; 5 more are taken from earlier runs")
    assert time(cached=count).endswith(f" s: all {count} trainings are taken from earlier runs")
    tuned = replace(comparison.experiment, tuning=comparison.experiment.trials[:7])
    assert time(experiment=tuned).startswith(f"time     {count + 7} trainings in ")
    assert time(gaps=(Gap("iris", (2, 3), 4),)).startswith(f"time     {count - 4} trainings in ")
