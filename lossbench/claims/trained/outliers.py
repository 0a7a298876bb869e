"""What contaminated training data costs a loss: the skill that it loses on clean test data, over many shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.design import Design, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.data.contamination import Kind
from lossbench.errors import BadValue
from lossbench.metrics.robustness import robustness, skill

CLEAN = "clean"
"""An arm that is no loss: the first arm itself, trained on clean data."""

CHANGE = "change of skill"

SHAPES: dict[Kind, str] = {
    "target": "all outliers lie above",
    "target_symmetric": "outliers above and below",
    "feature": "leverage points on all sides",
    "feature_one_sided": "leverage points in one corner",
    "label": "labels flipped at random",
}
"""What each contamination is like."""


@experiment("outliers")
def outliers(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    direction: Direction,
    datasets: tuple[str, ...],
    outliers: tuple[float, ...],
    kinds: tuple[Kind, ...],
) -> Design:
    """Contaminate growing shares of the training data and see which loss loses more of its skill on clean data.

    The skill is 0 for the best constant answer (or less) and 1 for a perfect one. What is lost is the mean skill
    over the shares minus the skill after clean training, of the same seed; its margin is that of the score.

    arms: the first against each of the others; "clean" is the first one itself without any outliers.
    direction: the first arm is better, worse, equal or not worse.
    outliers: the largest is where the average over the shares ends; 0 is always among them.
    kinds: target moves targets up by five standard deviations, target_symmetric up or down; feature_one_sided
        moves inputs up, feature up or down; label flips labels.
    """
    if len(arms) < 2 or arms[0] == CLEAN:
        raise BadValue(f'arms: {len(arms)} given; write a loss and what it meets, as in arms = ["mse", "{CLEAN}"]')
    made = partial(contrasts_of, arms=arms, direction=direction, study=study)
    losses, shares = [arm for arm in arms if arm != CLEAN], sorted({0.0, *outliers})
    axes = {"datasets": datasets, "losses": losses, "outliers": shares}
    return Design([one for kind in kinds for one in under_each(study, made, **axes, outlier_kind=kind)])


def contrasts_of(cell: Cell, arms: tuple[str, ...], direction: Direction, study: Study) -> Iterator[Contrast]:
    """Yield the contrasts of the first arm with each of the others on one data set."""
    changes, (first, *others) = skill_changes(cell), arms
    for other in others:
        yield cell.contrast(
            CHANGE,
            (first, other),
            changes[first] - (0.0 if other == CLEAN else changes[other]),
            direction,
            study.margin(cell.primary.name),
            note=note_of(cell, [arm for arm in (first, other) if arm != CLEAN]),
            **cell.contamination,
        )


def skills(cell: Cell, loss: str) -> np.ndarray:
    """Return the skill of a loss: (seeds, shares), NaN where its training diverged."""
    score, constant = (
        np.stack([cell.of(column, loss, share) for share in cell.shares], axis=-1)
        for column in (cell.primary.name, "constant_score")
    )
    return skill(score, constant, cell.primary.best)


def skill_changes(cell: Cell) -> dict[str, np.ndarray]:
    """Return what contamination changes of the skill of each loss: (seeds,), below 0 where it costs.

    The mean of max(skill, 0) over the shares from zero to the largest, trapezoid, minus max(skill, 0) at zero.
    """
    shares = np.array(cell.shares)
    curves = {loss: np.maximum(skills(cell, loss), 0.0) for loss in cell.losses}
    return {
        loss: (curve[:, 1:] + curve[:, :-1]) / 2 @ np.diff(shares) / shares[-1] - curve[:, 0]
        for loss, curve in curves.items()
    }


def note_of(cell: Cell, losses: Sequence[str]) -> str:
    """Say how robust losses are by the usual figures: the normalised area under the curve, and the breakdown."""
    found = robustness(np.array(cell.shares), np.stack([skills(cell, loss).mean(axis=0) for loss in losses]))
    figures = [
        f"{loss}: area {area:.2f}, " + ("no breakdown" if np.isnan(at) else f"breakdown at {at:.0%}")
        for loss, area, at in zip(losses, found.area, found.breakdown, strict=True)
        if not np.isnan(area)
    ]
    return "; ".join([SHAPES[cell.contamination["contamination"]], *figures])
