"""Stated derivatives against autograd, at many points, and with respect to everything that may be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lossbench.claims.claim import Claim
from lossbench.claims.evidence import Evidence
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import Loss, get_loss
from lossbench.task import Task

if TYPE_CHECKING:
    from torch import Tensor

POINTS = 500
TOLERANCE = 1e-9  # double precision leaves some 1e-15 of the size of the derivative

Formula = Literal["2 (p - y)", "(p - y) / (p (1 - p))", "p - y", "2 (p - y) p (1 - p)", "-y / p"]

FORMULAS: dict[Formula, Callable[[Tensor, Tensor], Tensor]] = {
    "2 (p - y)": lambda p, y: 2 * (p - y),
    "(p - y) / (p (1 - p))": lambda p, y: (p - y) / (p * (1 - p)),
    "p - y": lambda p, y: p - y,
    "2 (p - y) p (1 - p)": lambda p, y: 2 * (p - y) * p * (1 - p),
    "-y / p": lambda p, y: -y / p,
}
"""Derivatives as a document may state them, of prediction p and target y."""


@dataclass(frozen=True)
class Gradient:
    """Where a derivative is taken.

    Args:
        variable: what it is taken with respect to.
        gradient: (points, outputs) what autograd says.
        predicted: (points, outputs) p.
        target: (points, outputs) y, one-hot for classes.
        tangent: whether p can only move so that its sum stays: probabilities of several classes.
    """

    variable: str
    gradient: Tensor
    predicted: Tensor
    target: Tensor
    tangent: bool = False

    def error(self, formula: Formula) -> float:
        """Return the largest difference to a formula, relative to the derivative where that is above 1."""
        difference = self.gradient - FORMULAS[formula](self.predicted, self.target)
        if self.tangent:  # what is the same for all classes moves no probability
            difference = difference - difference.mean(-1, keepdim=True)
        return float((difference.abs() / self.gradient.abs().clamp(min=1.0)).max())


@experiment("derivative")
def derivative(
    claim: Claim, study: Study, *, loss: str, formula: Formula, tasks: tuple[Task, ...]
) -> list[Evidence]:
    """Compare a stated derivative of one sample's loss with autograd, for each variable that it may be meant for.

    A regression has one variable, the prediction, which is the raw output. A classification has two: the
    probability, and the raw output before sigmoid or softmax.
    """
    points = [point for task in tasks for point in points_of(get_loss(loss, task))]
    return [line(point, formula) for point in points]


def line(point: Gradient, formula: Formula) -> Evidence:
    """Return what one variable says of a formula."""
    error = point.error(formula)
    fitting = [name for name in FORMULAS if point.error(name) <= TOLERANCE]
    return Evidence(
        "reproduced" if error <= TOLERANCE else "contradicted",
        quantity="largest error of the stated derivative",
        detail=point.variable,
        reported=0.0,
        measured=error,
        n=len(point.gradient),
        note=f"with respect to {point.variable} it is {' or '.join(fitting) or 'none of the formulas known here'}",
    )


def points_of(loss: Loss) -> Iterator[Gradient]:
    """Yield the points at which the derivative is taken, for each variable."""
    generator = torch.Generator().manual_seed(0)
    outputs = 4 if loss.task == "multiclass" else 1
    raw = 3 * torch.randn(POINTS, outputs, dtype=torch.float64, generator=generator)
    if loss.task == "regression":
        target = 3 * torch.randn(raw.shape, dtype=torch.float64, generator=generator)
        yield Gradient("the prediction", gradient_of(loss, raw, target, lambda value: value), raw, target)
        return
    classes = torch.randint(max(outputs, 2), (POINTS,), generator=generator)
    several = outputs > 1
    onehot = torch.nn.functional.one_hot(classes).double() if several else classes.double()[:, None]
    target = classes if loss.record.encoding == "index" else onehot
    probability = raw.softmax(-1) if several else raw.sigmoid()
    to_raw = torch.log if several else torch.logit
    through = gradient_of(loss, probability, target, to_raw)
    yield Gradient("the probability", through, probability, onehot, tangent=several)
    direct = gradient_of(loss, raw, target, lambda value: value)
    yield Gradient(f"the raw output of a {loss.link}", direct, probability, onehot)


def gradient_of(loss: Loss, at: Tensor, target: Tensor, to_raw: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the derivative of each sample's loss with respect to `at`, from which `to_raw` makes raw outputs."""
    at = at.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss.per_sample(to_raw(at), target).sum(), at)
    return gradient
