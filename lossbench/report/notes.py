"""What is said in words: how to read the tables, what was left out, what to mind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.plan.experiment import Experiment
from lossbench.run.state import Gap
from lossbench.stats.tuning import disagreements

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.results.comparison import Comparison

LEGEND = (
    "abc        losses that share a letter cannot be told apart, by Holm-corrected tests of all pairs",
    "vs         the first loss, by Holm-corrected paired tests: + better, - worse, = equivalent, ~ open",
    "±          half of the 95 % interval over the n seeds, corrected for splits that share rows",
    "to target  epochs to 95 % of the way from a constant predictor to scikit-learn's linear model, on",
    "           validation: median [95 % interval]; a/b: only a of b seeds got there",
    "plateau    epochs after which the validation score gains less than 1 % of skill, likewise",
    "robust     area under the curve of skill over contaminated shares, relative to clean skill",
    "n          seeds; a/b: only a of b ended well",
)

FEW_SEEDS = 10  # below, an interval over seeds is mostly Student's t and says little


def remarks(comparison: Comparison) -> Iterator[str]:
    """Yield everything that is said in words below the tables, and is the same in every run."""
    yield from tuned(comparison.tuning, comparison.summary)
    yield from across(comparison.ranks)
    yield from notes(comparison)


def across(ranks: pd.DataFrame) -> Iterator[str]:
    """Yield the average ranks of the losses of each task over its data sets, and what they show.

    Data sets are the unit here, so a few of them show nothing, however many seeds there are.
    """
    several = ranks[(ranks.data_sets > 1) & (ranks.losses > 1)]
    for _, rows in several.groupby(["task", "view"], sort=False):
        if rows.loss.is_unique:  # else there are several settings, of which a line each would say little
            yield rank_line(rows)


def rank_line(rows: pd.DataFrame) -> str:
    """Say how the losses of one task ranked, best first, and what that shows."""
    sets, needed = rows.data_sets.iloc[0], rows.data_sets_needed.max()
    ranked = rows.dropna(subset="average_rank").sort_values("average_rank")
    absent = ", ".join(rows.loss[rows.average_rank.isna()])
    order = ", ".join(f"{loss} {rank:.1f}" for loss, rank in zip(ranked.loss, ranked.average_rank, strict=True))
    decided = rows[rows.verdict.isin(["better", "worse"])]
    told = ", ".join(f"{loss} {word}" for loss, word in zip(decided.loss, decided.verdict, strict=True))
    few = f"too few data sets to tell, {needed} could" if sets < needed else ""
    shown = few or told or "none told from the first loss"
    left_out = f"; left out, since not on every data set: {absent}" if absent else ""
    return f"ranks    {ranked.task.iloc[0]}, mean over {sets} data sets: {order}; {shown}{left_out}"


def notes(comparison: Comparison) -> Iterator[str]:
    """Yield what a reader of the tables must know besides."""
    experiment, trials = comparison.experiment, comparison.trials
    yield from partial(comparison.gaps)
    for dataset in experiment.datasets:
        for note in dataset.notes:
            yield f"data     {dataset.name}: {note}"
    yield from skipped(experiment)
    yield from own_losses(experiment)
    yield from failed(trials)
    yield from diverged(trials)
    if len(experiment.settings.seeds) < FEW_SEEDS:
        yield "warning  so few seeds tell only large differences from chance; choose by --seeds 10 or more"


def closing(comparison: Comparison, folder: Path | None) -> Iterator[str]:
    """Yield what is only true of this run.

    Args:
        comparison: a finished one.
        folder: where the files lie; None if none were written.
    """
    if comparison.note:
        yield f"warning  results are not kept for other runs: {comparison.note}"
    cached = f", {comparison.cached} of them taken from earlier runs" if comparison.cached else ""
    trials, rate = len(comparison.trials), len(comparison.trials) / comparison.seconds["wall"]
    yield f"time     {trials} trainings in {comparison.seconds['wall']:.1f} s, {rate:.0f} a second{cached}"
    if folder is not None:
        yield f"files    {folder}"


def partial(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield what is missing of a run that was cut short."""
    for gap in gaps:
        seeds = ", ".join(map(str, gap.seeds))
        yield (
            f"partial  {gap.dataset}: {gap.trials} trainings are not done, so seeds {seeds} are left out; "
            "the same command goes on from there"
        )


def failed(trials: pd.DataFrame) -> Iterator[str]:
    """Yield which losses failed, where and why; a line a loss and data set."""
    for (_, _), rows in trials[trials.status == "failed"].groupby(["dataset", "loss"], sort=False):
        yield f"failed   {rows.failure.iloc[0]}"


def skipped(experiment: Experiment) -> Iterator[str]:
    """Yield the losses that do not fit some of the data sets, and why."""
    for skip in experiment.skipped:
        yield f"skipped  {skip.loss} on {skip.dataset}: {skip.reason}"


def own_losses(experiment: Experiment) -> Iterator[str]:
    """Yield what must be known about losses of the user's own; each remark once."""
    remarks = (
        f"note     {loss.title}: {remark}"
        for setup in experiment.setups
        for loss in setup.losses.values()
        for remark in loss.record.notes
    )
    yield from dict.fromkeys(remarks)


def diverged(trials: pd.DataFrame) -> Iterator[str]:
    """Yield how many trainings diverged under which losses; a line a data set."""
    gone = trials[trials.status == "diverged"]
    for dataset, rows in gone.groupby("dataset", sort=False):
        counts = ", ".join(f"{loss} {len(mine)}" for loss, mine in rows.groupby("loss", sort=False))
        yield f"diverged {dataset}, trainings: {counts}; a smaller --lr may help"


def tuned(tuning: pd.DataFrame | None, summary: pd.DataFrame) -> Iterator[str]:
    """Yield where the best rate is at the edge of the grid, and where tuning changes a verdict."""
    if tuning is None:
        return
    for dataset, rows in tuning[tuning.at_edge].groupby("dataset", sort=False):
        arms = ", ".join(f"{loss} {lr:g}" for loss, lr in zip(rows.loss, rows.lr, strict=True))
        yield f"warning  {dataset}: best rates at the edge of the grid, a wider --lr may do better: {arms}"
    for dataset, rows in disagreements(summary).groupby("dataset", sort=False):
        changes = "; ".join(
            f"{row.loss} is {row.verdict} at lr {row.lr:g}, {row.verdict_tuned} at its own"
            for row in rows.itertuples()
        )
        yield f"disagree {dataset}: {changes}"
