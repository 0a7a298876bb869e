"""What a user might write into a file of losses; `lossbench.claims.trained` trains it from here.

The file never moves: the name of a loss, and so its stored trainings, go by it.
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
