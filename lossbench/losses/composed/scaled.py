"""A constant times a loss: the placebo that every loss has.

    scaled:factor=16:loss=huber:delta=2

`loss=` comes last, and all that follows is the other loss's own spec; a label on either side of it is that of the
whole. Without `loss=` the other loss is the reference loss of the task. Under Adam, which divides by the size of
the gradient, the constant changes next to nothing. Under SGD it acts as another learning rate, and with a penalty
it shifts the balance between both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from lossbench.errors import BadValue
from lossbench.losses.record import LossRecord
from lossbench.spec import Parameter, split_spec

if TYPE_CHECKING:
    import torch

SCALED = "scaled"
FACTOR = Parameter("factor", 2.0, low=0, open_low=True, meaning="what the loss is multiplied by")


@dataclass(frozen=True)
class Scaled:
    """A constant times another loss, or times its derivative.

    Args:
        multiplied: the function of the other loss.

    Example:
        >>> import torch
        >>> from lossbench.losses.regression import mae
        >>> Scaled(mae)(torch.tensor([[3.0], [1.0]]), torch.tensor([[1.0], [1.0]]), factor=16)
        tensor([32.,  0.])
    """

    multiplied: Callable[..., torch.Tensor]

    def __call__(
        self,
        raw: torch.Tensor,
        target: torch.Tensor,
        *,
        factor: float | torch.Tensor,
        **parameters: float | torch.Tensor,
    ) -> torch.Tensor:
        """Return what the other function returns, multiplied."""
        values = self.multiplied(raw, target, **parameters)
        # A factor (..., 1, 1) has a value for each model, so the axes that the loss has summed over are added
        # again.
        summed = raw.dim() - values.dim()
        product = factor * values.reshape(*values.shape, *[1] * summed)
        return product.reshape(values.shape)


@cache
def scaled_record(record: LossRecord) -> LossRecord:
    """Return the record of a constant times a loss; the same object for the same loss.

    Example:
        >>> from lossbench.losses.registry import find
        >>> scaled_record(find("huber")).formula
        'factor · (mean over targets of ½e² where |e| ≤ delta, else delta·(|e| - ½delta), with e = y - f)'
    """
    steepest = record.facts.lipschitz if record.facts else None
    return replace(
        record,
        name=SCALED,
        fn=Scaled(record.fn),
        slope=record.slope and Scaled(record.slope),
        formula=record.formula and f"{FACTOR.name} · ({record.formula})",
        facts=record.facts and replace(record.facts, lipschitz=steepest and FACTOR.default * steepest),
        parameters=(FACTOR, *record.parameters),
        aliases=(),
        core=False,
        placebo=record.name,
        parts=(),
    )


def is_scaled(spec: str) -> bool:
    """Say whether a spec multiplies another loss.

    Example:
        >>> is_scaled("scaled:factor=2"), is_scaled("huber")
        (True, False)
    """
    return spec.strip().partition(":")[0] == SCALED


def split_scaled(spec: str) -> tuple[str, str]:
    """Split the spec of a scaled loss into the part about the factor, and the other loss's spec or "".

    Raises:
        BadValue: something before `loss=` is no parameter, or nothing follows it.

    Example:
        >>> split_scaled("scaled:factor=16:loss=huber:delta=2")
        ('scaled:factor=16', 'huber:delta=2')
    """
    outer, named, inner = (part.strip() for part in spec.partition(":loss="))
    stray = split_spec(outer)[0].removeprefix(SCALED)
    if stray:
        raise BadValue(f"'{spec}': '{stray[1:]}' is no parameter; write scaled:factor=16:loss=NAME")
    if named and not inner:
        raise BadValue(f"'{spec}' names no loss behind loss=; name one, or leave loss= out for the reference loss")
    return outer, inner
