"""Worked examples of the documents, computed again by the catalogue's losses, against the printed digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lossbench.claims.claim import Claim, Evidence, decided
from lossbench.claims.printed import Printed, exact
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.lazy import torch
from lossbench.losses import get_loss


@dataclass(frozen=True)
class Example:
    """One computation with its printed result.

    Args:
        loss: spec of the loss.
        predicted: regression: one prediction per sample. multiclass: the probabilities of one sample.
        actual: regression: one target per sample. multiclass: the index of the true class.
        printed: the result, digit by digit.
        name: distinguishes it from the other examples of the claim.
        factor: a factor of the result: 100 for per cent.
    """

    loss: str
    predicted: tuple[float, ...]
    actual: tuple[float, ...]
    printed: str
    name: str = ""
    factor: float = 1.0

    def value(self) -> float:
        """Return the result in double precision, by the catalogue's loss."""
        predicted = torch.tensor(self.predicted, dtype=torch.float64)
        actual = torch.tensor(self.actual, dtype=torch.float64)
        if len(self.actual) == len(self.predicted):
            per_sample = get_loss(self.loss, "regression")(predicted[:, None], actual)
        else:
            # The loss works on raw outputs; those of given probabilities are their logarithms.
            per_sample = get_loss(self.loss, "multiclass")(predicted.log()[None], actual.long())
        return float(per_sample.mean()) * self.factor


@experiment("worked_example")
def worked_example(claim: Claim, study: Study, *, examples: tuple[Example, ...]) -> list[Evidence]:
    """Compute examples again and round to the printed digits; if that fails, truncate instead, and say so."""
    return [line for example in examples for line in lines_of(example)]


def lines_of(example: Example) -> Iterator[Evidence]:
    """Yield the line of the rounded result, and if that is not what is printed, those of truncated results.

    The exact result is truncated, and if that fails too, the one in double precision, which may be just below it.
    """
    value, printed = example.value(), Printed(example.printed)
    rounded, cut, decimal = printed.is_rounded(value), printed.is_cut(value), float(exact(value))
    yield line(example, rounded, "rounded", decimal)
    if rounded:
        return
    yield replace(line(example, cut, "cut off", decimal), reading="but for rounding")
    if not cut:
        exactly = printed.is_cut(value, precision=17)
        yield replace(line(example, exactly, "cut off in double precision", value), reading="but for rounding")


def line(example: Example, agrees: bool, manner: str, measured: float) -> Evidence:
    """Return the evidence for one way to print the result."""
    return Evidence(
        decided(agrees),
        example.loss,
        entry=example.name,
        detail=manner,
        part=example.name,
        reported=float(example.printed),
        printed=example.printed,
        measured=measured,
        n=len(example.actual),
        note=f"printed as {example.printed}, computed {example.value()!r}",
    )
