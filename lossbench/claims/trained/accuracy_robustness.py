"""Accuracy against robustness: what a loss scores after clean training, and after contaminated training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Found, under_each
from lossbench.claims.evidence import CLEAN_SKILL, DIRTY_SKILL, Evidence
from lossbench.claims.existence import any_of
from lossbench.claims.levels import level
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trained.best_of import distinct_losses
from lossbench.claims.trained.outliers import skills
from lossbench.claims.trained.rank_correlation import rank_correlation
from lossbench.data import load_dataset

CORRELATION = "rank correlation of skill after clean and after contaminated training"


@experiment("accuracy_robustness")
def accuracy_robustness(
    claim: Claim,
    study: Study,
    *,
    regression: tuple[str, ...],
    binary: tuple[str, ...],
    outliers: tuple[float, ...],
) -> Design:
    """Metric the skill of every loss after clean and after contaminated training: is one paid for by the other?

    Two questions are asked. Is there a loss that is worse than the most accurate one after clean training, and
    better after contaminated training? The most accurate one is chosen on validation. And over all losses, is the
    rank correlation of the two skills below zero? It is taken seed by seed.

    regression, binary: data sets of these tasks; targets are moved, labels flipped.
    outliers: contaminated shares; the skill is averaged over them.
    """
    made = partial(found_in, study=study)
    trainings = []
    for datasets in (regression, binary):
        losses, shares = distinct_losses(load_dataset(datasets[0]).task), sorted({0.0, *outliers})
        trainings += under_each(study, made, datasets=datasets, losses=losses, outliers=shares)
    return Design(trainings, by_dataset)


def scores(cell: Cell) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return max(skill, 0) of each loss after clean and after contaminated training, each (seeds,).

    The skill is 0 for the best constant answer and 1 for a perfect one. The second is the mean over the
    contaminated shares. Losses that diverged are left out.
    """
    gone = cell.diverged(cell.losses)
    curves = {loss: np.maximum(skills(cell, loss), 0.0) for loss in cell.losses if loss not in gone}
    return {loss: (curve[:, 0], curve[:, 1:].mean(axis=1)) for loss, curve in curves.items()}


def points(cell: Cell) -> dict[str, tuple[float, float]]:
    """Return where each loss lies in the picture of clean against contaminated skill."""
    return {loss: (float(clean.mean()), float(dirty.mean())) for loss, (clean, dirty) in scores(cell).items()}


def front(placed: Mapping[str, tuple[float, float]]) -> list[str]:
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


def found_in(cell: Cell, study: Study) -> Iterator[Found]:
    """Yield the contrasts of every other loss with the most accurate one, the rank correlation, and all skills."""
    values, best = scores(cell), most_accurate(cell)
    margin = study.margin(cell.primary.name)
    for loss in values:
        if loss != best:
            clean, dirty = (mine - theirs for mine, theirs in zip(values[loss], values[best], strict=True))
            yield cell.contrast(CLEAN_SKILL, (loss, best), clean, "worse", margin)
            yield cell.contrast(DIRTY_SKILL, (loss, best), dirty, "better", margin)
    yield correlation(cell)
    for loss, both in values.items():
        for quantity, skill in zip((CLEAN_SKILL, DIRTY_SKILL), both, strict=True):
            line = Evidence("not testable", quantity, cell.protocol, cell.dataset, arms=(loss,))
            yield level(line, skill, cell.test_to_train, None, None)


def correlation(cell: Cell) -> Contrast:
    """Return the rank correlation of both skills over the losses, with the losses that no other beats in both."""
    values, placed = scores(cell), points(cell)
    table = np.array(list(values.values()))  # (losses, 2, seeds)
    ranked = rank_correlation(table[:, 0].T, table[:, 1].T)
    made = cell.contrast(CORRELATION, (), ranked, "worse", None, losses=values, detail=f"{len(values)} losses")
    said = ", ".join(f"{loss} ({placed[loss][0]:.3f}, {placed[loss][1]:.3f})" for loss in front(placed))
    note = f"not beaten in both, with clean and contaminated skill: {said}"
    return replace(made, line=replace(made.line, note=note))


def by_dataset(lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield what is found under each protocol on each data set."""
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for line in lines:
        groups.setdefault((line.protocol, line.dataset), []).append(line)
    for mine in groups.values():
        clean, dirty, ranked = (
            [line for line in mine if line.aspect == "outcome" and line.quantity == quantity]
            for quantity in (CLEAN_SKILL, DIRTY_SKILL, CORRELATION)
        )
        pairs = zip(clean, dirty, strict=True)
        showing = [second for first, second in pairs if first.verdict == second.verdict == "reproduced"]
        yield any_of(showing, dirty, "less accurate and more robust")
        yield from ranked
        yield from (line for line in mine if line.aspect == "level")
