"""A small training without a network: gradient descent on the raw outputs of groups of rows.

A network that can give every group any output would end at the same outputs. The rows of a group have different
targets, and groups differ in the share of each class or label, or in the values of a regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from lossbench.checks.adam import by_adam
from lossbench.checks.case import Case, value_and_gradient
from lossbench.losses.positive import positive
from lossbench.metrics.prediction import Prediction, predict
from lossbench.task import VALUED, Task

ROWS = 10
"""The rows of a group."""

SHARES = (0.0, 0.1, 0.3, 0.7, 0.9, 1.0)
"""The shares of a class or label among the groups."""

MIXED = (0.7, 0.2, 0.1)
"""The shares of three of several classes in a group."""

CENTRES = (-3.0, -1.5, -0.5, 0.5, 1.5, 3.0)
"""The centres of the targets of each group in a regression; shifted above zero where predictions must be."""

AROUND = np.array([0.7, 0.8, 0.9, 0.9, 1.0, 1.0, 1.0, 1.1, 1.2, 1.4])
"""The targets of a group, in units of its centre."""

STARTS = ("zero", "near zero", "far from zero", "the right predictions")
SCALES = (0.01, 1.0, 3.0)
"""The size of the raw outputs at each start except the last."""

STEP, FEWEST = 0.3, 30
"""The first size of the steps of a descent, and the smallest number of them, for a slow loss."""

FAR = (0.0, 1.0, 1e2, 1e3, 1e4)
"""The points of a descent at which the loss is evaluated, in units of its length: start, end and far beyond."""


@dataclass(frozen=True, eq=False)
class Descent:
    """The results of the descents.

    Args:
        truth: (groups, columns) the share of each class or label in each group, or the centre of its values.
        target: (rows,) or (rows, targets) the targets of all groups, as the record encodes them.
        start: (starts, groups, outputs) raw outputs at the start.
        end: likewise at the end.
        values: (far, starts) the loss at FAR times the way from start to end.
        reading: the raw outputs at the end, read as predictions.
    """

    truth: np.ndarray
    target: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    values: torch.Tensor
    reading: Prediction


def grouped(case: Case) -> tuple[np.ndarray, torch.Tensor]:
    """Return the true shares or centres of each group, (groups, columns), and the targets of their rows.

    Each class, label or target takes all shares or centres in turn.
    """
    record, targets = case.loss.record, case.targets
    if record.task in VALUED:
        above_zero = record.natural_zero or record.link == "softplus"
        centres = np.linspace(0.5, 3, len(CENTRES)) if above_zero else np.array(CENTRES)
        truth = np.stack([np.roll(centres, shift) for shift in range(targets)], axis=-1)
        return truth, torch.as_tensor((truth[:, None] * AROUND[:, None]).reshape(-1, targets))
    if record.task == "multiclass":
        mixed = np.pad(MIXED[:targets], (0, max(0, targets - len(MIXED))))
        truth = np.concatenate([np.eye(targets), [np.roll(mixed / mixed.sum(), k) for k in range(targets)]])
        counts = (truth * ROWS).round().astype(int)
        return truth, torch.as_tensor(np.concatenate([np.repeat(np.arange(targets), count) for count in counts]))
    truth = np.stack([np.roll(SHARES, 2 * label) for label in range(targets)], axis=-1)
    # Different labels of a group are on different rows.
    rank = (np.arange(ROWS)[:, None] * np.array([1, 3, 7])[np.arange(targets) % 3]) % ROWS
    present = torch.as_tensor(rank < (truth * ROWS).round()[:, None]).reshape(-1, targets)
    return truth, present[:, 0].long() if record.encoding == "index" else present.double()


def right_outputs(case: Case, truth: np.ndarray) -> torch.Tensor:
    """Return raw outputs (groups, outputs) that predict the true shares or centres (groups, columns)."""
    link, known = case.loss.link, torch.as_tensor(truth)
    if link == "softplus":
        return known.expm1().log()
    if link == "location":
        return torch.cat([known, torch.zeros_like(known)], dim=-1)
    if link in ("identity", "clip"):
        return known
    signed = (2 * known - 1) * (1 if link == "signed" else 2)
    return torch.cat([-signed, signed], dim=-1) if signed.shape[-1] < case.outputs else signed


def descended(case: Case) -> Descent:
    """Minimise the loss over the raw outputs of every group, from all starts at once."""
    truth, target = grouped(case)
    rng = np.random.default_rng(0)
    drawn = [torch.as_tensor(rng.normal(scale=scale, size=(len(truth), case.outputs))) for scale in SCALES]
    start = torch.stack([*drawn, right_outputs(case, truth)])

    def slope(raw: torch.Tensor) -> torch.Tensor:
        return risk_and_slope(case, target, raw)[1].nan_to_num(0.0, 0.0, 0.0)

    end = by_adam(case, start, slope, STEP, FEWEST)
    values = torch.stack([risk_and_slope(case, target, start + far * (end - start))[0] for far in FAR])
    return Descent(truth, target, start, end, values, read(case, end))


def risk_and_slope(case: Case, target: torch.Tensor, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean loss (n,) of all rows, and its gradient in the raw outputs (n, groups, outputs)."""
    rows = raw.repeat_interleave(ROWS, dim=-2)
    value, slope = value_and_gradient(case, rows, target.expand(len(raw), *target.shape))
    return value.reshape(len(raw), -1).mean(-1), slope.unflatten(-2, (-1, ROWS)).sum(-2).to(raw.dtype)


def read(case: Case, raw: torch.Tensor) -> Prediction:
    """Return the predictions of raw outputs (starts, groups, outputs)."""
    if case.loss.link == "softplus":
        raw = positive(raw)
    elif case.loss.link == "location":
        raw = raw[..., : case.targets]
    return predict(raw.numpy(), case.loss.link, reading_of(case.loss.task))


def reading_of(task: Task) -> Task:
    """Return the task by which raw outputs are read: the columns of 0 and 1 of an anomaly task are read as labels.

    Example:
        >>> reading_of("anomaly"), reading_of("binary")
        ('multilabel', 'binary')
    """
    return "multilabel" if task == "anomaly" else task
