"""Stated derivatives against autograd, and the gradient that remains where a sigmoid is saturated and wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from lossbench.claims.claim import Claim, Evidence, Reading, decided
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
"""Derivatives that a document may state, of prediction p and target y."""


@dataclass(frozen=True)
class Gradient:
    """The derivative by autograd at some points.

    Args:
        variable: the variable of the derivative.
        gradient: (points, outputs) the derivative by autograd.
        predicted: (points, outputs) p.
        target: (points, outputs) y, one-hot for classes.
        tangent: whether the sum of p is fixed, as for probabilities of several classes.
    """

    variable: str
    gradient: Tensor
    predicted: Tensor
    target: Tensor
    tangent: bool = False

    def error(self, formula: Formula) -> float:
        """Return the largest difference to a formula, relative to the derivative where that is above 1."""
        difference = self.gradient - FORMULAS[formula](self.predicted, self.target)
        if self.tangent:  # a part that is equal for all classes does not change probabilities
            difference = difference - difference.mean(-1, keepdim=True)
        return float((difference.abs() / self.gradient.abs().clamp(min=1.0)).max())


@experiment("derivative")
def derivative(
    claim: Claim,
    study: Study,
    *,
    loss: str,
    formula: Formula,
    tasks: tuple[Task, ...],
    variables: tuple[str, ...] = ("the prediction", "the probability"),
) -> list[Evidence]:
    """Compare a stated derivative of one sample's loss with autograd, for each variable that it may refer to.

    A regression has one variable, the prediction, which is the raw output. A classification has two: the
    probability, and the raw output before sigmoid or softmax.

    variables: the variables that the document means by its own words; the others are other readings.
    """
    points = [point for task in tasks for point in points_of(get_loss(loss, task))]
    return [stated_line(loss, point, formula, point.variable in variables) for point in points]


def stated_line(loss: str, point: Gradient, formula: Formula, meant: bool) -> Evidence:
    """Return the evidence on a formula for one variable."""
    error = point.error(formula)
    fitting = [name for name in FORMULAS if point.error(name) <= TOLERANCE]
    is_so = f"is {' or '.join(fitting) or 'none of the formulas known here'}"
    note = f"with respect to {point.variable} it {is_so}"
    clause = f"the derivative of {loss} with respect to {point.variable} {is_so}"
    verdict, what, n = decided(error <= TOLERANCE), "largest error of the stated derivative", len(point.gradient)
    reading: Reading = "as stated" if meant else "another"
    about = Evidence(verdict, what, detail=point.variable, reading=reading, clause=clause, note=note)
    return replace(about, reported=0.0, measured=error, n=n)


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
    """Return the derivative of each sample's loss in `at` (batch, outputs); `to_raw` gives its raw outputs."""
    at = at.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss.per_sample(to_raw(at), target).sum(), at)
    return gradient


RAW = 20.0  # raw output of a sample that is completely wrong: the sigmoid of 20 is 1 in single precision
VANISHED = 1e-3  # share of the gradient at a raw output of 0

WEIGHT = -20.0  # gives raw outputs of ∓20 for samples of ±1, all wrong
STEPS = 1000
RATE = 0.1


@experiment("saturation")
def saturation(claim: Claim, study: Study) -> list[Evidence]:
    """Take the gradient of binary cross-entropy at a raw output of 20 whose target is 0, and of `mse` beside it.

    It vanishes if less than a thousandth of the gradient at a raw output of 0 is left. The loss is computed twice
    in single precision: from the raw output, and from the probability after a sigmoid. Finally a model is trained
    from such a start.
    """
    squared = remaining(get_loss("mse", "binary").per_sample, torch.float64)
    direct = remaining(get_loss("bce", "binary").per_sample, torch.float32)
    return [
        vanishing(direct, "cross-entropy of raw outputs", squared),
        vanishing(remaining(after_sigmoid, torch.float32), "cross-entropy after a sigmoid", squared),
        saturated_start(),
    ]


def vanishing(left: float, case: str, squared: float) -> Evidence:
    """Return whether the gradient vanishes."""
    note = f"as a multiple of the gradient at 0; mse on a sigmoid keeps {squared:.1g}"
    what = "gradient left at a wrong raw output of 20"
    beside = f"of mse on a sigmoid {squared:.1g} times"
    clause = f"at a wrong raw output of 20, the gradient of {case} is {left:.2g} times that at 0 ({beside})"
    return Evidence(decided(left < VANISHED), what, detail=case, measured=left, clause=clause, note=note)


def remaining(loss: Callable[[Tensor, Tensor], Tensor], dtype: torch.dtype) -> float:
    """Return the gradient at a wrong and saturated raw output, as a multiple of that at 0."""
    raw = torch.tensor([[0.0], [RAW]], dtype=dtype, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(raw, torch.zeros(2, 1, dtype=dtype)).sum(), raw)
    return float(gradient[1] / gradient[0])


def after_sigmoid(raw: Tensor, target: Tensor) -> Tensor:
    """Return binary cross-entropy (batch,) as it is often written: a sigmoid first, then its logarithm."""
    return torch.nn.functional.binary_cross_entropy(raw.sigmoid(), target, reduction="none").sum(-1)


def saturated_start() -> Evidence:
    """Train a model of one weight from raw outputs of 20 that are all wrong, by 1000 steps at a rate of 0.1.

    The samples -1 and 1 have the classes 0 and 1. The claim holds if cross-entropy never gets the answers right;
    the result of `mse` on a sigmoid is in the note.
    """
    needed, beside = (steps_to_right(loss) for loss in ("bce", "mse"))
    other = f"not within {STEPS} steps" if beside is None else f"{beside}"
    reached = f"after {needed} steps" if needed else f"not within {STEPS} steps"
    clause = f"from raw outputs of 20 that are all wrong, cross-entropy has all right {reached} (mse: {other})"
    what = "steps until all answers are right, from raw outputs of 20 that are all wrong"
    about = Evidence(decided(needed is None), what, detail="training from a saturated start", clause=clause)
    return replace(about, measured=needed, n=STEPS, over="steps", note=f"mse on a sigmoid: {other}")


def steps_to_right(spec: str) -> int | None:
    """Return the number of steps until both answers are right; None if they never are."""
    samples = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    target, loss = (samples > 0).double(), get_loss(spec, "binary")
    weight = torch.full((1,), WEIGHT, dtype=torch.float64)
    for step in range(1, STEPS + 1):
        weight.requires_grad_()
        (gradient,) = torch.autograd.grad(loss.per_sample(weight * samples, target).mean(), weight)
        weight = (weight - RATE * gradient).detach()
        if weight.item() > 0:
            return step
    return None
