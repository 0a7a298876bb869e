"""What there is to remark on a run: how its losses rank, what was left out, what to mind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lossbench.metrics.gallery import COLLAPSED
from lossbench.plan.experiment import Experiment
from lossbench.plan.fit.losses import Skip
from lossbench.plan.protocol import Own
from lossbench.remark import Remark, Topic
from lossbench.run.state import Gap
from lossbench.schema import SETTING, is_own, three
from lossbench.spec import title
from lossbench.stats.pairs import BEST
from lossbench.stats.tuning import disagreements
from lossbench.stats.verdicts import APART
from lossbench.training.module.model import ModuleModel
from lossbench.training.native.library import fault

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.results.comparison import Comparison
    from lossbench.stats.findings import Findings
    from lossbench.stats.row_scores import RowScores

FEW_SEEDS = 10  # below, an interval over seeds is mostly Student's t and says little


def remarks(comparison: Comparison) -> Iterator[Remark]:
    """Yield everything that is said below the tables, and is the same in every run."""
    yield from tuned(comparison.tuning, comparison.summary, comparison.arms)
    yield from searched(comparison.budget)
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


def shares(parts: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield which shares of the gradient the parts of each sum of losses have, at the least contaminated share.

    Where several networks, optimisers or rates are compared, the mean over these.
    """
    if parts is None:
        return
    clean = parts[parts.outlier_fraction == parts.groupby("dataset").outlier_fraction.transform("min")]
    for (dataset, loss), rows in clean.groupby(["dataset", "loss"], sort=False):
        ends = (rows.epoch.min(), rows.epoch.max())
        first, last = (rows[rows.epoch == end].groupby("part", sort=False)["mean"].mean() for end in ends)
        if first.notna().all() and last.notna().all():
            told = tuple((name, float(first[name]), float(last[name])) for name in first.index)
            yield Topic.SHARES(dataset=dataset, loss=loss, parts=told)


