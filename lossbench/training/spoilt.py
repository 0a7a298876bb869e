"""Finding the kind of batch on which a user's loss is NaN, to tell that from a rate that is too large."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import torch

from lossbench.errors import LossFailed
from lossbench.losses.custom.contain import contained
from lossbench.task import VALUED
from lossbench.training.pack import Pack
from lossbench.training.targets import encoded, offset_of


def spoilt_by(pack: Pack, index: int, epochs: int) -> str:
    """Say on which kind of batch the loss of a trial is NaN or infinite, whatever the rate; empty if on none.

    The first batch of each unusual kind is tried, with small raw outputs.

    Args:
        pack: the trials.
        index: of a trial that diverged.
        epochs: the epoch in which it diverged, counted from 1.
    """
    tried: set[str] = set()
    for epoch, rows in batches(pack, index, epochs):
        kind = unusual(pack, index, rows)
        if kind and kind not in tried:
            tried.add(kind)
            if not finite_on(pack, index, rows):
                return f"epoch {epoch}: it is NaN or infinite on a batch {kind}"
    return ""


def batches(pack: Pack, index: int, epochs: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the epoch, counted from 1, and the rows of each batch that a trial saw."""
    for epoch, order in enumerate(pack.orders[pack.trials[index].seed][:epochs], start=1):
        for start in range(0, len(order), pack.batch_size):
            yield epoch, order[start : start + pack.batch_size]


def unusual(pack: Pack, index: int, rows: np.ndarray) -> str:
    """Say what is unusual about a batch; empty for a usual one."""
    target, dataset = pack.training[index].target[rows], pack.dataset
    if len(rows) == 1:
        return "of a single row"
    if dataset.task in (*VALUED, "anomaly"):
        return "of rows with one target" if (target == target[0]).all() else ""
    if dataset.task == "embedding":
        present = np.bincount(target)
        lone = "whose rows are each of another class" if present.max() == 1 else ""
        return "of rows of one class" if (present > 0).sum() == 1 else lone
    if dataset.task == "multilabel":
        absent = [name for name, column in zip(dataset.classes, target.T, strict=True) if not column.any()]
        return f"without a row of label {absent[0]}" if absent else ""
    absent = [name for number, name in enumerate(dataset.classes) if not (target == number).any()]
    return f"without a row of class {' or '.join(absent)}" if absent else ""


def finite_on(pack: Pack, index: int, rows: np.ndarray) -> bool:
    """Say whether value and gradient of a trial's loss are finite on a batch, with small raw outputs."""
    target = torch.as_tensor(encoded(pack, index)[rows])
    target = target.float() if target.is_floating_point() else target
    noise = np.random.default_rng(0).normal(scale=0.1, size=(len(rows), pack.outputs)) + offset_of(pack, index)
    raw = torch.as_tensor(noise, dtype=torch.float32).requires_grad_()
    with contained(), suppress(LossFailed):
        value = pack.losses[index].per_sample(raw, target)
        (slope,) = torch.autograd.grad(value.sum(), raw)
        return bool(value.isfinite().all() and slope.isfinite().all())
    return True  # an exception here did not occur in training
