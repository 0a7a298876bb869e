"""Softmax and the true class: the building blocks of losses of several classes.

Everything works along the last axis of (..., batch, classes). The fused engine's raw outputs lie in memory with
the batch innermost, and each function keeps the layout of its input.
"""

from __future__ import annotations

from lossbench.lazy import torch


def softmax(raw: torch.Tensor) -> torch.Tensor:
    """Return the probability of each class, (..., classes).

    Example:
        >>> import torch
        >>> softmax(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]))
        tensor([[0.5000, 0.5000],
                [1.0000, 0.0000]])
    """
    # Along the second last axis: along the last one torch takes two to twenty times as long on a few classes.
    return raw.transpose(-1, -2).softmax(-2).transpose(-1, -2)


def log_softmax(raw: torch.Tensor) -> torch.Tensor:
    """Return the logarithm of each class's probability, (..., classes), finite where that is 0.

    Example:
        >>> import torch
        >>> log_softmax(torch.tensor([[1000.0, 0.0]]))
        tensor([[    0., -1000.]])
    """
    return raw.transpose(-1, -2).log_softmax(-2).transpose(-1, -2)


def through_softmax(p: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Return the derivative in raw from that in p, both (..., classes): p (g - Σ p g).

    Example:
        >>> import torch
        >>> through_softmax(torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 0.0]]))
        tensor([[ 0.2500, -0.2500]])
    """
    weighted = p * slope
    return weighted - p * weighted.sum(-1, keepdim=True)


def of_true(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the true class's value, (..., batch, 1).

    Example:
        >>> import torch
        >>> of_true(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2]))
        tensor([[3.]])
    """
    return values.gather(-1, _index(values, target))


def add_to_true_(values: torch.Tensor, target: torch.Tensor, amount: float | torch.Tensor) -> torch.Tensor:
    """Add an amount, a number or (..., batch, 1), to the true class's value in place; return the values.

    Example:
        >>> import torch
        >>> add_to_true_(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2]), -1)
        tensor([[1., 2., 2.]])
    """
    index = _index(values, target)
    # Adding to one place is a third of the work of a one-hot tensor and a sum.
    return values.scatter_add_(-1, index, amount * torch.ones_like(index, dtype=values.dtype))


def one_hot(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return 1 at the true class and 0 elsewhere, in the shape and dtype of the raw outputs.

    Example:
        >>> import torch
        >>> one_hot(torch.zeros(2, 3), torch.tensor([2, 0]))
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
    """
    # torch's own one_hot reads the values, which vmap forbids.
    return add_to_true_(torch.zeros_like(raw), target, 1)


def others(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the raw outputs (..., classes) with -inf at the true class.

    Example:
        >>> import torch
        >>> others(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([2]))
        tensor([[1., 2., -inf]])
    """
    return add_to_true_(raw.clone(), target, -torch.inf)


def _index(values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    # Expanded, since gather and scatter would silently skip the models that share one target.
    return target.expand(values.shape[:-1]).unsqueeze(-1)
