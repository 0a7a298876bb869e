"""A file of losses that a user might write; `lossbench.claims.trained` trains it from here.

The file must not be moved: its path is part of the names of its losses, and so of their stored trainings.
"""

import torch
from torch import Tensor


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of each prediction."""
    return (prediction - target) ** 2


def cross_entropy(probability: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of each probability."""
    return -(target * probability.log() + (1 - target) * (1 - probability).log())


def class_number(probability: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of the mean class number, as if classes were values on a scale."""
    return (probability @ torch.arange(probability.shape[-1], dtype=probability.dtype) - target) ** 2
