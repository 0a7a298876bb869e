"""Remarks on trainings: which are missing, and which failed, diverged or collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from lossbench.metrics.gallery import COLLAPSED
from lossbench.remark import Remark, Topic
from lossbench.run.state import Gap
from lossbench.spec import title

if TYPE_CHECKING:
    import pandas as pd


def partial(gaps: Iterable[Gap]) -> Iterator[Remark]:
    """Yield what an incomplete run is missing."""
    return (Topic.PARTIAL(**vars(gap)) for gap in gaps)


def failed(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield which losses failed, where and why: once for each loss and data set, without repeated reasons."""
    groups = trials[trials.status == "failed"].groupby(["dataset", "loss"], sort=False)
    yield from dict.fromkeys(Topic.FAILED(failure=rows.failure.iloc[0]) for _, rows in groups)


def warnings_in_training(warned: Mapping[str, tuple[str, ...]]) -> Iterator[Remark]:
    """Yield the warnings that losses raised in training."""
    for warning, specs in warned.items():
        yield Topic.LOSS(loss=", ".join(map(title, specs)), remark=Topic.TORCH_WARNS(warning=warning))


def diverged(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings diverged under which losses, for each data set."""
    rows_diverged = trials[trials.status == "diverged"]
    for dataset, rows in rows_diverged.groupby("dataset", sort=False):
        counts = tuple((loss, len(mine)) for loss, mine in rows.groupby("loss", sort=False))
        yield Topic.DIVERGED(dataset=dataset, counts=counts)


def undefined(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield the seeds of a data set whose trainings ended well, but all without a score."""
    for (dataset, score), rows in trials[trials.status == "ok"].groupby(["dataset", "score"], sort=False):
        known = rows[score].notna().groupby(rows.seed).any()
        if not known.all():
            yield Topic.UNDEFINED(dataset=dataset, score=score, seeds=tuple(known.index[~known].tolist()))


def collapsed(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings under which losses ended with collapsed embeddings, for each data set."""
    rows_collapsed = trials[trials.spread.notna() & (trials.spread < COLLAPSED)]
    for dataset, rows in rows_collapsed.groupby("dataset", sort=False):
        counts = tuple((loss, len(mine)) for loss, mine in rows.groupby("loss", sort=False))
        yield Topic.COLLAPSED(dataset=dataset, counts=counts, spread=COLLAPSED)


def ended_early(trials: pd.DataFrame) -> Iterator[Remark]:
    """Yield how many trainings ended early under each loss, and after how many epochs, for each schedule."""
    known = trials[trials.epochs_trained.notna()]
    for (dataset, schedule), rows in known.groupby(["dataset", "schedule"], sort=False):
        losses = tuple(
            (loss, int((mine.epochs_trained < mine.epochs).sum()), len(mine), float(mine.epochs_trained.median()))
            for loss, mine in rows.groupby("loss", sort=False)
        )
        yield Topic.ENDED(dataset=dataset, schedule=schedule, epochs=int(rows.epochs.iloc[0]), losses=losses)


def shares(parts: pd.DataFrame | None) -> Iterator[Remark]:
    """Yield the share of the gradient of each part of a sum of losses, at the smallest contaminated share.

    They are means over the networks, optimisers and rates that are compared.
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
