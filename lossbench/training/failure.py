"""A loss of the user's own that fails in the midst of training: which it is, where and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lossbench.errors import LossFailed


@contextmanager
def blamed(losses: tuple[str, ...], dataset: str, epoch: int) -> Iterator[None]:
    """Say of a failure that it is these losses', and where it happened.

    Args:
        losses: specs of the losses that are evaluated.
        dataset: on which they are trained.
        epoch: counted from 0.

    Raises:
        LossFailed: whatever went wrong inside.
    """
    try:
        yield
    except Exception as error:  # not only LossFailed: a backward pass of the user's own raises what it likes
        raise LossFailed(
            f"{' and '.join(losses)} on {dataset}, epoch {epoch + 1}: {error}; lossbench check-loss tells more",
            losses,
        ) from error
