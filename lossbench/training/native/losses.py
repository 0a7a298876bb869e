"""Which losses are compiled, and the numbers that the compiled step has for them."""

from __future__ import annotations

from lossbench.losses.loss import Loss
from lossbench.losses.registry import find, served
from lossbench.losses.scaled import FACTOR, Scaled

# In the order of the enumeration in losses.h.
BINARY = ("bce", "mse", "mse_logits", "mse_pm1", "mae", "focal", "hinge", "squared_hinge")
REGRESSION = ("mse", "mae", "huber", "log_cosh", "pinball", "mape")
MULTICLASS = ("ce", "mse", "mse_logits", "mae", "hinge", "bce", "focal", "label_smoothing")
CE = len(BINARY) + len(REGRESSION)
NUMBERS: dict[tuple[str, str], int] = {
    **{("binary", name): number for number, name in enumerate(BINARY)},
    **{("multilabel", name): BINARY.index(name) for name in ("bce", "mse", "focal", "hinge")},
    **{("regression", name): number for number, name in enumerate(REGRESSION, len(BINARY))},
    **{("multiclass", name): number for number, name in enumerate(MULTICLASS, CE)},
    ("binary", "ce"): CE,
    ("multilabel", "ce"): CE + len(MULTICLASS),
    ("embedding", "ce"): CE,
}
"""By task and name; a loss of several labels is the sum over them of that of one."""

TORCH = -1
"""The number of a loss that torch evaluates."""


def number_of(loss: Loss) -> int:
    """Return the number of a loss; `TORCH` where it is not compiled.

    A constant times a loss is that loss.

    Example:
        >>> from lossbench.losses import get_loss
        >>> [number_of(get_loss(spec, "regression")) for spec in ("mse", "scaled:factor=3:loss=mae", "tukey")]
        [8, 9, -1]
    """
    record = loss.record
    name, function = record.name, record.fn
    if isinstance(function, Scaled):
        name, function = record.placebo or "", function.multiplied
    own = record.task in served(name) and find(name, record.task).fn is function  # and not a user's of that name
    return NUMBERS.get((record.task, name), TORCH) if own else TORCH


def values_of(loss: Loss, outputs: int) -> tuple[list[float], float]:
    """Return what the compiled step has to know of a compiled loss beside its number.

    Args:
        loss: the loss.
        outputs: raw outputs, over which a regression averages.

    Returns:
        The four parameters in the order of its record, zero where it has fewer; by what values and slopes are
        multiplied.
    """
    values = [loss.parameters[one.name] for one in loss.record.parameters if one is not FACTOR]
    factor = loss.parameters[FACTOR.name] if isinstance(loss.record.fn, Scaled) else 1.0
    return (values + [0.0] * 4)[:4], factor / outputs if loss.record.task == "regression" else factor
