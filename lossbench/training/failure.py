"""A user's loss that fails during training: which loss, on which data set, in which epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lossbench.errors import LossFailed


@contextmanager
def blamed(losses: tuple[str, ...], dataset: str, epoch: int) -> Iterator[None]:
    """Attribute any failure inside to these losses, and say where it happened.

    Args:
        losses: specs of the losses that are evaluated.
        dataset: the data set that they train on.
        epoch: counted from 0.

    Raises:
        LossFailed: anything was raised inside.
    """
    try:
        yield
    except Exception as error:  # not only LossFailed: a user's backward pass may raise anything
        raise LossFailed(
            f"{' and '.join(losses)} on {dataset}, epoch {epoch + 1}: {error}; lossbench check-loss tells more",
            losses,
        ) from error
