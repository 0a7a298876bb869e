"""What contaminated training data and other hardships cost a loss: the skill that it loses on clean test data.

Three questions: which loss loses more skill, whether accuracy after clean training comes at the price of
robustness, and whether the choice of the loss matters at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from lossbench.claims.among import any_differs, any_of
from lossbench.claims.cell import Cell
from lossbench.claims.claim import CLEAN, CLEAN_SKILL, DIRTY_SKILL, Claim, Evidence
from lossbench.claims.contrast import Contrast, Direction, level
from lossbench.claims.design import Design, Found, under_each
from lossbench.claims.registry import experiment
from lossbench.claims.scores import Scores
from lossbench.claims.study import Study
from lossbench.claims.trained.best_of import best_on_validation, distinct_losses
from lossbench.claims.trained.progress import rank_correlation
from lossbench.data import load_dataset
from lossbench.data.contamination import Kind
from lossbench.errors import BadValue
from lossbench.grouped import grouped
from lossbench.losses.registry import core_losses
from lossbench.metrics.robustness import robustness, skill

CHANGE = "change of skill"

SHAPES: dict[Kind, str] = {
    "target": "all outliers lie above",
    "target_symmetric": "outliers above and below",
    "feature": "leverage points on all sides",
    "feature_one_sided": "leverage points in one corner",
    "noise": "rows of noise",
    "label": "labels flipped at random",
    "label_by_class": "labels of each class flipped one way",
    "feature_at_test": "test rows far off on all sides",
    "feature_one_sided_at_test": "test rows far off in one corner",
}
"""A description of each kind of contamination."""


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
    """Contaminate growing shares of the training data, and compare the skill that losses lose on clean test data.

    The skill is 0 for the best constant answer (or worse) and 1 for a perfect one. The loss of skill at a share is
    the skill there minus the skill after clean training with the same seed; its margin is that of the score. A
    training that diverges on contaminated data has lost all skill.

    arms: the first against each of the others; "clean" is the first one itself without contamination.
    direction: the first arm is better, worse, equal or not worse.
    outliers: contaminated shares, each compared with 0.
    kinds: target moves targets up by five standard deviations, target_symmetric up or down; feature_one_sided
        moves inputs up, feature up or down; label flips labels.
    """
    if len(arms) < 2 or arms[0] == CLEAN:
        raise BadValue(f'arms: {len(arms)} given; write a loss and its rivals, as in arms = ["mse", "{CLEAN}"]')
    made = partial(contrasts_of, arms=arms, direction=direction, study=study)
    losses, shares = [arm for arm in arms if arm != CLEAN], sorted({0.0, *outliers})
    axes = {"datasets": datasets, "losses": losses, "outliers": shares}
    return Design([one for kind in kinds for one in under_each(study, made, **axes, outlier_kind=kind)])


def contrasts_of(cell: Cell, arms: tuple[str, ...], direction: Direction, study: Study) -> Iterator[Contrast]:
    """Yield the contrasts of the first arm with each of the others on one data set, share by share."""
    first, *others = arms
    kind = cell.contamination["contamination"]
    for share, other in product(cell.shares[1:], others):
        lost = [skill_lost(cell.scores, arm, share) for arm in (first, other)]
        made = cell.contrast(
            CHANGE,
            (first, other),
            cell.spread_between((first, other), partial(skill_lost, share=share)),
            direction,
            study.margin(cell.primary.name),
            note=note_of(cell, [arm for arm in (first, other) if arm != CLEAN]),
            contamination=kind,
            shares=(share,),
        )
        yield replace(made, complete=(bool(np.isfinite(lost[0]).all()), bool(np.isfinite(lost[1]).all())))


def skill_lost(scores: Scores, arm: str, share: float) -> np.ndarray:
    """Return the change of a loss's skill by a contaminated share: (..., seeds), below 0 if skill is lost."""
    if arm == CLEAN:
        return np.zeros(1)
    curve = curve_of(scores, arm)
    return np.asarray(curve[..., scores.shares.index(share)] - curve[..., 0])


def curve_of(scores: Scores, loss: str) -> np.ndarray:
    """Return a loss's skill over the shares, at least 0: (..., seeds, shares)."""
    return np.asarray(np.maximum(skills(scores, loss), 0.0))