def ended(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings ended early under each loss, and after how many epochs, for each schedule."""
    known = trials[trials.epochs_trained.notna()]
    for (dataset, schedule), rows in known.groupby(["dataset", "schedule"], sort=False):
        losses = tuple(
            (loss, int((mine.epochs_trained < mine.epochs).sum()), len(mine), float(mine.epochs_trained.median()))
            for loss, mine in rows.groupby("loss", sort=False)
        )
        yield Topic.ENDED(dataset=dataset, schedule=schedule, epochs=int(rows.epochs.iloc[0]), losses=losses)


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
    if comparison.manner.engine == "native" and (evolving := without_gradients(comparison.experiment)):
        yield Topic.BY_TORCH(optimisers=evolving)
    if comparison.manner.engine == "native" and (models := modules(comparison.experiment)):
        yield Topic.MODULES(models=tuple(models))
    if comparison.manner.engine == "native" and (losses := of_cosines(comparison.experiment)):
        yield Topic.COSINES(losses=losses)
    seconds = comparison.seconds["wall"]
    yield Topic.TIME(trials=len(comparison.trials), seconds=seconds, cached=comparison.cached)
    if folder is not None:
        if replaced:
            yield Topic.REPLACED(command=replaced)
        yield Topic.FILES(folder=folder)


def modules(experiment: Experiment) -> dict[str, ModuleModel]:
    """Return the networks that are modules of torch, by their specs."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.models.items()}
    return {spec: one for spec, one in found.items() if isinstance(one, ModuleModel)}


def one_by_one(experiment: Experiment) -> Iterator[Remark]:
    """Yield which networks are not trained many at once, and why; each of several data sets says it once."""
    for setup in experiment.setups:
        for spec, model in setup.models.items():
            if isinstance(model, ModuleModel) and model.fault:
                yield Topic.ONE_BY_ONE(model=spec, fault=model.fault)


def without_gradients(experiment: Experiment) -> tuple[str, ...]:
    """Return the optimisers that follow no gradient."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.optimisers.items()}
    return tuple(spec for spec, one in found.items() if one.children)


def of_cosines(experiment: Experiment) -> tuple[str, ...]:
    """Return the losses that train a vector for each class."""
    found = {spec: one for setup in experiment.setups for spec, one in setup.losses.items()}
    return tuple(spec for spec, one in found.items() if one.record.head == "cosine")


def across(ranks: pd.DataFrame) -> Iterator[Remark]:
    """Yield the average ranks of the losses of each task over its data sets, and what they show.

    Data sets are the unit here, so a few of them show nothing, however many seeds there are.
    """
    several = ranks[(ranks.data_sets > 1) & (ranks.losses > 1)]
    for _, rows in several.groupby(["task", "view"], sort=False):
        if rows.loss.is_unique:  # else there are several settings, of which a line each would say little
            yield ranked(rows)
            placed = rows.dropna(subset="letters").sort_values("average_rank", kind="stable")
            if len(placed):
                yield Topic.PLACES(places=standing(placed))
            yield from skilled(rows.dropna(subset="skill"))


def ranked(rows: pd.DataFrame) -> Remark:
    """Return how the losses of one task rank, best first, and which differ from the first loss."""
    order = rows.dropna(subset="average_rank").sort_values("average_rank", kind="stable")
    decided = rows[rows.verdict.isin(APART)]
    return Topic.RANKS(
        task=rows.task.iloc[0],
        datasets=rows.data_sets.iloc[0],
        needed=rows.data_sets_needed.max(),
        order=standing(order),
        decided=tuple(zip(decided.loss, decided.verdict, strict=True)),
        absent=tuple(rows.loss[rows.average_rank.isna()]),
    )


def standing(rows: pd.DataFrame) -> tuple[tuple[str, float, str], ...]:
    """Return name, mean rank and letters of each loss; no letters for too few data sets."""
    letters = [one if isinstance(one, str) else "" for one in rows.letters]
    return tuple(zip(rows.loss, rows.average_rank, letters, strict=True))


def skilled(rows: pd.DataFrame) -> Iterator[Remark]:
    """Yield the skill of the best loss of one task and of the first, over its data sets."""
    if not len(rows):
        return
    best, first = rows.skill == rows.skill.max(), rows.loss == rows.reference
    who = np.select([best & first, best, first], ["best and first", "best", "first"], "")
    chosen = rows.assign(who=who)[best | first].sort_values("who", kind="stable")
    shown = chosen[["who", "loss", *three("skill")]].itertuples(index=False, name=None)
    yield Topic.SKILLS(task=rows.task.iloc[0], runs=rows.runs.iloc[0], shown=tuple(shown))


def partial(gaps: Iterable[Gap]) -> Iterator[Remark]:
    """Yield what is missing of a run that was cut short."""
    return (Topic.PARTIAL(**vars(gap)) for gap in gaps)


def looked(correction: float) -> Iterator[Remark]:
    """Yield how verdicts are corrected where they were made more than once."""
    if correction > 1.0:
        yield Topic.LOOKS(correction=correction)


def shortened(findings: Findings) -> Iterator[Remark]:
    """Yield how many pairs have a row of their own, where there are too many losses for all."""
    if any(len(one.group.losses) > BEST for one in findings.judged):
        tested = sum(len(one.pairs["verdict"]) for one in findings.judged)
        yield Topic.PAIRS(kept=len(findings.comparisons), tested=tested, best=BEST)


def protocols(own: Iterable[Own]) -> Iterator[Remark]:
    """Yield what data sets have of their own."""
    return (Topic.PROTOCOL(**vars(one)) for one in own)


def skipped(skips: Iterable[Skip]) -> Iterator[Remark]:
    """Yield the losses that do not fit some of the data sets, and why."""
    return (Topic.SKIPPED(**vars(skip)) for skip in skips)


def failed(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield which losses failed, where and why: once for each loss and data set, and no reason twice."""
    groups = trials[trials.status == "failed"].groupby(["dataset", "loss"], sort=False)
    yield from dict.fromkeys(Topic.FAILED(failure=rows.failure.iloc[0]) for _, rows in groups)


def custom_losses(experiment: Experiment) -> Iterator[Remark]:
    """Yield what must be known about custom losses, each remark once."""
    found = (
        Topic.LOSS(loss=loss.title, remark=remark)
        for setup in experiment.setups
        for loss in setup.losses.values()
        for remark in loss.record.notes
    )
    yield from dict.fromkeys(found)


def in_training(warned: Mapping[str, tuple[str, ...]]) -> Iterator[Remark]:
    """Yield what losses warned of while they trained."""
    for warning, specs in warned.items():
        yield Topic.LOSS(loss=", ".join(map(title, specs)), remark=Topic.TORCH_WARNS(warning=warning))


def diverged(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings diverged under which losses, for each data set."""
    gone = trials[trials.status == "diverged"]
    for dataset, rows in gone.groupby("dataset", sort=False):
        counts = tuple((loss, len(mine)) for loss, mine in rows.groupby("loss", sort=False))
        yield Topic.DIVERGED(dataset=dataset, counts=counts)


def undefined(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield for which seeds of a data set trainings ended well, and none has a score all the same."""
    for (dataset, score), rows in trials[trials.status == "ok"].groupby(["dataset", "score"], sort=False):
        known = rows[score].notna().groupby(rows.seed).any()
        if not known.all():
            yield Topic.UNDEFINED(dataset=dataset, score=score, seeds=tuple(known.index[~known].tolist()))


def by_seeds(trials: pd.DataFrame, summary: pd.DataFrame, contributed: RowScores | None) -> Iterator[Remark]:
    """Yield which tables are judged over seeds, since rows contribute nothing to a score of the run's own."""
    tables = set(trials.dataset[trials.sampling == "resplit"]) if contributed else set()
    first = summary.drop_duplicates("dataset")
    for dataset, score, unit in zip(first.dataset, first.score, first.unit, strict=True):
        if dataset in tables and unit == "seed" and is_own(score):
            yield Topic.BY_SEEDS(dataset=dataset, score=score)


def collapsed(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings ended with embeddings that are all alike, under which losses, for each data set."""
    gone = trials[trials.spread.notna() & (trials.spread < COLLAPSED)]
    for dataset, rows in gone.groupby("dataset", sort=False):
        counts = tuple((loss, len(mine)) for loss, mine in rows.groupby("loss", sort=False))
        yield Topic.COLLAPSED(dataset=dataset, counts=counts, spread=COLLAPSED)


def tuned(tuning: pd.DataFrame | None, summary: pd.DataFrame, arms: Mapping[str, str]) -> Iterator[Remark]:
    """Yield where the best rate is at the edge of the grid, and where tuning changes a verdict."""
    if tuning is None:
        return
    yield from at_edges(tuning)
    shown = ["loss", "verdict", "lr", "verdict_tuned"]
    for dataset, rows in disagreements(summary, arms).groupby("dataset", sort=False):
        losses = tuple(rows[shown].itertuples(index=False, name=None))
        yield Topic.DISAGREE(dataset=dataset, losses=losses)


def searched(budget: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield how the verdicts of each table move with the number of settings that were tried."""
    if budget is None:
        return
    shared = [name for name in SETTING if name != "lr"]
    apart = [name for name in shared if budget.groupby("dataset")[name].nunique().max() > 1]
    for (dataset, *_), rows in budget.groupby(["dataset", *shared], sort=False):
        others = rows[rows.loss != rows.reference]
        verdicts = tuple((loss, tuple(mine.verdict)) for loss, mine in others.groupby("loss", sort=False))
        about = {"setting": rows[apart].iloc[0].to_dict(), "reference": rows.reference.iloc[0]}
        sizes = tuple(rows.settings.unique().tolist())
        yield Topic.SEARCH(dataset=dataset, sizes=sizes, verdicts=verdicts, **about)


def decided(trials: pd.DataFrame, views: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield how class thresholds were chosen, if not by the links, and where that changes a verdict."""
    chosen = trials[trials.threshold_by.notna()]
    if not len(chosen):
        return
    apart = () if views is None else tuple(views[views.agreement == "disagree"].groupby("dataset", sort=False))
    shown = ["loss", "lr", "verdict", "verdict_at_link"]
    yield Topic.THRESHOLD(
        score=chosen.threshold_by.iloc[0],
        datasets=tuple(chosen.dataset.unique().tolist()),
        losses=tuple(
            (name, tuple(dict.fromkeys(rows[shown].itertuples(index=False, name=None)))) for name, rows in apart
        ),
    )


def at_edges(tuning: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield, once for a run, where the best rate is the smallest or the largest of the grid."""
    if tuning is not None and tuning.at_edge.any():
        groups = tuning[tuning.at_edge].groupby("dataset", sort=False)
        yield Topic.EDGE(
            rates=tuple((dataset, tuple(zip(rows.loss, rows.lr, strict=True))) for dataset, rows in groups)
        )
    if tuning is not None and "grid" in tuning:
        last = tuning[tuning.parameter_at_edge.astype(bool)].groupby("dataset", sort=False)
        yield from (Topic.VALUE_EDGE(dataset=name, losses=tuple(rows.loss)) for name, rows in last)
        sizes = tuning.assign(loss=tuning.grid.fillna(tuning.loss)).groupby(["dataset", "loss"], sort=False).size()
        for name, mine in sizes.groupby("dataset", sort=False):
            yield Topic.SETTINGS(
                dataset=name, counts=tuple(zip(mine.index.get_level_values("loss"), mine, strict=True))
            )
