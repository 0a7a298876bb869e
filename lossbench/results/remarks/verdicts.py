"""Remarks on verdicts: how they were made, and which choices change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lossbench.plan.search import ADAPTIVE
from lossbench.remark import Remark, Topic
from lossbench.schema import SETTING, is_own
from lossbench.stats.pairs import BEST
from lossbench.stats.tuning import disagreements

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.data.dataset import Dataset
    from lossbench.stats.findings import Findings
    from lossbench.stats.row_scores import RowScores

FEW_POSITIVES = 100
"""With fewer positive rows in a table, a loss may learn them on one table and not on another of the same law."""

ON_POSITIVES = ("f1", "precision", "recall", "balanced_accuracy", "roc_auc", "average_precision")
"""Scores in which the positive rows count as much as all others together."""


def correction_for_looks(correction: float) -> Iterator[Remark]:
    """Yield how verdicts are corrected for repeated looks."""
    if correction > 1.0:
        yield Topic.LOOKS(correction=correction)


def pairs_left_out(findings: Findings) -> Iterator[Remark]:
    """Yield how many of the tested pairs are listed, if there are too many losses to list all."""
    if any(len(one.group.losses) > BEST for one in findings.judged):
        tested = sum(len(one.pairs["verdict"]) for one in findings.judged)
        yield Topic.PAIRS(kept=len(findings.comparisons), tested=tested, best=BEST)


def by_seeds(trials: pd.DataFrame, summary: pd.DataFrame, contributed: RowScores | None) -> Iterator[Remark]:
    """Yield which tables are judged over seeds, since their custom score has no contributions of rows."""
    tables = set(trials.dataset[trials.sampling == "resplit"]) if contributed else set()
    first = summary.drop_duplicates("dataset")
    for dataset, score, unit in zip(first.dataset, first.score, first.unit, strict=True):
        if dataset in tables and unit == "seed" and is_own(score):
            yield Topic.BY_SEEDS(dataset=dataset, score=score)


def too_narrow(datasets: Iterable[Dataset], summary: pd.DataFrame) -> Iterator[Remark]:
    """Yield which intervals over rows may be too narrow, since no table shows what other training rows would do.

    `tests/other_rows.py` tries it where the truth is known.
    """
    units = summary.drop_duplicates("dataset").set_index("dataset")
    for dataset in datasets:
        if dataset.task != "binary" or dataset.name not in units.index or units.unit[dataset.name] == "seed":
            continue
        positives, about = int(dataset.target.sum()), {"dataset": dataset.name, "score": units.score[dataset.name]}
        if positives < FEW_POSITIVES and about["score"] in ON_POSITIVES:
            yield Topic.FEW_POSITIVES(**about, positives=positives)
        elif about["score"] in ("precision", "recall"):
            yield Topic.THRESHOLD_MOVES(**about)


def tuning_effects(
    tuning: pd.DataFrame | None, summary: pd.DataFrame, arms: Mapping[str, str]
) -> Iterator[Remark]:
    """Yield where the best rate is at the edge of the grid, and where tuning changes a verdict."""
    if tuning is None:
        return
    yield from at_edges(tuning)
    shown = ["loss", "verdict", "lr", "verdict_tuned"]
    for dataset, rows in disagreements(summary, arms).groupby("dataset", sort=False):
        losses = tuple(rows[shown].itertuples(index=False, name=None))
        yield Topic.DISAGREE(dataset=dataset, losses=losses)


def at_edges(tuning: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield, once for a run, where the best rate or value is at the edge of the grid."""
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


def verdicts_by_budget(budget: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield how the verdicts of each table change with the number of settings tried."""
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


def adaptive_search(sampler: str) -> Iterator[Remark]:
    """Yield what intervals leave out if the settings were proposed from scores on the tuning seeds."""
    if sampler == ADAPTIVE:
        yield Topic.PROPOSED()


def chosen_thresholds(trials: pd.DataFrame, views: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield how class thresholds were chosen on validation, and where that changes a verdict."""
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