def skills(scores: Scores, loss: str) -> np.ndarray:
    """Return a loss's skill, (..., seeds, shares): after divergence 0, but NaN on clean data."""
    score, constant = (
        np.stack([scores.of(column, loss, share) for share in scores.shares], axis=-1)
        for column in (scores.primary.name, "constant_score")
    )
    gone = np.stack([scores.diverged(loss, share) & (share > 0) for share in scores.shares], axis=-1)
    return np.asarray(np.where(gone, 0.0, skill(score, constant, scores.primary.best)))


def skill_change(scores: Scores, loss: str) -> np.ndarray:
    """Return the change of a loss's skill by contamination: (..., seeds), below 0 if skill is lost.

    It is the mean of max(skill, 0) over the shares by the trapezoidal rule, minus max(skill, 0) at zero.
    """
    shares, curve = np.array(scores.shares), curve_of(scores, loss)
    area = (curve[..., 1:] + curve[..., :-1]) / 2 @ np.diff(shares) / shares[-1]
    return np.asarray(area - curve[..., 0])


def note_of(cell: Cell, losses: Sequence[str]) -> str:
    """State the robustness of losses: the normalised area under the curve, and the breakdown."""
    found = robustness(
        np.array(cell.shares), np.stack([skills(cell.scores, loss).mean(axis=0) for loss in losses])
    )
    figures = [
        f"{loss}: area {area:.2f}, " + ("no breakdown" if np.isnan(at) else f"breakdown at {at:.0%}")
        for loss, area, at in zip(losses, found.area, found.breakdown, strict=True)
        if not np.isnan(area)
    ]
    return "; ".join([SHAPES[cell.contamination["contamination"]], *figures])


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
    """Measure the skill of every loss after clean and after contaminated training: is one the price of the other?

    Two questions are asked. Is there a loss that is worse than the most accurate one after clean training, and
    better after contaminated training? The most accurate one is chosen on validation. And over all losses, is the
    rank correlation of the two skills below zero? It is computed for each seed.

    regression, binary: data sets of these tasks; targets are moved, labels flipped.
    outliers: contaminated shares; the skill is averaged over them.
    """
    made = partial(trade_offs_in, study=study)
    trainings = []
    for datasets in (regression, binary):
        losses, shares = distinct_losses(load_dataset(datasets[0]).task), sorted({0.0, *outliers})
        trainings += under_each(study, made, datasets=datasets, losses=losses, outliers=shares)
    return Design(trainings, by_dataset)


def clean_and_dirty(scores: Scores, loss: str) -> np.ndarray:
    """Return max(skill, 0) of a loss after clean and after contaminated training, (2, ..., seeds).

    The skill is 0 for the best constant answer and 1 for a perfect one. The second is the mean over the
    contaminated shares.
    """
    curve = curve_of(scores, loss)
    return np.stack([curve[..., 0], curve[..., 1:].mean(axis=-1)])


def without_divergence(cell: Cell) -> list[str]:
    """Return the losses none of whose trainings diverged."""
    gone = cell.diverged(cell.losses)
    return [loss for loss in cell.losses if loss not in gone]


def points(cell: Cell) -> dict[str, tuple[float, float]]:
    """Return the coordinates of each loss in the plot of clean against contaminated skill."""
    means = {loss: clean_and_dirty(cell.scores, loss).mean(axis=-1) for loss in without_divergence(cell)}
    return {loss: (float(clean), float(dirty)) for loss, (clean, dirty) in means.items()}


