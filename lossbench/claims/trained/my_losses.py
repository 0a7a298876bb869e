"""What a user might write into a file of losses; `lossbench.claims.trained.equal_losses` trains it from here."""

from torch import Tensor


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of each prediction."""
    return (prediction - target) ** 2


def cross_entropy(probability: Tensor, target: Tensor) -> Tensor:
    """Return the cross-entropy of each probability."""
    return -(target * probability.log() + (1 - target) * (1 - probability).log())
