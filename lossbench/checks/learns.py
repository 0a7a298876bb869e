"""Check whether minimising a loss leads to the targets, by the small training of `lossbench.checks.groups`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case
from lossbench.checks.embeds import embeds
from lossbench.checks.groups import FAR, STARTS, Descent, descended, read, risk_and_slope
from lossbench.checks.kinds import ignores_class_names, kinds, without_gradient
from lossbench.checks.reach import unreached
from lossbench.metrics.prediction import Prediction
from lossbench.remark import Topic
from lossbench.task import VALUED, Task

FREE = len(STARTS) - 1
"""The number of starts that are independent of the targets; they come first."""

KEEPS = 0.5
"""A loss is unbounded below if, as outputs grow tenfold, it falls by at least this share of its previous fall."""

CLEAR = 0.02
"""The margin from which a decision is clear, in units of the range of the predictions, at most 1."""

SETTLED = 0.6
"""Decisions on mixed groups that depend on the start are arbitrary if less than this share of them is right."""

MISSED = 0.5
"""The error of a regression above which the targets are missed, in units of the error of a constant."""

FOLLOWS = 0.9
"""The correlation with the targets above which predictions follow them."""

APART = 0.1
"""The share of the range of the targets over which predictions must spread to count as following them."""

WITHIN = 0.5
"""A prediction has reached its group if it is nearer to the centre than this share of the centre."""


def leads_to_targets(case: Case) -> Observation:
    """Minimise the loss over the outputs of every group of rows, and compare their predictions with the truth."""
    if case.loss.record.headless:
        return embeds(case)
    regression = case.loss.task in VALUED
    ignored = "" if regression else ignores_class_names(case) or without_gradient(case)
    if ignored:
        return observed(ignored, failed=True)
    descent = descended(case)
    fault = next(filter(None, (find(case, descent) for find in FAULTS[case.loss.task])), "") or unreached(case)
    if fault:
        return observed(fault, failed=True)
    if not regression:
        return observed(f"from {len(STARTS)} starts, groups of rows come to predict the class that most are of")
    loose = _loose(case, descent)
    saw = f"from {len(STARTS)} starts, groups of rows come to predict their targets"
    return observed(f"{saw}{f', up to {loose}' * bool(loose)}", noted=bool(loose))


def undefined(case: Case, descent: Descent) -> str:
    """Report a descent that ended in NaN or infinity."""
    lost = ~descent.values[1].isfinite()
    return f"the value becomes NaN or infinite from {STARTS[int(lost.nonzero()[0])]}" if bool(lost.all()) else ""


def unbounded_below(case: Case, descent: Descent) -> str:
    """Report a loss that falls without bound as outputs grow, unless its record allows that."""
    if case.loss.record.bottomless:
        return ""
    value = descent.values.double()
    second, third = value[2] - value[3], value[3] - value[4]
    falls = (second > 1e-3 * (value[0] - value[1]).abs().clamp(min=1e-3)) & (third >= KEEPS * second)
    if bool((value[1] == -np.inf).any()):
        return "the value falls without end: it is minus infinity already where a descent ends"
    if not bool(falls.any()):
        return ""
    start = int(falls.nonzero()[0])
    way = float((descent.end[start] - descent.start[start]).abs().max())
    told = ", ".join(f"{value[index, start]:.3g} with outputs of {way * FAR[index]:.3g}" for index in (1, 3, 4))
    return f"the value falls without end as the outputs grow: {told}"


def inverted(case: Case, descent: Descent) -> str:
    """Report a class that is predicted less the more rows are of it."""
    for column, value, name in kinds(case):
        share = descent.truth[:, column]
        follows = _followers(case, descent, share)
        if value and follows[column] < 0:
            other = int(follows.argmax())
            instead = (
                f", and class {other} the more" if case.loss.task == "multiclass" and follows[other] > 0 else ""
            )
            return f"it prefers the wrong class: the more rows are of {name}, the less it is predicted{instead}"
    return ""


def _followers(case: Case, descent: Descent, share: np.ndarray) -> np.ndarray:
    """Return the correlation of each class's or label's score with a share (groups,) of the rows, (columns,)."""
    columns = np.moveaxis(_ranking(case, descent), -1, 0)
    return np.array([np.median([correlation(mine, share) for mine in column]) for column in columns])


def never_predicted(case: Case, descent: Descent) -> str:
    """Report a class that is not clearly predicted even where all rows are of it."""
    margin = _margin(case, descent)
    clear = CLEAR * np.minimum(1.0, np.ptp(margin, axis=1, keepdims=True))
    for column, value, name in kinds(case):
        side = (2 * value - 1) * margin[:, descent.truth[:, column] == value, column]
        if (side > clear[..., column]).mean() <= 0.5:
            seen = f"; raw outputs {_by_share(descent)}" if case.loss.task == "binary" else ""
            return f"it does not clearly predict {name} even where all rows are of it{seen}"
    return ""


def arbitrary(case: Case, descent: Descent) -> str:
    """Report that the start, not the targets, decides the predictions for groups of several classes."""
    mixed = (descent.truth % 1 != 0).any(-1)
    said, true = _margin(case, descent)[:FREE, mixed] > 0, _likely(case, descent.truth[mixed])
    differ = bool((said != said[:1]).any())
    if not differ or (said == true).all(-1).mean() >= SETTLED:
        return ""
    return "the class it predicts for a group of several is settled by the start, not by the targets"


def missed(case: Case, descent: Descent) -> str:
    """Report that predictions of a regression move away even from the right values, and where to."""
    if _error(case, descent)[-1] <= MISSED or _loose(case, descent):
        return ""
    there = descent.reading.decision[-1, :, 0]
    worst = int(np.abs(there - descent.truth[:, 0]).argmax())
    return (
        f"its minimum is not at the targets: predictions that start right end at {there[worst]:.3g} where the "
        f"targets are about {descent.truth[worst, 0]:.3g}"
    )


def targets_ignored(case: Case, descent: Descent) -> str:
    """Report that a regression reaches no target, or none on one side of zero, from the independent starts."""
    said, true = _matched(case, descent.reading, descent)
    if not _unpaired(case) and any(correlation(mine, true) >= FOLLOWS for mine in said[:FREE]):
        return ""
    began = _matched(case, read(case, descent.start), descent)[0]
    near, before = (np.abs(each - true)[:FREE] <= WITHIN * np.abs(true) for each in (said, began))
    arrived = (near & ~before).any(0) & (np.ptp(said[0]) >= APART * np.ptp(true))
    sides = {"below": true < 0, "above": true > 0}
    missing = [side for side, rows in sides.items() if rows.any() and not arrived[rows].any()]
    if not missing:
        return ""
    which = f"targets {missing[0]} zero" if arrived.any() else "targets"
    return f"{which} have no say: predictions that do not start there do not come to any of them"


FindFault = Callable[[Case, Descent], str]

CLASSES: tuple[FindFault, ...] = (undefined, unbounded_below, inverted, never_predicted, arbitrary)

FAULTS: Mapping[Task, tuple[FindFault, ...]] = {
    "regression": (undefined, unbounded_below, missed, targets_ignored),
    "binary": CLASSES,
    "multiclass": CLASSES,
    "multilabel": CLASSES,
    "segmentation": CLASSES,
    "distribution": (undefined, unbounded_below, missed, targets_ignored),
    "anomaly": CLASSES,
    "embedding": CLASSES,
}
"""The functions that look for a fault, by task; the first fault is reported."""


def _ranking(case: Case, descent: Descent) -> np.ndarray:
    """Return the score of each class or label (starts, groups, columns)."""
    return descent.reading.ranking.reshape(len(STARTS), *descent.truth.shape)


def _margin(case: Case, descent: Descent) -> np.ndarray:
    """Return the margin by which each class or label is decided for (starts, groups, columns)."""
    ranking = _ranking(case, descent)
    if case.loss.task != "multiclass":
        border = {"clip": 0.5, "softmax": 0.0 if case.loss.task == "binary" else np.log(0.5)}
        return np.asarray(ranking - border.get(case.loss.link, 0.0))
    others = [np.delete(ranking, k, axis=-1).max(-1) for k in range(case.targets)]
    return np.asarray(ranking - np.stack(others, axis=-1))


def _likely(case: Case, truth: np.ndarray) -> np.ndarray:
    """Return which class, or which labels, most rows of a group have (groups, columns)."""
    return truth == truth.max(-1, keepdims=True) if case.loss.task == "multiclass" else truth > 0.5


def _by_share(descent: Descent) -> str:
    order = descent.truth[:, 0].argsort()
    said = ", ".join(f"{raw:.2g}" for raw in descent.end[0, order, -1].tolist())
    return f"{said} for shares of {', '.join(f'{share:g}' for share in descent.truth[order, 0])}"


def _matched(case: Case, reading: Prediction, descent: Descent) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions (starts, n) and targets (n,); both sorted if the loss does not pair them."""
    said, true = reading.decision.reshape(len(STARTS), -1), descent.truth.flatten()
    return (np.sort(said), np.sort(true)) if _unpaired(case) else (said, true)


