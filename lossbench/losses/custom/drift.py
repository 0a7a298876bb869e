"""Evaluating a loss again on the inputs of its trial: another result means that it depends on what ran before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from warnings import catch_warnings

from lossbench.errors import LossFailed
from lossbench.lazy import torch
from lossbench.losses.custom.calls import Call, alike, differentiated

if TYPE_CHECKING:
    Answer = tuple[torch.Tensor, torch.Tensor | None]

Drift = Callable[[int], str]
"""Asks so many times, and says how an answer is another one than at first; empty where all are the same."""

ALIKE = "for the same prediction and target"
PURE = "let it depend on prediction and target alone"

MANY = 100  # calls, so that a schedule that returns to its start, such as a cyclic one, is caught in between


def drift_of(loss: Call, raw: torch.Tensor, target: torch.Tensor) -> Drift:
    """Evaluate a loss, and return a function that evaluates it again and says how the result differs.

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
            moved = next((answer for answer in answers if not _same(answer, first)), None)
        except (LossFailed, RuntimeError) as error:
            return f"fails where it did not before, {ALIKE}: {error}"
        return "" if moved is None else f"gives {_said(moved)} where it gave {_said(first)} before, {ALIKE}"

    return drift


def remembers(loss: Call, fresh: Call, raw: torch.Tensor, target: torch.Tensor, units: float) -> str:
    """Say how the results of a loss depend on its first batch; empty where they do not.

    Args:
        loss: of one model; its first batch was `raw[0]`.
        fresh: the same loss, never called.
        raw: (models, batch, outputs), of two models at least.
        target: as the engines have it.
        units: a factor that targets may be multiplied by; 1 where they are classes.

    Example:
        >>> import torch
        >>> class Scaled:
        ...     scale = None
        ...     def __call__(self, raw, target):
        ...         if self.scale is None:
        ...             self.scale = raw.detach().abs().max()
        ...         return ((raw - target) / self.scale).square().mean()
        >>> raw, target, first = torch.ones(2, 4, 1), torch.zeros(2, 4, 1), Scaled()
        >>> _ = first(raw[0], target[0])
        >>> remembers(first, Scaled(), raw, target, 2)
        'gives 1 where it gives 0.25 if another batch came first, for the same prediction and target'
    """
    least = target[1].reshape(raw.shape[1], -1)[:, 0].argsort()
    # First batches of other shapes, sizes and class shares, with missing classes; a loss may refuse any of them.
    for rows in (least[:2], torch.cat([least, least[:3]])):
        with suppress(Exception), catch_warnings(action="ignore"):
            differentiated(fresh, 2 * raw[1, rows], units * target[1, rows])
    now = differentiated(loss, raw[0], target[0])
    try:
        other = differentiated(fresh, raw[0], target[0])
        same = _same(now, other)
    except Exception as error:  # with what it has kept, the result may have any shape, or be no tensor
        return f"fails if another batch came first, {ALIKE}: {error}"
    return "" if same else f"gives {_said(now)} where it gives {_said(other)} if another batch came first, {ALIKE}"


def _said(answer: Answer) -> str:
    return f"{float(answer[0].mean()):g}"


def _same(one: Answer, other: Answer) -> bool:
    # Not to the last bit: a product of matrices may depend on their place in memory.
    pairs = ((a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None)
    return all(alike(a, b, 1e-5, 1e-7) for a, b in pairs)
