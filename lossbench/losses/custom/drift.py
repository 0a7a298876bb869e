"""A loss asked again what it was asked in its trial: one that answers otherwise hangs on what ran before."""

from __future__ import annotations

from collections.abc import Callable

from lossbench.errors import LossFailed
from lossbench.lazy import torch
from lossbench.losses.custom.calls import Call, differentiated

Drift = Callable[[], str]
"""Says how the answer is another one now; empty where it is the same."""


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
        >>> drift_of(slower, torch.ones(4, 1), torch.zeros(4, 1))()
        'gives 0.5 where it gave 1 before, for the same prediction and target'
    """
    first = differentiated(loss, raw, target)

    def drift() -> str:
        try:
            now = differentiated(loss, raw, target)
        except (LossFailed, RuntimeError) as error:
            return f"{error}, which it did not before, for the same prediction and target"
        # Not to the last bit: a product of matrices may depend on where in memory they lie.
        pairs = ((a, b) for a, b in zip(first, now, strict=True) if a is not None and b is not None)
        if all(torch.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in pairs):
            return ""
        values = (f"{float(value.mean()):g}" for value, _ in (now, first))
        return "gives {} where it gave {} before, for the same prediction and target".format(*values)

    return drift
