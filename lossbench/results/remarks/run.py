"""All remarks on a run, in the order in which they are printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.remark import Remark, Topic
from lossbench.results.remarks.across import across
from lossbench.results.remarks.experiment import (
    by_torch,
    custom_losses,
    one_by_one,
    protocols,
    skipped,
)
from lossbench.results.remarks.training import (
    collapsed,
    diverged,
    ended_early,
    failed,
    partial,
    shares,
    undefined,
    warnings_in_training,
)
from lossbench.results.remarks.verdicts import (
    adaptive_search,
    by_seeds,
    chosen_thresholds,
    correction_for_looks,
    pairs_left_out,
    too_narrow,
    tuning_effects,
    verdicts_by_budget,
)
from lossbench.training.native.library import fault

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison

FEW_SEEDS = 10  # with fewer, an interval over seeds is dominated by the t quantile and says little


def remarks(comparison: Comparison) -> Iterator[Remark]:
    """Yield the remarks below the tables that repeat with every run of the same experiment."""
    yield from tuning_effects(comparison.tuning, comparison.summary, comparison.arms)
    yield from verdicts_by_budget(comparison.budget)
    yield from adaptive_search(comparison.experiment.settings.sampler)
    yield from chosen_thresholds(comparison.trials, comparison.thresholds)
    yield from across(comparison.ranks)
    yield from notes(comparison)


def notes(comparison: Comparison) -> Iterator[Remark]:
    """Yield the notes that a reader of the results needs."""
    experiment, trials = comparison.experiment, comparison.trials
    if comparison.merged and comparison.merged.missing:
        yield Topic.SHARDS(missing=comparison.merged.missing, count=comparison.merged.count)
    yield from partial(comparison.gaps)
    yield from protocols(experiment.own)
    for dataset in experiment.datasets:
        for remark in dataset.notes:
            yield Topic.DATA(dataset=dataset.name, remark=remark)
    yield from skipped(experiment.skipped)
    yield from dict.fromkeys(one_by_one(experiment))
    yield from dict.fromkeys([*custom_losses(experiment), *warnings_in_training(comparison.warned)])
    yield from failed(trials)
    yield from diverged(trials)
    yield from undefined(trials)
    yield from by_seeds(trials, comparison.summary, comparison.contributed)
    yield from too_narrow(experiment.datasets, comparison.summary)
    yield from collapsed(trials)
    yield from shares(comparison.parts)
    yield from ended_early(trials)
    yield from correction_for_looks(comparison.correction)
    yield from pairs_left_out(comparison)
    if len(experiment.settings.seeds) < FEW_SEEDS:
        yield Topic.FEW_SEEDS(enough=FEW_SEEDS)


def run_remarks(comparison: Comparison, folder: Path | None, replaced: str = "") -> Iterator[Remark]:
    """Yield the remarks on this one run: warnings, time, files.

    Args:
        comparison: the run.
        folder: of its files; None if none were written.
        replaced: the command of another run whose files were replaced; empty if there was none.
    """
    if comparison.note:
        yield Topic.NOT_KEPT(reason=comparison.note)
    if comparison.manner.device != "cpu":
        yield Topic.UNTRIED()
    if comparison.manner.engine == "fused" and comparison.manner.device == "cpu" and (reason := fault()):
        yield Topic.NOT_COMPILED(reason=reason)
    if comparison.manner.engine == "native":
        yield from by_torch(comparison.experiment)
    seconds = comparison.seconds["wall"]
    yield Topic.TIME(trained=comparison.trained, seconds=seconds, cached=comparison.cached)
    if folder is not None:
        if replaced:
            yield Topic.REPLACED(command=replaced)
        yield Topic.FILES(folder=folder)
