"""A loss asked again what it was asked in its trial: one that answers otherwise hangs on what ran before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lossbench.errors import LossFailed
from lossbench.lazy import torch
from lossbench.losses.custom.calls import Call, differentiated

if TYPE_CHECKING:
    Answer = tuple[torch.Tensor, torch.Tensor | None]

Drift = Callable[[int], str]
"""Asks so many times, and says how an answer is another one than at first; empty where all are the same."""

PURE = "let it depend on prediction and target alone"

MANY = 100  # times; a schedule that comes back to where it was, as one over cycles, is then seen on its way


def drift_of(loss: Call, raw: torch.Tensor, target: torch.Tensor) -> Drift:
    """Ask a loss, and return what asks it again.

    Args:
        loss: of one model.
        raw: (batch, outputs).
        target: as the engines have it.

    Example:
        >>> import torch
        >>> calls = []
        >>> def slower(raw, target):
        ...     calls.append(1)
        ...     return (raw - target).square().mean() / len(calls)
        >>> drift_of(slower, torch.ones(4, 1), torch.zeros(4, 1))(1)
        'gives 0.5 where it gave 1 before, for the same prediction and target'
    """
    first = differentiated(loss, raw, target)

    def drift(times: int) -> str:
        try:
            answers = (differentiated(loss, raw, target) for _ in range(times))
            value = next((value for value, gradient in answers if not _same((value, gradient), first)), None)
        except (LossFailed, RuntimeError) as error:
            return f"fails where it did not before, for the same prediction and target: {error}"
        if value is None:
            return ""
        values = (f"{float(each.mean()):g}" for each in (value, first[0]))
        return "gives {} where it gave {} before, for the same prediction and target".format(*values)

    return drift


def _same(one: Answer, other: Answer) -> bool:
    # Not to the last bit: a product of matrices may depend on where in memory they lie.
    pairs = ((a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None)
    return all(torch.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in pairs)
