"""What is remarked on a run, in the order in which it is said."""

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
    ended,
    failed,
    in_training,
    partial,
    shares,
    undefined,
)
from lossbench.results.remarks.verdicts import by_seeds, decided, looked, proposed, searched, shortened, tuned
from lossbench.training.native.library import fault

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison

FEW_SEEDS = 10  # below, an interval over seeds is mostly Student's t and says little


def remarks(comparison: Comparison) -> Iterator[Remark]:
    """Yield everything that is said below the tables, and is the same in every run."""
    yield from tuned(comparison.tuning, comparison.summary, comparison.arms)
    yield from searched(comparison.budget)
    yield from proposed(comparison.experiment.settings.sampler)
    yield from decided(comparison.trials, comparison.thresholds)
    yield from across(comparison.ranks)
    yield from notes(comparison)


def notes(comparison: Comparison) -> Iterator[Remark]:
    """Yield what a reader of the results must know besides."""
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
    yield from dict.fromkeys([*custom_losses(experiment), *in_training(comparison.warned)])
    yield from failed(trials)
    yield from diverged(trials)
    yield from undefined(trials)
    yield from by_seeds(trials, comparison.summary, comparison.contributed)
    yield from collapsed(trials)
    yield from shares(comparison.parts)
    yield from ended(trials)
    yield from looked(comparison.correction)
    yield from shortened(comparison)
    if len(experiment.settings.seeds) < FEW_SEEDS:
        yield Topic.FEW_SEEDS(enough=FEW_SEEDS)


def closing(comparison: Comparison, folder: Path | None, replaced: str = "") -> Iterator[Remark]:
    """Yield what is only true of this run.

    Args:
        comparison: the run.
        folder: where its files lie; None where none were written.
        replaced: the command of another run whose files lay there; empty where there was none.
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
    yield Topic.TIME(trials=len(comparison.trials), seconds=seconds, cached=comparison.cached)
    if folder is not None:
        if replaced:
            yield Topic.REPLACED(command=replaced)
        yield Topic.FILES(folder=folder)
