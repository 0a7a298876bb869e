"""Accuracy against robustness: what a loss scores after clean training, and after contaminated training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.cell import Cell, cells
from lossbench.claims.trained.contrast import Match, judge_all
from lossbench.claims.trained.levels import level
from lossbench.claims.trained.outliers import skills
from lossbench.claims.trained.rank_correlation import rank_correlation
from lossbench.data import load_dataset
from lossbench.losses.registry import losses_of
from lossbench.plan.settings import make_settings

Point = tuple[float, float]

CLEAN, DIRTY = "skill after clean training", "skill after contaminated training"
CORRELATION = "rank correlation of skill after clean and after contaminated training"


def axes_of(datasets: tuple[str, ...], shares: tuple[float, ...]) -> dict[str, Any]:
    """Return what is trained: every loss of the task that is not another one by another name."""
    task = load_dataset(datasets[0]).task
    losses = [record.name for record in losses_of(task) if record.placebo is None]
    return {"datasets": list(datasets), "losses": {task: losses}, "outliers": sorted({0.0, *shares})}


def check_accuracy_robustness(
    claim: Claim,
    study: Study,
    *,
    regression: tuple[str, ...],
    binary: tuple[str, ...],
    outliers: tuple[float, ...],
) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a data set that does not exist, or a share that is out of range.
    """
    from lossbench.plan.experiment import plan

    for datasets in (regression, binary):
        plan(make_settings(**axes_of(datasets, outliers), seeds=1))


@experiment("accuracy_robustness", check=check_accuracy_robustness)
def accuracy_robustness(
    claim: Claim,
    study: Study,
    *,
    regression: tuple[str, ...],
    binary: tuple[str, ...],
    outliers: tuple[float, ...],
) -> list[Evidence]:
    """Measure the skill of every loss after clean and after contaminated training: is one paid for by the other?

    Two questions are asked. Is there a loss that is worse than the most accurate one after clean training, and
    better after contaminated training? The most accurate one is chosen on validation. And over all losses, is the
    rank correlation of the two skills below zero? It is taken seed by seed.

    regression, binary: data sets of these tasks; targets are moved, labels flipped.
    outliers: contaminated shares; the skill is averaged over them.
    """
    trained = [
        cell
        for datasets in (regression, binary)
        for cell in cells(study, load_dataset(datasets[0]).task, **axes_of(datasets, outliers))
    ]
    lines = judge_all([match for cell in trained for match in matches_of(cell, study)])
    return [line for cell in trained for line in lines_of(cell, lines)]


def scores(cell: Cell) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return max(skill, 0) of each loss by seed, after clean and after contaminated training.

    The skill is 0 for the best constant answer and 1 for a perfect one. The second is the mean over the
    contaminated shares. Losses that diverged are left out.
    """
    gone = cell.diverged(cell.losses)
    curves = {loss: np.maximum(skills(cell, loss), 0.0) for loss in cell.losses if loss not in gone}
    return {loss: (curve[:, 0], curve[:, 1:].mean(axis=1)) for loss, curve in curves.items()}


def points(cell: Cell) -> dict[str, Point]:
    """Return where each loss lies in the picture of clean against contaminated skill."""
    return {loss: (float(clean.mean()), float(dirty.mean())) for loss, (clean, dirty) in scores(cell).items()}


def front(placed: Mapping[str, Point]) -> list[str]:
    """Return the losses than which no other is better in both scores, the most accurate first.

    Example:
        >>> front({"a": (0.9, 0.2), "b": (0.8, 0.6), "c": (0.7, 0.5)})
        ['a', 'b']
    """
    beaten = {one for one, (x, y) in placed.items() if any(u > x and v > y for u, v in placed.values())}
    return sorted(set(placed) - beaten, key=lambda loss: (-placed[loss][0], loss))


def most_accurate(cell: Cell) -> str:
    """Return the loss with the best validation score after clean training, averaged over seeds."""
    sign = 1 if cell.primary.greater_is_better else -1
    means = {loss: sign * cell.of("validation_score", loss).mean() for loss in scores(cell)}
    return max(means, key=lambda loss: means[loss])


def matches_of(cell: Cell, study: Study) -> Iterator[Match]:
    """Yield the comparisons of every other loss with the most accurate one, and at last the rank correlation."""
    values, best = scores(cell), most_accurate(cell)
    margin = study.terms.margins.get(cell.primary.name)
    for loss in values:
        if loss != best:
            clean, dirty = (mine - theirs for mine, theirs in zip(values[loss], values[best], strict=True))
            yield cell.match(CLEAN, (loss, best), clean, "worse", margin)
            yield cell.match(DIRTY, (loss, best), dirty, "better", margin)
    table = np.array(list(values.values()))  # (losses, 2, seeds)
    ranked = rank_correlation(table[:, 0].T, table[:, 1].T)
    yield cell.match(CORRELATION, list(values), ranked, "worse", None, case=f"{len(values)} losses")


def lines_of(cell: Cell, lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield what the comparisons of one data set come to."""
    mine = [line for line in lines if (line.protocol, line.dataset) == (cell.protocol, cell.dataset)]
    *pairs, correlation = mine
    clean, dirty = pairs[::2], pairs[1::2]
    showing = [
        second
        for first, second in zip(clean, dirty, strict=True)
        if first.verdict == second.verdict == "reproduced"
    ]
    yield any_of(showing, dirty, "less accurate and more robust")
    placed = points(cell)
    said = ", ".join(f"{loss} ({placed[loss][0]:.3f}, {placed[loss][1]:.3f})" for loss in front(placed))
    yield replace(correlation, note=f"not beaten in both, with clean and contaminated skill: {said}")
    yield from levels(cell)


def levels(cell: Cell) -> Iterator[Evidence]:
    """Yield both skills of each loss, which nothing is claimed of: the points of the picture."""
    for loss, both in scores(cell).items():
        for what, values in zip((CLEAN, DIRTY), both, strict=True):
            line = Evidence("not testable", what, cell.protocol, cell.dataset, loss)
            yield level(line, values, cell.test_to_train, None, None)