def _unpaired(case: Case) -> bool:
    """Say whether a loss compares all predictions with all targets, without pairing them by row."""
    noted = any(note.topic is Topic.ANY_ORDER for note in case.loss.record.notes)
    return noted or case.loss.task == "distribution"


def _error(case: Case, descent: Descent) -> np.ndarray:
    """Return the mean error (starts,) in units of the error of a constant."""
    said, true = _matched(case, descent.reading, descent)
    return np.asarray(np.abs(said - true).mean(-1) / np.abs(true - true.mean()).mean())


def _loose(case: Case, descent: Descent) -> str:
    """Name what a loss does not determine in predictions that follow the targets: a shift, or a scale."""
    said, true = _matched(case, descent.reading, descent)
    if _error(case, descent)[-1] <= CLEAR or correlation(said[-1], true) < FOLLOWS:
        return ""
    right, here = descent.start[-1:], descent.values[0, -1]
    slack = 1e-3 * (descent.values[0, :FREE] - here).abs().max()
    moved = {"a shift": (right + 1, right - 2), "a scale": (2 * right, right / 3)}  # one alone may do so by chance
    risks = {
        name: [risk_and_slope(case, descent.target, raw)[0][0] for raw in others] for name, others in moved.items()
    }
    return " and ".join(name for name, each in risks.items() if all(abs(risk - here) <= slack for risk in each))


def correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Return the correlation of two (n,); zero where one is constant, or no number."""
    left, right = left - left.mean(), right - right.mean()
    size = np.linalg.norm(left) * np.linalg.norm(right)
    return float(left @ right / size) if np.isfinite(size) and size > 1e-12 else 0.0