def pareto_front(placed: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return the losses that no other loss beats in both scores, the most accurate first.

    Example:
        >>> pareto_front({"a": (0.9, 0.2), "b": (0.8, 0.6), "c": (0.7, 0.5)})
        ['a', 'b']
    """
    beaten = {one for one, (x, y) in placed.items() if any(u > x and v > y for u, v in placed.values())}
    return sorted(set(placed) - beaten, key=lambda loss: (-placed[loss][0], loss))


def most_accurate(cell: Cell) -> str:
    """Return the loss with the best validation score after clean training, averaged over seeds."""
    return best_on_validation(cell, without_divergence(cell))


def trade_offs_in(cell: Cell, study: Study) -> Iterator[Found]:
    """Yield the contrasts of every other loss with the most accurate one, the rank correlation, and all skills."""
    best, margin = most_accurate(cell), study.margin(cell.primary.name)
    for loss in without_divergence(cell):
        if loss != best:
            clean, dirty = (cell.spread_between((loss, best), partial(skill_after, part=part)) for part in (0, 1))
            yield cell.contrast(CLEAN_SKILL, (loss, best), clean, "worse", margin)
            yield cell.contrast(DIRTY_SKILL, (loss, best), dirty, "better", margin)
    yield correlation(cell)
    for loss in without_divergence(cell):
        for quantity, worth in zip((CLEAN_SKILL, DIRTY_SKILL), clean_and_dirty(cell.scores, loss), strict=True):
            line = Evidence("not testable", quantity, cell.protocol, cell.dataset, arms=(loss,))
            yield level(line, worth, cell.test_to_train, None, None)


def skill_after(scores: Scores, loss: str, part: int) -> np.ndarray:
    """Return max(skill, 0) of a loss after clean (0) or after contaminated training (1): (..., seeds)."""
    return np.asarray(clean_and_dirty(scores, loss)[part])


def correlation(cell: Cell) -> Contrast:
    """Return the contrast of the rank correlation of both skills over losses, with the Pareto front as a note."""
    losses, placed = without_divergence(cell), points(cell)
    clean, dirty = np.stack([clean_and_dirty(cell.scores, loss) for loss in losses], axis=-1)  # (seeds, losses)
    ranked, detail = rank_correlation(clean, dirty), f"{len(losses)} losses"
    made = cell.contrast(CORRELATION, (), ranked, "worse", None, losses=losses, detail=detail, role="sensitivity")
    said = ", ".join(f"{loss} ({placed[loss][0]:.3f}, {placed[loss][1]:.3f})" for loss in pareto_front(placed))
    note = f"not beaten in both, with clean and contaminated skill: {said}"
    return replace(made, line=replace(made.line, note=note))


def by_dataset(lines: list[Evidence]) -> Iterator[Evidence]:
    """Yield the evidence under each protocol on each data set."""
    for mine in grouped(lines, lambda line: (line.protocol, line.dataset)).values():
        clean, dirty, ranked = (
            [line for line in mine if line.aspect == "outcome" and line.quantity == quantity]
            for quantity in (CLEAN_SKILL, DIRTY_SKILL, CORRELATION)
        )
        pairs = zip(clean, dirty, strict=True)
        showing = [second for first, second in pairs if first.verdict == second.verdict == "reproduced"]
        yield any_of(showing, dirty, "less accurate and more robust")
        yield from ranked
        yield from (line for line in mine if line.aspect == "level")


@dataclass(frozen=True)
class Hardship:
    """A hardship that a loss has to handle.

    Args:
        name: a short description.
        datasets: the data sets with it, all of one task.
        kind: contamination of the training part: label, target or feature; empty for data that are hard
            themselves.
        outliers: contaminated shares.
    """

    name: str
    datasets: tuple[str, ...]
    kind: str = ""
    outliers: tuple[float, ...] = ()

    @property
    def axes(self) -> dict[str, Any]:
        """The same as fields of `lossbench.plan.settings.Settings`."""
        losses, shares = core_losses(load_dataset(self.datasets[0]).task), sorted({0.0, *self.outliers})
        axes = {"datasets": self.datasets, "losses": losses, "outliers": shares}
        return axes | ({"outlier_kind": self.kind} if self.kind else {})


@experiment("handling")
def handling(claim: Claim, study: Study, *, hardships: tuple[Hardship, ...]) -> Design:
    """Train the core losses under a hardship: does any of them handle it differently from the reference loss?

    Under contamination the lost skill is compared; on data that are hard themselves, such as rare classes, the
    primary score. Reproduced if at least one loss differs on one of the data sets, contradicted if all are equal
    within the margin.
    """
    made = partial(beside_the_reference, study=study)
    trainings = [one for h in hardships for one in under_each(study, partial(made, part=h.name), **h.axes)]
    return Design(trainings, by_hardship)


def beside_the_reference(cell: Cell, part: str, study: Study) -> Iterator[Contrast]:
    """Yield the contrast of every other loss with the reference."""
    (reference, *others), score = cell.losses, cell.primary.name
    for loss in others:
        if cell.contamination:
            costs = cell.spread_between((loss, reference), skill_change)
            margin = study.margin(score)
            made = cell.contrast(CHANGE, (loss, reference), costs, "equal", margin, **cell.contamination)
        else:
            made = cell.compared(score, (loss, reference), "equal", study)
        yield replace(made, line=replace(made.line, part=part))


def by_hardship(lines: list[Evidence]) -> list[Evidence]:
    """Return one line per hardship and protocol, for all losses and data sets."""
    return [any_differs(group) for group in grouped(lines, lambda line: (line.part, line.protocol)).values()]
