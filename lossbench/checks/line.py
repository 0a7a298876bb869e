"""Straight lines through the raw outputs, along which a loss is evaluated: each sample is a batch by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from lossbench.checks.case import Case, value_and_gradient
from lossbench.task import VALUED

REACH = 6.0
"""How far a line extends to both sides, in units of the raw output."""

UNEVEN = (0.3, -0.7, 1.1)
"""The fixed outputs of all lines except the standard one: no two are tied."""


@dataclass(frozen=True)
class Line:
    """A line along which one raw output changes, while the others and the target are fixed.

    Args:
        case: the loss, each sample a batch by itself.
        label: the meaning of the numbers on the line.
        base: (outputs,) the raw outputs at the line's zero.
        output: the raw output that changes.
        target: () or (targets,) the target of the sample, as the record encodes it.
    """

    case: Case
    label: str
    base: torch.Tensor
    output: int
    target: torch.Tensor

    @property
    def centred(self) -> bool:
        """Whether the numbers on the line are errors, zero where the prediction is right."""
        return self.case.loss.link in ("identity", "location")

    def at(self, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the value and the gradient at places (n,) on the line, of shapes (n,) and (n, outputs)."""
        direction = torch.zeros_like(self.base)
        direction[self.output] = 1.0
        raw = self.base + places.to(self.base.dtype)[:, None] * direction
        return value_and_gradient(self.case, raw, self.target.expand(len(places), *self.target.shape))


def standard(case: Case) -> Line:
    """Return the line along which a loss is plotted: the error, or the raw output of the true class."""
    record = case.loss.record
    base = torch.zeros(case.outputs, dtype=torch.float64)
    if record.task in VALUED:
        target = _values(case, float(record.natural_zero))
        if record.link == "softplus":
            return Line(case, "raw output, target 1", base, 0, target)
        base[: case.targets] = target
        return Line(case, f"prediction - target{', target 1' * record.natural_zero}", base, 0, target)
    if record.task == "multiclass":
        return Line(case, "raw output of the true class, the others 0", base, 0, torch.tensor(0))
    if record.task == "multilabel":
        label = "raw output of the one label present, the others 0"
        return Line(case, label, base, 0, _values(case, 1.0, 0.0))
    if record.task == "anomaly":
        return Line(case, "raw output of a column of 1, the others 0", base, 0, _values(case, 1.0, 0.0))
    target = torch.tensor(1) if record.encoding == "index" else _values(case, 1.0)
    label = "raw output, target 1" if case.outputs == 1 else "raw output of class 1, the true one"
    return Line(case, label, base, case.outputs - 1, target)


def lines(case: Case) -> Iterator[Line]:
    """Yield the standard line, then one for each raw output and kind of target, where no two outputs are tied."""
    yield standard(case)
    for target in _targets(case):
        for output in range(case.outputs):
            base = torch.tensor(UNEVEN, dtype=torch.float64).repeat(case.outputs)[: case.outputs]
            base[output] = 0.0
            line = Line(case, f"output {output}", base, output, target)
            if line.centred:
                base[: case.targets] = target
            yield line


def _targets(case: Case) -> list[torch.Tensor]:
    """Return one target, () or (targets,), of each kind."""
    if case.loss.record.encoding == "index":
        return [torch.tensor(0), torch.tensor(case.outputs - 1)]
    found = [_values(case, 1.0)]
    if case.loss.task == "anomaly":
        found.append(_values(case, 0.3, 0.6))
    return found if case.loss.task in VALUED else [*found, _values(case, 0.0, 1.0)]


def _values(case: Case, first: float, rest: float | None = None) -> torch.Tensor:
    """Return a target (targets,) of `first` followed by `rest`, or of `first` only."""
    values = torch.full((case.targets,), first if rest is None else rest, dtype=torch.float64)
    values[0] = first
    return values
